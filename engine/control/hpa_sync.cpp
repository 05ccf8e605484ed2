#include "engine/control/hpa_sync.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/quantity.h"
#include "engine/model/doc.h"

namespace wavetank::control::hpa {
namespace {

using model::Doc;
using model::MetricSpec;
using Target = MetricSpec::Target;
using Type = MetricSpec::Type;

std::string milli_text(std::int64_t milli) {
  const auto quantity = base::Quantity::parse(fmt::format("{}m", milli));
  return quantity ? quantity->text() : "0";
}

/// %+v of a *metav1.LabelSelector
std::string selector_text(const std::optional<model::LabelSelector>& selector) {
  if (!selector) return "nil";
  std::string labels;
  for (const auto& [key, value] : selector->match_labels) labels += key + ": " + value + ",";
  std::string expressions;
  static constexpr const char* kOps[] = {"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"};
  for (const model::Requirement& r : selector->match_expressions)
    expressions += fmt::format("LabelSelectorRequirement{{Key:{},Operator:{},Values:[{}],}},", r.key,
                               kOps[static_cast<std::size_t>(r.op)], fmt::join(r.values, " "));
  return fmt::format(
      "&LabelSelector{{MatchLabels:map[string]string{{{}}},MatchExpressions:[]LabelSelectorRequirement{{{}}},}}",
      labels, expressions);
}

Doc amount(std::string_view key, std::int64_t milli) {
  Doc out = Doc::object();
  out[key] = Doc::string(milli_text(milli));
  return out;
}

/// The place of a metric that could not be read.
Doc nothing() {
  Doc out = Doc::object();
  out["type"] = Doc::string("");
  return out;
}

Doc metric_status(std::string_view type, std::string_view field, Doc source, Doc current) {
  Doc out = Doc::object();
  out["type"] = Doc::string(type);
  source["current"] = std::move(current);
  out[field] = std::move(source);
  return out;
}

Doc identifier(const MetricSpec& metric) {
  Doc out = Doc::object();
  Doc& id = out["metric"];
  id = Doc::object();
  id["name"] = Doc::string(metric.name);
  if (metric.selector) {
    Doc& selector = id["selector"];
    selector = Doc::object();
    Doc labels = Doc::object();
    for (const auto& [key, value] : metric.selector->match_labels) labels[key] = Doc::string(value);
    if (!metric.selector->match_labels.empty()) selector["matchLabels"] = std::move(labels);
  }
  return out;
}

/// What one metric came to.
struct Computed {
  std::int32_t replicas = 0;
  std::string name;  ///< As in "… above target".
  Doc status;
  std::string error;      ///< Not empty: it failed, and `event_*` say how.
  std::string condition;  ///< Reason of the event and of ScalingActive.
  std::string event;      ///< The event's message.
};

class Sync {
 public:
  Sync(const Options& options, const model::HorizontalPodAutoscaler& hpa, const Input& in, Reader& reader)
      : options_(options), hpa_(hpa), in_(in), reader_(reader) {
    calc_ = {in.now, options.cpu_initialization_period, options.initial_readiness_delay, {}};
    calc_.tolerances.down = calc_.tolerances.up = static_cast<double>(options.tolerance_milli) / 1000;
    out_.status = *in.before;
    out_.status.observed_generation = in.generation;
    list_ = recommendations_of(*in.before, in.now, options.sync_period);
    if (in.first && in.scale_error.empty()) list_.push_back({in.spec_replicas, in.now});
  }

