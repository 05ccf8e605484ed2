// What is kept between cycles (answers, cells, counters) never shows: a scheduler that followed every fact decides as
// one that is made anew from the view and asks every plugin about every node. Random clusters and random facts.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "engine/base/prng.h"
#include "engine/model/decode.h"
#include "tests/engine/schedule/table.h"

using namespace wavetank;
using schedule_table::Cluster;

namespace {

constexpr const char* kSpecs[] = {
    "",
    "{nodeSelector: {disk: ssd}}",
    "{tolerations: [{key: t, operator: Exists}]}",
    "{topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: "
    "DoNotSchedule, labelSelector: {matchLabels: {app: a1}}}]}",
    "{topologySpreadConstraints: [{maxSkew: 2, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: "
    "DoNotSchedule, nodeTaintsPolicy: Honor, "
    "labelSelector: {matchExpressions: [{key: app, operator: Exists}]}}, {maxSkew: 1, topologyKey: "
    "kubernetes.io/hostname, whenUnsatisfiable: "
    "ScheduleAnyway, labelSelector: {matchLabels: {app: a0}}}]}",
    "{affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: "
    "kubernetes.io/hostname, labelSelector: "
    "{matchLabels: {app: a2}}}]}}}",
    "{affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: "
    "topology.kubernetes.io/zone, labelSelector: "
    "{matchLabels: {app: a0}}}], preferredDuringSchedulingIgnoredDuringExecution: [{weight: 7, podAffinityTerm: "
    "{topologyKey: kubernetes.io/hostname, "
    "labelSelector: {matchLabels: {app: a1}}}}]}}}",
    "{affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 9, preference: "
    "{matchExpressions: [{key: disk, operator: In, "
    "values: [hdd]}]}}]}}}",
};

std::string text_of(const Cluster& c, const schedule::Decision& d) {
  std::string out =
      fmt::format("{} node {} nominated {} {} evicts", c.name(d.pod), d.node.value, d.nominated.value, d.message);
  for (const event::PodId v : d.victims) out += " " + c.name(v);
  return out;
}

class Walk {
 public:
  explicit Walk(std::uint64_t seed) : stream_(seed, "kept"), cluster_(settings()) {
    for (int n = 0; n < 8; ++n) new_node();
    cluster_.line("service s app=a3");
  }

  void step() {
    cluster_.now = cluster_.now + base::seconds(20);
    const std::uint64_t what = below(12);
    if (what == 0) new_node();
    if (what == 1) retaint();
    if (what == 2) relabel();
    if (what == 3) cluster_.fact(event::NodeCordoned{any_node(), below(2) == 0});
    if (what == 4 || what == 5) remove_pod();
    if (what == 6) terminate_pod();
    if (what == 7 && below(4) == 0) drop_node();
    compare_one();
  }

 private:
  static schedule::Settings settings(bool plain = false) {
    schedule::Settings s;
    s.plain = plain;
    s.tie_break = schedule::TieBreak::Name;
    s.percentage_of_nodes_to_score = 100;
    return s;
  }
  std::uint64_t below(std::uint64_t bound) { return stream_.below(bound, draws_++); }

  std::string node_words() {
    return fmt::format("zone=z{} disk={} cpu={} {}", below(3), below(2) == 0 ? "ssd" : "hdd", 2 + below(4),
                       below(4) == 0 ? "taint=t:NoSchedule" : "");
  }
  void new_node() {
    const std::string name = fmt::format("n{}", made_++);
    cluster_.line(fmt::format("node {} {}", name, node_words()));
    nodes_.push_back(cluster_.node(name));
  }
  event::NodeId any_node() { return nodes_[below(nodes_.size())]; }
  void retaint() {
    std::vector<model::Taint> taints;
    if (below(2) == 0)
      taints.push_back(
          {"t", "", below(2) == 0 ? model::TaintEffect::NoSchedule : model::TaintEffect::PreferNoSchedule});
    cluster_.fact(event::NodeTaintsChanged{any_node(), taints});
  }
  void relabel() {
    const event::NodeId node = any_node();
    model::Doc doc = *model::parse_json(cluster_.view().node(node).header.doc, "node");
    doc["metadata"]["labels"]["topology.kubernetes.io/zone"] = model::Doc::string(fmt::format("z{}", below(4)));
    doc["metadata"]["labels"]["disk"] = model::Doc::string(below(2) == 0 ? "ssd" : "hdd");
    cluster_.fact(event::ObjectUpdated{node, model::to_canonical_json(doc), true});
  }
  void drop_node() {
    if (nodes_.size() < 5) return;
    const std::size_t i = below(nodes_.size());
    for (std::size_t p = 0; p < placed_.size();) {
      if (cluster_.view().pod_node(placed_[p]) == nodes_[i]) {
        cluster_.fact(event::PodRemoved{placed_[p]});
        placed_.erase(placed_.begin() + static_cast<std::ptrdiff_t>(p));
      } else {
        ++p;
      }
    }
    cluster_.fact(event::ObjectRemoved{nodes_[i]});
    nodes_[i] = nodes_.back();
    nodes_.pop_back();
  }
  void remove_pod() {
    if (placed_.empty()) return;
    const std::size_t i = below(placed_.size());
    cluster_.fact(event::PodRemoved{placed_[i]});
    placed_[i] = placed_.back();
    placed_.pop_back();
  }
  void terminate_pod() {
    if (placed_.empty()) return;
    const event::PodId pod = placed_[below(placed_.size())];
    if (!cluster_.view().pod_terminating(pod))
      cluster_.fact(event::PodDeletionStarted{pod, 30, event::DeletionReason::Deleted});
  }

  /// One new pod, decided by both; then it is bound, or gone.
  void compare_one() {
    const std::string name = fmt::format("p{}", cluster_.state.pods.size());
    cluster_.line(fmt::format("pod {} app=a{} cpu={}m memory={}Mi priority={} {}", name, below(4), 100 + below(8) * 150,
                              64 + below(4) * 200, below(5) == 0 ? 5 : 0, kSpecs[below(std::size(kSpecs))]));
    schedule::Scheduler anew(settings(true));
    anew.rebuild(cluster_.view());
    const auto expected = anew.schedule_one(cluster_.view());
    const auto got = cluster_.scheduler.schedule_one(cluster_.view());
    REQUIRE(expected);
    REQUIRE(got);
    REQUIRE(text_of(cluster_, *got) == text_of(cluster_, *expected));
    if (got->outcome == schedule::Decision::Outcome::Bind) {
      cluster_.fact(event::PodBound{got->pod, got->node});
      placed_.push_back(got->pod);
    } else {
      cluster_.fact(event::PodRemoved{got->pod});
    }
  }

  base::Stream stream_;
  std::uint64_t draws_ = 0;
  Cluster cluster_;
  std::vector<event::NodeId> nodes_;
  std::vector<event::PodId> placed_;
  std::size_t made_ = 0;
};

}  // namespace

TEST_CASE("A scheduler that followed every fact decides as one made anew") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    INFO("seed " << seed);
    Walk walk(seed);
    for (int i = 0; i < 150; ++i) walk.step();
  }
}
