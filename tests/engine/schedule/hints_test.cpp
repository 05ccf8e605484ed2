// Which events wake which pods. The answers of the real scheduler are compared in tests/engine/conformance (family
// queue_hints); here stand the rules, and what they come to.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/base/prng.h"
#include "engine/schedule/explain.h"
#include "engine/schedule/hints.h"
#include "tests/engine/schedule/table.h"

using namespace wavetank;
using schedule::QueuedPod;
using schedule::Resource;
using schedule_table::Cluster;
namespace action = schedule::action;

namespace {

base::SimTime at(std::int64_t ms) { return {ms * 1'000'000}; }

/// Pods tried from now until nothing is left to try.
std::string drain(Cluster& c) {
  std::string out;
  for (std::string one = c.attempt(); one != "idle"; one = c.attempt()) out += one.substr(0, one.find(": ")) + "; ";
  return out;
}

/// "Plugin Plugin*": who registered such events; with a star those that are helped by every one.
std::string interested(Resource resource, schedule::Actions what) {
  static const schedule::PluginSet plugins(schedule::default_profile());
  static const schedule::Hints hints(plugins);
  std::vector<std::string> names;
  for (const auto& p : plugins.all) {
    if ((hints.interested(resource, what) >> p->index & 1) == 0) continue;
    names.push_back(std::string(p->plugin_name) + (hints.always(resource, what) >> p->index & 1 ? "*" : ""));
  }
  std::sort(names.begin(), names.end());
  return fmt::format("{}", fmt::join(names, " "));
}

const char* const kAnti =
    "{affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: "
    "topology.kubernetes.io/zone, labelSelector: {matchLabels: {app: x}}}]}}}";

/// What a trace is told, one event a line.
class Heard final : public schedule::QueueTrace {
 public:
  explicit Heard(const Cluster& cluster) : cluster_(cluster) {}
  void event(std::string_view label, event::PodId pod, const std::vector<Hint>& hints) override {
    text += label;
    if (pod.valid()) text += "(" + cluster_.name(pod) + ")";
    std::vector<std::string> answers;
    for (const Hint& h : hints)
      answers.push_back(fmt::format(" {}:{}={}", cluster_.name(h.pod), h.plugin, h.queue ? "Queue" : "Skip"));
    std::sort(answers.begin(), answers.end());
    text += fmt::format("{}", fmt::join(answers, ""));
    text += "\n";
  }
  std::string take() { return std::exchange(text, {}); }
  std::string text;

 private:
  const Cluster& cluster_;
};

}  // namespace

