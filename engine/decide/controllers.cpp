// What controllers write. Each is a fact if its object still exists and the fact says something new.
#include <fmt/core.h>

#include "engine/decide/quota.h"
#include "engine/decide/rules.h"
#include "engine/model/doc.h"
#include "engine/state/pod_admission.h"

namespace wavetank::decide::detail {

namespace {

template <class Fact>
Refusal if_alive(const ClusterView& view, Ref ref, bool news, const Fact& fact, Facts& facts) {
  if (!view.alive(ref)) return not_found(view, ref);
  if (news) facts.emplace_back(fact);
  return granted();
}

event::TemplateId template_of(const ClusterView& view, Ref set) {
  return set.kind == model::Kind::StatefulSet ? view->stateful_sets[set.row].tmpl : view->daemon_sets[set.row].tmpl;
}

bool differs(const state::Condition& now, event::ConditionStatus status, const std::string& reason,
             const std::string& message) {
  return !now.present || now.status != status || now.reason != reason || now.message != message;
}

/// What a controller makes for its owner meets the namespace and the quotas as what clients make.
Refusal count(const ClusterView& view, model::Kind kind, Ref owner, std::string_view name, Facts& facts) {
  if (auto refused = check_namespace(view, kind, view.namespace_of(owner), name)) return refused;
  return charge_quotas(view, kind, view.namespace_of(owner), name, model::Doc::object(), nullptr, facts);
}

}  // namespace

Refusal rule(const ClusterView& view, const command::CreateReplicaSet& c, Facts& facts) {
  const Ref owner(c.fact.deployment);
  if (!view.alive(owner)) return not_found(view, owner);
  const std::string name = std::string(view.bare_name(owner)) + "-" + c.fact.hash;
  if (view.find(model::Kind::ReplicaSet, view.namespace_of(owner), name).valid())
    return Rejection{"AlreadyExists", fmt::format("replicasets.apps \"{}\" already exists", name)};
  if (auto refused = count(view, model::Kind::ReplicaSet, owner, name, facts)) return refused;
  facts.emplace_back(c.fact);
  return granted();
}

Refusal rule(const ClusterView& view, const command::ScaleReplicaSet& c, Facts& facts) {
  const state::ReplicaSetRow& set = view.replica_set(c.fact.replica_set);
  // A sized set takes over the Deployment's minReadySeconds too.
  const bool min_ready =
      set.deployment.valid() && set.min_ready_seconds != view.deployment(set.deployment).spec.min_ready_seconds;
  const bool news =
      set.replicas != c.fact.replicas || set.desired != c.fact.desired || set.max != c.fact.max || min_ready;
  return if_alive(view, Ref(c.fact.replica_set), news, c.fact, facts);
}

Refusal rule(const ClusterView& view, const command::SetReplicaSetRevision& c, Facts& facts) {
  return if_alive(view, Ref(c.fact.replica_set), view.replica_set(c.fact.replica_set).revision != c.fact.revision,
                  c.fact, facts);
}

Refusal rule(const ClusterView& view, const command::UpdateReplicaSetStatus& c, Facts& facts) {
  const state::ReplicaSetRow& set = view.replica_set(c.fact.replica_set);
  const bool news = set.status_replicas != c.fact.replicas || set.fully_labeled != c.fact.fully_labeled ||
                    set.status_ready != c.fact.ready || set.status_available != c.fact.available ||
                    set.observed_generation != c.fact.observed_generation;
  return if_alive(view, Ref(c.fact.replica_set), news, c.fact, facts);
}

Refusal rule(const ClusterView& view, const command::SetReplicaSetFailure& c, Facts& facts) {
  const state::Condition& now = view.replica_set(c.fact.replica_set).failure;
  const bool news =
      c.fact.failing ? differs(now, event::ConditionStatus::True, c.fact.reason, c.fact.message) : now.present;
  return if_alive(view, Ref(c.fact.replica_set), news, c.fact, facts);
}

Refusal rule(const ClusterView& view, const command::UpdateDeploymentStatus& c, Facts& facts) {
  const state::DeploymentRow& d = view.deployment(c.fact.deployment);
  const bool news = d.status_replicas != c.fact.replicas || d.updated != c.fact.updated || d.ready != c.fact.ready ||
                    d.available != c.fact.available || d.unavailable != c.fact.unavailable ||
                    d.observed_generation != c.fact.observed_generation || c.fact.progressed;
  return if_alive(view, Ref(c.fact.deployment), news, c.fact, facts);
}

Refusal rule(const ClusterView& view, const command::SetDeploymentCondition& c, Facts& facts) {
  const state::Condition& now = view.deployment(c.fact.deployment).conditions[static_cast<std::size_t>(c.fact.type)];
  const bool news = c.fact.reason.empty() ? now.present : differs(now, c.fact.status, c.fact.reason, c.fact.message);
  return if_alive(view, Ref(c.fact.deployment), news, c.fact, facts);
}

Refusal rule(const ClusterView& view, const command::SetDeploymentRevision& c, Facts& facts) {
  return if_alive(view, Ref(c.fact.deployment), view.deployment(c.fact.deployment).revision != c.fact.revision, c.fact,
                  facts);
}

Refusal rule(const ClusterView& view, const command::CreateEndpointSlice& c, Facts& facts) {
  const Ref service(c.fact.service);
  if (view.alive(service))
    if (auto refused = count(view, model::Kind::EndpointSlice, service, view.bare_name(service), facts)) return refused;
  if (auto refused = if_alive(view, Ref(c.fact.service), true, c.fact, facts)) return refused;
  const event::EndpointSliceId made(view->endpoint_slices.size());
  if (!c.ports.empty()) facts.emplace_back(event::EndpointSlicePortsSet{made, c.ports});
  if (!c.endpoints.empty()) facts.emplace_back(event::EndpointsChanged{made, c.endpoints});
  return granted();
}

Refusal rule(const ClusterView& view, const command::SetLoadBalancer& c, Facts& facts) {
  if (!view.alive(c.fact.ref)) return not_found(view, c.fact.ref);
  if (view.load_balancer(c.fact.ref) != c.fact.addresses) facts.emplace_back(c.fact);
  return granted();
}

Refusal rule(const ClusterView& view, const command::UpdateEndpoints& c, Facts& facts) {
  if (!view.alive(Ref(c.fact.slice))) return not_found(view, Ref(c.fact.slice));
  if (view.endpoint_slice(c.fact.slice).ports != c.ports)
    facts.emplace_back(event::EndpointSlicePortsSet{c.fact.slice, c.ports});
  if (!c.fact.changes.empty()) facts.emplace_back(c.fact);
  return granted();
}

Refusal rule(const ClusterView& view, const command::UpdatePdbStatus& c, Facts& facts) {
  const state::PdbRow& p = view.pdb(c.fact.pdb);
  const bool news = p.current_healthy != c.fact.current_healthy || p.desired_healthy != c.fact.desired_healthy ||
                    p.expected_pods != c.fact.expected_pods || p.disruptions_allowed != c.fact.disruptions_allowed ||
                    p.observed_generation != c.fact.observed_generation;
  return if_alive(view, Ref(c.fact.pdb), news, c.fact, facts);
}

Refusal rule(const ClusterView& view, const command::SetNodeTaints& c, Facts& facts) {
  const std::vector<model::Taint>& now = view.node(c.fact.node).spec.taints;
  if (now != c.from && now != c.fact.taints && view.alive(Ref(c.fact.node)))
    return conflict("the object has been modified; please apply your changes to the latest version and try again");
  return if_alive(view, Ref(c.fact.node), now != c.fact.taints, c.fact, facts);
}

Refusal rule(const ClusterView& view, const command::SetNodeCondition& c, Facts& facts) {
  const state::Condition& now = view.node(c.fact.node).conditions[static_cast<std::size_t>(c.fact.type)];
  return if_alive(view, Ref(c.fact.node), differs(now, c.fact.status, c.fact.reason, c.fact.message), c.fact, facts);
}

Refusal rule(const ClusterView& view, const command::UpdateStatefulSetStatus& c, Facts& facts) {
  return if_alive(view, Ref(c.fact.id), view->stateful_sets[c.fact.id.index()].status != c.fact.status, c.fact, facts);
}

Refusal rule(const ClusterView& view, const command::UpdateDaemonSetStatus& c, Facts& facts) {
  return if_alive(view, Ref(c.fact.id), view->daemon_sets[c.fact.id.index()].status != c.fact.status, c.fact, facts);
}

Refusal rule(const ClusterView& view, const command::UpdateJobStatus& c, Facts& facts) {
  return if_alive(view, Ref(c.fact.id), view->jobs[c.fact.id.index()].status != c.fact.status, c.fact, facts);
}

Refusal rule(const ClusterView& view, const command::UpdateCronJobStatus& c, Facts& facts) {
  const Ref ref(c.fact.id);
  event::CronJobStatusChanged fact = c.fact;
  if (const Ref started = view.find(model::Kind::Job, view.namespace_of(ref), c.started);
      started.valid() && !c.started.empty())
    fact.status.active.push_back(started.as<event::JobId>());
  return if_alive(view, ref, view.cron_job(c.fact.id).status != fact.status, fact, facts);
}

Refusal rule(const ClusterView& view, const command::UpdateHpaStatus& c, Facts& facts) {
  return if_alive(view, Ref(c.fact.id), view->hpas[c.fact.id.index()].status != c.fact.status, c.fact, facts);
}

Refusal rule(const ClusterView& view, const command::UpdateVpaStatus& c, Facts& facts) {
  return if_alive(view, Ref(c.fact.id), view->vpas[c.fact.id.index()].status != c.fact.status, c.fact, facts);
}

Refusal rule(const ClusterView& view, const command::UpdateQuotaStatus& c, Facts& facts) {
  const state::QuotaRow& quota = view.quota(c.fact.id);
  if (c.at_version != 0 && quota.header.alive && quota.header.version != c.at_version)
    return conflict(
        fmt::format("Operation cannot be fulfilled on resourcequotas \"{}\": the object has been modified; "
                    "please apply your changes to the latest version and try again",
                    view.text(quota.header.name)));
  return if_alive(view, Ref(c.fact.id), quota.status != c.fact.status, c.fact, facts);
}

Refusal rule(const ClusterView& view, const command::SetCondition& c, Facts& facts) {
  const state::Condition* now = view.condition(c.fact.ref, c.fact.type);
  const bool news =
      c.fact.removed ? now != nullptr : now == nullptr || differs(*now, c.fact.status, c.fact.reason, c.fact.message);
  return if_alive(view, c.fact.ref, news, c.fact, facts);
}

Refusal rule(const ClusterView& view, const command::CreateControllerRevision& c, Facts& facts) {
  if (!view.alive(c.fact.owner)) return not_found(view, c.fact.owner);
  const std::string name = std::string(view.bare_name(c.fact.owner)) + "-" + c.fact.hash;
  if (view.find(model::Kind::ControllerRevision, view.namespace_of(c.fact.owner), name).valid())
    return Rejection{"AlreadyExists", fmt::format("controllerrevisions.apps \"{}\" already exists", name)};
  // What is kept is the template as it stands: no longer the one that was meant, if it has another hash.
  const event::TemplateId tmpl = template_of(view, c.fact.owner);
  bool meant = false;
  for (std::int32_t n = 0; n < 8 && !meant; ++n)
    meant = state::revision_hash(view.pod_template(tmpl).doc, n) == c.fact.hash;
  if (!meant) return conflict(fmt::format("the template of {} has changed", view.name_of(c.fact.owner)));
  if (auto refused = count(view, model::Kind::ControllerRevision, c.fact.owner, name, facts)) return refused;
  facts.emplace_back(c.fact);
  return granted();
}

Refusal rule(const ClusterView& view, const command::NumberControllerRevision& c, Facts& facts) {
  return if_alive(view, Ref(c.fact.id), view.controller_revision(c.fact.id).revision != c.fact.revision, c.fact, facts);
}

/// Of an object that is gone, too: the last words about it come after its end.
Refusal rule(const ClusterView&, const command::RecordEvent& c, Facts& facts) {
  if (c.fact.ref.valid()) facts.emplace_back(c.fact);
  return granted();
}

}  // namespace wavetank::decide::detail
