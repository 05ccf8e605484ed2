// Volumes, claims, storage classes and CSINodes: what is read, what is filled in, what Kubernetes 1.34 says of
// mistakes.
#include <catch2/catch.hpp>

#include "engine/model/decode.h"
#include "tests/engine/model/support.h"

using namespace wavetank;
using namespace wavetank::model;

namespace {

template <class T>
T read(const std::string& yaml) {
  auto docs = parse_any(yaml, "test.yaml");
  REQUIRE(docs.has_value());
  auto object = admit(std::move(docs->front()), "test.yaml");
  if (!object) FAIL(base::to_text(object.error()));
  return std::get<T>(object->spec);
}

}  // namespace

TEST_CASE("a PersistentVolume says where it lies, how big it is and whose it is") {
  const auto v = read<PersistentVolume>(R"(
apiVersion: v1
kind: PersistentVolume
metadata:
  name: pv1
  labels: {topology.kubernetes.io/zone: a__b}
  annotations: {pv.kubernetes.io/bound-by-controller: "yes"}
spec:
  capacity: {storage: 10Gi}
  accessModes: [ReadWriteOnce, ReadOnlyMany]
  storageClassName: fast
  claimRef: {namespace: default, name: data, uid: u1}
  csi: {driver: ebs.csi.aws.com, volumeHandle: vol-1, readOnly: true}
  nodeAffinity:
    required:
      nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [n1]}]}]
)");
  CHECK(v.capacity == (std::int64_t{10} << 30));
  CHECK(access_modes_text(v.access_modes) == "RWO,ROX");
  CHECK(v.storage_class == "fast");
  CHECK(v.reclaim_policy == "Retain");
  CHECK(v.phase == "Pending");
  CHECK(v.claim == ClaimRef{"default", "data", "u1"});
  CHECK(v.source.source == "csi");
  CHECK(v.source.group == "ebs.csi.aws.com");
  CHECK(v.source.id == "vol-1");
  CHECK(v.source.read_only);
  CHECK(v.bound_by_controller);
  REQUIRE(v.node_affinity.has_value());
  CHECK(v.node_affinity->front().match_expressions.front().values == std::vector<std::string>{"n1"});
}

