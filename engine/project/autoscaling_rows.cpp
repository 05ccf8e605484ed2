#include "engine/project/autoscaling_rows.h"

#include <fmt/format.h>

#include "engine/base/quantity.h"
#include "engine/project/words.h"

namespace wavetank::project {
namespace {

using model::Doc;
using model::Kind;
using model::MetricSpec;
using Target = MetricSpec::Target;
using Type = MetricSpec::Type;

std::string quantity(std::int64_t milli) {
  const auto q = base::Quantity::parse(fmt::format("{}m", milli));
  return q ? q->text() : "0";
}

std::string wanted(const MetricSpec& metric) {
  return metric.target == Target::Utilization ? fmt::format("{}%", metric.utilization) : quantity(metric.milli_value);
}

std::string current(const MetricSpec& metric, const Doc* status) {
  static constexpr const char* kFields[] = {"resource", "containerResource", "pods", "object", "external"};
  const Doc* found =
      status == nullptr ? nullptr : status->at({kFields[static_cast<std::size_t>(metric.type)], "current"});
  if (found == nullptr) return "<unknown>";
  if (metric.target == Target::Utilization) {
    const Doc* percent = found->find("averageUtilization");
    return percent == nullptr ? "<unknown>" : percent->text + "%";
  }
  return std::string(found->string_or(metric.target == Target::Value ? "value" : "averageValue", "<unknown>"));
}

std::string target(const MetricSpec& metric, const Doc* status) {
  const std::string pair = current(metric, status) + "/" + wanted(metric);
  if (metric.type == Type::Resource || metric.type == Type::ContainerResource) return metric.name + ": " + pair;
  const bool average = metric.target == Target::AverageValue && metric.type != Type::Pods;
  return average ? pair + " (avg)" : pair;
}

const state::Condition* condition_of(const std::vector<state::NamedCondition>& conditions, std::string_view type) {
  for (const state::NamedCondition& c : conditions)
    if (c.type == type) return &c.value;
  return nullptr;
}

/// The first container's target of one resource in a VPA's recommendation.
std::string recommended(const state::VpaRow& row, std::string_view resource) {
  const auto doc = model::parse_json(row.status.recommendation, "");
  const Doc* all = doc ? doc->find("containerRecommendations") : nullptr;
  if (all == nullptr || all->items.empty()) return "";
  const Doc* amount = all->items.front().at({"target", resource});
  return amount == nullptr ? "" : amount->text;
}

}  // namespace

std::vector<Table::Column> autoscaler_columns(Kind kind) {
  if (kind == Kind::HorizontalPodAutoscaler)
    return {{"REFERENCE"}, {"TARGETS"}, {"MINPODS"}, {"MAXPODS"}, {"REPLICAS"}, {"AGE"}};
  return {{"MODE"}, {"CPU"}, {"MEM"}, {"PROVIDED"}, {"AGE"}};
}

std::string hpa_targets(const state::HpaRow& row, std::size_t most) {
  if (row.spec.metrics.empty()) return "<none>";
  const auto statuses = model::parse_json(row.status.current_metrics, "");
  std::string out;
  for (std::size_t i = 0; i < row.spec.metrics.size() && i < most; ++i) {
    const Doc* status = statuses && i < statuses->items.size() ? &statuses->items[i] : nullptr;
    out += (i == 0 ? "" : ", ") + target(row.spec.metrics[i], status);
  }
  if (row.spec.metrics.size() > most) out += fmt::format(" + {} more...", row.spec.metrics.size() - most);
  return out;
}

std::vector<std::string> autoscaler_cells(event::Ref ref, const state::ClusterView& view) {
  if (ref.kind == Kind::HorizontalPodAutoscaler) {
    const state::HpaRow& row = view->hpas[ref.row];
    return {row.spec.target.kind + "/" + row.spec.target.name, hpa_targets(row, 2),
            fmt::format("{}", row.spec.min_replicas),          fmt::format("{}", row.spec.max_replicas),
            fmt::format("{}", row.status.current_replicas),    base::format_age(view.now() - row.header.created)};
  }
  const state::VpaRow& row = view->vpas[ref.row];
  const state::Condition* provided = condition_of(row.conditions, "RecommendationProvided");
  return {row.spec.update_mode, recommended(row, "cpu"), recommended(row, "memory"),
          provided == nullptr                                ? ""
          : provided->status == event::ConditionStatus::True ? "True"
                                                             : "False",
          base::format_age(view.now() - row.header.created)};
}

std::vector<std::string> present_hpa(const state::HpaRow& row, const state::ClusterView& view) {
  std::vector<std::string> out;
  out.push_back(fmt::format("It keeps {}/{} between {} and {} pods; {} now.", row.spec.target.kind,
                            row.spec.target.name, row.spec.min_replicas, row.spec.max_replicas,
                            row.status.current_replicas));
  if (row.conditions.empty()) return {out.front(), "It has not looked yet."};
  out.push_back(fmt::format("Its metrics (now/wanted): {}.", hpa_targets(row, 99)));
  for (const char* type : {"AbleToScale", "ScalingActive", "ScalingLimited"}) {
    const state::Condition* c = condition_of(row.conditions, type);
    if (c == nullptr) continue;
    out.push_back(fmt::format("{} is {} since {} ({}): {}.", type,
                              c->status == event::ConditionStatus::True ? "True" : "False", at_words(c->transitioned),
                              c->reason, c->message));
  }
  static_cast<void>(view);
  return out;
}

std::vector<std::string> present_vpa(const state::VpaRow& row, const state::ClusterView& view) {
  static_cast<void>(view);
  std::vector<std::string> out;
  out.push_back(
      fmt::format("It watches {}/{}, mode {}.", row.spec.target.kind, row.spec.target.name, row.spec.update_mode));
  const std::string cpu = recommended(row, "cpu"), memory = recommended(row, "memory");
  out.push_back(cpu.empty() && memory.empty() ? "It recommends nothing yet."
                                              : fmt::format("It recommends cpu {} and memory {}.", cpu, memory));
  return out;
}

std::vector<std::string> autoscaled_by(event::Ref workload, const state::ClusterView& view) {
  std::vector<std::string> out;
  if (!workload.valid() || !view.alive(workload)) return out;
  const char* kind = model::kind_info(workload.kind).name;
  for (const state::HpaRow& row : view->hpas) {
    if (!row.header.alive || row.spec.target.kind != kind || row.spec.target.name != view.bare_name(workload)) continue;
    if (view.text(row.header.ns) != view.namespace_of(workload)) continue;
    std::string text =
        fmt::format("horizontalpodautoscaler/{} sets its size, {} to {} pods, by {} (now/wanted)",
                    view.text(row.header.name), row.spec.min_replicas, row.spec.max_replicas, hpa_targets(row, 99));
    if (row.status.last_scale != state::SimTime::never())
      text += fmt::format("; it scaled last at {}", at_words(row.status.last_scale));
    out.push_back(text + ".");
    for (const char* type : {"AbleToScale", "ScalingActive", "ScalingLimited"}) {
      const state::Condition* c = condition_of(row.conditions, type);
      if (c == nullptr) continue;
      const bool good = c->status == event::ConditionStatus::True;
      const bool held = type == std::string_view("AbleToScale") && c->reason.ends_with("Stabilized");
      if (type == std::string_view("ScalingLimited") ? good : held || !good)
        out.push_back(fmt::format("Of it, {} is {} ({}): {}.", type, good ? "True" : "False", c->reason, c->message));
    }
  }
  return out;
}

}  // namespace wavetank::project
