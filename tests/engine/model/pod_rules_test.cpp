// What Kubernetes 1.34 says of a pod's spec, rule by rule: what of it is written, and the complaint. `pod` holds
// members of the spec beside its container, `container` members of the container beside name and image.
#include <catch2/catch.hpp>

#include "tests/engine/model/support.h"

using namespace wavetank::model;

namespace {

std::string pod(const std::string& spec, const std::string& container = "") {
  return "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {" + spec + (spec.empty() ? "" : ", ") +
         "containers: [{name: c, image: i" + (container.empty() ? "" : ", ") + container + "}]}}";
}

struct Row {
  std::string spec, container, errors;
};

/// Every message begins with `at`, which the rows leave out.
void check(const std::string& at, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const std::string text = pod(row.spec, row.container);
    INFO(text);
    CHECK(complaints_of(text) == (row.errors.empty() ? "" : at + row.errors));
  }
}

constexpr const char* kC = "spec.containers[0].";

}  // namespace

TEST_CASE("hooks: a sleep ends within the grace period") {
  const std::string at = std::string(kC) + "lifecycle.preStop.sleep: Invalid value: ";
  const std::string why = ": must be non-negative and less than terminationGracePeriodSeconds (30)";
  check(at, {
                {"", "lifecycle: {preStop: {sleep: {seconds: 0}}}", ""},
                {"", "lifecycle: {preStop: {sleep: {seconds: 30}}}", ""},
                {"", "lifecycle: {preStop: {sleep: {seconds: 31}}}", "31" + why},
                {"", "lifecycle: {preStop: {sleep: {seconds: -1}}}", "-1" + why},
                {"terminationGracePeriodSeconds: 60", "lifecycle: {preStop: {sleep: {seconds: 31}}}", ""},
            });
}

TEST_CASE("security contexts of pods") {
  const auto with = [](const std::string& context) { return "securityContext: {" + context + "}"; };
  const std::string between = "must be between 0 and 2147483647, inclusive";
  check("spec.securityContext.",
        {
            {with("runAsUser: 0, runAsGroup: 2147483647, fsGroup: 1, supplementalGroups: [0, 5]"), "", ""},
            {with("runAsUser: -1"), "", "runAsUser: Invalid value: -1: " + between},
            {with("runAsGroup: -1"), "", "runAsGroup: Invalid value: -1: " + between},
            {with("fsGroup: 2147483648"), "", "fsGroup: Invalid value: 2147483648: " + between},
            {with("supplementalGroups: [5, -1]"), "", "supplementalGroups[1]: Invalid value: -1: " + between},
            {with("fsGroupChangePolicy: Never"), "",
             "fsGroupChangePolicy: Unsupported value: \"Never\": supported values: \"Always\", \"OnRootMismatch\""},
            {with("supplementalGroupsPolicy: Add"), "",
             "supplementalGroupsPolicy: Unsupported value: \"Add\": supported values: \"Merge\", \"Strict\""},
            {with("seccompProfile: {type: Default}"), "",
             "seccompProfile.type: Unsupported value: \"Default\": supported values: \"Localhost\", "
             "\"RuntimeDefault\", \"Unconfined\""},
            {with("seccompProfile: {}"), "",
             "seccompProfile.type: Required value: type is required when seccompProfile is set"},
            {with("seccompProfile: {type: Localhost}"), "",
             "seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost"},
            {with("seccompProfile: {type: Localhost, localhostProfile: /a}"), "",
             "seccompProfile.localhostProfile: Invalid value: \"/a\": must be a relative path"},
            {with("seccompProfile: {type: RuntimeDefault, localhostProfile: a}"), "",
             "seccompProfile.localhostProfile: Invalid value: {\"localhostProfile\":\"a\",\"type\":"
             "\"RuntimeDefault\"}: can only be set when seccomp type is Localhost"},
            {with("appArmorProfile: {type: Localhost}"), "",
             "appArmorProfile.localhostProfile: Required value: must be set when AppArmor type is Localhost"},
            {with("appArmorProfile: {type: Localhost, localhostProfile: ' a'}"), "",
             "appArmorProfile.localhostProfile: Invalid value: \" a\": must not be padded with whitespace"},
            {with("appArmorProfile: {type: Unconfined, localhostProfile: a}"), "",
             "appArmorProfile.localhostProfile: Invalid value: \"a\": can only be set when AppArmor type is Localhost"},
            {with("sysctls: [{name: net.ipv4.ip_forward, value: '1'}, {name: kernel/shm_rmid_forced, value: '1'}]"), "",
             ""},
            {with("sysctls: [{value: '1'}]"), "", "sysctls[0].name: Required value"},
            {with("sysctls: [{name: a b}]"), "",
             "sysctls[0].name: Invalid value: \"a b\": must have at most 253 characters and match regex "
             "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"},
            {with("sysctls: [{name: a.b}, {name: a.b}]"), "", "sysctls[1].name: Duplicate value: \"a.b\""},
            {with("sysctls: [{name: net.core.somaxconn}]") + ", hostNetwork: true", "",
             "sysctls[0].name: Invalid value: \"net.core.somaxconn\": may not be specified when 'hostNetwork' is true"},
            {with("sysctls: {a: b}"), "", "sysctls: Invalid value: {…}: must be a list, not a map"},
            {"hostPID: true, shareProcessNamespace: true", "",
             "shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled"},
        });
}

