// Nodes that fall silent: a timeline of what the control plane does about it. Monitor every 5 s, grace 50 s, as
// in 1.34.
#include <catch2/catch.hpp>

#include <map>
#include <sstream>

#include "engine/log/memory_journal.h"
#include "engine/loop/control_plane.h"

using namespace wavetank;
using base::seconds;
using base::SimTime;

namespace {

/// A control plane without latencies; a row of nodes "zone-number" that renew their leases every 10 s.
class Nodes {
 public:
  explicit Nodes(const std::map<std::string, int>& zones) {
    loop::Settings s;
    s.watch_delay = s.api_latency = s.scheduling_time = base::Duration{};
    s.controller_client = s.scheduler_client = {0, 0};
    plane_ = std::make_unique<loop::ControlPlane>(s, journal_, world_);
    plane_->add_observer(recorder_);
    plane_->start_run("nodes", 1, 0);
    for (const auto& [zone, count] : zones) {
      for (int i = 0; i < count; ++i) add(zone + "-" + std::to_string(i), zone);
    }
    run_to(1);
  }

  void add(const std::string& name, const std::string& zone) {
    request(command::ApplyObject{R"({"apiVersion":"v1","kind":"Node","metadata":{"name":")" + name +
                                     R"(","labels":{"topology.kubernetes.io/zone":")" + zone +
                                     R"("}},"status":{"capacity":{"cpu":"64","memory":"256Gi","pods":"110"}}})",
                                 command::ApplyObject::Mode::Create});
    back(name);
  }
  /// The agent stops: its last renewal was at `last_s`.
  void stop(const std::string& name, int last_s) {
    plane_->submit(now_, {0, command::ReportHeartbeatsStopped{{id(name), SimTime{} + seconds(last_s)}}});
  }
  void back(const std::string& name) {
    plane_->submit(now_, {0, command::ReportHeartbeatsBegan{{id(name), seconds(10)}}});
    static constexpr const char* kReasons[] = {"KubeletReady", "KubeletHasSufficientMemory", "KubeletHasNoDiskPressure",
                                               "KubeletHasSufficientPID"};
    for (int type = 0; type < 4; ++type) {
      plane_->submit(
          now_,
          {0, command::ReportNodeCondition{{id(name), static_cast<event::NodeConditionType>(type),
                                            type == 0 ? event::ConditionStatus::True : event::ConditionStatus::False,
                                            kReasons[type], "-"}}});
    }
  }
  void pod(const std::string& name, const std::string& node, const std::string& tolerations) {
    request(command::ApplyObject{R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":")" + name +
                                     R"("},"spec":{"nodeName":")" + node + R"(","tolerations":[)" + tolerations +
                                     R"(],"containers":[{"name":"c","image":"app:1"}]}})",
                                 command::ApplyObject::Mode::Create});
    const auto p = view().find(model::Kind::Pod, "default", name).as<event::PodId>();
    for (const command::Payload& report :
         {command::Payload(command::ReportContainerStarted{{p, 0}}),
          command::Payload(command::ReportPodPhase{{p, event::Phase::Running, ""}}),
          command::Payload(command::ReportPodReady{{p, true, event::ReadyReason::None}})}) {
      plane_->submit(now_, {0, report});
    }
  }
  void request(command::Payload payload) { REQUIRE(plane_->request(now_, "test", "test", std::move(payload)).ok()); }

  void run_to(int at_s) {
    const SimTime until = SimTime{} + seconds(at_s);
    plane_->step(now_);
    for (SimTime next = plane_->next_wakeup(); next <= until; next = plane_->next_wakeup()) plane_->step(now_ = next);
    now_ = until;
  }

  /// What happened from `from_s` on, one line an event: "55 a-0 Ready Unknown".
  std::string timeline(int from_s) {
    std::ostringstream out;
    for (const event::Event& e : recorder_.events) {
      std::string line;
      if (const auto* c = std::get_if<event::NodeConditionChanged>(&e.payload)) {
        static constexpr const char* kStatus[] = {"Unknown", "False", "True"};
        if (c->type == event::NodeConditionType::Ready)
          line = name(c->node) + " Ready " + kStatus[static_cast<int>(c->status)];
      } else if (const auto* t = std::get_if<event::NodeTaintsChanged>(&e.payload)) {
        line = name(t->node) + " taints" + text(t->taints);
      } else if (const auto* r = std::get_if<event::PodReadyChanged>(&e.payload)) {
        line = name(r->pod) + (r->ready ? " ready" : " not ready");
      } else if (const auto* d = std::get_if<event::PodDeletionStarted>(&e.payload)) {
        line = name(d->pod) + " deleted";
      } else if (const auto* g = std::get_if<event::PodRemoved>(&e.payload)) {
        line = name(g->pod) + " gone";
      }
      if (!line.empty() && e.time >= SimTime{} + seconds(from_s))
        out << e.time.ns / 1'000'000'000 << " " << line << "\n";
    }
    return out.str();
  }
  /// "a 3, b 1": nodes with a NoExecute taint of the controller, by zone.
  std::map<std::string, int> evicted() {
    std::map<std::string, int> out;
    for (const state::NodeRow& node : view()->nodes) {
      for (const model::Taint& t : node.spec.taints) {
        if (t.effect == model::TaintEffect::NoExecute) ++out[std::string(view().text(node.zone))];
      }
    }
    return out;
  }
  state::ClusterView view() const { return plane_->view(now_); }

 private:
  event::NodeId id(const std::string& name) const {
    return view().find(model::Kind::Node, "", name).as<event::NodeId>();
  }
  std::string name(event::Ref ref) const { return std::string(view().bare_name(ref)); }
  static std::string text(const std::vector<model::Taint>& taints) {
    static constexpr const char* kEffects[] = {"NoSchedule", "PreferNoSchedule", "NoExecute"};
    std::string out;
    for (const model::Taint& t : taints)
      out += " " + t.key.substr(t.key.find('/') + 1) + ":" + kEffects[static_cast<int>(t.effect)];
    return out.empty() ? " none" : out;
  }

  struct Recorder final : state::Observer {
    std::vector<event::Event> events;
    void observe(const event::Event& event, const state::ClusterView&) override { events.push_back(event); }
  };
  log::MemoryJournal journal_;
  loop::EmptyWorld world_;
  Recorder recorder_;
  std::unique_ptr<loop::ControlPlane> plane_;
  SimTime now_;
};