  Outcome run() {
    if (!in_.scale_error.empty()) {
      event(true, "FailedGetScale", in_.scale_error);
      condition("AbleToScale", false, "FailedGetScale",
                "the HPA controller was unable to get the target's current scale: " + in_.scale_error);
      silent();
      return std::move(out_);
    }
    condition("AbleToScale", true, "SucceededGetScale",
              "the HPA controller was able to get the target's current scale");
    const std::int32_t current = in_.spec_replicas;
    std::int32_t desired = 0;
    bool rescale = true;
    Doc metrics = Doc::array();
    if (current == 0 && hpa_.min_replicas != 0) {
      rescale = false;
      condition("ScalingActive", false, "ScalingDisabled",
                "scaling is disabled since the replica count of the target is zero");
      silent();
    } else if (current > hpa_.max_replicas) {
      out_.reason = "Current number of replicas above Spec.MaxReplicas";
      desired = hpa_.max_replicas;
      silent();
    } else if (current < hpa_.min_replicas) {
      out_.reason = "Current number of replicas below Spec.MinReplicas";
      desired = hpa_.min_replicas;
      silent();
    } else {
      std::string name;
      const std::string error = compute(desired, name, metrics);
      if (desired < 0) {
        set_status(current, out_.status.desired_replicas, metrics);
        event(true, "FailedComputeMetricsReplicas", error);
        silent();
        return std::move(out_);
      }
      if (desired > current) out_.reason = name + " above target";
      if (desired < current) out_.reason = "All metrics below target";
      desired = hpa_.has_behavior ? with_behavior(current, desired) : without_behavior(current, desired);
      rescale = desired != current;
    }
    if (rescale) {
      out_.rescale = true;
      out_.replicas = desired;
      condition("AbleToScale", true, "SucceededRescale",
                fmt::format("the HPA controller was able to update the target scale to {}", desired));
      event(false, "SuccessfulRescale", fmt::format("New size: {}; reason: {}", desired, out_.reason));
      store(current, desired);
      out_.status.last_scale = in_.now;
    } else {
      desired = current;
    }
    set_status(current, desired, metrics);
    return std::move(out_);
  }

 private:
  void event(bool warning, std::string reason, std::string message) {
    out_.events.push_back({warning, std::move(reason), std::move(message)});
  }
  void condition(std::string_view type, bool holds, std::string_view reason, std::string_view message) {
    auto at = std::find_if(out_.conditions.begin(), out_.conditions.end(),
                           [&](const ConditionNews& c) { return c.type == type; });
    if (at == out_.conditions.end()) at = out_.conditions.insert(at, {std::string(type), false, "", ""});
    at->holds = holds;
    at->reason = reason;
    at->message = message;
  }
  void set_status(std::int32_t current, std::int32_t desired, const Doc& metrics) {
    out_.status.current_replicas = current;
    out_.status.desired_replicas = desired;
    out_.status.current_metrics = metrics.items.empty() ? "" : model::to_canonical_json(metrics);
  }

  // ---- Metrics ----

  /// The largest of the proposals; -1 if they cannot be trusted. Returns the error of those that failed.
  std::string compute(std::int32_t& replicas, std::string& name, Doc& statuses) {
    if (!in_.selector.reason.empty()) {
      if (!in_.selector.event_reason.empty()) event(true, in_.selector.event_reason, in_.selector.event_message);
      condition("ScalingActive", false, in_.selector.reason, in_.selector.message);
      replicas = -1;
      return in_.selector.event_message;
    }
    std::size_t invalid = 0;
    Computed first;
    for (const MetricSpec& metric : hpa_.metrics) {
      Computed c = compute(metric);
      statuses.items.push_back(c.error.empty() ? std::move(c.status) : nothing());
      if (!c.error.empty()) {
        event(true, c.condition, c.event);
        if (invalid++ == 0) first = std::move(c);
      } else if (replicas == 0 || c.replicas > replicas) {
        replicas = c.replicas;
        name = c.name;
      }
    }
    std::string error;
    if (invalid > 0)
      error = fmt::format("invalid metrics ({} invalid out of {}), first error is: {}", invalid, hpa_.metrics.size(),
                          first.error);
    // Some are missing and the others ask for fewer: who knows what the missing ones would ask for.
    if (invalid >= hpa_.metrics.size() ||
        (invalid > 0 && replicas < in_.spec_replicas && !options_.down_despite_invalid)) {
      condition("ScalingActive", false, first.condition,
                "the HPA was unable to compute the replica count: " + first.event);
      replicas = -1;
      return error;
    }
    condition("ScalingActive", true, "ValidMetricFound",
              "the HPA was able to successfully calculate a replica count from " + name);
    return error;
  }

