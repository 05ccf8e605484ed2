#include "engine/project/probe_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace wavetank::project {
namespace {

using event::NodeId;
using event::PodId;
using model::Probe;

enum class Kind : std::uint8_t { Startup, Readiness, Liveness };
constexpr const char* kTitles[] = {"Startup", "Readiness", "Liveness"};
constexpr const char* kFields[] = {"startupProbe", "readinessProbe", "livenessProbe"};
constexpr Duration kReported = base::milliseconds(100);

Duration period_of(const Probe& probe) { return base::seconds(std::max(probe.period_seconds, 1)); }

/// image-never-ready is at work on the image.
bool never_ready(const ClusterView& view, std::string_view image) {
  return std::any_of(view->faults.begin(), view->faults.end(), [&](const state::FaultRow& fault) {
    constexpr std::string_view kImage = "image ";
    if (fault.kind != "image-never-ready" || fault.ended <= view.now() || !fault.subject.starts_with(kImage))
      return false;
    const std::string_view pattern = std::string_view(fault.subject).substr(kImage.size());
    return image.find(pattern.substr(0, pattern.find('*'))) != std::string_view::npos;
  });
}

struct Asked {
  std::string address;  ///< "10.128.0.1:80"
  std::string path;
};

/// What the probe asks, from the pod's document: the typed probe does not keep it.
Asked asked(const ClusterView& view, PodId pod, std::uint32_t c, Kind kind) {
  std::string port, path, host = view.pod_ip(pod);
  const auto doc = model::parse_json(view.pod_template(view->pods.tmpl[pod.index()]).doc, "state");
  const std::size_t inits = view.pod_spec(pod).spec.init_containers.size();
  const model::Doc* list = doc ? doc->at({"spec", c < inits ? "initContainers" : "containers"}) : nullptr;
  const std::size_t at = c < inits ? c : c - inits;
  const model::Doc* probe =
      list != nullptr && at < list->items.size() ? list->items[at].find(kFields[static_cast<int>(kind)]) : nullptr;
  for (const char* handler : {"httpGet", "tcpSocket", "grpc"}) {
    const model::Doc* h = probe == nullptr ? nullptr : probe->find(handler);
    if (h == nullptr) continue;
    if (const model::Doc* p = h->find("port"); p != nullptr) port = p->text;
    if (const std::string_view named = h->string_or("host"); !named.empty()) host = named;
    path = fmt::format("{}://", h->string_or("scheme") == "HTTPS" ? "https" : "http");
    const std::string_view below = h->string_or("path", "/");
    for (const model::ContainerPort& p : view.container_spec(pod, c).ports)
      if (!port.empty() && p.name == port) port = std::to_string(p.container_port);
    path += fmt::format("{}:{}{}{}", host, port, below.starts_with("/") ? "" : "/", below);
  }
  return {fmt::format("{}:{}", host, port), path};
}

/// `Readiness probe failed: HTTP probe failed with statuscode: 503`
std::string words(const ClusterView& view, PodId pod, std::uint32_t c, Kind kind, const Probe& probe, bool answers) {
  const Asked a = asked(view, pod, c, kind);
  const std::string refused = fmt::format("dial tcp {}: connect: connection refused", a.address);
  std::string why;  // an exec probe says what its command printed: nothing that we knew
  switch (probe.handler) {
    case Probe::Handler::Exec:
      break;
    case Probe::Handler::HttpGet:
      why = answers ? "HTTP probe failed with statuscode: 503" : fmt::format("Get \"{}\": {}", a.path, refused);
      break;
    case Probe::Handler::TcpSocket:
      why = refused;
      break;
    case Probe::Handler::Grpc:
      why = answers ? "service unhealthy (responded with \"NOT_SERVING\")"
                    : fmt::format("timeout: failed to connect service \"{}\" within {}s: context deadline exceeded",
                                  a.address, probe.timeout_seconds);
      break;
  }
  return fmt::format("{} probe failed: {}", kTitles[static_cast<int>(kind)], why);
}

KubeEvent unhealthy(const ClusterView& view, PodId pod, std::uint32_t c, Kind kind, const Probe& probe, bool answered) {
  const bool answers = answered || (kind != Kind::Liveness && never_ready(view, view.container_spec(pod, c).image));
  const NodeId node = view.pod_node(pod);
  return {true,
          "Unhealthy",
          words(view, pod, c, kind, probe, answers),
          Ref(pod),
          node.valid() ? fmt::format("kubelet, {}", view.bare_name(Ref(node))) : "kubelet",
          {}};
}

bool over(event::Phase phase) { return phase == event::Phase::Succeeded || phase == event::Phase::Failed; }

}  // namespace

