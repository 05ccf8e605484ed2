#pragma once
// Inside the room: what the world keeps, and the steps of its machines. Plain data indexed by ids; what is pending are
// timers.
//
// Times in the names: a step happens on the node at its own time, and is reported kubelet.api_latency later; things
// that the node agent finds out by looking (a container started, ended) are found at the next tick of
// kubelet.pleg_period.

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/symbols.h"
#include "engine/control/metrics.h"
#include "sim/kernel/timer_queue.h"
#include "sim/world/held.h"
#include "sim/world/pressure.h"
#include "sim/world/pulls.h"
#include "sim/world/sim_world.h"
#include "sim/world/usage.h"

namespace wavetank::world {

/// What a timer is for. Of the node: subject is a NodeId. Of the pod: subject is a PodId, detail the container.
enum class Step : std::uint16_t {
  MachineCrash,
  AgentStop,
  AgentUp,
  BeginHeartbeats,
  PostStatus,
  PullsDue,
  ImageChanged,  ///< Subject: an image; detail: ImageFault::Kind; extra: the cause.
  ReportInUse,
  LookAtPressure,
  PostPressure,
  CheckNodeMemory,
  LinkDown,
  LinkUp,
  VolumeAttached,   ///< Subject: a VolumeAttachment.
  VolumeDetached,   ///< The same.
  FileSystemGrown,  ///< Subject: a claim; extra: the pod.
  Scrape,           ///< Of all nodes.
  MemoryCheck,      ///< Of all containers that are watched.
  WatchAll,
  // Pods; these wait while the node agent is down.
  PodSetUp,
  PodEvicted,
  VolumesMounted,
  TellMissing,
  BeginNext,
  ContainerStarted,
  ContainerExited,
  Restart,
  RetryPull,
  PullBackOff,
  StartupDone,
  ProbeKill,
  BecomeReady,
  BecomeUnready,
  PodStopped,
  PodFinished,
  PodDeadline,
  MountConfig,
  CheckGates,
};

enum class Run : std::uint8_t { Waiting, Pulling, Starting, Running, Stopping, BackOff, Exited, Lost };

enum class Stage : std::uint8_t { Unknown, SettingUp, Running, Finishing, Finished, Stopping, Evicting, Lost, Gone };

inline constexpr std::uint32_t kNone = 0xffffffffU;

struct ContainerSlot {
  SimTime started_at;  ///< On the node.
  SimTime anchor;      ///< Of its readiness worker's ticks.
  Seq cause = 0;       ///< The last event about it.
  std::uint32_t image = kNone;
  std::uint32_t trouble = kNone;  ///< Into `troubles`.
  std::uint16_t life = 0;         ///< Timers of another life are stale.
  std::uint16_t probing = 0;      ///< The same for probe timers.
  std::uint16_t runs = 0;         ///< Starts so far; the n of its draws.
  Run run = Run::Waiting;
  bool started = false;  ///< Its startup probe has succeeded (or there is none).
  bool ready = false;
  bool reported = false;  ///< ContainerStarted was reported in this life of the pod.
  template <class A>
  void fields(A& a) {
    a(started_at, anchor, cause, image, trouble, life, probing, runs, run, started, ready, reported);
  }
};

/// What only containers that fail have.
struct Trouble {
  SimTime finished_at;
  SimTime backed_off_at;  ///< kubelet's Backoff entry: lastUpdate
  Duration back_off{};    ///< 0: no entry.
  Duration pull_back_off{};
  Seq cause = 0;               ///< Of the exit that is under way; 0: the container's.
  std::int32_t exit_code = 0;  ///< Of the last exit, or of the one under way.
  event::ExitReason reason = event::ExitReason::Completed;
  template <class A>
  void fields(A& a) {
    a(finished_at, backed_off_at, back_off, pull_back_off, cause, exit_code, reason);
  }
};

struct PodSlot {
  SimTime taken_up;  ///< When the node agent began with it: the anchor of startup and liveness workers.
  Seq cause = 0;
  NodeId node;
  std::uint32_t first = 0;  ///< Into `containers`.
  std::uint16_t count = 0, inits = 0;
  std::uint16_t next = 0;  ///< The container that comes next in the order of starting.
  std::uint16_t life = 0;
  Stage stage = Stage::Unknown;
  bool running = false;  ///< Phase Running was reported.
  bool ready = false;
  bool overdue = false;  ///< Its activeDeadlineSeconds are over.
  template <class A>
  void fields(A& a) {
    a(taken_up, cause, node, first, count, inits, next, life, stage, running, ready, overdue);
  }
};

/// A pod with claims, from its taking up until its volumes are unmounted and the API server knows.
struct VolumePod {
  enum class Stage : std::uint8_t { Waiting, Mounting, Mounted, Unmounted };
  PodId pod;
  NodeId node;
  std::vector<event::PvId> volumes;
  Stage stage = Stage::Waiting;
  bool told = false;  ///< That its claims are missing.
  bool over = false;  ///< It ended while the agent was away.
  template <class A>
  void fields(A& a) {
    a(pod, node, volumes, stage, told, over);
  }
};

struct NodeSlot {
  std::vector<std::uint32_t> images;  ///< Full names, sorted.
  Pulls pulls;
  std::vector<kernel::Timer> deferred;  ///< Pod steps that wait for the node agent.
  Seq cause = 0;
  SimTime heartbeats_began;
  Duration pleg_phase{};
  std::int64_t pull_percent = 100;
  std::uint16_t life = 0;
  std::uint16_t pulls_planned = 0;
  PressureMemory pressure;
  std::vector<std::uint8_t> conditions = std::vector<std::uint8_t>(kPressureCount);  ///< By pressure: set now.
  PodId evicting;  ///< Whose end the eviction manager waits for.
  SimTime evicting_since, images_collected;
  std::int64_t disk_filled = 0;  ///< By a fault.
  Seq fill_cause = 0;
  bool looking = false, checking = false;
  bool gone = false;  ///< Its Node object was deleted.
  bool registered = false, machine_up = true, agent_up = false, agent_disabled = false, heartbeats = false;
  bool partitioned = false, server_away = false;  ///< Why it cannot reach the API server.
  bool cut = false;                               ///< It has noticed, and has not been heard of since.
  std::vector<Held> held;                         ///< Reports of the time while it was cut off.
  template <class A>
  void fields(A& a) {
    a(images, pulls, deferred, cause, heartbeats_began, pleg_phase, pull_percent, life, pulls_planned, pressure,
      conditions, evicting, evicting_since, images_collected, disk_filled, fill_cause, looking, checking, gone,
      registered, machine_up, agent_up, agent_disabled, heartbeats, partitioned, server_away, cut, held);
  }
};

/// One image name as written in pods, with its parameters.
struct ImageSlot {
  std::string name;
  std::uint32_t full = 0;  ///< Names that mean the same image share it.
  bool unavailable = false, never_ready = false, crashing = false;
  std::int32_t crash_code = 1;
  Duration crash_after{};
  std::int64_t size = 0, exit_code = 0;
  ParamValue ready_after, exits_after, run_time;
  Duration stop_time{}, pre_stop_time{};
};

struct ImageFault {
  enum class Kind : std::uint8_t { Unavailable, NeverReady, Crashing };
  Kind kind = Kind::Unavailable;
  std::string pattern;
  std::int32_t exit_code = 1;
  Duration after{};
  template <class A>
  void fields(A& a) {
    a(kind, pattern, exit_code, after);
  }
};

/// A container as metrics were last collected.
struct ContainerSample {
  std::uint32_t container = 0;
  SimTime started;
  std::int64_t cpu = 0;       ///< At that moment.
  std::int64_t mean_cpu = 0;  ///< Over the window.
  std::int64_t memory = 0;
  Duration window{};
  bool known = false;  ///< Enough for metrics.
  template <class A>
  void fields(A& a) {
    a(container, started, cpu, mean_cpu, memory, window, known);
  }
};
struct PodSample {
  SimTime taken;
  std::vector<ContainerSample> containers;
  template <class A>
  void fields(A& a) {
    a(taken, containers);
  }
};
/// A running container whose memory is held against its limit.
struct Watched {
  PodId pod;
  std::uint32_t container = 0;
  std::uint16_t life = 0;
  template <class A>
  void fields(A& a) {
    a(pod, container, life);
  }
};

struct SimWorld::Impl {
  Impl(const WorldParams& p, std::uint64_t seed);

