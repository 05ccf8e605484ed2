// What a pod names of ConfigMaps and Secrets, and who is told that they are not here.
#include <catch2/catch.hpp>

#include "engine/model/config_refs.h"
#include "engine/model/decode.h"

using namespace wavetank;
using namespace wavetank::model;

namespace {

std::vector<Object> objects(std::string_view yaml) {
  std::vector<Object> out;
  const auto docs = parse_yaml(yaml, "test");
  REQUIRE(docs.has_value());
  for (const Doc& doc : *docs) {
    auto object = admit(doc, "test");
    INFO((object ? "" : base::to_text(object.error())));
    REQUIRE(object.has_value());
    out.push_back(std::move(*object));
  }
  return out;
}

}  // namespace

TEST_CASE("The places where a pod names ConfigMaps and Secrets") {
  const auto docs = parse_yaml(R"(spec:
  volumes:
    - {name: a, configMap: {name: m1, items: [{key: k, path: p}]}}
    - {name: b, secret: {secretName: s1, optional: true}}
    - {name: c, projected: {sources: [{secret: {name: s2}}, {configMap: {name: kube-root-ca.crt}}, {serviceAccountToken: {path: t}}]}}
    - {name: d, emptyDir: {}}
  initContainers: [{name: i, envFrom: [{secretRef: {name: s3}}]}]
  containers:
    - {name: x, env: [{name: A, value: v}, {name: B, valueFrom: {configMapKeyRef: {name: m2, key: k}}}, {name: C, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]}
    - {name: y, envFrom: [{configMapRef: {name: m3}}], env: [{name: D, valueFrom: {secretKeyRef: {name: s4, key: k, optional: true}}}]}
)",
                               "test");
  REQUIRE(docs.has_value());
  std::string seen;
  for (const ConfigRef& r : config_refs(docs->front())) {
    seen += (r.kind == Kind::Secret ? "secret " : "map ") + r.name + (r.key.empty() ? "" : "/" + r.key);
    seen += r.volume.empty() ? " by container " + std::to_string(r.container) : " in volume " + r.volume;
    seen += r.optional ? ", optional\n" : "\n";
  }
  CHECK(seen ==
        "map m1 in volume a\n"
        "map m1/k in volume a\n"
        "secret s1 in volume b, optional\n"
        "secret s2 in volume c\n"
        "secret s3 by container 0\n"
        "map m2/k by container 1\n"
        "map m3 by container 2\n"
        "secret s4/k by container 2, optional\n");
}

TEST_CASE("Notices: whose pods will wait, and for what; not for what is here or optional") {
  const std::string pod =
      "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: i, envFrom: "
      "[{configMapRef: {name: m}}, {secretRef: {name: s}}, {secretRef: {name: may, optional: true}}], env: [{name: A, "
      "valueFrom: {configMapKeyRef: {name: m, key: k}}}]}]}}\n";
  const std::string map = "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {j: x}}\n";
  const std::string secret = "---\n{apiVersion: v1, kind: Secret, metadata: {name: s}}\n";
  CHECK(config_notices(objects(pod)) ==
        std::vector<std::string>{
            "pod/p: ConfigMap m and Secret s are not here: its containers are not started until they are made"});
  CHECK(config_notices(objects(pod + map + secret)) ==
        std::vector<std::string>{"pod/p: key k in ConfigMap m is not here: its containers are not started until it is "
                                 "made"});
  const std::string full = "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, binaryData: {k: eA==}}\n";
  CHECK(config_notices(objects(pod + full + secret)).empty());
  CHECK(
      config_notices(objects("{apiVersion: batch/v1, kind: CronJob, metadata: {name: j, namespace: ops}, spec: "
                             "{schedule: '* * * * *', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, "
                             "containers: [{name: c, image: i}], volumes: [{name: v, secret: {secretName: s}}]}}}}}}" +
                             ("\n" + secret))) ==
      std::vector<std::string>{"cronjob/ops/j: Secret s is not here: its containers are not started until it is made"});
}
