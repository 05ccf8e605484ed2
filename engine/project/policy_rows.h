#pragma once
// Inside the room: what `kubectl get` shows of cron jobs, quotas, limits and runtime classes (printersinternal
// of 1.34).

#include <string>
#include <vector>

#include "engine/project/tables.h"

namespace wavetank::project {

/// The columns after NAME.
std::vector<Table::Column> policy_columns(model::Kind kind);
std::vector<std::string> policy_cells(event::Ref ref, const state::ClusterView& view);

}  // namespace wavetank::project
