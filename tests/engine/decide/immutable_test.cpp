// What an update may change and what it may not: an object, a merge patch (or what is applied), the answer.
#include <catch2/catch.hpp>

#include "tests/support/given.h"

using namespace wavetank;

namespace {

struct Row {
  const char* what;
  std::string before;  ///< The spec, or the members of a kind that has none.
  std::string patch;
  std::string answer;  ///< "" where it is granted.
};

/// Creates, patches; the answer without "Invalid: <object> is invalid: ".
std::string answer_of(const std::string& head, const Row& row) {
  support::Cluster c;
  const auto docs = model::parse_yaml("{" + head + ", " + row.before + "}", "test");
  REQUIRE(docs.has_value());
  const std::string made =
      c.wish(command::ApplyObject{model::to_json(docs->front()), command::ApplyObject::Mode::Apply});
  INFO(made);
  REQUIRE(made.find("ObjectCreated") != std::string::npos);
  const auto patch = model::parse_yaml(row.patch, "test");
  REQUIRE(patch.has_value());
  const model::Kind kind = model::kind_from_gvk(docs->front().string_or("apiVersion"), docs->front().string_or("kind"));
  const std::string ns = model::kind_info(kind).namespaced ? "default" : "";
  const std::string answer = c.wish(command::PatchObject{c.find(kind, "x", ns), model::to_json(patch->front())});
  if (answer == "ObjectUpdated") return "";
  const std::size_t at = answer.find(" is invalid: ");
  return at == std::string::npos ? answer : answer.substr(at + 13);
}

void check(const std::string& head, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    INFO(row.what);
    CHECK(answer_of(head, row) == row.answer);
  }
}

const std::string kOther =
    "spec: Forbidden: pod updates may not change fields other than "
    "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
    "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
    "previously negative)";

std::string pod(const std::string& more) { return "spec: {containers: [{name: c, image: i}]" + more + "}"; }

}  // namespace

TEST_CASE("Pods: images, deadlines, tolerations and gates may change, each in one direction") {
  const std::string gone = "existing toleration can not be modified except its tolerationSeconds";
  const std::string deadline = ", activeDeadlineSeconds: 50";
  const std::string tolerant = ", tolerations: [{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 5}]";
  check("apiVersion: v1, kind: Pod, metadata: {name: x}",
        {
            {"another image", pod(""), "{spec: {containers: [{name: c, image: j}]}}", ""},
            {"another command", pod(""), "{spec: {containers: [{name: c, image: i, command: [a]}]}}", kOther},
            {"one more container", pod(""), "{spec: {containers: [{name: c, image: i}, {name: d, image: i}]}}",
             "spec.containers: Forbidden: pod updates may not add or remove containers"},
            {"a deadline", pod(""), "{spec: {activeDeadlineSeconds: 50}}", ""},
            {"an earlier deadline", pod(deadline), "{spec: {activeDeadlineSeconds: 40}}", ""},
            {"a later deadline", pod(deadline), "{spec: {activeDeadlineSeconds: 60}}",
             "spec.activeDeadlineSeconds: Invalid value: 60: must be less than or equal to previous value"},
            {"no deadline any more", pod(deadline), "{spec: {activeDeadlineSeconds: null}}",
             "spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value"},
            {"another grace period", pod(""), "{spec: {terminationGracePeriodSeconds: 5}}", kOther},
            {"a toleration more", pod(""), "{spec: {tolerations: [{key: a, operator: Exists}]}}", ""},
            {"a toleration less", pod(tolerant), "{spec: {tolerations: []}}", "spec.tolerations: Forbidden: " + gone},
            {"a toleration for longer", pod(tolerant),
             "{spec: {tolerations: [{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 9}]}}", ""},
            {"a place", pod(""), "{spec: {nodeSelector: {zone: a}}}", kOther},
        });
}

