#pragma once
// A cluster for tests that state facts and wishes directly: no loop, no latency, no world. What decide() grants is
// folded at once.

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "engine/decide/decide.h"
#include "engine/model/decode.h"
#include "engine/state/view.h"

namespace wavetank::support {

class Cluster {
 public:
  explicit Cluster(std::uint64_t seed = 1) {
    fact(event::RunStarted{"test", "test", seed, 1, 1'735'689'600});
    for (const char* ns : {"default", "kube-system"})
      apply(std::string("{apiVersion: v1, kind: Namespace, metadata: {name: ") + ns + "}}");
  }

  [[nodiscard]] state::ClusterView view() const { return {state, now}; }

  /// Appends a fact as it is.
  void fact(event::Payload payload, base::Seq cause = 0) {
    state::evolve(state, {state.last_seq + 1, now, cause, std::move(payload)});
  }

  /// Grants or refuses; returns the granted facts' kinds, e.g. "PodDeletionStarted PodRemoved", or "<reason>:
  /// <message>".
  std::string wish(command::Payload payload) {
    decide::Facts facts;
    const auto refusal = decide::decide(view(), {state.last_seq, std::move(payload)}, facts);
    if (refusal) return refusal->reason + ": " + refusal->message;
    std::string kinds;
    for (event::Payload& payload_granted : facts) {
      if (!kinds.empty()) kinds += ' ';
      kinds += event::kind_name(static_cast<event::EventKind>(payload_granted.index() - 1));
      fact(std::move(payload_granted), state.last_seq);
    }
    return kinds;
  }

  /// `kubectl apply` of every document of a YAML text; all must be granted.
  void apply(std::string_view yaml) {
    auto docs = model::parse_yaml(yaml, "test");
    REQUIRE(docs.has_value());
    for (const model::Doc& doc : *docs) {
      const std::string answer = wish(command::ApplyObject{model::to_json(doc), command::ApplyObject::Mode::Apply});
      INFO(answer);
      REQUIRE(answer.find(": ") == std::string::npos);
    }
  }

  [[nodiscard]] event::Ref find(model::Kind kind, std::string_view name, std::string_view ns = "default") const {
    const event::Ref ref = view().find(kind, ns, name);
    INFO("looking for " << name);
    REQUIRE(ref.valid());
    return ref;
  }
  [[nodiscard]] event::PodId pod(std::string_view name) const {
    return find(model::Kind::Pod, name).as<event::PodId>();
  }
  [[nodiscard]] event::NodeId node(std::string_view name) const {
    return find(model::Kind::Node, name).as<event::NodeId>();
  }

  /// A node of 4 cpu, 8Gi, 110 pods.
  void add_node(const std::string& name, const std::string& zone = "a") {
    apply("{apiVersion: v1, kind: Node, metadata: {name: " + name + ", labels: {topology.kubernetes.io/zone: " + zone +
          "}}, status: {capacity: {cpu: '4', memory: 8Gi, pods: '110'}}}");
  }
  /// A bare pod of one container; bound, running and ready when a node is named.
  void add_pod(const std::string& name, const std::string& labels, const std::string& on_node = "") {
    apply("{apiVersion: v1, kind: Pod, metadata: {name: " + name + ", labels: {" + labels +
          "}}, spec: {containers: [{name: c, image: 'app:1', resources: {requests: {cpu: 100m}}}]}}");
    if (on_node.empty()) return;
    const event::PodId id = pod(name);
    fact(event::PodBound{id, node(on_node)});
    fact(event::ContainerStarted{id, 0});
    fact(event::PodPhaseChanged{id, event::Phase::Running, ""});
    fact(event::PodReadyChanged{id, true, event::ReadyReason::None});
  }

  state::ClusterState state;
  base::SimTime now;
};

}  // namespace wavetank::support
