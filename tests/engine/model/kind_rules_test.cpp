// What Kubernetes 1.34 says of the smaller kinds, rule by rule: members of the object beside its name (`spec` says so),
// and the complaint.
#include <catch2/catch.hpp>

#include "tests/engine/model/support.h"

using namespace wavetank::model;

namespace {

struct Row {
  std::string members, errors;
};

void check(const std::string& head, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const std::string text =
        "{" + head + ", metadata: {name: x}" + (row.members.empty() ? "" : ", ") + row.members + "}";
    INFO(text.substr(0, 400));
    CHECK(complaints_of(text) == row.errors);
  }
}

const std::string kSubdomain =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

}  // namespace

TEST_CASE("claims: a source that is neither claim nor snapshot is dropped where it stands alone") {
  const std::string claim = "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}";
  check("apiVersion: v1, kind: PersistentVolumeClaim",
        {
            {claim + ", dataSource: {kind: Pod, name: a}}", ""},
            {claim + ", dataSource: {kind: VolumeSnapshot, name: a, apiGroup: snapshot.storage.k8s.io}}", ""},
            {claim + ", dataSource: {kind: PersistentVolumeClaim}}", "spec.dataSource.name: Required value"},
            {claim + ", dataSource: {kind: Pod, name: a}, dataSourceRef: {kind: Pod, name: a}}",
             "spec.dataSource: Invalid value: \"Pod\": must be 'PersistentVolumeClaim' when referencing the default "
             "apiGroup\nspec.dataSourceRef: Invalid value: \"Pod\": must be 'PersistentVolumeClaim' when referencing "
             "the default apiGroup"},
        });
}

TEST_CASE("volumes: where their data lies") {
  const auto with = [](const std::string& source) {
    return "spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], " + source + "}";
  };
  check("apiVersion: v1, kind: PersistentVolume",
        {
            {with("gcePersistentDisk: {pdName: a, partition: 300}"),
             "spec.persistentDisk.partition: Invalid value: 300: must be between 1 and 255, inclusive"},
            {with("iscsi: {targetPortal: '', iqn: 'iqn.2016-01.x:y', lun: 0}"),
             "spec.iscsi.targetPortal: Required value"},
            {with("iscsi: {targetPortal: p, iqn: foo, lun: 0}"),
             "spec.iscsi.iqn: Invalid value: \"foo\": must be valid format"},
            {with("iscsi: {targetPortal: p, iqn: 'iqn.2016-01.x:y', lun: 300}"),
             "spec.iscsi.lun: Invalid value: 300: must be between 0 and 255, inclusive"},
            {with("fc: {lun: 0}"),
             "spec.fc.targetWWNs: Required value: must specify either targetWWNs or wwids, but not both"},
            {with("rbd: {image: a}"), "spec.rbd.monitors: Required value"},
            {with("cephfs: {}"), "spec.cephfs.monitors: Required value"},
            {with("azureFile: {secretName: '', shareName: ''}"),
             "spec.azureFile.secretName: Required value\nspec.azureFile.shareName: Required value"},
            {with("azureDisk: {diskName: a, diskURI: b}"),
             "spec.azureDisk.diskURI: Unsupported value: \"b\": supported values: "
             "\"https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd\""},
        });
}

