#include "sim/world/sim_world.h"

#include "engine/base/codec.h"
#include "engine/control/lookup.h"
#include "sim/world/impl.h"

namespace wavetank::world {
namespace {

bool is_pod_step(Step step) { return step >= Step::PodSetUp; }
bool is_pod_level(Step step) {
  return step == Step::PodSetUp || step == Step::PodEvicted || step == Step::VolumesMounted ||
         step == Step::TellMissing || step == Step::BeginNext || step == Step::PodStopped ||
         step == Step::PodFinished || step == Step::PodDeadline || step == Step::MountConfig ||
         step == Step::CheckGates;
}
bool is_probe_step(Step step) {
  return step == Step::StartupDone || step == Step::ProbeKill || step == Step::BecomeReady ||
         step == Step::BecomeUnready;
}

// Machines go first at one moment: a container that would become ready when the power fails does not.
constexpr std::uint8_t kMachinesFirst = 0;
constexpr std::uint8_t kThenPods = 1;

}  // namespace

SimWorld::Impl::Impl(const WorldParams& p, std::uint64_t run_seed)
    : params(p),
      seed(run_seed),
      usage(params, run_seed),
      setup_stream(run_seed, "world.pod.setup_time"),
      start_stream(run_seed, "world.container.start_time"),
      ready_stream(run_seed, "world.app.ready_after"),
      exit_stream(run_seed, "world.app.exits_after"),
      init_stream(run_seed, "world.init.run_time"),
      lease_stream(run_seed, "world.node.lease_phase"),
      pleg_stream(run_seed, "world.kubelet.pleg_phase"),
      attach_stream(run_seed, "world.volume.attach_time"),
      mount_stream(run_seed, "world.volume.mount_time"),
      api_latency(params.duration(Param::KubeletApiLatency)),
      sync_latency(params.duration(Param::KubeletSyncLatency)),
      pleg_period(params.duration(Param::KubeletPlegPeriod)) {
  read_pressure();
}

void SimWorld::Impl::observe(const event::Event& event, const ClusterView& view) {
  using namespace event;
  now = std::max(now, view.now());
  const auto touched = [&](PodId pod, std::uint32_t c) {
    if (pod.index() < pods.size() && c < pods[pod.index()].count) container(pod, c).cause = event.seq;
  };
  switch (event.kind()) {
    case EventKind::ObjectCreated:
      learn_nodes(event, view);
      if (const model::Kind kind = std::get<ObjectCreated>(event.payload).kind;
          kind == model::Kind::PersistentVolume || kind == model::Kind::PersistentVolumeClaim) {
        retry_mounts(NodeId(), view);
      } else if (kind == model::Kind::VolumeAttachment) {
        const std::size_t made = control::row_created_by(view->volume_attachments, event.seq);
        if (made < view->volume_attachments.size()) attachment_made(VolumeAttachmentId(made), view);
      } else if (kind == model::Kind::HorizontalPodAutoscaler || kind == model::Kind::VerticalPodAutoscaler) {
        collect_metrics();
      } else if ((kind == model::Kind::ConfigMap || kind == model::Kind::Secret) && !config_waits.empty()) {
        config_made(event, view);
      }
      break;
    case EventKind::ObjectDeletionStarted: {
      const Ref ref = std::get<ObjectDeletionStarted>(event.payload).ref;
      if (ref.kind == model::Kind::VolumeAttachment) attachment_ending(ref.as<VolumeAttachmentId>(), view);
      break;
    }
    case EventKind::VolumeAttachmentChanged:
    case EventKind::VolumeInUseChanged:
      volume_fact(event, view);
      break;
    case EventKind::ObjectRemoved: {
      const Ref ref = std::get<ObjectRemoved>(event.payload).ref;
      if (ref.kind == model::Kind::Node) node_removed(ref.as<NodeId>(), view);
      break;
    }
    case EventKind::ObjectUpdated: {
      const Ref ref = std::get<ObjectUpdated>(event.payload).ref;
      if (ref.kind == model::Kind::Pod) pod_updated(ref.as<PodId>(), event.seq, view);
      if (ref.kind == model::Kind::PersistentVolumeClaim) claim_changed(ref.as<PvcId>(), view);
      if (ref.kind == model::Kind::PersistentVolume) retry_mounts(NodeId(), view);
      if (ref.kind == model::Kind::ConfigMap || ref.kind == model::Kind::Secret) config_changed(ref, event.seq, view);
      break;
    }
    case EventKind::PodBound: {
      const auto& e = std::get<PodBound>(event.payload);
      pod_bound(e.pod, e.node, event.seq, view);
      break;
    }
    case EventKind::PodDeletionStarted:
      delete_pod(std::get<PodDeletionStarted>(event.payload).pod, std::get<PodDeletionStarted>(event.payload),
                 event.seq, view);
      break;
    case EventKind::PodRemoved:
      drop_pod(std::get<PodRemoved>(event.payload).pod, Stage::Gone, view);
      break;
    case EventKind::NodeConditionChanged: {
      // The control plane thinks the node lost, but its agent is there: the next of its status updates says so.
      const auto& e = std::get<NodeConditionChanged>(event.payload);
      if (e.type == NodeConditionType::Ready && e.status == ConditionStatus::Unknown && node_slot(e.node).agent_up)
        set_node(now + params.duration(Param::NodeLeasePeriod), Step::PostStatus, e.node);
      break;
    }
    case EventKind::ImagePulled:
      touched(std::get<ImagePulled>(event.payload).pod, std::get<ImagePulled>(event.payload).container);
      break;
    case EventKind::ContainerStarted:
      touched(std::get<ContainerStarted>(event.payload).pod, std::get<ContainerStarted>(event.payload).container);
      break;
    case EventKind::ContainerWaiting: {
      const auto& e = std::get<ContainerWaiting>(event.payload);
      if (e.reason == WaitingReason::ErrImagePull) touched(e.pod, e.container);
      break;
    }
    case EventKind::ContainerExited: {
      const auto& e = std::get<ContainerExited>(event.payload);
      touched(e.pod, e.container);
      // What comes after an init container comes because of its end.
      if (e.pod.index() >= pods.size()) break;
      const PodSlot& slot = pods[e.pod.index()];
      for (std::uint32_t c = e.container + 1; e.container < slot.inits && c < slot.count; ++c)
        if (!container(e.pod, c).reported) container(e.pod, c).cause = event.seq;
      break;
    }
    case EventKind::LoadChanged:
      load_cause = event.seq;
      break;
    default:
      break;
  }
}

void SimWorld::Impl::set_node(SimTime at, Step step, NodeId node) {
  timers.push(std::max(at, now), kMachinesFirst, static_cast<std::uint16_t>(step), node.value, node_slot(node).life);
}
void SimWorld::Impl::set_pod(SimTime at, Step step, PodId pod) {
  timers.push(std::max(at, now), kThenPods, static_cast<std::uint16_t>(step), pod.value, pods[pod.index()].life);
}
void SimWorld::Impl::set_container(SimTime at, Step step, PodId pod, std::uint32_t c) {
  timers.push(std::max(at, now), kThenPods, static_cast<std::uint16_t>(step), pod.value, container(pod, c).life,
              static_cast<std::uint16_t>(c));
}
void SimWorld::Impl::set_probe(SimTime at, Step step, PodId pod, std::uint32_t c) {
  timers.push(std::max(at, now), kThenPods, static_cast<std::uint16_t>(step), pod.value, container(pod, c).probing,
              static_cast<std::uint16_t>(c));
}

SimTime SimWorld::Impl::seen(const NodeSlot& node, SimTime t) const {
  if (pleg_period.ns <= 0) return t;
  const SimTime first{node.pleg_phase.ns};
  if (t <= first) return first;
  return first + pleg_period * (((t - first).ns + pleg_period.ns - 1) / pleg_period.ns);
}

bool SimWorld::Impl::is_stale(const kernel::Timer& timer) const {
  const Step step = static_cast<Step>(timer.kind);
  const PodSlot& slot = pods[timer.subject];
  if (is_pod_level(step)) return timer.extra != slot.life;
  const ContainerSlot& c = containers[slot.first + timer.detail];
  return timer.extra != (is_probe_step(step) ? c.probing : c.life);
}

void SimWorld::Impl::dispatch(const kernel::Timer& timer, const ClusterView& view) {
  if (!is_pod_step(static_cast<Step>(timer.kind))) return dispatch_node(timer, view);
  if (is_stale(timer)) return;
  NodeSlot& node = node_slot(pods[timer.subject].node);
  if (!node.agent_up) {
    if (node.machine_up) node.deferred.push_back(timer);
    return;
  }
  const std::size_t before = out->size();
  const NodeId id = pods[timer.subject].node;
  dispatch_pod(timer, view);
  if (node_slot(id).cut) hold(id, before);
}

void SimWorld::Impl::dispatch_node(const kernel::Timer& timer, const ClusterView& view) {
  const Step step = static_cast<Step>(timer.kind);
  if (step == Step::ImageChanged) {
    return image_changed(timer.subject, static_cast<ImageFault::Kind>(timer.detail), timer.extra, view);
  }
  if (step == Step::VolumeAttached || step == Step::VolumeDetached)
    return attachment_due(event::VolumeAttachmentId(timer.subject), step == Step::VolumeAttached, view);
  if (step == Step::FileSystemGrown)
    return file_system_grown(event::PvcId(timer.subject), PodId(static_cast<std::uint32_t>(timer.extra)), view);
  if (step == Step::Scrape) return scrape(view);
  if (step == Step::MemoryCheck) return check_memory(view);
  if (step == Step::WatchAll) return watch_all(view);
  const NodeId node(timer.subject);
  if (step == Step::LinkDown) return link_down(node);
  if (step == Step::LinkUp) return link_up(node, view);
  const std::size_t before = out->size();
  dispatch_machine(timer, view);
  if (node_slot(node).cut) hold(node, before);
}

void SimWorld::Impl::dispatch_machine(const kernel::Timer& timer, const ClusterView& view) {
  const Step step = static_cast<Step>(timer.kind);
  const NodeId node(timer.subject);
  const NodeSlot& slot = node_slot(node);
  switch (step) {
    // These two follow their levers at once, and must be handled even if another lever was pulled since.
    case Step::MachineCrash:
      return machine_crashed(node, view);
    case Step::AgentStop:
      return agent_stopped(node);
    case Step::PullsDue:
      if (timer.extra == slot.pulls_planned) advance_pulls(node, view);
      return;
    case Step::AgentUp:
      if (timer.extra == slot.life) agent_up(node, view);
      return;
    case Step::BeginHeartbeats:
      if (timer.extra == slot.life) begin_heartbeats(node);
      return;
    case Step::LookAtPressure:
      if (timer.extra == slot.life) look_at_pressure(node, view);
      return;
    case Step::PostPressure:
      if (timer.extra == slot.life) post_pressure(node, view);
      return;
    case Step::CheckNodeMemory:
      if (timer.extra == slot.life) check_node_memory(node, view);
      return;
    case Step::ReportInUse:
      if (timer.extra == slot.life) report_in_use(node, view);
      return;
    case Step::PostStatus:
      if (timer.extra == slot.life && !slot.cut &&
          view.node(node).conditions[0].status == event::ConditionStatus::Unknown)
        post_ready(node);
      return;
    default:
      return;
  }
}

void SimWorld::Impl::dispatch_pod(const kernel::Timer& timer, const ClusterView& view) {
  const PodId pod(timer.subject);
  const std::uint32_t c = timer.detail;
  switch (static_cast<Step>(timer.kind)) {
    case Step::PodSetUp:
      pods[pod.index()].stage = Stage::Running;
      return begin_next(pod, view);
    case Step::PodEvicted:
      return pod_evicted(pod, view);
    case Step::VolumesMounted:
      return volumes_mounted(pod, view);
    case Step::TellMissing:
      return tell_missing(pod, view);
    case Step::BeginNext:
      return begin_next(pod, view);
    case Step::ContainerStarted:
      return container_started(pod, c, view);
    case Step::ContainerExited:
      return container_exited(pod, c, view);
    case Step::Restart:
      return back_off_over(pod, c, view);
    case Step::RetryPull:
      return begin_container(pod, c, view);
    case Step::PullBackOff:
      return report_back_off(pod, c);
    case Step::StartupDone:
      return startup_done(pod, c, view);
    case Step::ProbeKill: {
      const model::Container& spec = view.container_spec(pod, c);
      const bool started = container(pod, c).started;
      const auto& probe = started ? spec.liveness_probe : spec.startup_probe;
      const std::int64_t grace = view.pod_spec(pod).spec.termination_grace_period_seconds;
      return kill_container(pod, c, probe ? probe->termination_grace_period_seconds.value_or(grace) : grace,
                            started ? event::ExitReason::LivenessProbeFailed : event::ExitReason::StartupProbeFailed,
                            container(pod, c).cause, view);
    }
    case Step::BecomeReady:
      return set_ready(pod, c, true, view);
    case Step::BecomeUnready:
      return set_ready(pod, c, false, view);
    case Step::PodStopped:
      return pod_stopped(pod, view);
    case Step::PodFinished:
      return pod_finished(pod, view);
    case Step::PodDeadline:
      return deadline_over(pod, view);
    case Step::MountConfig:
      return mount_config(pod, view);
    case Step::CheckGates:
      return check_gates(pod, view);
    default:
      return;
  }
}

// ---- The class
// ------------------------------------------------------------------------------------------------------------------

SimWorld::SimWorld(const WorldParams& params, std::uint64_t seed) : impl_(std::make_unique<Impl>(params, seed)) {
  make_source();
}
SimWorld::~SimWorld() = default;

void SimWorld::observe(const event::Event& event, const ClusterView& view) { impl_->observe(event, view); }

SimTime SimWorld::next_report() const { return impl_->timers.empty() ? SimTime::never() : impl_->timers.top().at; }

void SimWorld::report(const ClusterView& view, std::vector<command::Command>& out) {
  impl_->now = std::max(impl_->now, view.now());
  impl_->out = &out;
  while (!impl_->timers.empty() && impl_->timers.top().at <= view.now()) impl_->dispatch(impl_->timers.pop(), view);
  impl_->out = nullptr;
}

void SimWorld::crash_machine(NodeId node, SimTime now, Seq cause) {
  impl_->now = std::max(impl_->now, now);
  NodeSlot& slot = impl_->node_slot(node);
  if (!slot.machine_up) return;
  slot.machine_up = slot.agent_up = false;
  slot.cause = cause;
  ++slot.life;
  impl_->set_node(now, Step::MachineCrash, node);
}

void SimWorld::restore_machine(NodeId node, SimTime now, Seq cause) {
  impl_->now = std::max(impl_->now, now);
  NodeSlot& slot = impl_->node_slot(node);
  if (slot.machine_up) return;
  slot.machine_up = true;
  slot.cause = cause;
  ++slot.life;
  if (!slot.agent_disabled) impl_->set_node(now + impl_->params.duration(Param::NodeBootTime), Step::AgentUp, node);
}

void SimWorld::stop_kubelet(NodeId node, SimTime now, Seq cause) {
  impl_->now = std::max(impl_->now, now);
  NodeSlot& slot = impl_->node_slot(node);
  if (slot.agent_disabled) return;
  slot.agent_disabled = true;
  slot.agent_up = false;
  slot.cause = cause;
  ++slot.life;
  if (slot.machine_up) impl_->set_node(now, Step::AgentStop, node);
}

void SimWorld::start_kubelet(NodeId node, SimTime now, Seq cause) {
  impl_->now = std::max(impl_->now, now);
  NodeSlot& slot = impl_->node_slot(node);
  if (!slot.agent_disabled) return;
  slot.agent_disabled = false;
  if (!slot.machine_up) return;
  slot.cause = cause;
  ++slot.life;
  impl_->set_node(now + impl_->params.duration(Param::KubeletStartTime), Step::AgentUp, node);
}

bool SimWorld::machine_up(NodeId node) const { return impl_->node_slot(node).machine_up; }
bool SimWorld::kubelet_up(NodeId node) const { return impl_->node_slot(node).agent_up; }

void SimWorld::set_image_unavailable(std::string_view pattern, bool on) {
  impl_->change_image_fault({ImageFault::Kind::Unavailable, std::string(pattern), 0, {}}, on, impl_->now, 0);
}
void SimWorld::set_image_never_ready(std::string_view pattern, bool on, SimTime now, Seq cause) {
  impl_->change_image_fault({ImageFault::Kind::NeverReady, std::string(pattern), 0, {}}, on, now, cause);
}
void SimWorld::set_image_crashing(std::string_view pattern, bool on, std::int32_t exit_code, Duration after,
                                  SimTime now, Seq cause) {
  impl_->change_image_fault({ImageFault::Kind::Crashing, std::string(pattern), exit_code, after}, on, now, cause);
}

void SimWorld::crash_container(PodId pod, std::uint32_t container, std::int32_t exit_code, SimTime now, Seq cause,
                               event::ExitReason reason) {
  if (!container_runs(pod, container)) return;
  impl_->now = std::max(impl_->now, now);
  impl_->end_container(pod, container, exit_code, reason, now, cause);
}

bool SimWorld::container_runs(PodId pod, std::uint32_t container) const {
  if (pod.index() >= impl_->pods.size()) return false;
  const PodSlot& slot = impl_->pods[pod.index()];
  return slot.stage == Stage::Running && container < slot.count && impl_->container(pod, container).run == Run::Running;
}

const UsageModel& SimWorld::usage() const { return impl_->usage; }

void SimWorld::set_memory_leak(std::string_view pattern, bool on, std::int64_t bytes_per_s, SimTime now, Seq cause) {
  impl_->now = std::max(impl_->now, now);
  impl_->change_leak({std::string(pattern), bytes_per_s, now, cause}, on);
}

void SimWorld::collect_metrics(SimTime now) {
  impl_->now = std::max(impl_->now, now);
  impl_->collect_metrics();
}

void SimWorld::fill_disk(NodeId node, std::int64_t bytes, SimTime now, Seq cause) {
  impl_->now = std::max(impl_->now, now);
  NodeSlot& slot = impl_->node_slot(node);
  slot.disk_filled = std::max<std::int64_t>(0, bytes);
  slot.fill_cause = cause;
  impl_->pressure_on = true;
  impl_->watch_pressure(node);
}

void SimWorld::set_pull_speed(NodeId node, std::int64_t percent, SimTime now) {
  impl_->now = std::max(impl_->now, now);
  NodeSlot& slot = impl_->node_slot(node);
  slot.pull_percent = std::clamp<std::int64_t>(percent, 0, 100'000);
  ++slot.pulls_planned;
  impl_->timers.push(now, kMachinesFirst, static_cast<std::uint16_t>(Step::PullsDue), node.value, slot.pulls_planned);
}

void SimWorld::save(std::vector<std::uint8_t>& out) const {
  std::vector<std::string> names;
  for (const ImageSlot& image : impl_->images) names.push_back(image.name);
  base::Writer writer(out);
  writer(impl_->now, names, impl_->image_faults, impl_->nodes_learned, impl_->nodes, impl_->pods, impl_->containers,
         impl_->troubles, impl_->pressure_on, impl_->volume_pods, impl_->timers, impl_->usage.leaks, impl_->collecting,
         impl_->watched, impl_->memory_checks_at, impl_->load_cause);
  std::vector<std::pair<std::uint32_t, PodSample>> samples(impl_->samples.begin(), impl_->samples.end());
  std::vector<std::pair<std::uint32_t, std::pair<std::string, Seq>>> evictions(impl_->evictions.begin(),
                                                                               impl_->evictions.end());
  std::vector<std::pair<std::pair<std::uint32_t, std::uint32_t>, SimTime>> config_waits(impl_->config_waits.begin(),
                                                                                        impl_->config_waits.end());
  writer(samples, evictions, config_waits);
}

bool SimWorld::load(const std::uint8_t* data, std::size_t size) {
  auto fresh = std::make_unique<Impl>(impl_->params, impl_->seed);
  std::vector<std::string> names;
  base::Reader reader(data, size);
  reader(fresh->now, names, fresh->image_faults, fresh->nodes_learned, fresh->nodes, fresh->pods, fresh->containers,
         fresh->troubles, fresh->pressure_on, fresh->volume_pods, fresh->timers, fresh->usage.leaks, fresh->collecting,
         fresh->watched, fresh->memory_checks_at, fresh->load_cause);
  std::vector<std::pair<std::uint32_t, PodSample>> samples;
  std::vector<std::pair<std::uint32_t, std::pair<std::string, Seq>>> evictions;
  std::vector<std::pair<std::pair<std::uint32_t, std::uint32_t>, SimTime>> config_waits;
  reader(samples, evictions, config_waits);
  if (!reader.ok() || !reader.at_end()) return false;
  fresh->samples.insert(samples.begin(), samples.end());
  fresh->evictions.insert(evictions.begin(), evictions.end());
  fresh->config_waits.insert(config_waits.begin(), config_waits.end());
  for (const std::string& name : names) fresh->intern_image(name);
  impl_ = std::move(fresh);
  return true;
}

}  // namespace wavetank::world
