// The disruption controller: the status of PodDisruptionBudgets. Source:
// kubernetes/pkg/controller/disruption/disruption.go.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/control/controllers.h"
#include "engine/control/lookup.h"
#include "engine/control/pdb_math.h"
#include "engine/control/selected.h"

namespace wavetank::control {
namespace {

using event::EventKind;
using event::PdbId;
using event::PodId;
using model::Kind;

constexpr const char* kComponent = "controllermanager";

class DisruptionController final : public Controller {
 public:
  explicit DisruptionController(const Settings& settings) : timeout_(settings.pdb_disrupted_pod_timeout) {}

  [[nodiscard]] std::string_view name() const override { return "controllermanager"; }
  [[nodiscard]] int workers() const override { return 1; }
  [[nodiscard]] event::KindMask wakes_on() const override {
    return event::mask_of(EventKind::ObjectCreated, EventKind::ObjectUpdated, EventKind::ObjectRemoved,
                          EventKind::PodCreated, EventKind::PodReadyChanged, EventKind::PodPhaseChanged,
                          EventKind::PodFailed, EventKind::PodMade, EventKind::PodDeletionStarted,
                          EventKind::PodRemoved, EventKind::PdbDisruptionRecorded, EventKind::PdbStatusChanged);
  }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    if (view->pdbs.empty()) return;
    if (const auto* recorded = std::get_if<event::PdbDisruptionRecorded>(&event.payload))
      return keys.add(recorded->pdb);
    // Its own writes wake it as well, as they do there: the warnings of a budget are said twice.
    if (const auto* written = std::get_if<event::PdbStatusChanged>(&event.payload)) return keys.add(written->pdb);
    if (const auto* removed = std::get_if<event::ObjectRemoved>(&event.payload)) {
      if (removed->ref.kind == Kind::PodDisruptionBudget) selecting_.forget();
      return;
    }
    const auto* created = std::get_if<event::ObjectCreated>(&event.payload);
    if (created != nullptr && created->kind == Kind::PodDisruptionBudget) {
      selecting_.forget();
      const std::size_t row = row_created_by(view->pdbs, event.seq);
      if (row < view->pdbs.size()) keys.add(PdbId(row));
      return;
    }
    const auto* updated = std::get_if<event::ObjectUpdated>(&event.payload);
    if (updated != nullptr && updated->ref.kind == Kind::PodDisruptionBudget) {
      selecting_.forget();
      return keys.add(updated->ref);
    }
    // Changed labels may take a pod out of a budget; which, its new template does not say.
    if (updated != nullptr && updated->ref.kind == Kind::Pod) return list(view, keys);
    const PodId pod = pod_of(event, view);
    if (!pod.valid()) return;
    const auto takes = [](const state::PdbRow& pdb, const model::Labels& labels) {
      return pdb.spec.selector && pdb.spec.selector->matches(labels);
    };
    for (const std::uint32_t row : selecting_.of(view->pods.tmpl[pod.index()], view->pdbs, view, takes))
      keys.add(PdbId(row));
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    if (!view.alive(key)) return;
    const auto id = key.as<PdbId>();
    const state::PdbRow& pdb = view.pdb(id);
    PdbCounts in;
    std::set<Ref> controllers;
    Ref last;
    bool unmanaged = false;
    if (pdb.spec.selector) {
      for (const event::TemplateId t : selected_.of(key.row, pdb.header.ns, *pdb.spec.selector, view)) {
        for (const PodId pod : view.pod_template(t).pods) {
          ++in.pods;
          const Ref owner = view->pods.owner[pod.index()];
          unmanaged = unmanaged || !owner.valid();
          if (owner.valid() && owner != last) controllers.insert(scaled_owner(owner, view));
          last = owner;
          if (view.pod_ready(pod) && !view.pod_terminating(pod) && !being_disrupted(pdb, pod, view, plan)) ++in.healthy;
        }
      }
    }
    for (const Ref owner : controllers) {
      if (needs_scale(pdb) && !has_scale(owner)) return fail_safe(id, pdb, owner, view, plan);
      in.scale += scale_of(owner, view);
    }
    say_what_is_odd(id, pdb, in.pods == 0, unmanaged, plan);
    const PdbNumbers n = pdb_numbers(pdb.spec, in);
    const bool some = n.disruptions_allowed > 0;
    write({id, n.current_healthy, n.desired_healthy, n.expected_pods, n.disruptions_allowed, pdb.header.generation},
          {Ref(id), "DisruptionAllowed", some ? event::ConditionStatus::True : event::ConditionStatus::False,
           some ? "SufficientPods" : "InsufficientPods", "", false},
          pdb, view, plan);
  }

  void list(const ClusterView& view, KeySink& keys) override { add_alive<PdbId>(view->pdbs, keys); }

