// The control plane's clockwork: client limits, work queues, watches; with worlds of a few lines.
#include <catch2/catch.hpp>

#include "engine/log/memory_journal.h"
#include "engine/loop/control_plane.h"
#include "engine/loop/token_bucket.h"
#include "engine/loop/work_queue.h"

using namespace wavetank;
using base::milliseconds;
using base::seconds;
using base::SimTime;

TEST_CASE("A token bucket lets a burst go and then one request an interval, as client-go's does") {
  loop::TokenBucket bucket(20, 30);
  for (int i = 0; i < 30; ++i) CHECK(bucket.take({0}).ns == 0);
  for (int i = 1; i <= 970; ++i) CHECK(bucket.take({0}) == SimTime{} + milliseconds(50 * i));
  // 1,000 requests at the controller manager's defaults take 48.5 s: what creating 1,000 pods takes on a real one.
  CHECK(bucket.take({0}) == SimTime{} + milliseconds(48'550));
  // After a rest of burst / qps the bucket is full again, and no fuller.
  SimTime later{seconds(100).ns};
  for (int i = 0; i < 30; ++i) CHECK(bucket.take(later) == later);
  CHECK(bucket.take(later) == later + milliseconds(50));
}

TEST_CASE("No limit is no limit") {
  loop::TokenBucket bucket(0, 0);
  for (int i = 0; i < 100; ++i) CHECK(bucket.take({7}).ns == 7);
}

TEST_CASE("A key is queued once, never worked on twice at once, and comes back if it changed meanwhile") {
  loop::WorkQueue queue;
  const event::Ref a(model::Kind::Deployment, 0), b(model::Kind::Deployment, 1);
  queue.add(a, 1);
  queue.add(b, 2);
  queue.add(a, 3);
  auto item = queue.take();
  CHECK(item.key == a);
  CHECK(item.cause == 3);  // the latest news
  queue.add(a, 4);         // changes while a worker has it
  CHECK(queue.take().key == b);
  CHECK(queue.empty());
  CHECK(queue.done(a, false).ns == 0);
  item = queue.take();
  CHECK(item.key == a);
  CHECK(item.cause == 4);
  queue.done(a, false);
  CHECK(queue.empty());
}

TEST_CASE("Failures back off from 5 ms, doubling, to 1000 s; a success forgets them") {
  loop::WorkQueue queue;
  const event::Ref key(model::Kind::Pod, 3);
  const auto fail = [&] {
    queue.add(key, 0);
    queue.take();
    return queue.done(key, true);
  };
  for (const std::int64_t ms : {5, 10, 20, 40, 80}) CHECK(fail() == milliseconds(ms));
  for (int i = 0; i < 20; ++i) fail();
  CHECK(fail() == seconds(1000));
  queue.add(key, 0);
  queue.take();
  CHECK(queue.done(key, false).ns == 0);
  CHECK(fail() == milliseconds(5));
}

TEST_CASE("Of several delayed adds the earliest counts, and a stale timer does nothing") {
  loop::WorkQueue queue;
  const event::Ref key(model::Kind::Pod, 0);
  CHECK(queue.note_wake(key, {100}));
  CHECK_FALSE(queue.note_wake(key, {200}));
  CHECK(queue.note_wake(key, {50}));
  queue.fire(key, {100});
  CHECK(queue.empty());
  queue.fire(key, {50});
  CHECK_FALSE(queue.empty());
}

namespace {

/// Pods run a second after they are bound. Remembers when it was told of what.
class QuickWorld final : public loop::World {
 public:
  void observe(const event::Event& event, const state::ClusterView& view) override {
    if (const auto* bound = std::get_if<event::PodBound>(&event.payload)) {
      told_delay = view.now() - event.time;
      due.push_back({view.now() + seconds(1), bound->pod, event.seq});
    }
    if (const auto* going = std::get_if<event::PodDeletionStarted>(&event.payload))
      due.push_back({view.now() + seconds(1), going->pod, event.seq});
  }
  [[nodiscard]] SimTime next_report() const override { return at < due.size() ? due[at].when : SimTime::never(); }
  void report(const state::ClusterView& view, std::vector<command::Command>& out) override {
    for (; at < due.size() && due[at].when <= view.now(); ++at) {
      const Due d = due[at];
      if (view.pod_terminating(d.pod)) {
        out.push_back({d.cause, command::ReportPodStopped{d.pod}});
        continue;
      }
      out.push_back({d.cause, command::ReportContainerStarted{{d.pod, 0}}});
      out.push_back({d.cause, command::ReportPodPhase{{d.pod, event::Phase::Running, ""}}});
      out.push_back({d.cause, command::ReportPodReady{{d.pod, true, event::ReadyReason::None}}});
    }
  }
  struct Due {
    SimTime when;
    event::PodId pod;
    base::Seq cause;
  };
  std::vector<Due> due;
  std::size_t at = 0;
  base::Duration told_delay{};
};

struct Rig {
  explicit Rig(loop::Settings settings = {}) : plane(settings, journal, world) {
    plane.start_run("test", 1, 0);
    apply(
        R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"},"status":{"capacity":{"cpu":"64","memory":"256Gi","pods":"2000"},"conditions":[{"type":"Ready","status":"True"}]}})");
  }
  loop::Outcome apply(const std::string& doc) {
    return plane.request(now, "test", "kubectl apply", command::ApplyObject{doc, command::ApplyObject::Mode::Apply});
  }
  void deploy(int replicas) {
    const auto outcome = apply(
        R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"replicas":)" +
        std::to_string(replicas) +
        R"(,"selector":{"matchLabels":{"app":"d"}},"template":{"metadata":{"labels":{"app":"d"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}})");
    REQUIRE(outcome.ok());
  }
  void run_until(SimTime end) {
    while (plane.next_wakeup() <= end) {
      now = plane.next_wakeup();
      plane.step(now);
    }
    now = end;
    plane.step(now);
  }
  log::MemoryJournal journal;
  QuickWorld world;
  loop::ControlPlane plane;
  SimTime now;
};

}  // namespace

TEST_CASE("From a Deployment to ready pods, and every event has a cause before it") {
  Rig rig;
  rig.deploy(3);
  rig.run_until({seconds(30).ns});
  const auto& d = rig.plane.state().deployments.at(0);
  CHECK(d.available == 3);
  CHECK(d.conditions[0].status == event::ConditionStatus::True);
  CHECK(rig.world.told_delay == loop::Settings().watch_delay);
  REQUIRE(rig.journal.flush());
  base::Seq roots = 0, events = 0;
  REQUIRE(rig.journal.scan(1, rig.journal.position().seq, [&](const event::Event& e) {
    ++events;
    CHECK(e.cause < e.seq);
    if (e.cause == 0) ++roots;
    return true;
  }));
  CHECK(events == rig.journal.position().seq);
  CHECK(roots == 3);  // the run's start and two requests: all else was led to
  CHECK(state::check_invariants(rig.plane.state()).empty());
}

TEST_CASE("A thousand pods take what a real control plane takes: the clients' limits decide") {
  // Measured on a real one at default QPS and burst: 49.7 s from the request to all Ready, and 101 s for a rolling
  // update of it at 25 %/25 %. Ours come from the same documented limits (20 requests a second after 30, of the
  // controllers' clients; 50 after 100, of the scheduler's) and from latencies that neither case was fitted to; within
  // 15 % of both.
  Rig rig;
  const auto complete = [&](std::uint32_t generation) {
    const auto& d = rig.plane.state().deployments.at(0);
    return d.observed_generation >= generation && d.available == 1000 && d.updated == 1000 && d.status_replicas == 1000;
  };
  const auto took = [&](std::uint32_t generation) {
    const SimTime begin = rig.now;
    while (!complete(generation)) {
      REQUIRE(rig.plane.next_wakeup() < begin + seconds(200));
      rig.now = rig.plane.next_wakeup();
      rig.plane.step(rig.now);
    }
    return (rig.now - begin).ns / 1'000'000;
  };
  rig.plane.submit(rig.now, {0, command::ReportHeartbeatsBegan{{event::NodeId(0U), seconds(10)}}});
  rig.deploy(1000);
  const std::int64_t made_ms = took(1);
  CHECK(made_ms > 42'245);
  CHECK(made_ms < 57'155);
  rig.run_until(rig.now + seconds(60));
  REQUIRE(rig.plane
              .request(rig.now, "test", "kubectl set image",
                       command::SetImage{event::Ref(event::DeploymentId(std::size_t{0})), "*", "i:2"})
              .ok());
  const std::int64_t rolled_ms = took(2);
  CHECK(rolled_ms > 85'850);
  CHECK(rolled_ms < 116'150);
}

TEST_CASE("A refused request is journalled with its reason and changes nothing") {
  Rig rig;
  const auto before = rig.plane.state().last_seq;
  const auto outcome =
      rig.apply(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m","namespace":"nowhere"}})");
  REQUIRE_FALSE(outcome.ok());
  CHECK(outcome.rejection->reason == "NotFound");
  CHECK(rig.plane.state().last_seq == before + 2);  // RequestMade, RequestRefused
  CHECK(rig.plane.state().others.empty());
}

TEST_CASE("The same run twice is the same journal, whatever the moments at which it is stepped") {
  const auto fingerprint = [](base::Duration extra_steps) {
    Rig rig;
    rig.deploy(20);
    if (extra_steps.ns > 0)
      for (SimTime t = rig.now; t < SimTime{seconds(20).ns}; t = t + extra_steps) {
        while (rig.plane.next_wakeup() <= t) {
          rig.now = rig.plane.next_wakeup();
          rig.plane.step(rig.now);
        }
        rig.plane.step(t);
      }
    rig.run_until({seconds(20).ns});
    return rig.journal.position().fingerprint;
  };
  CHECK(fingerprint({}) == fingerprint({}));
  CHECK(fingerprint({}) == fingerprint(milliseconds(3)));
}

TEST_CASE("A control plane restarted from the fold finds its work again") {
  Rig rig;
  rig.deploy(5);
  rig.run_until({seconds(2).ns});
  state::ClusterState copy;
  std::vector<std::uint8_t> bytes;
  state::save(rig.plane.state(), bytes);
  REQUIRE(state::load(copy, bytes.data(), bytes.size()));
  QuickWorld world;
  loop::ControlPlane again(loop::Settings(), rig.journal, world, std::move(copy));
  SimTime now = rig.now;
  const auto outcome = again.request(now, "test", "kubectl scale deployment/d --replicas=8",
                                     command::ScaleObject{event::Ref(event::DeploymentId(0U)), 8});
  REQUIRE(outcome.ok());
  while (again.next_wakeup() < SimTime{seconds(20).ns}) {
    now = again.next_wakeup();
    again.step(now);
  }
  CHECK(again.state().replica_sets.at(0).active == 8);
}
