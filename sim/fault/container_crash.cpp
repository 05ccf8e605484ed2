// container-crash: the process of one container of each pod meant ends. What follows is the node agent's doing.
#include "sim/fault/registry.h"

namespace wavetank::fault {
namespace {

std::optional<std::uint32_t> find_container(const ClusterView& view, PodId pod, const std::string& name) {
  const std::size_t count = view.container_count(pod);
  const std::size_t inits = view.pod_spec(pod).spec.init_containers.size();
  if (name.empty()) return static_cast<std::uint32_t>(inits);
  for (std::size_t c = 0; c < count; ++c)
    if (view.container_spec(pod, c).name == name) return static_cast<std::uint32_t>(c);
  return std::nullopt;
}

std::string subject(const ClusterView& view, const std::vector<std::pair<PodId, std::uint32_t>>& struck) {
  const auto [pod, c] = struck.front();
  const std::string container = "container " + view.container_spec(pod, c).name + " of ";
  if (struck.size() == 1) return container + view.name_of(event::Ref(pod));
  return container + std::to_string(struck.size()) + " pods";
}

}  // namespace

base::Result<void> begin_container_crash(Context& context, FaultEngine::Active& active) {
  const ClusterView view = context.view();
  const auto runs = [&](PodId pod) {
    const std::optional<std::uint32_t> c = find_container(view, pod, active.spec.container);
    return c.has_value() && context.world.container_runs(pod, *c);
  };
  std::vector<std::pair<PodId, std::uint32_t>> struck;
  for (const PodId pod : choose_pods(context, active.spec, runs))
    struck.emplace_back(pod, *find_container(view, pod, active.spec.container));
  if (struck.empty()) return nobody("no pod that is meant has such a container running");
  context.inject(active, subject(context.view(), struck));
  const std::int32_t exit_code = active.spec.oom ? 137 : active.spec.exit_code;
  const event::ExitReason reason = active.spec.oom  ? event::ExitReason::OOMKilled
                                   : exit_code == 0 ? event::ExitReason::Completed
                                                    : event::ExitReason::Error;
  for (const auto& [pod, c] : struck)
    context.world.crash_container(pod, c, exit_code, context.now, context.cause, reason);
  return {};
}

}  // namespace wavetank::fault
