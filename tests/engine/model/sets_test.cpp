// StatefulSets and DaemonSets: what is read, what is filled in, what Kubernetes 1.34 says of mistakes.
#include <catch2/catch.hpp>

#include "engine/model/decode.h"
#include "tests/engine/model/support.h"

using namespace wavetank;
using namespace wavetank::model;

namespace {

template <class T>
T read(const std::string& text) {
  auto object = admit(yaml(text), "t.yaml");
  if (!object) FAIL(base::to_text(object.error()));
  return std::get<T>(object->spec);
}

/// A valid set with `spec` merged in: "replicas: -1".
std::string stateful(const std::string& spec, const std::string& pod = "containers: [{name: c, image: i}]") {
  return "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: web}, spec: {serviceName: web, selector: "
         "{matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {" +
         pod + "}}" + (spec.empty() ? "" : ", " + spec) + "}}";
}
std::string daemon(const std::string& spec) {
  return "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent}, spec: {selector: {matchLabels: {app: a}}, "
         "template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: i}]}}" +
         (spec.empty() ? "" : ", " + spec) + "}}";
}

std::string errors(const std::string& text) {
  auto object = admit(yaml(text), "");
  if (object) return "";
  std::string out;
  for (const base::Diagnostic& d : object.error()) out += (out.empty() ? "" : "\n") + d.message;
  return out;
}

}  // namespace

TEST_CASE("a StatefulSet's defaults") {
  const auto set = read<StatefulSet>(stateful(""));
  CHECK(set.replicas == 1);
  CHECK(set.revision_history_limit == 10);
  CHECK_FALSE(set.parallel);
  CHECK_FALSE(set.on_delete);
  CHECK(set.partition == 0);
  CHECK_FALSE(set.delete_claims_when_scaled);
  // A strategy whose type is written keeps rollingUpdate as it is, missing too.
  CHECK(read<StatefulSet>(stateful("updateStrategy: {type: RollingUpdate}")).partition == -1);
  // The gate of maxUnavailable is off.
  auto object = admit(yaml(stateful("updateStrategy: {rollingUpdate: {maxUnavailable: 2}}")), "");
  REQUIRE(object.has_value());
  CHECK(to_canonical_json(*object->doc.at({"spec", "updateStrategy"})) ==
        R"({"rollingUpdate":{"partition":0},"type":"RollingUpdate"})");
  const auto claims = read<StatefulSet>(stateful(
      "volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: "
      "{storage: 1024Mi}}}}]",
      "containers: [{name: c, image: i, volumeMounts: [{name: data, mountPath: /d}]}]"));
  REQUIRE(claims.claim_templates.size() == 1);
  CHECK(
      claims.claim_templates[0] ==
      R"({"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],)"
      R"("resources":{"requests":{"storage":"1Gi"}},"volumeMode":"Filesystem"},"status":{"phase":"Pending"}})");
}

TEST_CASE("a DaemonSet's defaults") {
  const auto set = read<DaemonSet>(daemon(""));
  CHECK(set.max_unavailable == IntOrPercent{1, false});
  CHECK(set.max_surge == IntOrPercent{0, false});
  CHECK(set.revision_history_limit == 10);
  CHECK(read<DaemonSet>(daemon("updateStrategy: {type: OnDelete}")).on_delete);
  CHECK(read<DaemonSet>(daemon("updateStrategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: '20%'}}")).max_surge ==
        IntOrPercent{20, true});
}

TEST_CASE("mistakes in StatefulSets, in Kubernetes' words") {
  struct Row {
    std::string text, message;
  };
  const Row rows[] = {
      {stateful("replicas: -1"), "spec.replicas: Invalid value: -1: must be greater than or equal to 0"},
      {stateful("minReadySeconds: -1"), "spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0"},
      {stateful("podManagementPolicy: Random"),
       "spec.podManagementPolicy: Invalid value: \"Random\": must be 'OrderedReady' or 'Parallel'"},
      {stateful("updateStrategy: {type: OnDelete, rollingUpdate: {partition: 1}}"),
       "spec.updateStrategy.rollingUpdate: Invalid value: {\"partition\":1}: only allowed for updateStrategy "
       "'RollingUpdate'"},
      {stateful("updateStrategy: {rollingUpdate: {partition: -1}}"),
       "spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0"},
      {stateful("persistentVolumeClaimRetentionPolicy: {whenScaled: Keep}"),
       "spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: \"Keep\": supported values: "
       "\"Delete\", \"Retain\""},
      {stateful("ordinals: {start: -2}"), "spec.ordinals.start: Invalid value: -2: must be greater than or equal to 0"},
      {stateful("", "restartPolicy: Never, containers: [{name: c, image: i}]"),
       "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\""},
      {stateful("", "activeDeadlineSeconds: 5, containers: [{name: c, image: i}]"),
       "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in StatefulSet is not Supported"},
      {stateful("", "containers: [{name: c, image: i, volumeMounts: [{name: data, mountPath: /d}]}]"),
       "spec.template.spec.containers[0].volumeMounts[0].name: Not found: \"data\""},
      {"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: web}, spec: {selector: {matchLabels: {app: other}}, "
       "template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}}}",
       "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`"},
      {"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: web}, spec: {selector: {}, template: {metadata: "
       "{labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}}}",
       "spec.selector: Invalid value: {}: empty selector is invalid for statefulset"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    CHECK(errors(row.text) == row.message);
  }
  CHECK(errors(stateful("")).empty());
}

TEST_CASE("mistakes in DaemonSets, in Kubernetes' words") {
  struct Row {
    std::string text, message;
  };
  const Row rows[] = {
      {daemon("minReadySeconds: -1"), "spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0"},
      {daemon("revisionHistoryLimit: -1"),
       "spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0"},
      {daemon("updateStrategy: {type: Recreate}"),
       "spec.updateStrategy.type: Unsupported value: \"Recreate\": supported values: \"OnDelete\", \"RollingUpdate\""},
      {daemon("updateStrategy: {rollingUpdate: {maxUnavailable: 1, maxSurge: 1}}"),
       "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero"},
      {daemon("updateStrategy: {rollingUpdate: {maxUnavailable: 0}}"),
       "spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0"},
      {daemon("updateStrategy: {rollingUpdate: {maxUnavailable: '00%', maxSurge: '50%'}}"), ""},
      {daemon("updateStrategy: {rollingUpdate: {maxUnavailable: '101%'}}"),
       "spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: \"101%\": must not be greater than 100%"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    CHECK(errors(row.text) == row.message);
  }
  CHECK(errors(daemon("")).empty());
}

TEST_CASE("a StatefulSet with maxUnavailable is told that it has no effect") {
  const auto read = read_manifests(stateful("updateStrategy: {rollingUpdate: {maxUnavailable: 2}}"), "t.yaml");
  REQUIRE(read.has_value());
  REQUIRE(read->notices.size() == 1);
  CHECK(
      read->notices[0] ==
      "StatefulSet/web: updateStrategy.rollingUpdate.maxUnavailable has no effect, pods are updated one at a time: its "
      "feature gate MaxUnavailableStatefulSet is alpha in 1.34 and off");
  CHECK(read->objects.at(0).doc.at({"spec", "updateStrategy", "rollingUpdate", "maxUnavailable"}) == nullptr);
  CHECK(read_manifests(daemon("updateStrategy: {rollingUpdate: {maxUnavailable: 2}}"), "t.yaml")->notices.empty());
  CHECK(read_manifests(stateful("updateStrategy: {rollingUpdate: {partition: 2}}"), "t.yaml")->notices.empty());
}