/// A container that has started, or that runs and is not ready: its startup probe's turn, else its readiness probe's.
void ProbeEvents::watch(PodId pod, std::uint32_t c, SimTime anchor, SimTime started, SimTime from,
                        const ClusterView& view) {
  const model::Container& spec = view.container_spec(pod, c);
  const Kind kind = spec.startup_probe ? Kind::Startup : Kind::Readiness;
  const auto& probe = spec.startup_probe ? spec.startup_probe : spec.readiness_probe;
  if (!probe || view.pod_terminating(pod)) return;
  const Duration period = period_of(*probe);
  if (kind == Kind::Startup) anchor = view->pods.scheduled[pod.index()];
  const SimTime first = std::max(from, started + base::seconds(probe->initial_delay_seconds));
  const std::int64_t n = first <= anchor ? 0 : ((first - anchor).ns + period.ns - 1) / period.ns;
  const Key key{pod.value, c};
  failing_[key] = {
      unhealthy(view, pod, c, kind, *probe, answered_.contains(key)), anchor + period * n, period,
      period * (std::max(probe->success_threshold, 1) - 1) + kReported,
      kind == Kind::Startup ? std::max(probe->failure_threshold, 1) : std::numeric_limits<std::int64_t>::max()};
}

void ProbeEvents::watch_pod(PodId pod, const ClusterView& view) {
  if (!view.pod_alive(pod) || over(view.pod_phase(pod)) || !view.pod_node(pod).valid()) return;
  if (!view.node(view.pod_node(pod)).machine_up) return;
  for (std::uint32_t c = 0; c < view.container_count(pod); ++c) {
    const state::ContainerStatus& s = view.container(pod, c);
    if (s.state == state::ContainerState::Running && !s.ready)
      watch(pod, c, s.started, s.started, std::max(s.started, view.now()), view);
  }
}

void ProbeEvents::begin(const ClusterView& view) {
  for (std::size_t p = 0; p < view->pods.size(); ++p) watch_pod(PodId(p), view);
}

void ProbeEvents::settle(SimTime now, const Say& say) {
  for (auto& [key, f] : failing_) {
    while (f.left > 0 && f.next + f.heard < now) {
      say(f.event, f.next);
      f.next = f.next + f.period;
      --f.left;
    }
  }
}

/// failureThreshold probes in a row have failed, the last one now.
void ProbeEvents::lost(PodId pod, std::uint32_t c, const ClusterView& view, SimTime now, const Say& say) {
  const auto& probe = view.container_spec(pod, c).readiness_probe;
  const Key key{pod.value, c};
  if (!probe || failing_.contains(key) || view.pod_terminating(pod)) return;
  if (view.container(pod, c).state != state::ContainerState::Running) return;
  const Duration period = period_of(*probe);
  const KubeEvent event = unhealthy(view, pod, c, Kind::Readiness, *probe, answered_.contains(key));
  for (std::int64_t k = std::max(probe->failure_threshold, 1) - 1; k >= 0; --k)
    say(event, SimTime{std::max<std::int64_t>(0, (now.ns - period.ns * k))});
  failing_[key] = {event, now + period, period, period * (std::max(probe->success_threshold, 1) - 1) + kReported,
                   std::numeric_limits<std::int64_t>::max()};
}

