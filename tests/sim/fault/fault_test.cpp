// Faults on a whole cluster: the real control plane over simulated machines.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <set>

#include "engine/log/memory_journal.h"
#include "sim/fault/registry.h"

using namespace wavetank;
using namespace wavetank::fault;
using base::seconds;

namespace {

SimTime at(std::int64_t s) { return {seconds(s).ns}; }

class Recorder final : public state::Observer {
 public:
  void observe(const event::Event& event, const ClusterView&) override { events.push_back(event); }
  std::vector<event::Event> events;
};

/// Three zones a, b, c of two nodes each, and a Deployment `web` of six pods.
class Rig {
 public:
  explicit Rig(std::uint64_t seed = 1)
      : world(world::WorldParams(), seed),
        control_plane(loop::Settings(), journal, world),
        faults(control_plane, world, seed) {
    control_plane.add_observer(recorder);
    control_plane.start_run("faults", seed, 0);
    for (const char* zone : {"a", "b", "c"}) {
      for (const char* n : {"1", "2"})
        apply(fmt::format(
            "{{apiVersion: v1, kind: Node, metadata: {{name: {0}{1}, labels: {{topology.kubernetes.io/zone: {0}, "
            "kubernetes.io/hostname: {0}{1}}}}}, status: {{capacity: {{cpu: '4', memory: 8Gi, pods: '110'}}}}}}",
            zone, n));
    }
    apply(
        R"({apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 6, selector: {matchLabels: {app: web}},
        template: {metadata: {labels: {app: web}}, spec: {containers: [{name: app, image: 'web:1', resources: {requests: {cpu: 1}},
        readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 1}}, {name: log, image: 'log:1'}]}}}})");
    until(60);
  }

  void apply(const std::string& yaml) {
    const auto docs = model::parse_yaml(yaml, "rig");
    REQUIRE(docs.has_value());
    for (const model::Doc& doc : *docs)
      REQUIRE(control_plane.request(now, "test", "apply", command::ApplyObject{model::to_json(doc), {}}).ok());
    control_plane.step(now);
  }
  void until(std::int64_t s) {
    for (;;) {
      const SimTime next = std::min(control_plane.next_wakeup(), faults.next_due());
      if (next > at(s)) break;
      now = std::max(now, next);
      faults.act(now);
      control_plane.step(now);
    }
    now = at(s);
  }
  FaultId begin(const std::string& yaml) {
    const auto docs = model::parse_yaml(yaml, "rig");
    const auto spec = parse(docs->front(), "rig");
    REQUIRE(spec.has_value());
    const auto begun = faults.begin(*spec, now);
    REQUIRE(begun.has_value());
    control_plane.step(now);
    return *begun;
  }
  std::size_t renewal(const std::string& yaml) {
    const auto docs = model::parse_yaml(yaml, "rig");
    const auto spec = parse(docs->front(), "rig");
    REQUIRE(spec.has_value());
    return faults.begin_renewal(*spec, now);
  }
  /// When each of a kind's events came, and of which node: "a1 133s, b2 200s".
  std::string times(event::EventKind kind) const {
    std::string out;
    for (const event::Event& e : recorder.events) {
      if (e.kind() != kind) continue;
      const NodeId node = kind == event::EventKind::MachineDown ? std::get<event::MachineDown>(e.payload).node
                                                                : std::get<event::MachineUp>(e.payload).node;
      out += fmt::format("{}{} {}s", out.empty() ? "" : ", ", view().text(view().node(node).header.name),
                         e.time.ns / 1'000'000'000);
    }
    return out;
  }
  std::string refused(const std::string& yaml) {
    const auto docs = model::parse_yaml(yaml, "rig");
    const auto spec = parse(docs->front(), "rig");
    REQUIRE(spec.has_value());
    const auto begun = faults.begin(*spec, now);
    return begun ? "" : base::to_text(begun.error());
  }

  [[nodiscard]] ClusterView view() const { return control_plane.view(now); }
  /// Names of nodes without power, "a1 a2".
  [[nodiscard]] std::string down() const {
    std::string names;
    for (std::size_t n = 0; n < view()->nodes.size(); ++n) {
      const state::NodeRow& row = view()->nodes[n];
      CHECK(row.machine_up == world.machine_up(NodeId(n)));
      if (!row.machine_up) names += (names.empty() ? "" : " ") + std::string(view().text(row.header.name));
    }
    return names;
  }
  [[nodiscard]] std::int64_t count(event::EventKind kind, SimTime from = {}) const {
    return std::count_if(recorder.events.begin(), recorder.events.end(),
                         [&](const event::Event& e) { return e.kind() == kind && e.time >= from; });
  }
  /// The last event of a kind and what led to it.
  [[nodiscard]] std::string why(event::EventKind kind) const {
    std::string text;
    base::Seq seq = 0;
    for (const event::Event& e : recorder.events)
      if (e.kind() == kind) seq = e.seq;
    const base::Seq first = recorder.events.front().seq;
    for (; seq >= first; seq = recorder.events[seq - first].cause)
      text += (text.empty() ? "" : " < ") + std::string(event::kind_name(recorder.events[seq - first].kind()));
    return text;
  }
  [[nodiscard]] int ready() const {
    int n = 0;
    for (std::size_t p = 0; p < view()->pods.size(); ++p)
      n += view().pod_alive(PodId(p)) && view().pod_ready(PodId(p)) ? 1 : 0;
    return n;
  }

  log::MemoryJournal journal;
  world::SimWorld world;
  Recorder recorder;
  loop::ControlPlane control_plane;
  FaultEngine faults;
  SimTime now;
};

