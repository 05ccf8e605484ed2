// Whole files: several documents, lists, notices, and the bad ones.
#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/engine/model/support.h"

using namespace wavetank::model;
using wavetank::base::to_text;

namespace {

std::string names(const Manifests& m) {
  std::string out;
  for (const Object& o : m.objects) out += (out.empty() ? "" : " ") + o.kind_name + "/" + o.meta.name;
  return out;
}

Manifests read(std::string_view text) {
  auto m = read_manifests(text, "f.yaml");
  if (!m) FAIL(to_text(m.error()));
  return std::move(*m);
}

}  // namespace

TEST_CASE("documents and lists become objects in their order") {
  CHECK(names(read(R"(
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}
- {apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Secret, metadata: {name: c}}]}
---
apiVersion: v1
kind: ServiceAccountList
items: [{metadata: {name: d}}]
---
apiVersion: apps/v1
kind: DeploymentList
items: []
)")) == "Namespace/a ConfigMap/b Secret/c ServiceAccount/d");
  CHECK(
      names(read(
          R"({"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "c"}}]})")) ==
      "Secret/c");
  CHECK(read("{apiVersion: v1, kind: List, items: []}").objects.empty());
}

TEST_CASE("one summary of what is kept but not understood") {
  const Manifests m = read(R"(
{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: a}, spec: {rules: []}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}}
---
{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: b}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  foo: {bar: 1}
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec: {containers: [{name: c, image: i, imagePullPolcy: Always}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec: {foo: 1, selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: i}]}}}
)");
  CHECK(m.notices == std::vector<std::string>{"kept as written, not simulated: 2 CiliumNetworkPolicy, 1 NetworkPolicy",
                                              "unknown fields kept: spec.foo (Deployment/web and 1 more), "
                                              "spec.template.spec.containers[0].imagePullPolcy (Deployment/web)"});
  // … and it is kept.
  CHECK(to_json(*m.objects[3].doc.at({"spec", "foo"})) == R"({"bar":1})");
  CHECK(to_json(*m.objects[0].doc.at({"spec"})) == R"({"rules":[]})");
}

TEST_CASE("all problems of a file at once") {
  const auto m = read_manifests(R"(apiVersion: v1
kind: Service
metadata: {name: a}
---
kind: Pod
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {replicas: many}
)",
                                "shop.yaml");
  REQUIRE_FALSE(m);
  CHECK(to_text(m.error()) ==
        "shop.yaml:1:1: spec.ports: Required value\n"
        "shop.yaml:5:1: apiVersion: Required value\n"
        "shop.yaml:10:18: spec.replicas: Invalid value: \"many\": must be an integer (int32), not a string");
}

TEST_CASE("files that are none") {
  const std::pair<const char*, const char*> rows[] = {
      {"", "f.yaml: the file is empty: no objects"},
      {" \n\t\n", "f.yaml: the file is empty: no objects"},
      {"# nothing\n---\n", "f.yaml: no objects: only comments or empty documents"},
      {"- a\n- b\n",
       "f.yaml:1:1: a list, where an object with apiVersion and kind was expected; several objects are separated by "
       "'---' or put in a List's items"},
      {"just words\n", "f.yaml:1:1: an object must be a map with apiVersion and kind"},
      {"{apiVersion: v1, kind: List, items: [5]}", "f.yaml:1:38: an object must be a map with apiVersion and kind"},
      {"\x7f"
       "ELF\x02",
       "f.yaml:1:5: not a text file: found the control character 0x02"},
      {"a: 1\na: 2\n", "f.yaml:2:1: duplicate key \"a\": already set in line 1"},
  };
  for (const auto& [text, message] : rows) {
    INFO(text);
    const auto m = read_manifests(text, "f.yaml");
    REQUIRE_FALSE(m);
    CHECK(to_text(m.error()) == message);
  }
}

TEST_CASE("owners that own each other are refused, chains are not") {
  const auto owned = [](std::string name, std::string owner) {
    return "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\n" +
           (owner.empty() ? ""
                          : "  ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: " + owner + ", uid: u}]\n");
  };
  CHECK(errors_of(owned("a", "b") + owned("b", "c") + owned("c", "")) == "");
  CHECK(errors_of(owned("a", "missing")) == "");
  CHECK(errors_of(owned("a", "a")) ==
        "6:20: metadata.ownerReferences: the owners form a cycle: ConfigMap/a -> ConfigMap/a");
  CHECK(errors_of(owned("x", "a") + owned("a", "b") + owned("b", "c") + owned("c", "a")) ==
        "24:20: metadata.ownerReferences: the owners form a cycle: ConfigMap/a -> ConfigMap/b -> ConfigMap/c -> "
        "ConfigMap/a");
}

