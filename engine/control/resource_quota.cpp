// The ResourceQuota controller: status.hard and status.used of quotas. What is made is charged as it is admitted; here
// is what was there before, what goes, and what time changes. Source:
// kubernetes/pkg/controller/resourcequota/resource_quota_controller.go of 1.34.
#include <string>

#include "engine/control/controllers.h"
#include "engine/control/lookup.h"
#include "engine/state/quota_usage.h"

namespace wavetank::control {

namespace {

using event::EventKind;
using event::mask_of;
using event::Phase;
using event::QuotaId;
using model::Kind;

constexpr base::Duration kResync = base::minutes(5);  // --resource-quota-sync-period

class ResourceQuotaController final : public Controller {
 public:
  [[nodiscard]] std::string_view name() const override { return "resourcequota-controller"; }
  [[nodiscard]] event::KindMask wakes_on() const override {
    return mask_of(EventKind::ObjectCreated, EventKind::ObjectUpdated, EventKind::ObjectRemoved, EventKind::PodRemoved,
                   EventKind::PodPhaseChanged, EventKind::PodFailed);
  }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    if (view->quotas.empty()) return;
    std::visit([&](const auto& e) { on(event, e, view, keys); }, event.payload);
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    if (!view.alive(key)) return;
    const auto id = key.as<QuotaId>();
    const state::QuotaRow& quota = view.quota(id);
    base::SimTime changes_at = base::SimTime::never();
    event::QuotaStatus status{quota.spec.hard, state::namespace_usage(view, quota, changes_at)};
    // Nobody tells of what only time changes: the next full resync sees it.
    if (changes_at != base::SimTime::never()) plan.requeue_at({(changes_at.ns / kResync.ns + 1) * kResync.ns});
    if (quota.status.hard != status.hard || !state::same_amounts(quota.status.used, status.used))
      plan.call(command::UpdateQuotaStatus{{id, std::move(status)}, quota.header.version});
  }

  void list(const ClusterView& view, KeySink& keys) override { add_alive<QuotaId>(view->quotas, keys); }

 private:
  template <class E>
  static void on(const event::Event&, const E&, const ClusterView&, KeySink&) {}

  /// Something of that kind went or takes less: the quotas that count it.
  static void replenish(Kind kind, base::Sym ns, const ClusterView& view, KeySink& keys) {
    for (std::size_t i = 0; i < view->quotas.size(); ++i) {
      const state::QuotaRow& quota = view->quotas[i];
      if (!quota.header.alive || quota.header.ns != ns) continue;
      for (const auto& [name, amount] : quota.spec.hard) {
        if (!state::quota_counts(kind, name)) continue;
        keys.add(QuotaId(i));
        break;
      }
    }
  }

  static void on(const event::Event& event, const event::ObjectCreated& e, const ClusterView& view, KeySink& keys) {
    if (e.kind != Kind::ResourceQuota) return;
    const std::size_t row = row_created_by(view->quotas, event.seq);
    if (row < view->quotas.size()) keys.add(QuotaId(row));
  }
  static void on(const event::Event&, const event::ObjectUpdated& e, const ClusterView& view, KeySink& keys) {
    if (e.ref.kind == Kind::ResourceQuota) keys.add(e.ref);
    // A Service may have given up ports or its balancer, a claim be another class's.
    if (e.ref.kind == Kind::Service || e.ref.kind == Kind::PersistentVolumeClaim)
      replenish(e.ref.kind, view.header(e.ref)->ns, view, keys);
  }
  static void on(const event::Event&, const event::ObjectRemoved& e, const ClusterView& view, KeySink& keys) {
    if (e.ref.kind == Kind::Pod) return replenish(Kind::Pod, view.pod_ns(e.ref.as<event::PodId>()), view, keys);
    if (const state::Header* header = view.header(e.ref); header != nullptr)
      replenish(e.ref.kind, header->ns, view, keys);
  }
  static void on(const event::Event&, const event::PodRemoved& e, const ClusterView& view, KeySink& keys) {
    replenish(Kind::Pod, view.pod_ns(e.pod), view, keys);
  }
  static void on(const event::Event&, const event::PodPhaseChanged& e, const ClusterView& view, KeySink& keys) {
    if (e.phase == Phase::Succeeded || e.phase == Phase::Failed) replenish(Kind::Pod, view.pod_ns(e.pod), view, keys);
  }
  static void on(const event::Event&, const event::PodFailed& e, const ClusterView& view, KeySink& keys) {
    replenish(Kind::Pod, view.pod_ns(e.pod), view, keys);
  }
};

}  // namespace

std::unique_ptr<Controller> make_resource_quota_controller() { return std::make_unique<ResourceQuotaController>(); }

}  // namespace wavetank::control
