// Pods: birth, binding, eviction, death.
#include <algorithm>

#include <fmt/core.h>

#include "engine/base/assert.h"
#include "engine/base/prng.h"
#include "engine/decide/quota.h"
#include "engine/decide/rules.h"
#include "engine/model/decode.h"
#include "engine/state/pod_admission.h"

namespace wavetank::decide::detail {

namespace {

using event::PodId;

Refusal pod_not_found(const ClusterView& view, PodId pod) { return not_found(view, Ref(pod)); }

/// Five characters of Kubernetes' alphabet without vowels (rand.String), a function of the seed, the owner's name and
/// n.
std::string name_suffix(const ClusterView& view, const state::Header& owner, std::uint64_t n) {
  static constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  const base::Stream stream = base::Stream(view->seed, "pod-name").of(view.text(owner.ns)).of(view.text(owner.name));
  std::string suffix(5, 'b');
  for (std::size_t i = 0; i < suffix.size(); ++i) suffix[i] = kAlphabet[stream.below(kAlphabet.size(), n * 8 + i)];
  return suffix;
}

bool covers(const ClusterView& view, const state::PdbRow& pdb, PodId pod) {
  return pdb.header.alive && pdb.header.ns == view.pod_ns(pod) && pdb.spec.selector &&
         pdb.spec.selector->matches(view.pod_spec(pod).labels);
}

/// Whether the pod may go without asking the budget: not healthy, and the policy lets unhealthy pods go.
/// Source: https://kubernetes.io/docs/tasks/run-application/configure-pdb/#unhealthy-pod-eviction-policy
bool unhealthy_may_go(const ClusterView& view, const state::PdbRow& pdb, PodId pod) {
  if (view.pod_ready(pod)) return false;
  if (pdb.spec.always_allow_unhealthy) return true;
  return pdb.current_healthy >= pdb.desired_healthy && pdb.desired_healthy > 0;
}

}  // namespace

void delete_pod(const ClusterView& view, PodId pod, event::DeletionReason reason, std::optional<std::int64_t> grace,
                Facts& facts) {
  const std::size_t p = pod.index();
  const state::PodColumns& pods = view->pods;
  const bool nothing_runs =
      !pods.node[p].valid() || pods.phase[p] == event::Phase::Succeeded || pods.phase[p] == event::Phase::Failed;
  std::int64_t seconds = grace.value_or(view.pod_spec(pod).spec.termination_grace_period_seconds);
  if (nothing_runs) seconds = 0;
  if (view.pod_terminating(pod)) {
    if (seconds == 0) {
      remove_pod(view, pod, facts);
    } else if (grace && pods.deletion[p] + base::seconds(pods.grace_s[p]) > view.now() + base::seconds(seconds)) {
      facts.emplace_back(event::PodDeletionStarted{pod, seconds, pods.deletion_reason[p]});  // a shorter grace period
    }
    return;
  }
  facts.emplace_back(event::PodDeletionStarted{pod, seconds, reason});
  if (seconds == 0 && (view.pod_flags(pod) & state::kTracked) == 0) facts.emplace_back(event::PodRemoved{pod});
}

/// A pod with a finalizer that has stopped is one that has no grace period left.
void remove_pod(const ClusterView& view, PodId pod, Facts& facts) {
  if ((view.pod_flags(pod) & state::kTracked) == 0) {
    facts.emplace_back(event::PodRemoved{pod});
  } else if (!view.pod_terminating(pod) || view->pods.grace_s[pod.index()] != 0) {
    facts.emplace_back(event::PodDeletionStarted{pod, 0, view->pods.deletion_reason[pod.index()]});
  }
}

Refusal rule(const ClusterView& view, const command::UntrackPod& c, Facts& facts) {
  const PodId pod = c.fact.pod;
  if (!view.pod_alive(pod)) return pod_not_found(view, pod);
  if ((view.pod_flags(pod) & state::kTracked) == 0) return granted();
  facts.emplace_back(c.fact);
  if (view.pod_terminating(pod) && view->pods.grace_s[pod.index()] == 0) facts.emplace_back(event::PodRemoved{pod});
  return granted();
}

Refusal rule(const ClusterView& view, const command::FailPod& c, Facts& facts) {
  const PodId pod = c.fact.pod;
  if (!view.pod_alive(pod)) return pod_not_found(view, pod);
  if (view.pod_phase(pod) != event::Phase::Failed && view.pod_phase(pod) != event::Phase::Succeeded)
    facts.emplace_back(c.fact);
  return granted();
}

namespace {

/// A template as a document.
model::Doc doc_of(const ClusterView& view, event::TemplateId tmpl) {
  auto doc = model::parse_json(view.pod_template(tmpl).doc, "template");
  return doc ? std::move(*doc) : model::Doc::object();
}

std::uint32_t pods_created_by(const ClusterView& view, Ref owner) {
  switch (owner.kind) {
    case model::Kind::StatefulSet:
      return view->stateful_sets[owner.row].pods_created;
    case model::Kind::DaemonSet:
      return view->daemon_sets[owner.row].pods_created;
    case model::Kind::Job:
      return view->jobs[owner.row].pods_created;
    default:
      return 0;
  }
}

}  // namespace

Refusal rule(const ClusterView& view, const command::MakePod& c, Facts& facts) {
  if (!view.alive(c.owner)) return not_found(view, c.owner);
  const std::string ns(view.namespace_of(c.owner));
  event::PodMade made{c.owner, c.name, c.tmpl, "", 0, c.tracked};
  if (c.generate) {
    std::uint64_t n = std::uint64_t{pods_created_by(view, c.owner)} << 8;
    const state::Header& owner = *view.header(c.owner);
    made.name = c.name + name_suffix(view, owner, n);
    while (view.find(model::Kind::Pod, ns, made.name).valid()) made.name = c.name + name_suffix(view, owner, ++n);
  } else if (view.find(model::Kind::Pod, ns, c.name).valid()) {
    return Rejection{"AlreadyExists", fmt::format("pods \"{}\" already exists", c.name)};
  }
  if (auto refused = check_namespace(view, model::Kind::Pod, ns, c.name)) return refused;
  std::string node_name;
  if (c.tmpl.valid()) {
    const model::PodSpec& spec = view.pod_template(c.tmpl).value->spec;
    made.priority = spec.priority.value_or(0);
    node_name = spec.node_name;
    if (is_bounded(view, ns))
      if (auto refused = bound_new_object(view, model::Kind::Pod, ns, made.name, doc_of(view, c.tmpl), facts))
        return refused;
  } else {
    auto doc = model::parse_json(c.doc, "template");
    if (!doc) return Rejection{"BadRequest", base::to_text(doc.error())};
    model::apply_pod_defaults((*doc)["spec"]);
    if (auto refused = admit_pod(view, *doc, ns, made.name)) return refused;
    model::merge_label_keys(*doc);
    if (auto refused = bound_new_object(view, model::Kind::Pod, ns, made.name, *doc, facts)) return refused;
    made.priority = static_cast<std::int32_t>((*doc)["spec"].int_or("priority", 0));
    node_name = (*doc)["spec"].string_or("nodeName");
    made.doc = model::to_canonical_json(*doc);
    made.tmpl = state::find_template(view.state(), ns, made.doc);
    if (made.tmpl.valid()) made.doc.clear();
  }
  const std::string tmpl = made.tmpl.valid() ? view.pod_template(made.tmpl).doc : made.doc;
  facts.emplace_back(std::move(made));
  recommend_resources(view, c.owner, PodId(view->pods.size()), tmpl, facts);
  if (node_name.empty()) return granted();
  const Ref node = view.find(model::Kind::Node, "", node_name);
  if (node.valid()) facts.emplace_back(event::PodBound{PodId(view->pods.size()), node.as<event::NodeId>()});
  return granted();
}

namespace {

/// What RuntimeClass, LimitRanges and quotas say to one more pod of a set. Mostly there are none, and nothing is read.
Refusal bound_set_pod(const ClusterView& view, const state::ReplicaSetRow& set, std::string_view ns,
                      const std::string& prefix, const std::string& suffix, Facts& facts) {
  const std::string& written = view.pod_template(set.tmpl).doc;
  const bool names_class =
      written.find("\"runtimeClassName\"") != std::string::npos || written.find("\"overhead\"") != std::string::npos;
  if (names_class) {
    const model::Doc doc = doc_of(view, set.tmpl);
    if (const model::Doc* spec = doc.find("spec"); spec != nullptr)
      if (auto refused = check_runtime_class(view, prefix, *spec)) return refused;
  }
  if (!is_bounded(view, ns)) return granted();
  const model::Doc doc =
      set.pod_tmpl.valid() ? doc_of(view, set.pod_tmpl) : state::admitted_doc(view.state(), set.tmpl);
  auto refused = bound_new_object(view, model::Kind::Pod, ns, prefix + suffix, doc, facts);
  if (!refused) return granted();
  // Every attempt draws a name anew; one that is refused is told of by it.
  const std::string name = prefix + name_suffix(view, set.header, ~view->last_seq);
  const std::size_t at = refused->message.find(prefix + suffix);
  if (at != std::string::npos) refused->message.replace(at, prefix.size() + suffix.size(), name);
  return refused;
}

}  // namespace

Refusal rule(const ClusterView& view, const command::CreatePod& c, Facts& facts) {
  const state::ReplicaSetRow& set = view.replica_set(c.replica_set);
  if (!set.header.alive) return not_found(view, Ref(c.replica_set));
  const std::string_view ns = view.text(set.header.ns);
  const std::string prefix = std::string(view.text(set.header.name)) + "-";
  const Ref space = view.find(model::Kind::Namespace, "", ns);
  if (space.valid() && view.header(space)->terminating())
    return Rejection{
        "Forbidden",
        fmt::format(
            "pods \"{}\" is forbidden: unable to create new content in namespace {} because it is being terminated",
            prefix, ns)};
  const std::string& class_name = view.pod_template(set.tmpl).value->spec.priority_class_name;
  const state::PriorityClassRow* priority = state::find_priority_class(view.state(), class_name);
  if (priority == nullptr && !class_name.empty())
    return Rejection{"Forbidden", fmt::format("pods \"{}\" is forbidden: no PriorityClass with name {} was found",
                                              prefix, class_name)};
  std::uint64_t n = std::uint64_t{set.pods_created} << 8;
  std::string suffix = name_suffix(view, set.header, n);
  while (view.find(model::Kind::Pod, ns, prefix + suffix).valid()) suffix = name_suffix(view, set.header, ++n);
  if (auto refused = bound_set_pod(view, set, ns, prefix, suffix, facts)) return refused;
  facts.emplace_back(
      event::PodCreated{c.replica_set, std::move(suffix), priority == nullptr ? 0 : priority->spec.value});
  recommend_resources(view, Ref(c.replica_set), PodId(view->pods.size()), view.pod_template(set.tmpl).doc, facts);
  const std::string& node_name = view.pod_template(set.tmpl).value->spec.node_name;
  if (node_name.empty()) return granted();
  const Ref node = view.find(model::Kind::Node, "", node_name);
  if (node.valid()) facts.emplace_back(event::PodBound{PodId(view->pods.size()), node.as<event::NodeId>()});
  return granted();
}

Refusal rule(const ClusterView& view, const command::DeletePod& c, Facts& facts) {
  if (!view.pod_alive(c.pod)) return pod_not_found(view, c.pod);
  delete_pod(view, c.pod, c.reason, c.grace_seconds, facts);
  return granted();
}

/// Source: https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/ and
/// pkg/registry/core/pod/storage/eviction.go.
Refusal rule(const ClusterView& view, const command::EvictPod& c, Facts& facts) {
  if (!view.pod_alive(c.pod)) return pod_not_found(view, c.pod);
  if (view.pod_terminating(c.pod)) return granted();
  const auto evict = [&] { delete_pod(view, c.pod, event::DeletionReason::Evicted, std::nullopt, facts); };
  if (view.pod_phase(c.pod) != event::Phase::Running) {  // nothing serves that a budget could protect
    evict();
    return granted();
  }
  event::PdbId budget;
  for (std::size_t i = 0; i < view->pdbs.size(); ++i) {
    if (!covers(view, view->pdbs[i], c.pod)) continue;
    if (budget.valid())
      return Rejection{
          "InternalError",
          "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."};
    budget = event::PdbId(i);
  }
  if (!budget.valid()) {
    evict();
    return granted();
  }
  const state::PdbRow& pdb = view.pdb(budget);
  if (unhealthy_may_go(view, pdb, c.pod)) {
    evict();
    return granted();
  }
  if (pdb.observed_generation < pdb.header.generation)
    return Rejection{"TooManyRequests", fmt::format("Cannot evict pod as it would violate the pod's disruption budget. "
                                                    "The disruption budget {} is still being processed by the server.",
                                                    view.bare_name(Ref(budget)))};
  if (pdb.disruptions_allowed <= 0)
    return Rejection{"TooManyRequests",
                     fmt::format("Cannot evict pod as it would violate the pod's disruption budget. The disruption "
                                 "budget {} needs {} healthy pods and has {} currently",
                                 view.bare_name(Ref(budget)), pdb.desired_healthy, pdb.current_healthy)};
  facts.emplace_back(event::PdbDisruptionRecorded{budget, c.pod});
  evict();
  return granted();
}

Refusal rule(const ClusterView& view, const command::SetPodReady& c, Facts& facts) {
  if (!view.pod_alive(c.fact.pod)) return pod_not_found(view, c.fact.pod);
  if (view.pod_ready(c.fact.pod) != c.fact.ready) facts.emplace_back(c.fact);
  return granted();
}

Refusal rule(const ClusterView& view, const command::SetPodPhase& c, Facts& facts) {
  if (!view.pod_alive(c.fact.pod)) return pod_not_found(view, c.fact.pod);
  if (view.pod_phase(c.fact.pod) != c.fact.phase) facts.emplace_back(c.fact);
  return granted();
}

Refusal rule(const ClusterView& view, const command::BindPod& c, Facts& facts) {
  const PodId pod = c.fact.pod;
  if (!view.pod_alive(pod)) return pod_not_found(view, pod);
  if (view.pod_terminating(pod))
    return conflict(fmt::format("pod {} is being deleted, cannot be assigned to a host", view.pod_name(pod)));
  if (view.pod_node(pod).valid())
    return conflict(fmt::format("pod {} is already assigned to node \"{}\"", view.pod_name(pod),
                                view.bare_name(Ref(view.pod_node(pod)))));
  if (!view.alive(Ref(c.fact.node))) return not_found(view, Ref(c.fact.node));
  facts.emplace_back(c.fact);
  return granted();
}

Refusal rule(const ClusterView& view, const command::MarkUnschedulable& c, Facts& facts) {
  const PodId pod = c.fact.pod;
  if (!view.pod_alive(pod)) return pod_not_found(view, pod);
  const bool same = (view.pod_flags(pod) & state::kUnschedulable) != 0 &&
                    view.text(view->pods.message[pod.index()]) == c.fact.message;
  if (!same && !view.pod_node(pod).valid()) facts.emplace_back(c.fact);
  return granted();
}

Refusal rule(const ClusterView& view, const command::NominatePod& c, Facts& facts) {
  if (!view.pod_alive(c.fact.pod)) return pod_not_found(view, c.fact.pod);
  if (view->pods.nominated[c.fact.pod.index()] != c.fact.node) facts.emplace_back(c.fact);
  return granted();
}

}  // namespace wavetank::decide::detail