TEST_CASE("Gated pods: gates go, the place gets narrower") {
  const std::string gated = ", schedulingGates: [{name: a}, {name: b}]";
  const std::string in_a = ", nodeSelector: {zone: a}";
  const auto affinity = [](const std::string& terms) {
    return "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [" + terms +
           "]}}}";
  };
  const std::string zone = "{key: zone, operator: In, values: [a]}", disk = "{key: disk, operator: Exists}";
  const std::string terms =
      "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
  check("apiVersion: v1, kind: Pod, metadata: {name: x}",
        {
            {"one gate less", pod(gated), "{spec: {schedulingGates: [{name: b}]}}", ""},
            {"no gates", pod(gated), "{spec: {schedulingGates: []}}", ""},
            {"a gate more", pod(gated), "{spec: {schedulingGates: [{name: a}, {name: c}]}}",
             "spec.schedulingGates[1].name: Forbidden: only deletion is allowed, but found new scheduling gate 'c'"},
            {"the first gate", pod(""), "{spec: {schedulingGates: [{name: a}]}}",
             "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'a'"},
            {"a node selector", pod(gated), "{spec: {nodeSelector: {zone: a}}}", ""},
            {"one label more", pod(gated + in_a), "{spec: {nodeSelector: {disk: ssd}}}", ""},
            {"another value", pod(gated + in_a), "{spec: {nodeSelector: {zone: b}}}",
             "spec.nodeSelector: Invalid value: {\"zone\":\"b\"}: only additions to spec.nodeSelector are allowed (no "
             "mutations or deletions)"},
            {"an affinity", pod(gated), "{spec: {" + affinity("{matchExpressions: [" + zone + "]}") + "}}", ""},
            {"one requirement more", pod(gated + ", " + affinity("{matchExpressions: [" + zone + "]}")),
             "{spec: {" + affinity("{matchExpressions: [" + zone + ", " + disk + "]}") + "}}", ""},
            {"another requirement", pod(gated + ", " + affinity("{matchExpressions: [" + zone + "]}")),
             "{spec: {" + affinity("{matchExpressions: [" + disk + "]}") + "}}",
             terms + "[0]: Invalid value: {\"matchExpressions\":[{\"key\":\"disk\",\"operator\":\"Exists\"}]}: only "
                     "additions are allowed (no mutations or deletions)"},
            {"one term more", pod(gated + ", " + affinity("{matchExpressions: [" + disk + "]}")),
             "{spec: {" + affinity("{matchExpressions: [" + disk + "]}, {matchExpressions: [" + disk + "]}") + "}}",
             terms + ": Invalid value: [{\"matchExpressions\":[{\"key\":\"disk\",\"operator\":\"Exists\"}]},"
                     "{\"matchExpressions\":[{\"key\":\"disk\",\"operator\":\"Exists\"}]}]: no additions/deletions to "
                     "non-empty NodeSelectorTerms list are allowed"},
            {"other affinities", pod(gated),
             "{spec: {affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: z}]}}}}",
             kOther},
        });
}

TEST_CASE("Tolerations applied anew get the usual ones again, which are no change") {
  support::Cluster c;
  const auto apply = [&](const std::string& tolerations) {
    c.apply("{apiVersion: v1, kind: Pod, metadata: {name: x}, " + pod(", tolerations: [" + tolerations + "]") + "}");
    return c.view().pod_spec(c.pod("x")).spec.tolerations.size();
  };
  CHECK(apply("{key: a, operator: Exists}") == 3);
  CHECK(apply("{key: a, operator: Exists}, {key: b, operator: Exists}") == 4);
}

TEST_CASE("Volumes and claims") {
  const std::string volume = "capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /a}";
  const auto near = [](const std::string& key) {
    return "nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: " + key +
           ", operator: Exists}]}]}}";
  };
  check("apiVersion: v1, kind: PersistentVolume, metadata: {name: x}",
        {
            {"its mode", "spec: {" + volume + "}", "{spec: {volumeMode: Block}}",
             "volumeMode: Invalid value: \"Block\": field is immutable"},
            {"a first place", "spec: {" + volume + "}", "{spec: {" + near("zone") + "}}", ""},
            {"another place", "spec: {" + volume + ", " + near("zone") + "}", "{spec: {" + near("rack") + "}}",
             "nodeAffinity: Invalid value: {\"required\":{\"nodeSelectorTerms\":[{\"matchExpressions\":[{\"key\":"
             "\"rack\",\"operator\":\"Exists\"}]}]}}: field is immutable, except for updating from beta label to GA"},
            {"the zone's newer name", "spec: {" + volume + ", " + near("failure-domain.beta.kubernetes.io/zone") + "}",
             "{spec: {" + near("topology.kubernetes.io/zone") + "}}", ""},
            {"its size", "spec: {" + volume + "}", "{spec: {capacity: {storage: 2Gi}}}", ""},
        });
  const std::string claim = "accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}";
  const std::string spec =
      "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for "
      "bound claims";
  check(
      "apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: x}",
      {
          {"its volume", "spec: {" + claim + "}", "{spec: {volumeName: v}}", ""},
          {"its volume again", "spec: {" + claim + ", volumeName: v}", "{spec: {volumeName: w}}", spec},
          {"its class, if it has none", "spec: {" + claim + "}", "{spec: {storageClassName: fast}}", ""},
          {"another class", "spec: {" + claim + ", storageClassName: fast}", "{spec: {storageClassName: slow}}", spec},
          {"less, unbound", "spec: {" + claim + "}", "{spec: {resources: {requests: {storage: 512Mi}}}}", spec},
          {"more, unbound", "spec: {" + claim + "}", "{spec: {resources: {requests: {storage: 2Gi}}}}", spec},
          {"limits", "spec: {" + claim + "}, status: {phase: Bound}", "{spec: {resources: {limits: {storage: 9Gi}}}}",
           spec},
      });
  check(
      "apiVersion: storage.k8s.io/v1, kind: VolumeAttachment, metadata: {name: x}",
      {{"its node", "spec: {attacher: a, nodeName: one, source: {persistentVolumeName: p}}", "{spec: {nodeName: other}}",
        "spec: Invalid value: {\"attacher\":\"a\",\"nodeName\":\"other\",\"source\":{\"persistentVolumeName\":\"p\"}}: "
        "field is immutable"}});
}