TEST_CASE("a claim's class: the beta annotation before the field, and none is not the empty one") {
  const auto claim = [](const std::string& metadata, const std::string& spec) {
    return read<PersistentVolumeClaim>("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c" + metadata +
                                       "}\nspec: {accessModes: [ReadWriteOncePod], resources: {requests: {storage: "
                                       "1G}}" +
                                       spec + "}\n");
  };
  CHECK_FALSE(claim("", "").storage_class.has_value());
  CHECK(claim("", ", storageClassName: ''").storage_class == std::string());
  CHECK(claim("", ", storageClassName: slow").class_name() == "slow");
  CHECK(
      claim(", annotations: {volume.beta.kubernetes.io/storage-class: old}", ", storageClassName: slow").class_name() ==
      "old");
  const PersistentVolumeClaim bound =
      claim(", annotations: {pv.kubernetes.io/bind-completed: 'yes', volume.kubernetes.io/selected-node: n1}",
            ", volumeName: pv1");
  CHECK(bound.fully_bound());
  CHECK(bound.selected_node == std::string("n1"));
  CHECK(bound.request == 1'000'000'000);
  CHECK(bound.access_modes == kReadWriteOncePod);
}

TEST_CASE("storage classes, CSINodes and a pod's volumes") {
  const auto s = read<StorageClass>(R"(
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
provisioner: ebs.csi.aws.com
volumeBindingMode: WaitForFirstConsumer
allowedTopologies: [{matchLabelExpressions: [{key: zone, values: [a, b]}]}]
)");
  CHECK(s.wait_for_first_consumer);
  CHECK(s.is_default);
  CHECK(s.reclaim_policy == "Delete");
  CHECK(s.allowed_topologies.at(0).at(0).values == std::vector<std::string>{"a", "b"});
  const auto n = read<CSINode>(R"(
apiVersion: storage.k8s.io/v1
kind: CSINode
metadata: {name: n1, annotations: {storage.alpha.kubernetes.io/migrated-plugins: kubernetes.io/portworx-volume}}
spec: {drivers: [{name: d, nodeID: x, allocatable: {count: 3}}, {name: e, nodeID: x}]}
)");
  CHECK(n.drivers.at(0).count == 3);
  CHECK_FALSE(n.drivers.at(1).count.has_value());
  CHECK(n.migrated_plugins == "kubernetes.io/portworx-volume");
  const auto p = read<Pod>(R"(
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers: [{name: c, image: a}]
  volumes:
  - {name: a, persistentVolumeClaim: {claimName: data}}
  - {name: b, gcePersistentDisk: {pdName: disk, readOnly: true}}
  - {name: c, rbd: {monitors: [m1, m2], image: i}}
  - {name: d, iscsi: {targetPortal: t, iqn: 'iqn.2003-01.io.k8s:q', lun: 0}}
  - {name: e}
)");
  const std::vector<Volume>& v = p.tmpl.spec.volumes;
  CHECK(v.at(0).claim_name == "data");
  CHECK((v.at(1).source == "gcePersistentDisk" && v.at(1).id == "disk" && v.at(1).read_only));
  CHECK((v.at(2).id == "i" && v.at(2).group == "rbd" && v.at(2).monitors.size() == 2));
  CHECK(v.at(3).id == "iqn.2003-01.io.k8s:q");
  CHECK(v.at(4).source == "emptyDir");
}

TEST_CASE("what a volume or a claim may not be") {
  const auto volume = [](const std::string& spec) {
    return errors_of("{apiVersion: v1, kind: PersistentVolume, metadata: {name: a}, spec: {" + spec + "}}");
  };
  const auto claim = [](const std::string& spec) {
    return errors_of("{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {" + spec + "}}");
  };
  const std::string good = "capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /a}";
  struct Row {
    std::string what, got, part;
  };
  const Row rows[] = {
      {"a good volume", volume(good), ""},
      {"no access mode", volume("capacity: {storage: 1Gi}, hostPath: {path: /a}"), "spec.accessModes: Required value"},
      {"unknown mode", volume("capacity: {storage: 1Gi}, accessModes: [ReadWrite], hostPath: {path: /a}"),
       "spec.accessModes: Unsupported value: \"ReadWrite\": supported values: \"ReadOnlyMany\", \"ReadWriteMany\", "
       "\"ReadWriteOnce\", \"ReadWriteOncePod\""},
      {"a mode that stands alone",
       volume("capacity: {storage: 1Gi}, accessModes: [ReadWriteOncePod, ReadOnlyMany], hostPath: {path: /a}"),
       "spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes"},
      {"no size", volume("accessModes: [ReadWriteOnce], hostPath: {path: /a}"), "spec.capacity: Required value"},
      {"size 0", volume("capacity: {storage: 0}, accessModes: [ReadWriteOnce], hostPath: {path: /a}"),
       "spec.capacity[storage]: Invalid value: \"0\": must be greater than zero"},
      {"nowhere", volume("capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce]"),
       "spec: Required value: must specify a volume type"},
      {"in two places", volume(good + ", nfs: {server: s, path: /}"),
       "spec.nfs: Forbidden: may not specify more than 1 volume type"},
      {"policy", volume(good + ", persistentVolumeReclaimPolicy: Keep"),
       "spec.persistentVolumeReclaimPolicy: Unsupported value: \"Keep\": supported values: \"Delete\", \"Recycle\", "
       "\"Retain\""},
      {"a local volume without a node",
       volume("capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], local: {path: /a}"),
       "spec.nodeAffinity: Required value: Local volume requires node affinity"},
      {"a wrong type", volume(good + ", mountOptions: ro"), "spec.mountOptions: Invalid value: \"ro\": must be a list"},
      {"less than nothing", volume("capacity: {storage: -1Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /a}"),
       "spec.capacity[storage]: Invalid value: -1073741824: must be a valid resource quantity"},
      {"a path that climbs",
       volume("capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /a/../b}"),
       "spec.hostPath.path: Invalid value: \"/a/../b\": must not contain '..'"},
      {"a path of a type",
       volume("capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /a, type: Folder}"),
       "spec.hostPath.type: Unsupported value: \"Folder\": supported values: \"\", \"BlockDevice\", \"CharDevice\", "
       "\"Directory\", \"DirectoryOrCreate\", \"File\", \"FileOrCreate\", \"Socket\""},
      {"an NFS path", volume("capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], nfs: {server: s, path: a}"),
       "spec.nfs.path: Invalid value: \"a\": must be an absolute path"},
      {"a driver's name",
       volume("capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], csi: {driver: a b, volumeHandle: h}"),
       "spec.csi.driver: Invalid value: \"a b\": a lowercase RFC 1123 subdomain"},
      {"a secret without namespace",
       volume("capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], csi: {driver: a, volumeHandle: h, "
              "nodePublishSecretRef: {name: s}}"),
       "spec.csi.nodePublishSecretRef.namespace: Required value"},
      {"attributes of no driver", volume(good + ", volumeAttributesClassName: fast"),
       "spec.csi: Required value: has to be specified when using volumeAttributesClassName"},
      {"a source that is no claim",
       claim(
           "accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}, dataSourceRef: {kind: Disk, name: a}"),
       "spec.dataSourceRef: Invalid value: \"Disk\": must be 'PersistentVolumeClaim' when referencing the default "
       "apiGroup"},
      {"two sources",
       claim("accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}, dataSource: {kind: "
             "PersistentVolumeClaim, name: a}, dataSourceRef: {kind: PersistentVolumeClaim, name: b}"),
       "spec: Invalid value: \"spec.dataSource\": must match dataSourceRef"},
      {"a good claim", claim("accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}"), ""},
      {"less than nothing", claim("accessModes: [ReadWriteOnce], resources: {requests: {storage: -1}}"),
       "spec.resources[storage]: Invalid value: \"-1\": must be greater than zero"},
      {"how much?", claim("accessModes: [ReadWriteOnce]"), "spec.resources[storage]: Required value"},
      {"how?", claim("resources: {requests: {storage: 1Gi}}"),
       "spec.accessModes: Required value: at least 1 access mode is required"},
      {"mode", claim("accessModes: [ReadWriteOnce], volumeMode: File, resources: {requests: {storage: 1Gi}}"),
       "spec.volumeMode: Unsupported value: \"File\": supported values: \"Block\", \"Filesystem\""},
      {"a class without provisioner",
       errors_of("{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: a}}"),
       "provisioner: Required value"},
      {"binding mode",
       errors_of("{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: a}, provisioner: x/y, "
                 "volumeBindingMode: Later}"),
       "volumeBindingMode: Unsupported value: \"Later\": supported values: \"Immediate\", \"WaitForFirstConsumer\""},
      {"a driver without id",
       errors_of("{apiVersion: storage.k8s.io/v1, kind: CSINode, metadata: {name: a}, spec: {drivers: [{name: d, "
                 "allocatable: {count: -1}}]}}"),
       "spec.drivers[0].nodeID: Required value"},
  };
  for (const Row& row : rows) {
    INFO(row.what << "\n" << row.got);
    if (row.part.empty()) {
      CHECK(row.got.empty());
    } else {
      CHECK(row.got.find(row.part) != std::string::npos);
    }
  }
}
