// Autoscalers: what is refused, in the words of the API server and of the VPA's webhook; what is filled in.
#include <catch2/catch.hpp>

#include "tests/engine/model/support.h"

using namespace wavetank::model;

namespace {

struct Row {
  const char* spec;
  const char* errors;
};

/// The complaints without their places.
std::string complaints(const std::string& yaml) {
  std::string out;
  const std::string all = errors_of(yaml);
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find('\n', at), all.size());
    const std::string line = all.substr(at, end - at);
    out += (out.empty() ? "" : "\n") + line.substr(line.find(": ") + 2);
    at = end + 1;
  }
  return out;
}

void check(const std::vector<Row>& rows, const std::string& before, const std::string& after) {
  for (const Row& row : rows) {
    INFO(row.spec);
    CHECK(complaints(before + row.spec + after) == row.errors);
  }
}

const std::string kHpa = "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: {";
const std::string kTarget = "scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}";
const std::string kVpa =
    "{apiVersion: autoscaling.k8s.io/v1, kind: VerticalPodAutoscaler, metadata: {name: v}, spec: {";
const std::string kVpaTarget = "targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, ";

}  // namespace

TEST_CASE("horizontal autoscalers: sizes and targets") {
  check(
      {
          {"scaleTargetRef: {kind: Deployment, name: web}, maxReplicas: 3", ""},
          {"scaleTargetRef: {kind: Deployment, name: web}, minReplicas: 2, maxReplicas: 2", ""},
          {"scaleTargetRef: {kind: Deployment, name: web}, minReplicas: 0, maxReplicas: 3",
           "spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero "
           "replicas\nspec.minReplicas: Invalid value: 0: must be greater than or equal to 1"},
          {"scaleTargetRef: {kind: Deployment, name: web}, minReplicas: -1, maxReplicas: 3",
           "spec.minReplicas: Invalid value: -1: must be greater than or equal to 1"},
          {"scaleTargetRef: {kind: Deployment, name: web}, maxReplicas: 0",
           "spec.maxReplicas: Invalid value: 0: must be greater than 0\n"
           "spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`"},
          {"scaleTargetRef: {kind: Deployment, name: web}, minReplicas: 5, maxReplicas: 3",
           "spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`"},
          {"scaleTargetRef: {name: web}, maxReplicas: 3", "spec.scaleTargetRef.kind: Required value"},
          {"scaleTargetRef: {kind: Deployment}, maxReplicas: 3", "spec.scaleTargetRef.name: Required value"},
          {"scaleTargetRef: {kind: Deployment, name: a/b}, maxReplicas: 3",
           "spec.scaleTargetRef.name: Invalid value: \"a/b\": may not contain '/'"},
          {"scaleTargetRef: {kind: '..', name: a}, maxReplicas: 3",
           "spec.scaleTargetRef.kind: Invalid value: \"..\": may not be '..'"},
      },
      kHpa, "}}");
}

