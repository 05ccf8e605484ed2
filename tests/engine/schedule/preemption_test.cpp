// Preemption beyond what the golden cases hold: its dry runs by arithmetic equal those that ask every plugin, in random
// full clusters; and what happens between a nomination and its end.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "engine/base/prng.h"
#include "engine/model/decode.h"
#include "engine/schedule/preemption.h"
#include "tests/engine/schedule/table.h"

using namespace wavetank;
using schedule_table::Cluster;

namespace {

constexpr const char* kSpecs[] = {
    "",
    "",
    "",
    "",
    "{tolerations: [{key: t, operator: Exists}]}",
    "{nodeSelector: {disk: ssd}}",
    "{topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: "
    "DoNotSchedule, labelSelector: {matchLabels: {app: a1}}}]}",
    "{affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: "
    "kubernetes.io/hostname, labelSelector: {matchLabels: {app: a2}}}]}}}",
    "{affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: "
    "topology.kubernetes.io/zone, labelSelector: {matchLabels: {app: a0}}}]}}}",
};

/// The parts of one scheduler.
struct Side {
  explicit Side(bool plain)
      : evaluator(schedule::default_profile(), cache, nominations), preempter(evaluator, cache, nominations) {
    evaluator.set_plain(plain);
    preempter.set_plain(plain);
  }
  schedule::Cache cache;
  schedule::Nominations nominations;
  schedule::Evaluator evaluator;
  schedule::Preempter preempter;
};

class Walk {
 public:
  explicit Walk(std::uint64_t seed) : stream_(seed, "preemption"), specs_(seed % 2 == 0 ? std::size(kSpecs) : 4) {
    for (int n = 0; n < 10; ++n) new_node();
    for (int i = 0; i < 60; ++i) put_pod();
  }

  void step() {
    cluster_.now = cluster_.now + base::seconds(7);
    switch (below(14)) {
      case 0:
        return new_budget();
      case 1:
      case 2:
        return change_budget();
      case 3:
        return change_node();
      case 4:
        return remove_pod();
      case 5:
        return terminate_pod();
      case 6:
        return nominate();
      case 7:
        return assume_or_confirm();
      case 8:
        return put_pod();
      default:
        return compare_one();
    }
  }
  std::size_t candidates = 0, rejections = 0, violations = 0;

 private:
  std::uint64_t below(std::uint64_t bound) { return stream_.below(bound, draws_++); }
  [[nodiscard]] state::ClusterView view() const { return cluster_.view(); }
  template <class F>
  void both(F&& f) {
    f(kept_);
    f(plain_);
  }

  void new_node() {
    const std::string name = fmt::format("n{}", nodes_.size());
    cluster_.line(fmt::format("node {} zone=z{} disk={} cpu=3 gpu=2 memory=3Gi pods={} {}", name, below(3),
                              below(2) == 0 ? "ssd" : "hdd", below(3) == 0 ? 5 : 110,
                              below(6) == 0 ? "taint=t:NoSchedule" : ""));
    nodes_.push_back(cluster_.node(name));
    both([&](Side& s) { s.cache.put_node(nodes_.back(), view()); });
  }
  void change_node() {
    const event::NodeId node = nodes_[below(nodes_.size())];
    if (below(2) == 0) {
      cluster_.fact(event::NodeCordoned{node, below(2) == 0});
      return both([&](Side& s) { s.cache.put_taints(node, view()); });
    }
    model::Doc doc = *model::parse_json(view().node(node).header.doc, "node");
    doc["metadata"]["labels"]["topology.kubernetes.io/zone"] = model::Doc::string(fmt::format("z{}", below(3)));
    doc["status"]["allocatable"]["cpu"] = model::Doc::string(fmt::format("{}", 2 + below(3)));
    cluster_.fact(event::ObjectUpdated{node, model::to_canonical_json(doc), true});
    both([&](Side& s) { s.cache.put_node(node, view()); });
  }
  event::NodeId any_node() { return nodes_[below(nodes_.size())]; }

