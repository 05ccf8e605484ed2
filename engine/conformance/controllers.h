#pragma once
// Do our controllers do what the real ones did? Recordings of a real control plane (format kcp-trace/1) are played in
// virtual time with a node agent that does only what the recording says; tables (kcp-table/1) are rows computed by the
// real functions. Format and rules of comparison: README of the golden controllers, §1-§5.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/doc.h"

namespace wavetank::conformance {

enum class ControllerFormat : std::uint8_t { Trace, Table };

struct ControllerCase {
  std::string file;  ///< As the user named it.
  int line = 0;      ///< Of a file of many cases; 0: the file is the case.
  std::string name;
  std::string area;  ///< "deployment", "node"…; of a table "table deploy".
  ControllerFormat format = ControllerFormat::Trace;
  model::Doc doc;
};

/// One case. Errors with their place: not JSON, no such format, steps without an action, rows that are none.
base::Result<ControllerCase> read_controller_case(std::string_view text, std::string_view file, int line = 0);

/// A file: one case, or one a line when its name ends in .jsonl. Calls `take` for every good one in order; what is
/// wrong with the others goes to `problems`.
void for_each_controller_case(std::string_view text, std::string_view file,
                              const std::function<void(ControllerCase&&)>& take, base::Diagnostics& problems);

struct ControllerDifference {
  std::string case_name;
  std::string step;  ///< "step 3 (kubelet)", "row 7", "timeline", "events_total".
  std::string key;   ///< "state/deployments/d/replicas"
  std::string expected, got;
};

/// A rule by which 1.34 does otherwise than the recorded release, and where it was met.
struct ReleaseChange {
  std::string rule;   ///< "since 1.22: pods that ended are no endpoints"
  std::string where;  ///< The first place: "step 5 (kubelet) state/endpointslices"
  std::size_t times = 0;
};

struct ControllerOutcome {
  std::size_t compared = 0;                  ///< Values.
  std::size_t parts = 0, parts_matched = 0;  ///< Steps, rows, lines of timelines and event totals.
  std::vector<ControllerDifference> differences;
  std::vector<ReleaseChange> changes;
};

/// Error: an action that is not known or cannot be taken, a table without a runner that cannot be read, with its place.
/// A table that nobody can play has one difference that says so.
base::Result<ControllerOutcome> run_controller_case(const ControllerCase& test_case);

}  // namespace wavetank::conformance
