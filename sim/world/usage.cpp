#include "sim/world/usage.h"

#include <algorithm>

namespace wavetank::world {

using event::NodeId;
using event::PodId;
using state::ClusterView;

UsageModel::UsageModel(const WorldParams& params, std::uint64_t seed)
    : params_(&params), stream_(seed, "world.usage") {}

const UsageModel::ImageUse& UsageModel::image(PodId pod, std::size_t container, const ClusterView& view) const {
  const event::TemplateId tmpl = view->pods.tmpl[pod.index()];
  if (images_.size() <= tmpl.index()) images_.resize(view->templates.size());
  std::vector<ImageUse>& row = images_[tmpl.index()];
  if (row.empty()) {
    const std::size_t count = view.container_count(pod);
    for (std::size_t c = 0; c < count; ++c) {
      const std::string& name = view.container_spec(pod, c).image;
      row.push_back({name, params_->usage(Param::AppCpu, name), params_->usage(Param::AppMemory, name),
                     params_->usage(Param::AppDisk, name), params_->usage(Param::AppEmptyDir, name)});
    }
  }
  return row[container];
}

const UsageModel::Leak* UsageModel::leak_of(std::string_view image) const {
  for (auto leak = leaks.rbegin(); leak != leaks.rend(); ++leak)
    if (matches_image(leak->pattern, image)) return &*leak;
  return nullptr;
}

UsageExpr::Inputs UsageModel::inputs(PodId pod, const ClusterView& view) const {
  UsageExpr::Inputs in;
  in.now = view.now();
  in.started = view->pods.scheduled[pod.index()];
  in.stream = stream_.of(view.pod_name(pod));
  return in;
}

Usage UsageModel::container(PodId pod, std::size_t container, const ClusterView& view) const {
  Usage out;
  const NodeId node = view.pod_node(pod);
  if (!view.pod_alive(pod) || !node.valid() || !view.node(node).machine_up) return out;
  const state::ContainerStatus& status = view.container(pod, container);
  if (status.state != state::ContainerState::Running) return out;
  const model::Container& spec = view.container_spec(pod, container);
  const ImageUse& use = image(pod, container, view);
  UsageExpr::Inputs in = inputs(pod, view);
  in.started = status.started;
  in.stream = in.stream.of(spec.name);
  if (use.cpu->uses_load() || use.memory->uses_load()) in.rps = static_cast<double>(milli_rps(pod, view)) / 1000;
  const bool has_limit = (spec.limits.present & model::ResourceList::kCpu) != 0;
  in.request = static_cast<double>(spec.requests.milli_cpu) / 1000;
  in.limit = static_cast<double>(spec.limits.milli_cpu) / 1000;
  out.wanted_cpu = use.cpu->milli_at(in);
  out.milli_cpu = has_limit ? std::min(out.wanted_cpu, spec.limits.milli_cpu) : out.wanted_cpu;
  in.stream = in.stream.of("memory");
  in.request = static_cast<double>(spec.requests.memory);
  in.limit = static_cast<double>(spec.limits.memory);
  out.memory = use.memory->whole_at(in);
  if (const Leak* leak = leaks.empty() ? nullptr : leak_of(use.name)) {
    const base::Duration leaking = view.now() - std::max(leak->since, status.started);
    if (leaking.ns > 0) out.memory += leaking.ns / 1'000'000 * leak->bytes_per_s / 1000;
  }
  return out;
}

Usage UsageModel::pod(PodId pod, const ClusterView& view) const {
  Usage out;
  const std::size_t count = view.container_count(pod);
  for (std::size_t c = 0; c < count; ++c) out += container(pod, c, view);
  return out;
}

Usage UsageModel::node(NodeId node, const ClusterView& view) const {
  Usage out;
  for (const PodId p : view.node(node).pods) out += pod(p, view);
  return out;
}

std::int64_t UsageModel::written(const UsageExpr& use, PodId pod, std::size_t container, const char* stream,
                                 const ClusterView& view) const {
  const state::ContainerStatus& status = view.container(pod, container);
  if (status.state != state::ContainerState::Running) return 0;
  const model::Container& spec = view.container_spec(pod, container);
  UsageExpr::Inputs in = inputs(pod, view);
  in.started = status.started;
  in.stream = in.stream.of(spec.name).of(stream);
  in.request = static_cast<double>(spec.requests.ephemeral_storage);
  in.limit = static_cast<double>(spec.limits.ephemeral_storage);
  if (use.uses_load()) in.rps = static_cast<double>(milli_rps(pod, view)) / 1000;
  return use.whole_at(in);
}
std::int64_t UsageModel::disk(PodId pod, std::size_t container, const ClusterView& view) const {
  return written(*image(pod, container, view).disk, pod, container, "disk", view);
}
std::int64_t UsageModel::empty_dir(PodId pod, std::size_t container, const ClusterView& view) const {
  if (!params_->is_set(Param::AppEmptyDir)) return 0;
  if (empty_dirs_.of(pod, view).of_container[container] == EmptyDirs::kNone) return 0;
  return written(*image(pod, container, view).empty_dir, pod, container, "empty-dir", view);
}
bool UsageModel::disk_changes(PodId pod, std::size_t container, const ClusterView& view) const {
  const ImageUse& use = image(pod, container, view);
  return !use.disk->constant() || use.disk->uses_load() || !use.empty_dir->constant() || use.empty_dir->uses_load();
}

bool UsageModel::memory_changes(PodId pod, std::size_t container, const ClusterView& view) const {
  const ImageUse& use = image(pod, container, view);
  return !use.memory->constant() || (!leaks.empty() && leak_of(use.name) != nullptr);
}
bool UsageModel::memory_follows_load(PodId pod, std::size_t container, const ClusterView& view) const {
  return image(pod, container, view).memory->uses_load();
}

// Which endpoints are ready changes only with events, and so do loads.
void UsageModel::share_load(const ClusterView& view) const {
  if (shared_at_ == view->last_seq && shares_.size() >= view->pods.size()) return;
  shared_at_ = view->last_seq;
  for (const std::uint32_t p : shared_) shares_[p] = 0;
  shared_.clear();
  shares_.resize(view->pods.size(), 0);
  for (const state::ServiceRow& service : view->services) {
    if (!service.header.alive || service.milli_rps == 0) continue;
    std::int64_t ready = 0;
    const auto each = [&](auto&& f) {
      for (const event::EndpointSliceId slice : service.slices)
        for (const state::Endpoint& endpoint : view.endpoint_slice(slice).endpoints)
          if ((endpoint.flags & event::kReady) != 0) f(endpoint.pod);
    };
    each([&](PodId) { ++ready; });
    if (ready == 0) continue;
    each([&](PodId pod) {
      if (shares_[pod.index()] == 0) shared_.push_back(pod.value);
      shares_[pod.index()] += static_cast<std::int64_t>(service.milli_rps) / ready;
    });
  }
}

std::int64_t UsageModel::milli_rps(PodId pod, const ClusterView& view) const {
  share_load(view);
  return shares_[pod.index()];
}

}  // namespace wavetank::world