using event::EventKind;

}  // namespace

TEST_CASE("node-crash: silence, NotReady after 50 s, and recovery after its duration") {
  Rig rig;
  REQUIRE(rig.ready() == 6);
  rig.until(100);
  const FaultId fault = rig.begin("{kind: node-crash, node: b1, duration: 2m}");
  CHECK(rig.down() == "b1");
  CHECK(rig.view()->faults[fault.index()].subject == "node b1");
  CHECK(rig.why(EventKind::MachineDown) == "MachineDown < FaultInjected");
  CHECK(rig.why(EventKind::HeartbeatsStopped) == "HeartbeatsStopped < MachineDown < FaultInjected");
  CHECK(rig.ready() == 6);  // nobody knows yet
  const NodeId b1(2U);
  rig.until(130);
  CHECK(rig.view().node_ready(b1));
  rig.until(165);
  CHECK_FALSE(rig.view().node_ready(b1));
  CHECK(rig.ready() == 5);
  CHECK(rig.faults.next_due() == at(220));
  rig.until(300);
  CHECK(rig.down().empty());
  CHECK(rig.view()->faults[fault.index()].ended == at(220));
  CHECK(rig.why(EventKind::MachineUp) == "MachineUp < FaultHealed < FaultInjected");
  CHECK(rig.why(EventKind::HeartbeatsBegan) == "HeartbeatsBegan < MachineUp < FaultHealed < FaultInjected");
  CHECK(rig.view().node_ready(b1));
  CHECK(rig.ready() == 6);
  CHECK(rig.faults.next_due() == SimTime::never());
}

TEST_CASE("zone-outage: all nodes of the zone and no other; its pods are made anew elsewhere") {
  Rig rig;
  rig.begin("{kind: zone-outage, zone: c}");
  CHECK(rig.down() == "c1 c2");
  CHECK(rig.view()->faults.front().subject == "zone c (2 nodes)");
  rig.until(60 + 50 + 10 + 300 + 60);  // grace period, tolerationSeconds of the default tolerations, new pods
  CHECK(rig.ready() == 6);
  for (const NodeId node : {NodeId(4U), NodeId(5U)})
    for (const PodId pod : rig.view().node(node).pods)
      CHECK(rig.view().pod_terminating(pod));  // stay until the node is back
  CHECK(rig.faults.end_all("zone-outage", rig.now) == 1);
  rig.control_plane.step(rig.now);
  rig.until(600);
  CHECK(rig.down().empty());
  CHECK(rig.view().node(NodeId(4U)).pods.empty());
}