  Computed compute(const MetricSpec& metric) {
    switch (metric.type) {
      case Type::Resource:
      case Type::ContainerResource:
        return resource(metric);
      case Type::Pods:
        return pods(metric);
      case Type::Object:
        return object(metric);
      case Type::External:
        return external(metric);
    }
    // Validation lets no such metric pass; the controller has a word for it all the same.
    const std::string error = fmt::format("unknown metric source type \"{}\"", metric.name);
    return failed("InvalidMetricSourceType", error, error);
  }

  static Computed failed(std::string condition, std::string event, std::string error) {
    Computed out;
    out.condition = std::move(condition);
    out.event = std::move(event);
    out.error = std::move(error);
    return out;
  }

  Computed resource(const MetricSpec& metric) {
    const bool one = metric.type == Type::ContainerResource;
    const bool by_share = metric.target == Target::Utilization;
    const PodsAnswer answer = reader_.resource(metric);
    const bool is_cpu = metric.name == "cpu";
    Proposal p;
    if (!answer.error.empty()) {
      p.error = fmt::format("unable to get metrics for resource {}: {}", metric.name, answer.error);
    } else if (by_share) {
      p = by_utilization(calc_, in_.spec_replicas, metric.utilization, answer.pods, answer.extra.size(), is_cpu,
                         answer.request_error);
    } else {
      p = by_average(calc_, in_.spec_replicas, metric.milli_value, answer.pods, answer.extra, is_cpu);
    }
    if (!p.error.empty()) {
      std::string event =
          fmt::format("failed to get {} {}: {}", metric.name, by_share ? "utilization" : "usage", p.error);
      std::string error = one ? fmt::format("failed to get {} container metric value: {}", metric.container, event)
                              : fmt::format("failed to get {} resource metric value: {}", metric.name, event);
      return failed(one ? "FailedGetContainerResourceMetric" : "FailedGetResourceMetric", std::move(event),
                    std::move(error));
    }
    Computed out;
    out.replicas = p.replicas;
    out.name = !by_share ? metric.name + " resource"
                         : metric.name + (one ? " container" : "") + " resource utilization (percentage of request)";
    Doc current = amount("averageValue", p.milli);
    if (by_share) current["averageUtilization"] = Doc::integer(p.utilization);
    Doc source = Doc::object();
    source["name"] = Doc::string(metric.name);
    if (one) source["container"] = Doc::string(metric.container);
    out.status = metric_status(one ? "ContainerResource" : "Resource", one ? "containerResource" : "resource",
                               std::move(source), std::move(current));
    return out;
  }

  Computed pods(const MetricSpec& metric) {
    const PodsAnswer answer = reader_.pods_metric(metric);
    const Proposal p = answer.error.empty()
                           ? by_average(calc_, in_.spec_replicas, metric.milli_value, answer.pods, answer.extra, false)
                           : Proposal{0, 0, 0, fmt::format("unable to get metric {}: {}", metric.name, answer.error)};
    if (!p.error.empty()) return failed("FailedGetPodsMetric", p.error, "failed to get pods metric value: " + p.error);
    Computed out;
    out.replicas = p.replicas;
    out.name = "pods metric " + metric.name;
    out.status = metric_status("Pods", "pods", identifier(metric), amount("averageValue", p.milli));
    return out;
  }