constexpr const char* kForever = R"({"operator":"Exists"})";
constexpr const char* kFive =
    R"({"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":5})";

}  // namespace

TEST_CASE(
    "A silent node: Unknown after grace, its pods not Ready, NoExecute a monitor period later, evictions as "
    "tolerated") {
  Nodes cluster({{"a", 2}});
  cluster.pod("default", "a-0", "");
  cluster.pod("forever", "a-0", kForever);
  cluster.pod("five", "a-0", kFive);
  cluster.run_to(12);
  cluster.stop("a-0", 10);
  cluster.run_to(400);
  // The monitor saw the last renewal at 10.
  CHECK(cluster.timeline(12) ==
        "60 a-0 Ready Unknown\n"
        "60 default not ready\n"
        "60 forever not ready\n"
        "60 five not ready\n"
        "60 a-0 taints unreachable:NoSchedule\n"
        "65 a-0 taints unreachable:NoSchedule unreachable:NoExecute\n"
        "70 five deleted\n"
        "365 default deleted\n");
}

TEST_CASE(
    "A node that comes back: NoSchedule goes at once, NoExecute when the monitor looks, pods within their time stay") {
  Nodes cluster({{"a", 2}});
  cluster.pod("default", "a-0", "");
  cluster.run_to(12);
  cluster.stop("a-0", 11);
  cluster.run_to(92);
  cluster.back("a-0");
  cluster.run_to(500);
  // The renewal of 11 is seen at 15.
  CHECK(cluster.timeline(12) ==
        "65 a-0 Ready Unknown\n"
        "65 default not ready\n"
        "65 a-0 taints unreachable:NoSchedule\n"
        "70 a-0 taints unreachable:NoSchedule unreachable:NoExecute\n"
        "92 a-0 Ready True\n"
        "92 a-0 taints unreachable:NoExecute\n"
        "95 a-0 taints none\n");
}

