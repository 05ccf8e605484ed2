// status of the autoscalers.
#include "engine/state/status.h"

namespace wavetank::state {

using model::Doc;

void write_status(const ClusterView& view, Doc& doc, const HpaRow& row) {
  if (row.status.recommendations.empty() && row.conditions.empty()) return;  // never synced
  Doc status = Doc::object();
  if (row.status.last_scale != SimTime::never())
    status["lastScaleTime"] = Doc::string(time_text(view, row.status.last_scale));
  status["currentReplicas"] = Doc::integer(row.status.current_replicas);
  status["desiredReplicas"] = Doc::integer(row.status.desired_replicas);
  if (auto metrics = model::parse_json(row.status.current_metrics, ""); metrics && !metrics->items.empty())
    status["currentMetrics"] = std::move(*metrics);
  status["conditions"] = conditions_doc(view, row.conditions);
  doc["status"] = std::move(status);
}

void write_status(const ClusterView& view, Doc& doc, const VpaRow& row) {
  if (row.conditions.empty() && row.status.recommendation.empty()) return;
  Doc status = Doc::object();
  if (auto recommendation = model::parse_json(row.status.recommendation, ""); recommendation)
    status["recommendation"] = std::move(*recommendation);
  status["conditions"] = conditions_doc(view, row.conditions);
  doc["status"] = std::move(status);
}

}  // namespace wavetank::state
