// The EndpointSlice controller. Source: kubernetes/staging/src/k8s.io/endpointslice/reconciler.go, utils.go. A pod is
// an endpoint from when it has an address until it has ended. Pods that resolve the Service's ports differently get
// slices of their own. Where Kubernetes takes any endpoint or slice (Go's maps have no order), we take them by number.
// One address family, IPv4; no topology hints by CPU (topology-mode: Auto); those of trafficDistribution follow from
// the Service and its endpoints, so they are not written.

#include <algorithm>

#include "engine/base/prng.h"
#include "engine/control/controllers.h"
#include "engine/control/lookup.h"
#include "engine/control/selected.h"

namespace wavetank::control {
namespace {

using event::EndpointSliceId;
using event::EventKind;
using event::PodId;
using event::ServiceId;
using model::Kind;

bool managed(const state::ServiceRow& service) {
  return service.header.alive && !service.spec.selector.empty() && service.spec.type != "ExternalName";
}

using Ports = std::vector<event::SlicePort>;
using Endpoints = std::vector<event::EndpointChange>;

/// The pods that see the Service's ports alike.
struct Group {
  Ports ports;
  Endpoints wanted;  ///< By pod; what is left of them to be placed.
};

/// A slice as it shall be; without id: a new one.
struct SlicePlan {
  EndpointSliceId id;
  Ports ports;
  Endpoints endpoints;
};

/// What one sync does to the slices of a Service.
struct Changes {
  std::vector<SlicePlan> create, update;
  std::vector<EndpointSliceId> remove;
};

class EndpointSliceController final : public Controller {
 public:
  explicit EndpointSliceController(const Settings& settings)
      : limit_(static_cast<std::size_t>(settings.max_endpoints_per_slice)) {}

  [[nodiscard]] std::string_view name() const override { return "endpoint-slice-controller"; }
  [[nodiscard]] event::KindMask wakes_on() const override {
    return event::mask_of(EventKind::ObjectCreated, EventKind::ObjectUpdated, EventKind::ObjectRemoved,
                          EventKind::PodReadyChanged, EventKind::PodPhaseChanged, EventKind::PodFailed,
                          EventKind::PodMade, EventKind::PodDeletionStarted, EventKind::PodRemoved,
                          EventKind::ContainerStarted, EventKind::ContainerWaiting);
  }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    if (view->services.empty()) return;
    if (const auto* removed = std::get_if<event::ObjectRemoved>(&event.payload)) {
      if (removed->ref.kind == Kind::Service) selecting_.forget();
      if (removed->ref.kind == Kind::EndpointSlice) {
        const ServiceId service = view->endpoint_slices[removed->ref.row].service;
        if (service.valid()) keys.add(service);
      }
      return;
    }
    const auto* created = std::get_if<event::ObjectCreated>(&event.payload);
    if (created != nullptr && created->kind == Kind::Service) {
      selecting_.forget();
      const std::size_t row = row_created_by(view->services, event.seq);
      if (row < view->services.size()) keys.add(ServiceId(row));
      return;
    }
    const auto* updated = std::get_if<event::ObjectUpdated>(&event.payload);
    if (updated != nullptr && updated->ref.kind == Kind::Service) {
      selecting_.forget();
      return keys.add(updated->ref);
    }
    if (updated != nullptr && updated->ref.kind == Kind::Pod)
      return list(view, keys);  // labels: which Services lose it is not known
    PodId pod = pod_of(event, view);
    // The address of a pod that does not run yet comes with its first container, or with the first that cannot be
    // pulled.
    if (const auto* started = std::get_if<event::ContainerStarted>(&event.payload)) pod = pending(started->pod, view);
    if (const auto* waits = std::get_if<event::ContainerWaiting>(&event.payload)) pod = pending(waits->pod, view);
    if (!pod.valid()) return;
    const auto takes = [](const state::ServiceRow& s, const model::Labels& labels) {
      return managed(s) && selects(s, labels);
    };
    for (const std::uint32_t row : selecting_.of(view->pods.tmpl[pod.index()], view->services, view, takes))
      keys.add(ServiceId(row));
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    const auto id = key.as<ServiceId>();
    const state::ServiceRow& service = view.service(id);
    if (!managed(service)) return;
    find_groups(key.row, service, view);
    Changes changes;
    std::vector<EndpointSliceId> foreign;
    for (const EndpointSliceId slice : service.slices) {
      const Ports& ports = view.endpoint_slice(slice).ports;
      if (std::none_of(groups_.begin(), groups_.end(), [&](const Group& g) { return g.ports == ports; }))
        foreign.push_back(slice);
    }
    for (Group& group : groups_) reconcile_group(group, service, view, changes);
    changes.remove.insert(changes.remove.end(), foreign.begin(), foreign.end());
    keep_placeholder(service, view, changes);
    recycle(changes);
    write(id, service, changes, view, plan);
  }

