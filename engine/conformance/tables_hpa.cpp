// Rows of the tables hpa-*: the arithmetic of the HorizontalPodAutoscaler, and whole syncs of it.
#include <algorithm>

#include "engine/conformance/table_runners.h"
#include "engine/control/hpa_sync.h"

namespace wavetank::conformance::rows {
namespace {

namespace hpa = control::hpa;
using base::SimTime;

constexpr SimTime kNow{1'000'000'000'000'000};  // far from 0, so that "never" started long ago

std::int32_t number(const Doc* d) { return static_cast<std::int32_t>(cell_int(d)); }
SimTime ago(const Doc* seconds) { return kNow - base::seconds(cell_int(seconds)); }
const std::vector<Doc>& list(const Doc* d) {
  static const std::vector<Doc> kNone;
  return d == nullptr ? kNone : d->items;
}
const Doc* at(const Doc& items, std::size_t i) { return i < items.items.size() ? &items.items[i] : nullptr; }
const Doc* nth(const Doc* items, std::size_t i) { return items == nullptr ? nullptr : at(*items, i); }

hpa::Rules rules_of(const Doc* d, hpa::Rules fallback) {
  if (d == nullptr || d->is_null()) return fallback;
  hpa::Rules out;
  out.stabilization_s = number(d->find("stabilization_s"));
  const std::string_view select = cell_text(d->find("select"));
  out.select = select == "Min" ? hpa::Select::Min : select == "Disabled" ? hpa::Select::Disabled : hpa::Select::Max;
  for (const Doc& p : list(d->find("policies")))
    out.policies.push_back({cell_text(at(p, 0)) == "Pods" ? hpa::PolicyType::Pods : hpa::PolicyType::Percent,
                            number(at(p, 1)), number(at(p, 2))});
  return out;
}
std::vector<hpa::ScaleEvent> events_of(const Doc* d) {
  std::vector<hpa::ScaleEvent> out;
  for (const Doc& e : list(d)) out.push_back({number(at(e, 0)), ago(at(e, 1)), false});
  return out;
}
std::vector<hpa::Recommendation> recommendations_of(const Doc* d) {
  std::vector<hpa::Recommendation> out;
  for (const Doc& r : list(d)) out.push_back({number(at(r, 0)), ago(at(r, 1))});
  return out;
}

/// The settings of the real functions' tests.
hpa::Calculator calculator() { return {kNow, base::minutes(2), base::seconds(10), {}}; }

hpa::PodInput pod_of(const Doc& d) {
  hpa::PodInput out;
  const std::string_view phase = cell_text(d.find("phase"));
  out.ended = cell_bool(d.find("deleting")) || phase == "Failed" || phase == "Succeeded";
  out.pending = phase == "Pending";
  out.ready = cell_text(d.find("ready")) != "False";
  if (const Doc* started = d.find("started_s_ago")) out.started = ago(started);
  out.ready_changed = out.started;
  return out;
}

hpa::Proposal resource(const Doc& row, const Doc& metric, std::vector<hpa::PodInput> pods, SimTime taken) {
  const std::string name(cell_text(metric.find("resource")));
  const std::string only(cell_text(metric.find("only_container")));
  const std::vector<Doc>& usage = list(metric.find("usage_milli_per_container_by_pod"));
  hpa::Proposal out;
  if (usage.empty()) {
    out.error = "unable to get metrics for resource " + name + ": no metrics returned from resource metrics API";
    return out;
  }
  const std::size_t wanted = only.empty() ? 0 : static_cast<std::size_t>(only.back() - '1');
  std::size_t extra = 0;
  for (std::size_t i = 0; i < usage.size(); ++i) {
    std::int64_t sum = 0;
    for (std::size_t c = 0; c < usage[i].items.size(); ++c)
      if (only.empty() || c == wanted) sum += cell_int(&usage[i].items[c]);
    if (!only.empty() && wanted >= usage[i].items.size()) {
      out.error = "container " + only + " not present in metrics for pod test-namespace/test-pod-" + std::to_string(i);
      return out;
    }
    if (i < pods.size()) {
      pods[i].sample = hpa::Sample{sum, taken, base::seconds(60)};
    } else {
      ++extra;
    }
  }
  const std::vector<Doc>& written = list(row.find("pods"));
  for (std::size_t i = 0; i < pods.size(); ++i)
    pods[i].request_milli = cell_int(written[i].find("request_per_container_milli")) * (only.empty() ? 2 : 1);
  return hpa::by_utilization(calculator(), number(row.find("current_replicas")),
                             number(metric.find("target_utilization_pct")), pods, extra, name == "cpu");
}

hpa::Proposal proposal(const Doc& row) {
  const Doc& metric = *row.find("metric");
  std::vector<hpa::PodInput> pods;
  for (const Doc& p : list(row.find("pods"))) pods.push_back(pod_of(p));
  const Doc* taken_ago = row.find("metric_taken_s_ago");
  const SimTime taken = ago(taken_ago);
  const std::int32_t current = number(row.find("current_replicas"));
  const std::string_view kind = cell_text(metric.find("kind"));
  if (kind == "resource") return resource(row, metric, std::move(pods), taken);
  const std::vector<Doc>& levels = list(metric.find("levels_milli"));
  const std::int64_t target = cell_int(metric.find("target_milli"));
  const std::int64_t each = cell_int(metric.find("target_per_pod_milli"));
  std::vector<std::int64_t> values;
  for (const Doc& level : levels) values.push_back(cell_int(&level));
  if (kind == "object" || kind == "external")
    return hpa::by_value(calculator(), current, hpa::saturating_sum(values), target, pods);
  if (kind == "object-per-pod" || kind == "external-per-pod")
    return hpa::by_value_per_pod(calculator(), current, hpa::saturating_sum(values), each);
  std::vector<hpa::Sample> extra;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const hpa::Sample sample{values[i], taken, base::seconds(60)};
    if (i < pods.size()) {
      pods[i].sample = sample;
    } else {
      extra.push_back(sample);
    }
  }
  return hpa::by_average(calculator(), current, target, pods, extra, false);
}

/// A row's cluster, as a sync reads it.
class RowReader final : public hpa::Reader {
 public:
  explicit RowReader(const Doc& row) : row_(row), broken_(cell_text(row.find("name")).ends_with("-empty")) {}
  hpa::PodsAnswer resource(const model::MetricSpec& metric) override {
    hpa::PodsAnswer out = measured();
    const bool none =
        std::none_of(out.pods.begin(), out.pods.end(), [](const auto& p) { return p.sample.has_value(); });
    if (none && out.extra.empty()) out.error = "no metrics returned from resource metrics API";
    const std::vector<Doc>& requests = list(row_.find("request_milli_by_pod"));
    if (requests.size() < out.pods.size()) out.request_error = "missing request for " + metric.name;
    for (std::size_t i = 0; i < out.pods.size() && i < requests.size(); ++i)
      out.pods[i].request_milli = cell_int(&requests[i]);
    return out;
  }
  hpa::PodsAnswer pods_metric(const model::MetricSpec&) override { return measured(); }
  hpa::ValueAnswer value(const model::MetricSpec& metric) override {
    hpa::ValueAnswer out;
    if (broken_ && metric.type == model::MetricSpec::Type::External)
      return {"no metrics returned from external metrics API", {}};
    for (const Doc& level : list(row_.find("usage_milli_by_pod"))) out.milli.push_back(cell_int(&level));
    return out;
  }
  std::vector<hpa::PodInput> pods() override {
    // The test makes a pod for each request it is given.
    const std::size_t requests = list(row_.find("request_milli_by_pod")).size();
    const std::size_t count =
        requests > 0 ? requests : static_cast<std::size_t>(cell_int(row_.find("status_replicas")));
    std::vector<hpa::PodInput> out;
    for (std::size_t i = 0; i < count; ++i) {
      Doc pod = Doc::object();
      const auto copy = [&](const char* from, const char* to) {
        if (const Doc* cell = nth(row_.find(from), i)) pod[to] = *cell;
      };
      copy("phase", "phase");
      copy("ready", "ready");
      copy("started_s_ago", "started_s_ago");
      copy("deleting", "deleting");
      out.push_back(pod_of(pod));
    }
    return out;
  }

