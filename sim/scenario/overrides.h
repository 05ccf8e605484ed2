#pragma once
// `--set path=value`: changes a scenario's document before it is read. A path is "cluster.nodes[0].count"; what is
// missing on the way is made. The value is read as YAML: 20, 5m, [a, b].

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/model/doc.h"

namespace wavetank::scenario {

/// Applies them in order. The position of what the i-th one set has line −1 − i, see Problems::name_overrides. Error:
/// every one that cannot be applied.
base::Result<void> apply_overrides(model::Doc& doc, const std::vector<std::string>& sets);

}  // namespace wavetank::scenario
