// The HorizontalPodAutoscaler controller. Source: kubernetes/pkg/controller/podautoscaler/horizontal.go of 1.34.
//
// The real one looks at each autoscaler every 15 s, counted from the end of the last look; here the looks lie on the
// grid of the object's creation, so that they can be told from the state. What the real one keeps in memory
// (recommendations, scalings) is in the status here.

#include <fmt/format.h>

#include <algorithm>

#include "engine/control/controllers.h"
#include "engine/control/hpa_sync.h"
#include "engine/control/lookup.h"
#include "engine/control/metrics.h"
#include "engine/control/scale_target.h"
#include "engine/control/selected.h"

namespace wavetank::control {
namespace {

using event::EventKind;
using event::HpaId;
using event::PodId;
using hpa::PodInput;
using hpa::Sample;
using model::Kind;
using model::MetricSpec;

constexpr std::string_view kNoResourceApi =
    "unable to fetch metrics from resource metrics API: the server could not find the requested resource (get "
    "pods.metrics.k8s.io)";

std::int64_t saturating_milli(std::int64_t whole) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 1000;
  return std::min(whole, kMost) * 1000;
}

std::optional<std::int64_t> milli_of(const model::ResourceList& list, std::string_view name) {
  if (name == "cpu")
    return (list.present & model::ResourceList::kCpu) != 0 ? std::optional(list.milli_cpu) : std::nullopt;
  if (name == "memory")
    return (list.present & model::ResourceList::kMemory) != 0 ? std::optional(saturating_milli(list.memory))
                                                              : std::nullopt;
  for (const auto& [key, value] : list.scalar)
    if (key == name) return saturating_milli(value);
  return std::nullopt;
}

/// What a metric reads of the cluster.
class ClusterReader final : public hpa::Reader {
 public:
  ClusterReader(const ClusterView& view, const MetricsSource* source, std::string_view ns,
                const std::vector<event::TemplateId>& templates)
      : view_(view), source_(source), ns_(ns) {
    for (const event::TemplateId t : templates)
      for (const PodId pod : view.pod_template(t).pods) pods_.push_back(pod);
  }

  hpa::PodsAnswer resource(const MetricSpec& metric) override {
    hpa::PodsAnswer out;
    if (source_ == nullptr) return {std::string(kNoResourceApi), {}, {}, ""};
    bool any = false;
    for (const PodId pod : pods_) {
      PodInput in = input(pod);
      PodMetrics got;
      if (view_.pod_phase(pod) == event::Phase::Running && source_->pod(pod, view_, got)) {
        any = true;
        in.sample = sample(pod, got, metric, out.error);
      }
      in.request_milli = request(pod, metric, out.request_error);
      out.pods.push_back(std::move(in));
    }
    if (!any) out.error = "no metrics returned from resource metrics API";
    return out;
  }

  hpa::PodsAnswer pods_metric(const MetricSpec& metric) override {
    hpa::PodsAnswer out;
    bool any = false;
    for (const PodId pod : pods_) {
      PodInput in = input(pod);
      const auto value =
          source_ == nullptr ? std::nullopt : source_->pod_metric(metric.name, metric.selector, pod, view_);
      if (value) in.sample = Sample{*value, view_.now(), base::minutes(1)};
      any = any || value;
      out.pods.push_back(std::move(in));
    }
    if (source_ == nullptr) {
      out.error =
          "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered";
    } else if (!any) {
      out.error = "unable to fetch metrics from custom metrics API: the server could not find the metric " +
                  metric.name + " for pods";
    }
    return out;
  }

  hpa::ValueAnswer value(const MetricSpec& metric) override {
    hpa::ValueAnswer out;
    const bool external = metric.type == MetricSpec::Type::External;
    if (source_ != nullptr && external) {
      source_->external_metric(metric.name, metric.selector, ns_, view_, out.milli);
    } else if (source_ != nullptr) {
      const auto value =
          source_->object_metric(metric.name, metric.selector, metric.object.kind, ns_, metric.object.name, view_);
      if (value) out.milli.push_back(*value);
    }
    if (!out.milli.empty()) return out;
    if (external) {
      out.error = source_ == nullptr ? "unable to fetch metrics from external metrics API: no external metrics API "
                                       "(external.metrics.k8s.io) registered"
                                     : "no metrics returned from external metrics API";
    } else {
      out.error = source_ == nullptr
                      ? "unable to fetch metrics from custom metrics API: no custom metrics API "
                        "(custom.metrics.k8s.io) registered"
                      : fmt::format(
                            "unable to fetch metrics from custom metrics API: the server could not find the metric {} "
                            "for {} {}",
                            metric.name, plural(metric.object.kind), metric.object.name);
    }
    return out;
  }