  // ---- What is kept ----
  WorldParams params;
  std::uint64_t seed;
  SimTime now;
  mutable kernel::TimerQueue timers;
  std::vector<NodeSlot> nodes;
  std::uint64_t nodes_learned = 0;  ///< Those heard of; a lever may name one before.
  std::vector<PodSlot> pods;
  std::vector<ContainerSlot> containers;
  std::vector<Trouble> troubles;
  std::vector<ImageSlot> images;
  std::vector<VolumePod> volume_pods;                       ///< Sorted by pod.
  base::SymbolPool image_names, full_names;                 ///< Symbol minus one is the index in `images`.
  std::vector<std::vector<std::uint32_t>> template_images;  ///< By TemplateId; a cache.
  std::vector<std::uint8_t> template_config;                ///< The same: 1 names no ConfigMap or Secret, 2 does.
  /// Who waits for a ConfigMap or Secret since when: pod and container, kNone for its volumes.
  std::map<std::pair<std::uint32_t, std::uint32_t>, SimTime> config_waits;
  std::vector<ImageFault> image_faults;
  UsageModel usage;
  std::vector<Threshold> thresholds;
  bool pressure_on = false;                                        ///< Usage could get a node into trouble.
  std::map<std::uint32_t, std::pair<std::string, Seq>> evictions;  ///< By pod: the message, and what led to it.
  bool collecting = false;                                         ///< Metrics are collected: somebody wants them.
  std::map<std::uint32_t, PodSample> samples;                      ///< By pod, as last collected.
  std::vector<base::Sym> measured;                                 ///< Namespaces with autoscalers; none: all.
  std::vector<Watched> watched;
  SimTime memory_checks_at = SimTime::never();
  Seq load_cause = 0;  ///< The last event by which a load changed.

