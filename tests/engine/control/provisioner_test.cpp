// What the modelled provisioner makes for a claim of a pod on node n1 (zone a), by its name and what is known of its
// driver.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "engine/control/controllers.h"
#include "engine/control/registry.h"
#include "tests/support/given.h"

using namespace wavetank;

namespace {

/// "driver key=value": the volume's source and where it can be reached.
std::string made_by(const std::string& provisioner, const std::string& access_mode, const std::string& topology_key) {
  support::Cluster c;
  c.add_node("n1");
  c.wish(command::SetLabel{c.find(model::Kind::Node, "n1", ""), "kubernetes.io/hostname", "n1"});
  if (!topology_key.empty())
    c.apply(
        fmt::format("{{apiVersion: storage.k8s.io/v1, kind: CSINode, metadata: {{name: n1}}, spec: {{drivers: [{{name: "
                    "{}, nodeID: n1, topologyKeys: [{}]}}]}}}}",
                    provisioner, topology_key == "none" ? "" : topology_key));
  c.apply(
      fmt::format("{{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {{name: s}}, provisioner: {}, "
                  "volumeBindingMode: WaitForFirstConsumer}}",
                  provisioner));
  c.apply(
      fmt::format("{{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: c, annotations: "
                  "{{volume.kubernetes.io/selected-node: n1}}}}, spec: {{accessModes: [{}], storageClassName: s, "
                  "resources: {{requests: {{storage: 1Gi}}}}}}}}",
                  access_mode));
  const auto binder = control::make_persistent_volume_binder({});
  control::Plan plan;
  for (int i = 0; i < 2; ++i) {
    plan.reset(1);
    binder->reconcile(c.find(model::Kind::PersistentVolumeClaim, "c"), c.view(), plan);
    for (const auto& call : plan.calls()) c.wish(call.payload);
    c.now = c.now + base::seconds(60);
  }
  REQUIRE(c.state.persistent_volumes.size() == 1);
  const model::Doc doc = c.view().stored_doc(event::Ref(event::PvId(0U)));
  const model::Doc* driver = doc.at({"spec", "csi", "driver"});
  std::string out = driver != nullptr ? driver->text : doc.at({"spec", "hostPath", "path"}) != nullptr ? "folder" : "?";
  if (const auto& affinity = c.state.persistent_volumes[0].spec.node_affinity) {
    for (const auto& r : affinity->at(0).match_expressions) out += " " + r.key + "=" + r.values.at(0);
  }
  return out;
}

}  // namespace

TEST_CASE("A provisioned volume lies where its kind of provisioner puts it") {
  struct Row {
    const char* provisioner;
    const char* access_mode;
    const char* topology_key;  ///< Of the node's CSINode; "": nobody wrote one; "none": the driver knows no topology.
    const char* volume;
  };
  const Row rows[] = {
      {"disk.example.com", "ReadWriteOnce", "", "disk.example.com topology.kubernetes.io/zone=a"},
      {"disk.example.com", "ReadWriteOncePod", "", "disk.example.com topology.kubernetes.io/zone=a"},
      {"disk.example.com", "ReadWriteOnce", "kubernetes.io/hostname", "disk.example.com kubernetes.io/hostname=n1"},
      {"disk.example.com", "ReadWriteOnce", "none", "disk.example.com"},
      {"files.example.com", "ReadWriteMany", "", "files.example.com"},
      {"kubernetes.io/aws-ebs", "ReadWriteOnce", "", "ebs.csi.aws.com topology.kubernetes.io/zone=a"},
      {"kubernetes.io/gce-pd", "ReadWriteOnce", "", "pd.csi.storage.gke.io topology.kubernetes.io/zone=a"},
      {"rancher.io/local-path", "ReadWriteOnce", "", "folder kubernetes.io/hostname=n1"},
      {"k8s.io/minikube-hostpath", "ReadWriteOnce", "", "folder kubernetes.io/hostname=n1"},
  };
  for (const Row& row : rows) {
    INFO(row.provisioner << " " << row.access_mode << " " << row.topology_key);
    CHECK(made_by(row.provisioner, row.access_mode, row.topology_key) == row.volume);
  }
}
