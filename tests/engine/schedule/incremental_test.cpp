// Incremental scheduling shows nowhere: a scheduler that keeps what it can, and one in plain mode that asks every
// plugin about every node in each cycle, are told the same facts and must decide the same, in every field of every
// decision. Random clusters and random facts: pods of many kinds come, are bound, relabelled, deleted slowly and at
// once; nodes join, leave, change labels, taints, capacity and images; budgets come, change and go; preemptors are
// nominated and wait for their victims; bindings fail.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "engine/base/prng.h"
#include "engine/model/decode.h"
#include "tests/engine/schedule/table.h"

using namespace wavetank;
using schedule_table::Cluster;

namespace {

std::string spread(const char* key, int skew, const char* how, const char* selector, const char* more = "") {
  return fmt::format("{{maxSkew: {}, topologyKey: {}, whenUnsatisfiable: {}, labelSelector: {{{}}}{}}}", skew, key, how,
                     selector, more);
}
std::string spreads(const std::string& constraints) { return "{topologySpreadConstraints: [" + constraints + "]}"; }
std::string term(const char* key, const char* selector, const char* more = "") {
  return fmt::format("{{topologyKey: {}, labelSelector: {{{}}}{}}}", key, selector, more);
}
std::string affinity(const char* kind, const std::string& required, const std::string& preferred) {
  std::string out = fmt::format("{{affinity: {{{}: {{", kind);
  if (!required.empty()) out += "requiredDuringSchedulingIgnoredDuringExecution: [" + required + "]";
  if (!preferred.empty()) {
    out += fmt::format("{}preferredDuringSchedulingIgnoredDuringExecution: [{{weight: 30, podAffinityTerm: {}}}]",
                       required.empty() ? "" : ", ", preferred);
  }
  return out + "}}}";
}
std::string node_affinity(const char* terms) { return fmt::format("{{affinity: {{nodeAffinity: {{{}}}}}}}", terms); }

constexpr const char* kZone = "topology.kubernetes.io/zone";
constexpr const char* kHost = "kubernetes.io/hostname";
constexpr const char* kRack = "rack";
constexpr const char* kA0 = "matchLabels: {app: a0}";
constexpr const char* kA1 = "matchLabels: {app: a1}";
constexpr const char* kAny = "matchExpressions: [{key: app, operator: Exists}]";

const std::vector<std::string>& specs() {
  static const std::vector<std::string> all{
      "",
      "",
      "{nodeSelector: {disk: ssd}}",
      "{tolerations: [{key: t, operator: Exists}]}",
      "{preemptionPolicy: Never}",
      spreads(spread(kZone, 1, "DoNotSchedule", kA1)),
      spreads(spread(kZone, 1, "DoNotSchedule", kA0, ", minDomains: 3")),
      spreads(spread(kZone, 2, "DoNotSchedule", kAny, ", nodeTaintsPolicy: Honor") + ", " +
              spread(kHost, 1, "ScheduleAnyway", kA0)),
      spreads(spread(kHost, 1, "DoNotSchedule", kA1)),
      spreads(spread(kZone, 1, "ScheduleAnyway", kA0) + ", " + spread(kRack, 1, "ScheduleAnyway", kAny)),
      spreads(spread(kRack, 2, "DoNotSchedule", kAny, ", nodeAffinityPolicy: Ignore")),
      affinity("podAntiAffinity", term(kHost, kA1), ""),
      affinity("podAntiAffinity", "", term(kHost, kA0)),
      affinity("podAntiAffinity", term(kZone, "matchLabels: {app: a3}"), term(kRack, kAny)),
      affinity("podAffinity", term(kZone, kA0), term(kHost, kA1)),
      affinity("podAffinity", "", term(kRack, kA1, ", namespaceSelector: {}")),
      affinity("podAffinity", term(kHost, kA1), ""),
      node_affinity("preferredDuringSchedulingIgnoredDuringExecution: [{weight: 9, preference: {matchExpressions: "
                    "[{key: disk, operator: In, values: [hdd]}]}}]"),
      node_affinity("requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: "
                    "rack, operator: Gt, values: ['1']}]}]}"),
      node_affinity("requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: "
                    "metadata.name, operator: In, values: [n1, n2, n9]}]}]}"),
  };
  return all;
}

std::string text_of(const Cluster& c, const schedule::Decision& d) {
  std::string out = fmt::format("{} node {} nominated {} changed {} cause {} {} evicts", c.name(d.pod), d.node.value,
                                d.nominated.value, d.nomination_changed, d.cause, d.message);
  for (const event::PodId v : d.victims) out += " " + c.name(v);
  out += " clears";
  for (const event::PodId p : d.cleared) out += " " + c.name(p);
  return out;
}

struct Shape {
  std::uint64_t seed;
  std::size_t nodes;
  std::int32_t percentage;
  schedule::TieBreak tie_break;
};

class Twins {
 public:
  explicit Twins(const Shape& shape)
      : stream_(shape.seed, "twins"), cluster_(settings(shape, false)), plain_(settings(shape, true)) {
    cluster_.second = &plain_;
    plain_.rebuild(cluster_.view());
    for (std::size_t n = 0; n < shape.nodes; ++n) new_node();
    cluster_.line("service s app=a3");
    for (std::size_t p = 0; p < shape.nodes * 2; ++p) {
      new_pod();
      if (p % 8 == 7) decide(8);
    }
  }