TEST_CASE("horizontal autoscalers: metrics") {
  check(
      {
          {"{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}", ""},
          {"{type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 1Gi}}}", ""},
          {"{type: Pods, pods: {metric: {name: m}, target: {type: AverageValue, averageValue: '1'}}}", ""},
          {"{type: External, external: {metric: {name: m}, target: {type: Value, value: '1'}}}", ""},
          {"{type: Load, external: {metric: {name: m}, target: {type: Value, value: '1'}}}",
           "spec.metrics[0].type: Unsupported value: \"Load\": supported values: \"ContainerResource\", \"External\", "
           "\"Object\", \"Pods\", \"Resource\""},
          {"{type: Resource}",
           "spec.metrics[0].resource: Required value: must populate information for the given metric source"},
          {"{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}, pods: "
           "{metric: "
           "{name: m}, target: {type: AverageValue, averageValue: '1'}}}",
           "spec.metrics[0].pods: Forbidden: must populate the given metric source only"},
          {"{type: Resource, resource: {target: {type: Utilization, averageUtilization: 50}}}",
           "spec.metrics[0].resource.name: Required value: must specify a resource name"},
          {"{type: Resource, resource: {name: cpu, target: {type: Utilization}}}",
           "spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or "
           "a "
           "target utilization"},
          {"{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50, averageValue: "
           "'1'}}}",
           "spec.metrics[0].resource.target.averageValue: Forbidden: may not set both a target raw value and a target "
           "utilization"},
          {"{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 0}}}",
           "spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0"},
          {"{type: Resource, resource: {name: cpu, target: {type: Percent, averageUtilization: 50}}}",
           "spec.metrics[0].resource.target.type: Invalid value: \"Percent\": must be either Utilization, Value, or "
           "AverageValue"},
          {"{type: Resource, resource: {name: cpu, target: {type: AverageValue, averageValue: '0'}}}",
           "spec.metrics[0].resource.target.averageValue: Invalid value: \"0\": must be positive"},
          {"{type: ContainerResource, containerResource: {name: cpu, target: {type: Utilization, averageUtilization: "
           "50}}}",
           "spec.metrics[0].containerResource.container: Required value: must specify a container"},
          {"{type: Pods, pods: {metric: {}, target: {type: AverageValue, averageValue: '1'}}}",
           "spec.metrics[0].pods.metric.name: Required value: must specify a metric name"},
          {"{type: Pods, pods: {metric: {name: m}, target: {type: AverageValue}}}",
           "spec.metrics[0].pods.target.averageValue: Required value: must specify a positive target averageValue"},
          {"{type: Object, object: {describedObject: {kind: Service}, metric: {name: m}, target: {type: Value, value: "
           "'1'}}}",
           "spec.metrics[0].object.describedObject.name: Required value"},
          {"{type: Object, object: {describedObject: {kind: Service, name: s}, metric: {name: m}, target: {type: "
           "Value}}}",
           "spec.metrics[0].object.target.averageValue: Required value: must set either a target value or "
           "averageValue"},
          {"{type: External, external: {metric: {name: m}, target: {type: Value, value: '1', averageValue: '1'}}}",
           "spec.metrics[0].external.target.value: Forbidden: may not set both a target value for metric and a per-pod "
           "target"},
          {"{type: External, external: {metric: {name: m}, target: {type: Value}}}",
           "spec.metrics[0].external.target.averageValue: Required value: must set either a target value for metric or "
           "a "
           "per-pod target"},
      },
      kHpa + kTarget + ", maxReplicas: 3, metrics: [", "]}}");
}

TEST_CASE("horizontal autoscalers: behavior") {
  check(
      {
          {"{stabilizationWindowSeconds: 3600, policies: [{type: Pods, value: 1, periodSeconds: 1800}]}", ""},
          {"{stabilizationWindowSeconds: 3601}",
           "spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600"},
          {"{stabilizationWindowSeconds: -1}",
           "spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: -1: must be greater than or equal to "
           "zero"},
          {"{selectPolicy: Most}",
           "spec.behavior.scaleUp.selectPolicy: Unsupported value: \"Most\": supported values: \"Disabled\", \"Max\", "
           "\"Min\""},
          {"{policies: [{type: Share, value: 1, periodSeconds: 15}]}",
           "spec.behavior.scaleUp.policies[0].type: Unsupported value: \"Share\": supported values: \"Percent\", "
           "\"Pods\""},
          {"{policies: [{type: Pods, value: 0, periodSeconds: 15}]}",
           "spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero"},
          {"{policies: [{type: Pods, value: 1, periodSeconds: 0}]}",
           "spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 0: must be greater than zero"},
          {"{policies: [{type: Pods, value: 1, periodSeconds: 1801}]}",
           "spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800"},
      },
      kHpa + kTarget + ", maxReplicas: 3, behavior: {scaleUp: ", "}}}");
}