 private:
  hpa::PodsAnswer measured() {
    hpa::PodsAnswer out;
    out.pods = pods();
    const std::vector<Doc>& usage = list(row_.find("usage_milli_by_pod"));
    for (std::size_t i = 0; i < usage.size(); ++i) {
      const hpa::Sample sample{cell_int(&usage[i]), kNow, base::seconds(60)};
      if (i < out.pods.size()) {
        out.pods[i].sample = sample;
      } else {
        out.extra.push_back(sample);
      }
    }
    return out;
  }
  const Doc& row_;
  bool broken_;
};

model::MetricSpec metric_of(const Doc& d) {
  using Type = model::MetricSpec::Type;
  using Target = model::MetricSpec::Target;
  model::MetricSpec out;
  const std::string_view type = cell_text(d.find("type"));
  out.name = cell_text(d.find("name"));
  out.type = static_cast<Type>(255);
  if (type == "ContainerResource") out.type = Type::ContainerResource;
  if (type == "Pods") out.type = Type::Pods;
  if (type == "Object") out.type = Type::Object;
  if (type == "External") out.type = Type::External;
  if (out.name.empty()) out.name = type;
  out.container = cell_text(d.find("container"));
  const Doc* target = d.find("target_milli");
  if (target == nullptr) return out;
  out.target = target->find("averageutilization") != nullptr ? Target::Utilization
               : target->find("averagevalue") != nullptr     ? Target::AverageValue
                                                             : Target::Value;
  out.utilization = number(target->find("averageutilization"));
  out.milli_value = cell_int(target->find(out.target == Target::Value ? "value" : "averagevalue"));
  return out;
}

/// The test's rules, with defaults where they say nothing.
model::HorizontalPodAutoscaler spec_of(const Doc& row) {
  model::HorizontalPodAutoscaler out;
  out.min_replicas = number(row.find("min"));
  out.max_replicas = number(row.find("max"));
  if (const std::int32_t percent = number(row.find("cpu_target_pct")); percent > 0) {
    model::MetricSpec cpu;
    cpu.name = "cpu";
    cpu.utilization = percent;
    out.metrics.push_back(cpu);
  }
  for (const Doc& metric : list(row.find("metrics"))) out.metrics.push_back(metric_of(metric));
  const Doc* up = row.find("scale_up_rules");
  if (up == nullptr) return out;
  out.has_behavior = true;
  out.scale_down.policies = {{true, 100, 15}};
  out.scale_up.stabilization_window_seconds = number(up->find("StabilizationWindowSeconds"));
  for (const Doc& p : list(up->find("Policies")))
    out.scale_up.policies.push_back(
        {cell_text(p.find("Type")) == "Percent", number(p.find("Value")), number(p.find("PeriodSeconds"))});
  return out;
}

/// status.currentMetrics of the cpu.
std::int64_t cpu_percent(const std::string& metrics) {
  const auto doc = model::parse_json(metrics, "");
  if (!doc) return 0;
  for (const Doc& metric : doc->items)
    if (const Doc* percent = metric.at({"resource", "current", "averageUtilization"})) return cell_int(percent);
  return 0;
}

}  // namespace

void hpa_replica_calculator(const Doc& row, RowRecord& record) {
  if (row.find("metric") == nullptr) return record.unreadable("metric: is missing");
  const hpa::Proposal got = proposal(row);
  const Doc& expect = *row.find("expect");
  if (const Doc* error = expect.find("error_contains")) {
    const bool found = got.error.find(error->text) != std::string::npos;
    return record.compare("error_contains", error, found ? std::string_view(error->text) : std::string_view(got.error));
  }
  if (!got.error.empty()) return record.compare("error_contains", nullptr, std::string_view(got.error));
  record.compare("replicas", expect.find("replicas"), std::int64_t{got.replicas});
  if (const Doc* percent = expect.find("utilization_pct"))
    record.compare("utilization_pct", percent, std::int64_t{got.utilization});
  if (const Doc* raw = expect.find("raw_average_milli")) record.compare("raw_average_milli", raw, got.milli);
  if (const Doc* usage = expect.find("usage")) record.compare("usage", usage, got.milli);
}

void hpa_convert_desired(const Doc& row, RowRecord& record) {
  const std::int32_t current = number(row.find("current"));
  const hpa::Normalized got =
      hpa::within_rules({current, number(row.find("desired_in")), number(row.find("min")), number(row.find("max"))},
                        std::max(8 * current, 4));
  record.compare("replicas", row.at({"expect", "replicas"}), std::int64_t{got.replicas});
  record.compare("reason", row.at({"expect", "reason"}), got.reason);
}

void hpa_scaling_rules(const Doc& row, RowRecord& record) {
  const hpa::Bounds in{number(row.find("current")), number(row.find("desired_in")), number(row.find("min")),
                       number(row.find("max"))};
  const hpa::Normalized got = hpa::within_behavior(
      in, rules_of(row.find("up"), hpa::default_scale_up()), rules_of(row.find("down"), hpa::default_scale_down(300)),
      events_of(row.find("up_events")), events_of(row.find("down_events")), kNow);
  record.compare("replicas", row.at({"expect", "replicas"}), std::int64_t{got.replicas});
  record.compare("reason", row.at({"expect", "reason"}), got.reason);
}

void hpa_stabilize(const Doc& row, RowRecord& record) {
  std::vector<hpa::Recommendation> log = recommendations_of(row.find("recommendations"));
  const std::int32_t got = hpa::stabilize(log, number(row.find("desired_in")), kNow, base::minutes(5));
  record.compare("replicas", row.at({"expect", "replicas"}), std::int64_t{got});
  record.compare("log_length", row.at({"expect", "log_length"}), static_cast<std::int64_t>(log.size()));
}

void hpa_stabilize_behavior(const Doc& row, RowRecord& record) {
  std::vector<hpa::Recommendation> log = recommendations_of(row.find("recommendations"));
  const hpa::Normalized got = hpa::stabilize(log, {number(row.find("current")), number(row.find("desired_in")), 0, 0},
                                             kNow, number(row.find("up_window_s")), number(row.find("down_window_s")));
  record.compare("replicas", row.at({"expect", "replicas"}), std::int64_t{got.replicas});
}

void hpa_store_scale_events(const Doc& row, RowRecord& record) {
  std::vector<hpa::ScaleEvent> events = events_of(row.find("events_before"));
  const Doc* written = row.find("rules");
  const bool has_rules = written != nullptr && !written->is_null();
  const hpa::Rules rules = rules_of(written, {});
  const Doc& expect = *row.find("expect");
  record.compare("change_in_longest_period", expect.find("change_in_longest_period"),
                 std::int64_t{hpa::change_in_period(events, hpa::longest_period(rules), kNow)});
  if (has_rules) hpa::store_event(events, rules, number(row.find("change")), kNow);
  Doc after = Doc::array();
  for (const hpa::ScaleEvent& e : events) {
    Doc entry = Doc::array();
    entry.items.push_back(Doc::integer(e.change));
    entry.items.push_back(Doc::integer(0));  // the table does not keep when
    if (e.outdated) entry.items.push_back(Doc::string("outdated"));
    after.items.push_back(std::move(entry));
  }
  record.compare("events_after", expect.find("events_after"), after);
}

void hpa_controller(const Doc& row, RowRecord& record) {
  hpa::Options options;
  options.cpu_initialization_period = base::minutes(2);
  options.initial_readiness_delay = base::seconds(10);
  options.scale_up_factor = 8;
  // As the table was recorded.
  options.down_despite_invalid = true;
  record.changed("since 1.22: with a metric that cannot be read the others may not scale down (off here)");
  hpa::Input in;
  in.now = kNow;
  in.ns = "test-namespace";
  in.spec_replicas = number(row.find("spec_replicas"));
  in.status_replicas = number(row.find("status_replicas"));
  const std::string_view name = cell_text(row.find("name"));
  if (name == "condition-failed-get-scale") in.scale_error = "something went wrong";
  if (name.starts_with("condition-invalid-selector"))
    in.selector = {"InvalidSelector", "it cannot be read", "InvalidSelector", "it cannot be read"};
  event::HpaStatus before;
  for (const hpa::Recommendation& r : recommendations_of(row.find("earlier_recommendations")))
    before.recommendations.push_back({r.at, r.replicas});
  in.before = &before;
  RowReader reader(row);
  const hpa::Outcome got = hpa::sync(options, spec_of(row), in, reader);
  const Doc& expect = *row.find("expect");
  record.compare("desired", expect.find("desired"), std::int64_t{got.rescale ? got.replicas : in.spec_replicas});
  if (const Doc* percent = expect.find("current_cpu_pct"))
    record.compare("current_cpu_pct", percent, cpu_percent(got.status.current_metrics));
  if (const Doc* conditions = expect.find("conditions")) {
    Doc ours = Doc::array();
    for (const hpa::ConditionNews& c : got.conditions) {
      Doc entry = Doc::array();
      for (const std::string_view text :
           {std::string_view(c.type), std::string_view(c.holds ? "True" : "False"), std::string_view(c.reason)})
        entry.items.push_back(Doc::string(text));
      ours.items.push_back(std::move(entry));
    }
    record.compare("conditions", conditions, ours);
  }
}

}  // namespace wavetank::conformance::rows