void ProbeEvents::ready(PodId pod, std::uint32_t c) {
  failing_.erase({pod.value, c});
  answered_.insert({pod.value, c});
}

void ProbeEvents::exited(const event::ContainerExited& e, SimTime at, const ClusterView& view, const Say& say) {
  const model::Container& spec = view.container_spec(e.pod, e.container);
  const Key key{e.pod.value, e.container};
  if (e.reason == event::ExitReason::StartupProbeFailed && spec.startup_probe) {
    const auto known = failing_.find(key);
    if (known == failing_.end()) {
      say(unhealthy(view, e.pod, e.container, Kind::Startup, *spec.startup_probe, false), at);
    } else {
      for (; known->second.left > 0; --known->second.left) say(known->second.event, at);
    }
  }
  if (e.reason == event::ExitReason::LivenessProbeFailed && spec.liveness_probe) {
    const KubeEvent event = unhealthy(view, e.pod, e.container, Kind::Liveness, *spec.liveness_probe, false);
    const Duration period = period_of(*spec.liveness_probe);
    for (std::int64_t k = std::max(spec.liveness_probe->failure_threshold, 1) - 1; k >= 0; --k)
      say(event, SimTime{std::max<std::int64_t>(0, at.ns - period.ns * k)});
  }
  failing_.erase(key);
}

void ProbeEvents::forget(PodId pod) {
  failing_.erase(failing_.lower_bound({pod.value, 0}), failing_.upper_bound({pod.value, 0xffffffffU}));
  answered_.erase(answered_.lower_bound({pod.value, 0}), answered_.upper_bound({pod.value, 0xffffffffU}));
}

/// Nobody probes there any more.
void ProbeEvents::forget(NodeId node, const ClusterView& view) {
  for (const PodId pod : view.node(node).pods) forget(pod);
}

void ProbeEvents::observe(const event::Event& event, const ClusterView& view, const Say& say) {
  using event::EventKind;
  const auto& payload = event.payload;
  if (const auto* started = std::get_if<event::ContainerStarted>(&payload)) {
    answered_.erase({started->pod.value, started->container});
    failing_.erase({started->pod.value, started->container});
    watch(started->pod, started->container, event.time, event.time, event.time, view);
  } else if (const auto* exit = std::get_if<event::ContainerExited>(&payload)) {
    exited(*exit, event.time, view, say);
  } else if (const auto* one = std::get_if<event::ContainerReadyChanged>(&payload)) {
    if (one->ready) return ready(one->pod, one->container);
    lost(one->pod, one->container, view, event.time, say);
  } else if (const auto* all = std::get_if<event::PodReadyChanged>(&payload)) {
    const std::size_t count = view.container_count(all->pod);
    for (std::uint32_t c = 0; c < count && all->ready; ++c) ready(all->pod, c);
    if (!all->ready && all->reason == event::ReadyReason::ContainersNotReady && count == 1)
      lost(all->pod, 0, view, event.time, say);
  } else if (const auto* phase = std::get_if<event::PodPhaseChanged>(&payload)) {
    if (over(phase->phase)) forget(phase->pod);
  } else if (const auto* failed = std::get_if<event::PodFailed>(&payload)) {
    forget(failed->pod);
  } else if (const auto* deleted = std::get_if<event::PodDeletionStarted>(&payload)) {
    forget(deleted->pod);
  } else if (const auto* removed = std::get_if<event::PodRemoved>(&payload)) {
    forget(removed->pod);
  } else if (const auto* down = std::get_if<event::MachineDown>(&payload)) {
    forget(down->node, view);
  } else if (const auto* silent = std::get_if<event::HeartbeatsStopped>(&payload)) {
    forget(silent->node, view);
  } else if (const auto* back = std::get_if<event::HeartbeatsBegan>(&payload)) {
    for (const PodId pod : view.node(back->node).pods)
      if (!failing_.contains({pod.value, 0})) watch_pod(pod, view);
  }
}

}  // namespace wavetank::project
