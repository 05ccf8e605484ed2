#pragma once
// The cluster of a case: its objects as facts in a state, and the parts of the scheduler over it. Inside the room only.

#include <map>
#include <string>
#include <string_view>

#include "engine/conformance/case.h"
#include "engine/schedule/evaluator.h"
#include "engine/schedule/preemption.h"

namespace wavetank::conformance {

using model::Doc;
using schedule::NodeId;
using schedule::PodId;

/// "namespace/name" of a namespaced object, "name" of a cluster-scoped one is not asked for.
std::string key_of(const Doc& object);

class Cluster {
 public:
  /// `test_case` has been read by read_case().
  explicit Cluster(const Case& test_case);
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  [[nodiscard]] state::ClusterView view() const { return {state_, {}}; }
  [[nodiscard]] std::string node_name(NodeId n) const { return std::string(view().text(view().node(n).header.name)); }
  [[nodiscard]] std::string pod_key(PodId p) const;
  [[nodiscard]] NodeId node(std::string_view name) const;
  /// Invalid when the case has no such pod yet.
  [[nodiscard]] PodId pod(const std::string& key) const;
  /// As the configuration and the API give it to the scheduler; every node is looked at when `percentage` is 100.
  [[nodiscard]] schedule::Evaluator::Request request(PodId pod, std::int32_t percentage) const;

  /// The pod comes to be, unbound.
  PodId make_pod(const Doc& doc);
  /// What the golden attempt did, whatever ours said: the `k`-th of the case. Error: it cannot be done here.
  base::Result<void> apply(PodId pod, const Doc& expected, std::size_t k);

  schedule::Cache cache;
  schedule::Nominations nominations;
  schedule::Evaluator evaluator;
  schedule::Preempter preempter;

 private:
  void fact(event::Payload payload);
  void create(const Doc& object);
  void load();
  void load_pod(const Doc& doc);
  void load_budget(const Doc& doc);
  base::Result<void> bind(PodId pod, const Doc& expected, std::size_t k);
  base::Result<void> bind_volumes(NodeId to, const Doc& expected);
  base::Result<void> preempt(PodId pod, const Doc& preemption);
  [[nodiscard]] event::Ref claim(std::string_view key) const;
  void update(event::Ref ref, const Doc& doc);
  schedule::TemplateId stub_of(PodId pod);
  [[nodiscard]] tl::unexpected<base::Diagnostics> impossible(const Doc& where, std::string message) const;

  const Case& case_;
  state::ClusterState state_;
  std::map<std::string, PodId> by_key_;
};

/// Seconds from 2025-01-01T00:00:00Z of an RFC 3339 time in UTC with whole seconds; nullopt when it is none.
std::optional<std::int64_t> seconds_from_2025(std::string_view text);

}  // namespace wavetank::conformance