  void step() {
    cluster_.now = cluster_.now + base::milliseconds(static_cast<std::int64_t>(below(8000)));
    const std::uint64_t what = below(24);
    if (what < 8) new_pod();
    if (what == 8) new_node();
    if (what == 9) retaint();
    if (what == 10) change_node();
    if (what == 11) cluster_.fact(event::NodeCordoned{any(nodes_), below(2) == 0});
    if (what >= 12 && what <= 14 && !placed_.empty()) remove(any(placed_));
    if (what == 15) terminate();
    if (what == 16 && below(2) == 0) drop_node();
    if (what == 17) relabel_pod();
    if (what == 18) pull_image();
    if (what == 19) change_budget();
    if (what == 20 && !waiting_.empty()) remove(any(waiting_));
    if (what >= 21) end_victims();
    decide(4);
  }

  std::size_t bound = 0, failed = 0, preempting = 0;

 private:
  static schedule::Settings settings(const Shape& shape, bool plain) {
    schedule::Settings s;
    s.seed = shape.seed;
    s.plain = plain;
    s.tie_break = shape.tie_break;
    s.percentage_of_nodes_to_score = shape.percentage;
    return s;
  }
  std::uint64_t below(std::uint64_t bound_) { return stream_.below(bound_, draws_++); }
  template <class T>
  T any(const std::vector<T>& list) {
    return list[below(list.size())];
  }

  // ---- Nodes ----

