#pragma once
// Runs a case through our scheduler and compares what it says with what the real one said, field by field. After each
// attempt the golden outcome is applied, whatever ours was: one mistake is told once.

#include <string>
#include <utility>
#include <vector>

#include "engine/conformance/case.h"
#include "engine/schedule/explain.h"

namespace wavetank::conformance {

struct Difference {
  std::string case_name;
  std::string subject;  ///< "default/p017", "default/p017 (retry)", "step 12"
  std::string field;    ///< "preemption.victims"
  std::string expected, got;
};

struct Count {
  std::size_t matched = 0, total = 0;
  void add(bool same) {
    matched += same ? 1 : 0;
    ++total;
  }
};

/// Our attempt in full.
struct Told {
  std::string subject;  ///< As Difference::subject.
  schedule::Explanation explanation;
  std::string golden_choice;  ///< The node that the real one chose, or "".
};

/// What one case gave. A field is counted where either side has it.
struct Outcome {
  Count decisions;           ///< Attempts or steps, equal in every field.
  std::size_t left_out = 0;  ///< Attempts that need what is not there yet; their golden outcome was applied.
  std::vector<std::pair<std::string, Count>> fields;  ///< In the order of field_order().
  std::vector<Difference> differences;
  std::vector<Told> told;  ///< Of the pod asked for.
};

/// Error: a step that cannot be taken (a victim that is on no node, a pod placed twice), with its place. `explain_pod`:
/// "namespace/name" of a pod whose attempts are told in full; "" for none.
base::Result<Outcome> run_case(const Case& test_case, std::string_view explain_pod = "");

/// All cases of one family, summed.
struct Family {
  std::string name;
  Count cases, decisions;
  std::size_t left_out = 0;
  std::vector<std::pair<std::string, Count>> fields;
};
void add(Family& sum, const Family& family);
/// Adds a case to its family; families are kept sorted by name.
void add(std::vector<Family>& families, const Case& test_case, const Outcome& outcome);

}  // namespace wavetank::conformance
