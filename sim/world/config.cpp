// What the node agent waits for besides images and claims: ConfigMaps, Secrets, readiness gates.
//
// A volume whose ConfigMap or Secret is not there is tried again after 0.5 s, 1 s, 2 s … at most 2 m 2 s
// (pkg/util/goroutinemap/exponentialbackoff), and holds up the sandbox; an environment that cannot be made is tried
// again with every sync of the pod (CreateContainerConfigError). Nothing is tried here while nothing has changed: the
// tries that would fail again are left out, and their events with them.
#include "engine/control/lookup.h"
#include "engine/state/config_use.h"
#include "engine/state/pod_status.h"
#include "sim/world/impl.h"

namespace wavetank::world {
namespace {

constexpr Duration kFirstRetry = base::milliseconds(500);
constexpr Duration kLastRetry = base::seconds(122);
constexpr Duration kWorkerBackOff = base::seconds(10);

/// The next try at or after `t` of a mount that failed first at `since`.
SimTime next_mount(SimTime since, SimTime t) {
  Duration wait = kFirstRetry;
  SimTime at = since + wait;
  while (at < t) {
    wait = std::min(wait * 2, kLastRetry);
    at = at + wait;
  }
  return at;
}

SimTime next_sync(SimTime since, SimTime t) {
  const std::int64_t n = std::max<std::int64_t>(1, ((t - since).ns + kWorkerBackOff.ns - 1) / kWorkerBackOff.ns);
  return since + kWorkerBackOff * n;
}

}  // namespace

bool SimWorld::Impl::names_config(PodId pod, const ClusterView& view) {
  const event::TemplateId tmpl = view->pods.tmpl[pod.index()];
  if (template_config.size() <= tmpl.index()) template_config.resize(view->templates.size());
  std::uint8_t& known = template_config[tmpl.index()];
  if (known == 0) known = state::names_config(view, tmpl) ? 2 : 1;
  return known == 2;
}

/// Volumes of claims are mounted; those of ConfigMaps and Secrets come next, then the sandbox.
void SimWorld::Impl::set_up_sandbox(PodId pod, SimTime at, const ClusterView& view) {
  PodSlot& slot = pods[pod.index()];
  if (names_config(pod, view) && !state::missing_volume(view, pod).empty()) return set_pod(at, Step::MountConfig, pod);
  set_pod(at + spread(params.get(Param::PodSetupTime), setup_stream.of(view.pod_name(pod)), slot.life), Step::PodSetUp,
          pod);
}

void SimWorld::Impl::mount_config(PodId pod, const ClusterView& view) {
  if (pods[pod.index()].stage != Stage::SettingUp) return;
  const std::string why = state::missing_volume(view, pod);
  if (why.empty()) {
    config_waits.erase({pod.value, kNone});
    return set_up_sandbox(pod, now, view);
  }
  config_waits.insert({{pod.value, kNone}, now});
  emit(pods[pod.index()].cause, command::RecordEvent{{event::Ref(pod), true, "FailedMount", why, "kubelet"}});
}

/// Whether a container's environment cannot be made now; it is tried again when an object has come.
bool SimWorld::Impl::lacks_environment(PodId pod, std::uint32_t c, const ClusterView& view) {
  if (!names_config(pod, view) || state::missing_environment(view, pod, c).empty()) {
    if (!config_waits.empty()) config_waits.erase({pod.value, c});
    return false;
  }
  PodSlot& pod_state = pods[pod.index()];
  ContainerSlot& slot = container(pod, c);
  slot.run = Run::BackOff;
  config_waits.insert({{pod.value, c}, now});
  emit(slot.cause, command::ReportContainerWaiting{{pod, c, event::WaitingReason::ContainerCreating, kWorkerBackOff}});
  if (c >= pod_state.inits && pod_state.next == c) {  // the other containers of the pod do not wait for this one
    ++pod_state.next;
    begin_next(pod, view);
  }
  return true;
}

/// A ConfigMap or Secret came, or has other keys now.
void SimWorld::Impl::config_changed(event::Ref ref, Seq cause, const ClusterView& view) {
  const base::Sym ns = view.header(ref)->ns;
  for (const auto& [key, since] : config_waits) {
    const PodId pod(key.first);
    if (!view.pod_alive(pod) || view.pod_ns(pod) != ns) continue;
    if (key.second == kNone) {
      if (pods[pod.index()].stage != Stage::SettingUp) continue;
      pods[pod.index()].cause = cause;
      for (std::uint32_t c = 0; c < pods[pod.index()].count; ++c) container(pod, c).cause = cause;
      set_pod(next_mount(since, now), Step::MountConfig, pod);
    } else if (container(pod, key.second).run == Run::BackOff) {
      container(pod, key.second).cause = cause;
      set_container(next_sync(since, now), Step::RetryPull, pod, key.second);
    }
  }
}

void SimWorld::Impl::config_made(const event::Event& event, const ClusterView& view) {
  const std::size_t made = control::row_created_by(view->others, event.seq);
  if (made < view->others.size())
    config_changed(event::Ref(view->others[made].kind, static_cast<std::uint32_t>(made)), event.seq, view);
}

/// Nobody waits any more.
void SimWorld::Impl::forget_config(PodId pod) {
  if (config_waits.empty()) return;
  config_waits.erase(config_waits.lower_bound({pod.value, 0}), config_waits.upper_bound({pod.value, kNone}));
}

/// A pod with readiness gates is Ready when its containers are and every gate's condition is True.
void SimWorld::Impl::check_gates(PodId pod, const ClusterView& view) {
  PodSlot& slot = pods[pod.index()];
  if (slot.stage != Stage::Running) return;
  for (std::uint32_t i = 0; i < slot.count; ++i) {
    if (i < slot.inits && !is_sidecar(pod, i, view)) continue;
    if (!container(pod, i).ready) return;
  }
  const bool open = state::closed_gates(view, pod).empty();
  if (open == slot.ready) return;
  slot.ready = open;
  emit(slot.cause, command::ReportPodReady{{pod, open, event::ReadyReason::None}});
}

}  // namespace wavetank::world
