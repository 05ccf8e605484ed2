// The EndpointSlice controller. Source: kubernetes/staging/src/k8s.io/endpointslice/reconciler.go, utils.go.
// A pod counts from when it runs (it has an address then). Pods that resolve the Service's named ports differently get
// slices of their own; which ports a slice has follows from its pods.

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
  return service.header.alive && !service.header.terminating() && !service.spec.selector.empty() &&
         service.spec.type != "ExternalName";
}

constexpr std::uint32_t kAnyGroup = ~0U;  ///< Of an empty slice.

/// An endpoint as it should be. Those of one group have the same ports.
struct Wanted {
  event::EndpointChange endpoint;
  std::uint32_t group = 0;
  bool placed = false;
};

/// What becomes of one slice.
struct SlicePlan {
  EndpointSliceId id;
  std::uint32_t group = kAnyGroup;
  std::size_t size = 0;  ///< Endpoints that stay.
  std::vector<event::EndpointChange> changes;
};

class EndpointSliceController final : public Controller {
 public:
  explicit EndpointSliceController(const Settings& settings)
      : limit_(static_cast<std::size_t>(settings.max_endpoints_per_slice)) {}

  [[nodiscard]] std::string_view name() const override { return "endpoint-slice-controller"; }
  [[nodiscard]] event::KindMask wakes_on() const override {
    return event::mask_of(EventKind::ObjectCreated, EventKind::ObjectUpdated, EventKind::ObjectRemoved,
                          EventKind::PodReadyChanged, EventKind::PodPhaseChanged, EventKind::PodFailed,
                          EventKind::PodMade, EventKind::PodDeletionStarted, EventKind::PodRemoved);
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
    const PodId pod = pod_of(event, view);
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
    find_wanted(key.row, service, view);
    std::vector<SlicePlan> slices = update_slices(service, view);
    std::vector<Chunk> fresh;
    for (std::uint32_t group = 0; group < signatures_.size(); ++group) place_rest(group, slices, fresh);
    write(id, service, slices, fresh, view, plan);
  }

  void list(const ClusterView& view, KeySink& keys) override { add_alive<ServiceId>(view->services, keys); }

 private:
  static bool selects(const state::ServiceRow& service, const model::Labels& labels) {
    return std::all_of(service.spec.selector.begin(), service.spec.selector.end(), [&](const auto& wanted) {
      const std::string* value = model::find_label(labels, wanted.first);
      return value != nullptr && *value == wanted.second;
    });
  }

  using Chunk = std::vector<event::EndpointChange>;

  void write(ServiceId id, const state::ServiceRow& service, std::vector<SlicePlan>& slices, std::vector<Chunk>& fresh,
             const ClusterView& view, Plan& plan) const {
    bool placeholder = fresh.empty();  // a Service without endpoints has one empty slice
    for (const SlicePlan& s : slices) placeholder = placeholder && s.size == 0;
    for (SlicePlan& s : slices) {
      if (s.size == 0 && !placeholder) {
        plan.call(command::DeleteObject{s.id, event::Propagation::Background, {}}, 0, true);
        continue;
      }
      if (s.size == 0) placeholder = false;
      if (!s.changes.empty()) plan.call(command::UpdateEndpoints{{s.id, std::move(s.changes)}});
    }
    if (placeholder) fresh.emplace_back();
    for (std::size_t k = 0; k < fresh.size(); ++k) {
      plan.call(command::CreateEndpointSlice{{id, suffix(service, view, k)}, std::move(fresh[k])});
    }
  }

  /// The numbers of the Service's ports at pods of one template; -1 where a named port is missing.
  static std::vector<std::int32_t> signature(const state::ServiceRow& service, const model::PodSpec& spec) {
    std::vector<std::int32_t> out;
    for (const model::ServicePort& port : service.spec.ports) {
      if (port.target_port_name.empty()) continue;  // the same at every pod
      std::int32_t number = -1;
      for (const model::Container& c : spec.containers) {
        for (const model::ContainerPort& p : c.ports) {
          if (number < 0 && p.name == port.target_port_name && p.protocol == port.protocol) number = p.container_port;
        }
      }
      out.push_back(number);
    }
    return out;
  }
  std::uint32_t group_of(event::TemplateId tmpl, const state::ServiceRow& service, const ClusterView& view) {
    std::vector<std::int32_t> ports = signature(service, view.pod_template(tmpl).value->spec);
    const auto at = std::find(signatures_.begin(), signatures_.end(), ports);
    if (at != signatures_.end()) return static_cast<std::uint32_t>(at - signatures_.begin());
    signatures_.push_back(std::move(ports));
    return static_cast<std::uint32_t>(signatures_.size() - 1);
  }

