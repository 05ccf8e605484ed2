#include "engine/project/traffic.h"

#include <algorithm>

namespace wavetank::project {
namespace {

bool runs(PodId pod, const ClusterView& view) {
  const NodeId node = view.pod_node(pod);
  if (!view.pod_alive(pod) || !node.valid() || !view.node(node).machine_up) return false;
  for (std::size_t c = 0; c < view.container_count(pod); ++c) {
    if (!view.is_plain_init(pod, c) && view.container(pod, c).state != state::ContainerState::Running) return false;
  }
  return true;
}

/// Adds `amount` (10^-9 requests) to a number kept as whole requests and the rest.
void add(std::int64_t& whole, std::int64_t& rest, std::int64_t amount) {
  rest += amount;
  whole += rest / 1'000'000'000;
  rest %= 1'000'000'000;
}

}  // namespace

Traffic::Pod& Traffic::pod(PodId id) {
  if (pods_.size() <= id.index()) pods_.resize(id.index() + 1);
  return pods_[id.index()];
}

// milli_rps × µs = 10^-9 requests. Steps of at most ten seconds keep the products far from the end of int64.
void Traffic::flow(Service& s, SimTime now) {
  std::int64_t left = now.ns / 1000 - s.since.ns / 1000;
  s.since = now;
  if (s.milli_rps == 0) return;
  const std::int64_t all = s.ready > 0 ? s.ready : s.leaving;
  const std::int64_t alive = s.ready > 0 ? s.ready_alive : s.leaving_alive;
  while (left > 0) {
    const std::int64_t step = std::min<std::int64_t>(left, 10'000'000);
    const std::int64_t sent = s.milli_rps * step;
    const std::int64_t served = all == 0 ? 0 : sent / all * alive + sent % all * alive / all;
    add(s.served, s.served_rest, served);
    add(s.failed, s.failed_rest, sent - served);
    left -= step;
  }
}

void Traffic::count(Service& s, std::uint8_t flags, bool alive, int sign) {
  if ((flags & event::kReady) != 0) {
    s.ready += sign;
    if (alive) s.ready_alive += sign;
  } else if ((flags & event::kServing) != 0) {
    s.leaving += sign;
    if (alive) s.leaving_alive += sign;
  }
}

void Traffic::set_flags(std::uint32_t service, PodId id, std::uint8_t flags, const ClusterView& view) {
  Pod& p = pod(id);
  if (p.of.empty()) p.alive = runs(id, view);
  auto found = std::find_if(p.of.begin(), p.of.end(), [&](const Membership& m) { return m.service == service; });
  Service& s = all_[service];
  flow(s, view.now());
  if (found != p.of.end()) {
    count(s, found->flags, p.alive, -1);
    if (flags == 0) {
      p.of.erase(found);
      return;
    }
    found->flags = flags;
  } else if (flags != 0) {
    p.of.push_back({service, flags});
  }
  count(s, flags, p.alive, 1);
}

void Traffic::set_alive(PodId id, const ClusterView& view) {
  if (id.index() >= pods_.size()) return;
  Pod& p = pods_[id.index()];
  const bool alive = runs(id, view);
  if (p.of.empty() || alive == p.alive) {
    p.alive = alive;
    return;
  }
  for (const Membership& m : p.of) {
    flow(all_[m.service], view.now());
    count(all_[m.service], m.flags, p.alive, -1);
    count(all_[m.service], m.flags, alive, 1);
  }
  p.alive = alive;
}

void Traffic::begin(event::ServiceId service, const ClusterView& view) {
  if (of_service_.size() <= service.index()) of_service_.resize(service.index() + 1, 0);
  if (of_service_[service.index()] != 0) return;
  Service s;
  s.service = service;
  s.since = view.now();
  all_.push_back(s);
  of_service_[service.index()] = static_cast<std::uint32_t>(all_.size());
  for (const event::EndpointSliceId slice : view.service(service).slices) {
    for (const state::Endpoint& e : view.endpoint_slice(slice).endpoints)
      set_flags(static_cast<std::uint32_t>(all_.size() - 1), e.pod, e.flags, view);
  }
}

void Traffic::observe(const event::Event& event, const ClusterView& view) {
  if (const auto* load = std::get_if<event::LoadChanged>(&event.payload)) {
    begin(load->service, view);
    Service& s = all_[of_service_[load->service.index()] - 1];
    flow(s, view.now());
    s.milli_rps = static_cast<std::int64_t>(load->milli_rps);
    return;
  }
  if (all_.empty()) return;
  switch (event.kind()) {
    case event::EventKind::EndpointsChanged: {
      const auto& e = std::get<event::EndpointsChanged>(event.payload);
      const event::ServiceId service = view.endpoint_slice(e.slice).service;
      if (!service.valid() || service.index() >= of_service_.size() || of_service_[service.index()] == 0) return;
      for (const event::EndpointChange& c : e.changes)
        set_flags(of_service_[service.index()] - 1, c.pod, c.flags, view);
      return;
    }
    case event::EventKind::ContainerStarted:
      return set_alive(std::get<event::ContainerStarted>(event.payload).pod, view);
    case event::EventKind::ContainerExited:
      return set_alive(std::get<event::ContainerExited>(event.payload).pod, view);
    case event::EventKind::ContainerWaiting:
      return set_alive(std::get<event::ContainerWaiting>(event.payload).pod, view);
    case event::EventKind::PodRemoved:
      return set_alive(std::get<event::PodRemoved>(event.payload).pod, view);
    case event::EventKind::MachineDown:
      for (const PodId p : view.node(std::get<event::MachineDown>(event.payload).node).pods) set_alive(p, view);
      return;
    case event::EventKind::MachineUp:
      for (const PodId p : view.node(std::get<event::MachineUp>(event.payload).node).pods) set_alive(p, view);
      return;
    default:
      return;
  }
}

void Traffic::finish(SimTime end) {
  for (Service& s : all_) flow(s, end);
}

}  // namespace wavetank::project
