#include "tests/swarm/watchman.h"

#include <fmt/format.h>

#include <algorithm>

namespace wavetank::swarm {
namespace {

using base::SimTime;
using event::PodId;
using event::Ref;
using state::ClusterView;

template <class T>
T& slot(std::vector<T>& row, std::size_t at) {
  if (row.size() <= at) row.resize(at + 1);
  return row[at];
}

/// Healthy in a budget's sense: Ready and not on its way out.
bool healthy(const ClusterView& view, PodId pod) {
  return view.pod_alive(pod) && view.pod_ready(pod) && !view.pod_terminating(pod);
}

}  // namespace

void Watchman::complain(const event::Event& event, std::string what) {
  if (broken_.size() < 5)
    broken_.push_back(fmt::format("event {} ({}): {}", event.seq, event::kind_name(event.kind()), what));
}

void Watchman::observe(const event::Event& event, const ClusterView& view) {
  if (event.cause >= event.seq) complain(event, fmt::format("is caused by {}", event.cause));
  const bool new_moment = event.time != last_;
  last_ = event.time;
  if (const auto* bound = std::get_if<event::PodBound>(&event.payload)) check_binding(event, *bound);
  if (const auto* ready = std::get_if<event::PodReadyChanged>(&event.payload))
    slot(health_changed_, ready->pod.index()) = event.time;
  if (const auto* removed = std::get_if<event::PodRemoved>(&event.payload)) check_end(event, removed->pod, view);
  if (const auto* deletion = std::get_if<event::PodDeletionStarted>(&event.payload)) {
    if (deletion->reason == event::DeletionReason::Evicted) check_eviction(event, deletion->pod, view);
    slot(health_changed_, deletion->pod.index()) = event.time;
  }
  check_quotas(event, view);
  check_volumes(event, view);
  if (new_moment) check_endpoints(event, view);
  if (event.seq % 64 == 0)
    for (std::string& text : state::check_invariants(view.state())) complain(event, std::move(text));
}

void Watchman::check_binding(const event::Event& event, const event::PodBound& bound) {
  bound_.resize(std::max(bound_.size(), bound.pod.index() + 1));
  if (bound_[bound.pod.index()]) complain(event, fmt::format("pod {} is bound a second time", bound.pod.value));
  bound_[bound.pod.index()] = true;
}

/// No pod is lost: what is removed was asked to go before.
void Watchman::check_end(const event::Event& event, PodId pod, const ClusterView& view) {
  if (!view.pod_terminating(pod)) complain(event, fmt::format("pod {} is lost", view.pod_name(pod)));
}

/// A voluntary eviction of a healthy pod leaves as many healthy as the budget demands, by our own count. Where health
/// has changed within the last seconds the budget's controller may not have counted yet, as in Kubernetes.
void Watchman::check_eviction(const event::Event& event, PodId pod, const ClusterView& view) {
  if (!view.pod_ready(pod)) return;
  for (const state::PdbRow& pdb : view->pdbs) {
    if (!pdb.header.alive || !pdb.spec.selector || pdb.header.ns != view.pod_ns(pod)) continue;
    if (!pdb.spec.selector->matches(view.pod_spec(pod).labels)) continue;
    std::int32_t count = 0;
    bool settled = true;
    view.for_selected_pods(pdb.header.ns, *pdb.spec.selector, [&](PodId other) {
      if (other != pod && slot(health_changed_, other.index()) + base::seconds(5) > event.time) settled = false;
      if (other != pod && healthy(view, other)) ++count;
    });
    if (!settled || event.time < plane_down_ + base::seconds(5)) continue;
    if (count < pdb.desired_healthy)
      complain(event, fmt::format("evicted {}: {} healthy pods are left, budget {} needs {}", view.pod_name(pod), count,
                                  view.text(pdb.header.name), pdb.desired_healthy));
  }
}

void Watchman::check_quotas(const event::Event& event, const ClusterView& view) {
  const bool born =
      std::holds_alternative<event::PodCreated>(event.payload) || std::holds_alternative<event::PodMade>(event.payload);
  if (!born) return;
  for (const state::QuotaRow& quota : view->quotas) {
    if (!quota.header.alive || quota.header.created == event.time) continue;
    for (const auto& [name, hard] : quota.spec.hard) {
      if (name != "pods") continue;
      std::int64_t pods = 0;
      for (std::uint32_t p = 0; p < view->pods.size(); ++p) {
        const event::Phase phase = view.pod_phase(PodId(p));
        if (view.pod_alive(PodId(p)) && view.pod_ns(PodId(p)) == quota.header.ns && phase != event::Phase::Failed &&
            phase != event::Phase::Succeeded)
          ++pods;
      }
      if (pods > hard.value()) complain(event, fmt::format("{} pods where the quota allows {}", pods, hard.value()));
    }
  }
}

/// A volume that one node may write is attached to one node, and pods that use it run on one.
void Watchman::check_volumes(const event::Event& event, const ClusterView& view) {
  if (!std::holds_alternative<event::VolumeAttachmentChanged>(event.payload)) return;
  const auto& rows = view->volume_attachments;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].header.alive || !rows[i].attached) continue;
    for (std::size_t j = i + 1; j < rows.size(); ++j) {
      if (rows[j].header.alive && rows[j].attached && rows[j].spec.volume_name == rows[i].spec.volume_name)
        complain(event, fmt::format("volume {} is attached to {} and {}", rows[i].spec.volume_name,
                                    rows[i].spec.node_name, rows[j].spec.node_name));
    }
  }
}

/// Endpoints are ready pods. The controller hears of a change a moment later and waits for its client's turn: an
/// endpoint that is ready and whose pod has not been so for long is wrong.
void Watchman::check_endpoints(const event::Event& event, const ClusterView& view) {
  if (view->component_down[0] || view->component_down[1]) plane_down_ = event.time;
  if (event.time < plane_down_ + base::seconds(30)) return;
  for (const state::EndpointSliceRow& slice : view->endpoint_slices) {
    if (!slice.header.alive) continue;
    for (const state::Endpoint& e : slice.endpoints) {
      if ((e.flags & event::kReady) == 0) continue;
      const bool ready = view.pod_alive(e.pod) && view.pod_ready(e.pod) && !view.pod_terminating(e.pod);
      if (ready) continue;
      if (slot(health_changed_, e.pod.index()) + base::seconds(10) < event.time)
        complain(event, fmt::format("{} is a ready endpoint and not a ready pod", view.pod_name(e.pod)));
    }
  }
}

}  // namespace wavetank::swarm