  Computed object(const MetricSpec& metric) {
    const bool per_pod = metric.target == Target::AverageValue;
    const ValueAnswer answer = reader_.value(metric);
    Proposal p;
    if (!answer.error.empty()) {
      p.error = fmt::format("unable to get metric {} on {} {}/{}: {}", metric.name, metric.object.kind, in_.ns,
                            metric.object.name, answer.error);
    } else if (per_pod) {
      p = by_value_per_pod(calc_, in_.status_replicas, answer.milli.front(), metric.milli_value);
    } else {
      p = by_value(calc_, in_.spec_replicas, answer.milli.front(), metric.milli_value, reader_.pods());
    }
    if (!p.error.empty()) {
      const std::string inner =
          per_pod ? fmt::format("failed to get {} object metric: {}", metric.name, p.error) : p.error;
      return failed("FailedGetObjectMetric", p.error, "failed to get object metric value: " + inner);
    }
    Computed out;
    out.replicas = p.replicas;
    out.name = per_pod ? fmt::format("external metric {}({})", metric.name, selector_text(metric.selector))
                       : fmt::format("{} metric {}", metric.object.kind, metric.name);
    Doc source = identifier(metric);
    Doc& described = source["describedObject"];
    described = Doc::object();
    if (!metric.object.api_version.empty()) described["apiVersion"] = Doc::string(metric.object.api_version);
    described["kind"] = Doc::string(metric.object.kind);
    described["name"] = Doc::string(metric.object.name);
    out.status =
        metric_status("Object", "object", std::move(source), amount(per_pod ? "averageValue" : "value", p.milli));
    return out;
  }

  Computed external(const MetricSpec& metric) {
    const bool per_pod = metric.target == Target::AverageValue;
    const ValueAnswer answer = reader_.value(metric);
    const std::string selector = selector_text(metric.selector);
    Proposal p;
    if (!answer.error.empty()) {
      p.error = fmt::format("unable to get external metric {}/{}/{}: {}", in_.ns, metric.name, selector, answer.error);
    } else if (per_pod) {
      p = by_value_per_pod(calc_, in_.status_replicas, saturating_sum(answer.milli), metric.milli_value);
    } else {
      p = by_value(calc_, in_.spec_replicas, saturating_sum(answer.milli), metric.milli_value, reader_.pods());
    }
    if (!p.error.empty()) {
      const std::string inner = per_pod ? fmt::format("failed to get {} external metric: {}", metric.name, p.error)
                                        : fmt::format("failed to get external metric {}: {}", metric.name, p.error);
      return failed("FailedGetExternalMetric", p.error,
                    fmt::format("failed to get {} external metric value: {}", metric.name, inner));
    }
    Computed out;
    out.replicas = p.replicas;
    out.name = fmt::format("external metric {}({})", metric.name, selector);
    out.status =
        metric_status("External", "external", identifier(metric), amount(per_pod ? "averageValue" : "value", p.milli));
    return out;
  }

  // ---- What is remembered, and limits ----

