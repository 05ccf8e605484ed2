#include "engine/schedule/explain.h"

#include <algorithm>

#include "engine/schedule/fit_error.h"

namespace wavetank::schedule {
namespace {

constexpr const char* kNoVictims = "No preemption victims found for incoming pod";

std::string node_name(NodeId n, const ClusterView& view) { return std::string(view.text(view.node(n).header.name)); }
std::string pod_key(PodId p, const ClusterView& view) {
  return std::string(view.text(view.pod_ns(p))) + "/" + std::string(view.pod_name(p));
}

std::vector<std::string> names(const std::vector<const Plugin*>& plugins) {
  std::vector<std::string> out;
  for (const Plugin* p : plugins) out.emplace_back(p->plugin_name);
  return out;
}

void take_pre_filter(const Attempt& a, Explanation& out) {
  using Code = PreFilterStatus::Code;
  out.pre_filter_code = a.pre_filter == Code::Unschedulable  ? "Unschedulable"
                        : a.pre_filter == Code::Unresolvable ? "UnschedulableAndUnresolvable"
                                                             : "Success";
  if (a.pre_filter_plugin != nullptr) out.pre_filter_plugin = a.pre_filter_plugin->plugin_name;
  out.pre_filter_message = a.pre_filter_message;
  out.pre_filter_ran = names(a.pre_filter_ran);
  out.narrowed_by = names(a.narrowed_by);
  out.narrowed_to = a.narrowed_to;
  out.nominated_node_used = a.nominated_node_used;
}

void take_scores(const Attempt& a, Explanation& out) {
  for (const ScoreColumn& column : a.columns) {
    out.score_plugins.emplace_back(column.plugin->plugin_name);
    out.weights.push_back(column.weight);
  }
  out.skipped = names(a.skipped);
  out.best = a.ties;
}

/// What is said of nodes that were not looked at.
void leave_out(const Attempt& a, NodeVerdict& v) {
  v.unresolvable = a.pre_filter != PreFilterStatus::Code::Unschedulable;
  v.plugin = a.pre_filter_plugin != nullptr ? a.pre_filter_plugin->plugin_name
             : a.narrowed_by.empty()        ? ""
                                            : a.narrowed_by.front()->plugin_name;
  if (a.pre_filter != PreFilterStatus::Code::Success) {
    v.reasons = {a.pre_filter_message};
  } else if (a.narrowed) {
    v.reasons = {absent_reason(a)};
  } else if (a.nominated_node_used) {
    v.unresolvable = false;
    v.reasons = {"the pod's nominated node fits"};
  }
}

void take_nodes(const Evaluator& evaluator, Cache& cache, const ClusterView& view, Explanation& out) {
  const Attempt& a = evaluator.attempt();
  std::vector<NodeVerdict> by_node(view->nodes.size());
  for (const NodeId n : a.failed) {
    const Verdict v = evaluator.verdict(n);
    NodeVerdict& to = by_node[n.index()];
    to.evaluated = true;
    to.plugin = evaluator.filter_plugin(v).plugin_name;
    to.unresolvable = v.unresolvable != 0;
    to.reasons = evaluator.reasons(v);
  }
  for (std::size_t j = 0; j < a.feasible.size(); ++j) {
    NodeVerdict& v = by_node[a.feasible[j].index()];
    v.feasible = v.evaluated = true;
    if (a.totals.empty()) continue;
    for (const ScoreColumn& column : a.columns) {
      v.raw.push_back(column.raw[j]);
      v.normalized.push_back(column.normalized[j]);
    }
    v.total = a.totals[j];
  }
  for (const NodeId n : cache.order()) {
    NodeVerdict& v = by_node[n.index()];
    v.node = n;
    v.name = node_name(n, view);
    v.zone = view.text(view.node(n).zone);
    if (!v.evaluated) leave_out(a, v);
    out.nodes.push_back(std::move(v));
  }
  std::sort(out.nodes.begin(), out.nodes.end(),
            [](const NodeVerdict& x, const NodeVerdict& y) { return x.name < y.name; });
}

PreemptionStory story_of(const Evaluator& evaluator, const Preemption& found, const ClusterView& view) {
  PreemptionStory out;
  out.code = found.error ? "Error" : (found.candidates.empty() ? "Unschedulable" : "Success");
  out.message = found.message;
  out.clears_nomination = found.clears_nomination;
  for (std::size_t i = 0; i < found.candidates.size(); ++i) {
    const Candidate& c = found.candidates[i];
    PreemptionStory::Option option{c.node, node_name(c.node, view), {}, c.pdb_violations, false};
    for (const PodId p : c.victims) option.victims.push_back(pod_key(p, view));
    option.best = std::find(found.ties.begin(), found.ties.end(), i) != found.ties.end();
    out.candidates.push_back(std::move(option));
  }
  for (const auto& [node, v] : found.rejected)
    out.rejected.push_back({node_name(node, view), std::string(evaluator.filter_plugin(v).plugin_name),
                            v.unresolvable != 0, evaluator.reasons(v)});
  for (const NodeId n : found.without_victims) out.rejected.push_back({node_name(n, view), "", true, {kNoVictims}});
  const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
  std::sort(out.candidates.begin(), out.candidates.end(), by_name);
  std::sort(out.rejected.begin(), out.rejected.end(), by_name);
  return out;
}

void load_nominations(const ClusterView& view, Nominations& nominations) {
  for (std::size_t i = 0; i < view->pods.size(); ++i) {
    const PodId p(i);
    const NodeId node = view->pods.nominated[i];
    if (!node.valid() || !view.pod_alive(p) || view.pod_node(p).valid()) continue;
    nominations.set({p, node, view->pods.tmpl[i], view->pods.priority[i]});
  }
}

}  // namespace

Explanation explain_attempt(PodId pod, const Evaluator& evaluator, Cache& cache, const Preemption* preemption,
                            const ClusterView& view) {
  Explanation out;
  out.pod = pod_key(pod, view);
  const Attempt& a = evaluator.attempt();
  take_pre_filter(a, out);
  take_scores(a, out);
  take_nodes(evaluator, cache, view, out);
  if (!a.feasible.empty()) return out;
  out.message = out.fit_error = fit_error(evaluator, cache.order().size());
  if (preemption == nullptr) return out;
  out.preemption = story_of(evaluator, *preemption, view);
  if (!preemption->message.empty()) out.message += " " + preemption->message;
  return out;
}

Explanation explain(PodId pod, const ClusterView& view, const std::vector<Profile>& profiles) {
  const std::vector<Profile> served = profiles.empty() ? std::vector<Profile>{default_profile()} : profiles;
  const model::PodSpec& spec = view.pod_spec(pod).spec;
  const auto profile = std::find_if(served.begin(), served.end(),
                                    [&](const Profile& p) { return p.scheduler_name == spec.scheduler_name; });
  Explanation out;
  out.pod = pod_key(pod, view);
  if (profile == served.end()) {
    out.unserved = spec.scheduler_name;
    return out;
  }
  Cache cache;
  Nominations nominations;
  Evaluator evaluator(*profile, cache, nominations);
  cache.load(view, pod);
  load_nominations(view, nominations);
  if (std::string gate = evaluator.pre_enqueue(spec); !gate.empty()) {
    out.gate = std::move(gate);
    return out;
  }
  if (cache.order().empty()) {
    out.message = out.fit_error = fit_error(evaluator, 0);
    return out;
  }
  const std::size_t i = pod.index();
  const Evaluator::Request request{pod, view->pods.tmpl[i], view->pods.owner[i], view->pods.priority[i], 100, true};
  evaluator.run(request, view);
  const bool preempts = evaluator.attempt().feasible.empty() && !profile->post_filter.empty();
  if (preempts) {
    Preempter preempter(evaluator, cache, nominations);
    const Preemption& found = preempter.run({request, 0, true}, view);
    out = explain_attempt(pod, evaluator, cache, &found, view);
  } else {
    out = explain_attempt(pod, evaluator, cache, nullptr, view);
  }
  const NodeId nominated = nominations.node_of(pod);
  if (nominated.valid()) out.nominated_node = node_name(nominated, view);
  return out;
}

}  // namespace wavetank::schedule