  // For the time of one report(); null otherwise.
  std::vector<command::Command>* out = nullptr;

  // Streams by parameter.
  base::Stream setup_stream, start_stream, ready_stream, exit_stream, init_stream, lease_stream, pleg_stream;
  base::Stream attach_stream, mount_stream;
  // Parameters read on every pod.
  Duration api_latency, sync_latency, pleg_period;

  // ---- sim_world.cpp: what is heard and what is due ----
  void observe(const event::Event& event, const ClusterView& view);
  void dispatch(const kernel::Timer& timer, const ClusterView& view);
  void dispatch_node(const kernel::Timer& timer, const ClusterView& view);
  void dispatch_machine(const kernel::Timer& timer, const ClusterView& view);
  void dispatch_pod(const kernel::Timer& timer, const ClusterView& view);
  [[nodiscard]] bool is_stale(const kernel::Timer& timer) const;
  void set_node(SimTime at, Step step, NodeId node);
  void set_pod(SimTime at, Step step, PodId pod);
  void set_container(SimTime at, Step step, PodId pod, std::uint32_t c);
  void set_probe(SimTime at, Step step, PodId pod, std::uint32_t c);
  template <class Payload>
  void emit(Seq cause, Payload payload) {
    out->push_back({cause, std::move(payload)});
  }
  [[nodiscard]] SimTime reported(SimTime t) const { return std::max(now, t + api_latency); }
  /// When the node agent sees what happened on the node at `t`.
  [[nodiscard]] SimTime seen(const NodeSlot& node, SimTime t) const;

  // ---- images.cpp ----
  std::uint32_t image_of(PodId pod, std::uint32_t c, const ClusterView& view);
  std::uint32_t intern_image(std::string_view name);
  void apply_faults(ImageSlot& image) const;
  [[nodiscard]] bool has_image(const NodeSlot& node, std::uint32_t full) const;
  void add_image(NodeSlot& node, std::uint32_t full);
  void ask_pull(PodId pod, std::uint32_t c, const ClusterView& view);
  void advance_pulls(NodeId node, const ClusterView& view);
  void pull_done(const Pulls::Done& done, const ClusterView& view);
  void pull_failed(PodId pod, std::uint32_t c);
  void report_back_off(PodId pod, std::uint32_t c);
  void change_image_fault(const ImageFault& fault, bool on, SimTime at, Seq cause);
  void image_changed(std::uint32_t image, ImageFault::Kind kind, Seq cause, const ClusterView& view);
  void name_images();