  event::PodId new_pod(std::uint64_t priorities) {
    return make_pod(fmt::format("cpu={}m memory={}Mi priority={} {} {} {}", 100 + below(8) * 150, 64 + below(4) * 200,
                                below(priorities), below(4) == 0 ? fmt::format("port={}", 80 + below(2)) : "",
                                below(4) == 0 ? fmt::format("gpu={}", 1 + below(2)) : "", kSpecs[below(specs_)]));
  }
  /// Of few kinds, so that what was found for one holds for the next.
  event::PodId new_preemptor() {
    return make_pod(fmt::format("cpu={} priority={} {} {} {}", 1 + below(2), 3 + 4 * below(2),
                                below(6) == 0 ? "port=80" : "", below(6) == 0 ? "gpu=1" : "", kSpecs[below(specs_)]));
  }
  event::PodId make_pod(const std::string& words) {
    const std::string name = fmt::format("p{}", cluster_.state.pods.size());
    cluster_.line(fmt::format("pod {} app=a{} tier=t{} {}", name, below(4), below(3), words));
    return cluster_.pod(name);
  }
  void place(event::PodId pod, event::NodeId node, bool assumed) {
    both([&](Side& s) { s.cache.place(pod, cluster_.state.pods.tmpl[pod.index()], node, false, assumed, view()); });
    placed_.push_back(pod);
  }
  void put_pod() {
    const event::PodId pod = new_pod(4);
    const event::NodeId node = any_node();
    cluster_.fact(event::PodBound{pod, node});
    place(pod, node, false);
  }
  void remove(event::PodId pod) {
    if (pod == assumed_) return;
    std::erase(placed_, pod);
    cluster_.fact(event::PodRemoved{pod});
    both([&](Side& s) { s.cache.take(pod); });
  }
  void remove_pod() {
    if (placed_.size() > 30) remove(placed_[below(placed_.size())]);
  }
  void terminate_pod() {
    const event::PodId pod = placed_[below(placed_.size())];
    if (pod == assumed_ || view().pod_terminating(pod)) return;
    cluster_.fact(event::PodDeletionStarted{
        pod, 30, below(2) == 0 ? event::DeletionReason::Preempted : event::DeletionReason::Deleted});
    both([&](Side& s) { s.cache.set_terminating(pod); });
  }
  void assume_or_confirm() {
    if (!assumed_.valid()) {
      assumed_ = new_pod(3);
      assumed_node_ = any_node();
      return place(assumed_, assumed_node_, true);
    }
    cluster_.fact(event::PodBound{assumed_, assumed_node_});
    both([&](Side& s) { s.cache.confirm(assumed_); });
    assumed_ = event::PodId();
  }
  void nominate() {
    if (nominated_.size() > 3 || (below(2) == 0 && !nominated_.empty())) {
      const event::PodId gone = nominated_[below(nominated_.size())];
      std::erase(nominated_, gone);
      return both([&](Side& s) { s.nominations.remove(gone); });
    }
    const event::PodId pod = new_pod(8);
    const event::NodeId node = any_node();
    nominated_.push_back(pod);
    both([&](Side& s) {
      s.nominations.set({pod, node, cluster_.state.pods.tmpl[pod.index()], cluster_.state.pods.priority[pod.index()]});
    });
  }
  void new_budget() {
    if (cluster_.state.pdbs.size() >= 12) return;
    cluster_.line(fmt::format("budget b{} {} allows {}", cluster_.state.pdbs.size(),
                              below(2) == 0 ? fmt::format("app=a{}", below(4)) : fmt::format("tier=t{}", below(3)),
                              below(4)));
  }
  void change_budget() {
    if (cluster_.state.pdbs.empty()) return;
    const event::PdbId pdb(below(cluster_.state.pdbs.size()));
    if (below(8) == 0) {
      if (view()->pdbs[pdb.index()].header.alive) cluster_.fact(event::ObjectRemoved{pdb});
    } else if (below(2) == 0) {
      cluster_.fact(event::PdbDisruptionRecorded{pdb, placed_[below(placed_.size())]});
    } else {
      cluster_.fact(event::PdbStatusChanged{pdb, 1, 1, 1, static_cast<std::int32_t>(below(4)), 1});
    }
  }

  [[nodiscard]] std::string text_of(const schedule::Preemption& p, const Side& s) const {
    std::string out = fmt::format("message {} clears {}\n", p.message, p.clears_nomination);
    for (const schedule::Candidate& c : p.candidates) {
      out += fmt::format("{} violating {} evicting", cluster_.name(c.node), c.pdb_violations);
      for (const event::PodId v : c.victims) out += " " + cluster_.name(v);
      out += "\n";
    }
    for (const std::size_t i : p.ties) out += fmt::format("tie {}\n", i);
    for (const auto& [node, v] : p.rejected)
      out += fmt::format("{} rejected {}\n", cluster_.name(node), fmt::join(s.evaluator.reasons(v), ", "));
    for (const event::NodeId n : p.without_victims) out += cluster_.name(n) + " has no victims\n";
    return out;
  }

