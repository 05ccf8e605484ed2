#pragma once
// Rows of StatefulSets, DaemonSets and ControllerRevisions as kubectl prints them, and what they wait for in words.

#include <string>
#include <vector>

#include "engine/project/tables.h"

namespace wavetank::project {

std::vector<Table::Column> set_columns(model::Kind kind);
std::vector<std::string> set_cells(event::Ref ref, const state::ClusterView& view);

/// What a StatefulSet or DaemonSet wants, has and waits for: sentences for `why`.
std::vector<std::string> present_set(event::Ref ref, const state::ClusterView& view);

}  // namespace wavetank::project