TEST_CASE("Plugins of the default profile and the events they registered") {
  CHECK(interested(Resource::Node, action::kAdd) ==
        "InterPodAffinity NodeAffinity NodeName* NodePorts* NodeResourcesFit NodeUnschedulable PodTopologySpread "
        "TaintToleration VolumeBinding* VolumeRestrictions* VolumeZone*");
  // Whoever registers Node/Add but not this is woken by any change of taints.
  CHECK(interested(Resource::Node, action::kUpdateNodeTaint) ==
        "InterPodAffinity* NodeAffinity* NodeName* NodePorts* NodeResourcesFit* NodeUnschedulable PodTopologySpread "
        "TaintToleration VolumeBinding* VolumeRestrictions* VolumeZone*");
  CHECK(interested(Resource::Node, action::kUpdateNodeAllocatable) == "NodeResourcesFit");
  CHECK(interested(Resource::Node, action::kUpdateNodeLabel) ==
        "InterPodAffinity NodeAffinity PodTopologySpread VolumeBinding* VolumeZone*");
  CHECK(interested(Resource::Node, action::kDelete) == "PodTopologySpread");
  CHECK(interested(Resource::Node, action::kUpdateNodeCondition).empty());
  CHECK(interested(Resource::Node, action::kUpdateNodeAnnotation).empty());
  CHECK(interested(Resource::AssignedPod, action::kAdd) == "InterPodAffinity PodTopologySpread");
  CHECK(interested(Resource::AssignedPod, action::kDelete) ==
        "InterPodAffinity NodePorts NodeResourcesFit NodeVolumeLimits PodTopologySpread VolumeRestrictions");
  CHECK(interested(Resource::AssignedPod, action::kUpdatePodLabel) == "InterPodAffinity PodTopologySpread");
  CHECK(interested(Resource::AssignedPod, action::kUpdatePodScaleDown) == "NodeResourcesFit");
  CHECK(interested(Resource::UnschedulablePod, action::kUpdatePodToleration) ==
        "NodeUnschedulable PodTopologySpread TaintToleration");
  CHECK(interested(Resource::UnschedulablePod, action::kUpdatePodSchedulingGatesEliminated) == "SchedulingGates");
  CHECK(interested(Resource::PersistentVolumeClaim, action::kAdd) ==
        "NodeVolumeLimits VolumeBinding VolumeRestrictions VolumeZone");
  CHECK(interested(Resource::PersistentVolumeClaim, action::kUpdate) == "VolumeBinding VolumeZone");
  CHECK(interested(Resource::PersistentVolume, action::kUpdate) == "VolumeBinding* VolumeZone");
  CHECK(interested(Resource::StorageClass, action::kAdd) == "VolumeBinding VolumeZone");
  CHECK(interested(Resource::StorageClass, action::kUpdate) == "VolumeBinding");
  CHECK(interested(Resource::CSINode, action::kAdd) == "NodeVolumeLimits* VolumeBinding");
  CHECK(interested(Resource::CSINode, action::kUpdate) == "NodeVolumeLimits VolumeBinding");
  CHECK(interested(Resource::PersistentVolume, action::kDelete).empty());
  // Special updates were registered: the general one is for nobody.
  CHECK(interested(Resource::UnschedulablePod, action::kUpdate).empty());
}

TEST_CASE("An event matches a registration by its bits, and by not being a larger number") {
  const auto matches = [](schedule::Actions registered, schedule::Actions event) {
    return schedule::matches({Resource::Node, registered}, Resource::Node, event);
  };
  CHECK(matches(action::kAdd | action::kUpdateNodeLabel, action::kUpdateNodeLabel));
  CHECK_FALSE(matches(action::kAdd | action::kUpdateNodeLabel, action::kUpdateNodeTaint));
  CHECK_FALSE(matches(action::kAdd | action::kUpdateNodeLabel, action::kUpdate));
  CHECK(matches(action::kAdd | action::kUpdate, action::kUpdate));
  CHECK_FALSE(schedule::matches({Resource::AssignedPod, action::kAdd}, Resource::UnschedulablePod, action::kAdd));
  CHECK(schedule::matches({Resource::Pod, action::kAdd}, Resource::UnschedulablePod, action::kAdd));
}

