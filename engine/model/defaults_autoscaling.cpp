// The defaults of: the autoscalers. Source: kubernetes/pkg/apis/autoscaling/v2/defaults.go; the VPA's:
// autoscaler/vertical-pod-autoscaler/pkg/apis/autoscaling.k8s.io/v1/types.go.
#include "engine/model/defaults.h"

namespace wavetank::model {
namespace {

Doc policy(std::string_view type, std::int64_t value) {
  Doc out = Doc::object();
  out["type"] = Doc::string(type);
  out["value"] = Doc::integer(value);
  out["periodSeconds"] = Doc::integer(15);
  return out;
}

Doc cpu_metric(const Doc& percent) {
  Doc out = Doc::object();
  out["type"] = Doc::string("Resource");
  Doc& resource = out["resource"];
  resource = Doc::object();
  resource["name"] = Doc::string("cpu");
  Doc& target = resource["target"];
  target = Doc::object();
  target["type"] = Doc::string("Utilization");
  target["averageUtilization"] = percent;
  return out;
}

void default_rules(Doc& behavior, std::string_view key, bool up) {
  Doc* rules = object_at(behavior, key);
  if (rules == nullptr) return;
  // The window of scaling down stays open: the controller's own setting fills it in.
  if (up) set_default(*rules, "stabilizationWindowSeconds", Doc::integer(0));
  text_default(*rules, "selectPolicy", "Max");
  Doc policies = Doc::array();
  if (up) policies.items.push_back(policy("Pods", 4));
  policies.items.push_back(policy("Percent", 100));
  set_default(*rules, "policies", std::move(policies));
}

/// autoscaling/v1 has one target, the cpu's utilization.
void lift(Doc& doc) {
  doc["apiVersion"] = Doc::string("autoscaling/v2");
  Doc* spec = existing(&doc, "spec");
  if (spec == nullptr) return;
  if (const Doc* percent = spec->find("targetCPUUtilizationPercentage"); percent != nullptr && !percent->is_null()) {
    Doc metrics = Doc::array();
    metrics.items.push_back(cpu_metric(*percent));
    set_default(*spec, "metrics", std::move(metrics));
  }
  spec->erase("targetCPUUtilizationPercentage");
}

}  // namespace

void default_horizontal_pod_autoscaler(Doc& doc) {
  if (doc.string_or("apiVersion") == "autoscaling/v1") lift(doc);
  Doc* spec = existing(&doc, "spec");
  if (spec == nullptr) return;
  set_default(*spec, "minReplicas", Doc::integer(1));
  const Doc* metrics = spec->find("metrics");
  if (metrics == nullptr || metrics->is_null() || (metrics->is_array() && metrics->items.empty())) {
    Doc list = Doc::array();
    list.items.push_back(cpu_metric(Doc::integer(80)));
    (*spec)["metrics"] = std::move(list);
  }
  if (Doc* behavior = existing(spec, "behavior")) {
    default_rules(*behavior, "scaleUp", true);
    default_rules(*behavior, "scaleDown", false);
  }
}

// Its API has no defaults; what is missing is read as the components read it.
void default_vertical_pod_autoscaler(Doc& doc) { static_cast<void>(doc); }

}  // namespace wavetank::model
