// The status of Ingresses. Kubernetes itself has no such controller; ours is a model of one for every IngressClass: all
// Ingresses of a class are served at one address, 203.0.113.0/24 by the class's number, which they show ingress_time
// after they were made. An Ingress without class, or of a class that is not there, is served by nobody.

#include <algorithm>
#include <string>

#include "engine/control/controllers.h"
#include "engine/control/lookup.h"

namespace wavetank::control {
namespace {

using event::EventKind;
using event::IngressId;
using model::Kind;

class IngressController final : public Controller {
 public:
  explicit IngressController(const Settings& settings) : time_(settings.ingress_time) {}

  [[nodiscard]] std::string_view name() const override { return "ingress-controller"; }
  [[nodiscard]] int workers() const override { return 1; }
  [[nodiscard]] event::KindMask wakes_on() const override {
    return event::mask_of(EventKind::ObjectCreated, EventKind::ObjectUpdated, EventKind::ObjectRemoved);
  }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    if (view->ingresses.empty()) return;
    if (const auto* updated = std::get_if<event::ObjectUpdated>(&event.payload)) {
      if (updated->ref.kind == Kind::Ingress) keys.add(updated->ref);
      return;
    }
    if (const auto* removed = std::get_if<event::ObjectRemoved>(&event.payload)) {
      if (removed->ref.kind == Kind::IngressClass) list(view, keys);
      return;
    }
    const auto* created = std::get_if<event::ObjectCreated>(&event.payload);
    if (created == nullptr) return;
    if (created->kind == Kind::IngressClass) return list(view, keys);
    if (created->kind != Kind::Ingress) return;
    const std::size_t row = row_created_by(view->ingresses, event.seq);
    if (row < view->ingresses.size()) keys.add(IngressId(row));
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    const state::IngressRow& row = view->ingresses[key.row];
    if (!row.header.alive || row.header.terminating()) return;
    const Ref served_by = row.spec.class_name ? view.find(Kind::IngressClass, "", *row.spec.class_name) : Ref();
    if (!served_by.valid()) {
      if (!row.load_balancer.empty()) plan.call(command::SetLoadBalancer{{key, {}}});
      return;
    }
    const std::string address = "203.0.113." + std::to_string(served_by.row % 254 + 1);
    if (row.load_balancer.size() == 1 && row.load_balancer.front() == address) return;
    const base::SimTime made = std::max(row.header.created, view.header(served_by)->created);
    if (view.now() < made + time_) return plan.requeue_at(made + time_);
    plan.call(command::SetLoadBalancer{{key, {address}}});
  }

  void list(const ClusterView& view, KeySink& keys) override { add_alive<IngressId>(view->ingresses, keys); }

 private:
  base::Duration time_;
};

}  // namespace

std::unique_ptr<Controller> make_ingress_controller(const Settings& settings) {
  return std::make_unique<IngressController>(settings);
}

}  // namespace wavetank::control