TEST_CASE("security contexts of containers") {
  const auto with = [](const std::string& context) { return "securityContext: {" + context + "}"; };
  check(std::string(kC) + "securityContext",
        {
            {"", with("privileged: true, capabilities: {add: [NET_ADMIN], drop: [ALL]}"), ""},
            {"", with("runAsUser: -1"), ".runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive"},
            {"", with("procMount: None"),
             ".procMount: Unsupported value: \"None\": supported values: \"Default\", \"Unmasked\""},
            {"", with("procMount: Unmasked"),
             ".procMount: Invalid value: \"Unmasked\": `hostUsers` must be false to use `Unmasked`"},
            {"hostUsers: false", with("procMount: Unmasked"), ""},
            {"", with("allowPrivilegeEscalation: false, privileged: true"),
             ": Invalid value: {\"allowPrivilegeEscalation\":false,\"privileged\":true}: cannot set "
             "`allowPrivilegeEscalation` to false and `privileged` to true"},
            {"", with("allowPrivilegeEscalation: false, capabilities: {add: [CAP_SYS_ADMIN]}"),
             ": Invalid value: {\"allowPrivilegeEscalation\":false,\"capabilities\":{\"add\":[\"CAP_SYS_ADMIN\"]}}: "
             "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"},
            {"", with("capabilities: all"), ".capabilities: Invalid value: \"all\": must be a map, not a string"},
            {"", with("seccompProfile: {type: Localhost}"),
             ".seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost"},
        });
}

TEST_CASE("mounts and devices") {
  const std::string dir = "volumes: [{name: v, emptyDir: {}}]";
  const std::string claim = "volumes: [{name: v, persistentVolumeClaim: {claimName: x}}]";
  const auto mount = [](const std::string& more) { return "volumeMounts: [{name: v, mountPath: /a" + more + "}]"; };
  check(std::string(kC) + "volumeMounts",
        {
            {dir, mount(", subPath: x/y, readOnly: true, recursiveReadOnly: Enabled"), ""},
            {dir, mount(", subPath: ../x"), ".subPath: Invalid value: \"../x\": must not contain '..'"},
            {dir, mount(", subPath: /x"), ".subPath: Invalid value: \"/x\": must be a relative path"},
            {dir, mount(", subPath: x, subPathExpr: z"),
             "[0].subPathExpr: Invalid value: \"z\": subPathExpr and subPath are mutually exclusive"},
            {dir, mount(", mountPropagation: Both"),
             ".mountPropagation: Unsupported value: \"Both\": supported values: \"Bidirectional\", "
             "\"HostToContainer\", \"None\""},
            {dir, mount(", mountPropagation: Bidirectional"),
             ".mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged "
             "containers"},
            {dir, mount(", mountPropagation: Bidirectional") + ", securityContext: {privileged: true}", ""},
            {dir, mount(", recursiveReadOnly: Enabled"),
             ".recursiveReadOnly: Forbidden: may only be specified when readOnly is true"},
            {"volumes: [{name: v, image: {reference: i}}]", mount(", subPath: x"),
             "[0].subPath: Invalid value: \"x\": not allowed in image volume sources"},
            {"volumes: [{name: v, emptyDir: {}}, {name: w, emptyDir: {}}]",
             "volumeMounts: [{name: v, mountPath: /a}, {name: w, mountPath: /a}]",
             "[1].mountPath: Invalid value: \"/a\": must be unique"},
        });
  check(std::string(kC) + "volumeDevices[0].",
        {
            {claim, "volumeDevices: [{name: v, devicePath: /d}]", ""},
            {dir, "volumeDevices: [{name: v, devicePath: /d}]",
             "name: Invalid value: \"v\": can only use volume source type of PersistentVolumeClaim or Ephemeral for "
             "block mode"},
            {"", "volumeDevices: [{name: v, devicePath: /d}]", "name: Not found: \"v\""},
            {claim, "volumeDevices: [{name: v}]", "devicePath: Required value"},
            {claim, "volumeDevices: [{name: v, devicePath: /a/../b}]",
             "devicePath: Invalid value: \"/a/../b\": can not contain backsteps ('..')"},
            {"volumes: [{name: v, persistentVolumeClaim: {claimName: x}}, {name: w, emptyDir: {}}]",
             "volumeDevices: [{name: v, devicePath: /d}], volumeMounts: [{name: w, mountPath: /d}]",
             "devicePath: Invalid value: \"/d\": must not already exist as a path in volumeMounts\n" + std::string(kC) +
                 "volumeMounts[0].mountPath: Invalid value: \"/d\": must not already exist as a path in "
                 "volumeDevices"},
        });
}

