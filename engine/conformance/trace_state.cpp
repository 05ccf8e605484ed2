// The state of our cluster in the words of recordings (README §2).
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/conformance/trace_player.h"
#include "engine/conformance/trace_text.h"
#include "engine/event/names.h"

namespace wavetank::conformance {
namespace {

using event::PodId;
using event::Ref;
using event::ReplicaSetId;
using model::Doc;
using model::Kind;

Doc optional_number(std::int64_t n) { return n == 0 ? Doc() : Doc::string(std::to_string(n)); }

Doc row(std::vector<Doc> items) {
  Doc out = Doc::array();
  out.items = std::move(items);
  return out;
}

const char* status_text(event::ConditionStatus s) {
  return s == event::ConditionStatus::True ? "True" : s == event::ConditionStatus::False ? "False" : "Unknown";
}

Doc number_at(const Doc& doc, std::initializer_list<std::string_view> path, std::int64_t missing = 0) {
  const Doc* d = doc.at(path);
  return Doc::integer(d == nullptr || d->is_null() ? missing : int_of(d));
}

bool is_there(const Doc& doc, std::initializer_list<std::string_view> path) {
  const Doc* d = doc.at(path);
  return d != nullptr && !d->is_null();
}

/// [[type, status, reason, message]] sorted by type.
Doc conditions_of(const Doc& doc) {
  Doc out = Doc::array();
  const Doc* list = doc.at({"status", "conditions"});
  if (list == nullptr) return out;
  for (const Doc& c : list->items) {
    const auto text = [&](const char* key) {
      const std::string_view value = c.string_or(key);
      return value.empty() ? Doc() : Doc::string(value);
    };
    out.items.push_back(row({text("type"), text("status"), text("reason"), text("message")}));
  }
  std::stable_sort(out.items.begin(), out.items.end(),
                   [](const Doc& a, const Doc& b) { return a.items[0].text < b.items[0].text; });
  return out;
}

}  // namespace

std::vector<Ref> TracePlayer::objects_of(std::string_view kind_name) const {
  const Kind kind = model::kind_from_word(kind_name);
  std::vector<std::pair<std::string, Ref>> found;
  if (kind == Kind::Other) return {};
  const state::ClusterView now = view();
  now.for_headers(kind, [&](Ref ref, const state::Header& h) {
    if (h.alive && now.namespace_of(ref) == kTraceNamespace) found.emplace_back(now.bare_name(ref), ref);
  });
  std::sort(found.begin(), found.end());
  std::vector<Ref> out;
  for (const auto& [name, ref] : found) out.push_back(ref);
  return out;
}

Doc TracePlayer::deployments() const {
  static constexpr const char* kTypes[] = {"Available", "Progressing", "ReplicaFailure"};
  Doc out = Doc::object();
  for (const state::DeploymentRow& d : view()->deployments) {
    if (!d.header.alive || view().text(d.header.ns) != kTraceNamespace) continue;
    Doc& o = out[std::string(view().text(d.header.name))];
    // A deletion that leaves the object counts as a change of its spec.
    o["generation"] = Doc::integer(d.header.generation + (d.header.terminating() ? 1 : 0));
    o["observedGeneration"] = Doc::integer(d.observed_generation + (d.header.terminating() ? 1 : 0));
    o["spec"] = Doc::integer(d.spec.replicas);
    o["replicas"] = Doc::integer(d.status_replicas);
    o["updatedReplicas"] = Doc::integer(d.updated);
    o["readyReplicas"] = Doc::integer(d.ready);
    o["availableReplicas"] = Doc::integer(d.available);
    o["unavailableReplicas"] = Doc::integer(d.unavailable);
    o["revision"] = optional_number(d.revision);
    Doc conditions = Doc::array();
    for (std::size_t i = 0; i < d.conditions.size(); ++i) {
      const state::Condition& c = d.conditions[i];
      if (!c.present) continue;
      conditions.items.push_back(row({Doc::string(kTypes[i]), Doc::string(status_text(c.status)), Doc::string(c.reason),
                                      Doc::string(watcher_.plain(c.message))}));
    }
    o["conditions"] = std::move(conditions);
  }
  return out;
}

Doc TracePlayer::replica_sets() const {
  Doc out = Doc::object();
  for (std::size_t i = 0; i < view()->replica_sets.size(); ++i) {
    const state::ReplicaSetRow& set = view()->replica_sets[i];
    if (!set.header.alive || view().text(set.header.ns) != kTraceNamespace) continue;
    Doc& o = out[watcher_.owner_label(ReplicaSetId(i), view())];
    o["spec"] = Doc::integer(set.replicas);
    o["replicas"] = Doc::integer(set.status_replicas);
    o["fullyLabeledReplicas"] = Doc::integer(set.fully_labeled);
    o["readyReplicas"] = Doc::integer(set.status_ready);
    o["availableReplicas"] = Doc::integer(set.status_available);
    if (set.failure.present) {
      Doc conditions = Doc::array();
      conditions.items.push_back(
          row({Doc::string("ReplicaFailure"), Doc::string(status_text(set.failure.status)),
               Doc::string(set.failure.reason), Doc::string(watcher_.plain(set.failure.message))}));
      o["conditions"] = std::move(conditions);
    }
    if (!set.deployment.valid()) continue;  // the rest was recorded of owned sets only
    o["owner"] = Doc::string("Deployment/" + std::string(view().bare_name(set.deployment)));
    o["revision"] = optional_number(set.revision);
    o["desired"] = optional_number(set.desired);
    o["max"] = optional_number(set.max);
    std::string history;
    for (const std::int64_t r : set.revision_history) history += (history.empty() ? "" : ",") + std::to_string(r);
    o["hist"] = history.empty() ? Doc() : Doc::string(history);
    o["hash_label"] = Doc::boolean(!set.hash.empty());
  }
  return out;
}

// ---- Sets of pods with names
// --------------------------------------------------------------------------------------------------

/// Notes the ControllerRevisions that have come, in order: recordings call them rev1, rev2…
void TracePlayer::note_revisions() {
  for (const Ref ref : objects_of("ControllerRevision")) {
    const std::string name(view().bare_name(ref));
    if (std::find(revisions_.begin(), revisions_.end(), name) == revisions_.end()) revisions_.push_back(name);
  }
}

std::string TracePlayer::revision_label(std::string_view revision) const {
  for (std::size_t i = 0; i < revisions_.size(); ++i) {
    const std::string& name = revisions_[i];
    // A pod's label has the hash alone for a DaemonSet, the name for a StatefulSet.
    const std::size_t dash = name.rfind('-');
    if (name == revision || (dash != std::string::npos && name.substr(dash + 1) == revision))
      return fmt::format("rev{}", i + 1);
  }
  return std::string(revision);
}

Doc TracePlayer::stateful_sets() const {
  Doc out = Doc::object();
  for (const Ref ref : objects_of("StatefulSet")) {
    const Doc doc = view().to_doc(ref);
    Doc& o = out[std::string(view().bare_name(ref))];
    o["generation"] = number_at(doc, {"metadata", "generation"}, 1);
    o["observedGeneration"] = number_at(doc, {"status", "observedGeneration"});
    o["spec"] = number_at(doc, {"spec", "replicas"}, 1);
    for (const char* key : {"replicas", "readyReplicas", "currentReplicas", "updatedReplicas"})
      o[key] = number_at(doc, {"status", key});
    for (const char* key : {"currentRevision", "updateRevision"}) {
      const Doc* d = doc.at({"status", key});
      o[key] = d == nullptr ? Doc() : Doc::string(revision_label(d->text));
    }
  }
  return out;
}

Doc TracePlayer::daemon_sets() const {
  Doc out = Doc::object();
  for (const Ref ref : objects_of("DaemonSet")) {
    const Doc doc = view().to_doc(ref);
    Doc& o = out[std::string(view().bare_name(ref))];
    o["generation"] = number_at(doc, {"metadata", "generation"}, 1);
    for (const char* key : {"observedGeneration", "desiredNumberScheduled", "currentNumberScheduled", "numberReady",
                            "numberAvailable", "numberUnavailable", "updatedNumberScheduled", "numberMisscheduled"})
      o[key] = number_at(doc, {"status", key});
  }
  return out;
}

// ---- Jobs
// --------------------------------------------------------------------------------------------------------------------

Doc TracePlayer::jobs() const {
  Doc out = Doc::object();
  for (const Ref ref : objects_of("Job")) {
    const Doc doc = view().to_doc(ref);
    Doc o = Doc::object();
    for (const char* key : {"parallelism", "completions", "backoffLimit"}) {
      const Doc* d = doc.at({"spec", key});
      if (d != nullptr && !d->is_null()) o["spec"][key] = Doc::integer(int_of(d));
    }
    for (const char* key : {"active", "succeeded", "failed"}) o[key] = number_at(doc, {"status", key});
    o["completionTime"] = Doc::boolean(is_there(doc, {"status", "completionTime"}));
    o["startTime"] = Doc::boolean(is_there(doc, {"status", "startTime"}));
    o["conditions"] = conditions_of(doc);
    // Several Jobs of one CronJob have one name here: the last in order stands for them.
    out[watcher_.object_name(ref, view())] = std::move(o);
  }
  return out;
}

Doc TracePlayer::cron_jobs() const {
  Doc out = Doc::object();
  for (const Ref ref : objects_of("CronJob")) {
    const Doc doc = view().to_doc(ref);
    Doc& o = out[std::string(view().bare_name(ref))];
    const Doc* active = doc.at({"status", "active"});
    const Doc* suspend = doc.at({"spec", "suspend"});
    o["active"] = Doc::integer(active == nullptr ? 0 : static_cast<std::int64_t>(active->items.size()));
    o["lastScheduleTime"] = Doc::boolean(is_there(doc, {"status", "lastScheduleTime"}));
    o["suspend"] = Doc::boolean(suspend != nullptr && suspend->text == "true");
  }
  return out;
}

// ---- Budgets, claims
// ----------------------------------------------------------------------------------------------------------

Doc TracePlayer::budgets() const {
  Doc out = Doc::object();
  for (const state::PdbRow& pdb : view()->pdbs) {
    if (!pdb.header.alive || view().text(pdb.header.ns) != kTraceNamespace) continue;
    Doc& o = out[std::string(view().text(pdb.header.name))];
    o["currentHealthy"] = Doc::integer(pdb.current_healthy);
    o["desiredHealthy"] = Doc::integer(pdb.desired_healthy);
    o["disruptionsAllowed"] = Doc::integer(pdb.disruptions_allowed);
    o["expectedPods"] = Doc::integer(pdb.expected_pods);
    o["disruptedPods"] = Doc::integer(static_cast<std::int64_t>(pdb.disrupted.size()));
  }
  return out;
}

/// Names of claims; recordings hold nothing else of volumes.
Doc TracePlayer::claims() const {
  Doc out = Doc::array();
  for (const Ref ref : objects_of("PersistentVolumeClaim")) out.items.push_back(Doc::string(view().bare_name(ref)));
  return out;
}

// ---- Services
// ----------------------------------------------------------------------------------------------------------------

Doc TracePlayer::slices() const {
  Doc out = Doc::object();
  for (const state::ServiceRow& service : view()->services) {
    if (!service.header.alive || view().text(service.header.ns) != kTraceNamespace || service.slices.empty()) continue;
    Doc& list = out[std::string(view().text(service.header.name))];
    list = Doc::array();
    for (const event::EndpointSliceId id : service.slices) {
      const Doc doc = view().to_doc(id);
      Doc slice = Doc::object();
      slice["addressType"] = Doc::string(doc.string_or("addressType"));
      const Doc* labels = doc.at({"metadata", "labels"});
      slice["managed_by"] =
          Doc::string(labels == nullptr ? "" : labels->string_or("endpointslice.kubernetes.io/managed-by"));
      std::vector<std::pair<std::string, std::uint8_t>> endpoints;
      for (const state::Endpoint& e : view().endpoint_slice(id).endpoints)
        endpoints.emplace_back(watcher_.pod_label(e.pod, view()), e.flags);
      std::sort(endpoints.begin(), endpoints.end());
      slice["endpoints"] = Doc::array();
      for (const auto& [name, flags] : endpoints) {
        Doc conditions = Doc::object();
        conditions["ready"] = Doc::boolean((flags & event::kReady) != 0);
        conditions["serving"] = Doc::boolean((flags & event::kServing) != 0);
        conditions["terminating"] = Doc::boolean((flags & event::kTerminating) != 0);
        slice["endpoints"].items.push_back(row({Doc::string(name), conditions}));
      }
      slice["ports"] = Doc::array();
      if (const Doc* ports = doc.find("ports"); ports != nullptr) {
        for (const Doc& p : ports->items) {
          const Doc* number = p.find("port");
          slice["ports"].items.push_back(row({Doc::string(p.string_or("name")), number == nullptr ? Doc() : *number,
                                              Doc::string(p.string_or("protocol", "TCP"))}));
        }
      }
      list.items.push_back(std::move(slice));
    }
    std::stable_sort(list.items.begin(), list.items.end(), [](const Doc& a, const Doc& b) {
      return a.string_or("addressType") < b.string_or("addressType");
    });
  }
  return out;
}

/// The Endpoints object that goes with the slices: its controller sorts the same pods by readiness, without those that
/// are terminating.
Doc TracePlayer::endpoints() const {
  Doc out = Doc::object();
  const Doc slices = this->slices();
  for (const Doc::Member& service : slices.members) {
    Doc& list = out[service.key];
    list = Doc::array();
    const Ref ref = view().find(Kind::Service, kTraceNamespace, service.key);
    const bool has_ports = ref.valid() && !view().service(ref.as<event::ServiceId>()).spec.ports.empty();
    // One subset for each set of ports.
    for (const Doc& slice : service.value.items) {
      // Pods that none of the Service's ports is for are left out, unless it has none.
      const Doc& ports = *slice.find("ports");
      if (slice.find("endpoints")->items.empty() || (ports.items.empty() && has_ports)) continue;
      Doc ready = Doc::array(), unready = Doc::array();
      for (const Doc& e : slice.find("endpoints")->items) {
        const Doc& conditions = e.items[1];
        if (conditions.bool_or("terminating", false)) continue;
        (conditions.bool_or("ready", false) ? ready : unready).items.push_back(e.items[0]);
      }
      if (ready.items.empty() && unready.items.empty()) continue;
      const auto same = std::find_if(list.items.begin(), list.items.end(),
                                     [&](const Doc& s) { return s.find("ports")->same_as(ports); });
      if (same != list.items.end()) {
        for (Doc& d : ready.items) (*same)["addresses"].items.push_back(d);
        for (Doc& d : unready.items) (*same)["notReadyAddresses"].items.push_back(d);
        continue;
      }
      Doc subset = Doc::object();
      subset["addresses"] = ready;
      subset["notReadyAddresses"] = unready;
      subset["ports"] = ports;
      list.items.push_back(std::move(subset));
    }
  }
  return out;
}

// ---- Pods
// --------------------------------------------------------------------------------------------------------------------

std::string TracePlayer::pod_flags(PodId id) const {
  std::string out(event::name_of(view().pod_phase(id)));
  if (view().pod_ready(id)) out += "+Ready";
  if (view().pod_terminating(id)) out += "+Terminating";
  const bool over = view().pod_phase(id) == event::Phase::Succeeded || view().pod_phase(id) == event::Phase::Failed;
  if (!view().pod_node(id).valid() && !over) out += "+Unscheduled";
  if (view().container(id, 0).waiting == event::WaitingReason::ErrImagePull &&
      view().pod_phase(id) == event::Phase::Pending)
    out += ":ErrImagePull";
  return out;
}

Doc TracePlayer::pods_by_owner() const {
  Doc out = Doc::object();
  for (const PodId p : pods()) {
    const Ref owner = view()->pods.owner[p.index()];
    Doc& count = out[watcher_.owner_label(owner, view())][pod_flags(p)];
    count = Doc::integer(int_of(&count) + 1);
  }
  return out;
}

Doc TracePlayer::pod_list() const {
  std::vector<std::vector<std::string>> rows;
  for (const PodId p : pods()) {
    std::vector<std::string> cells{watcher_.pod_label(p, view()), pod_flags(p)};
    const Ref owner = view()->pods.owner[p.index()];
    if (trailing_column_) {
      // Of a StatefulSet's pod its revision, of others the node.
      const Doc doc = view().to_doc(p);
      const Doc* labels = doc.at({"metadata", "labels"});
      const event::NodeId node = view().pod_node(p);
      const bool named = owner.valid() && std::string_view(model::kind_info(owner.kind).name) == "StatefulSet";
      cells.push_back(named ? revision_label(labels == nullptr ? "" : labels->string_or("controller-revision-hash"))
                      : node.valid() ? std::string(view().bare_name(node))
                                     : "");
    }
    rows.push_back(std::move(cells));
  }
  std::sort(rows.begin(), rows.end());
  Doc out = Doc::array();
  for (const std::vector<std::string>& cells : rows) {
    Doc item = Doc::array();
    for (const std::string& c : cells) item.items.push_back(c.empty() ? Doc() : Doc::string(c));
    out.items.push_back(std::move(item));
  }
  return out;
}

std::optional<Doc> TracePlayer::state_part(std::string_view key) const {
  struct Part {
    const char* key;
    Doc (TracePlayer::*make)() const;
  };
  static constexpr Part kParts[] = {
      {"cronjobs", &TracePlayer::cron_jobs},
      {"daemonsets", &TracePlayer::daemon_sets},
      {"deployments", &TracePlayer::deployments},
      {"endpoints", &TracePlayer::endpoints},
      {"endpointslices", &TracePlayer::slices},
      {"jobs", &TracePlayer::jobs},
      {"pdbs", &TracePlayer::budgets},
      {"pod_list", &TracePlayer::pod_list},
      {"pods", &TracePlayer::pods_by_owner},
      {"pvcs", &TracePlayer::claims},
      {"replicasets", &TracePlayer::replica_sets},
      {"statefulsets", &TracePlayer::stateful_sets},
  };
  for (const Part& p : kParts) {
    if (p.key == key) return (this->*p.make)();
  }
  return std::nullopt;
}

}  // namespace wavetank::conformance
