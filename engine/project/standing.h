#pragma once
// Inside the room: what objects without pods of their own, or with pods that end, are now and wait for: Jobs, CronJobs,
// claims, volumes, quotas, namespaces; and what holds an object that is being deleted.

#include <string>
#include <vector>

#include "engine/project/words.h"

namespace wavetank::project {

std::vector<std::string> present_job(const state::JobRow& row, const ClusterView& view);
std::vector<std::string> present_cron_job(const state::CronJobRow& row, const ClusterView& view);
std::vector<std::string> present_claim(event::PvcId id, const ClusterView& view);
std::vector<std::string> present_volume(const state::PersistentVolumeRow& row);
std::vector<std::string> present_quota(const state::QuotaRow& row);
/// Terminating: what is left in it. O(objects).
std::vector<std::string> present_namespace(const state::NamespaceRow& row, const ClusterView& view);

/// "It is being deleted since 5m, and stays until …" of any object but a pod; "" when it is not.
std::string deletion_words(Ref ref, const ClusterView& view);

/// Whether a controller of pods has fewer than it wants to make.
bool wants_more_pods(Ref ref, const ClusterView& view);

/// The finalizers in an object's document, joined by ", "; "" for none.
std::string finalizers_of(const state::Header& header);

}  // namespace wavetank::project