TEST_CASE("A healthy node costs nothing: no wake-up is due") {
  Nodes cluster({{"a", 3}});
  cluster.run_to(3600);
  CHECK(cluster.timeline(2).empty());
}

TEST_CASE("Zones: how fast nodes are evicted") {
  struct Row {
    const char* what;
    std::map<std::string, int> zones;
    std::map<std::string, int> lost;
    int at_s;  ///< All renewals end at 10: Unknown at 60, queued at 65.
    std::map<std::string, int> evicted;
  };
  const Row rows[] = {
      {"one of many: at once", {{"a", 10}}, {{"a", 1}}, 65, {{"a", 1}}},
      {"0.1 a second: the second after 10 s", {{"a", 10}}, {{"a", 3}}, 74, {{"a", 1}}},
      {"0.1 a second: the third after 20 s", {{"a", 10}}, {{"a", 3}}, 85, {{"a", 3}}},
      {"more than 55 % of a small zone: none", {{"a", 10}, {"b", 4}}, {{"a", 6}}, 2000, {}},
      {"more than 55 % of a zone of over 50: 0.01 a second", {{"a", 60}, {"b", 4}}, {{"a", 40}}, 65, {{"a", 1}}},
      {"… a hundred seconds on", {{"a", 60}, {"b", 4}}, {{"a", 40}}, 165, {{"a", 2}}},
      {"two of three are no partial disruption", {{"a", 3}, {"b", 4}}, {{"a", 2}}, 75, {{"a", 2}}},
      {"a whole zone: the normal rate", {{"a", 4}, {"b", 4}}, {{"a", 4}}, 75, {{"a", 2}}},
      {"each zone has a rate of its own", {{"a", 10}, {"b", 10}}, {{"a", 2}, {"b", 2}}, 65, {{"a", 1}, {"b", 1}}},
      {"every zone wholly lost: none", {{"a", 4}, {"b", 4}}, {{"a", 4}, {"b", 4}}, 2000, {}},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    Nodes cluster(row.zones);
    cluster.run_to(12);
    for (const auto& [zone, count] : row.lost) {
      for (int i = 0; i < count; ++i) cluster.stop(zone + "-" + std::to_string(i), 10);
    }
    cluster.run_to(row.at_s);
    CHECK(cluster.evicted() == row.evicted);
  }
}

TEST_CASE("When the last zone goes dark the taints of the others are lifted, and evictions stop") {
  Nodes cluster({{"a", 3}, {"b", 3}});
  cluster.run_to(12);
  for (const char* n : {"a-0", "a-1", "a-2"}) cluster.stop(n, 10);
  cluster.run_to(100);
  CHECK(cluster.evicted() == std::map<std::string, int>{{"a", 3}});
  for (const char* n : {"b-0", "b-1", "b-2"}) cluster.stop(n, 100);
  cluster.run_to(160);
  CHECK(cluster.evicted().empty());
}

