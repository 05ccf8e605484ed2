// The EndpointSlice controller. Source: kubernetes/staging/src/k8s.io/endpointslice/reconciler.go, utils.go.
// A pod counts from when it runs (it has an address then). One group of slices a Service: ports are taken from the Service, pods
// that lack a named port are not told apart.

#include <algorithm>
#include <map>
#include <optional>

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

/// What becomes of one slice.
struct SlicePlan {
  EndpointSliceId id;
  std::size_t size = 0;  ///< Endpoints that stay.
  std::vector<event::EndpointChange> changes;
};

class EndpointSliceController final : public Controller {
 public:
  explicit EndpointSliceController(const Settings& settings) : limit_(static_cast<std::size_t>(settings.max_endpoints_per_slice)) {}

  [[nodiscard]] std::string_view name() const override { return "endpoint-slice-controller"; }
  [[nodiscard]] event::KindMask wakes_on() const override {
    return event::mask_of(EventKind::ObjectCreated, EventKind::ObjectUpdated, EventKind::ObjectRemoved, EventKind::PodReadyChanged,
                          EventKind::PodPhaseChanged, EventKind::PodDeletionStarted, EventKind::PodRemoved);
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
    if (updated != nullptr && updated->ref.kind == Kind::Pod) return list(view, keys);  // labels: which Services lose it is not known
    const PodId pod = pod_of(event, view);
    if (!pod.valid()) return;
    const auto takes = [](const state::ServiceRow& s, const model::Labels& labels) { return managed(s) && selects(s, labels); };
    for (const std::uint32_t row : selecting_.of(view->pods.tmpl[pod.index()], view->services, view, takes)) keys.add(ServiceId(row));
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    const auto id = key.as<ServiceId>();
    const state::ServiceRow& service = view.service(id);
    if (!managed(service)) return;
    find_wanted(key.row, service, view);
    std::vector<SlicePlan> slices = update_slices(service, view);
    fill(slices);
    plan.next_batch();
    std::size_t kept = 0;
    for (const SlicePlan& s : slices) kept += s.size > 0 ? 1 : 0;
    const std::size_t fresh = (added_.size() + limit_ - 1) / limit_;
    bool placeholder = kept + fresh == 0;  // a Service without endpoints has one empty slice
    for (SlicePlan& s : slices) {
      if (s.size == 0 && !placeholder) {
        plan.call(command::DeleteObject{s.id, event::Propagation::Background, {}}, 0, true);
        continue;
      }
      if (s.size == 0) placeholder = false;
      if (!s.changes.empty()) plan.call(command::UpdateEndpoints{{s.id, std::move(s.changes)}});
    }
    for (std::size_t k = 0; k < fresh || placeholder; ++k) {
      const std::size_t end = std::min(added_.size(), (k + 1) * limit_);
      std::vector<event::EndpointChange> endpoints(added_.begin() + static_cast<std::ptrdiff_t>(k * limit_),
                                                   added_.begin() + static_cast<std::ptrdiff_t>(end));
      plan.call(command::CreateEndpointSlice{{id, suffix(service, view, k)}, std::move(endpoints)});
      placeholder = false;
    }
  }

  void list(const ClusterView& view, KeySink& keys) override { add_alive<ServiceId>(view->services, keys); }

 private:
  static bool selects(const state::ServiceRow& service, const model::Labels& labels) {
    return std::all_of(service.spec.selector.begin(), service.spec.selector.end(), [&](const auto& wanted) {
      const std::string* value = model::find_label(labels, wanted.first);
      return value != nullptr && *value == wanted.second;
    });
  }

  /// Fills wanted_, sorted by pod.
  void find_wanted(std::uint32_t row, const state::ServiceRow& service, const ClusterView& view) {
    wanted_.clear();
    model::LabelSelector selector;
    selector.match_labels = service.spec.selector;
    for (const event::TemplateId t : selected_.of(row, service.header.ns, selector, view)) {
      for (const PodId pod : view.pod_template(t).pods) {
        if (view.pod_phase(pod) != event::Phase::Running || !view.pod_node(pod).valid()) continue;
        const bool serving = view.pod_ready(pod);
        const bool terminating = view.pod_terminating(pod);
        std::uint8_t flags = event::kListed;
        if (service.spec.publish_not_ready_addresses || (serving && !terminating)) flags |= event::kReady;
        if (serving) flags |= event::kServing;
        if (terminating) flags |= event::kTerminating;
        wanted_.push_back({pod, flags});
      }
    }
    std::sort(wanted_.begin(), wanted_.end(), [](const auto& a, const auto& b) { return a.pod < b.pod; });
  }

  /// What changes in the slices there are; what is in none of them goes to added_.
  std::vector<SlicePlan> update_slices(const state::ServiceRow& service, const ClusterView& view) {
    std::vector<SlicePlan> slices;
    placed_.assign(wanted_.size(), false);
    for (const EndpointSliceId id : service.slices) {
      SlicePlan s{id, 0, {}};
      for (const state::Endpoint& e : view.endpoint_slice(id).endpoints) {
        const auto at = std::lower_bound(wanted_.begin(), wanted_.end(), e.pod,
                                         [](const event::EndpointChange& w, PodId pod) { return w.pod < pod; });
        const auto index = static_cast<std::size_t>(at - wanted_.begin());
        if (at == wanted_.end() || at->pod != e.pod || placed_[index]) {
          s.changes.push_back({e.pod, 0});
          continue;
        }
        placed_[index] = true;
        ++s.size;
        if (at->flags != e.flags) s.changes.push_back(*at);
      }
      slices.push_back(std::move(s));
    }
    added_.clear();
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      if (!placed_[i]) added_.push_back(wanted_[i]);
    }
    return slices;
  }

  /// Slices that are written anyway are filled first, the fullest before others; then one slice that has room for all of the rest.
  void fill(std::vector<SlicePlan>& slices) {
    std::vector<SlicePlan*> touched;
    for (SlicePlan& s : slices) {
      if (!s.changes.empty()) touched.push_back(&s);
    }
    std::stable_sort(touched.begin(), touched.end(), [](const SlicePlan* a, const SlicePlan* b) { return a->size > b->size; });
    for (SlicePlan* s : touched) move_into(*s, limit_);
    if (added_.empty()) return;
    const std::size_t rest = added_.size() % limit_ == 0 ? limit_ : added_.size() % limit_;
    SlicePlan* best = nullptr;
    for (SlicePlan& s : slices) {
      if (s.changes.empty() && s.size + rest <= limit_ && (best == nullptr || s.size > best->size)) best = &s;
    }
    if (best != nullptr && added_.size() <= limit_) move_into(*best, limit_);
  }
  void move_into(SlicePlan& s, std::size_t limit) {
    const std::size_t count = std::min(limit > s.size ? limit - s.size : 0, added_.size());
    s.changes.insert(s.changes.end(), added_.begin(), added_.begin() + static_cast<std::ptrdiff_t>(count));
    s.size += count;
    added_.erase(added_.begin(), added_.begin() + static_cast<std::ptrdiff_t>(count));
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
  std::vector<event::EndpointChange> wanted_, added_;
  std::vector<bool> placed_;
};

}  // namespace

std::unique_ptr<Controller> make_endpoint_slice_controller(const Settings& settings) {
  return std::make_unique<EndpointSliceController>(settings);
}

}  // namespace wavetank::control
