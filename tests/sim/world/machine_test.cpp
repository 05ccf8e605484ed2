// Machines and node agents that register, die and come back.
#include "tests/sim/world/lab.h"

using namespace wavetank;
using namespace wavetank::world;

namespace {

WorldParams at_once(const std::vector<std::pair<std::string, std::string>>& sets = {}) {
  std::vector<std::pair<std::string, std::string>> all = {{"image.size", "0"}, {"image.pull_latency", "0s"}};
  all.insert(all.end(), sets.begin(), sets.end());
  return exact(all);
}

std::optional<double> renewal(const Lab& lab, event::NodeId node) {
  const auto last = lab.view().last_renewal(node);
  if (!last) return std::nullopt;
  return static_cast<double>(last->ns) / 1e9;
}

}  // namespace

TEST_CASE("A node registers: Ready, then a lease renewed every 10 s from a moment of its own") {
  Lab lab(exact({{"node.register_delay", "3s"}}));
  const auto n1 = lab.node("n1");
  lab.until(30);
  const Lines lines = lab.lines(true);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "3s node n1 KubeletReady");
  CHECK(lines[1].find("heartbeats of n1 every 10s") != std::string::npos);
  CHECK(renewal(lab, n1).value() > 20);
  CHECK(lab.why(event::EventKind::NodeConditionChanged) == "NodeConditionChanged < ObjectCreated");

  // Steady heartbeats cost nothing.
  CHECK(lab.world.next_report() == SimTime::never());
}