TEST_CASE("volumes: directories, files of maps, projections") {
  const auto v = [](const std::string& source) { return "volumes: [{name: v, " + source + "}]"; };
  const std::string mode = "must be a number between 0 and 0777 (octal), both inclusive";
  check(
      "spec.volumes[0].",
      {
          {v("emptyDir: {sizeLimit: 1Gi, medium: Memory}"), "", ""},
          {v("emptyDir: {sizeLimit: -1}"), "",
           "emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity"},
          {v("hostPath: {}"), "", "hostPath.path: Required value"},
          {v("hostPath: {path: /a/../b}"), "", "hostPath.path: Invalid value: \"/a/../b\": must not contain '..'"},
          {v("hostPath: {path: /a, type: Folder}"), "",
           "hostPath.type: Unsupported value: \"Folder\": supported values: \"\", \"BlockDevice\", \"CharDevice\", "
           "\"Directory\", \"DirectoryOrCreate\", \"File\", \"FileOrCreate\", \"Socket\""},
          {v("emptyDir: {}, hostPath: {path: /a}"), "", "hostPath: Forbidden: may not specify more than 1 volume type"},
          {v("secret: {secretName: s, defaultMode: 0400, items: [{key: a, path: b/c, mode: 0777}]}"), "", ""},
          {v("secret: {secretName: s, defaultMode: -1}"), "", "secret.defaultMode: Invalid value: -1: " + mode},
          {v("configMap: {name: m, defaultMode: 512}"), "", "configMap.defaultMode: Invalid value: 512: " + mode},
          {v("secret: {secretName: s, items: [{key: a}]}"), "", "secret.items[0].path: Required value"},
          {v("configMap: {name: m, items: [{path: a}]}"), "", "configMap.items[0].key: Required value"},
          {v("configMap: {name: m, items: [{key: a, path: ../b}]}"), "",
           "configMap.items[0].path: Invalid value: \"../b\": must not contain '..'"},
          {v("configMap: {name: m, items: [{key: a, path: /b}]}"), "",
           "configMap.items[0].path: Invalid value: \"/b\": must be a relative path"},
          {v("configMap: {name: m, items: [{key: a, path: ..b}]}"), "",
           "configMap.items[0].path: Invalid value: \"..b\": must not start with '..'"},
          {v("downwardAPI: {items: [{path: a, fieldRef: {fieldPath: metadata.labels}}]}"), "", ""},
          {v("downwardAPI: {items: [{path: a}]}"), "",
           "downwardAPI: Required value: one of fieldRef and resourceFieldRef is required"},
          {v("downwardAPI: {items: [{path: a, fieldRef: {fieldPath: spec.nodeName}}]}"), "",
           "downwardAPI.fieldRef.fieldPath: Unsupported value: \"spec.nodeName\": supported values: "
           "\"metadata.annotations\", \"metadata.labels\", \"metadata.name\", \"metadata.namespace\", "
           "\"metadata.uid\""},
          {v("downwardAPI: {items: [{path: a, resourceFieldRef: {resource: limits.cpu}}]}"), "",
           "downwardAPI.resourceFieldRef.containerName: Required value"},
          {v("projected: {sources: [{secret: {name: ''}}]}"), "", "projected.sources[0].secret.name: Required value"},
          {v("projected: {sources: [{serviceAccountToken: {path: a, expirationSeconds: 5}}]}"), "",
           "projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 5: may not specify a duration "
           "less than 10 minutes"},
          {v("projected: {sources: [{serviceAccountToken: {}}]}"), "", "projected.path: Required value"},
          {v("projected: {sources: [{secret: {name: a, items: [{key: k, path: p}]}}, {configMap: {name: b, items: "
             "[{key: k, path: p}]}}]}"),
           "", "projected: Invalid value: \"b\": conflicting duplicate paths"},
          {v("projected: {sources: [{secret: {name: a}, configMap: {name: b}}]}"), "",
           "projected.sources[0]: Forbidden: may not specify more than 1 volume type per source"},
      });
}

