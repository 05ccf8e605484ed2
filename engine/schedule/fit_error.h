#pragma once
// The words of a failed attempt. Source: pkg/scheduler/framework/types.go FitError.Error.

#include <string>
#include <vector>

#include "engine/schedule/evaluator.h"

namespace wavetank::schedule {

/// "3 Insufficient cpu, 6 node(s) had untolerated taint {a: b}": sorted as text, as Kubernetes does.
class ReasonCounts {
 public:
  void add(std::string_view reason, std::size_t times);
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::pair<std::string, std::size_t>> counts_;
};

/// "0/9 nodes are available: … ." of the evaluator's last attempt, before PostFilter.
std::string fit_error(const Evaluator& evaluator, std::size_t nodes);

/// What every node outside a narrowed search is said to have.
std::string absent_reason(const Attempt& attempt);

}  // namespace wavetank::schedule
