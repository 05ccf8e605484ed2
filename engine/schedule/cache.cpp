#include "engine/schedule/cache.h"

#include <algorithm>

#include "engine/base/assert.h"
#include "engine/schedule/node_match.h"

namespace wavetank::schedule {
namespace {

constexpr const char* kAnyAddress = "0.0.0.0";

/// Containers and sidecars; plain init containers are gone before the pod serves.
std::vector<HostPort> host_ports(const model::PodSpec& spec) {
  std::vector<HostPort> out;
  const auto collect = [&](const model::Container& c) {
    for (const model::ContainerPort& p : c.ports) {
      if (p.host_port > 0) out.push_back({p.host_ip.empty() ? kAnyAddress : p.host_ip, p.protocol, p.host_port});
    }
  };
  for (const model::Container& c : spec.init_containers) {
    if (c.restart_policy == model::RestartPolicy::Always) collect(c);
  }
  for (const model::Container& c : spec.containers) collect(c);
  return out;
}

bool has_inter_pod_terms(const model::Affinity& a) {
  return !a.pod.required.empty() || !a.pod.preferred.empty() || !a.pod_anti.required.empty() ||
         !a.pod_anti.preferred.empty();
}

}  // namespace

bool HostPort::conflicts_with(const HostPort& other) const {
  return port == other.port && protocol == other.protocol &&
         (ip == other.ip || ip == kAnyAddress || other.ip == kAnyAddress);
}

std::string normalized_image(std::string_view name) {
  std::string out(name);
  const auto colon = name.rfind(':');
  const auto slash = name.rfind('/');
  const bool tagged = colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  if (!tagged) out.append(":latest");
  return out;
}

void Cache::clear() { *this = Cache(); }

void Cache::load(const ClusterView& view, PodId without) {
  clear();
  resize(view->nodes.size());
  for (std::size_t n = 0; n < view->nodes.size(); ++n) {
    if (view->nodes[n].header.alive) put_node(NodeId(n), view);
  }
  for (std::size_t i = 0; i < view->pods.size(); ++i) {
    const PodId p(i);
    if (p == without || !view.pod_alive(p) || !view.pod_node(p).valid()) continue;
    if (view.pod_phase(p) == event::Phase::Succeeded || view.pod_phase(p) == event::Phase::Failed) continue;
    place(p, view->pods.tmpl[i], view.pod_node(p), view.pod_terminating(p), false, view);
  }
}

void Cache::resize(std::size_t nodes) {
  if (nodes <= columns()) return;
  for (auto* column : {&allocatable_cpu, &allocatable_memory, &allocatable_ephemeral, &allocatable_pods, &requested_cpu,
                       &requested_memory, &requested_ephemeral, &nonzero_cpu, &nonzero_memory, &pod_count}) {
    column->resize(nodes, 0);
  }
  while (every_node_.size() < nodes) every_node_.emplace_back(every_node_.size());
  inverse_cpu.resize(nodes, 0);
  inverse_memory.resize(nodes, 0);
  unschedulable.resize(nodes, 0);
  taint_set.resize(nodes, 0);
  load_version.resize(nodes, 0);
  pods_on.resize(nodes);
  ports_on.resize(nodes);
  images_of_.resize(nodes);
  for (Scalar& s : scalars) {
    s.allocatable.resize(nodes, 0);
    s.requested.resize(nodes, 0);
  }
}

void Cache::put_node(NodeId node, const ClusterView& view) {
  resize(node.index() + 1);
  const state::NodeRow& row = view.node(node);
  const std::size_t n = node.index();
  const model::ResourceList& a = row.spec.allocatable;
  allocatable_cpu[n] = a.milli_cpu;
  allocatable_memory[n] = a.memory;
  inverse_cpu[n] = a.milli_cpu > 0 ? 1.0 / static_cast<double>(a.milli_cpu) : 0;
  inverse_memory[n] = a.memory > 0 ? 1.0 / static_cast<double>(a.memory) : 0;
  allocatable_ephemeral[n] = a.ephemeral_storage;
  allocatable_pods[n] = a.pods;
  for (Scalar& s : scalars) s.allocatable[n] = 0;
  for (const auto& [name, amount] : a.scalar) scalars[scalar_column(name)].allocatable[n] = amount;
  read_taints(node, view);
  object_changed(node);
  order_.put(node, row.labels);
  counters.node_changed(node, true, true, true, view);
  drop_images(node);
  for (const auto& [name, size] : row.images) put_image(node, view.text(name), size);
}

void Cache::put_taints(NodeId node, const ClusterView& view) {
  resize(node.index() + 1);
  read_taints(node, view);
  object_changed(node);
  counters.node_changed(node, alive(node), false, true, view);
}

void Cache::remove_node(NodeId node, const ClusterView& view) {
  if (node.index() >= columns()) return;
  order_.remove(node);
  drop_images(node);
  object_changed(node);
  counters.node_changed(node, false, true, true, view);
}

void Cache::load_changed(NodeId node) {
  if (trials_ > 0) return;
  ++load_version[node.index()];
  loads.add(node, columns());
}

void Cache::object_changed(NodeId node) {
  objects.add(node, columns());
  load_changed(node);
}

void Cache::read_taints(NodeId node, const ClusterView& view) {
  const model::Node& spec = view.node(node).spec;
  cordoned_ -= unschedulable[node.index()];
  unschedulable[node.index()] = spec.unschedulable ? 1 : 0;
  cordoned_ += unschedulable[node.index()];
  std::string key;
  for (const model::Taint& t : spec.taints) {
    append_key(key, t.key);
    append_key(key, t.value);
    append_key(key, static_cast<std::int64_t>(t.effect));
  }
  const auto [at, made] = taint_set_index_.emplace(std::move(key), static_cast<std::uint32_t>(taint_sets_.size()));
  if (made) taint_sets_.push_back(spec.taints);
  taint_set[node.index()] = at->second;
}

std::uint32_t Cache::image_index(std::string_view name) {
  const auto [at, made] = image_index_.emplace(normalized_image(name), static_cast<std::uint32_t>(images_.size()));
  if (made) images_.emplace_back();
  return at->second;
}

void Cache::add_image(NodeId node, std::string_view name, std::int64_t size) {
  resize(node.index() + 1);
  if (put_image(node, name, size)) load_changed(node);
}

bool Cache::put_image(NodeId node, std::string_view name, std::int64_t size) {
  const std::uint32_t i = image_index(name);
  Image& image = images_[i];
  if (image.has(node)) return false;
  if (image.nodes == 0) image.size = size;  // the first node's size holds for all
  if (image.on_node.size() <= node.index() >> 6) image.on_node.resize((columns() >> 6) + 1, 0);
  image.on_node[node.index() >> 6] |= std::uint64_t{1} << (node.index() & 63);
  ++image.nodes;
  images_of_[node.index()].push_back(i);
  return true;
}

void Cache::drop_images(NodeId node) {
  for (const std::uint32_t i : images_of_[node.index()]) {
    images_[i].on_node[node.index() >> 6] &= ~(std::uint64_t{1} << (node.index() & 63));
    --images_[i].nodes;
  }
  images_of_[node.index()].clear();
}

const Cache::Image* Cache::image(const std::string& name) const {
  const auto at = image_index_.find(name);
  return at == image_index_.end() || images_[at->second].nodes == 0 ? nullptr : &images_[at->second];
}

std::uint32_t Cache::scalar_column(std::string_view name) {
  for (std::size_t i = 0; i < scalars.size(); ++i) {
    if (scalars[i].name == name) return static_cast<std::uint32_t>(i);
  }
  scalars.push_back(
      {std::string(name), std::vector<std::int64_t>(columns(), 0), std::vector<std::int64_t>(columns(), 0)});
  return static_cast<std::uint32_t>(scalars.size() - 1);
}

const TemplateInfo& Cache::info(TemplateId tmpl, const ClusterView& view) {
  if (templates_.size() <= tmpl.index()) templates_.resize(tmpl.index() + 1);
  TemplateInfo& t = templates_[tmpl.index()];
  if (t.known) return t;
  const state::TemplateRow& row = view.pod_template(tmpl);
  t.known = true;
  t.pod = row.value;
  t.ns = row.ns;
  t.requests = pod_requests(row.value->spec);
  for (const auto& [name, amount] : t.requests.real.scalar) {
    if (amount != 0) t.scalars.emplace_back(scalar_column(name), amount);
  }
  t.placed_as = placed_requests(*row.value);
  for (const auto& [name, amount] : t.placed_as.real.scalar) {
    if (amount != 0) t.placed_scalars.emplace_back(scalar_column(name), amount);
  }
  t.ports = host_ports(row.value->spec);
  if (!row.value->spec.volumes.empty()) t.claims = claim_uses.numbers(view.text(row.ns), row.value->spec);
  t.has_affinity = has_inter_pod_terms(row.value->spec.affinity);
  met_.push_back(tmpl);
  for (std::size_t g = 0; g < counters.group_count(); ++g) {
    const PodPredicate& p = counters.group(GroupId(g)).predicate;
    if (p.matches(tmpl, view.text(row.ns), row.value->labels))
      (p.live_only ? t.live_groups : t.groups).push_back(GroupId(g));
  }
  if (t.has_affinity) {
    PodPredicate own;
    own.only = tmpl;
    affinity_templates_.push_back(tmpl);
    templates_[tmpl.index()].own_group = group(own, view);
  }
  return templates_[tmpl.index()];
}

GroupId Cache::group(const PodPredicate& predicate, const ClusterView& view) {
  bool made = false;
  const GroupId id = counters.group(predicate, made);
  if (!made) return id;
  bool any_placed = false;
  std::vector<std::uint8_t> in(templates_.size(), 0);
  for (const TemplateId tid : met_) {
    TemplateInfo& t = templates_[tid.index()];
    if (!predicate.matches(tid, view.text(t.ns), t.pod->labels)) continue;
    (predicate.live_only ? t.live_groups : t.groups).push_back(id);
    in[tid.index()] = 1;
    any_placed = any_placed || t.placed > 0;
  }
  if (!any_placed) return id;
  for (std::size_t n = 0; n < pods_on.size(); ++n) {
    for (const PodId p : pods_on[n]) {
      const Placed& placed = placed_[p.index()];
      if (in[placed.tmpl.index()] != 0 && !(predicate.live_only && placed.terminating)) counters.add(id, NodeId(n), 1);
    }
  }
  return id;
}

void Cache::count(const std::vector<GroupId>& groups, NodeId node, std::int32_t delta) {
  for (const GroupId g : groups) counters.add(g, node, delta);
}

void Cache::count_claims(TemplateId tmpl, std::int32_t pods) {
  const TemplateInfo& t = templates_[tmpl.index()];
  if (t.claims.empty()) return;
  if (trials_ == 0) return claim_uses.add(t.claims, pods);
  trial_claims_.emplace_back(tmpl, pods);
}

void Cache::account(const TemplateInfo& t, NodeId node, std::int64_t sign) {
  const std::size_t n = node.index();
  requested_cpu[n] += sign * t.placed_as.real.milli_cpu;
  requested_memory[n] += sign * t.placed_as.real.memory;
  requested_ephemeral[n] += sign * t.placed_as.real.ephemeral_storage;
  nonzero_cpu[n] += sign * t.placed_as.nonzero_cpu;
  nonzero_memory[n] += sign * t.placed_as.nonzero_memory;
  for (const auto& [column, amount] : t.placed_scalars) scalars[column].requested[n] += sign * amount;
  pod_count[n] += sign;
  load_changed(node);
}

void Cache::place(PodId pod, TemplateId tmpl, NodeId node, bool terminating, bool assumed, const ClusterView& view) {
  WT_ASSERT(placed(pod) == nullptr, "a pod is placed on one node at a time");
  resize(node.index() + 1);
  info(tmpl, view);
  TemplateInfo& t = templates_[tmpl.index()];
  if (placed_.size() <= pod.index()) placed_.resize(pod.index() + 1);
  auto& here = pods_on[node.index()];
  placed_[pod.index()] = {node, static_cast<std::uint32_t>(here.size()), tmpl, terminating, assumed};
  here.push_back(pod);
  account(t, node, 1);
  auto& ports = ports_on[node.index()];
  ports.insert(ports.end(), t.ports.begin(), t.ports.end());
  count_claims(tmpl, 1);
  ++t.placed;
  count(t.groups, node, 1);
  if (!terminating || trials_ > 0) count(t.live_groups, node, 1);
}

void Cache::take(PodId pod) {
  Placed& p = placed_[pod.index()];
  TemplateInfo& t = templates_[p.tmpl.index()];
  auto& here = pods_on[p.node.index()];
  placed_[here.back().index()].position = p.position;
  here[p.position] = here.back();
  here.pop_back();
  account(t, p.node, -1);
  auto& ports = ports_on[p.node.index()];
  for (const HostPort& port : t.ports) ports.erase(std::find(ports.begin(), ports.end(), port));
  count_claims(p.tmpl, -1);
  --t.placed;
  count(t.groups, p.node, -1);
  if (!p.terminating || trials_ > 0) count(t.live_groups, p.node, -1);
  p = Placed();
}

void Cache::set_terminating(PodId pod) {
  Placed& p = placed_[pod.index()];
  if (p.terminating) return;
  p.terminating = true;
  const auto& groups = templates_[p.tmpl.index()].live_groups;
  if (groups.empty()) return;
  count(groups, p.node, -1);
  load_changed(p.node);
}

}  // namespace wavetank::schedule
