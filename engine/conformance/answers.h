#pragma once
// What both formats of attempts have in common: the answers of PreFilter, Filter and Score, as texts that can be
// compared. Inside the room only.

#include "engine/conformance/cluster.h"
#include "engine/conformance/record.h"

namespace wavetank::conformance {

/// Of the evaluator's last attempt.
void compare_pre_filter(Record& record, const Cluster& cluster, const Doc& expected);
void compare_failures(Record& record, const Cluster& cluster, const Doc* expected);
/// maxTotal, ties, chosen: the smallest name of the ties.
void compare_choice(Record& record, const Cluster& cluster, const Doc& expected);
[[nodiscard]] std::vector<std::string> node_names(const Cluster& cluster, const std::vector<NodeId>& nodes);

/// Failures in groups of equal plugin, code and reasons.
class Failures {
 public:
  void add(const std::string& plugin, const std::string& code, const std::vector<std::string>& reasons,
           const std::string& nodes);
  void add(const Doc& golden);
  /// One group a line, sorted; groups that `other` has as well are left out, unless `other` is null.
  [[nodiscard]] std::string text(const Failures* other = nullptr) const;

 private:
  std::map<std::string, std::vector<std::string>> groups_;
};
/// Compares them; of a difference only the groups that differ are told.
void compare(Record& record, std::string_view field, const Failures& expected, const Failures& got);

[[nodiscard]] inline const char* code_of(schedule::Verdict v) {
  return v.unresolvable != 0 ? "UnschedulableAndUnresolvable" : "Unschedulable";
}

}  // namespace wavetank::conformance
