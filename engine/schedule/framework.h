#pragma once
// What a plugin is. Each call of a plugin covers one pod and a column of nodes: never one node. A plugin says what its
// answers depend on, so that the framework can keep them between cycles:
//
//   NodeObject  the pod's class and one node's object (labels, taints, spec): kept until the node object changes
//   NodeLoad    also the pods on that one node: kept until a pod comes or goes there
//   Cluster     anything: asked in every cycle
//
// Source of points and order: https://kubernetes.io/docs/concepts/scheduling-eviction/scheduling-framework/

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/schedule/cache.h"
#include "engine/schedule/events.h"
#include "engine/schedule/profile.h"

namespace wavetank::schedule {

enum class Depends : std::uint8_t { NodeObject, NodeLoad, Cluster };

/// The points a plugin implements, as bits.
enum Points : std::uint16_t {
  kPreEnqueue = 1,
  kQueueSort = 2,
  kPreFilter = 4,
  kFilter = 8,
  kPostFilter = 16,
  kPreScore = 32,
  kScore = 64,
  kReserve = 128,
  kPermit = 256,
  kBind = 512,
};

/// What Filter says of one node: pass, or the first failing plugin (its place in the order of filters) and its reasons.
struct Verdict {
  static constexpr std::uint32_t kPass = 0xff;
  std::uint32_t reasons : 23;
  std::uint32_t unresolvable : 1;  ///< UnschedulableAndUnresolvable: preemption could not help.
  std::uint32_t plugin : 8;
  [[nodiscard]] bool ok() const { return plugin == kPass; }
};
inline constexpr Verdict kPassed{0, 0, Verdict::kPass};

/// Lists of reasons by number, so that a verdict is four bytes and a FitError is a histogram.
class Reasons {
 public:
  std::uint32_t id(const std::vector<std::string>& reasons);
  std::uint32_t id(std::string_view reason);
  [[nodiscard]] const std::vector<std::string>& list(std::uint32_t id) const { return lists_[id]; }
  [[nodiscard]] std::size_t size() const { return lists_.size(); }

 private:
  std::vector<std::vector<std::string>> lists_;
  std::unordered_map<std::string, std::uint32_t> index_;  // lookup only
};

/// A fixed reason, its number looked up once. Held by a plugin, which knows one Reasons only.
class Reason {
 public:
  explicit Reason(const char* text) : text_(text) {}
  [[nodiscard]] std::uint32_t in(Reasons& reasons) const {
    if (id_ == kUnknown) id_ = reasons.id(text_);
    return id_;
  }

 private:
  static constexpr std::uint32_t kUnknown = 0xffffffffU;
  const char* text_;
  mutable std::uint32_t id_ = kUnknown;
};

/// What a plugin works out once for a class of pods.
struct PluginData {
  PluginData() = default;
  PluginData(const PluginData&) = delete;
  PluginData& operator=(const PluginData&) = delete;
  virtual ~PluginData() = default;
};

/// Pods that no plugin can tell apart but for name, priority and nomination: one template, one controller.
struct PodClass {
  TemplateId tmpl;
  event::Ref owner;
  std::shared_ptr<const model::PodTemplate> pod;
  std::string ns;
  std::uint64_t epoch = 0;  ///< Of services and namespaces, as compiled.
  /// What plugins of Depends::NodeObject can tell of it, and those of NodeLoad too: classes with equal keys share what
  /// was answered. Where those answers were last found, and of which making.
  std::string object_key, load_key, cells_key;
  std::uint32_t object_slot = 0, load_slot = 0, cells_slot = 0;
  std::uint64_t object_made = 0, load_made = 0, cells_made = 0;
  std::vector<std::unique_ptr<PluginData>> data;  ///< By Plugin::index.

  [[nodiscard]] const model::PodSpec& spec() const { return pod->spec; }
};

/// One scheduling cycle as plugins see it.
struct Cycle {
  Cache& cache;
  Reasons& reasons;
  const ClusterView& view;
  const PodClass& pod_class;
  std::size_t node_count = 0;  ///< Nodes in the scheduler's list.
  PodId pod{};  ///< Not valid for a queueing hint, which is asked for all pods of the class.
  /// Not null: each of the feasible nodes stands for so many that are like it (cells.h).
  const std::uint32_t* members = nullptr;

