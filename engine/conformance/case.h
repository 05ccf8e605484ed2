#pragma once
// A case of the golden data: a cluster, what is asked of the scheduler, and what the real one answered. Three formats,
// told apart by content: attempts of pods in order (decisions), the same with node sampling (`snapshotOrder`), steps on
// the queue (`steps`). Format: tests/golden/scheduler/README.md.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/doc.h"
#include "engine/schedule/profile.h"

namespace wavetank::conformance {

enum class Format : std::uint8_t { Decisions, Sampling, QueueHints };

struct Case {
  std::string file;  ///< As the user named it.
  int line = 0;      ///< Of a file of many cases; 0: the file is the case.
  std::string name, family;
  Format format = Format::Decisions;
  model::Doc doc;
  /// Of the case's configuration the first.
  schedule::Profile profile{};
  std::vector<std::string> unknown{};  ///< Fields that nothing is compared with, each once: "expect.feasibleCont".
};

/// Against hostile input. The largest golden case has 400 kB.
inline constexpr std::size_t kMaxCaseBytes = 32U << 20;
inline constexpr std::size_t kMaxCases = 100'000;

/// One case. Errors, each with its place: not JSON, not a case, values outside of what the format allows, references
/// to what is not there. What passes can be run.
base::Result<Case> read_case(std::string_view text, std::string_view file, int line = 0);

/// A file: one case, or one a line when its name ends in .jsonl (blank lines count for nothing). Calls `take` for every
/// good one in order; what is wrong with the others goes to `problems`.
void for_each_case(std::string_view text, std::string_view file, const std::function<void(Case&&)>& take,
                   base::Diagnostics& problems);

}  // namespace wavetank::conformance