 private:
  /// One write of the status, if it says something new.
  static void write(const event::PdbStatusChanged& n, event::ObjectConditionChanged condition, const state::PdbRow& pdb,
                    const ClusterView& view, Plan& plan) {
    const state::Condition* now = view.condition(condition.ref, condition.type);
    const bool same_condition = now != nullptr && now->status == condition.status && now->reason == condition.reason &&
                                now->message == condition.message;
    const bool same_numbers = n.current_healthy == pdb.current_healthy && n.desired_healthy == pdb.desired_healthy &&
                              n.expected_pods == pdb.expected_pods &&
                              n.disruptions_allowed == pdb.disruptions_allowed &&
                              n.observed_generation == pdb.observed_generation;
    if (same_condition && same_numbers) return;
    plan.call(command::UpdatePdbStatus{n});
    if (!same_condition) plan.also(command::SetCondition{std::move(condition)});
  }
  /// The scale of the pods' controllers is asked for unless the budget is a number of pods that must stay.
  static bool needs_scale(const state::PdbRow& pdb) {
    return pdb.spec.max_unavailable || (pdb.spec.min_available && pdb.spec.min_available->percent);
  }
  static bool has_scale(Ref owner) { return owner.kind != Kind::Job && owner.kind != Kind::DaemonSet; }
  /// What cannot be worked out allows nothing (trySync, failSafe); it is tried again with back-off.
  static void fail_safe(PdbId id, const state::PdbRow& pdb, Ref owner, const ClusterView& view, Plan& plan) {
    const model::KindInfo& info = model::kind_info(owner.kind);
    const std::string version = info.api_version;
    const std::string error = fmt::format("{}.{} does not implement the scale subresource", info.plural,
                                          version.substr(0, version.find('/')));
    plan.call(command::RecordEvent{{Ref(id), true, "CalculateExpectedPodCountFailed",
                                    "Failed to calculate the number of expected pods: " + error, kComponent}},
              0, true);
    write({id, pdb.current_healthy, pdb.desired_healthy, pdb.expected_pods, 0, pdb.observed_generation},
          {Ref(id), "DisruptionAllowed", event::ConditionStatus::False, "SyncFailed", error, false}, pdb, view, plan);
    plan.fail();
  }
  static void say_what_is_odd(PdbId id, const state::PdbRow& pdb, bool none, bool unmanaged, Plan& plan) {
    if (none) {
      plan.call(command::RecordEvent{{Ref(id), false, "NoPods", "No matching pods found", kComponent}}, 0, true);
      return;
    }
    if (!unmanaged || !needs_scale(pdb)) return;
    plan.call(
        command::RecordEvent{
            {Ref(id), true, "UnmanagedPods",
             "Pods selected by this PodDisruptionBudget (selector: " + go_text(*pdb.spec.selector) +
                 ") were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, "
                 "which may result in undefined behavior. To account for these pods please set \".spec.minAvailable\" "
                 "field of the PDB to an integer value.",
             kComponent}},
        0, true);
  }
  /// As Go prints a *metav1.LabelSelector.
  static std::string go_text(const model::LabelSelector& selector) {
    std::string out = "&LabelSelector{MatchLabels:map[string]string{";
    for (const auto& [key, value] : selector.match_labels) out += key + ": " + value + ",";
    out += "},MatchExpressions:[]LabelSelectorRequirement{";
    static constexpr const char* kOperators[] = {"In", "NotIn", "Exists", "DoesNotExist"};
    for (const model::Requirement& r : selector.match_expressions) {
      out += "LabelSelectorRequirement{Key:" + r.key + ",Operator:" + kOperators[static_cast<std::size_t>(r.op)] +
             ",Values:[";
      for (std::size_t i = 0; i < r.values.size(); ++i) out += (i == 0 ? "" : " ") + r.values[i];
      out += "],},";
    }
    return out + "},}";
  }
  /// The Deployment of a set, or the set itself.
  static Ref scaled_owner(Ref owner, const ClusterView& view) {
    if (owner.kind != Kind::ReplicaSet) return owner;
    const event::DeploymentId deployment = view->replica_sets[owner.row].deployment;
    return deployment.valid() ? Ref(deployment) : owner;
  }
  static std::int32_t scale_of(Ref owner, const ClusterView& view) {
    if (owner.kind == Kind::Deployment) return view->deployments[owner.row].spec.replicas;
    if (owner.kind == Kind::StatefulSet) return view->stateful_sets[owner.row].spec.replicas;
    return owner.kind == Kind::ReplicaSet ? view->replica_sets[owner.row].replicas : 0;
  }
  /// An eviction was granted and the deletion is not seen yet; forgotten after a while, since it may never come.
  [[nodiscard]] bool being_disrupted(const state::PdbRow& pdb, PodId pod, const ClusterView& view, Plan& plan) const {
    const auto at =
        std::find_if(pdb.disrupted.begin(), pdb.disrupted.end(), [&](const auto& d) { return d.pod == pod; });
    if (at == pdb.disrupted.end()) return false;
    const base::SimTime until = at->at + timeout_;
    if (until <= view.now()) return false;
    plan.requeue_at(until);
    return true;
  }

  base::Duration timeout_;
  SelectedTemplates selected_;
  SelectingRows selecting_;
};

}  // namespace

std::unique_ptr<Controller> make_disruption_controller(const Settings& settings) {
  return std::make_unique<DisruptionController>(settings);
}

}  // namespace wavetank::control
