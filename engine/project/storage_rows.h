#pragma once
// Inside the room: what `kubectl get` shows of volumes, claims, storage classes and CSINodes (printersinternal
// of 1.34).

#include <string>
#include <vector>

#include "engine/project/tables.h"

namespace wavetank::project {

/// The columns after NAME; empty for kinds that are not of storage.
std::vector<Table::Column> storage_columns(model::Kind kind);
std::vector<std::string> storage_cells(event::Ref ref, const state::ClusterView& view);

}  // namespace wavetank::project
