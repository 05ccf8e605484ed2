#pragma once
// Simulated machines under test: a control plane of a few lines that grants what decide() grants, at once, and a
// transcript of what the node agents report, with virtual timestamps.

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/decide/decide.h"
#include "engine/model/doc.h"
#include "engine/state/view.h"
#include "sim/world/sim_world.h"

namespace wavetank::world {

using base::seconds;
inline base::SimTime at_s(double s) { return {static_cast<std::int64_t>(s * 1e9 + 0.5)}; }

/// Parameters without spread or latency, so that times in tables are whole: a pod's sandbox takes 0.5 s, a pull 0.5 s +
/// 2 s, a container's start 0.2 s, an app answers after 2 s and stops within 1 s.
inline WorldParams exact(const std::vector<std::pair<std::string, std::string>>& sets = {}) {
  WorldParams params;
  const auto set = [&](std::string_view name, std::string_view value) {
    const auto done = params.set(name, value);
    INFO(name << " = " << value);
    REQUIRE(done.has_value());
  };
  for (const char* name : {"kubelet.api_latency", "kubelet.sync_latency", "kubelet.pleg_period", "node.register_delay"})
    set(name, "0s");
  set("pod.setup_time", "500ms");
  set("container.start_time", "200ms");
  set("app.ready_after", "2s");
  set("init.run_time", "1s");
  for (const auto& [name, value] : sets) set(name, value);
  return params;
}

class Lab {
 public:
  explicit Lab(const WorldParams& params = exact(), std::uint64_t seed = 1) : world(params, seed) {
    fact(event::RunStarted{"lab", "test", seed, 1, 0});
    apply("{apiVersion: v1, kind: Namespace, metadata: {name: default}}");
  }

  [[nodiscard]] state::ClusterView view() const { return {state, now}; }

  void fact(event::Payload payload, base::Seq cause = 0) {
    const event::Event event{state.last_seq + 1, now, cause, std::move(payload)};
    state::evolve(state, event);
    events.push_back(event);
    world.observe(event, view());
  }
  bool wish(command::Command command) {
    decide::Facts facts;
    if (const auto refused = decide::decide(view(), command, facts)) {
      refusal = refused->message;
      return false;
    }
    for (event::Payload& payload : facts) fact(std::move(payload), command.cause);
    return true;
  }
  void apply(std::string_view yaml) {
    const auto docs = model::parse_yaml(yaml, "lab");
    INFO(yaml);
    REQUIRE(docs.has_value());
    for (const model::Doc& doc : *docs) {
      REQUIRE(wish({0, command::ApplyObject{model::to_json(doc), command::ApplyObject::Mode::Apply}}));
    }
  }

  /// Lets virtual time pass up to `s`, with all that is due at it.
  void until(double s) {
    const base::SimTime end = at_s(s);
    while (world.next_report() <= end) {
      now = std::max(now, world.next_report());
      std::vector<command::Command> reports;
      world.report(view(), reports);
      for (command::Command& report : reports) wish(std::move(report));
    }
    now = end;
  }

  event::NodeId node(const std::string& name, const std::string& more = "") {
    apply(fmt::format(
        "{{apiVersion: v1, kind: Node, metadata: {{name: {}}}, status: {{capacity: {{cpu: '64', memory: 64Gi, "
        "pods: '110'}}{}}}}}",
        name, more));
    return event::NodeId(state.nodes.size() - 1);
  }
  /// A pod of these containers (YAML list items' content), bound to `node` now. `more`: further fields of the spec.
  event::PodId pod(const std::string& name, event::NodeId node, const std::string& containers,
                   const std::string& more = "") {
    apply(fmt::format("{{apiVersion: v1, kind: Pod, metadata: {{name: {}}}, spec: {{containers: [{}]{}}}}}", name,
                      containers, more));
    const event::PodId id(state.pods.size() - 1);
    REQUIRE(wish({0, command::BindPod{{id, node}}}));
    return id;
  }
  void remove(event::PodId pod) {
    REQUIRE(wish({0, command::DeleteObject{event::Ref(pod), event::Propagation::Background, {}}}));
  }

