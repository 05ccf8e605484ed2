#pragma once
// The report of a run: what happened, in one screen, and the same for programs.

#include <string>

#include "engine/model/doc.h"
#include "engine/project/statistics.h"
#include "engine/project/style.h"

namespace wavetank::project {

/// What the report says beside the statistics.
struct RunFacts {
  std::string run;  ///< The journal's path, as a command takes it; "" when nothing was kept.
  std::string end;  ///< Why the run ended: "until", "quiet", "limit", "stopped", "" if not known.
  std::uint64_t events = 0;
  std::uint64_t fingerprint = 0;
};

/// At most 100 columns wide. `view` is the state at the end. Ends with a newline.
std::string report_text(const Statistics& statistics, const RunFacts& facts, const ClusterView& view,
                        const Style& style);

/// Stable keys; times and spans in ns. Holds nothing that differs between two runs of the same input.
model::Doc report_doc(const Statistics& statistics, const RunFacts& facts, const ClusterView& view);

/// The command that shows why an expectation was broken; "" where the text names nothing to ask about.
std::string command_for(const Statistics::Expectation& expectation, const std::string& run);

}  // namespace wavetank::project