TEST_CASE("Power comes back when the last fault that took it ends") {
  Rig rig;
  const FaultId crash = rig.begin("{kind: node-crash, node: a1}");
  const FaultId outage = rig.begin("{kind: zone-outage, zone: a}");
  CHECK(rig.down() == "a1 a2");
  CHECK(rig.faults.end(crash, rig.now));
  CHECK(rig.down() == "a1 a2");
  CHECK(rig.faults.end(outage, rig.now));
  CHECK(rig.down().empty());
  CHECK_FALSE(rig.faults.end(outage, rig.now));
  CHECK(rig.count(EventKind::MachineDown) == 2);
  CHECK(rig.count(EventKind::MachineUp) == 2);
}

TEST_CASE("kubelet-stop: the node is lost to the control plane, its containers run on") {
  Rig rig;
  rig.begin("{kind: kubelet-stop, node: 'b*', duration: 100s}");
  CHECK(rig.down().empty());
  CHECK(rig.why(EventKind::HeartbeatsStopped) == "HeartbeatsStopped < FaultInjected");
  rig.until(130);
  CHECK(rig.ready() == 4);
  for (std::size_t p = 0; p < 6; ++p) CHECK(rig.world.container_runs(PodId(p), 0));
  rig.until(200);
  CHECK(rig.ready() == 6);
  CHECK(rig.count(EventKind::ContainerExited) == 0);
}

TEST_CASE("container-crash: of the workload's pods, so many, this container") {
  Rig rig;
  rig.begin("{kind: container-crash, workload: deployment/web, container: log, count: 2, exitCode: 9}");
  CHECK(rig.view()->faults.front().subject == "container log of 2 pods");
  CHECK(rig.view()->faults.front().ended == rig.now);  // over in the moment it happens
  CHECK(rig.faults.active().empty());
  rig.until(70);
  CHECK(rig.count(EventKind::ContainerExited) == 2);
  for (const event::Event& e : rig.recorder.events) {
    const auto* exited = std::get_if<event::ContainerExited>(&e.payload);
    if (exited == nullptr) continue;
    CHECK(exited->container == 1);
    CHECK(exited->exit_code == 9);
  }
  CHECK(rig.why(EventKind::ContainerExited) == "ContainerExited < FaultInjected");
  CHECK(rig.why(EventKind::ContainerStarted) == "ContainerStarted < ContainerExited < FaultInjected");
  CHECK(rig.ready() == 6);
  rig.begin("{kind: container-crash, pod: 'web-*', oom: true}");
  rig.until(71);
  CHECK(rig.count(EventKind::ContainerExited) >= 4);
}

TEST_CASE("Images: unavailable, never ready, crashing; healed, the rollout goes on") {
  for (const char* kind : {"image-unavailable", "image-never-ready", "image-crash"}) {
    INFO(kind);
    Rig rig;
    rig.begin(fmt::format("{{kind: {}, image: 'web:2'}}", kind));
    const event::Ref web = rig.view().find(model::Kind::Deployment, "default", "web");
    rig.control_plane.request(rig.now, "test", "set image", command::SetImage{web, "app", "web:2"});
    rig.control_plane.step(rig.now);
    rig.until(200);
    CHECK(rig.view().deployment(web.as<event::DeploymentId>()).updated > 0);
    CHECK(rig.view().deployment(web.as<event::DeploymentId>()).available < 8);
    CHECK(rig.view().deployment(web.as<event::DeploymentId>()).ready >= 5);  // maxUnavailable 25 % of 6 is 1
    const std::int64_t stuck = rig.count(EventKind::PodRemoved);
    CHECK(rig.faults.end_all("", rig.now) == 1);
    rig.control_plane.step(rig.now);
    rig.until(900);
    CHECK(rig.count(EventKind::PodRemoved) > stuck);
    CHECK(rig.view().deployment(web.as<event::DeploymentId>()).updated == 6);
    CHECK(rig.ready() == 6);
  }
}

