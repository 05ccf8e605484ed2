#pragma once
// Golden decisions of the real kube-scheduler: a case file is a cluster, pods in order, and what each attempt must
// give. Format: README.md beside the data.

#include <string>
#include <vector>

#include "engine/model/doc.h"

namespace wavetank::golden {

struct Outcome {
  std::size_t attempts = 0;              ///< Compared.
  std::size_t skipped = 0;               ///< Attempts that need what this step does not have (claims, resize status).
  std::vector<std::string> differences;  ///< "resources-003 default/p017 scores: expected … got …"
};

/// Runs the decision families (README.md).
Outcome run_decisions(const model::Doc& test_case);
/// Runs the family node_sampling (README-sampling-and-queue.md).
Outcome run_sampling(const model::Doc& test_case);

}  // namespace wavetank::golden
