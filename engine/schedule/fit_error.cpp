#include "engine/schedule/fit_error.h"

#include <fmt/format.h>

#include <algorithm>

namespace wavetank::schedule {

void ReasonCounts::add(std::string_view reason, std::size_t times) {
  if (times == 0) return;
  for (auto& [known, count] : counts_) {
    if (known == reason) {
      count += times;
      return;
    }
  }
  counts_.emplace_back(reason, times);
}

std::string ReasonCounts::text() const {
  std::vector<std::string> lines;
  for (const auto& [reason, count] : counts_) lines.push_back(fmt::format("{} {}", count, reason));
  std::sort(lines.begin(), lines.end());
  return fmt::format("{}", fmt::join(lines, ", "));
}

std::string absent_reason(const Attempt& attempt) {
  std::vector<std::string> names;
  for (const Plugin* p : attempt.narrowed_by) names.emplace_back(p->plugin_name);
  std::sort(names.begin(), names.end());
  return fmt::format("node(s) didn't satisfy plugin(s) [{}]", fmt::join(names, " "));
}

std::string fit_error(const Evaluator& evaluator, std::size_t nodes) {
  const Attempt& a = evaluator.attempt();
  if (nodes == 0) return "no nodes available to schedule pods";
  std::string out = fmt::format("0/{} nodes are available:", nodes);
  if (a.pre_filter != PreFilterStatus::Code::Success) return fmt::format("{} {}.", out, a.pre_filter_message);
  std::vector<std::size_t> by_list(evaluator.reason_count(), 0);
  for (const NodeId n : a.failed) ++by_list[evaluator.verdict(n).reasons];
  ReasonCounts counts;
  for (std::uint32_t id = 0; id < by_list.size(); ++id) {
    if (by_list[id] == 0) continue;
    for (const std::string& reason : evaluator.reason_list(id)) counts.add(reason, by_list[id]);
  }
  if (a.narrowed) counts.add(absent_reason(a), nodes - a.failed.size());
  const std::string reasons = counts.text();
  return reasons.empty() ? out : fmt::format("{} {}.", out, reasons);
}

}  // namespace wavetank::schedule
