// What expressions can ask of autoscalers.
#include "sim/scenario/autoscaler_quantities.h"

#include "engine/base/quantity.h"
#include "engine/model/doc.h"

namespace wavetank::scenario {
namespace {

using event::EventKind;

constexpr event::KindMask kAutoscalers =
    event::mask_of(EventKind::ObjectCreated, EventKind::ObjectUpdated, EventKind::ObjectRemoved,
                   EventKind::HpaStatusChanged, EventKind::VpaStatusChanged, EventKind::ObjectConditionChanged);

bool holds(const ClusterView& v, Ref r, std::string_view type) {
  const state::Condition* c = v.condition(r, type);
  return c != nullptr && c->status == event::ConditionStatus::True;
}
Value reason(const ClusterView& v, Ref r, std::string_view type) {
  const state::Condition* c = v.condition(r, type);
  return word(c == nullptr ? "" : c->reason);
}

/// averageUtilization of the first metric that has one.
std::int64_t utilization(const state::HpaRow& row) {
  const auto metrics = model::parse_json(row.status.current_metrics, "");
  if (!metrics) return 0;
  for (const model::Doc& metric : metrics->items)
    for (const char* field : {"resource", "containerResource"})
      if (const model::Doc* current = metric.at({field, "current"}); current != nullptr)
        return current->int_or("averageUtilization", 0);
  return 0;
}

/// The first container's target, in thousandths.
std::int64_t recommended(const state::VpaRow& row, std::string_view resource) {
  const auto doc = model::parse_json(row.status.recommendation, "");
  const model::Doc* all = doc ? doc->find("containerRecommendations") : nullptr;
  if (all == nullptr || all->items.empty()) return 0;
  const model::Doc* amount = all->items.front().at({"target", resource});
  const auto quantity =
      amount == nullptr ? base::Quantity() : base::Quantity::parse(amount->text).value_or(base::Quantity());
  return quantity.milli_value();
}

}  // namespace

ObjectKind hpa_quantities() {
  static const auto get = [](const ClusterView& v, Ref r) -> const state::HpaRow& { return v->hpas[r.row]; };
  return {
      model::Kind::HorizontalPodAutoscaler,
      kAutoscalers,
      {{"currentReplicas", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(get(v, r).status.current_replicas); },
        "status.currentReplicas"},
       {"desiredReplicas", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(get(v, r).status.desired_replicas); },
        "status.desiredReplicas"},
       {"utilization", ValueType::Number, [](const ClusterView& v, Ref r) { return number(utilization(get(v, r))); },
        "averageUtilization of its first resource metric, per cent of the requests"},
       {"ableToScaleReason", ValueType::Word, [](const ClusterView& v, Ref r) { return reason(v, r, "AbleToScale"); },
        "reason of the condition AbleToScale"},
       {"scalingActive", ValueType::Flag,
        [](const ClusterView& v, Ref r) { return flag(holds(v, r, "ScalingActive")); },
        "condition ScalingActive is True"},
       {"scalingActiveReason", ValueType::Word,
        [](const ClusterView& v, Ref r) { return reason(v, r, "ScalingActive"); }, "its reason"},
       {"scalingLimited", ValueType::Flag,
        [](const ClusterView& v, Ref r) { return flag(holds(v, r, "ScalingLimited")); },
        "condition ScalingLimited is True"},
       {"scalingLimitedReason", ValueType::Word,
        [](const ClusterView& v, Ref r) { return reason(v, r, "ScalingLimited"); }, "its reason"}}};
}

ObjectKind vpa_quantities() {
  static const auto get = [](const ClusterView& v, Ref r) -> const state::VpaRow& { return v->vpas[r.row]; };
  return {model::Kind::VerticalPodAutoscaler,
          kAutoscalers,
          {{"provided", ValueType::Flag,
            [](const ClusterView& v, Ref r) { return flag(holds(v, r, "RecommendationProvided")); },
            "condition RecommendationProvided is True"},
           {"targetCpu", ValueType::Number,
            [](const ClusterView& v, Ref r) { return number(recommended(get(v, r), "cpu")); },
            "cpu recommended for the first container, in thousandths of a core"},
           {"targetMemory", ValueType::Number,
            [](const ClusterView& v, Ref r) { return number(recommended(get(v, r), "memory") / 1000); },
            "memory recommended for the first container, bytes"}}};
}

}  // namespace wavetank::scenario
