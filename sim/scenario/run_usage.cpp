#include "sim/scenario/run_usage.h"

#include "engine/model/decode.h"
#include "sim/fault/fault.h"

namespace wavetank::scenario {
namespace {

using model::Doc;
using state::ClusterView;
using world::Param;

/// As sim/fault/memory_leak.cpp has it.
constexpr std::int64_t kUsualLeak = std::int64_t{1} << 20;

/// Every `fail: {kind: memory-leak, …}` below a document.
void find_leaks(const Doc& doc, std::vector<fault::FaultSpec>& out) {
  for (const Doc::Member& m : doc.members) {
    if (m.key == "fail" && m.value.string_or("kind") == "memory-leak") {
      Doc fault = m.value;
      fault.erase("name");
      if (const auto spec = fault::parse(fault, "")) out.push_back(*spec);
    }
    find_leaks(m.value, out);
  }
  for (const Doc& item : doc.items) find_leaks(item, out);
}

/// The facts tell of a leak's images; how fast it is stands in the scenario.
std::vector<world::UsageModel::Leak> leaks_at(const Inputs& inputs, const ClusterView& view) {
  std::vector<world::UsageModel::Leak> out;
  std::vector<fault::FaultSpec> written;
  for (const state::FaultRow& fault : view->faults) {
    if (fault.kind != "memory-leak" || fault.ended <= view.now()) continue;
    const auto text = inputs.files.find(inputs.file);
    if (written.empty() && text != inputs.files.end())
      if (const auto docs = model::parse_yaml(text->second, inputs.file))
        for (const Doc& doc : *docs) find_leaks(doc, written);
    for (const fault::FaultSpec& spec : written) {
      if ("image " + spec.image != fault.subject) continue;
      out.push_back({spec.image, spec.bytes.value_or(kUsualLeak), fault.began, fault.seq});
      break;
    }
  }
  return out;
}

}  // namespace

RunUsage::RunUsage(world::WorldParams params, std::uint64_t seed, const ClusterView& view)
    : params_(std::move(params)), view_(view), model_(params_, seed) {}

base::Result<std::unique_ptr<RunUsage>> RunUsage::at(const log::Journal& journal, const ClusterView& view) {
  auto scenario = scenario_from_meta(journal);
  if (!scenario) return base::failure(std::move(scenario.error()));
  std::unique_ptr<RunUsage> out(new RunUsage(scenario->world, view->seed, view));
  out->model_.leaks = leaks_at(scenario->inputs, view);
  return out;
}

bool RunUsage::known() const { return params_.is_set(Param::AppCpu) || params_.is_set(Param::AppMemory); }

bool RunUsage::measured(event::NodeId node) const {
  const state::NodeRow& row = view_.node(node);
  return row.header.alive && row.machine_up && row.heartbeating;
}

bool RunUsage::measured(event::PodId pod) const {
  if (!view_.pod_alive(pod) || view_.pod_phase(pod) != event::Phase::Running) return false;
  if (!measured(view_.pod_node(pod))) return false;
  bool runs = false;
  for (std::size_t c = 0; c < view_.container_count(pod); ++c) {
    const state::ContainerStatus& status = view_.container(pod, c);
    if (status.state != state::ContainerState::Running) continue;
    if (view_.now() - status.started < params_.duration(Param::MetricsMinAge)) return false;
    runs = true;
  }
  return runs;
}

world::Usage RunUsage::container(event::PodId pod, std::size_t container) const {
  return model_.container(pod, container, view_);
}

world::Usage RunUsage::node(event::NodeId node) const {
  world::Usage out = model_.node(node, view_);
  out.memory += params_.get(Param::NodeMemoryUsed).value;
  return out;
}

}  // namespace wavetank::scenario