  // ---- volumes.cpp ----
  void attachment_made(event::VolumeAttachmentId id, const ClusterView& view);
  void attachment_ending(event::VolumeAttachmentId id, const ClusterView& view);
  void attachment_due(event::VolumeAttachmentId id, bool attach, const ClusterView& view);
  VolumePod* volume_pod(PodId pod);
  SimTime status_update(NodeId node, SimTime t);
  void begin_volumes(PodId pod, NodeId node, const ClusterView& view);
  void try_mount(PodId pod, const ClusterView& view);
  void volumes_mounted(PodId pod, const ClusterView& view);
  void end_volumes(PodId pod, SimTime at);
  Duration unmount_time(PodId pod);
  void report_in_use(NodeId node, const ClusterView& view);
  void forget_mounts(NodeId node);
  void look_at_volumes(NodeId node, const ClusterView& view);
  void volume_fact(const event::Event& event, const ClusterView& view);
  void retry_mounts(NodeId node, const ClusterView& view);
  void grow_file_system(event::PvcId claim, PodId pod, const ClusterView& view);
  void file_system_grown(event::PvcId claim, PodId pod, const ClusterView& view);
  void claim_changed(event::PvcId claim, const ClusterView& view);
  void tell_missing(PodId pod, const ClusterView& view);

  // ---- config.cpp: ConfigMaps, Secrets, readiness gates ----
  bool names_config(PodId pod, const ClusterView& view);
  void set_up_sandbox(PodId pod, SimTime at, const ClusterView& view);
  void mount_config(PodId pod, const ClusterView& view);
  bool lacks_environment(PodId pod, std::uint32_t c, const ClusterView& view);
  void config_changed(event::Ref ref, Seq cause, const ClusterView& view);
  void config_made(const event::Event& event, const ClusterView& view);
  void forget_config(PodId pod);
  void check_gates(PodId pod, const ClusterView& view);

  // ---- metrics.cpp ----
  void collect_metrics();
  void scrape(const ClusterView& view);
  [[nodiscard]] bool is_measured(PodId pod, const ClusterView& view) const;
  void sample(PodId pod, const ClusterView& view, std::map<std::uint32_t, PodSample>& to) const;
  bool pod_metrics(PodId pod, const ClusterView& view, control::PodMetrics& to) const;
  [[nodiscard]] std::optional<std::int64_t> custom_metric(Param kind, std::string_view name, const ClusterView& view,
                                                          PodId pod, std::int64_t milli_rps) const;
  void watch_memory(PodId pod, std::uint32_t c, const ClusterView& view);
  void check_memory(const ClusterView& view);
  void change_leak(const UsageModel::Leak& leak, bool on);
  void watch_all(const ClusterView& view);

  // ---- pressure_watch.cpp ----
  void read_pressure();
  [[nodiscard]] std::int64_t disk_size(NodeId node, const ClusterView& view) const;
  Observations observe_node(NodeId node, const ClusterView& view);
  SimTime next_look(NodeId node, SimTime t);
  void watch_pressure(NodeId node);
  void watch_all_pressure();
  void look_at_pressure(NodeId node, const ClusterView& view);
  [[nodiscard]] bool usage_changes(PodId pod, std::uint32_t c, const ClusterView& view) const;
  void post_pressure(NodeId node, const ClusterView& view);

  // ---- local_storage.cpp ----
  [[nodiscard]] std::string storage_exceeded(PodId pod, const ClusterView& view);
  bool evict_over_limits(NodeId node, const ClusterView& view);
  void post_images(NodeId node, const ClusterView& view);

  // ---- pressure_watch.cpp ----
  bool relieve(NodeId node, const Look& l, const Observations& seen, const ClusterView& view);
  PodUse use_of(PodId pod, Signal signal, const ClusterView& view);
  std::vector<ContainerUse> container_uses(PodId pod, Signal signal, const ClusterView& view);
  [[nodiscard]] Seq cause_of_use(PodId pod, Signal signal, const ClusterView& view);
  void evict(PodId pod, const std::string& message, Seq cause, std::int64_t grace_s, const ClusterView& view);
  void pod_evicted(PodId pod, const ClusterView& view);
  bool admit_under_pressure(PodId pod, NodeId node, const ClusterView& view);
  void check_node_memory(NodeId node, const ClusterView& view);
  std::int64_t remove_images(NodeId node, std::int64_t wanted, const ClusterView& view);
  void collect_images(NodeId node, const ClusterView& view);

  // ---- machines.cpp ----
  void learn_nodes(const event::Event& event, const ClusterView& view);
  void machine_crashed(NodeId node, const ClusterView& view);
  void agent_stopped(NodeId node);
  void agent_up(NodeId node, const ClusterView& view);
  void post_ready(NodeId node);
  void begin_heartbeats(NodeId node);
  void stop_heartbeats(NodeId node);
  void take_up_again(PodId pod, const ClusterView& view);
  void report_lost(PodId pod, const ClusterView& view);
  void node_removed(NodeId node, const ClusterView& view);
  NodeSlot& node_slot(NodeId node);

