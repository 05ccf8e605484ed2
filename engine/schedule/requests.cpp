#include "engine/schedule/requests.h"

namespace wavetank::schedule {
namespace {

PodRequests summed(const model::PodSpec& spec, const model::PodResize* resize) {
  PodRequests out;
  model::RequestOptions options;
  options.resize = resize;
  out.real = model::total_requests(spec, options);
  options.default_cpu = options.default_memory = true;
  if (model::has_pod_level_requests(spec)) {  // then a default applies only to what is asked for at neither level
    options.default_cpu = (out.real.present & model::ResourceList::kCpu) == 0;
    options.default_memory = (out.real.present & model::ResourceList::kMemory) == 0;
  }
  const model::ResourceList nonzero = model::total_requests(spec, options);
  out.nonzero_cpu = nonzero.milli_cpu;
  out.nonzero_memory = nonzero.memory;
  return out;
}

}  // namespace

PodRequests pod_requests(const model::PodSpec& spec) {
  PodRequests out = summed(spec, nullptr);
  out.scored = model::total_requests(spec, {true, true, true});
  return out;
}

PodRequests placed_requests(const model::PodTemplate& pod) { return summed(pod.spec, pod.resize.get()); }

std::int64_t amount_of(const model::ResourceList& list, std::string_view resource) {
  if (resource == "cpu") return list.milli_cpu;
  if (resource == "memory") return list.memory;
  if (resource == "ephemeral-storage") return list.ephemeral_storage;
  if (resource == "pods") return list.pods;
  for (const auto& [name, amount] : list.scalar) {
    if (name == resource) return amount;
  }
  return 0;
}

bool is_extended_resource(std::string_view name) {
  return name.find('/') != std::string_view::npos && name.find("kubernetes.io/") == std::string_view::npos &&
         !name.starts_with("requests.");
}

}  // namespace wavetank::schedule