  std::vector<PodInput> pods() override {
    std::vector<PodInput> out;
    for (const PodId pod : pods_) out.push_back(input(pod));
    return out;
  }
  [[nodiscard]] const std::vector<PodId>& ids() const { return pods_; }

 private:
  static std::string plural(const std::string& kind) {
    const Kind known = model::kind_from_word(kind);
    return known == Kind::Other ? kind : model::kind_info(known).plural;
  }

  [[nodiscard]] PodInput input(PodId pod) const {
    const std::size_t p = pod.index();
    const event::Phase phase = view_.pod_phase(pod);
    PodInput out;
    out.ended = view_.pod_terminating(pod) || phase == event::Phase::Succeeded || phase == event::Phase::Failed;
    out.pending = phase == event::Phase::Pending;
    out.has_ready = view_.pod_node(pod).valid();
    out.ready = view_.pod_ready(pod);
    // status.startTime is when the node agent first saw the pod; Ready was False from then on.
    out.started = view_->pods.scheduled[p];
    out.ready_changed = std::max(view_->pods.ready_changed[p], out.started);
    return out;
  }

  /// The sum over the pod's containers, or one container's; nothing if the API does not say.
  std::optional<Sample> sample(PodId pod, const PodMetrics& got, const MetricSpec& metric, std::string& error) const {
    const bool one = metric.type == MetricSpec::Type::ContainerResource;
    if (metric.name != "cpu" && metric.name != "memory") return std::nullopt;
    Sample out{0, got.taken, got.window};
    bool found = !one;
    for (const ContainerMetrics& c : got.containers) {
      if (one && view_.container_spec(pod, c.container).name != metric.container) continue;
      found = true;
      out.milli += metric.name == "cpu" ? c.milli_cpu : saturating_milli(c.memory);
    }
    if (found) return out;
    if (error.empty())
      error =
          fmt::format("container {} not present in metrics for pod {}/{}", metric.container, ns_, view_.pod_name(pod));
    return std::nullopt;
  }

  std::int64_t request(PodId pod, const MetricSpec& metric, std::string& error) const {
    const bool one = metric.type == MetricSpec::Type::ContainerResource;
    const model::PodSpec& spec = view_.pod_spec(pod).spec;
    if (!one && spec.resource_requests) {
      const auto milli = milli_of(*spec.resource_requests, metric.name);
      if (!milli && error.empty())
        error = fmt::format("missing pod-level request for {} in Pod {}", metric.name, view_.pod_name(pod));
      return milli.value_or(0);
    }
    std::int64_t sum = 0;
    bool found = !one;
    const auto add = [&](const model::Container& c) {
      if (one && c.name != metric.container) return;
      found = true;
      const auto milli = milli_of(c.requests, metric.name);
      if (!milli && error.empty())
        error =
            fmt::format("missing request for {} in container {} of Pod {}", metric.name, c.name, view_.pod_name(pod));
      sum += milli.value_or(0);
    };
    for (const model::Container& c : spec.containers) add(c);
    for (const model::Container& c : spec.init_containers)
      if (c.restart_policy == model::RestartPolicy::Always) add(c);
    if (!found && error.empty())
      error = fmt::format("container {} not found in Pod {}", metric.container, view_.pod_name(pod));
    return sum;
  }

  const ClusterView& view_;
  const MetricsSource* source_;
  std::string_view ns_;
  std::vector<PodId> pods_;
};

class HpaController final : public Controller {
 public:
  explicit HpaController(const Settings& settings) : options_(settings.hpa), source_(settings.metrics) {}

  [[nodiscard]] std::string_view name() const override { return "horizontal-pod-autoscaler"; }
  [[nodiscard]] int workers() const override { return 5; }
  [[nodiscard]] event::KindMask wakes_on() const override { return event::mask_of(EventKind::ObjectCreated); }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    const auto* created = std::get_if<event::ObjectCreated>(&event.payload);
    if (created == nullptr || created->kind != Kind::HorizontalPodAutoscaler) return;
    const std::size_t row = row_created_by(view->hpas, event.seq);
    if (row < view->hpas.size()) keys.add_at(HpaId(row), next_look(view->hpas[row], view.now()));
  }

  void list(const ClusterView& view, KeySink& keys) override {
    for (std::size_t i = 0; i < view->hpas.size(); ++i)
      if (view->hpas[i].header.alive) keys.add_at(HpaId(i), next_look(view->hpas[i], view.now()));
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    if (!view.alive(key)) return;
    const state::HpaRow& row = view->hpas[key.row];
    plan.requeue_at(next_look(row, view.now()));
    hpa::Input in;
    write(key, run(key.row, view, in), view, plan);
  }