  // ---- link.cpp: machines that cannot reach the API server ----
  void link_changed(NodeId node);
  void link_down(NodeId node);
  void link_up(NodeId node, const ClusterView& view);
  void deliver_held(NodeId node);
  void hold(NodeId node, std::size_t from);

  // ---- pods.cpp: the life of a pod ----
  PodSlot& pod_slot(PodId pod);
  ContainerSlot& container(PodId pod, std::uint32_t c) { return containers[pods[pod.index()].first + c]; }
  Trouble& trouble(ContainerSlot& slot);
  void pod_bound(PodId pod, NodeId node, Seq cause, const ClusterView& view);
  void begin_pod(PodId pod, NodeId node, Seq cause, const ClusterView& view);
  void begin_next(PodId pod, const ClusterView& view);
  void begin_container(PodId pod, std::uint32_t c, const ClusterView& view);
  void start_container(PodId pod, std::uint32_t c, const ClusterView& view);
  void container_started(PodId pod, std::uint32_t c, const ClusterView& view);
  void plan_exit(PodId pod, std::uint32_t c, const ClusterView& view);
  void init_done(PodId pod, std::uint32_t c, const ClusterView& view);
  void delete_pod(PodId pod, const event::PodDeletionStarted& e, Seq cause, const ClusterView& view);
  void stop_pod(PodId pod, std::int64_t grace_s, const ClusterView& view);
  [[nodiscard]] Duration stop_time(PodId pod, std::int64_t grace_s, const ClusterView& view);
  /// How one container ends: after which time, and whether by SIGKILL. `waited`: for its turn after others, out of the
  /// same grace.
  struct Ending {
    Duration after;
    bool killed = false;
  };
  [[nodiscard]] Ending ending(const model::Container& spec, std::uint32_t image, std::int64_t grace_s,
                              Duration waited) const;
  void pod_stopped(PodId pod, const ClusterView& view);
  void set_deadline(PodId pod, const ClusterView& view);
  void deadline_over(PodId pod, const ClusterView& view);
  [[nodiscard]] bool is_up(PodId pod, std::uint32_t c) const;
  bool report_stopped(PodId pod, Seq cause, std::int64_t grace_s, const ClusterView& view);
  void drop_pod(PodId pod, Stage stage, const ClusterView& view);
  void void_pod(PodSlot& slot);
  void pod_updated(PodId pod, Seq cause, const ClusterView& view);
  [[nodiscard]] bool is_sidecar(PodId pod, std::uint32_t c, const ClusterView& view) const;

  // ---- containers.cpp: probes, exits, restarts ----
  void plan_probes(PodId pod, std::uint32_t c, SimTime from, const ClusterView& view);
  void startup_done(PodId pod, std::uint32_t c, const ClusterView& view);
  void set_ready(PodId pod, std::uint32_t c, bool ready, const ClusterView& view);
  void set_pod_unready(PodId pod, Seq cause, event::ReadyReason reason);
  void kill_container(PodId pod, std::uint32_t c, std::int64_t grace_s, event::ExitReason reason, Seq cause,
                      const ClusterView& view);
  void container_exited(PodId pod, std::uint32_t c, const ClusterView& view);
  void main_exited(PodId pod, std::uint32_t c, std::int32_t exit_code, const ClusterView& view);
  void restart(PodId pod, std::uint32_t c, const ClusterView& view);
  void back_off_over(PodId pod, std::uint32_t c, const ClusterView& view);
  void finish_pod(PodId pod, const ClusterView& view);
  void pod_finished(PodId pod, const ClusterView& view);
  [[nodiscard]] SimTime answers_from(PodId pod, std::uint32_t c, const ClusterView& view);
  void end_container(PodId pod, std::uint32_t c, std::int32_t exit_code, event::ExitReason reason, SimTime at,
                     Seq cause);
  /// The n of a container's draws: of its present run.
  [[nodiscard]] static std::uint64_t draw_of(const ContainerSlot& slot, std::uint32_t c) {
    return (std::uint64_t{slot.runs} << 16) | c;
  }
};

}  // namespace wavetank::world