  void compare_one() {
    const event::PodId pod = new_preemptor();
    const schedule::Evaluator::Request request{
        pod, cluster_.state.pods.tmpl[pod.index()], {}, cluster_.state.pods.priority[pod.index()], 100, true};
    const bool fits = kept_.evaluator.run(request, view()).tie_count > 0;
    REQUIRE((plain_.evaluator.run(request, view()).tie_count > 0) == fits);
    if (fits) return place_found(pod);
    const schedule::Preemption got = kept_.preempter.run({request, draws_, true}, view());
    const schedule::Preemption expected = plain_.preempter.run({request, draws_, true}, view());
    REQUIRE(text_of(got, kept_) == text_of(expected, plain_));
    candidates += got.candidates.size();
    rejections += got.rejected.size();
    for (const schedule::Candidate& c : got.candidates) {
      REQUIRE(kept_.preempter.victims(c, view()) == c.victims);
      violations += c.pdb_violations;
    }
    if (got.ties.empty() || below(2) == 0) return;
    const schedule::Candidate& chosen = got.candidates[got.ties.front()];
    for (const event::PodId v : chosen.victims) remove(v);
    cluster_.fact(event::PodBound{pod, chosen.node});
    place(pod, chosen.node, false);
  }
  void place_found(event::PodId pod) {
    const event::NodeId node = kept_.evaluator.attempt().ties.front();
    cluster_.fact(event::PodBound{pod, node});
    place(pod, node, false);
  }

  base::Stream stream_;
  std::size_t specs_;
  std::uint64_t draws_ = 0;
  Cluster cluster_;
  Side kept_{false}, plain_{true};
  std::vector<event::NodeId> nodes_;
  std::vector<event::PodId> placed_, nominated_;
  event::PodId assumed_;
  event::NodeId assumed_node_;
};

/// A preemption whose victims take their time: nominated, and every victim told to go.
schedule::Decision begin_preemption(Cluster& c) {
  const auto d = c.scheduler.schedule_one(c.view());
  REQUIRE(d);
  REQUIRE(d->nominated.valid());
  c.fact(event::PodNominated{d->pod, d->nominated});
  for (const event::PodId p : d->cleared) c.fact(event::PodNominated{p, event::NodeId()});
  for (const event::PodId v : d->victims) c.fact(event::PodDeletionStarted{v, 30, event::DeletionReason::Preempted});
  return *d;
}
void wait(Cluster& c) { c.now = c.now + base::seconds(15); }

}  // namespace

TEST_CASE("Dry runs by arithmetic find what dry runs with every plugin find") {
  std::size_t candidates = 0;
  std::size_t rejections = 0;
  std::size_t violations = 0;
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    INFO("seed " << seed);
    Walk walk(seed);
    for (int i = 0; i < 200; ++i) walk.step();
    candidates += walk.candidates;
    rejections += walk.rejections;
    violations += walk.violations;
  }
  CHECK(candidates > 2000);
  CHECK(rejections > 500);
  CHECK(violations > 200);
}

TEST_CASE("A preemptor is tried when a victim is gone, and runs when the last one is") {
  Cluster c;
  c.line("node n1 cpu=2");
  c.line("placed v1 on n1 cpu=1 priority=1");
  c.line("placed v2 on n1 cpu=1 priority=1");
  c.line("pod high cpu=2 priority=9");
  REQUIRE(begin_preemption(c).victims.size() == 2);
  wait(c);
  CHECK_FALSE(c.scheduler.has_work(c.now));
  c.fact(event::PodRemoved{c.pod("v1")});
  const auto again = c.scheduler.schedule_one(c.view());
  REQUIRE(again);
  CHECK(again->message ==
        "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to a "
        "terminating pod on the nominated node.");
  CHECK_FALSE(again->nomination_changed);
  wait(c);
  CHECK_FALSE(c.scheduler.has_work(c.now));
  c.fact(event::PodRemoved{c.pod("v2")});
  CHECK(c.attempt() == "high -> n1");
}