TEST_CASE("volumes: disks, drivers, claims, images") {
  const auto v = [](const std::string& source) { return "volumes: [{name: v, " + source + "}]"; };
  const std::string iscsi = "targetPortal: 10.0.0.1, lun: 0, iqn: ";
  const std::string format = "must be valid format starting with iqn, eui, or naa";
  check("spec.volumes[0].",
        {
            {v("nfs: {path: /a, server: ''}"), "", "nfs.server: Required value"},
            {v("nfs: {path: a, server: s}"), "", "nfs.path: Invalid value: \"a\": must be an absolute path"},
            {v("gcePersistentDisk: {}"), "", "persistentDisk.pdName: Required value"},
            {v("awsElasticBlockStore: {volumeID: a, partition: 300}"), "",
             "awsElasticBlockStore.partition: Invalid value: 300: must be between 1 and 255, inclusive"},
            {v("iscsi: {" + iscsi + "'iqn.2003-01.io.k8s:a'}"), "", ""},
            {v("iscsi: {" + iscsi + "naa.62004567BA64678D0123456789ABCDEF}"), "", ""},
            {v("iscsi: {" + iscsi + "foo}"), "", "iscsi.iqn: Invalid value: \"foo\": " + format},
            {v("iscsi: {" + iscsi + "iqn.2003.io}"), "",
             "iscsi.iqn: Invalid value: \"iqn.2003.io\": must be valid format"},
            {v("iscsi: {targetPortal: '', iqn: 'iqn.2003-01.io.k8s:a', lun: 0}"), "",
             "iscsi.targetPortal: Required value"},
            {v("fc: {lun: 1}"), "",
             "fc.targetWWNs: Required value: must specify either targetWWNs or wwids, but not both"},
            {v("fc: {targetWWNs: [a]}"), "", "fc.lun: Required value: lun is required if targetWWNs is specified"},
            {v("rbd: {image: a}"), "", "rbd.monitors: Required value"},
            {v("cephfs: {}"), "", "cephfs.monitors: Required value"},
            {v("csi: {}"), "", "csi.driver: Required value"},
            {v("gitRepo: {}"), "", "gitRepo.repository: Required value"},
            {v("image: {}"), "", "image.reference: Required value"},
            {v("image: {reference: a, pullPolicy: Once}"), "",
             "image.pullPolicy: Unsupported value: \"Once\": supported values: \"Always\", \"IfNotPresent\", "
             "\"Never\""},
            {v("ephemeral: {}"), "", "ephemeral.volumeClaimTemplate: Required value"},
            {v("ephemeral: {volumeClaimTemplate: {spec: {}}}"), "",
             "ephemeral.volumeClaimTemplate.spec.accessModes: Required value: at least 1 access mode is required\n"
             "spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value"},
            {v("ephemeral: {volumeClaimTemplate: {metadata: {name: a, labels: {b: c}}, spec: {accessModes: "
               "[ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}"),
             "", "ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set"},
            // What mounts a volume with a mistake does not find it.
            {v("image: {}"), "volumeMounts: [{name: v, mountPath: /a}]",
             "image.reference: Required value\nspec.containers[0].volumeMounts[0].name: Not found: \"v\""},
        });
}