  void list(const ClusterView& view, KeySink& keys) override { add_alive<ServiceId>(view->services, keys); }

 private:
  static PodId pending(PodId pod, const ClusterView& view) {
    return view.pod_phase(pod) == event::Phase::Pending && view.pod_has_address(pod) ? pod : PodId();
  }
  static bool selects(const state::ServiceRow& service, const model::Labels& labels) {
    return std::all_of(service.spec.selector.begin(), service.spec.selector.end(), [&](const auto& wanted) {
      const std::string* value = model::find_label(labels, wanted.first);
      return value != nullptr && *value == wanted.second;
    });
  }

  /// getEndpointPorts: a port whose name no container has is left out.
  static Ports ports_at(const state::ServiceRow& service, const model::PodSpec& spec) {
    Ports out;
    for (const model::ServicePort& port : service.spec.ports) {
      const std::int32_t number = port.target_port_name.empty()
                                      ? port.target_port
                                      : model::find_port(spec, port.target_port_name, port.protocol);
      if (number > 0) out.push_back({port.name, number, port.protocol, port.app_protocol});
    }
    return out;
  }
  Group& group_of(Ports ports) {
    for (Group& g : groups_)
      if (g.ports == ports) return g;
    groups_.push_back({std::move(ports), {}});
    return groups_.back();
  }

  /// ShouldPodBeInEndpoints, podToEndpoint.
  void find_groups(std::uint32_t row, const state::ServiceRow& service, const ClusterView& view) {
    groups_.clear();
    model::LabelSelector selector;
    selector.match_labels = service.spec.selector;
    const bool publish = service.spec.publish_not_ready_addresses;
    for (const event::TemplateId t : selected_.of(row, service.header.ns, selector, view)) {
      if (view.pod_template(t).pods.empty()) continue;
      Group* group = nullptr;
      for (const PodId pod : view.pod_template(t).pods) {
        const event::Phase phase = view.pod_phase(pod);
        if (phase == event::Phase::Succeeded || phase == event::Phase::Failed || !view.pod_has_address(pod)) continue;
        if (!publish && !view.node(view.pod_node(pod)).header.alive) continue;
        if (group == nullptr) group = &group_of(ports_at(service, view.pod_template(t).value->spec));
        const bool serving = view.pod_ready(pod);
        const bool terminating = view.pod_terminating(pod);
        std::uint8_t flags = event::kListed;
        if (publish || (serving && !terminating)) flags |= event::kReady;
        if (serving) flags |= event::kServing;
        if (terminating) flags |= event::kTerminating;
        group->wanted.push_back({pod, flags});
      }
    }
    for (Group& g : groups_) {
      std::sort(g.wanted.begin(), g.wanted.end(),
                [](const event::EndpointChange& a, const event::EndpointChange& b) { return a.pod < b.pod; });
    }
  }

  /// Takes the endpoint out of those that still want a place.
  static bool take(Endpoints& wanted, PodId pod, event::EndpointChange& out) {
    const auto at = std::lower_bound(wanted.begin(), wanted.end(), pod,
                                     [](const event::EndpointChange& w, PodId p) { return w.pod < p; });
    if (at == wanted.end() || at->pod != pod || at->flags == 0) return false;
    out = *at;
    at->flags = 0;  // placed
    return true;
  }

