// What is measured: usage collected as metrics-server does it, custom metrics, and memory held against its limits.
// Source: sigs.k8s.io/metrics-server pkg/storage/pod.go: two collections make a sample; a container that began between
// them is known from its start, if it is at least 10 s old.
#include "sim/world/impl.h"

namespace wavetank::world {

namespace {

constexpr std::int32_t kKilled = 137;

}  // namespace

// ---- metrics.k8s.io ----

void SimWorld::Impl::collect_metrics() {
  if (collecting) return;
  collecting = true;
  const Duration period = params.duration(Param::MetricsScrapePeriod);
  const SimTime first{static_cast<std::int64_t>(
      base::Stream(seed, "world.metrics.phase").below(static_cast<std::uint64_t>(period.ns / 1'000'000), 0) *
      1'000'000)};
  SimTime next = first;
  if (now > first) next = first + period * (((now - first).ns + period.ns - 1) / period.ns);
  timers.push(std::max(next, now), 0, static_cast<std::uint16_t>(Step::Scrape), 0, 0);
}

void SimWorld::Impl::scrape(const ClusterView& view) {
  // Nobody asks for the pods of other namespaces.
  measured.clear();
  const auto measure = [&](const state::Header& header) {
    if (header.alive && std::find(measured.begin(), measured.end(), header.ns) == measured.end())
      measured.push_back(header.ns);
  };
  for (const state::HpaRow& row : view->hpas) measure(row.header);
  for (const state::VpaRow& row : view->vpas) measure(row.header);
  std::map<std::uint32_t, PodSample> fresh;
  for (std::size_t n = 0; n < view->nodes.size(); ++n) {
    if (!view->nodes[n].header.alive || n >= nodes.size() || !nodes[n].agent_up) continue;
    for (const PodId pod : view->nodes[n].pods)
      if (is_measured(pod, view)) sample(pod, view, fresh);
  }
  samples = std::move(fresh);
  timers.push(now + params.duration(Param::MetricsScrapePeriod), 0, static_cast<std::uint16_t>(Step::Scrape), 0, 0);
}

bool SimWorld::Impl::is_measured(PodId pod, const ClusterView& view) const {
  if (pod.index() >= pods.size() || view.pod_phase(pod) != event::Phase::Running) return false;
  return measured.empty() || std::find(measured.begin(), measured.end(), view.pod_ns(pod)) != measured.end();
}

void SimWorld::Impl::sample(PodId pod, const ClusterView& view, std::map<std::uint32_t, PodSample>& to) const {
  PodSample now_sample;
  now_sample.taken = now;
  const auto before = samples.find(pod.value);
  const std::size_t count = view.container_count(pod);
  for (std::size_t c = 0; c < count; ++c) {
    const state::ContainerStatus& status = view.container(pod, c);
    if (status.state != state::ContainerState::Running) continue;
    const Usage use = usage.container(pod, c, view);
    ContainerSample s{
        static_cast<std::uint32_t>(c), status.started, use.milli_cpu, use.milli_cpu, use.memory, {}, false};
    const ContainerSample* last = nullptr;
    if (before != samples.end())
      for (const ContainerSample& old : before->second.containers)
        if (old.container == s.container && old.started == s.started) last = &old;
    if (last != nullptr) {
      s.known = true;
      s.window = now - before->second.taken;
      s.mean_cpu = (last->cpu + s.cpu) / 2;
    } else if (const Duration age = now - status.started; age < params.duration(Param::MetricsScrapePeriod)) {
      s.known = age >= params.duration(Param::MetricsMinAge);
      s.window = age;
    }
    now_sample.containers.push_back(s);
  }
  if (!now_sample.containers.empty()) to.emplace(pod.value, std::move(now_sample));
}

bool SimWorld::Impl::pod_metrics(PodId pod, const ClusterView& view, control::PodMetrics& to) const {
  const auto at = samples.find(pod.value);
  if (at == samples.end() || !view.pod_alive(pod)) return false;
  to.containers.clear();
  to.taken = at->second.taken;
  to.window = at->second.containers.front().window;
  for (const ContainerSample& s : at->second.containers) {
    if (!s.known) return false;  // all or none
    to.containers.push_back({s.container, s.mean_cpu, s.memory});
  }
  return true;
}

// ---- Custom and external metrics: by the parameters, at once ----

std::optional<std::int64_t> SimWorld::Impl::custom_metric(Param kind, std::string_view name, const ClusterView& view,
                                                          PodId pod, std::int64_t milli_rps) const {
  const UsageExpr* expr = params.usage(kind, name);
  if (expr == nullptr) return std::nullopt;
  UsageExpr::Inputs in;
  if (pod.valid()) {
    in = usage.inputs(pod, view);
  } else {
    in.now = view.now();
    in.stream = base::Stream(seed, "world.metric").of(name);
  }
  in.rps = static_cast<double>(milli_rps) / 1000;
  return expr->milli_at(in);
}

namespace {

/// A source that answers from a world.
template <class Pointer>
class Source final : public control::MetricsSource {
 public:
  explicit Source(const Pointer& impl) : impl_(impl) {}
  bool pod(PodId pod, const ClusterView& view, control::PodMetrics& out) const override {
    return impl_->pod_metrics(pod, view, out);
  }
  [[nodiscard]] std::optional<std::int64_t> pod_metric(std::string_view name,
                                                       const std::optional<model::LabelSelector>&, PodId pod,
                                                       const ClusterView& view) const override {
    if (view.pod_phase(pod) != event::Phase::Running || !view.pod_ready(pod)) return std::nullopt;
    return impl_->custom_metric(Param::MetricPods, name, view, pod, impl_->usage.milli_rps(pod, view));
  }
  [[nodiscard]] std::optional<std::int64_t> object_metric(std::string_view name,
                                                          const std::optional<model::LabelSelector>&,
                                                          std::string_view kind, std::string_view ns,
                                                          std::string_view object,
                                                          const ClusterView& view) const override {
    std::int64_t load = 0;
    if (kind == "Service") {
      const event::Ref ref = view.find(model::Kind::Service, ns, object);
      if (!ref.valid()) return std::nullopt;
      load = static_cast<std::int64_t>(view.service(ref.as<event::ServiceId>()).milli_rps);
    }
    return impl_->custom_metric(Param::MetricObject, name, view, {}, load);
  }
  void external_metric(std::string_view name, const std::optional<model::LabelSelector>&, std::string_view,
                       const ClusterView& view, std::vector<std::int64_t>& out) const override {
    std::int64_t load = 0;
    for (const state::ServiceRow& service : view->services)
      if (service.header.alive) load += static_cast<std::int64_t>(service.milli_rps);
    const auto value = impl_->custom_metric(Param::MetricExternal, name, view, {}, load);
    if (value) out.push_back(*value);
  }