TEST_CASE("vertical autoscalers are validated") {
  check(
      {
          {"updatePolicy: {updateMode: InPlaceOrRecreate, minReplicas: 1}", ""},
          {"updatePolicy: {updateMode: Sometimes}",
           "spec.updatePolicy.updateMode: Unsupported value: \"Sometimes\": supported values: \"Auto\", "
           "\"InPlaceOrRecreate\", \"Initial\", \"Off\", \"Recreate\""},
          {"updatePolicy: {minReplicas: 0}",
           "spec.updatePolicy.minReplicas: Invalid value: 0: minReplicas has to be positive"},
          {"resourcePolicy: {containerPolicies: [{mode: Auto}]}",
           "spec.resourcePolicy.containerPolicies[0].containerName: Required value: containerPolicies.ContainerName is "
           "required"},
          {"resourcePolicy: {containerPolicies: [{containerName: c, mode: Sometimes}]}",
           "spec.resourcePolicy.containerPolicies[0].mode: Unsupported value: \"Sometimes\": supported values: "
           "\"Auto\", "
           "\"Off\""},
          {"resourcePolicy: {containerPolicies: [{containerName: c, minAllowed: {cpu: '2'}, maxAllowed: {cpu: '1'}}]}",
           "spec.resourcePolicy.containerPolicies[0].maxAllowed.cpu: Invalid value: \"1\": max resource for cpu is "
           "lower "
           "than min"},
          {"resourcePolicy: {containerPolicies: [{containerName: c, controlledValues: LimitsOnly}]}",
           "spec.resourcePolicy.containerPolicies[0].controlledValues: Unsupported value: \"LimitsOnly\": supported "
           "values: \"RequestsAndLimits\", \"RequestsOnly\""},
          {"resourcePolicy: {containerPolicies: [{containerName: c, mode: 'Off', controlledValues: "
           "RequestsAndLimits}]}",
           "spec.resourcePolicy.containerPolicies[0].controlledValues: Forbidden: controlledValues shouldn't be "
           "specified "
           "if container scaling mode is off"},
      },
      kVpa + kVpaTarget, "}}");
  CHECK(complaints(kVpa + "}}") ==
        "spec.targetRef: Required value: targetRef is required. If you're using v1beta1 version of the API, please "
        "migrate to v1");
}

TEST_CASE("a mode that is not done as written says so") {
  const auto notices = [](const std::string& mode) {
    const auto read = read_manifests(kVpa + kVpaTarget + "updatePolicy: {updateMode: '" + mode + "'}}}", "");
    REQUIRE(read.has_value());
    return read->notices.empty() ? "" : read->notices.front();
  };
  CHECK(notices("InPlaceOrRecreate") ==
        "VerticalPodAutoscaler/v: updateMode InPlaceOrRecreate works as Recreate: pods are evicted, not resized in "
        "place");
  for (const char* mode : {"Auto", "Recreate", "Initial", "Off"}) CHECK(notices(mode) == "");
}

TEST_CASE("autoscalers get Kubernetes' defaults") {
  Doc hpa = yaml(kHpa + kTarget +
                 ", maxReplicas: 3, behavior: {scaleUp: {policies: [{type: Pods, value: 1, "
                 "periodSeconds: 60}]}}}}");
  apply_defaults(hpa);
  CHECK(to_canonical_json(*hpa.at({"spec", "metrics"})) ==
        R"([{"resource":{"name":"cpu","target":{"averageUtilization":80,"type":"Utilization"}},"type":"Resource"}])");
  CHECK(hpa.at({"spec", "minReplicas"})->text == "1");
  CHECK(to_canonical_json(*hpa.at({"spec", "behavior"})) ==
        R"({"scaleDown":{"policies":[{"periodSeconds":15,"type":"Percent","value":100}],"selectPolicy":"Max"},)"
        R"("scaleUp":{"policies":[{"periodSeconds":60,"type":"Pods","value":1}],"selectPolicy":"Max",)"
        R"("stabilizationWindowSeconds":0}})");
}
