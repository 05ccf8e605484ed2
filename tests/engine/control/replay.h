#pragma once
// Replays a recorded trace of real Kubernetes controllers (format kcp-trace/1) against our control plane, with a node
// agent that does nothing but what the trace says, and compares what the trace compares.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/log/memory_journal.h"
#include "engine/loop/control_plane.h"
#include "engine/model/doc.h"

namespace wavetank::replay {

/// Where golden and ours differ, one a line; empty: the trace matches.
struct Report {
  std::vector<std::string> differences;
  std::size_t checks = 0;  ///< Values compared.
};

class Trace {
 public:
  Trace(const model::Doc& trace, std::uint64_t seed);
  ~Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;
  Report run();

 private:
  class Recorder;
  using Doc = model::Doc;

  // replay.cpp: the actions
  void add_node(const std::string& name, const std::string& pool);
  void act(const Doc& action);
  bool act_on_objects(const std::string& op, const Doc& action);
  bool act_on_pods(const std::string& op, const Doc& action);
  void create(Doc manifest);
  void kubectl(const Doc& args);
  void delete_objects(const Doc& action);
  void create_pods(const Doc& action);
  void create_pod(const std::string& name, const Doc& spec);
  void create_config_maps(const Doc& action);
  void kubelet(const Doc& action);
  void start_pods(std::string_view how);
  void start(event::PodId pod, std::string_view becomes);
  void reap(std::string_view how);
  void evict();
  void request(command::Payload payload);
  void report(command::Payload payload);
  void settle(base::Duration span);
  event::PodId pod(std::string_view name) const;
  std::vector<event::PodId> alive_pods() const;

  // observe.cpp: what the trace would have recorded
  void compare(const Doc& step, Report& report) const;
  Doc deployments() const;
  Doc replica_sets() const;
  Doc pods_by_set() const;
  Doc pod_list() const;
  Doc budgets() const;
  Doc slices() const;
  Doc owners_of(std::string_view config_map) const;
  std::string set_name(event::ReplicaSetId id) const;
  std::string pod_label(event::PodId id) const;
  std::string pod_flags(event::PodId id) const;
  std::string normalized(std::string text) const;
  state::ClusterView view() const { return plane_->view(now_); }

  const Doc& trace_;
  log::MemoryJournal journal_;
  loop::EmptyWorld world_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<loop::ControlPlane> plane_;
  base::SimTime now_;
  Doc response_;
};

}  // namespace wavetank::replay
