#include "tests/engine/schedule/volume_lines.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/model/doc.h"

namespace wavetank::schedule_table {
namespace {

using model::Doc;
using model::Kind;

std::string value(const std::vector<std::string>& words, const std::string& key, const std::string& fallback = "") {
  for (const std::string& w : words)
    if (w.compare(0, key.size() + 1, key + "=") == 0) return w.substr(key.size() + 1);
  return fallback;
}
std::string after(const std::vector<std::string>& words, const std::string& word) {
  const auto at = std::find(words.begin(), words.end(), word);
  return at == words.end() || at + 1 == words.end() ? "" : *(at + 1);
}

void make_volume(Cluster& cluster, const std::vector<std::string>& words) {
  std::string more;
  if (const std::string node = after(words, "on"); !node.empty())
    more += fmt::format(
        ", nodeAffinity: {{required: {{nodeSelectorTerms: [{{matchExpressions: [{{key: kubernetes.io/hostname, "
        "operator: In, values: [{}]}}]}}]}}}}",
        node);
  const std::string claim = after(words, "for");
  if (!claim.empty()) more += fmt::format(", claimRef: {{namespace: default, name: {}}}", claim);
  const std::string driver = value(words, "driver");
  more += driver.empty() ? ", hostPath: {path: /x}"
                         : fmt::format(", csi: {{driver: {}, volumeHandle: {}}}", driver, words[1]);
  std::string labels;
  if (const std::string zone = value(words, "zone"); !zone.empty()) labels = "topology.kubernetes.io/zone: " + zone;
  cluster.create(
      fmt::format("{{apiVersion: v1, kind: PersistentVolume, metadata: {{name: {}, labels: {{{}}}}}, spec: {{capacity: "
                  "{{storage: {}}}, accessModes: [ReadWriteOnce, ReadWriteOncePod], storageClassName: '{}'{}}}, "
                  "status: {{phase: {}}}}}",
                  words[1], labels, words[2], value(words, "class"), more, claim.empty() ? "Available" : "Bound"));
}

void make_claim(Cluster& cluster, const std::vector<std::string>& words) {
  const std::string volume = after(words, "bound");
  const bool bound = !volume.empty();
  cluster.create(
      fmt::format("{{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: {}, namespace: default{}}}, spec: "
                  "{{resources: {{requests: {{storage: {}}}}}, accessModes: [{}], storageClassName: '{}'{}}}, status: "
                  "{{phase: {}}}}}",
                  words[1], bound ? ", annotations: {pv.kubernetes.io/bind-completed: 'yes'}" : "", words[2],
                  value(words, "mode") == "RWOP" ? "ReadWriteOncePod" : "ReadWriteOnce", value(words, "class"),
                  bound ? ", volumeName: " + volume : "", bound ? "Bound" : "Pending"));
}

void make_class(Cluster& cluster, const std::vector<std::string>& words) {
  const bool waits = std::find(words.begin(), words.end(), "wait") != words.end();
  std::string zones;
  if (const std::string list = value(words, "zones"); !list.empty())
    zones = fmt::format(
        ", allowedTopologies: [{{matchLabelExpressions: [{{key: topology.kubernetes.io/zone, values: [{}]}}]}}]", list);
  cluster.create(
      fmt::format("{{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {{name: {}}}, provisioner: {}, "
                  "volumeBindingMode: {}{}}}",
                  words[1], value(words, "provisioner", "kubernetes.io/no-provisioner"),
                  waits ? "WaitForFirstConsumer" : "Immediate", zones));
}

void make_csi_node(Cluster& cluster, const std::vector<std::string>& words) {
  std::string drivers;
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    drivers += fmt::format("{}{{name: {}, nodeID: x, allocatable: {{count: {}}}}}", drivers.empty() ? "" : ", ",
                           words[i].substr(0, equals), words[i].substr(equals + 1));
  }
  cluster.create(
      fmt::format("{{apiVersion: storage.k8s.io/v1, kind: CSINode, metadata: {{name: {}}}, spec: {{drivers: [{}]}}}}",
                  words[1], drivers));
}

void update(Cluster& cluster, event::Ref ref, const Doc& doc) {
  cluster.fact(event::ObjectUpdated{ref, model::to_canonical_json(doc), false});
}

}  // namespace

bool make_storage(Cluster& cluster, const std::vector<std::string>& words) {
  constexpr std::pair<const char*, void (*)(Cluster&, const std::vector<std::string>&)> kLines[] = {
      {"volume", make_volume}, {"claim", make_claim}, {"class", make_class}, {"csinode", make_csi_node}};
  for (const auto& [word, make] : kLines) {
    if (words.front() != word) continue;
    make(cluster, words);
    return true;
  }
  return false;
}

std::string volumes_of(const std::vector<std::string>& words) {
  std::string claims = value(words, "claim");
  std::string out;
  for (int i = 0; !claims.empty(); ++i) {
    const std::size_t plus = claims.find('+');
    out += fmt::format("{}{{name: v{}, persistentVolumeClaim: {{claimName: {}}}}}", out.empty() ? "" : ", ", i,
                       claims.substr(0, plus));
    claims = plus == std::string::npos ? "" : claims.substr(plus + 1);
  }
  return out.empty() ? "" : "volumes: [" + out + "]";
}

std::string apply_volumes(Cluster& cluster, const schedule::Decision& decision) {
  std::string out;
  for (const auto& s : decision.volumes.bind) {
    const state::ClusterView view = cluster.view();
    const std::string claim(view.bare_name(event::Ref(s.claim)));
    const std::string volume(view.bare_name(event::Ref(s.volume)));
    Doc v = view.stored_doc(event::Ref(s.volume));
    v["spec"]["claimRef"]["namespace"] = Doc::string("default");
    v["spec"]["claimRef"]["name"] = Doc::string(claim);
    v["status"]["phase"] = Doc::string("Bound");
    Doc c = view.stored_doc(event::Ref(s.claim));
    c["spec"]["volumeName"] = Doc::string(volume);
    c["metadata"]["annotations"]["pv.kubernetes.io/bind-completed"] = Doc::string("yes");
    c["status"]["phase"] = Doc::string("Bound");
    update(cluster, event::Ref(s.volume), v);
    update(cluster, event::Ref(s.claim), c);
    out += fmt::format(" binding {}={}", claim, volume);
  }
  for (const auto claim : decision.volumes.provision) {
    Doc c = cluster.view().stored_doc(event::Ref(claim));
    c["metadata"]["annotations"]["volume.kubernetes.io/selected-node"] = Doc::string(cluster.name(decision.node));
    update(cluster, event::Ref(claim), c);
    out += fmt::format(" provisioning {}", cluster.view().bare_name(event::Ref(claim)));
  }
  return out;
}

}  // namespace wavetank::schedule_table