TEST_CASE("count chooses by the seed: the same again for the same seed, anew for each time, spread over all") {
  const auto chosen = [](std::uint64_t seed) {
    Rig rig(seed);
    std::string out;
    for (int i = 0; i < 3; ++i) {
      rig.begin("{kind: node-crash, count: 2}");
      out += rig.down() + ";";
      rig.faults.end_all("", rig.now);
    }
    return out;
  };
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const std::string first = chosen(seed);
    CHECK(first == chosen(seed));
    seen.insert(first);
  }
  CHECK(seen.size() > 3);
  Rig rig;
  rig.begin("{kind: node-crash}");  // one, if nothing says how many
  CHECK(rig.down().size() == 2);
  rig.begin("{kind: node-crash, count: 100}");  // all that are up
  CHECK(rig.down() == "a1 a2 b1 b2 c1 c2");
}

TEST_CASE("Nobody meant: an error, and nothing happened") {
  Rig rig;
  struct Row {
    const char* yaml;
    const char* error;
  };
  const std::size_t before = rig.recorder.events.size();
  for (const Row row :
       {Row{"{kind: node-crash, node: n9}", "no node is meant, or all that are meant are down"},
        Row{"{kind: zone-outage, zone: z}", "no node is in zone \"z\""},
        Row{"{kind: container-crash, workload: deployment/api}", "no pod that is meant has such a container running"},
        Row{"{kind: container-crash, workload: deployment/web, container: x}",
            "no pod that is meant has such a container running"}}) {
    INFO(row.yaml);
    CHECK(rig.refused(row.yaml) == row.error);
  }
  CHECK(rig.recorder.events.size() == before);
  CHECK(rig.faults.active().empty());
}

TEST_CASE("Machines fail and are repaired as renewal processes, each with luck of its own") {
  Rig rig;
  rig.renewal("{kind: node-crash, node: 'a*', timeToFailure: 100s, timeToRepair: 50s}");
  rig.until(400);
  CHECK(rig.times(event::EventKind::MachineDown) == "a1 160s, a2 160s, a1 310s, a2 310s");
  CHECK(rig.times(event::EventKind::MachineUp) == "a1 210s, a2 210s, a1 360s, a2 360s");
}

TEST_CASE("A node that joins, and a fault of another kind, shift nobody's failures") {
  const auto failures = [](bool more) {
    Rig rig;
    if (more)
      rig.renewal("{kind: kubelet-stop, zone: b, timeToFailure: {distribution: exponential, mean: 5m}, duration: 30s}");
    rig.renewal(
        "{kind: node-crash, zone: a, timeToFailure: {distribution: weibull, shape: 0.7, scale: 10m}, "
        "timeToRepair: {distribution: lognormal, median: 1m, sigma: 0.8}}");
    if (more) {
      rig.until(200);
      rig.apply(
          "{apiVersion: v1, kind: Node, metadata: {name: a3, labels: {topology.kubernetes.io/zone: a}}, "
          "status: {capacity: {cpu: '4', memory: 8Gi, pods: '110'}}}");
    }
    rig.until(7200);
    std::string out;
    for (std::string all = rig.times(event::EventKind::MachineDown) + ", "; !all.empty();) {
      const std::string one = all.substr(0, all.find(", "));
      all.erase(0, one.size() + 2);
      if (!one.starts_with("a3")) out += one + ", ";
    }
    return std::pair(out, rig.times(event::EventKind::MachineDown).find("a3") != std::string::npos);
  };
  const auto [alone, no_third] = failures(false);
  const auto [together, third] = failures(true);
  CHECK(alone == together);
  CHECK(std::count(alone.begin(), alone.end(), 's') > 8);
  CHECK_FALSE(no_third);
  CHECK(third);  // who comes later fails too
}

