#pragma once
// Inside the room: what `kubectl get` shows of autoscalers (printersinternal of 1.34; the VPA's
// additionalPrinterColumns), and what is said of them in sentences.

#include <string>
#include <vector>

#include "engine/project/tables.h"

namespace wavetank::project {

std::vector<Table::Column> autoscaler_columns(model::Kind kind);
std::vector<std::string> autoscaler_cells(event::Ref ref, const state::ClusterView& view);

/// "cpu: 62%/50%, 12500m/10 (avg)": current and wanted values of its metrics, as in the column TARGETS.
std::string hpa_targets(const state::HpaRow& row, std::size_t most);
/// How an autoscaler stands, and why.
std::vector<std::string> present_hpa(const state::HpaRow& row, const state::ClusterView& view);
std::vector<std::string> present_vpa(const state::VpaRow& row, const state::ClusterView& view);
/// Of a workload: which autoscalers decide its size, and what they say.
std::vector<std::string> autoscaled_by(event::Ref workload, const state::ClusterView& view);

}  // namespace wavetank::project