TEST_CASE("A trace is told of every event and every answer") {
  Cluster c;
  Heard heard(c);
  c.scheduler.set_trace(&heard);
  c.line("node n1 cpu=1 taint=gpu:NoSchedule");
  c.line("node n2 cpu=1 disk=hdd");
  c.line("placed a on n2 cpu=1");
  c.line("pod p cpu=1");
  drain(c);
  c.now = at(20'000);
  heard.take();

  c.line("placed b on n1 cpu=100m");
  CHECK(heard.take() == "AssignedPodAdd\n");
  c.fact(event::NodeTaintsChanged{c.node("n1"), {}});
  CHECK(heard.take() == "NodeUpdateNodeTaint p:NodeResourcesFit=Queue p:TaintToleration=Queue\n");
  CHECK(drain(c) == "p -> none; ");
  c.now = at(40'000);
  c.fact(event::NodeCordoned{c.node("n1"), true});
  CHECK(heard.take().empty());  // to cordon is no event
  c.fact(event::NodeCordoned{c.node("n1"), false});
  CHECK(heard.take() == "NodeUpdateNodeTaint p:NodeResourcesFit=Queue\n");
  c.scheduler.set_trace(nullptr);
  c.fact(event::PodRemoved{c.pod("b")});
  CHECK(heard.take().empty());
}

TEST_CASE("What happens during an attempt counts when the pod comes back") {
  Cluster c;
  c.line("node n1 cpu=1");
  c.line("placed a on n1 cpu=1");
  c.line("pod p cpu=1");
  c.line("pod q cpu=1");
  const auto p = c.scheduler.schedule_one(c.view());
  REQUIRE(p);
  REQUIRE(p->outcome == schedule::Decision::Outcome::Unschedulable);
  CHECK_FALSE(c.scheduler.queued(p->pod).has_value());  // in flight
  const base::Seq cause = c.fact(event::PodRemoved{c.pod("a")});
  c.now = at(5);
  c.scheduler.end_attempt(c.view());
  const auto back = c.scheduler.queued(p->pod);
  REQUIRE(back);
  CHECK(back->place == QueuedPod::Place::Backoff);
  CHECK(back->since == at(5));
  CHECK(back->cause == cause);
  CHECK(back->plugins == std::vector<std::string_view>{"NodeResourcesFit"});
}

TEST_CASE("Counts, cause and age survive a refused binding") {
  Cluster c;
  c.line("node n1 cpu=1");
  c.line("placed a on n1 cpu=1");
  c.line("pod p cpu=1");
  drain(c);
  c.now = at(20'000);
  const base::Seq cause = c.fact(event::PodRemoved{c.pod("a")});
  const auto bind = c.scheduler.schedule_one(c.view());
  REQUIRE(bind);
  REQUIRE(bind->outcome == schedule::Decision::Outcome::Bind);
  CHECK(bind->cause == cause);
  c.now = at(20'500);
  c.scheduler.binding_failed(bind->pod, c.view());
  const auto back = c.scheduler.queued(bind->pod);
  REQUIRE(back);
  CHECK(back->place == QueuedPod::Place::ErrorBackoff);
  CHECK(back->attempts == 2);
  CHECK(back->unschedulable_count == 1);
  CHECK(back->error_count == 1);
  CHECK(back->since == at(20'500));
  CHECK(back->cause == cause);
  CHECK(back->plugins.empty());
  CHECK(back->backoff_until == at(21'000));
}

TEST_CASE("A pod that only time wakes names the last that was known of it") {
  Cluster c;
  c.line("node n1 cpu=1");
  c.line("pod p cpu=2");
  const auto first = c.scheduler.schedule_one(c.view());
  REQUIRE(first);
  c.scheduler.end_attempt(c.view());
  const base::Seq told = c.fact(event::PodUnschedulable{first->pod, first->message});
  c.now = at(329'999);
  CHECK_FALSE(c.scheduler.has_work(c.now));
  c.now = at(330'000);
  const auto again = c.scheduler.schedule_one(c.view());
  REQUIRE(again);
  CHECK(again->cause == told);
}

TEST_CASE("The end of a nomination is told to pods of its priority and below") {
  Cluster c;
  c.line("node n1 cpu=2");
  c.line("placed low on n1 cpu=2");
  c.line("pod high cpu=2 priority=9 -> evicts");
  CHECK(c.attempt() == "high -> evicts low on n1");
  c.line("pod p cpu=1 priority=5");
  c.line("pod q cpu=1 priority=10");
  c.line("node n2 cpu=1");
  c.line("placed other on n2 cpu=1 priority=20");
  // high waits for its back-off; p finds the node promised, q of higher priority does not.
  c.now = at(500);
  const std::string tried = drain(c);
  INFO(tried);
  c.now = at(60'000);
  drain(c);
  Heard heard(c);
  c.scheduler.set_trace(&heard);
  c.fact(event::PodNominated{c.pod("p"), c.node("n2")});
  heard.take();
  c.fact(event::PodNominated{c.pod("p"), event::NodeId()});
  CHECK(heard.take().find("AssignedPodDelete") != std::string::npos);
}

TEST_CASE("Nothing that cannot help wakes a pod") {
  Cluster c;
  c.line("node n1 cpu=2 disk=hdd");
  c.line("node n2 cpu=2 disk=ssd");
  c.line("node tainted cpu=8 disk=hdd taint=gpu:NoSchedule");
  c.line("placed big1 on n1 cpu=2 app=x");
  c.line("placed big2 on n2 cpu=1500m app=y");
  c.line("pod needs-ssd cpu=1 {nodeSelector: {disk: ssd}}");
  c.line("pod needs-nvme cpu=100m {nodeSelector: {disk: nvme}}");
  c.line("pod needs-port cpu=100m port=80 {nodeSelector: {disk: ssd}}");
  c.line(fmt::format("pod lonely cpu=100m {}", kAnti));
  const std::string first = drain(c);
  INFO(first);
  std::map<std::string, std::uint32_t> attempts;
  for (const QueuedPod& q : c.scheduler.queued()) attempts[c.name(q.pod)] = q.attempts;
  REQUIRE(attempts.size() >= 2);

  for (int round = 0; round < 20; ++round) {
    c.now = c.now + base::seconds(11);
    const std::string name = fmt::format("small{}", round);
    c.line(fmt::format("placed {} on tainted cpu=1m app=z{}", name, round));
    c.line(fmt::format("node tiny{} cpu=1m disk=hdd taint=gpu:NoSchedule", round));
    c.fact(event::NodeConditionChanged{c.node("n1"), event::NodeConditionType::MemoryPressure,
                                       round % 2 == 0 ? event::ConditionStatus::True : event::ConditionStatus::False,
                                       "", ""});
    c.fact(event::PodReadyChanged{c.pod("big1"), round % 2 == 0, event::ReadyReason::None});
    c.fact(event::NodeCordoned{c.node("tainted"), true});
    c.line(fmt::format("service s{} app=x", round));
    CHECK_FALSE(c.scheduler.has_work(c.now));
    for (const QueuedPod& q : c.scheduler.queued()) {
      INFO(c.name(q.pod));
      CHECK(q.attempts == attempts[c.name(q.pod)]);
    }
    c.fact(event::NodeCordoned{c.node("tainted"), false});  // this does help: any uncordoning wakes most
    drain(c);
    for (const QueuedPod& q : c.scheduler.queued()) attempts[c.name(q.pod)] = q.attempts;
  }
}

namespace {

/// A cluster that changes at random, with time enough between the changes for every back-off, and no time-out.
class Walk {
 public:
  Walk(std::uint64_t seed, bool affinity) : stream_(seed, "sleepers"), affinity_(affinity), c_(settings()) {
    for (int i = 0; i < 4; ++i) add_node();
  }

  void step() {
    c_.now = c_.now + base::seconds(11);
    switch (below(9)) {
      case 0:
        add_node();
        break;
      case 1:
        relabel();
        break;
      case 2:
        c_.fact(event::NodeTaintsChanged{some_node(), below(2) == 0 ? std::vector<model::Taint>{} : taints()});
        break;
      case 3: {
        const event::NodeId n = some_node();
        c_.fact(event::NodeCordoned{n, !c_.view().node(n).spec.unschedulable});
        break;
      }
      case 4:
      case 5:
        remove_pod();
        break;
      default:
        add_pod();
        break;
    }
    drain(c_);
    check();
  }
  std::size_t asleep = 0;

 private:
  static schedule::Settings settings() {
    schedule::Settings out{0, schedule::TieBreak::Name};
    out.unschedulable_flush = base::minutes(1'000'000);
    return out;
  }
  std::uint64_t below(std::uint64_t bound) { return stream_.below(bound, draws_++); }
  event::NodeId some_node() { return nodes_[below(nodes_.size())]; }
  static std::vector<model::Taint> taints() { return {{"gpu", "", model::TaintEffect::NoSchedule}}; }

  std::string node_yaml(const std::string& name) {
    const std::string zone = below(5) == 0 ? "" : fmt::format(", topology.kubernetes.io/zone: z{}", below(3));
    return fmt::format(
        "{{apiVersion: v1, kind: Node, metadata: {{name: {0}, labels: {{kubernetes.io/hostname: {0}, disk: {1}{2}}}}}, "
        "status: {{allocatable: {{cpu: '{3}', memory: 8Gi, pods: '{4}'}}}}}}",
        name, below(2) == 0 ? "ssd" : "hdd", zone, 1 + below(4), 2 + below(8));
  }
  void add_node() {
    c_.create(node_yaml(fmt::format("n{}", nodes_.size())));
    nodes_.emplace_back(c_.state.nodes.size() - 1);
  }
  void relabel() {
    const event::NodeId n = some_node();
    auto doc = model::parse_yaml(node_yaml(std::string(c_.view().text(c_.view().node(n).header.name))), "")->front();
    c_.fact(event::ObjectUpdated{n, model::to_canonical_json(doc), true});
  }
  void add_pod() {
    static const char* kSpecs[] = {
        "",
        "{nodeSelector: {disk: ssd}}",
        "{tolerations: [{key: gpu, operator: Exists}]}",
        "{topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: "
        "DoNotSchedule, labelSelector: {matchLabels: {app: a1}}}]}",
        "{topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: "
        "DoNotSchedule, nodeTaintsPolicy: Honor, labelSelector: {matchLabels: {app: a2}}}]}",
        // with inter-pod terms
        "{affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: "
        "topology.kubernetes.io/zone, labelSelector: {matchLabels: {app: a1}}}]}}}",
        "{affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: "
        "topology.kubernetes.io/zone, labelSelector: {matchLabels: {app: a2}}}]}}}",
    };
    const std::uint64_t specs = affinity_ ? 7 : 5;
    const std::string name = fmt::format("p{}", c_.state.pods.size());
    c_.line(fmt::format("pod {} app=a{} cpu={}m {} {}", name, below(4), 100 + below(8) * 300,
                        below(4) == 0 ? "port=80" : "", kSpecs[below(specs)]));
    pods_.emplace_back(c_.state.pods.size() - 1);
  }
  void remove_pod() {
    if (pods_.empty()) return;
    const std::size_t i = below(pods_.size());
    c_.fact(event::PodRemoved{pods_[i]});
    pods_[i] = pods_.back();
    pods_.pop_back();
  }

  /// No pod sleeps that would find a node now.
  void check() {
    for (const QueuedPod& q : c_.scheduler.queued()) {
      REQUIRE(q.place == QueuedPod::Place::Unschedulable);
      ++asleep;
      if (schedule::explain(q.pod, c_.view()).best.empty()) continue;
      INFO(c_.name(q.pod) << " sleeps for " << fmt::format("{}", fmt::join(q.plugins, " ")));
      // Kubernetes 1.34 itself leaves it: see engine/schedule/README.md.
      CHECK(std::find(q.plugins.begin(), q.plugins.end(), "InterPodAffinity") != q.plugins.end());
    }
  }

  base::Stream stream_;
  std::uint64_t draws_ = 0;
  bool affinity_;
  Cluster c_;
  std::vector<event::NodeId> nodes_;
  std::vector<event::PodId> pods_;
};

}  // namespace

TEST_CASE("No pod that would find a node is left asleep") {
  std::size_t asleep = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    INFO("seed " << seed);
    Walk walk(seed, false);
    for (int i = 0; i < 80; ++i) walk.step();
    asleep += walk.asleep;
  }
  CHECK(asleep > 300);  // else nothing was looked at
}

TEST_CASE("Pods with inter-pod terms are left asleep only for InterPodAffinity's own gaps") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    INFO("seed " << seed);
    Walk walk(seed, true);
    for (int i = 0; i < 80; ++i) walk.step();
  }
}