  void on_refusal(Ref key, const Plan::Call& refused, const command::Rejection& rejection, const ClusterView& view,
                  Plan& plan) override {
    if (!view.alive(key) || !std::holds_alternative<command::ScaleObject>(refused.payload)) return;
    hpa::Input in;
    hpa::Outcome outcome = run(key.row, view, in);
    hpa::refused(outcome, in, rejection.message);
    write(key, std::move(outcome), view, plan);
  }

 private:
  /// The next moment after `now` on the grid of the object's creation.
  [[nodiscard]] base::SimTime next_look(const state::HpaRow& row, base::SimTime now) const {
    const base::Duration period = options_.sync_period;
    return row.header.created + period * ((now - row.header.created).ns / period.ns + 1);
  }

  hpa::Outcome run(std::uint32_t id, const ClusterView& view, hpa::Input& in) {
    const state::HpaRow& row = view->hpas[id];
    const std::string_view ns = view.text(row.header.ns);
    in.now = view.now();
    in.ns = ns;
    in.generation = row.header.generation;
    in.first = row.status.recommendations.empty();
    in.before = &row.status;
    const Scale scale = scale_of(row.spec.target, ns, view);
    in.scale_error = scale.error;
    in.spec_replicas = scale.replicas;
    in.status_replicas = scale.status_replicas;
    static const std::vector<event::TemplateId> kNone;
    const bool selects = scale.selector != nullptr;
    const auto& templates = selects ? selected_.of(id, row.header.ns, *scale.selector, view) : kNone;
    ClusterReader reader(view, source_, ns, templates);
    if (selects) ambiguous(id, scale, reader, view, in.selector);
    return hpa::sync(options_, row.spec, in, reader);
  }

  /// Pods that more than one autoscaler counts are scaled by none.
  static void ambiguous(std::uint32_t id, const Scale& scale, const ClusterReader& reader, const ClusterView& view,
                        hpa::Input::Problem& out) {
    const state::HpaRow& row = view->hpas[id];
    for (std::size_t other = 0; other < view->hpas.size(); ++other) {
      const state::HpaRow& rival = view->hpas[other];
      if (other == id || !rival.header.alive || rival.header.ns != row.header.ns) continue;
      const Scale theirs = scale_of(rival.spec.target, view.text(row.header.ns), view);
      if (theirs.selector == nullptr) continue;
      const bool shared = std::any_of(reader.ids().begin(), reader.ids().end(),
                                      [&](PodId pod) { return theirs.selector->matches(view.pod_spec(pod).labels); });
      if (!shared) continue;
      const std::string_view ns = view.text(row.header.ns);
      out.reason = out.event_reason = "AmbiguousSelector";
      out.message = out.event_message =
          fmt::format("pods by selector {} are controlled by more than one HPA (e.g. [{{{} {}}} {{{} {}}}])",
                      scale.selector->text(), view.text(row.header.name), ns, view.text(rival.header.name), ns);
      return;
    }
  }

  static void write(Ref key, hpa::Outcome outcome, const ClusterView& view, Plan& plan) {
    const state::HpaRow& row = view->hpas[key.row];
    if (outcome.rescale) {
      const Scale scale = scale_of(row.spec.target, view.text(row.header.ns), view);
      // A look follows from no event: what it does, it does because there is this autoscaler.
      plan.call(command::ScaleObject{scale.object, outcome.replicas},
                plan.wake_cause() == 0 ? row.header.created_seq : 0);
    }
    bool begun = false;
    const auto put = [&](command::Payload payload) {
      if (begun) return plan.also(std::move(payload));
      plan.call(std::move(payload));
      begun = true;
    };
    if (outcome.status != row.status) put(command::UpdateHpaStatus{{key.as<HpaId>(), std::move(outcome.status)}});
    for (hpa::ConditionNews& c : outcome.conditions) {
      const auto status = c.holds ? event::ConditionStatus::True : event::ConditionStatus::False;
      const state::Condition* now = view.condition(key, c.type);
      if (now != nullptr && now->status == status && now->reason == c.reason && now->message == c.message) continue;
      put(command::SetCondition{{key, std::move(c.type), status, std::move(c.reason), std::move(c.message), false}});
    }
    for (hpa::EventNews& e : outcome.events)
      put(command::RecordEvent{
          {key, e.warning, std::move(e.reason), std::move(e.message), "horizontal-pod-autoscaler"}});
  }

  hpa::Options options_;
  const MetricsSource* source_;
  SelectedTemplates selected_;
};

}  // namespace

std::unique_ptr<Controller> make_hpa_controller(const Settings& settings) {
  return std::make_unique<HpaController>(settings);
}

}  // namespace wavetank::control
