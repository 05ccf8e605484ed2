// The autoscalers.
#include "engine/base/quantity.h"
#include "engine/model/read.h"

namespace wavetank::model {
namespace {

ScaleTarget read_target(const Doc* doc) {
  return {get_string(doc, "apiVersion"), get_string(doc, "kind"), get_string(doc, "name")};
}

std::int64_t milli(const Doc* doc, std::string_view key) {
  const Doc* found = get(doc, key);
  const auto quantity =
      found == nullptr ? base::Quantity() : base::Quantity::parse(found->text).value_or(base::Quantity());
  return quantity.milli_value();
}

MetricSpec read_metric(const Doc& doc) {
  static constexpr std::pair<std::string_view, std::string_view> kTypes[] = {{"Resource", "resource"},
                                                                             {"ContainerResource", "containerResource"},
                                                                             {"Pods", "pods"},
                                                                             {"Object", "object"},
                                                                             {"External", "external"}};
  MetricSpec out;
  const std::string type = get_string(&doc, "type");
  std::size_t i = 0;
  while (i + 1 < std::size(kTypes) && kTypes[i].first != type) ++i;
  out.type = static_cast<MetricSpec::Type>(i);
  const Doc* source = get(&doc, kTypes[i].second);
  const bool is_resource = i <= 1;
  const Doc* metric = is_resource ? source : get(source, "metric");
  out.name = get_string(metric, "name");
  if (!is_resource && metric != nullptr) out.selector = read_optional_selector(metric, "selector");
  out.container = get_string(source, "container");
  out.object = read_target(get(source, "describedObject"));
  const Doc* target = get(source, "target");
  // What is set counts for resources and external metrics, as the controller has it; the type for objects.
  const bool average = get(target, "averageValue") != nullptr;
  if (out.type == MetricSpec::Type::Object) {
    out.target =
        get_string(target, "type") == "AverageValue" ? MetricSpec::Target::AverageValue : MetricSpec::Target::Value;
  } else if (is_resource) {
    out.target = average ? MetricSpec::Target::AverageValue : MetricSpec::Target::Utilization;
  } else {
    out.target = average ? MetricSpec::Target::AverageValue : MetricSpec::Target::Value;
  }
  out.milli_value = milli(target, out.target == MetricSpec::Target::Value ? "value" : "averageValue");
  out.utilization = get_int<std::int32_t>(target, "averageUtilization").value_or(0);
  return out;
}

ScalingRules read_rules(const Doc* doc) {
  ScalingRules out;
  out.stabilization_window_seconds = get_int<std::int32_t>(doc, "stabilizationWindowSeconds");
  const std::string select = get_string(doc, "selectPolicy", "Max");
  out.select = select == "Min"        ? ScalingRules::Select::Min
               : select == "Disabled" ? ScalingRules::Select::Disabled
                                      : ScalingRules::Select::Max;
  for (const Doc& policy : get_items(doc, "policies"))
    out.policies.push_back({get_string(&policy, "type") == "Percent",
                            get_int<std::int32_t>(&policy, "value").value_or(0),
                            get_int<std::int32_t>(&policy, "periodSeconds").value_or(0)});
  if (get(doc, "tolerance") != nullptr) out.tolerance_millis = milli(doc, "tolerance");
  return out;
}

}  // namespace

HorizontalPodAutoscaler read_horizontal_pod_autoscaler(const Doc& doc) {
  HorizontalPodAutoscaler out;
  const Doc* spec = get(&doc, "spec");
  out.target = read_target(get(spec, "scaleTargetRef"));
  out.min_replicas = get_int<std::int32_t>(spec, "minReplicas").value_or(1);
  out.max_replicas = get_int<std::int32_t>(spec, "maxReplicas").value_or(1);
  for (const Doc& metric : get_items(spec, "metrics")) out.metrics.push_back(read_metric(metric));
  const Doc* behavior = get(spec, "behavior");
  out.has_behavior = behavior != nullptr;
  out.scale_up = read_rules(get(behavior, "scaleUp"));
  out.scale_down = read_rules(get(behavior, "scaleDown"));
  return out;
}

VerticalPodAutoscaler read_vertical_pod_autoscaler(const Doc& doc) {
  VerticalPodAutoscaler out;
  const Doc* spec = get(&doc, "spec");
  out.target = read_target(get(spec, "targetRef"));
  const Doc* update = get(spec, "updatePolicy");
  out.update_mode = get_string(update, "updateMode", "Recreate");
  if (out.update_mode == "Auto") out.update_mode = "Recreate";  // what Auto stands for
  out.min_replicas = get_int<std::int32_t>(update, "minReplicas").value_or(2);
  for (const Doc& policy : get_items(get(spec, "resourcePolicy"), "containerPolicies")) {
    VerticalPodAutoscaler::ContainerPolicy p;
    p.container = get_string(&policy, "containerName", "*");
    p.off = get_string(&policy, "mode") == "Off";
    p.min_allowed = read_resources(&policy, "minAllowed");
    p.max_allowed = read_resources(&policy, "maxAllowed");
    p.controlled_resources = get_strings(&policy, "controlledResources");
    p.requests_only = get_string(&policy, "controlledValues") == "RequestsOnly";
    out.policies.push_back(std::move(p));
  }
  return out;
}

}  // namespace wavetank::model