TEST_CASE("environment") {
  const auto from = [](const std::string& ref) { return "env: [{name: X, valueFrom: {" + ref + "}}]"; };
  const std::string subdomain =
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
      "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
      "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
  check(std::string(kC) + "env[0].valueFrom",
        {
            {"", from("fieldRef: {fieldPath: status.podIP}"), ""},
            {"", from("fieldRef: {fieldPath: 'metadata.labels[''a/b'']'}"), ""},
            {"", from("fieldRef: {}"), ".fieldRef.fieldPath: Required value"},
            {"", from("fieldRef: {fieldPath: metadata.foo}"),
             ".fieldRef.fieldPath: Invalid value: \"metadata.foo\": error converting fieldPath: field label not "
             "supported: metadata.foo"},
            {"", from("fieldRef: {fieldPath: status.phase}"),
             ".fieldRef.fieldPath: Unsupported value: \"status.phase\": supported values: \"metadata.name\", "
             "\"metadata.namespace\", \"metadata.uid\", \"spec.nodeName\", \"spec.serviceAccountName\", "
             "\"status.hostIP\", \"status.hostIPs\", \"status.podIP\", \"status.podIPs\""},
            {"", from("fieldRef: {fieldPath: 'spec.nodeName[''a'']'}"),
             ".fieldRef.fieldPath: Invalid value: \"spec.nodeName['a']\": error converting fieldPath: field label does "
             "not support subscript: spec.nodeName['a']"},
            {"", from("resourceFieldRef: {resource: limits.cpu, divisor: 1m}"), ""},
            {"", from("resourceFieldRef: {resource: limits.hugepages-2Mi}"), ""},
            {"", from("resourceFieldRef: {resource: cpu}"),
             ".resourceFieldRef.resource: Unsupported value: \"cpu\": supported values: \"limits.cpu\", "
             "\"limits.ephemeral-storage\", \"limits.memory\", \"requests.cpu\", \"requests.ephemeral-storage\", "
             "\"requests.memory\""},
            {"", from("resourceFieldRef: {resource: limits.cpu, divisor: '3'}"),
             ".resourceFieldRef.divisor: Invalid value: \"limits.cpu\": only divisor's values 1m and 1 are supported "
             "with the cpu resource"},
            {"", from("configMapKeyRef: {name: A_, key: k}"),
             ".configMapKeyRef.name: Invalid value: \"A_\": " + subdomain},
            {"", from("secretKeyRef: {name: a, key: k/}"),
             ".secretKeyRef.key: Invalid value: \"k/\": a valid config key must consist of alphanumeric characters, "
             "'-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
             "'[-._a-zA-Z0-9]+')"},
        });
  check(std::string(kC) + "envFrom",
        {
            {"", "envFrom: [{prefix: P_, configMapRef: {name: a}}, {secretRef: {name: b}}]", ""},
            {"", "envFrom: [{configMapRef: {name: a}, secretRef: {name: b}}]",
             ": Invalid value: \"\": may not have more than one field specified at a time"},
            {"", "envFrom: [{prefix: P}]", ": Invalid value: \"\": must specify one of: `configMapRef` or `secretRef`"},
            {"", "envFrom: [{configMapRef: {}}]", "[0].configMapRef.name: Required value"},
            {"", "envFrom: [{prefix: 'a=b', configMapRef: {name: a}}]",
             "[0].prefix: Invalid value: \"a=b\": a valid environment variable name must consist only of printable "
             "ASCII characters other than '='"},
        });
}

TEST_CASE("names: DNS, host aliases, readiness gates, runtime classes") {
  const std::string address = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
  std::string searches;
  for (int i = 0; i < 33; ++i) searches += "a, ";
  std::string shown = "[";
  for (int i = 0; i < 33; ++i) shown += i == 0 ? "\"a\"" : ",\"a\"";
  const std::string name_part =
      "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
      "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
      "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
  const std::string subdomain =
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
      "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
      "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
  check(
      "spec.",
      {
          {"dnsPolicy: None, dnsConfig: {nameservers: [1.2.3.4], searches: [a.b, _tcp.c_d.example.com., .]}", "", ""},
          {"dnsPolicy: None", "", "dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"},
          {"dnsPolicy: None, dnsConfig: {searches: [a]}", "",
           "dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None"},
          {"dnsConfig: {nameservers: [1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4]}", "",
           "dnsConfig.nameservers: Invalid value: [\"1.1.1.1\",\"1.1.1.2\",\"1.1.1.3\",\"1.1.1.4\"]: must not have "
           "more than 3 nameservers"},
          {"dnsConfig: {nameservers: [foo]}", "", "dnsConfig.nameservers[0]: Invalid value: \"foo\": " + address},
          {"dnsConfig: {searches: [a b]}", "",
           "dnsConfig.searches[0]: Invalid value: \"a b\": a lowercase RFC 1123 subdomain must consist of lower case "
           "alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. "
           "'example.com', regex used for validation is "
           "'_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')"},
          {"dnsConfig: {searches: [" + searches + "]}", "",
           "dnsConfig.searches: Invalid value: " + shown + "]: must not have more than 32 search paths"},
          {"dnsConfig: {options: [{value: '1'}]}", "", "dnsConfig.options[0]: Required value: must not be empty"},
          {"hostAliases: [{ip: '::1', hostnames: [a.b]}]", "", ""},
          {"hostAliases: [{ip: foo}]", "", "hostAliases[0].ip: Invalid value: \"foo\": " + address},
          {"hostAliases: [{ip: 1.2.3.4, hostnames: [A_B]}]", "",
           "hostAliases[0].hostnames[0]: Invalid value: \"A_B\": " + subdomain},
          {"readinessGates: [{conditionType: a b}]", "",
           "readinessGates[0].conditionType: Invalid value: \"a b\": " + name_part},
          {"runtimeClassName: ''", "", "runtimeClassName: Invalid value: \"\": " + subdomain},
          {"affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
           "[{matchFields: [{key: metadata.name, operator: In, values: [A_B]}]}]}}}",
           "",
           "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0]"
           ".values[0]: Invalid value: \"A_B\": " +
               subdomain},
      });
}