TEST_CASE("what is admitted prints, reads and is admitted as the same") {
  const Manifests m = read(R"(
{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: i, resources: {limits: {cpu: 0.5}}}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: 80}]}}
---
{apiVersion: x/v1, kind: Thing, metadata: {name: t}, data: ["yes", 1.5, null, "2024-01-01", {"<<": 1}]}
)");
  for (const Object& o : m.objects) {
    for (const std::string& text : {to_yaml(o.doc), to_json(o.doc), to_canonical_json(o.doc), to_pretty_json(o.doc)}) {
      const Manifests again = read(text);
      CHECK(to_canonical_json(again.objects.at(0).doc) == to_canonical_json(o.doc));
    }
  }
}

TEST_CASE("real applications are admitted without a complaint") {
  const char* given = std::getenv("WAVETANK_SHARED");
  const std::string shared = given != nullptr ? given : "../shared";
  const std::tuple<const char*, std::size_t, std::size_t> files[] = {{"online-boutique.yaml", 35, 12},
                                                                     {"example-voting-app.yaml", 9, 5}};
  for (const auto& [name, objects, deployments] : files) {
    std::ifstream in(shared + "/data/manifests/" + name);
    if (!in) {
      WARN(name << ": not there, skipped (set WAVETANK_SHARED to the folder that holds data/manifests)");
      continue;
    }
    std::stringstream text;
    text << in.rdbuf();
    const auto m = read_manifests(text.str(), name);
    if (!m) FAIL(to_text(m.error()));
    CHECK(m->objects.size() == objects);
    CHECK(m->notices.empty());
    std::size_t found = 0;
    for (const Object& o : m->objects) {
      if (o.kind != Kind::Deployment) continue;
      ++found;
      const Deployment& d = std::get<Deployment>(o.spec);
      CHECK(d.selector.matches(d.tmpl.labels));
      CHECK(d.max_surge == IntOrPercent{25, true});
    }
    CHECK(found == deployments);
  }
}

TEST_CASE("a kind of ours under a version that is not served is not kept as if it were a custom resource") {
  struct Row {
    const char* version;
    const char* kind;
    const char* served;  ///< "" where it is somebody else's kind, or served.
  };
  const Row rows[] = {
      {"apps/v1", "Pod", "v1 Pod"},
      {"v1", "Deployment", "apps/v1 Deployment"},
      {"extensions/v1beta1", "Ingress", "networking.k8s.io/v1 Ingress"},
      {"batch/v1beta1", "CronJob", "batch/v1 CronJob"},
      {"policy/v1beta1", "PodDisruptionBudget", "policy/v1 PodDisruptionBudget"},
      {"autoscaling/v2beta2", "HorizontalPodAutoscaler", "autoscaling/v2 HorizontalPodAutoscaler"},
      {"apps/v1", "deployment", "apps/v1 Deployment"},
      {"serving.knative.dev/v1", "Service", ""},
      {"batch.volcano.sh/v1alpha1", "Job", ""},
      {"networking.k8s.io/v1", "NetworkPolicy", ""},
      {"autoscaling/v1", "HorizontalPodAutoscaler", ""},
  };
  for (const Row& row : rows) {
    const std::string text = fmt::format("apiVersion: {}\nkind: {}\nmetadata: {{name: x}}\n", row.version, row.kind);
    INFO(text);
    const auto read = read_manifests(text, "f");
    const std::string found = read ? "" : to_text(read.error());
    const std::string wanted = fmt::format("no matches for kind \"{}\" in version \"{}\"; Kubernetes 1.34 serves {}",
                                           row.kind, row.version, row.served);
    CHECK((found.find(wanted) != std::string::npos) == (row.served[0] != '\0'));
    if (row.served[0] == '\0') CHECK(found.find("no matches") == std::string::npos);
  }
  CHECK(to_text(read_manifests("apiVersion: v1\nkind: Deployment\nmetadata: {name: x}\n", "f").error())
            .starts_with("f:1:13: no matches"));
}
