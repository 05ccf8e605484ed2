#include "engine/schedule/explain.h"

#include <algorithm>

#include "engine/schedule/evaluator.h"
#include "engine/schedule/fit_error.h"

namespace wavetank::schedule {
namespace {

void take_scores(const Attempt& a, Explanation& out) {
  for (const ScoreColumn& column : a.columns) {
    out.score_plugins.emplace_back(column.plugin->plugin_name);
    out.weights.push_back(column.weight);
  }
  for (const Plugin* p : a.skipped) out.skipped.emplace_back(p->plugin_name);
  out.best = a.ties;
}

}  // namespace

Explanation explain(PodId pod, const ClusterView& view, const std::vector<Profile>& profiles) {
  const std::vector<Profile> served = profiles.empty() ? std::vector<Profile>{default_profile()} : profiles;
  const std::string& name = view.pod_spec(pod).spec.scheduler_name;
  const auto profile =
      std::find_if(served.begin(), served.end(), [&](const Profile& p) { return p.scheduler_name == name; });
  if (profile == served.end()) {
    Explanation out;
    out.unserved = name;
    return out;
  }
  Cache cache;
  Nominations nominations;
  Evaluator evaluator(*profile, cache, nominations);
  cache.load(view, pod);
  const std::size_t i = pod.index();
  const Attempt& a =
      evaluator.run({pod, view->pods.tmpl[i], view->pods.owner[i], view->pods.priority[i], 100, true}, view);
  Explanation out;
  take_scores(a, out);
  std::vector<NodeVerdict> by_node(view->nodes.size());
  for (const NodeId n : a.failed) {
    const Verdict v = evaluator.verdict(n);
    by_node[n.index()].plugin = evaluator.filter_plugin(v).plugin_name;
    by_node[n.index()].unresolvable = v.unresolvable != 0;
    by_node[n.index()].reasons = evaluator.reasons(v);
  }
  for (std::size_t j = 0; j < a.feasible.size(); ++j) {
    NodeVerdict& v = by_node[a.feasible[j].index()];
    v.feasible = true;
    for (const ScoreColumn& column : a.columns) {
      v.raw.push_back(column.raw[j]);
      v.normalized.push_back(column.normalized[j]);
    }
    if (!a.totals.empty()) v.total = a.totals[j];
  }
  for (const NodeId n : cache.order()) {
    NodeVerdict& v = by_node[n.index()];
    v.node = n;
    if (!v.feasible && v.reasons.empty()) {
      v.unresolvable = true;
      v.plugin = a.pre_filter_plugin != nullptr ? a.pre_filter_plugin->plugin_name
                 : a.narrowed_by.empty()        ? ""
                                                : a.narrowed_by.front()->plugin_name;
      v.reasons = {a.pre_filter != PreFilterStatus::Code::Success ? a.pre_filter_message : absent_reason(a)};
    }
    out.nodes.push_back(std::move(v));
  }
  std::sort(out.nodes.begin(), out.nodes.end(), [&](const NodeVerdict& x, const NodeVerdict& y) {
    return view.text(view.node(x.node).header.name) < view.text(view.node(y.node).header.name);
  });
  if (a.feasible.empty()) out.fit_error = fit_error(evaluator, cache.order().size());
  return out;
}

}  // namespace wavetank::schedule