TEST_CASE("the operating system, and what is shared with the node") {
  check(
      "spec.",
      {
          {"os: {name: linux}, hostPID: true", "", ""},
          {"os: {}", "", "os.name: Required value: cannot be empty"},
          {"os: {name: plan9}", "", "os: Unsupported value: \"plan9\": supported values: \"linux\", \"windows\""},
          {"os: {name: windows}, hostPID: true", "", "hostPID: Forbidden: cannot be set for a windows pod"},
          {"os: {name: windows}", "securityContext: {privileged: true}",
           "containers[0].securityContext.privileged: Forbidden: cannot be set for a windows pod"},
          {"os: {name: linux}, securityContext: {windowsOptions: {}}", "",
           "securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod"},
          {"hostUsers: false, hostNetwork: true", "", "hostNetwork: Forbidden: when `hostUsers` is false"},
          {"hostUsers: false, hostIPC: true", "", "hostIPC: Forbidden: when `hostUsers` is false"},
          {"ephemeralContainers: [{name: d, image: i}]", "", "ephemeralContainers: Forbidden: cannot be set on create"},
      });
}

TEST_CASE("on the node's network a port is the node's") {
  check(std::string(kC) + "ports[0].",
        {
            {"hostNetwork: true", "ports: [{containerPort: 80}]", ""},
            {"hostNetwork: true", "ports: [{containerPort: 80, hostPort: 81}]",
             "hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true"},
            {"", "ports: [{containerPort: 80, hostPort: 81}]", ""},
        });
}

TEST_CASE("claims of devices") {
  const std::string claims = "resourceClaims: [{name: a, resourceClaimName: x}]";
  check("spec.",
        {
            {claims, "resources: {claims: [{name: a}]}", ""},
            {claims, "resources: {claims: [{name: a, request: r}, {name: a, request: s}]}", ""},
            {"resourceClaims: [{name: a}]", "",
             "resourceClaims[0]: Invalid value: {\"name\":\"a\"}: must specify one of: `resourceClaimName`, "
             "`resourceClaimTemplateName`"},
            {"resourceClaims: [{name: a, resourceClaimName: x, resourceClaimTemplateName: z}]", "",
             "resourceClaims[0]: Invalid value: {\"name\":\"a\",\"resourceClaimName\":\"x\","
             "\"resourceClaimTemplateName\":\"z\"}: at most one of `resourceClaimName` or `resourceClaimTemplateName` "
             "may be specified"},
            {"resourceClaims: [{name: a, resourceClaimName: x}, {name: a, resourceClaimName: x}]", "",
             "resourceClaims[1].name: Duplicate value: \"a\""},
            {"", "resources: {claims: [{name: a}]}",
             "containers[0].resources.claims[0]: Not found: \"a\": must be one of the names in pod.spec.resourceClaims "
             "which is empty"},
            {claims, "resources: {claims: [{name: b}]}",
             "containers[0].resources.claims[0]: Not found: \"b\": must be one of the names in "
             "pod.spec.resourceClaims: a"},
            {claims, "resources: {claims: [{name: a, request: r}, {name: a}]}",
             "containers[0].resources.claims[1]: Duplicate value: \"a\""},
        });
}