 private:
  const Pointer& impl_;  // the world's own, which load() fills anew
};

}  // namespace

void SimWorld::make_source() { source_ = std::make_unique<Source<std::unique_ptr<Impl>>>(impl_); }

// ---- Memory against limits ----

// A container that has a limit: killed now if it is above it, watched if it may come to be.
void SimWorld::Impl::watch_memory(PodId pod, std::uint32_t c, const ClusterView& view) {
  const model::Container& spec = view.container_spec(pod, c);
  if ((spec.limits.present & model::ResourceList::kMemory) == 0 || spec.limits.memory == 0) return;
  watched.push_back({pod, c, container(pod, c).life});
  // One that never changes is looked at once.
  if (memory_checks_at != SimTime::never()) return;
  memory_checks_at = now + params.duration(Param::MemoryCheckPeriod);
  timers.push(memory_checks_at, 1, static_cast<std::uint16_t>(Step::MemoryCheck), 0, 0);
}

void SimWorld::Impl::check_memory(const ClusterView& view) {
  std::size_t kept = 0;
  for (const Watched w : watched) {
    const ContainerSlot& slot = containers[pods[w.pod.index()].first + w.container];
    if (slot.life != w.life || slot.run != Run::Running || pods[w.pod.index()].stage != Stage::Running) continue;
    const model::Container& spec = view.container_spec(w.pod, w.container);
    const bool over = view.pod_alive(w.pod) && usage.container(w.pod, w.container, view).memory > spec.limits.memory;
    if (over) {
      const UsageModel::Leak* leak = usage.leaks.empty() ? nullptr : usage.leak_of(spec.image);
      Seq cause = slot.cause;
      if (leak != nullptr) cause = std::max(cause, leak->cause);
      if (usage.memory_follows_load(w.pod, w.container, view)) cause = std::max(cause, load_cause);
      end_container(w.pod, w.container, kKilled, event::ExitReason::OOMKilled, now, cause);
    } else if (usage.memory_changes(w.pod, w.container, view)) {
      watched[kept++] = w;
    }
  }
  watched.resize(kept);
  memory_checks_at = SimTime::never();
  if (watched.empty()) return;
  memory_checks_at = now + params.duration(Param::MemoryCheckPeriod);
  timers.push(memory_checks_at, 1, static_cast<std::uint16_t>(Step::MemoryCheck), 0, 0);
}

void SimWorld::Impl::change_leak(const UsageModel::Leak& leak, bool on) {
  auto& leaks = usage.leaks;
  if (!on) {  // another of the same pattern may still be on
    const auto same = [&](const UsageModel::Leak& l) {
      return l.pattern == leak.pattern && l.bytes_per_s == leak.bytes_per_s;
    };
    const auto found = std::find_if(leaks.begin(), leaks.end(), same);
    if (found != leaks.end()) leaks.erase(found);
    return;
  }
  leaks.push_back(leak);
  pressure_on = true;
  watch_all_pressure();
  timers.push(now, 1, static_cast<std::uint16_t>(Step::WatchAll), 0, 0);
}

// A leak began: containers that were looked at once have to be watched.
void SimWorld::Impl::watch_all(const ClusterView& view) {
  watched.clear();
  for (std::size_t p = 0; p < pods.size(); ++p) {
    if (pods[p].stage != Stage::Running) continue;
    for (std::uint32_t c = 0; c < pods[p].count; ++c)
      if (container(PodId(p), c).run == Run::Running) watch_memory(PodId(p), c, view);
  }
}

}  // namespace wavetank::world
