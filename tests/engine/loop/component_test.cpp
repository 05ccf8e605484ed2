// Parts of the control plane that go down and come back: what waits, what is refused, what happens after.
#include <catch2/catch.hpp>

#include "engine/log/memory_journal.h"
#include "engine/loop/control_plane.h"

using namespace wavetank;
using base::milliseconds;
using base::seconds;
using base::SimTime;
using event::Component;

namespace {

struct Rig {
  explicit Rig(const loop::Settings& settings = {}) : plane(settings, journal, world) {
    plane.start_run("test", 1, 0);
    REQUIRE(apply(R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"},
              "status":{"capacity":{"cpu":"64","memory":"256Gi","pods":"200"},"conditions":[{"type":"Ready","status":"True"}]}})"));
  }
  bool apply(const std::string& doc) {
    const auto outcome =
        plane.request(now, "test", "kubectl apply", command::ApplyObject{doc, command::ApplyObject::Mode::Apply});
    if (!outcome.ok()) refusal = outcome.rejection->reason;
    return outcome.ok();
  }
  bool deployment(const std::string& name, int replicas) {
    return apply(R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":")" + name +
                 R"("},"spec":{"replicas":)" + std::to_string(replicas) + R"(,"selector":{"matchLabels":{"app":")" +
                 name + R"("}},"template":{"metadata":{"labels":{"app":")" + name +
                 R"("}},"spec":{"tolerations":[{"operator":"Exists"}],"containers":[{"name":"c","image":"i"}]}}}})");
  }
  void set(Component component, bool up) { plane.submit(now, {0, command::SetComponent{component, up}}); }
  void run_until(SimTime end) {
    while (plane.next_wakeup() <= end) {
      now = plane.next_wakeup();
      plane.step(now);
    }
    now = end;
  }
  int pods(bool bound) const {
    const state::ClusterView view = plane.view(now);
    int n = 0;
    for (std::size_t p = 0; p < view->pods.size(); ++p)
      n += view.pod_alive(event::PodId(p)) && view.pod_node(event::PodId(p)).valid() == bound ? 1 : 0;
    return n;
  }
  log::MemoryJournal journal;
  loop::EmptyWorld world;
  loop::ControlPlane plane;
  SimTime now;
  std::string refusal;
};

SimTime at(std::int64_t s) { return {seconds(s).ns}; }

}  // namespace

TEST_CASE("Without controllers nothing is made; the next leader finds what there is to do") {
  Rig rig;
  rig.run_until(at(10));
  rig.set(Component::ControllerManager, false);
  REQUIRE(rig.deployment("web", 3));
  rig.run_until(at(3600));
  CHECK(rig.pods(false) + rig.pods(true) == 0);
  rig.set(Component::ControllerManager, true);
  rig.run_until(at(3602));
  CHECK(rig.pods(true) == 3);
}

TEST_CASE("What controllers had under way is lost with them, and done once by the next") {
  loop::Settings settings;
  settings.controller_client = {10, 1};  // ten pods a second
  Rig rig(settings);
  rig.run_until(at(10));
  REQUIRE(rig.deployment("web", 40));
  rig.run_until(at(12));
  const int before = rig.pods(true) + rig.pods(false);
  CHECK(before > 5);
  CHECK(before < 30);
  rig.set(Component::ControllerManager, false);
  rig.run_until(at(60));
  CHECK(rig.pods(true) + rig.pods(false) == before);
  rig.set(Component::ControllerManager, true);
  rig.run_until(at(120));
  CHECK(rig.pods(true) == 40);
}

TEST_CASE("Without a scheduler pods wait; the next one finds them") {
  Rig rig;
  rig.run_until(at(10));
  rig.set(Component::Scheduler, false);
  REQUIRE(rig.deployment("web", 3));
  rig.run_until(at(100));
  CHECK(rig.pods(false) == 3);
  rig.set(Component::Scheduler, true);
  rig.run_until(at(101));
  CHECK(rig.pods(true) == 3);
}

TEST_CASE("A scheduler that dies between a decision and its binding binds nothing") {
  Rig rig;
  rig.run_until(at(10));
  REQUIRE(rig.deployment("web", 1));
  while (rig.pods(false) == 0) {
    rig.now = rig.plane.next_wakeup();
    rig.plane.step(rig.now);
  }
  rig.run_until(rig.now + milliseconds(7));  // heard after 5 ms, decided after 1 ms more, bound 10 ms later
  CHECK(rig.plane.counters().cycles == 1);
  rig.set(Component::Scheduler, false);
  rig.run_until(at(60));
  CHECK(rig.pods(false) == 1);
  rig.set(Component::Scheduler, true);
  rig.run_until(at(61));
  CHECK(rig.pods(true) == 1);
}

TEST_CASE("While the API server is down requests are refused, and nothing is written") {
  Rig rig;
  REQUIRE(rig.deployment("web", 2));
  rig.run_until(at(10));
  CHECK(rig.pods(true) == 2);
  rig.set(Component::ApiServer, false);
  CHECK_FALSE(rig.deployment("more", 3));
  CHECK(rig.refusal == "ServiceUnavailable");
  const base::Seq seq = rig.plane.state().last_seq;
  rig.run_until(at(600));
  CHECK(rig.plane.state().last_seq == seq);
  rig.set(Component::ApiServer, true);
  rig.run_until(at(610));
  CHECK(rig.pods(true) == 2);
  CHECK(rig.deployment("more", 3));
  rig.run_until(at(620));
  CHECK(rig.pods(true) == 5);
}

TEST_CASE("After a long outage of the API server new leaders begin 2 s later; after a short one the old ones go on") {
  struct Row {
    std::int64_t outage_s;
    bool led_on;
  };
  for (const Row row : {Row{5, true}, Row{9, true}, Row{30, false}}) {
    CAPTURE(row.outage_s);
    Rig rig;
    rig.run_until(at(10));
    REQUIRE(rig.deployment("web", 1));
    rig.set(Component::ApiServer, false);  // before any controller has heard of it
    rig.run_until(at(10 + row.outage_s));
    CHECK(rig.pods(true) + rig.pods(false) == 0);
    rig.set(Component::ApiServer, true);
    rig.run_until(rig.now + milliseconds(1900));
    CHECK((rig.pods(true) == 1) == row.led_on);
    rig.run_until(rig.now + seconds(2));
    CHECK(rig.pods(true) == 1);
  }
}

TEST_CASE("A node that is silent when the controllers begin has the whole grace period again") {
  Rig rig;
  rig.run_until(at(1));
  const event::NodeId node(0U);
  rig.plane.submit(rig.now, {0, command::ReportHeartbeatsBegan{{node, seconds(10)}}});
  rig.run_until(at(100));
  rig.plane.submit(rig.now, {0, command::ReportHeartbeatsStopped{{node, at(95)}}});
  rig.run_until(at(120));
  rig.set(Component::ControllerManager, false);
  rig.run_until(at(300));
  const auto ready = [&] { return rig.plane.view(rig.now).node(node).conditions[0].status; };
  CHECK(ready() == event::ConditionStatus::True);
  rig.set(Component::ControllerManager, true);
  rig.run_until(at(349));
  CHECK(ready() == event::ConditionStatus::True);
  rig.run_until(at(351));
  CHECK(ready() == event::ConditionStatus::Unknown);
}