TEST_CASE("resources: of the pod as a whole, overhead, huge pages, policies of a resize") {
  check(
      "spec.",
      {
          {"resources: {requests: {cpu: 2}, limits: {cpu: 2}}", "resources: {requests: {cpu: 1}}", ""},
          {"resources: {requests: {cpu: 2}, limits: {cpu: 1}}", "",
           "resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1"},
          {"resources: {requests: {cpu: 1}}", "resources: {requests: {cpu: 2}}",
           "resources.requests[cpu]: Invalid value: \"1\": must be greater than or equal to aggregate container "
           "requests of 2"},
          {"initContainers: [{name: s, image: i, restartPolicy: Always, resources: {requests: {cpu: 1}}}, {name: b, "
           "image: i, resources: {requests: {cpu: 3}}}], resources: {requests: {cpu: 3}}",
           "",
           "resources.requests[cpu]: Invalid value: \"3\": must be greater than or equal to aggregate container "
           "requests of 4"},
          {"resources: {limits: {cpu: 1}}", "resources: {limits: {cpu: 2}, requests: {cpu: 1}}",
           "resources.containers[0][cpu].limits: Invalid value: \"2\": must be less than or equal to pod limits of "
           "1"},
          {"resources: {limits: {example.com/x: 1}}", "",
           "resources.limits[example.com/x]: Unsupported value: \"example.com/x\": supported values: \"cpu\", "
           "\"hugepages-\", \"memory\""},
          {"overhead: {cpu: 250m}", "", ""},
          {"overhead: {pods: 1}", "",
           "overhead.limits[pods]: Invalid value: \"pods\": must be a standard resource for containers"},
          {"", "resources: {limits: {hugepages-2Mi: 4Mi, cpu: 1}}", ""},
          {"", "resources: {limits: {hugepages-2Mi: 3Mi, cpu: 1}, requests: {cpu: 1}}",
           "containers[0].resources.limits[hugepages-2Mi]: Invalid value: \"3Mi\": 3Mi is not positive integer "
           "multiple of hugepages-2Mi\nspec.containers[0].resources.requests[hugepages-2Mi]: Invalid value: \"3Mi\": "
           "3Mi is not positive integer multiple of hugepages-2Mi"},
          {"", "resizePolicy: [{resourceName: cpu, restartPolicy: NotRequired}]", ""},
          {"", "resizePolicy: [{resourceName: disk, restartPolicy: NotRequired}]",
           "containers[0].resizePolicy: Unsupported value: \"disk\": supported values: \"cpu\", \"memory\""},
          {"", "resizePolicy: [{resourceName: cpu, restartPolicy: Maybe}]",
           "containers[0].resizePolicy: Unsupported value: \"Maybe\": supported values: \"NotRequired\", "
           "\"RestartContainer\""},
          {"restartPolicy: Never", "resizePolicy: [{resourceName: cpu, restartPolicy: RestartContainer}]",
           "containers[0].resizePolicy: Invalid value: \"RestartContainer\": must be 'NotRequired' when "
           "`restartPolicy` is 'Never'"},
          {"", "livenessProbe: {httpGet: {port: 80, httpHeaders: [{name: a b, value: x}]}}",
           "containers[0].livenessProbe.httpGet.httpHeaders: Invalid value: \"a b\": a valid HTTP header must consist "
           "of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')"},
      });
}