  void new_node() {
    const std::string name = fmt::format("n{}", made_++);
    const std::uint64_t taint = below(8);
    cluster_.line(fmt::format("node {} zone=z{} rack={} disk={} cpu={} memory={}Gi gpu={} image=app:{} {}", name,
                              below(3), below(6), below(2) == 0 ? "ssd" : "hdd", 2 + below(4), 2 + below(8), below(3),
                              below(3),
                              taint == 0   ? "taint=t:NoSchedule"
                              : taint == 1 ? "taint=u:PreferNoSchedule"
                                           : ""));
    nodes_.push_back(cluster_.node(name));
  }
  void retaint() {
    std::vector<model::Taint> taints;
    if (below(2) == 0) taints.push_back({"t", "", model::TaintEffect::NoSchedule});
    if (below(2) == 0) taints.push_back({"u", "x", model::TaintEffect::PreferNoSchedule});
    cluster_.fact(event::NodeTaintsChanged{any(nodes_), taints});
  }
  /// Labels or capacity; sometimes another node's hostname.
  void change_node() {
    const event::NodeId node = any(nodes_);
    model::Doc doc = *model::parse_json(cluster_.view().node(node).header.doc, "node");
    model::Doc& labels = doc["metadata"]["labels"];
    switch (below(5)) {
      case 0:
        labels[kZone] = model::Doc::string(fmt::format("z{}", below(4)));
        break;
      case 1:
        labels.erase(kRack);
        break;
      case 2:
        labels["disk"] = model::Doc::string(below(2) == 0 ? "ssd" : "hdd");
        break;
      case 3:
        labels[kHost] = model::Doc::string(fmt::format("n{}", below(made_)));
        break;
      default:
        doc["status"]["allocatable"]["cpu"] = model::Doc::string(std::to_string(1 + below(6)));
    }
    cluster_.fact(event::ObjectUpdated{node, model::to_canonical_json(doc), true});
  }
  void drop_node() {
    if (nodes_.size() < 5) return;
    const event::NodeId node = any(nodes_);
    for (const event::PodId p : std::vector<event::PodId>(placed_)) {
      if (cluster_.view().pod_node(p) == node) remove(p);
    }
    cluster_.fact(event::ObjectRemoved{node});
    std::erase(nodes_, node);
  }
  void pull_image() {
    if (placed_.empty()) return;
    cluster_.fact(event::ImagePulled{any(placed_), 0, 9'000'000'000, base::seconds(1)});
  }

  // ---- Pods ----

  void new_pod() {
    const std::string name = fmt::format("p{}", cluster_.state.pods.size());
    cluster_.line(fmt::format("pod {} app=a{} cpu={}m memory={}Mi priority={} {} {} image=app:{} {}", name, below(4),
                              100 + below(6) * 250, 64 + below(4) * 300, below(4) == 0 ? below(3) * 5 : 0,
                              below(12) == 0 ? fmt::format("port={}", 80 + below(2)) : "",
                              below(12) == 0 ? "gpu=1" : "", below(4), any(specs())));
    waiting_.push_back(cluster_.pod(name));
  }
  void relabel_pod() {
    if (placed_.empty() && waiting_.empty()) return;
    const event::PodId pod = placed_.empty() || (below(3) == 0 && !waiting_.empty()) ? any(waiting_) : any(placed_);
    model::Doc doc = cluster_.view().stored_doc(pod);
    doc["metadata"]["labels"]["app"] = model::Doc::string(fmt::format("a{}", below(4)));
    cluster_.fact(event::ObjectUpdated{pod, model::to_canonical_json(doc), false});
  }
  void terminate() {
    if (placed_.empty()) return;
    const event::PodId pod = any(placed_);
    if (cluster_.view().pod_terminating(pod)) return;
    cluster_.fact(event::PodDeletionStarted{pod, 30, event::DeletionReason::Deleted});
  }
  void remove(event::PodId pod) {
    cluster_.fact(event::PodRemoved{pod});
    std::erase(placed_, pod);
    std::erase(waiting_, pod);
    std::erase(victims_, pod);
  }
  void end_victims() {
    while (!victims_.empty()) remove(victims_.back());
  }

  // ---- Budgets ----

  void change_budget() {
    if (budgets_.size() < 3) {
      const std::string name = fmt::format("b{}", budgets_.size());
      cluster_.line(fmt::format("budget {} app=a{} allows {}", name, below(3), below(3)));
      budgets_.push_back(cluster_.view().find(model::Kind::PodDisruptionBudget, "default", name));
      return;
    }
    const event::Ref budget = any(budgets_);
    if (!cluster_.view().alive(budget)) return;
    if (below(10) == 0) return static_cast<void>(cluster_.fact(event::ObjectRemoved{budget}));
    cluster_.fact(event::PdbStatusChanged{budget.as<event::PdbId>(), 2, 1, 2, static_cast<std::int32_t>(below(3)), 1});
  }

  // ---- Decisions ----

  void decide(int most) {
    for (int i = 0; i < most; ++i) {
      const auto got = cluster_.scheduler.schedule_one(cluster_.view());
      const auto expected = plain_.schedule_one(cluster_.view());
      REQUIRE(got.has_value() == expected.has_value());
      if (!got) return;
      REQUIRE(text_of(cluster_, *got) == text_of(cluster_, *expected));
      cluster_.scheduler.end_attempt(cluster_.view());
      plain_.end_attempt(cluster_.view());
      follow(*got);
    }
  }
  void follow(const schedule::Decision& d) {
    if (d.outcome == schedule::Decision::Outcome::Bind) {
      ++bound;
      if (below(30) == 0) {
        cluster_.scheduler.binding_failed(d.pod, cluster_.view());
        plain_.binding_failed(d.pod, cluster_.view());
        return;
      }
      cluster_.fact(event::PodBound{d.pod, d.node});
      std::erase(waiting_, d.pod);
      placed_.push_back(d.pod);
      return;
    }
    ++failed;
    preempting += d.victims.empty() ? 0 : 1;
    if (d.nomination_changed) cluster_.fact(event::PodNominated{d.pod, d.nominated});
    for (const event::PodId p : d.cleared) cluster_.fact(event::PodNominated{p, event::NodeId()});
    for (const event::PodId p : d.victims) {
      if (cluster_.view().pod_terminating(p)) continue;
      cluster_.fact(event::PodDeletionStarted{p, 30, event::DeletionReason::Preempted});
      if (std::find(victims_.begin(), victims_.end(), p) == victims_.end()) victims_.push_back(p);
    }
  }

  base::Stream stream_;
  std::uint64_t draws_ = 0;
  Cluster cluster_;
  schedule::Scheduler plain_;
  std::vector<event::NodeId> nodes_;
  std::vector<event::PodId> placed_, waiting_, victims_;
  std::vector<event::Ref> budgets_;
  std::size_t made_ = 0;
};

struct Seen {
  std::size_t bound = 0, failed = 0, preempting = 0;
};

void walk(const Shape& shape, int steps, Seen& seen) {
  INFO("seed " << shape.seed << ", " << shape.nodes << " nodes, percentageOfNodesToScore " << shape.percentage);
  Twins twins(shape);
  for (int i = 0; i < steps; ++i) {
    INFO("step " << i);
    twins.step();
  }
  seen.bound += twins.bound;
  seen.failed += twins.failed;
  seen.preempting += twins.preempting;
}

}  // namespace

TEST_CASE("Incremental and plain scheduling decide the same") {
  Seen seen;
  SECTION("small clusters, all nodes scored") {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      walk({seed, 6 + seed % 9, 100, seed % 2 == 0 ? schedule::TieBreak::Random : schedule::TieBreak::Name}, 250, seen);
    }
  }
  SECTION("a hundred and more nodes, all scored") {
    for (std::uint64_t seed = 100; seed < 103; ++seed) walk({seed, 130, 100, schedule::TieBreak::Random}, 150, seen);
  }
  SECTION("a hundred and more nodes, some scored") {
    for (std::uint64_t seed = 200; seed < 202; ++seed) walk({seed, 260, 0, schedule::TieBreak::Random}, 100, seen);
    walk({202, 300, 40, schedule::TieBreak::Random}, 100, seen);
  }
  // The walks have to have been where it matters.
  CHECK(seen.bound > 500);
  CHECK(seen.failed > 100);
  CHECK(seen.preempting > 2);
}

TEST_CASE("An image that arrives between two cycles is seen by the next") {
  Cluster c;
  c.line("node n1 cpu=1000 memory=1000Gi");
  c.line("node n2 cpu=1000 memory=1000Gi");
  c.line("placed q on n2 cpu=1m image=big:1");
  c.line("pod p1 cpu=1m image=big:1");
  CHECK(c.attempt() == "p1 -> n1");  // nothing tells the nodes apart but their names
  c.fact(event::ImagePulled{c.pod("q"), 0, 900'000'000, base::seconds(1)});
  c.line("pod p2 cpu=1m image=big:1");
  CHECK(c.attempt() == "p2 -> n2");
}
