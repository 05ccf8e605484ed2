// When pods are tried: order, back-off, flushes, hints.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/prng.h"
#include "engine/model/doc.h"
#include "engine/schedule/queue.h"
#include "tests/engine/schedule/table.h"

using namespace wavetank;
using schedule::Queue;
using schedule_table::Cluster;

namespace {

Queue::Pod queued(unsigned id, std::int64_t at_ms, std::int32_t priority = 0) {
  Queue::Pod pod;
  pod.pod = event::PodId(id);
  pod.tmpl = event::TemplateId(0U);
  pod.priority = priority;
  pod.timestamp = {at_ms * 1'000'000};
  return pod;
}
base::SimTime at(std::int64_t ms) { return {ms * 1'000'000}; }

/// Pods tried from now until nothing is left to try.
std::string drain(Cluster& c) {
  std::string out;
  for (std::string one = c.attempt(); one != "idle"; one = c.attempt()) out += one.substr(0, one.find(": ")) + "; ";
  return out;
}

}  // namespace

TEST_CASE("The active queue is by priority, then by age, then by number") {
  Queue q(schedule::Settings{});
  q.add(queued(1, 20), Queue::kNotGated);
  q.add(queued(2, 10), Queue::kNotGated);
  q.add(queued(3, 30, 5), Queue::kNotGated);
  q.add(queued(4, 10), Queue::kNotGated);
  std::string order;
  while (const auto pod = q.pop(at(100))) order += std::to_string(pod->pod.value) + " ";
  CHECK(order == "3 2 4 1 ");
}

