#pragma once
// The scheduler's own picture of nodes and the pods on them, in columns by NodeId, with the pods it assumed but whose
// binding is not yet a fact. Placing or removing a pod is O(1) amortised plus the groups that count it.

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/schedule/change_log.h"
#include "engine/schedule/counters.h"
#include "engine/schedule/node_order.h"
#include "engine/schedule/requests.h"
#include "engine/schedule/volumes.h"

namespace wavetank::schedule {

struct HostPort {
  std::string ip;  ///< "0.0.0.0" for every address.
  model::Protocol protocol = model::Protocol::TCP;
  std::int32_t port = 0;
  [[nodiscard]] bool conflicts_with(const HostPort& other) const;
  bool operator==(const HostPort&) const = default;
};

/// What all pods of one template share.
struct TemplateInfo {
  bool known = false;
  std::shared_ptr<const model::PodTemplate> pod;
  base::Sym ns;
  PodRequests requests;   ///< As an incoming pod.
  PodRequests placed_as;  ///< What each adds to its node: differs while resources are changed in place.
  std::vector<std::pair<std::uint32_t, std::int64_t>> scalars;         ///< Extended resources by column, amount > 0.
  std::vector<std::pair<std::uint32_t, std::int64_t>> placed_scalars;  ///< The same of `placed_as`.
  std::vector<HostPort> ports;
  std::vector<std::uint32_t> claims;  ///< Of ClaimUses.
  bool has_affinity = false;          ///< Inter-pod affinity or anti-affinity, required or preferred.
  GroupId own_group;                  ///< Valid when has_affinity: the pods of this template.
  std::vector<GroupId> groups;        ///< Counting all placed pods.
  std::vector<GroupId> live_groups;   ///< Counting only those not terminating.
  std::uint32_t placed = 0;
};

class Cache {
 public:
  struct Scalar {
    std::string name;
    std::vector<std::int64_t> allocatable, requested;
  };
  struct Image {
    std::int64_t size = 0;
    std::uint32_t nodes = 0;
    std::vector<std::uint64_t> on_node;  ///< Bit a node.
    [[nodiscard]] bool has(NodeId n) const {
      return (n.index() >> 6) < on_node.size() && ((on_node[n.index() >> 6] >> (n.index() & 63)) & 1) != 0;
    }
  };
  /// A pod as the cache holds it.
  struct Placed {
    NodeId node;
    std::uint32_t position = 0;  ///< In pods_on[node].
    TemplateId tmpl;
    bool terminating = false;
    bool assumed = false;
  };

  // ---- Columns by NodeId ----
  std::vector<std::int64_t> allocatable_cpu, allocatable_memory, allocatable_ephemeral, allocatable_pods;
  std::vector<std::int64_t> requested_cpu, requested_memory, requested_ephemeral, nonzero_cpu, nonzero_memory;
  std::vector<std::int64_t> pod_count;
  std::vector<double> inverse_cpu, inverse_memory;  ///< 1 over allocatable; 0 where there is none.
  std::vector<std::uint8_t> unschedulable;          ///< spec.unschedulable.
  std::vector<std::uint32_t> taint_set;             ///< Of taint_sets(); 0: none.
  std::vector<std::uint32_t> load_version;          ///< Rises with the pods on the node, and with its object.
  ChangeLog objects;                                ///< Node objects that appeared, changed or went.
  ChangeLog loads;  ///< Nodes of which anything changed that plugins read: pods, images, the object.
  std::vector<std::vector<PodId>> pods_on;
  std::vector<std::vector<HostPort>> ports_on;
  std::vector<Scalar> scalars;
  Counters counters;
  ClaimUses claim_uses;  ///< By placed pods.
  AssumedVolumes assumed_volumes;