  [[nodiscard]] Rules rules(const model::ScalingRules& spec, bool up) const {
    Rules out;
    out.stabilization_s = spec.stabilization_window_seconds.value_or(
        up ? 0 : static_cast<std::int32_t>(options_.downscale_stabilization.ns / 1'000'000'000));
    out.select = static_cast<Select>(spec.select);
    for (const model::ScalingPolicy& p : spec.policies)
      out.policies.push_back({p.percent ? PolicyType::Percent : PolicyType::Pods, p.value, p.period_seconds});
    return out;
  }
  static std::vector<ScaleEvent> events_of(const std::vector<event::TimedReplicas>& list) {
    std::vector<ScaleEvent> out;
    for (const event::TimedReplicas& e : list) out.push_back({e.replicas, e.at, false});
    return out;
  }

  void limited(const Normalized& n, std::int32_t stabilized) {
    condition("ScalingLimited", n.replicas != stabilized, n.reason, n.message);
  }
  void able(bool stabilized, std::string_view reason, std::string_view message) {
    if (stabilized) return condition("AbleToScale", true, reason, message);
    condition("AbleToScale", true, "ReadyForNewScale", "recommended size matches current size");
  }

  std::int32_t without_behavior(std::int32_t current, std::int32_t desired) {
    const std::int32_t stabilized = stabilize(list_, desired, in_.now, options_.downscale_stabilization);
    remember(desired, options_.downscale_stabilization);
    able(stabilized != desired, "ScaleDownStabilized",
         "recent recommendations were higher than current one, applying the highest recent recommendation");
    const std::int32_t limit =
        options_.scale_up_factor == 2 ? scale_up_limit(current) : std::max(options_.scale_up_factor * current, 4);
    const Normalized n = within_rules({current, stabilized, hpa_.min_replicas, hpa_.max_replicas}, limit);
    limited(n, stabilized);
    return n.replicas;
  }

  std::int32_t with_behavior(std::int32_t current, std::int32_t desired) {
    const Rules up = rules(hpa_.scale_up, true), down = rules(hpa_.scale_down, false);
    Bounds bounds{current, desired, hpa_.min_replicas, hpa_.max_replicas};
    const Normalized stabilized = stabilize(list_, bounds, in_.now, up.stabilization_s, down.stabilization_s);
    remember(desired, base::seconds(std::max(up.stabilization_s, down.stabilization_s)));
    able(stabilized.replicas != desired, stabilized.reason, stabilized.message);
    bounds.desired = stabilized.replicas;
    const Normalized n = within_behavior(bounds, up, down, events_of(in_.before->scale_ups),
                                         events_of(in_.before->scale_downs), in_.now);
    limited(n, stabilized.replicas);
    return n.replicas;
  }

  /// The status' form of the recommendations: one entry as long as the same is said.
  void remember(std::int32_t desired, Duration window) {
    std::vector<event::TimedReplicas>& list = out_.status.recommendations;
    if (in_.first) list = {{in_.now, in_.spec_replicas}};
    if (!list.empty() && list.back().at == SimTime::never()) {
      if (list.back().replicas == desired) return;
      list.back().at = in_.now - options_.sync_period;
    }
    const SimTime cutoff = in_.now - window;
    list.erase(std::remove_if(list.begin(), list.end(), [&](const event::TimedReplicas& r) { return r.at < cutoff; }),
               list.end());
    list.push_back({SimTime::never(), desired});
  }
  /// Nothing was recommended: what was said so far ends.
  void silent() {
    std::vector<event::TimedReplicas>& list = out_.status.recommendations;
    if (in_.first && in_.scale_error.empty()) list = {{in_.now, in_.spec_replicas}};
    if (!list.empty() && list.back().at == SimTime::never()) list.back().at = in_.now - options_.sync_period;
  }
  void store(std::int32_t before, std::int32_t after) {
    if (!hpa_.has_behavior) return;
    const bool up = after > before;
    std::vector<event::TimedReplicas>& kept = up ? out_.status.scale_ups : out_.status.scale_downs;
    std::vector<ScaleEvent> events = events_of(kept);
    store_event(events, up ? rules(hpa_.scale_up, true) : rules(hpa_.scale_down, false),
                up ? after - before : before - after, in_.now);
    kept.clear();
    for (const ScaleEvent& e : events) kept.push_back({e.at, e.change});
  }

  const Options& options_;
  const model::HorizontalPodAutoscaler& hpa_;
  const Input& in_;
  Reader& reader_;
  Calculator calc_;
  std::vector<Recommendation> list_;
  Outcome out_;
};

}  // namespace

std::vector<Recommendation> recommendations_of(const event::HpaStatus& status, SimTime now, Duration period) {
  std::vector<Recommendation> out;
  for (const event::TimedReplicas& r : status.recommendations)
    out.push_back({r.replicas, r.at == SimTime::never() ? now - period : r.at});
  return out;
}

Outcome sync(const Options& options, const model::HorizontalPodAutoscaler& hpa, const Input& in, Reader& reader) {
  return Sync(options, hpa, in, reader).run();
}

void refused(Outcome& outcome, const Input& in, std::string_view error) {
  for (EventNews& e : outcome.events) {
    if (e.reason != "SuccessfulRescale") continue;
    e = {true, "FailedRescale",
         fmt::format("New size: {}; reason: {}; error: {}", outcome.replicas, outcome.reason, error)};
  }
  for (ConditionNews& c : outcome.conditions) {
    if (c.type != "AbleToScale") continue;
    c = {c.type, false, "FailedUpdateScale",
         fmt::format("the HPA controller was unable to update the target scale: {}", error)};
  }
  outcome.rescale = false;
  outcome.status.desired_replicas = in.before->desired_replicas;
  outcome.status.last_scale = in.before->last_scale;
  outcome.status.scale_ups = in.before->scale_ups;
  outcome.status.scale_downs = in.before->scale_downs;
}

}  // namespace wavetank::control::hpa