TEST_CASE("annotations of pods and templates, and other metadata") {
  const auto with = [](const std::string& metadata) {
    return complaints_of("{apiVersion: v1, kind: Pod, metadata: {name: p, " + metadata +
                         "}, spec: {containers: [{name: c, image: i}]}}");
  };
  const auto annotated = [&](const std::string& key, const std::string& value) {
    return with("annotations: {" + key + ": '" + value + "'}");
  };
  const std::string cost = "controller.kubernetes.io/pod-deletion-cost";
  CHECK(annotated(cost, "-5").empty());
  for (const std::string bad : {"abc", "+5", "007", "2147483648", ""})
    CHECK(annotated(cost, bad) ==
          "metadata.annotations[" + cost + "]: Invalid value: \"" + bad + "\": must be a 32bit integer");
  CHECK(annotated("kubernetes.io/config.mirror", "abc") ==
        "metadata.annotations[kubernetes.io/config.mirror]: Invalid value: \"abc\": must set spec.nodeName if mirror "
        "pod annotation is set");
  const std::string armor = "container.apparmor.security.beta.kubernetes.io/";
  CHECK(annotated(armor + "c", "runtime/default").empty());
  CHECK(annotated(armor + "z", "runtime/default") ==
        "metadata.annotations[" + armor + "z]: Invalid value: \"z\": container not found");
  CHECK(annotated(armor + "c", "foo") ==
        "metadata.annotations[" + armor + "c]: Invalid value: \"foo\": invalid AppArmor profile name: \"foo\"");
  CHECK(complaints_of("{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {selector: {matchLabels: {a: "
                      "b}}, template: {metadata: {labels: {a: b}, annotations: {" +
                      cost +
                      ": abc}}, spec: {containers: [{name: c, image: i}], ephemeralContainers: [{name: e, image: "
                      "i}]}}}}") ==
        "spec.template.annotations[" + cost +
            "]: Invalid value: \"abc\": must be a 32bit integer\n"
            "spec.template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template");

  CHECK(with("finalizers: [orphan, example.com/wait]").empty());
  CHECK(with("finalizers: [foo]") ==
        "metadata.finalizers[0]: Invalid value: \"foo\": name is neither a standard finalizer name nor is it fully "
        "qualified");
  CHECK(with("finalizers: [orphan, foregroundDeletion]") ==
        "metadata.finalizers: Invalid value: [\"orphan\",\"foregroundDeletion\"]: finalizer orphan and "
        "foregroundDeletion cannot be both set");
  CHECK(with("ownerReferences: [{apiVersion: v1, kind: Event, name: e, uid: a}]") ==
        "metadata.ownerReferences: Invalid value: {\"apiVersion\":\"v1\",\"kind\":\"Event\",\"name\":\"e\",\"uid\":"
        "\"a\"}: /v1, Kind=Event is disallowed from being an owner");
  CHECK(with("managedFields: [{operation: Foo}]") ==
        "metadata.managedFields.operation: Invalid value: \"Foo\": must be `Apply` or `Update`");
}

TEST_CASE("times are RFC 3339") {
  const auto created = [](const std::string& time) {
    return complaints_of("{apiVersion: v1, kind: ConfigMap, metadata: {name: p, creationTimestamp: " + time + "}}");
  };
  for (const char* good : {"null", "2024-02-29T12:00:00Z", "'2024-01-01T00:00:00.5+02:00'"})
    CHECK(created(good).empty());
  for (const std::string bad : {"yesterday", "2024-01-01", "2023-02-29T12:00:00Z", "2024-01-01T24:00:00Z",
                                "2024-01-01T00:00:00", "2024-01-01T00:00:00.Z"})
    CHECK(created("'" + bad + "'") ==
          "metadata.creationTimestamp: Invalid value: \"" + bad + "\": must be a time such as 2006-01-02T15:04:05Z");
  CHECK(complaints_of("{apiVersion: v1, kind: Node, metadata: {name: a}, spec: {taints: [{key: a, effect: NoExecute, "
                      "timeAdded: x}]}}") ==
        "spec.taints[0].timeAdded: Invalid value: \"x\": must be a time such as 2006-01-02T15:04:05Z");
}

TEST_CASE("ranges of nodes, finalizers of namespaces, system priority classes") {
  const auto node = [](const std::string& spec) {
    return complaints_of("{apiVersion: v1, kind: Node, metadata: {name: a}, spec: {" + spec + "}}");
  };
  CHECK(node("podCIDR: 10.0.0.0/24, podCIDRs: [10.0.0.0/24, 'fd00::/64']").empty());
  CHECK(node("podCIDR: foo") ==
        "spec.podCIDRs[0]: Invalid value: \"foo\": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
  CHECK(
      node("podCIDRs: [10.0.0.0/24, 10.0.1.0/24]") ==
      "spec.podCIDRs: Invalid value: [\"10.0.0.0/24\",\"10.0.1.0/24\"]: may specify no more than one CIDR for each IP "
      "family");
  CHECK(node("podCIDRs: [10.0.0.0/24, 'fd00::/64', 'fd01::/64']").find("may specify no more than one CIDR") !=
        std::string::npos);
  CHECK(
      complaints_of("{apiVersion: v1, kind: Namespace, metadata: {name: a}, spec: {finalizers: [kubernetes, foo]}}") ==
      "spec.finalizers: Invalid value: \"foo\": name is neither a standard finalizer name nor is it fully qualified");
  CHECK(complaints_of(
            "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: system-cluster-critical}, "
            "value: 2000000000, globalDefault: true}") ==
        "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: "
        "globalDefault of system-cluster-critical PriorityClass must be false");
}