  void clear();
  /// Everything as the view has it: nodes in the order of their making, the pods placed on them. O(nodes + pods).
  void load(const ClusterView& view, PodId without = PodId());
  /// A node appeared or its object changed.
  void put_node(NodeId node, const ClusterView& view);
  /// Only spec.taints or spec.unschedulable changed.
  void put_taints(NodeId node, const ClusterView& view);
  void remove_node(NodeId node, const ClusterView& view);
  void add_image(NodeId node, std::string_view name, std::int64_t size);
  [[nodiscard]] bool alive(NodeId node) const { return counters.alive(node); }
  [[nodiscard]] std::size_t columns() const { return load_version.size(); }
  /// 0, 1, 2, …: all numbers of nodes, whether alive or not.
  [[nodiscard]] const std::vector<NodeId>& every_node() const { return every_node_; }
  /// How many nodes have `unschedulable` set.
  [[nodiscard]] std::size_t cordoned() const { return cordoned_; }
  /// Every list of taints that some node has or had.
  [[nodiscard]] const std::vector<std::vector<model::Taint>>& taint_sets() const { return taint_sets_; }
  const std::vector<NodeId>& order() { return order_.list(); }
  /// Null when no node has it. `name` as Kubernetes normalises it (with a tag).
  [[nodiscard]] const Image* image(const std::string& name) const;

  // ---- Pods ----
  void place(PodId pod, TemplateId tmpl, NodeId node, bool terminating, bool assumed, const ClusterView& view);
  void take(PodId pod);
  void set_terminating(PodId pod);
  void confirm(PodId pod) { placed_[pod.index()].assumed = false; }
  /// Null when the pod is on no node.
  [[nodiscard]] const Placed* placed(PodId pod) const {
    return pod.index() < placed_.size() && placed_[pod.index()].node.valid() ? &placed_[pod.index()] : nullptr;
  }

  /// While one lives, pods are placed and taken for the sake of a question, and all is as it was when it ends: nodes do
  /// not count as changed. As in Kubernetes' AddPod and RemovePod, terminating pods then count like others, and claims
  /// are not looked at anew but counted up and down: trial_claims().
  class Trial {
   public:
    explicit Trial(Cache& cache) : cache_(cache) { ++cache_.trials_; }
    ~Trial() {
      if (--cache_.trials_ == 0) cache_.trial_claims_.clear();
    }
    Trial(const Trial&) = delete;
    Trial& operator=(const Trial&) = delete;

   private:
    Cache& cache_;
  };

  /// Pods with claims that the present trial placed (1) or took (-1), in that order.
  [[nodiscard]] const std::vector<std::pair<TemplateId, std::int32_t>>& trial_claims() const { return trial_claims_; }

  // ---- Templates and groups ----
  const TemplateInfo& info(TemplateId tmpl, const ClusterView& view);
  [[nodiscard]] const TemplateInfo& known_info(TemplateId tmpl) const { return templates_[tmpl.index()]; }
  /// Templates with inter-pod terms in the order they were met: whose pods may have a say about others.
  [[nodiscard]] const std::vector<TemplateId>& affinity_templates() const { return affinity_templates_; }
  /// The group, with the pods already placed counted.
  GroupId group(const PodPredicate& predicate, const ClusterView& view);
  std::uint32_t scalar_column(std::string_view name);

 private:
  void resize(std::size_t nodes);
  void account(const TemplateInfo& t, NodeId node, std::int64_t sign);
  void count(const std::vector<GroupId>& groups, NodeId node, std::int32_t delta);
  void count_claims(TemplateId tmpl, std::int32_t pods);
  bool put_image(NodeId node, std::string_view name, std::int64_t size);
  void drop_images(NodeId node);
  void load_changed(NodeId node);
  void object_changed(NodeId node);
  void read_taints(NodeId node, const ClusterView& view);
  std::uint32_t image_index(std::string_view name);

  NodeOrder order_;
  std::vector<NodeId> every_node_;
  std::size_t cordoned_ = 0;
  int trials_ = 0;
  std::vector<std::pair<TemplateId, std::int32_t>> trial_claims_;
  std::vector<std::vector<model::Taint>> taint_sets_{{}};
  std::unordered_map<std::string, std::uint32_t> taint_set_index_{{"", 0}};  // lookup only
  std::vector<Placed> placed_;                                               // by PodId
  std::vector<TemplateInfo> templates_;                                      // by TemplateId
  std::vector<TemplateId> met_;                                              // templates in the order they were met
  std::vector<TemplateId> affinity_templates_;
  std::vector<Image> images_;
  std::vector<std::vector<std::uint32_t>> images_of_;           // by node
  std::unordered_map<std::string, std::uint32_t> image_index_;  // lookup only
};

/// "nginx" → "nginx:latest". Source: imagelocality.normalizedImageName.
std::string normalized_image(std::string_view name);

}  // namespace wavetank::schedule
