#pragma once
// How many pods of a kind stand on each node and in each topology domain, kept up to date pod by pod: what
// PodTopologySpread and InterPodAffinity ask for. Counting all pods again for each pod would cost pods × pods.
//
//   group     pods chosen by their template (a selector in namespaces, or the template itself): a count a node
//   topology  one label key: a domain number a node
//   eligible  the nodes that count for a class of pods (node affinity, taints, keys that must be there)
//   counter   group × topology × eligible: a count a domain
//
// A pod event costs O(groups that match its template). A change of a node's labels or taints makes counters stale; a
// stale counter is rebuilt in O(nodes) when next asked for.

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/state/view.h"

namespace wavetank::schedule {

using event::NodeId;
using event::PodId;
using event::TemplateId;
using state::ClusterView;

struct GroupTag;
using GroupId = base::Id<GroupTag>;
struct TopologyTag;
using TopologyId = base::Id<TopologyTag>;
struct EligibleTag;
using EligibleId = base::Id<EligibleTag>;
struct CounterTag;
using CounterId = base::Id<CounterTag>;

/// One pod affinity term or spread selector, bound to namespaces.
struct PodTerm {
  bool any_namespace = false;
  bool nothing = false;  ///< A missing selector.
  std::vector<std::string> namespaces;
  model::LabelSelector selector;
  [[nodiscard]] bool matches(std::string_view ns, const model::Labels& labels) const;
};

/// Which pods a group counts.
struct PodPredicate {
  std::vector<PodTerm> all;  ///< Each must match …
  TemplateId only;           ///< … or, where valid, the pods of this template.
  bool live_only = false;    ///< Terminating pods do not count.
  [[nodiscard]] std::string key() const;
  [[nodiscard]] bool matches(TemplateId id, std::string_view ns, const model::Labels& labels) const;
};

struct EligibleRule {
  std::vector<TopologyId> required_keys;
  bool honor_affinity = false;
  bool honor_taints = false;
  std::shared_ptr<const model::PodTemplate> pod;  ///< Whose affinity and tolerations.
};

inline constexpr std::uint32_t kNoDomain = 0xffffffffU;

class Counters {
 public:
  struct Topology {
    std::string key;
    std::vector<std::uint32_t> domain;  ///< By node; kNoDomain where the label is missing or the node is gone.
    std::vector<std::string> values;
    std::unordered_map<std::string, std::uint32_t> index;  ///< Lookup only.
    std::vector<std::uint32_t> nodes_in;                   ///< By domain.
    std::uint32_t shared_domains = 0;                      ///< With more than one node.
    std::uint64_t shape_epoch = 0;                         ///< Rises when one_node_each() changes.
    /// Every domain has one node, as hostnames do.
    [[nodiscard]] bool one_node_each() const { return shared_domains == 0; }
  };
  struct Group {
    PodPredicate predicate;
    std::vector<std::uint32_t> on_node;
    std::uint64_t total = 0;
    std::vector<CounterId> counters;
  };
  struct Eligible {
    EligibleRule rule;
    std::vector<std::uint8_t> mask;  ///< By node.
    std::uint64_t label_epoch = 0, taint_epoch = 0;
  };
  struct Counter {
    GroupId group;
    TopologyId topology;
    EligibleId eligible;
    std::vector<std::int64_t> pods;    ///< By domain.
    std::vector<std::uint32_t> nodes;  ///< By domain: eligible nodes in it.
    std::uint32_t domains = 0;         ///< With at least one eligible node.
    std::int64_t total = 0;            ///< Pods in all domains.
    std::int64_t least = 0;            ///< Pods in the emptiest of them; kNoLeast when there is none.
    std::uint32_t at_least = 0;        ///< How many have so few; 0: `least` is to be found again.
    std::uint64_t label_epoch = 0, taint_epoch = 0;
  };

  static constexpr std::int64_t kNoLeast = std::numeric_limits<std::int32_t>::max();

  void clear();
  /// The node's labels or taints, as the view has them, or its being there changed.
  void node_changed(NodeId node, bool alive, bool labels, bool taints, const ClusterView& view);
  [[nodiscard]] bool alive(NodeId node) const { return node.index() < alive_.size() && alive_[node.index()] != 0; }

  TopologyId topology(std::string_view key, const ClusterView& view);
  EligibleId eligible(EligibleRule rule);
  CounterId counter(GroupId group, TopologyId topology, EligibleId eligible);

  /// A group by its predicate, made if new; `made` tells so. The caller then counts the pods already placed.
  GroupId group(const PodPredicate& predicate, bool& made);
  [[nodiscard]] std::size_t group_count() const { return groups_.size(); }
  [[nodiscard]] const Group& group(GroupId id) const { return groups_[id.index()]; }
  void add(GroupId id, NodeId node, std::int32_t delta);
  [[nodiscard]] std::uint32_t on_node(GroupId id, NodeId node) const {
    const auto& column = groups_[id.index()].on_node;
    return node.index() < column.size() ? column[node.index()] : 0;
  }

  [[nodiscard]] const Topology& topology(TopologyId id) const { return topologies_[id.index()]; }
  [[nodiscard]] std::uint32_t domain(TopologyId id, NodeId node) const {
    return topologies_[id.index()].domain[node.index()];
  }
  /// Brought up to date. O(nodes) if stale, O(1) else.
  const Counter& fresh(CounterId id, const ClusterView& view);
  /// Pods in the emptiest domain that has eligible nodes, kNoLeast without one. O(1) mostly, O(domains) when the last
  /// of the emptiest got a pod.
  std::int64_t least(CounterId id, const ClusterView& view);
  const Eligible& fresh(EligibleId id, const ClusterView& view);

 private:
  [[nodiscard]] bool is_fresh(const Counter& c) const;
  void set_domain(Topology& t, NodeId node, const ClusterView& view);
  static void put_in_domain(Topology& t, NodeId node, std::uint32_t domain);

  std::vector<std::uint8_t> alive_;
  std::vector<Topology> topologies_;
  std::vector<Group> groups_;
  std::vector<Eligible> eligibles_;
  std::vector<Counter> counters_;
  std::unordered_map<std::string, GroupId> group_index_;        // lookup only
  std::unordered_map<std::string, EligibleId> eligible_index_;  // lookup only
  std::unordered_map<std::string, CounterId> counter_index_;    // lookup only
  std::uint64_t label_epoch_ = 1, taint_epoch_ = 1;
};

}  // namespace wavetank::schedule