TEST_CASE("Leases of many nodes are spread over the period, each by its name alone") {
  Lab all, one;
  std::vector<int> in_second(10);
  for (int i = 0; i < 200; ++i) all.node(fmt::format("n{}", i));
  one.node("n150");
  all.until(20);
  one.until(20);
  for (const state::NodeRow& row : all.state.nodes)
    ++in_second[static_cast<std::size_t>(row.heartbeats_began.ns / 1'000'000'000)];
  for (const int n : in_second) CHECK(n > 5);
  CHECK(all.state.nodes[150].heartbeats_began == one.state.nodes[0].heartbeats_began);
}

TEST_CASE("A node whose manifest gives its Ready condition is taken as written") {
  struct Row {
    const char* status;
    bool heartbeats;
  };
  for (const Row row : {Row{"True", true}, Row{"False", true}, Row{"Unknown", false}}) {
    Lab lab;
    const auto n1 = lab.node("n1", fmt::format(", conditions: [{{type: Ready, status: '{}', reason: R}}]", row.status));
    lab.until(30);
    CHECK(lab.lines().empty());
    CHECK(renewal(lab, n1).has_value() == row.heartbeats);
  }
}

TEST_CASE("Power off: heartbeats end, and nothing else is heard") {
  Lab lab(at_once());
  const auto n1 = lab.node("n1");
  const auto n2 = lab.node("n2");
  lab.pod("a", n1, "{name: c, image: 'a:1'}");
  lab.pod("b", n2, "{name: c, image: 'a:1'}");
  lab.until(95);
  const double last = renewal(lab, n1).value();
  lab.lines(true);
  lab.fact(event::FaultInjected{"node-crash", "n1"});
  lab.world.crash_machine(n1, lab.now, lab.state.last_seq);
  lab.world.crash_machine(n1, lab.now, lab.state.last_seq);
  const auto late = lab.pod("late", n1, "{name: c, image: 'a:1'}");  // bound to a node that nobody knows to be dead
  lab.until(300);
  CHECK(lab.lines(true) == Lines{fmt::format("95s heartbeats of n1 end, last {:g}s", last)});
  CHECK(lab.why(event::EventKind::HeartbeatsStopped) == "HeartbeatsStopped < FaultInjected");
  CHECK(lab.view().pod_ready(event::PodId(0U)));  // as far as anybody knows
  CHECK_FALSE(lab.world.container_runs(event::PodId(0U), 0));
  CHECK(lab.world.container_runs(event::PodId(1U), 0));

  // A terminating pod of a dead node stays.
  lab.remove(event::PodId(0U));
  lab.until(400);
  CHECK(lab.view().pod_alive(event::PodId(0U)));
  lab.lines(true);

  // Power on: the agent is back after 30 s; what was deleted is finished off, what is still bound starts (again).
  lab.fact(event::MachineUp{n1});
  lab.world.restore_machine(n1, lab.now, lab.state.last_seq);
  lab.until(500);
  CHECK(lab.lines(true) == Lines{"430s heartbeats of n1 every 10s", "430s removed a", "430.7s started late/c",
                                 "430.7s Running late", "430.7s ready late"});
  CHECK(lab.why(event::EventKind::HeartbeatsBegan) == "HeartbeatsBegan < MachineUp");
  CHECK(lab.view().restarts(late) == 0);
}

TEST_CASE("A reboot restarts what is bound: old containers ended with an unknown status, init containers run again") {
  Lab lab(at_once());
  const auto n1 = lab.node("n1");
  const auto pod = lab.pod("p", n1, "{name: c, image: 'a:1'}", ", initContainers: [{name: i, image: 'a:1'}]");
  lab.until(90);
  lab.lines();
  lab.world.crash_machine(n1, lab.now);
  lab.until(100);
  lab.world.restore_machine(n1, lab.now);
  lab.until(200);
  CHECK(lab.lines() == Lines{"130s exited p/c 255 Unknown", "130s unready p", "130.7s started p/i",
                             "131.7s exited p/i 0 Completed", "131.9s started p/c", "131.9s ready p"});
  CHECK(lab.view().container(pod, 1).restarts == 1);
  CHECK(lab.view().container(pod, 0).restarts == 1);
}

TEST_CASE("A reboot of a pod that may not restart is its end") {
  Lab lab(at_once());
  const auto n1 = lab.node("n1");
  lab.pod("p", n1, "{name: c, image: 'a:1'}", ", restartPolicy: Never");
  lab.until(90);
  lab.lines();
  lab.world.crash_machine(n1, lab.now);
  lab.world.restore_machine(n1, lab.now);
  lab.until(200);
  CHECK(lab.lines() == Lines{"120s exited p/c 255 Unknown", "120s unready p", "120s Failed p"});
}

TEST_CASE("The node agent stops: containers run on, nothing is heard; back again, it tells what changed") {
  Lab lab(at_once());
  const auto n1 = lab.node("n1");
  const auto runs = lab.pod("runs", n1, "{name: c, image: 'a:1'}");
  const auto dies = lab.pod("dies", n1, "{name: c, image: 'a:1'}");
  const auto deleted = lab.pod("deleted", n1, "{name: c, image: 'a:1'}");
  lab.until(95);
  lab.lines(true);
  lab.world.stop_kubelet(n1, lab.now);
  lab.until(100);
  lab.world.crash_container(dies, 0, 1, lab.now);
  lab.remove(deleted);
  lab.pod("new", n1, "{name: c, image: 'a:1'}");
  lab.until(150);
  // The node lifecycle controller marks the pods of a lost node.
  lab.fact(event::PodReadyChanged{runs, false, event::ReadyReason::NodeNotReady});
  lab.fact(event::NodeConditionChanged{n1, event::NodeConditionType::Ready, event::ConditionStatus::Unknown,
                                       "NodeStatusUnknown", ""});
  const Lines quiet = lab.lines(true);
  REQUIRE(quiet.size() == 4);
  CHECK(quiet[0].find("95s heartbeats of n1 end") == 0);
  CHECK(lab.world.container_runs(runs, 0));
  CHECK_FALSE(lab.world.kubelet_up(n1));

  lab.until(200);
  lab.world.start_kubelet(n1, lab.now);
  lab.until(300);
  CHECK(lab.lines(true) == Lines{"205s node n1 KubeletReady", "205s heartbeats of n1 every 10s", "205s ready runs",
                                 "205s exited dies/c 1 Error", "205s unready dies", "205.2s started dies/c",
                                 "205.2s ready dies", "205.7s started new/c", "205.7s Running new", "205.7s ready new",
                                 "206s removed deleted"});
}

TEST_CASE("Power and agent are two things: power on does not start an agent that is switched off") {
  Lab lab(at_once());
  const auto n1 = lab.node("n1");
  lab.until(20);
  lab.world.stop_kubelet(n1, lab.now);
  lab.world.crash_machine(n1, lab.now);
  lab.world.restore_machine(n1, lab.now);
  lab.until(100);
  CHECK_FALSE(lab.world.kubelet_up(n1));
  lab.world.start_kubelet(n1, lab.now);
  lab.until(200);
  CHECK(lab.world.kubelet_up(n1));
  // Off again before the boot is over: the old boot does not count.
  lab.world.crash_machine(n1, lab.now);
  lab.world.restore_machine(n1, lab.now);
  lab.until(220);
  lab.world.crash_machine(n1, lab.now);
  lab.until(300);
  CHECK_FALSE(lab.world.kubelet_up(n1));
}

TEST_CASE("A pull under way dies with the machine and begins anew after it") {
  Lab lab;
  const auto n1 = lab.node("n1");
  lab.pod("p", n1, "{name: c, image: 'a:1'}");
  lab.until(2);
  lab.lines();
  lab.world.crash_machine(n1, lab.now);
  lab.world.restore_machine(n1, lab.now);
  lab.until(100);
  CHECK(lab.lines() == Lines{"35s pulled p/c in 2.5s", "35.2s started p/c", "35.2s Running p", "35.2s ready p"});
}

TEST_CASE("A machine struck before its node is heard of is down, and registers once it has power") {
  Lab lab;
  lab.world.crash_machine(event::NodeId(1U), lab.now);
  const auto n1 = lab.node("n1");
  const auto n2 = lab.node("n2");
  lab.until(50);
  CHECK(lab.lines() == Lines{"0s node n1 KubeletReady"});
  CHECK(lab.world.kubelet_up(n1));
  lab.world.restore_machine(n2, lab.now);
  lab.until(100);
  CHECK(lab.lines() == Lines{"80s node n2 KubeletReady"});
}

TEST_CASE("A slow network: half the rate from the middle of a transfer on") {
  Lab lab;
  const auto n1 = lab.node("n1");
  lab.pod("p", n1, "{name: c, image: 'a:1'}");
  lab.until(2);  // half of the 2 s of transfer
  lab.lines();
  lab.world.set_pull_speed(n1, 50, lab.now);
  lab.until(100);
  CHECK(lab.lines().front() == "4s pulled p/c in 3.5s");
}

TEST_CASE("A deleted node is forgotten with all that ran on it") {
  Lab lab;
  const auto n1 = lab.node("n1");
  lab.pod("p", n1, "{name: c, image: 'a:1'}");
  lab.until(1);
  lab.lines();
  REQUIRE(lab.wish({0, command::DeleteObject{event::Ref(n1), event::Propagation::Background, {}}}));
  lab.until(100);
  CHECK(lab.lines(true).empty());
}

TEST_CASE("What is pending can be saved in the middle and goes on the same") {
  const auto build = [](Lab& lab) {
    const auto n1 = lab.node("n1");
    const auto n2 = lab.node("n2");
    lab.world.set_image_never_ready("b", true, {});
    for (int i = 0; i < 6; ++i)
      lab.pod(fmt::format("p{}", i), i % 2 == 0 ? n1 : n2,
              fmt::format("{{name: c, image: 'a:{}', readinessProbe: {{exec: {{command: [x]}}}}}}", i));
    lab.until(4);
    lab.world.stop_kubelet(n2, lab.now);
    lab.until(5);
    lab.world.start_kubelet(n2, lab.now);
  };
  const WorldParams params = exact({{"app.exits_after", "20s ±50%"}, {"app.exit_code", "1"}});
  Lab straight(params), saved(params);
  build(straight);
  build(saved);
  std::vector<std::uint8_t> bytes;
  saved.world.save(bytes);
  REQUIRE(saved.world.load(bytes.data(), bytes.size()));
  std::vector<std::uint8_t> again;
  saved.world.save(again);
  CHECK(bytes == again);
  CHECK_FALSE(saved.world.load(bytes.data(), bytes.size() / 2));  // and a cut one changes nothing
  straight.until(500);
  saved.until(500);
  CHECK(straight.lines(true) == saved.lines(true));
}

TEST_CASE("A fault on one pod does not shift the luck of another") {
  const auto times = [](bool with_fault) {
    Lab lab(WorldParams(), 42);
    const auto n1 = lab.node("n1");
    for (int i = 0; i < 5; ++i)
      lab.pod(fmt::format("p{}", i), n1,
              "{name: c, image: 'a:1', readinessProbe: {exec: {command: [x]}, periodSeconds: 1}}");
    lab.until(5);
    if (with_fault) lab.world.crash_container(event::PodId(0U), 0, 1, lab.now);
    lab.until(100);
    Lines out;
    for (const std::string& line : lab.lines())
      if (line.find("p0") == std::string::npos) out.push_back(line);
    return out;
  };
  CHECK(times(false) == times(true));
}
