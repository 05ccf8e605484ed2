// The rules of: the autoscalers. Source: kubernetes/pkg/apis/autoscaling/validation of 1.34 (gates HPAScaleToZero and
// HPAConfigurableTolerance off); autoscaler/vertical-pod-autoscaler/pkg/admission-controller/resource/vpa.
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/quantity.h"
#include "engine/model/validate.h"

namespace wavetank::model {
namespace {

/// path.IsValidPathSegmentName
Messages check_path_segment(std::string_view text) {
  Messages out;
  if (text == "." || text == "..") out.push_back(fmt::format("may not be '{}'", text));
  for (const char* part : {"/", "%"})
    if (text.find(part) != std::string_view::npos) out.push_back(fmt::format("may not contain '{}'", part));
  return out;
}

void validate_segment(const Place& at, std::string_view when_missing) {
  if (at.text().empty()) return at.required(when_missing);
  at.each_invalid(check_path_segment(at.text()));
}

void validate_object_reference(const Place& ref) {
  validate_segment(ref["kind"], "");
  validate_segment(ref["name"], "");
}

void validate_positive(const Place& amount) {
  if (!amount) return;
  const auto quantity = base::Quantity::parse(amount.text());
  if (quantity && (quantity->is_negative() || quantity->is_zero()))
    amount.invalid_value(fmt::format("\"{}\"", quantity->text()), "must be positive");
}

void validate_target(const Place& target) {
  const Place type = target["type"];
  if (type.text().empty()) type.required("must specify a metric target type");
  if (type.text() != "Utilization" && type.text() != "Value" && type.text() != "AverageValue")
    type.invalid_value(fmt::format("\"{}\"", type.text()), "must be either Utilization, Value, or AverageValue");
  validate_positive(target["value"]);
  validate_positive(target["averageValue"]);
  if (target["averageUtilization"] && target["averageUtilization"].number() < 1)
    target["averageUtilization"].invalid("must be greater than 0");
}

void validate_identifier(const Place& metric) {
  validate_segment(metric["name"], "must specify a metric name");
  if (metric["selector"]) validate_selector(metric["selector"]);
}

void validate_amount_target(const Place& source, std::string_view when_missing, bool exclusive) {
  validate_target(source["target"]);
  const Place value = source["target"]["value"];
  const Place average = source["target"]["averageValue"];
  if (!value && !average) average.required(when_missing);
  if (exclusive && value && average) value.forbidden("may not set both a target value for metric and a per-pod target");
}

void validate_resource_target(const Place& source) {
  if (source["name"].text().empty()) source["name"].required("must specify a resource name");
  validate_target(source["target"]);
  const Place utilization = source["target"]["averageUtilization"];
  const Place average = source["target"]["averageValue"];
  if (!utilization && !average) utilization.required("must set either a target raw value or a target utilization");
  if (utilization && average) average.forbidden("may not set both a target raw value and a target utilization");
}

void validate_source(const Place& source, std::string_view field) {
  if (field == "object") {
    validate_object_reference(source["describedObject"]);
    validate_identifier(source["metric"]);
    return validate_amount_target(source, "must set either a target value or averageValue", false);
  }
  if (field == "external") {
    validate_identifier(source["metric"]);
    return validate_amount_target(source, "must set either a target value for metric or a per-pod target", true);
  }
  if (field == "pods") {
    validate_identifier(source["metric"]);
    validate_target(source["target"]);
    const Place average = source["target"]["averageValue"];
    if (!average) average.required("must specify a positive target averageValue");
    return;
  }
  if (field == "containerResource") {
    const Place container = source["container"];
    if (container.text().empty()) {
      container.required("must specify a container");
    } else {
      container.each_invalid(check_dns_label(container.text()));
    }
  }
  validate_resource_target(source);
}

constexpr std::pair<std::string_view, std::string_view> kSources[] = {{"Object", "object"},
                                                                      {"External", "external"},
                                                                      {"Pods", "pods"},
                                                                      {"Resource", "resource"},
                                                                      {"ContainerResource", "containerResource"}};

void validate_metric(const Place& metric) {
  const Place type = metric["type"];
  if (type.text().empty()) type.required("must specify a metric source type");
  const auto* expected = std::find_if(std::begin(kSources), std::end(kSources),
                                      [&](const auto& source) { return source.first == type.text(); });
  if (expected == std::end(kSources)) type.unsupported({"ContainerResource", "External", "Object", "Pods", "Resource"});
  int present = 0;
  for (const auto& [name, field] : kSources)
    if (metric[field] && ++present == 1) validate_source(metric[field], field);
  if (expected == std::end(kSources)) return;
  if (!metric[expected->second])
    metric[expected->second].required("must populate information for the given metric source");
  if (present == 1) return;
  for (const auto& [name, field] : kSources)
    if (metric[field] && field != expected->second)
      metric[field].forbidden("must populate the given metric source only");
}

void validate_rules(const Place& rules) {
  if (!rules) return;
  const Place window = rules["stabilizationWindowSeconds"];
  if (window && window.number() < 0) window.invalid("must be greater than or equal to zero");
  if (window && window.number() > 3600) window.invalid("must be less than or equal to 3600");
  rules["selectPolicy"].one_of({"Disabled", "Max", "Min"});
  const Place policies = rules["policies"];
  if (policies.items().empty()) policies.required("must specify at least one Policy");
  for (const Place& policy : policies.items()) {
    if (policy["type"].text() != "Pods" && policy["type"].text() != "Percent")
      policy["type"].unsupported({"Percent", "Pods"});
    if (policy["value"].number() <= 0) policy["value"].invalid("must be greater than zero");
    const Place period = policy["periodSeconds"];
    if (period.number() <= 0) period.invalid("must be greater than zero");
    if (period.number() > 1800) period.invalid("must be less than or equal to 1800");
  }
}

}  // namespace

void validate_horizontal_pod_autoscaler(const Place& root, const HorizontalPodAutoscaler& hpa) {
  static_cast<void>(hpa);
  const Place spec = root["spec"];
  const Place least = spec["minReplicas"], most = spec["maxReplicas"];
  // An object that has minReplicas 0 could keep it; nobody can make one while HPAScaleToZero is off.
  if (least && least.number() < 1) least.invalid("must be greater than or equal to 1");
  if (most.number() < 1) most.invalid("must be greater than 0");
  if (least && most.number() < least.number()) most.invalid("must be greater than or equal to `minReplicas`");
  validate_object_reference(spec["scaleTargetRef"]);
  for (const Place& metric : spec["metrics"].items()) validate_metric(metric);
  if (least && least.number() == 0) {
    bool outside = false;
    for (const Place& metric : spec["metrics"].items())
      outside = outside || metric["type"].text() == "Object" || metric["type"].text() == "External";
    if (!outside)
      spec["metrics"].forbidden(
          "must specify at least one Object or External metric to support scaling to zero replicas");
  }
  validate_rules(spec["behavior"]["scaleUp"]);
  validate_rules(spec["behavior"]["scaleDown"]);
}

namespace {

/// Bounds are whole thousandths of a CPU and whole bytes (validateResourceResolution of the VPA's admission).
void validate_whole(const Place& bounds, std::string_view name) {
  const auto check = [&](const char* resource, const char* what, const char* unit, auto&& is_whole) {
    const Place at = bounds[resource];
    const auto quantity = base::Quantity::parse(at.text());
    if (at && quantity && !is_whole(*quantity))
      at.invalid(fmt::format("{}: {} [{}] must be a whole number of {}", name, what, quantity->text(), unit));
  };
  check("cpu", "CPU", "milli CPUs", [](const base::Quantity& q) { return q.compare(q.rounded_to_milli()) == 0; });
  check("memory", "Memory", "bytes", [](const base::Quantity& q) {
    return q.compare(base::Quantity(q.value(), base::Quantity::Format::DecimalSI)) == 0;
  });
}

}  // namespace

void validate_vertical_pod_autoscaler(const Place& root, const VerticalPodAutoscaler& vpa) {
  static_cast<void>(vpa);
  const Place spec = root["spec"];
  if (!spec["targetRef"]) {
    spec["targetRef"].required(
        "targetRef is required. If you're using v1beta1 version of the API, please migrate to v1");
  } else {
    validate_object_reference(spec["targetRef"]);
  }
  if (spec["recommenders"].items().size() > 1)
    spec["recommenders"].invalid("The current version of VPA object shouldn't specify more than one recommenders.");
  spec["updatePolicy"]["updateMode"].one_of({"Auto", "InPlaceOrRecreate", "Initial", "Off", "Recreate"});
  const Place least = spec["updatePolicy"]["minReplicas"];
  if (least && least.number() <= 0) least.invalid("minReplicas has to be positive");
  for (const Place& policy : spec["resourcePolicy"]["containerPolicies"].items()) {
    if (policy["containerName"].text().empty())
      policy["containerName"].required("containerPolicies.ContainerName is required");
    policy["mode"].one_of({"Auto", "Off"});
    policy["controlledValues"].one_of({"RequestsAndLimits", "RequestsOnly"});
    for (const auto& [key, name] : {std::pair("minAllowed", "MinAllowed"), std::pair("maxAllowed", "MaxAllowed")})
      validate_whole(policy[key], name);
    for (const Doc::Member& m : policy["minAllowed"].members()) {
      const Place most = policy["maxAllowed"][m.key];
      const auto low = base::Quantity::parse(m.value.text), high = base::Quantity::parse(most.text());
      if (most && low && high && high->compare(*low) < 0)
        most.invalid(fmt::format("max resource for {} is lower than min", m.key));
    }
    if (policy["mode"].text() == "Off" && policy["controlledValues"].text() == "RequestsAndLimits")
      policy["controlledValues"].forbidden("controlledValues shouldn't be specified if container scaling mode is off");
  }
}

}  // namespace wavetank::model
