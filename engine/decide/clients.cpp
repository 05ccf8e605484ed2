// What kubectl does beyond documents: scale, set image, rollout, cordon, taint; and the scenario's own notes.
#include <algorithm>

#include <fmt/core.h>

#include "engine/decide/rules.h"
#include "engine/model/decode.h"
#include "engine/state/annotations.h"

namespace wavetank::decide::detail {

namespace {

using model::Doc;
using model::Kind;

Refusal client_error(std::string message) { return Rejection{"BadRequest", std::move(message)}; }

/// The list of containers of a workload's or pod's document, or null.
Doc* pod_spec_of(Doc& doc, Kind kind) {
  Doc* spec = doc.find("spec");
  if (spec == nullptr || kind == Kind::Pod) return spec;
  Doc* tmpl = spec->find("template");
  return tmpl == nullptr ? nullptr : tmpl->find("spec");
}

/// The set whose template an undo brings back: the one with `revision`, or for 0 the one before the newest.
/// Source: k8s.io/kubectl polymorphichelpers.DeploymentRollbacker.
event::ReplicaSetId rollback_target(const ClusterView& view, const state::DeploymentRow& d, std::int64_t revision) {
  event::ReplicaSetId newest, previous, exact;
  std::int64_t newest_revision = 0, previous_revision = 0;
  for (const event::ReplicaSetId id : d.replica_sets) {
    const std::int64_t r = view.replica_set(id).revision;
    if (r == revision) exact = id;
    if (r > newest_revision) {
      previous = newest;
      previous_revision = newest_revision;
      newest = id;
      newest_revision = r;
    } else if (r > previous_revision) {
      previous = id;
      previous_revision = r;
    }
  }
  return revision == 0 ? previous : exact;
}

/// The template of a ControllerRevision comes back; which revision, as above. Source: k8s.io/kubectl
/// polymorphichelpers.StatefulSetRollbacker, DaemonSetRollbacker.
template <class Row>
Refusal undo_set(const ClusterView& view, Ref ref, const Row& row, std::int64_t revision, Facts& facts) {
  std::vector<event::ControllerRevisionId> history = row.revisions;
  std::sort(history.begin(), history.end(), [&](event::ControllerRevisionId a, event::ControllerRevisionId b) {
    const std::int64_t x = view.controller_revision(a).revision, y = view.controller_revision(b).revision;
    return x != y ? x < y : a < b;
  });
  if (revision == 0 && history.size() <= 1) return client_error("no last revision to roll back to");
  event::ControllerRevisionId target;
  if (revision == 0) target = history[history.size() - 2];
  for (const event::ControllerRevisionId id : history)
    if (revision != 0 && view.controller_revision(id).revision == revision) target = id;
  if (!target.valid()) return client_error(fmt::format("unable to find specified revision {} in history", revision));
  const event::TemplateId tmpl = view.controller_revision(target).tmpl;
  if (tmpl == row.tmpl) return granted();  // "skipped rollback (current template already matches revision)"
  auto doc_of = model::parse_json(view.pod_template(tmpl).doc, "state");
  if (!doc_of) return client_error("the revision's template cannot be read");
  Doc doc = view.stored_doc(ref);
  doc["spec"]["template"] = std::move(*doc_of);
  return update_object(view, ref, std::move(doc), facts);
}

}  // namespace

Refusal rule(const ClusterView& view, const command::ScaleObject& c, Facts& facts) {
  if (!view.alive(c.ref)) return not_found(view, c.ref);
  if (c.ref.kind != Kind::Deployment && c.ref.kind != Kind::ReplicaSet && c.ref.kind != Kind::StatefulSet)
    return client_error(fmt::format("{} has no scale", resource_name(c.ref.kind)));
  if (c.replicas < 0)
    return Rejection{
        "Invalid",
        fmt::format(
            "Scale.autoscaling \"{}\" is invalid: spec.replicas: Invalid value: {}: must be greater than or equal to 0",
            view.bare_name(c.ref), c.replicas)};
  Doc doc = view.stored_doc(c.ref);
  doc["spec"]["replicas"] = Doc::integer(c.replicas);
  return update_object(view, c.ref, std::move(doc), facts);
}

Refusal rule(const ClusterView& view, const command::SetImage& c, Facts& facts) {
  if (!view.alive(c.ref)) return not_found(view, c.ref);
  Doc doc = view.stored_doc(c.ref);
  Doc* spec = pod_spec_of(doc, c.ref.kind);
  if (spec == nullptr) return client_error(fmt::format("{} has no containers", view.name_of(c.ref)));
  bool found = false;
  for (const char* list : {"initContainers", "containers"}) {
    Doc* containers = spec->find(list);
    if (containers == nullptr) continue;
    for (Doc& container : containers->items) {
      if (c.container != "*" && container.string_or("name") != c.container) continue;
      if (c.container == "*" && std::string_view(list) == "initContainers") continue;
      container["image"] = Doc::string(c.image);
      found = true;
    }
  }
  if (!found) return Rejection{"NotFound", fmt::format("unable to find container named \"{}\"", c.container)};
  return update_object(view, c.ref, std::move(doc), facts);
}

Refusal rule(const ClusterView& view, const command::SetPaused& c, Facts& facts) {
  const Ref ref(c.deployment);
  if (!view.alive(ref)) return not_found(view, ref);
  if (view.deployment(c.deployment).spec.paused == c.paused)
    return client_error(
        fmt::format("deployments.apps \"{}\" is {}", view.bare_name(ref), c.paused ? "already paused" : "not paused"));
  Doc doc = view.stored_doc(ref);
  if (c.paused) {
    doc["spec"]["paused"] = Doc::boolean(true);
  } else {
    doc["spec"].erase("paused");
  }
  return update_object(view, ref, std::move(doc), facts);
}

Refusal rule(const ClusterView& view, const command::RestartRollout& c, Facts& facts) {
  const Ref ref = c.ref;
  if (!view.alive(ref)) return not_found(view, ref);
  if (ref.kind != Kind::Deployment && ref.kind != Kind::StatefulSet && ref.kind != Kind::DaemonSet)
    return client_error(fmt::format("restarting is not supported: {}", view.name_of(ref)));
  if (ref.kind == Kind::Deployment && view.deployment(ref.as<event::DeploymentId>()).spec.paused)
    return client_error("can't restart paused deployment (run rollout resume first)");
  Doc doc = view.stored_doc(ref);
  doc["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] =
      Doc::string(base::format_rfc3339(view.now(), view->epoch_s));
  return update_object(view, ref, std::move(doc), facts);
}

Refusal rule(const ClusterView& view, const command::UndoRollout& c, Facts& facts) {
  const Ref ref = c.ref;
  if (!view.alive(ref)) return not_found(view, ref);
  if (ref.kind == Kind::StatefulSet) return undo_set(view, ref, view->stateful_sets[ref.row], c.to_revision, facts);
  if (ref.kind == Kind::DaemonSet) return undo_set(view, ref, view->daemon_sets[ref.row], c.to_revision, facts);
  if (ref.kind != Kind::Deployment) return client_error(fmt::format("{} has no rollout to undo", view.name_of(ref)));
  const state::DeploymentRow& d = view.deployment(ref.as<event::DeploymentId>());
  if (d.spec.paused)
    return client_error(
        fmt::format("you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume "
                    "deployment/{}' and try again",
                    view.bare_name(ref)));
  const event::ReplicaSetId target = rollback_target(view, d, c.to_revision);
  if (!target.valid()) {
    return client_error(c.to_revision == 0
                            ? fmt::format("no rollout history found for deployment \"{}\"", view.bare_name(ref))
                            : fmt::format("unable to find specified revision {} in history", c.to_revision));
  }
  auto tmpl = model::parse_json(view.pod_template(view.replica_set(target).tmpl).doc, "state");
  if (!tmpl) return client_error("the revision's template cannot be read");
  if (Doc* labels = (*tmpl)["metadata"].find("labels"); labels != nullptr) labels->erase("pod-template-hash");
  Doc doc = view.stored_doc(ref);
  doc["spec"]["template"] = std::move(*tmpl);
  // What the set was made with comes back, the Deployment's own annotations stay (getDeploymentPatch).
  Doc annotations = Doc::object();
  if (const Doc* own = doc.at({"metadata", "annotations"}); own != nullptr)
    for (const Doc::Member& m : own->members)
      if (!state::is_handed_on(m.key)) annotations[m.key] = m.value;
  for (const Doc::Member& m : state::annotations_for_sets(view.replica_set(target).header.doc).members)
    annotations[m.key] = m.value;
  if (annotations.members.empty()) {
    doc["metadata"].erase("annotations");
  } else {
    doc["metadata"]["annotations"] = std::move(annotations);
  }
  return update_object(view, ref, std::move(doc), facts);
}

Refusal rule(const ClusterView& view, const command::CordonNode& c, Facts& facts) {
  if (!view.alive(Ref(c.node))) return not_found(view, Ref(c.node));
  if (view.node(c.node).spec.unschedulable != c.unschedulable)
    facts.emplace_back(event::NodeCordoned{c.node, c.unschedulable});
  return granted();
}

Refusal rule(const ClusterView& view, const command::SetTaint& c, Facts& facts) {
  if (!view.alive(Ref(c.node))) return not_found(view, Ref(c.node));
  std::vector<model::Taint> taints = view.node(c.node).spec.taints;
  const auto at = std::find_if(taints.begin(), taints.end(), [&](const model::Taint& t) {
    return t.key == c.taint.key && t.effect == c.taint.effect;
  });
  if (c.remove) {
    if (at == taints.end()) return client_error(fmt::format("taint \"{}\" not found", c.taint.key));
    taints.erase(at);
  } else if (at == taints.end()) {
    taints.push_back(c.taint);
  } else {
    *at = c.taint;
  }
  if (taints != view.node(c.node).spec.taints) facts.emplace_back(event::NodeTaintsChanged{c.node, std::move(taints)});
  return granted();
}

Refusal rule(const ClusterView& view, const command::SetLoad& c, Facts& facts) {
  if (!view.alive(Ref(c.fact.service))) return not_found(view, Ref(c.fact.service));
  if (view.service(c.fact.service).milli_rps != c.fact.milli_rps) facts.emplace_back(c.fact);
  return granted();
}

Refusal rule(const ClusterView&, const command::JudgeExpectation& c, Facts& facts) {
  facts.emplace_back(c.fact);
  return granted();
}

Refusal rule(const ClusterView&, const command::InjectFault& c, Facts& facts) {
  facts.emplace_back(c.fact);
  return granted();
}

Refusal rule(const ClusterView& view, const command::HealFault& c, Facts& facts) {
  if (c.fact.fault.index() >= view->faults.size()) return Rejection{"NotFound", "no such fault"};
  if (view->faults[c.fact.fault.index()].ended == base::SimTime::never()) facts.emplace_back(c.fact);
  return granted();
}

Refusal rule(const ClusterView& view, const command::SetMachine& c, Facts& facts) {
  if (c.node.index() >= view->nodes.size()) return Rejection{"NotFound", "no such node"};
  if (view.node(c.node).machine_up == c.up) return granted();
  if (c.up) {
    facts.emplace_back(event::MachineUp{c.node});
  } else {
    facts.emplace_back(event::MachineDown{c.node});
  }
  return granted();
}

Refusal rule(const ClusterView& view, const command::SetComponent& c, Facts& facts) {
  if (view->component_down[static_cast<std::size_t>(c.component)] != c.up) return granted();
  if (c.up) {
    facts.emplace_back(event::ComponentUp{c.component});
  } else {
    facts.emplace_back(event::ComponentDown{c.component});
  }
  return granted();
}

}  // namespace wavetank::decide::detail
