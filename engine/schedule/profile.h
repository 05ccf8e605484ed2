#pragma once
// A scheduler profile: which plugins run at which point, with what weight and arguments. Plain values; the names and
// meanings are those of kubescheduler.config.k8s.io/v1. Source: https://kubernetes.io/docs/reference/scheduling/config/

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/types.h"

namespace wavetank::schedule {

struct ResourceWeight {
  std::string name;
  std::int64_t weight = 1;
};
struct ShapePoint {
  std::int64_t utilization = 0;  ///< Per cent, ascending.
  std::int64_t score = 0;        ///< 0 to 100 (ten times the API's 0 to 10).
};
enum class ScoringStrategy : std::uint8_t { LeastAllocated, MostAllocated, RequestedToCapacityRatio };

struct FitArgs {
  ScoringStrategy strategy = ScoringStrategy::LeastAllocated;
  std::vector<ResourceWeight> resources{{"cpu", 1}, {"memory", 1}};
  std::vector<ShapePoint> shape;
  std::vector<std::string> ignored_resources;        ///< Extended resources that filters leave out.
  std::vector<std::string> ignored_resource_groups;  ///< The same by prefix before '/'.
};
struct BalancedArgs {
  std::vector<ResourceWeight> resources{{"cpu", 1}, {"memory", 1}};
};
struct NodeAffinityArgs {
  std::optional<model::NodeAffinity> added;
};
struct PodTopologySpreadArgs {
  bool system_defaults = true;  ///< defaultingType System; else `default_constraints` (List).
  std::vector<model::TopologySpreadConstraint> default_constraints;
};
struct InterPodAffinityArgs {
  std::int64_t hard_pod_affinity_weight = 1;
  bool ignore_preferred_terms_of_existing_pods = false;
};
struct PreemptionArgs {
  std::int64_t min_candidate_nodes_percentage = 10;
  std::int64_t min_candidate_nodes_absolute = 100;
};

/// Which of the nodes with the best score: any, with equal chances (as kube-scheduler), or the one of the smallest name.
enum class TieBreak : std::uint8_t { Random, Name };

struct VolumeBindingArgs {
  std::int64_t bind_timeout_seconds = 600;
};

struct WeightedPlugin {
  std::string name;
  std::int64_t weight = 1;
};

struct Profile {
  std::string scheduler_name = "default-scheduler";
  std::optional<std::int32_t> percentage_of_nodes_to_score;  ///< Instead of the scheduler's own; 0: adaptive.
  std::vector<std::string> pre_enqueue, pre_filter, filter, post_filter;  ///< In order of execution.
  std::vector<WeightedPlugin> score;                                      ///< In order of execution.
  FitArgs fit;
  BalancedArgs balanced;
  NodeAffinityArgs node_affinity;
  PodTopologySpreadArgs spread;
  InterPodAffinityArgs inter_pod;
  PreemptionArgs preemption;
  VolumeBindingArgs volume_binding;
};

/// All plugins of the registry at the points they implement, in Kubernetes' default order and weights.
Profile default_profile();

}  // namespace wavetank::schedule
