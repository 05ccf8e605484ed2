#pragma once
// What a recording says between its lines: numbers, nodes and quotas that it names and nobody makes, the second at
// which it began. Inside the room only.

#include <optional>
#include <string>
#include <vector>

#include "engine/base/time.h"
#include "engine/model/doc.h"

namespace wavetank::conformance {

/// The namespace in which recordings are played, shown as <ns>.
inline constexpr const char* kTraceNamespace = "trace-ns";

/// 1.05 → 1.05 s, in whole milliseconds; nothing if it is no number.
std::optional<base::Duration> seconds_of(const model::Doc& number);
/// A number that may be written as text; 0 for nothing.
std::int64_t int_of(const model::Doc* d);

/// Names of nodes in actions, which no action adds.
std::vector<std::string> nodes_only_named(const model::Doc& trace);
/// ResourceQuotas named in "exceeded quota: …", which no action creates.
std::vector<model::Doc> quotas_only_named(const model::Doc& trace);
/// Where in a minute the recording began, by its first wait for the next one; 0 without.
base::SimTime begin_within_minute(const model::Doc& trace);

/// A strategic merge patch of `live` as the merge patch that does the same: lists with a merge key are written out.
model::Doc as_merge_patch(const model::Doc& live, const model::Doc& patch);

}  // namespace wavetank::conformance