TEST_CASE("storage classes: parameters and topologies") {
  std::string many;
  for (int i = 0; i < 513; ++i) many += "k" + std::to_string(i) + ": a, ";
  const std::string zone = "{matchLabelExpressions: [{key: zone, values: [a, b]}]}";
  check("apiVersion: storage.k8s.io/v1, kind: StorageClass, provisioner: a/b",
        {
            {"allowedTopologies: [" + zone + ", {matchLabelExpressions: [{key: zone, values: [c]}]}]", ""},
            {"allowedTopologies: [" + zone + ", {matchLabelExpressions: [{key: zone, values: [b, a]}]}]",
             "allowedTopologies[1].matchLabelExpressions: Duplicate value: \"\""},
            {"parameters: {" + many + "}", "parameters: Too long: may not be more than 512 bytes"},
            {"parameters: {k: " + std::string(300'000, 'a') + "}",
             "parameters: Too long: may not be more than 262144 bytes"},
        });
}

TEST_CASE("attachments: names, and volumes written out") {
  const auto with = [](const std::string& node, const std::string& source) {
    return "spec: {attacher: a, nodeName: " + node + ", source: {" + source + "}}";
  };
  check("apiVersion: storage.k8s.io/v1, kind: VolumeAttachment",
        {
            {with("one", "persistentVolumeName: p"), ""},
            {with("A_", "persistentVolumeName: p"), "spec.nodeName: Invalid value: \"A_\": " + kSubdomain},
            {with("one", "persistentVolumeName: A_"),
             "spec.source.persistentVolumeName: Invalid value: \"A_\": " + kSubdomain},
            {with("one", "inlineVolumeSpec: {accessModes: [ReadWriteOnce], csi: {driver: d, volumeHandle: h}}"), ""},
            {with("one",
                  "inlineVolumeSpec: {capacity: {storage: 1}, accessModes: [ReadWriteOnce], csi: {driver: d, "
                  "volumeHandle: h}}"),
             "spec.source.inlineVolumeSpec.capacity: Forbidden: may not be specified in the context of inline volumes"},
            {with("one", "inlineVolumeSpec: {accessModes: [ReadWriteOnce], hostPath: {path: /a}}"),
             "spec.source.inlineVolumeSpec.csi: Required value: has to be specified in the context of inline volumes"},
        });
}

TEST_CASE("services: external addresses and ranges from an annotation") {
  const std::string range = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
  const auto ip = [](const std::string& address) {
    return "spec: {ports: [{port: 80}], externalIPs: ['" + address + "']}";
  };
  const std::string at = "spec.externalIPs[0]: Invalid value: ";
  check("apiVersion: v1, kind: Service",
        {
            {ip("2001:db8::1"), ""},
            {ip("::1"), at + "\"::1\": may not be in the loopback range (127.0.0.0/8, ::1/128)"},
            {ip("0:0::0"), at + "\"0:0::0\": may not be unspecified (0.0.0.0 or ::)"},
            {ip("fe81::2"), at + "\"fe81::2\": may not be in the link-local range (169.254.0.0/16, fe80::/10)"},
            {ip("ff02::1"), at + "\"ff02::1\": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"},
            // The defaults take away what has no meaning then.
            {"spec: {ports: [{port: 80}], sessionAffinity: None, sessionAffinityConfig: {clientIP: {timeoutSeconds: "
             "5}}}",
             ""},
        });
  const auto annotated = [](const std::string& type, const std::string& ranges) {
    return complaints_of(
        "{apiVersion: v1, kind: Service, metadata: {name: x, annotations: "
        "{service.beta.kubernetes.io/load-balancer-source-ranges: '" +
        ranges + "'}}, spec: {type: " + type + ", ports: [{port: 80}]}}");
  };
  const std::string path = "metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: ";
  CHECK(annotated("LoadBalancer", "10.0.0.0/8, 192.168.0.0/16").empty());
  CHECK(annotated("LoadBalancer", "10.0.0.0/8,foo") == path + "Invalid value: \"foo\": " + range);
  CHECK(annotated("ClusterIP", "10.0.0.0/8") == path + "Forbidden: may only be used when `type` is 'LoadBalancer'");
}

TEST_CASE("limit ranges, runtime classes, vertical autoscalers") {
  check("apiVersion: v1, kind: LimitRange",
        {
            {"spec: {limits: [{type: Container, default: {cpu: 2}, defaultRequest: {cpu: 1}}]}", ""},
            {"spec: {limits: [{type: Container, default: {example.com/g: 2}, defaultRequest: {example.com/g: 1}}]}",
             "spec.limits[0].defaultRequest[example.com/g]: Invalid value: \"1\": default value 2 must equal to "
             "defaultRequest value 1 in example.com/g"},
            {"spec: {limits: [{type: Container, max: {disk: 1}}]}",
             "spec.limits[0].max[disk]: Invalid value: \"disk\": must be a standard resource type or fully qualified\n"
             "spec.limits[0].max[disk]: Invalid value: \"disk\": must be a standard resource for containers\n"
             "spec.limits[0].default[disk]: Invalid value: \"disk\": must be a standard resource type or fully "
             "qualified\n"
             "spec.limits[0].default[disk]: Invalid value: \"disk\": must be a standard resource for containers\n"
             "spec.limits[0].defaultRequest[disk]: Invalid value: \"disk\": must be a standard resource type or fully "
             "qualified\n"
             "spec.limits[0].defaultRequest[disk]: Invalid value: \"disk\": must be a standard resource for "
             "containers"},
        });
  check("apiVersion: node.k8s.io/v1, kind: RuntimeClass, handler: runc",
        {
            {"scheduling: {tolerations: [{key: a, operator: Exists}, {key: b, operator: Exists}]}", ""},
            {"scheduling: {tolerations: [{key: a, operator: Exists}, {key: a, operator: Exists}]}",
             "scheduling.tolerations[1]: Duplicate value: {\"key\":\"a\",\"operator\":\"Exists\"}"},
        });
  const std::string target = "spec: {targetRef: {kind: Deployment, name: d, apiVersion: apps/v1}";
  const auto least = [&](const std::string& amounts) {
    return target + ", resourcePolicy: {containerPolicies: [{containerName: a, minAllowed: {" + amounts + "}}]}}";
  };
  const std::string at = "spec.resourcePolicy.containerPolicies[0].minAllowed.";
  check("apiVersion: autoscaling.k8s.io/v1, kind: VerticalPodAutoscaler",
        {
            {target + ", recommenders: [{name: a}]}", ""},
            {target + ", recommenders: [{name: a}, {name: b}]}",
             "spec.recommenders: Invalid value: [{\"name\":\"a\"},{\"name\":\"b\"}]: The current version of VPA object "
             "shouldn't specify more than one recommenders."},
            {least("cpu: 5m, memory: 1Ki"), ""},
            {least("cpu: 0.5m"),
             at + "cpu: Invalid value: \"0.5m\": MinAllowed: CPU [500u] must be a whole number of milli CPUs"},
            {least("memory: 1500m"),
             at + "memory: Invalid value: \"1500m\": MinAllowed: Memory [1500m] must be a whole number of bytes"},
        });
}
