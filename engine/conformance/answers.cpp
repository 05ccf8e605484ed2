#include "engine/conformance/answers.h"

#include <fmt/format.h>

#include <algorithm>

namespace wavetank::conformance {

std::vector<std::string> node_names(const Cluster& cluster, const std::vector<NodeId>& nodes) {
  std::vector<std::string> out;
  for (const NodeId n : nodes) out.push_back(cluster.node_name(n));
  return out;
}

void Failures::add(const std::string& plugin, const std::string& code, const std::vector<std::string>& reasons,
                   const std::string& nodes) {
  std::vector<std::string> sorted = reasons;
  std::sort(sorted.begin(), sorted.end());
  groups_[fmt::format("{} {} [{}]", plugin.empty() ? "-" : plugin, code, fmt::join(sorted, "; "))].push_back(nodes);
}

void Failures::add(const Doc& golden) {
  std::vector<std::string> reasons;
  if (const Doc* list = golden.find("reasons")) {
    for (const Doc& r : list->items) reasons.push_back(r.text);
  }
  add(std::string(golden.string_or("plugin")), std::string(golden.string_or("code")), reasons,
      std::string(golden.string_or("nodes")));
}

std::string Failures::text(const Failures* other) const {
  std::string out;
  for (const auto& [group, nodes] : groups_) {
    const std::string names = joined(nodes);
    if (other != nullptr) {
      const auto same = other->groups_.find(group);
      if (same != other->groups_.end() && joined(same->second) == names) continue;
    }
    out += fmt::format("{}{}: {}", out.empty() ? "" : "\n", group, names);
  }
  return out;
}

void compare(Record& record, std::string_view field, const Failures& expected, const Failures& got) {
  if (expected.text() == got.text()) return record.compare(field, expected.text(), got.text());
  record.compare(field, expected.text(&got), got.text(&expected));
}

void compare_pre_filter(Record& record, const Cluster& cluster, const Doc& expected) {
  const schedule::Attempt& a = cluster.evaluator.attempt();
  using Code = schedule::PreFilterStatus::Code;
  record.compare("preFilter.code", expected.string_or("code"),
                 a.pre_filter == Code::Success         ? "Success"
                 : a.pre_filter == Code::Unschedulable ? "Unschedulable"
                                                       : "UnschedulableAndUnresolvable");
  record.compare("preFilter.message", expected.string_or("message"), a.pre_filter_message);
  record.compare("preFilter.plugin", expected.string_or("plugin"),
                 a.pre_filter_plugin != nullptr ? a.pre_filter_plugin->plugin_name : "");
  record.compare("preFilter.nodeNames", words(expected.find("nodeNames")), joined(a.narrowed_to));
  std::vector<std::string> by;
  for (const auto* p : a.narrowed_by) by.emplace_back(p->plugin_name);
  record.compare("preFilter.narrowedBy", words(expected.find("narrowedBy")), joined(by));
  if (expected.find("ran") == nullptr) return;
  std::string want;
  std::string ran;
  for (const Doc& p : expected.find("ran")->items) want += p.text + " ";
  for (const auto* p : a.pre_filter_ran) ran += std::string(p->plugin_name) + " ";
  record.compare("preFilter.ran", want, ran);
}

void compare_failures(Record& record, const Cluster& cluster, const Doc* expected) {
  Failures want;
  Failures got;
  if (expected != nullptr) {
    for (const Doc& f : expected->items) want.add(f);
  }
  for (const NodeId n : cluster.evaluator.attempt().failed) {
    const schedule::Verdict v = cluster.evaluator.verdict(n);
    got.add(std::string(cluster.evaluator.filter_plugin(v).plugin_name), code_of(v), cluster.evaluator.reasons(v),
            cluster.node_name(n));
  }
  compare(record, "failures", want, got);
}

void compare_choice(Record& record, const Cluster& cluster, const Doc& expected) {
  const schedule::Attempt& a = cluster.evaluator.attempt();
  if (expected.find("maxTotal") != nullptr || !a.totals.empty())
    record.compare("maxTotal", expected.int_or("maxTotal", 0), a.totals.empty() ? 0 : a.best_total);
  const std::vector<std::string> ties = node_names(cluster, a.ties);
  record.compare("ties", words(expected.find("ties")), joined(ties));
  const auto chosen = std::min_element(ties.begin(), ties.end());
  record.compare("chosen", expected.string_or("chosen"), chosen == ties.end() ? std::string() : *chosen);
}

}  // namespace wavetank::conformance
