// The namespace controller: empties a namespace that is being deleted, then removes it.
// Source: kubernetes/pkg/controller/namespace/namespace_controller.go, deletion/namespaced_resources_deleter.go.

#include <algorithm>
#include <optional>

#include "engine/control/controllers.h"
#include "engine/control/lookup.h"

namespace wavetank::control {
namespace {

using event::EventKind;
using event::NamespaceId;
using event::PodId;
using model::Kind;

/// namespaceDeletionGracePeriod: so that writes under way are seen before the content is listed.
constexpr base::Duration kGrace = base::seconds(5);

class NamespaceController final : public Controller {
 public:
  [[nodiscard]] std::string_view name() const override { return "namespace-controller"; }
  [[nodiscard]] int workers() const override { return 10; }
  [[nodiscard]] event::KindMask wakes_on() const override { return event::mask_of(EventKind::ObjectDeletionStarted); }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    const auto& e = std::get<event::ObjectDeletionStarted>(event.payload);
    if (e.ref.kind == Kind::Namespace) keys.add_at(e.ref, view.now() + kGrace);
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    const state::Header& ns = view->namespaces[key.row].header;
    if (!ns.alive || !ns.terminating()) return;
    const base::Seq cause = ns.deletion_seq;
    // KEP-5080, stable in 1.34: nothing else goes while a pod is left.
    if (const std::optional<base::Duration> longest = remove_pods(ns, view, plan)) {
      // Kubernetes estimates how long the rest needs and looks again after half of that and a second.
      return plan.requeue_at(view.now() + *longest / 2 + base::seconds(1));
    }
    bool empty = true;
    view.for_headers([&](Ref ref, const state::Header& h) {
      if (!h.alive || h.ns != ns.name || h.ns == base::Sym(0U)) return;
      empty = false;
      if (!h.terminating()) plan.call(command::DeleteObject{ref, event::Propagation::Background, {}}, cause, true);
    });
    if (empty) return plan.call(command::RemoveObject{key}, cause, true);
    plan.requeue_at(view.now() + base::seconds(1));
  }

  void list(const ClusterView& view, KeySink& keys) override {
    for (std::size_t i = 0; i < view->namespaces.size(); ++i) {
      const state::Header& h = view->namespaces[i].header;
      if (h.alive && h.terminating()) keys.add_at(NamespaceId(i), std::max(view.now(), h.deletion_time + kGrace));
    }
  }

 private:
  /// Asks the pods to go. The longest grace period of those that are there; none: no pod is.
  static std::optional<base::Duration> remove_pods(const state::Header& ns, const ClusterView& view, Plan& plan) {
    std::optional<base::Duration> longest;
    if (ns.name.index() >= view->templates_of_ns.size()) return longest;
    for (const event::TemplateId t : view->templates_of_ns[ns.name.index()]) {
      for (const PodId pod : view.pod_template(t).pods) {
        const auto grace = base::seconds(view.pod_spec(pod).spec.termination_grace_period_seconds);
        longest = std::max(longest.value_or(grace), grace);
        if (!view.pod_terminating(pod))
          plan.call(command::DeletePod{pod, event::DeletionReason::Deleted, {}}, ns.deletion_seq, true);
      }
    }
    return longest;
  }
};

}  // namespace

std::unique_ptr<Controller> make_namespace_controller() { return std::make_unique<NamespaceController>(); }

}  // namespace wavetank::control