  /// Fills wanted_, sorted by pod.
  void find_wanted(std::uint32_t row, const state::ServiceRow& service, const ClusterView& view) {
    wanted_.clear();
    signatures_.clear();
    model::LabelSelector selector;
    selector.match_labels = service.spec.selector;
    for (const event::TemplateId t : selected_.of(row, service.header.ns, selector, view)) {
      if (view.pod_template(t).pods.empty()) continue;
      const std::uint32_t group = group_of(t, service, view);
      for (const PodId pod : view.pod_template(t).pods) {
        if (view.pod_phase(pod) != event::Phase::Running || !view.pod_node(pod).valid()) continue;
        const bool serving = view.pod_ready(pod);
        const bool terminating = view.pod_terminating(pod);
        std::uint8_t flags = event::kListed;
        if (service.spec.publish_not_ready_addresses || (serving && !terminating)) flags |= event::kReady;
        if (serving) flags |= event::kServing;
        if (terminating) flags |= event::kTerminating;
        wanted_.push_back({{pod, flags}, group, false});
      }
    }
    std::sort(wanted_.begin(), wanted_.end(),
              [](const Wanted& a, const Wanted& b) { return a.endpoint.pod < b.endpoint.pod; });
  }

  /// What changes in the slices there are; what finds no place in them stays unplaced.
  std::vector<SlicePlan> update_slices(const state::ServiceRow& service, const ClusterView& view) {
    std::vector<SlicePlan> slices;
    for (const EndpointSliceId id : service.slices) {
      SlicePlan s;
      s.id = id;
      const std::vector<state::Endpoint>& endpoints = view.endpoint_slice(id).endpoints;
      if (!endpoints.empty()) s.group = group_of(view->pods.tmpl[endpoints.front().pod.index()], service, view);
      for (const state::Endpoint& e : endpoints) {
        const auto at = std::lower_bound(wanted_.begin(), wanted_.end(), e.pod,
                                         [](const Wanted& w, PodId pod) { return w.endpoint.pod < pod; });
        if (at == wanted_.end() || at->endpoint.pod != e.pod || at->placed || at->group != s.group) {
          s.changes.push_back({e.pod, 0});
          continue;
        }
        at->placed = true;
        ++s.size;
        if (at->endpoint.flags != e.flags) s.changes.push_back(at->endpoint);
      }
      slices.push_back(std::move(s));
    }
    return slices;
  }

  /// Slices that are written anyway are filled first, the fullest before others; then one slice that has room for all
  /// of the rest; what is left makes new ones.
  void place_rest(std::uint32_t group, std::vector<SlicePlan>& slices, std::vector<Chunk>& fresh) {
    Chunk rest;
    for (const Wanted& w : wanted_) {
      if (!w.placed && w.group == group) rest.push_back(w.endpoint);
    }
    if (rest.empty()) return;
    std::vector<SlicePlan*> touched;
    for (SlicePlan& s : slices) {
      if (s.group == group && !s.changes.empty()) touched.push_back(&s);
    }
    std::stable_sort(touched.begin(), touched.end(),
                     [](const SlicePlan* a, const SlicePlan* b) { return a->size > b->size; });
    for (SlicePlan* s : touched) move_into(*s, rest);
    SlicePlan* best = nullptr;
    for (SlicePlan& s : slices) {
      const bool usable = s.group == group || (s.group == kAnyGroup && s.size == 0);
      if (usable && s.changes.empty() && s.size + rest.size() <= limit_ && (best == nullptr || s.size > best->size))
        best = &s;
    }
    if (best != nullptr && !rest.empty()) {
      best->group = group;
      move_into(*best, rest);
    }
    while (!rest.empty()) {
      SlicePlan chunk;
      move_into(chunk, rest);
      fresh.push_back(std::move(chunk.changes));
    }
  }
  void move_into(SlicePlan& s, Chunk& rest) const {
    const auto count = static_cast<std::ptrdiff_t>(std::min(limit_ > s.size ? limit_ - s.size : 0, rest.size()));
    s.changes.insert(s.changes.end(), rest.begin(), rest.begin() + count);
    s.size += static_cast<std::size_t>(count);
    rest.erase(rest.begin(), rest.begin() + count);
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
  // Scratch of one sync.
  std::vector<Wanted> wanted_;
  std::vector<std::vector<std::int32_t>> signatures_;  ///< By group.
};

}  // namespace

std::unique_ptr<Controller> make_endpoint_slice_controller(const Settings& settings) {
  return std::make_unique<EndpointSliceController>(settings);
}

}  // namespace wavetank::control