  /// reconcileByPortMapping: endpoints stay where they are; slices that are written anyway are filled, the fullest
  /// first; a rest goes into the one slice that it fills best, or into new ones.
  void reconcile_group(Group& group, const state::ServiceRow& service, const ClusterView& view, Changes& changes) {
    std::vector<SlicePlan> update, same;
    for (const EndpointSliceId id : service.slices) {
      const state::EndpointSliceRow& row = view.endpoint_slice(id);
      if (row.ports != group.ports) continue;
      SlicePlan slice{id, group.ports, {}};
      bool changed = false;
      for (const state::Endpoint& e : row.endpoints) {
        event::EndpointChange now;
        if (!take(group.wanted, e.pod, now)) continue;
        changed |= now.flags != e.flags;
        slice.endpoints.push_back(now);
      }
      changed |= slice.endpoints.size() != row.endpoints.size();
      if (changed && slice.endpoints.empty()) {
        changes.remove.push_back(id);
      } else {
        (changed ? update : same).push_back(std::move(slice));
      }
    }
    std::erase_if(group.wanted, [](const event::EndpointChange& w) { return w.flags == 0; });
    std::stable_sort(update.begin(), update.end(),
                     [](const SlicePlan& a, const SlicePlan& b) { return a.endpoints.size() > b.endpoints.size(); });
    for (SlicePlan& slice : update) fill(slice, group.wanted);
    while (!group.wanted.empty()) {
      const auto best = slice_to_fill(same, group.wanted.size());
      if (best == same.end()) {
        changes.create.push_back({{}, group.ports, {}});
        fill(changes.create.back(), group.wanted);
        continue;
      }
      fill(*best, group.wanted);
      update.push_back(std::move(*best));
      same.erase(best);
    }
    for (SlicePlan& slice : update) changes.update.push_back(std::move(slice));
  }
  void fill(SlicePlan& slice, Endpoints& rest) const {
    const std::size_t room = limit_ > slice.endpoints.size() ? limit_ - slice.endpoints.size() : 0;
    const auto end = rest.begin() + static_cast<std::ptrdiff_t>(std::min(room, rest.size()));
    slice.endpoints.insert(slice.endpoints.end(), rest.begin(), end);
    rest.erase(rest.begin(), end);
  }
  /// getSliceToFill: the slice that `count` more endpoints fill best, if they are fewer than a slice takes.
  std::vector<SlicePlan>::iterator slice_to_fill(std::vector<SlicePlan>& slices, std::size_t count) const {
    auto best = slices.end();
    if (count >= limit_) return best;
    for (auto s = slices.begin(); s != slices.end(); ++s) {
      if (s->endpoints.size() + count > limit_) continue;
      if (best == slices.end() || s->endpoints.size() > best->endpoints.size()) best = s;
    }
    return best;
  }

  /// A Service without endpoints has one slice with neither endpoints nor ports.
  static void keep_placeholder(const state::ServiceRow& service, const ClusterView& view, Changes& changes) {
    if (service.slices.size() != changes.remove.size() || !changes.create.empty()) return;
    if (changes.remove.size() == 1) {
      const state::EndpointSliceRow& only = view.endpoint_slice(changes.remove.front());
      if (only.ports.empty() && only.endpoints.empty()) return changes.remove.clear();
    }
    changes.create.emplace_back();
  }
  /// Reconciler.finalize: slices that would go become the new ones.
  static void recycle(Changes& changes) {
    while (!changes.remove.empty() && !changes.create.empty()) {
      SlicePlan slice = std::move(changes.create.back());
      changes.create.pop_back();
      slice.id = changes.remove.front();
      changes.remove.erase(changes.remove.begin());
      changes.update.push_back(std::move(slice));
    }
  }

  static void write(ServiceId id, const state::ServiceRow& service, Changes& changes, const ClusterView& view,
                    Plan& plan) {
    if (!service.header.terminating()) {
      for (std::size_t k = 0; k < changes.create.size(); ++k) {
        SlicePlan& slice = changes.create[k];
        plan.call(command::CreateEndpointSlice{
            {id, suffix(service, view, k)}, std::move(slice.ports), std::move(slice.endpoints)});
      }
    }
    for (SlicePlan& slice : changes.update) {
      plan.call(command::UpdateEndpoints{{slice.id, difference(view.endpoint_slice(slice.id), slice)},
                                         std::move(slice.ports)});
    }
    for (const EndpointSliceId slice : changes.remove)
      plan.call(command::DeleteObject{slice, event::Propagation::Background, {}}, 0, true);
  }
  /// What is to go, then what is new or has changed.
  static Endpoints difference(const state::EndpointSliceRow& now, const SlicePlan& wanted) {
    Endpoints sorted = wanted.endpoints;
    std::sort(sorted.begin(), sorted.end(),
              [](const event::EndpointChange& a, const event::EndpointChange& b) { return a.pod < b.pod; });
    Endpoints out;
    for (const state::Endpoint& e : now.endpoints) {
      event::EndpointChange wish;
      if (!take(sorted, e.pod, wish)) {
        out.push_back({e.pod, 0});
      } else if (wish.flags != e.flags) {
        out.push_back(wish);
      }
    }
    for (const event::EndpointChange& e : sorted)
      if (e.flags != 0) out.push_back(e);
    return out;
  }

  static std::string suffix(const state::ServiceRow& service, const ClusterView& view, std::size_t k) {
    static constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
    const base::Stream stream =
        base::Stream(view->seed, "endpoint-slice").of(view.text(service.header.ns)).of(view.text(service.header.name));
    std::string out(5, 'b');
    const std::uint64_t n = view->endpoint_slices.size() + k;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = kAlphabet[stream.below(kAlphabet.size(), n * 8 + i)];
    return out;
  }

  std::size_t limit_;
  SelectedTemplates selected_;
  SelectingRows selecting_;
  std::vector<Group> groups_;  ///< Scratch of one sync.
};

}  // namespace

std::unique_ptr<Controller> make_endpoint_slice_controller(const Settings& settings) {
  return std::make_unique<EndpointSliceController>(settings);
}

}  // namespace wavetank::control