TEST_CASE("Room made for one pod is not given to a lesser one, unless the pod goes") {
  Cluster c;
  c.line("node n1 cpu=2");
  c.line("placed v1 on n1 cpu=2 priority=1");
  c.line("pod high cpu=2 priority=9");
  begin_preemption(c);
  c.fact(event::PodRemoved{c.pod("v1")});
  c.line("pod equal cpu=1 priority=9");
  c.line("pod low cpu=1 priority=3");
  SECTION("it stays") {
    // The active queue goes before the back-off in which `high` still is.
    CHECK(c.attempt() ==
          "equal -> none: 0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 "
          "nodes are available: 1 No preemption victims found for incoming pod.");
    CHECK(c.attempt() ==
          "low -> none: 0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 "
          "nodes are available: 1 No preemption victims found for incoming pod.");
    CHECK(c.attempt() == "high -> n1");
  }
  SECTION("it is deleted") {
    c.fact(event::PodRemoved{c.pod("high")});
    CHECK(c.attempt() == "equal -> n1");
    CHECK(c.attempt() == "low -> n1");
  }
}

TEST_CASE("Who preempts on a node takes its room from lesser pods nominated there") {
  Cluster c;
  c.line("node n1 cpu=2");
  c.line("placed v1 on n1 cpu=1 priority=1");
  c.line("placed v2 on n1 cpu=1 priority=2");
  c.line("pod mid cpu=1 priority=5");
  CHECK(c.name(begin_preemption(c).victims.front()) == "v1");
  c.line("pod high cpu=2 priority=9");
  const schedule::Decision d = begin_preemption(c);
  REQUIRE(d.cleared.size() == 1);
  CHECK(c.name(d.cleared.front()) == "mid");
  CHECK(d.victims.size() == 2);
}

TEST_CASE("Spread: a pod that is ending is not counted, yet a dry run counts it out") {
  Cluster c;
  const std::string spread =
      "{topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: "
      "DoNotSchedule, labelSelector: {matchLabels: {app: x}}}]}";
  for (const char* line : {"node a zone=a", "node a2 zone=a cpu=1", "node b zone=b cpu=1",
                           "placed stays on a2 cpu=1 app=x", "placed ends on a cpu=1 app=x"})
    c.line(line);
  const auto try_one = [&](const std::string& name) {
    c.line("pod " + name + " cpu=2 app=x priority=5 " + spread);
    return c.attempt();
  };
  CHECK(try_one("p1") ==
        "p1 -> none: 0/3 nodes are available: 1 node(s) didn't match pod topology spread constraints, 2 "
        "Insufficient cpu. no new claims to deallocate, preemption: 0/3 nodes are available: 1 node(s) "
        "didn't match pod topology spread constraints, 2 Preemption is not helpful for scheduling.");
  c.fact(event::PodRemoved{c.pod("p1")});
  c.fact(event::PodDeletionStarted{c.pod("ends"), 30, event::DeletionReason::Deleted});
  CHECK(try_one("p2") == "p2 -> evicts ends on a");
}

TEST_CASE("A nomination to a node that went is forgotten") {
  Cluster c;
  c.line("node n1 cpu=2");
  c.line("placed v1 on n1 cpu=2 priority=1");
  c.line("pod high cpu=2 priority=9");
  begin_preemption(c);
  c.fact(event::PodRemoved{c.pod("v1")});
  c.fact(event::ObjectRemoved{c.node("n1")});
  SECTION("the pod preempts elsewhere") {
    c.line("node n2 cpu=2");
    c.line("placed v2 on n2 cpu=2 priority=1");
    wait(c);
    CHECK(c.attempt() == "high -> evicts v2 on n2");
  }
  SECTION("or finds no help") {
    c.line("node n2 cpu=1");
    wait(c);
    const auto d = c.scheduler.schedule_one(c.view());
    REQUIRE(d);
    CHECK(d->nomination_changed);
    CHECK_FALSE(d->nominated.valid());
  }
}

TEST_CASE("Budgets: a pod takes from each that covers it; one with an empty selector covers none") {
  CHECK(schedule_table::differences(R"(
    node n1 cpu=2
    node n2 cpu=2
    budget web app=web allows 1
    budget gold tier=gold allows 1
    budget all allows 0
    # n1 would use up both budgets, n2 none of them
    placed w1 on n1 cpu=1 app=web tier=gold priority=1
    placed w2 on n1 cpu=1 app=web tier=gold priority=1
    placed b1 on n2 cpu=1 app=batch priority=7
    placed b2 on n2 cpu=1 app=batch priority=7
    pod p1 cpu=2 priority=9 -> evicts b1 b2 on n2
  )") == "");
}