TEST_CASE("A NoExecute taint by hand: untolerated now, in time later, tolerated never") {
  Nodes cluster({{"a", 2}});
  const std::string tolerate = R"({"key":"mt","operator":"Equal","value":"v","effect":"NoExecute")";
  cluster.pod("none", "a-0", "");
  cluster.pod("three", "a-0", tolerate + R"(,"tolerationSeconds":3})");
  cluster.pod("forever", "a-0", tolerate + "}");
  cluster.pod("thirty", "a-0", tolerate + R"(,"tolerationSeconds":30})");
  cluster.pod("elsewhere", "a-1", "");
  cluster.run_to(10);
  const auto node = cluster.view().find(model::Kind::Node, "", "a-0").as<event::NodeId>();
  cluster.request(command::SetTaint{node, {"mt", "v", model::TaintEffect::NoExecute}, false});
  cluster.run_to(18);
  cluster.request(command::SetTaint{node, {"mt", "v", model::TaintEffect::NoExecute}, true});
  cluster.run_to(100);
  CHECK(cluster.timeline(10) ==
        "10 a-0 taints mt:NoExecute\n"
        "10 none deleted\n"
        "13 three deleted\n"
        "18 a-0 taints none\n");
}

TEST_CASE("Of several NoExecute taints the shortest toleration counts, from when a pod met the first of them") {
  Nodes cluster({{"a", 1}});
  const std::string x = R"({"key":"x","operator":"Exists","effect":"NoExecute","tolerationSeconds":40})";
  const std::string y = R"({"key":"y","operator":"Exists","effect":"NoExecute","tolerationSeconds":20})";
  cluster.pod("both", "a-0", x + "," + y);
  cluster.pod("longer", "a-0", x + R"(,{"key":"y","operator":"Exists"})");
  cluster.run_to(10);
  const auto node = cluster.view().find(model::Kind::Node, "", "a-0").as<event::NodeId>();
  for (const char* key : {"x", "y"})
    cluster.request(command::SetTaint{node, {key, "", model::TaintEffect::NoExecute}, false});
  cluster.run_to(25);
  cluster.pod("late", "a-0", x + "," + y);
  cluster.run_to(100);
  const std::string told = cluster.timeline(26);
  CHECK(told ==
        "30 both deleted\n"
        "45 late deleted\n"
        "50 longer deleted\n");
}

TEST_CASE("Nodes that are excluded from disruption do not count in their zone") {
  // Six of ten are lost, three of the six excluded: 3 of 7 is no partial disruption.
  Nodes cluster({{"a", 10}, {"b", 1}});
  for (const char* n : {"a-0", "a-1", "a-2"})
    cluster.request(command::SetLabel{cluster.view().find(model::Kind::Node, "", n),
                                      "node.kubernetes.io/exclude-disruption", "true"});
  cluster.run_to(12);
  for (const char* n : {"a-0", "a-1", "a-2", "a-3", "a-4", "a-5"}) cluster.stop(n, 10);
  cluster.run_to(120);
  CHECK(cluster.evicted() == std::map<std::string, int>{{"a", 6}});
}

TEST_CASE("Cordoning and pressure show as taints; other taints stay") {
  Nodes cluster({{"a", 1}});
  const auto node = cluster.view().find(model::Kind::Node, "", "a-0").as<event::NodeId>();
  cluster.request(command::SetTaint{node, {"mine", "", model::TaintEffect::NoSchedule}, false});
  cluster.run_to(10);
  cluster.request(command::CordonNode{node, true});
  cluster.run_to(11);
  cluster.request(command::CordonNode{node, false});
  cluster.run_to(12);
  CHECK(cluster.timeline(10) ==
        "10 a-0 taints mine:NoSchedule unschedulable:NoSchedule\n"
        "11 a-0 taints mine:NoSchedule\n");
}

TEST_CASE("Pods of a deleted node go after 40 s of absence, on the garbage collector's grid of 20 s") {
  Nodes cluster({{"a", 2}});
  cluster.pod("p", "a-0", kForever);
  cluster.run_to(25);
  cluster.request(
      command::DeleteObject{cluster.view().find(model::Kind::Node, "", "a-0"), event::Propagation::Background, {}});
  cluster.run_to(200);
  CHECK(cluster.timeline(25) == "80 p deleted\n80 p gone\n");
}
