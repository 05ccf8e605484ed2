#pragma once
// Inside the room: what `kubectl get` shows of Services, EndpointSlices, Ingresses and their classes, and of the
// derived Endpoints (printersinternal of 1.34).

#include <string>
#include <vector>

#include "engine/project/tables.h"

namespace wavetank::project {

std::vector<Table::Column> network_columns(model::Kind kind);
std::vector<std::string> network_cells(event::Ref ref, const state::ClusterView& view);

}  // namespace wavetank::project
