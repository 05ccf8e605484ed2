#pragma once
// Classes of pods, compiled once, and what node-local plugins said of them on each node, kept until the node changes.

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/schedule/framework.h"

namespace wavetank::schedule {

/// Verdicts and raw scores of one node-local class, by NodeId. An entry holds while its version is the node's.
struct LocalClass {
  std::string key;
  std::uint64_t made = 0;  ///< Unique; a reused slot has another.
  std::vector<std::uint32_t> object_version, load_version;
  std::vector<Verdict> object_verdict, verdict;
  std::vector<std::vector<std::int32_t>> raw;  ///< By score slot.
  std::uint64_t last_used = 0;
};

/// A plugin that scores, with its weight; node-local ones have a slot in LocalClass::raw.
struct Scorer {
  Plugin* plugin = nullptr;
  std::int64_t weight = 1;
  bool pre_score = false;
  std::int32_t slot = -1;
  Depends depends = Depends::Cluster;
};

/// The plugins of one profile, made and put in order.
struct PluginSet {
  explicit PluginSet(const Profile& profile);
  std::vector<std::unique_ptr<Plugin>> all;       ///< By Plugin::index.
  std::vector<Plugin*> pre_enqueue, pre_filters;  ///< In order.
  std::vector<Plugin*> filters;                   ///< By filter_order.
  std::vector<Plugin*> object_filters, load_filters, cluster_filters;
  std::vector<Plugin*> reservers, permitters;
  std::vector<Scorer> scorers;
  std::int32_t slots = 0;
};

class Classes {
 public:
  Classes(PluginSet& plugins, Cache& cache, Reasons& reasons) : plugins_(plugins), cache_(cache), reasons_(reasons) {}

  /// O(1) once met and nothing changed about services and namespaces.
  PodClass& class_of(TemplateId tmpl, event::Ref owner, const ClusterView& view);
  LocalClass& local_of(PodClass& pod_class);
  /// Brings the local class up to date on `nodes`. O(nodes) to look, plus the work for the stale ones.
  void refresh(const Cycle& c, LocalClass& local, Nodes nodes);
  /// Services or namespaces changed: what was compiled may be wrong.
  void outdate() { ++epoch_; }
  void clear();

 private:
  void compile(PodClass& pod_class, const ClusterView& view);
  void refresh_objects(const Cycle& c, LocalClass& local);
  void refresh_loads(const Cycle& c, LocalClass& local);
  void score_into(const Cycle& c, LocalClass& local, Depends depends, const std::vector<NodeId>& nodes);

  PluginSet& plugins_;
  Cache& cache_;
  Reasons& reasons_;
  std::vector<std::unique_ptr<PodClass>> classes_;
  std::vector<std::vector<std::uint32_t>> by_template_;
  std::uint32_t find_local(const std::string& key);
  std::vector<std::unique_ptr<LocalClass>> locals_;
  std::unordered_map<std::string, std::uint32_t> local_index_;  // lookup only
  std::uint64_t epoch_ = 1;
  std::uint64_t uses_ = 0, makings_ = 0;
  // scratch
  std::vector<NodeId> stale_, stale_objects_, passing_;
  std::vector<Verdict> verdicts_;
  std::vector<std::int64_t> scores_;
};

}  // namespace wavetank::schedule