  /// The lines of the transcript since the last call, without those about heartbeats unless asked for.
  std::vector<std::string> lines(bool heartbeats = false) {
    std::vector<std::string> out;
    for (; told < events.size(); ++told) {
      const std::string text = line(events[told]);
      if (!text.empty() && (heartbeats || text.find("heartbeats") == std::string::npos)) out.push_back(text);
    }
    return out;
  }
  /// "PodReadyChanged < ContainerStarted < PodBound": the last event of a kind and what led to it.
  [[nodiscard]] std::string why(event::EventKind kind) const {
    std::string text;
    base::Seq seq = 0;
    for (const event::Event& e : events)
      if (e.kind() == kind) seq = e.seq;
    for (; seq != 0; seq = events[seq - 1].cause)
      text += (text.empty() ? "" : " < ") + std::string(event::kind_name(events[seq - 1].kind()));
    return text;
  }

  state::ClusterState state;
  SimWorld world;
  base::SimTime now;
  std::vector<event::Event> events;
  std::size_t told = 0;
  std::string refusal;  ///< The last.

 private:
  static std::string secs(std::int64_t ns) { return fmt::format("{:g}s", static_cast<double>(ns) / 1e9); }
  [[nodiscard]] std::string name(event::PodId pod) const { return std::string(view().pod_name(pod)); }
  [[nodiscard]] std::string name(event::PodId pod, std::uint32_t c) const {
    return name(pod) + "/" + view().container_spec(pod, c).name;
  }
  [[nodiscard]] std::string name(event::NodeId node) const {
    return std::string(view().text(view().node(node).header.name));
  }

  [[nodiscard]] std::string line(const event::Event& event) const {
    const std::string text = std::visit([this](const auto& e) { return words(e); }, event.payload);
    return text.empty() ? "" : secs(event.time.ns) + " " + text;
  }
  template <class T>
  std::string words(const T&) const {
    return "";
  }
  std::string words(const event::ImagePulled& e) const {
    return "pulled " + name(e.pod, e.container) + " in " + secs(e.took.ns);
  }
  std::string words(const event::ContainerStarted& e) const { return "started " + name(e.pod, e.container); }
  std::string words(const event::ContainerExited& e) const {
    static constexpr const char* kReasons[] = {"Completed", "Error", "OOMKilled", "Unknown", "Liveness", "Startup"};
    return fmt::format("exited {} {} {}", name(e.pod, e.container), e.exit_code, kReasons[static_cast<int>(e.reason)]);
  }
  std::string words(const event::ContainerWaiting& e) const {
    static constexpr const char* kReasons[] = {"ContainerCreating", "PodInitializing", "ErrImagePull",
                                               "ImagePullBackOff", "CrashLoopBackOff"};
    return fmt::format("waiting {} {} {}", name(e.pod, e.container), kReasons[static_cast<int>(e.reason)],
                       secs(e.back_off.ns));
  }
  std::string words(const event::ContainerReadyChanged& e) const {
    return (e.ready ? "ready " : "unready ") + name(e.pod, e.container);
  }
  std::string words(const event::PodReadyChanged& e) const { return (e.ready ? "ready " : "unready ") + name(e.pod); }
  std::string words(const event::PodPhaseChanged& e) const {
    static constexpr const char* kPhases[] = {"Pending", "Running", "Succeeded", "Failed"};
    return fmt::format("{} {}", kPhases[static_cast<int>(e.phase)], name(e.pod));
  }
  std::string words(const event::PodDeletionStarted& e) const { return "deleting " + name(e.pod); }
  std::string words(const event::PodRemoved& e) const { return "removed " + name(e.pod); }
  std::string words(const event::NodeConditionChanged& e) const { return "node " + name(e.node) + " " + e.reason; }
  std::string words(const event::HeartbeatsBegan& e) const {
    return "heartbeats of " + name(e.node) + " every " + secs(e.period.ns);
  }
  std::string words(const event::HeartbeatsStopped& e) const {
    return "heartbeats of " + name(e.node) + " end, last " + secs(e.last.ns);
  }
};

using Lines = std::vector<std::string>;

}  // namespace wavetank::world