TEST_CASE("The times between failures are those of the distribution") {
  Rig rig;
  rig.renewal(
      "{kind: registry-slow, node: '*', percent: 50, timeToFailure: {distribution: exponential, mean: 100s}, "
      "timeToRepair: {distribution: gamma, shape: 2, mean: 20s}}");
  rig.until(60 + 36'000);
  // Six nodes of 36,000 s with cycles of 120 s on average: 1,800; the standard deviation of the number is about 36.
  CHECK(std::abs(rig.count(event::EventKind::FaultInjected) - 1800) < 110);
}

TEST_CASE("A renewal that is ended repairs what is broken and breaks no more") {
  Rig rig;
  const std::size_t renewal = rig.renewal("{kind: node-crash, node: a1, timeToFailure: 100s, timeToRepair: 1h}");
  rig.until(170);
  CHECK(rig.down() == "a1");
  CHECK(rig.faults.end_renewal(renewal, rig.now));
  CHECK_FALSE(rig.faults.end_renewal(renewal, rig.now));
  rig.control_plane.step(rig.now);
  CHECK(rig.down().empty());
  rig.until(8000);
  CHECK(rig.count(event::EventKind::FaultInjected) == 1);
}

TEST_CASE("Whole domains fail together, each by itself") {
  Rig rig;
  rig.renewal(
      "{kind: zone-outage, zone: '*', timeToFailure: {distribution: uniform, from: 50s, to: 500s}, duration: 10s}");
  rig.until(1000);
  std::map<std::int64_t, std::set<std::string>> by_time;
  for (const event::Event& e : rig.recorder.events) {
    if (const auto* down = std::get_if<event::MachineDown>(&e.payload))
      by_time[e.time.ns].insert(std::string(rig.view().text(rig.view().node(down->node).header.name)));
  }
  CHECK(by_time.size() >= 6);
  for (const auto& [time, names] : by_time) {
    CAPTURE(time);
    CHECK(names.size() == 2);
    CHECK(names.begin()->front() == names.rbegin()->front());
  }
}

TEST_CASE("A rack is a label's value") {
  Rig rig;
  rig.begin("{kind: domain-outage, label: 'kubernetes.io/hostname=b*', duration: 1m}");
  CHECK(rig.down() == "b1 b2");
  rig.until(150);
  CHECK(rig.down().empty());
  CHECK(rig.refused("{kind: domain-outage, label: rack=r1}") != "");
}

TEST_CASE("oom kills for memory") {
  Rig rig;
  rig.begin("{kind: oom, workload: deployment/web, count: 1}");
  rig.until(70);
  std::int64_t killed = 0;
  for (const event::Event& e : rig.recorder.events) {
    if (const auto* exit = std::get_if<event::ContainerExited>(&e.payload))
      killed += exit->exit_code == 137 && exit->reason == event::ExitReason::OOMKilled ? 1 : 0;
  }
  CHECK(killed == 1);
}

TEST_CASE("While registries are down nothing new starts; slow ones only take longer") {
  const auto ready_after = [](const std::string& fault) {
    Rig rig;
    if (!fault.empty()) rig.begin(fault);
    rig.apply(
        "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: app, image: "
        "'ghcr.io/x/new:1'}]}}");
    for (std::int64_t s = 61; s < 400; ++s) {
      rig.until(s);
      const event::Ref pod = rig.view().find(model::Kind::Pod, "default", "p");
      if (rig.view().pod_ready(pod.as<PodId>())) return s - 60;
    }
    return std::int64_t{-1};
  };
  const std::int64_t usual = ready_after("");
  CHECK(usual > 0);
  CHECK(usual < 10);
  CHECK(ready_after("{kind: registry-down}") == -1);
  CHECK(ready_after("{kind: registry-down, registry: ghcr.io}") == -1);
  CHECK(ready_after("{kind: registry-down, registry: quay.io}") == usual);
  CHECK(ready_after("{kind: missing-tag, image: '*/x/new:1'}") == -1);
  CHECK(ready_after("{kind: registry-slow, percent: 5}") > usual + 30);
  CHECK(ready_after("{kind: registry-down, duration: 35s}") > 35);
}