TEST_CASE("Back-off doubles from 1 s to 10 s and ends on whole seconds") {
  Queue q(schedule::Settings{});
  q.add(queued(1, 70), Queue::kNotGated);
  std::string waits;
  for (int i = 0; i < 6; ++i) {
    const auto pod = q.pop(at(100 + i));
    REQUIRE(pod);
    q.rejected(pod->pod, 1, false, at(70), 0);
    waits += std::to_string(q.backoff_until(*q.find(event::PodId(1U))).ns / 1'000'000'000) + " ";
    q.release(event::PodId(1U), Queue::kNotGated, at(80), 7);
    CHECK(q.count(Queue::Place::Backoff) == 1);
  }
  CHECK(waits == "1 2 4 8 10 10 ");
}

TEST_CASE("A pod in back-off is popped early when nothing else waits, one after an error is not") {
  Queue q(schedule::Settings{});
  q.add(queued(1, 0), Queue::kNotGated);
  q.failed(q.pop(at(70))->pod, at(70));
  CHECK_FALSE(q.has_work(at(1999)));
  CHECK(q.next_wakeup() == at(2000));
  CHECK(q.has_work(at(2000)));
  q.rejected(q.pop(at(2000))->pod, 1, false, at(2000), 0);
  CHECK_FALSE(q.has_work(at(2001)));
  q.release(event::PodId(1U), Queue::kNotGated, at(2001), 9);
  CHECK(q.count(Queue::Place::Backoff) == 1);
  const auto popped = q.pop(at(2001));
  REQUIRE(popped);
  CHECK(popped->cause == 9);
}

TEST_CASE("Left-over pods are flushed after more than five minutes, every 30 s; gated ones never") {
  Queue q(schedule::Settings{});
  q.add(queued(1, 0), Queue::kNotGated);
  q.add(queued(2, 0), 0);
  q.rejected(q.pop(at(0))->pod, 1, false, at(1), 0);
  CHECK(q.next_wakeup() == at(330'000));
  CHECK_FALSE(q.has_work(at(329'999)));
  CHECK(q.has_work(at(330'000)));
  CHECK(q.pop(at(330'000))->pod == event::PodId(1U));
  CHECK_FALSE(q.has_work(at(9'000'000)));
  CHECK(q.count(Queue::Place::Gated) == 1);
}

TEST_CASE("A pod that found no room waits for what can help, not for anything else") {
  Cluster c;
  c.line("node n1 cpu=1");
  c.line("placed a on n1 cpu=1");
  c.line("pod p cpu=1");
  CHECK(drain(c) == "p -> none; ");
  c.now = at(20'000);

  c.line("node n2 cpu=500m");  // too small even when empty
  c.fact(event::NodeConditionChanged{c.node("n1"), event::NodeConditionType::Ready, event::ConditionStatus::True, "",
                                     ""});  // says nothing about room
  c.line("placed b on n2 cpu=100m");        // a pod more cannot help
  CHECK_FALSE(c.scheduler.has_work(c.now));

  c.fact(event::PodRemoved{c.pod("a")});
  CHECK(c.scheduler.has_work(c.now));
  CHECK(drain(c) == "p -> n1; ");
}

TEST_CASE("A pod made smaller in place frees its room when its node says so, not when it is asked to") {
  Cluster c;
  c.line("node n1");
  c.line("placed big on n1 cpu=3");
  const auto report = [&](const std::string& asked, const std::string& has) {
    const auto doc = model::parse_any(
        fmt::format(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: big, namespace: default}}, spec: {{nodeName: n1, "
            "containers: [{{name: c, image: 'app:1', resources: {{requests: {{cpu: {}}}}}}}]}}, status: {{phase: "
            "Running, containerStatuses: [{{name: c, resources: {{requests: {{cpu: {}}}}}}}]}}}}",
            asked, has),
        "test");
    REQUIRE(doc);
    c.fact(event::ObjectUpdated{c.pod("big"), model::to_canonical_json(doc->front()), false});
  };
  report("3", "3");
  c.line("pod p cpu=2");
  CHECK(drain(c) == "p -> none; ");
  c.now = at(20'000);
  report("1", "3");
  CHECK_FALSE(c.scheduler.has_work(c.now));
  report("1", "1");
  CHECK(c.scheduler.has_work(c.now));
  CHECK(drain(c) == "p -> n1; ");
}

TEST_CASE("A pod kept out by taints is tried when a node loses them") {
  Cluster c;
  c.line("node n1 taint=gpu:NoSchedule");
  c.line("pod p cpu=1");
  CHECK(drain(c) == "p -> none; ");
  c.now = at(20'000);
  c.line("placed a on n1 cpu=1");
  c.fact(event::PodRemoved{c.pod("a")});
  CHECK_FALSE(c.scheduler.has_work(c.now));
  const base::Seq cause = c.fact(event::NodeTaintsChanged{c.node("n1"), {}});
  const auto decision = c.scheduler.schedule_one(c.view());
  REQUIRE(decision);
  CHECK(c.name(decision->node) == "n1");
  CHECK(decision->cause == cause);
}

TEST_CASE("A pod whose affinity partner is missing is tried when a partner comes") {
  Cluster c;
  c.line("node n1 zone=a");
  c.line(
      "pod p app=x {affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: "
      "topology.kubernetes.io/zone, labelSelector: {matchLabels: {app: cache}}}]}}}");
  CHECK(drain(c) == "p -> none; ");
  c.now = at(20'000);
  c.line("placed other on n1 app=other");
  CHECK_FALSE(c.scheduler.has_work(c.now));
  c.line("placed cache on n1 app=cache");
  CHECK(drain(c) == "p -> n1; ");
}

TEST_CASE("Gated pods wait; the first attempt is caused by the pod's creation") {
  Cluster c;
  c.line("node n1");
  c.line("pod gated {schedulingGates: [{name: example.com/wait}]}");
  CHECK_FALSE(c.scheduler.has_work(c.now));
  c.line("pod free");
  const auto decision = c.scheduler.schedule_one(c.view());
  REQUIRE(decision);
  CHECK(c.name(decision->pod) == "free");
  CHECK(decision->cause == c.state.pods.created_seq[decision->pod.index()]);
}

TEST_CASE("An assumed pod takes room before its binding is a fact, and gives it back when the binding fails") {
  Cluster c;
  c.line("node n1 cpu=1");
  c.line("pod p1 cpu=1");
  c.line("pod p2 cpu=1");
  const auto first = c.scheduler.schedule_one(c.view());
  REQUIRE(first);
  CHECK(first->outcome == schedule::Decision::Outcome::Bind);
  const auto second = c.scheduler.schedule_one(c.view());
  REQUIRE(second);
  CHECK(second->outcome == schedule::Decision::Outcome::Unschedulable);
  c.scheduler.binding_failed(first->pod, c.view());
  c.now = at(20'000);
  CHECK(c.scheduler.has_work(c.now));
  // The room it gave back was told to the other one, too.
  CHECK(drain(c) == "p1 -> n1; p2 -> none; ");
}

TEST_CASE("Without nodes a pod backs off; with the first node it runs") {
  Cluster c;
  c.line("pod p");
  CHECK(c.attempt() == "p -> none: no nodes available to schedule pods");
  c.line("node n1");
  c.now = at(5'000);
  CHECK(drain(c) == "p -> n1; ");
}

TEST_CASE("A scheduler rebuilt from the view decides as the one that saw every fact") {
  Cluster c;
  for (const char* line :
       {"node a zone=a", "node b zone=b", "node c zone=a", "service web app=web", "placed w1 on a app=web cpu=1",
        "placed w2 on b app=web cpu=500m", "pod w3 app=web cpu=1", "pod big cpu=9", "pod w4 app=web cpu=250m"}) {
    c.line(line);
  }
  schedule::Scheduler again({0, schedule::TieBreak::Name});
  again.rebuild(c.view());
  for (int i = 0; i < 3; ++i) {
    const auto one = c.scheduler.schedule_one(c.view());
    const auto two = again.schedule_one(c.view());
    REQUIRE(one);
    REQUIRE(two);
    CHECK(one->pod == two->pod);
    CHECK(one->node == two->node);
    CHECK(one->message == two->message);
  }
}

TEST_CASE("Pods are popped in one order, however they came and went") {
  // Against a plain sort: random priorities, times in and out of order, pods that leave, pods that come back.
  const base::Stream stream(3, "queue");
  std::uint64_t n = 0;
  const auto below = [&](std::uint64_t bound) { return stream.below(bound, n++); };
  Queue q(schedule::Settings{});
  std::vector<Queue::Pod> waiting;
  unsigned made = 0;
  for (int round = 0; round < 6000; ++round) {
    const std::uint64_t what = below(10);
    if (what < 5) {
      const std::int64_t time = below(3) == 0 ? static_cast<std::int64_t>(below(6000)) : std::int64_t{made};
      const auto pod = queued(made, time, static_cast<std::int32_t>(below(2) == 0 ? 0 : below(40)));
      ++made;
      q.add(pod, Queue::kNotGated);
      waiting.push_back(pod);
    } else if (what < 6 && !waiting.empty()) {
      const std::size_t i = below(waiting.size());
      q.remove(waiting[i].pod);
      waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(i));
    } else if (!waiting.empty()) {
      const auto first = std::min_element(waiting.begin(), waiting.end(), [](const auto& a, const auto& b) {
        if (a.priority != b.priority) return a.priority > b.priority;
        return std::pair(a.timestamp, a.pod.value) < std::pair(b.timestamp, b.pod.value);
      });
      const auto popped = q.pop(at(1));
      REQUIRE(popped);
      REQUIRE(popped->pod == first->pod);
      q.remove(popped->pod);
      waiting.erase(first);
    }
  }
}

TEST_CASE("A queue that has emptied keeps four bytes a pod it ever had") {
  Queue q(schedule::Settings{});
  constexpr unsigned kPods = 50'000;
  for (unsigned i = 0; i < kPods; ++i) q.add(queued(i, i), Queue::kNotGated);
  const std::size_t full = q.bytes();
  CHECK(full < kPods * 200);
  for (unsigned i = 0; i < kPods; ++i) {
    const auto pod = q.pop(at(kPods));
    REQUIRE(pod);
    if (i % 2 == 0) {
      q.remove(pod->pod);
    } else {
      q.rejected(pod->pod, 1, false, at(kPods + i), 0);
    }
  }
  for (unsigned i = 1; i < kPods; i += 2) q.remove(event::PodId(i));
  CHECK(q.bytes() < kPods * 8 + 300'000);
  CHECK_FALSE(q.pop(at(1'000'000)));
}