TEST_CASE("Configuration that is immutable, and types of Secrets") {
  check("apiVersion: v1, kind: ConfigMap, metadata: {name: x}",
        {
            {"as a rule", "data: {a: b}", "{data: {a: c}}", ""},
            {"data", "data: {a: b}, immutable: true", "{data: {a: c}}",
             "data: Forbidden: field is immutable when `immutable` is set"},
            {"both kinds of data", "immutable: true", "{data: {a: c}, binaryData: {b: YQ==}}",
             "[data: Forbidden: field is immutable when `immutable` is set, binaryData: Forbidden: field is immutable "
             "when `immutable` is set]"},
            {"to mutable", "immutable: true", "{immutable: false}",
             "immutable: Forbidden: field is immutable when `immutable` is set"},
            {"to immutable", "data: {a: b}", "{data: {a: c}, immutable: true}", ""},
            {"labels", "immutable: true", "{metadata: {labels: {a: b}}}", ""},
        });
  check("apiVersion: v1, kind: Secret, metadata: {name: x}",
        {
            {"its type", "type: Opaque", "{type: other}", "type: Invalid value: \"other\": field is immutable"},
            {"data", "data: {a: YQ==}, immutable: true", "{data: {a: Yg==}}",
             "data: Forbidden: field is immutable when `immutable` is set"},
        });
}

TEST_CASE("Nodes keep their ranges and their provider's name, once they have them") {
  const std::string range = "spec.podCIDRs: Forbidden: node updates may not change podCIDR except from \"\" to valid";
  check("apiVersion: v1, kind: Node, metadata: {name: x}",
        {
            {"the first range", "spec: {}", "{spec: {podCIDR: 10.0.0.0/24, podCIDRs: [10.0.0.0/24]}}", ""},
            {"another range", "spec: {podCIDR: 10.0.0.0/24, podCIDRs: [10.0.0.0/24]}",
             "{spec: {podCIDR: 10.0.1.0/24, podCIDRs: [10.0.1.0/24]}}", range},
            {"one more range", "spec: {podCIDR: 10.0.0.0/24, podCIDRs: [10.0.0.0/24]}",
             "{spec: {podCIDRs: [10.0.0.0/24, 'fd00::/64']}}", range},
            {"the first name", "spec: {}", "{spec: {providerID: a://b}}", ""},
            {"another name", "spec: {providerID: a://b}", "{spec: {providerID: a://c}}",
             "spec.providerID: Forbidden: node updates may not change providerID except from \"\" to valid"},
            {"labels", "spec: {providerID: a://b}", "{metadata: {labels: {a: b}}}", ""},
        });
}

TEST_CASE("Selectors of Deployments and ReplicaSets are refused with their group") {
  support::Cluster c;
  for (const char* kind : {"Deployment", "ReplicaSet"}) {
    c.apply(std::string("{apiVersion: apps/v1, kind: ") + kind +
            ", metadata: {name: x}, spec: {replicas: 0, selector: {matchLabels: {a: b}}, template: {metadata: {labels: "
            "{a: b, c: d}}, spec: {containers: [{name: c, image: i}]}}}}");
    CHECK(c.wish(command::PatchObject{c.find(model::kind_from_word(kind), "x"),
                                      R"({"spec":{"selector":{"matchLabels":{"c":"d"}}}})"}) ==
          std::string("Invalid: ") + kind +
              ".apps \"x\" is invalid: spec.selector: Invalid value: {\"matchLabels\":{\"a\":\"b\",\"c\":\"d\"}}: "
              "field is immutable");
  }
}
