#pragma once
// Inside the room: `status` of the kinds whose controllers have files of their own, as the API shows it.

#include "engine/state/view.h"

namespace wavetank::state {

/// A time as the API writes it.
std::string time_text(const ClusterView& view, SimTime t);
/// The conditions as a list, in the order in which they were first written.
model::Doc conditions_doc(const ClusterView& view, const std::vector<NamedCondition>& conditions);

void write_status(const ClusterView& view, model::Doc& doc, const StatefulSetRow& row);
void write_status(const ClusterView& view, model::Doc& doc, const DaemonSetRow& row);
void write_status(const ClusterView& view, model::Doc& doc, const JobRow& row);
void write_status(const ClusterView& view, model::Doc& doc, const CronJobRow& row);
void write_status(const ClusterView& view, model::Doc& doc, const HpaRow& row);
void write_status(const ClusterView& view, model::Doc& doc, const VpaRow& row);
void write_status(const ClusterView& view, model::Doc& doc, const QuotaRow& row);
void write_status(const ClusterView& view, model::Doc& doc, const IngressRow& row);
void write_status(const ClusterView& view, model::Doc& doc, const VolumeAttachmentRow& row);

}  // namespace wavetank::state