  [[nodiscard]] std::size_t members_of(std::size_t feasible) const {
    return members == nullptr ? 1 : members[feasible];
  }
};

using Nodes = std::span<const NodeId>;

/// Whether `nodes` are the numbers 0, 1, 2, …: columns can then be read straight through.
inline bool all_columns(Nodes nodes, const Cache& cache) {
  return nodes.size() == cache.columns() && nodes.data() == cache.every_node().data();
}

struct PreFilterStatus {
  enum class Code : std::uint8_t { Success, Skip, Unschedulable, Unresolvable };
  Code code = Code::Success;
  std::string message;
  std::optional<std::vector<std::string>> nodes;  ///< Only these can be feasible.
};

/// One in-tree plugin. Instances belong to one scheduler; what they keep in members lives for one cycle.
class Plugin {
 public:
  Plugin() = default;
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;
  virtual ~Plugin() = default;

  [[nodiscard]] virtual Depends depends() const { return Depends::NodeObject; }

  /// Why the pod may not even be queued; empty when it may.
  [[nodiscard]] virtual std::string pre_enqueue(const model::PodSpec&) const { return {}; }
  /// Node-local plugins append what of the pod their answers depend on.
  virtual void append_class_key(const model::PodSpec&, std::string&) const {}
  /// Once for a class. The pointer is given back as data() in every later call.
  virtual std::unique_ptr<PluginData> compile(const Cycle&) { return nullptr; }

  virtual PreFilterStatus pre_filter(const Cycle&) { return {}; }
  /// For plugins of Depends::Cluster. Traits are numbers such that nodes with equal ones get the same verdict and the
  /// same raw score for this class in any cycle, so that one node can be asked for all of them: a domain's number, a
  /// count of pods on the node. How many numbers a node has; kNoTraits: each node has to be asked.
  static constexpr int kNoTraits = -1;
  virtual int trait_count(const Cycle&) { return kNoTraits; }
  /// Writes trait_count() numbers for each node, those of nodes[i] from out[i·stride] on. A node's traits change only
  /// with its object or the pods on it, or with traits_epoch().
  virtual void traits(const Cycle&, Nodes, std::int32_t* /*out*/, std::size_t /*stride*/) {}
  [[nodiscard]] virtual std::uint64_t traits_epoch(const Cycle&) const { return 0; }
  /// Writes fail(…) for nodes that it rejects and leaves the others alone. Nodes and verdicts are parallel.
  virtual void filter(const Cycle&, Nodes, Verdict*) {}
  /// False: Skip, the plugin says nothing about this pod. `feasible` are the nodes that passed.
  virtual bool pre_score(const Cycle&, Nodes /*feasible*/) { return true; }
  virtual void score(const Cycle&, Nodes, std::int64_t* /*raw*/) {}
  /// From raw scores to 0…100, over the feasible nodes together. Plugins of Depends::NodeLoad have no such step: their
  /// scores are kept summed up.
  virtual void normalize(const Cycle&, Nodes, std::int64_t* /*scores*/) {}
  /// Reserve: the pod is about to be assumed on `node`; false refuses. unreserve() takes it back.
  virtual bool reserve(const Cycle&, NodeId) { return true; }
  virtual void unreserve(const Cycle&, NodeId) {}
  /// Permit: false rejects the pod after all.
  virtual bool permit(const Cycle&, NodeId) { return true; }
  /// EventsToRegister: what may help a pod that the plugin rejected.
  [[nodiscard]] virtual std::span<const EventRegistration> registered_events() const { return {}; }
  /// Queueing hint, for events that were registered with one: whether this one may help a pod of this class that the
  /// plugin rejected. It goes by what the event says, not by the view, which may be ahead of it.
  [[nodiscard]] virtual bool helps(const ClusterEvent&, const Cycle&) const { return false; }

  static constexpr std::uint8_t kNoFilter = 0xfe;
  std::uint8_t index = 0;         ///< Among the instances of its framework; set by it.
  std::uint8_t filter_order = 0;  ///< Place among the filters; set by the framework.
  std::string_view plugin_name;   ///< Set by the framework, from the registry.

 protected:
  template <class Data>
  [[nodiscard]] const Data& data(const Cycle& c) const {
    return static_cast<const Data&>(*c.pod_class.data[index]);
  }
  template <class Data>
  [[nodiscard]] Data& changing_data(const Cycle& c) const {
    return static_cast<Data&>(*c.pod_class.data[index]);
  }
  void fail(Verdict& v, std::uint32_t reasons, bool unresolvable) const {
    if (filter_order < v.plugin) v = {reasons & 0x7fffffU, unresolvable ? 1U : 0U, filter_order};
  }
};

/// helper.DefaultNormalizeScore: 100·s/max, and 100 minus that when reverse.
void default_normalize(std::span<std::int64_t> scores, bool reverse);

}  // namespace wavetank::schedule
