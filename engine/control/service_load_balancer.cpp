// The service controller of the cloud provider: load balancers for Services of type LoadBalancer. Source:
// k8s.io/cloud-provider/controllers/service/controller.go. The cloud is a model: it takes load_balancer_time for a new
// balancer and gives it the address spec.loadBalancerIP, or one of 198.18.0.0/15 by the Service's number. Services with
// a loadBalancerClass are left to another implementation, as there; finalizers are not written, and taking a balancer
// away takes no time.

#include <string>

#include "engine/control/controllers.h"
#include "engine/control/lookup.h"

namespace wavetank::control {
namespace {

using event::EventKind;
using event::ServiceId;
using model::Kind;

class ServiceLoadBalancerController final : public Controller {
 public:
  explicit ServiceLoadBalancerController(const Settings& settings) : time_(settings.load_balancer_time) {}

  [[nodiscard]] std::string_view name() const override { return "service-controller"; }
  [[nodiscard]] int workers() const override { return 1; }
  [[nodiscard]] event::KindMask wakes_on() const override {
    return event::mask_of(EventKind::ObjectCreated, EventKind::ObjectUpdated);
  }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    if (view->services.empty()) return;
    if (const auto* updated = std::get_if<event::ObjectUpdated>(&event.payload)) {
      if (updated->ref.kind == Kind::Service) keys.add(updated->ref);
      return;
    }
    const auto* created = std::get_if<event::ObjectCreated>(&event.payload);
    if (created == nullptr || created->kind != Kind::Service) return;
    const std::size_t row = row_created_by(view->services, event.seq);
    if (row < view->services.size()) keys.add(ServiceId(row));
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    const state::ServiceRow& service = view->services[key.row];
    if (!service.header.alive) return;
    const bool wants = service.spec.type == "LoadBalancer" && service.spec.load_balancer_class.empty() &&
                       !service.header.terminating();
    if (!wants) {
      if (!service.load_balancer.empty()) plan.call(command::SetLoadBalancer{{key, {}}});
      return;
    }
    if (!service.load_balancer.empty()) return;
    const base::SimTime due = service.load_balancer_asked + time_;
    if (view.now() < due) return plan.requeue_at(due);
    const std::string& wished = service.spec.load_balancer_ip;
    plan.call(command::SetLoadBalancer{{key, {wished.empty() ? address(key.row) : wished}}}, service.header.version);
  }

  void list(const ClusterView& view, KeySink& keys) override { add_alive<ServiceId>(view->services, keys); }

 private:
  static std::string address(std::uint32_t row) {
    const std::uint32_t n = row + 1;
    return "198." + std::to_string(18 + ((n >> 16) & 1U)) + "." + std::to_string((n >> 8) & 255U) + "." +
           std::to_string(n & 255U);
  }

  base::Duration time_;
};

}  // namespace

std::unique_ptr<Controller> make_service_load_balancer_controller(const Settings& settings) {
  return std::make_unique<ServiceLoadBalancerController>(settings);
}

}  // namespace wavetank::control
