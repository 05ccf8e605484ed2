// Rows of the tables deploy-*: the arithmetic of rollouts, and whole syncs of the controller where the table is about
// one.
#include <algorithm>
#include <map>

#include "engine/conformance/table_cluster.h"
#include "engine/conformance/table_runners.h"
#include "engine/control/controllers.h"
#include "engine/control/rollout_math.h"

namespace wavetank::conformance::rows {
namespace {

std::int32_t number(const Doc* d) { return static_cast<std::int32_t>(cell_int(d)); }
const Doc* column(const Doc& row, std::size_t i) { return i < row.items.size() ? &row.items[i] : nullptr; }

model::IntOrPercent quantity(const Doc* d) {
  return {number(d), d != nullptr && !d->text.empty() && d->text.back() == '%'};
}

model::Deployment spec_of(const Doc* surge, const Doc* unavailable, const Doc* replicas,
                          std::string_view strategy = "") {
  model::Deployment spec;
  spec.recreate = strategy == "Recreate";
  spec.max_surge = quantity(surge);
  spec.max_unavailable = quantity(unavailable);
  spec.replicas = number(replicas);
  return spec;
}

control::StatusNumbers status_of(const Doc* d) {
  control::StatusNumbers s;
  if (d == nullptr) return s;
  s.replicas = number(d->find("replicas"));
  s.updated = number(d->find("updatedReplicas"));
  s.ready = number(d->find("readyReplicas"));
  s.available = number(d->find("availableReplicas"));
  return s;
}

control::SetCopy set_of(std::int32_t replicas, std::int32_t available) {
  control::SetCopy s;
  s.replicas = s.status_replicas = replicas;
  s.ready = s.available = available;
  return s;
}

const std::vector<Doc>& list(const Doc& row, const char* key) {
  static const std::vector<Doc> kNone;
  const Doc* d = row.find(key);
  return d == nullptr ? kNone : d->items;
}

}  // namespace

void deploy_fenceposts(const Doc& row, RowRecord& record) {
  const auto f =
      control::resolve_fenceposts(quantity(column(row, 0)), quantity(column(row, 1)), number(column(row, 2)));
  record.compare("surge", column(row, 3), std::int64_t{f.surge});
  record.compare("unavailable", column(row, 4), std::int64_t{f.unavailable});
}

void deploy_max_unavailable(const Doc& row, RowRecord& record) {
  const auto spec =
      spec_of(row.find("maxSurge"), row.find("maxUnavailable"), row.find("replicas"), cell_text(row.find("type")));
  record.compare("expect", row.find("expect"), std::int64_t{control::max_unavailable(spec)});
}

void deploy_new_rs_replicas(const Doc& row, RowRecord& record) {
  const auto spec = spec_of(column(row, 1), nullptr, column(row, 2), cell_text(column(row, 0)));
  const std::int32_t old = number(column(row, 3)), current = number(column(row, 4));
  record.compare("result", column(row, 5), std::int64_t{control::new_set_replicas(spec, old + current, current)});
}

void deploy_new_rs_replicas_cases(const Doc& row, RowRecord& record) {
  const auto spec =
      spec_of(row.find("maxSurge"), nullptr, row.find("depReplicas"), cell_text(row.find("strategyType")));
  const std::int32_t current = number(row.find("newRSReplicas"));
  record.compare("expected", row.find("expected"), std::int64_t{control::new_set_replicas(spec, current, current)});
}

void deploy_complete(const Doc& row, RowRecord& record) {
  record.compare("expect", row.find("expect"),
                 control::deployment_complete(number(row.find("spec_replicas")), 0, status_of(row.find("status"))));
}

void deploy_progressing(const Doc& row, RowRecord& record) {
  record.compare(
      "expect", row.find("expect"),
      control::deployment_progressing(status_of(row.find("status_before")), status_of(row.find("status_after"))));
}

void deploy_cleanup_unhealthy(const Doc& row, RowRecord& record) {
  const auto shrunk = control::clean_up_unhealthy(
      {set_of(number(row.find("oldReplicas")), number(row.find("readyPods")))}, number(row.find("maxCleanupCount")));
  record.compare("cleanupCountExpected", row.find("cleanupCountExpected"), std::int64_t{shrunk.removed});
}

void deploy_reconcile_new_rs(const Doc& row, RowRecord& record) {
  const auto spec = spec_of(row.find("maxSurge"), nullptr, row.find("deploymentReplicas"));
  const std::int32_t current = number(row.find("newReplicas"));
  const std::int32_t size = control::reconcile_new_size(spec, current + number(row.find("oldReplicas")), current);
  record.compare("scaleExpected", row.find("scaleExpected"), size != current);
  if (cell_bool(row.find("scaleExpected")))
    record.compare("expectedNewReplicas", row.find("expectedNewReplicas"), std::int64_t{size});
}

void deploy_reconcile_old_rs(const Doc& row, RowRecord& record) {
  const Doc no_surge = Doc::integer(0);
  const auto spec = spec_of(&no_surge, row.find("maxUnavailable"), row.find("deploymentReplicas"));
  const auto shrunk =
      control::reconcile_old(spec, set_of(number(row.find("newReplicas")), number(row.find("readyPodsFromNewRS"))),
                             {set_of(number(row.find("oldReplicas")), number(row.find("readyPodsFromOldRS")))});
  record.compare("scaleExpected", row.find("scaleExpected"), shrunk.removed > 0);
  if (cell_bool(row.find("scaleExpected")))
    record.compare("expectedOldReplicas", row.find("expectedOldReplicas"), std::int64_t{shrunk.old[0].replicas});
}

void deploy_scale_down_old_rs(const Doc& row, RowRecord& record) {
  const Doc no_surge = Doc::integer(0);
  const auto spec = spec_of(&no_surge, row.find("maxUnavailable"), row.find("deploymentReplicas"));
  const std::int32_t ready = number(row.find("readyPods"));
  const auto shrunk = control::scale_down_old(spec, {set_of(number(row.find("oldReplicas")), ready)}, ready);
  record.compare("scaleExpected", row.find("scaleExpected"), shrunk.removed > 0);
  if (cell_bool(row.find("scaleExpected")))
    record.compare("expectedOldReplicas", row.find("expectedOldReplicas"), std::int64_t{shrunk.old[0].replicas});
}

void deploy_progress_condition(const Doc& row, RowRecord& record) {
  control::ProgressFacts facts;
  facts.replicas = number(row.find("spec_replicas"));
  facts.before = status_of(row.find("status"));
  const auto add = [&](const Doc& set, bool fresh) {
    facts.after.replicas += number(set.find("replicas"));
    facts.after.available += number(set.find("available"));
    if (fresh) facts.after.updated = number(set.find("replicas"));
  };
  if (const Doc* fresh = row.find("new_rs"); fresh != nullptr && fresh->is_object()) add(*fresh, true);
  for (const Doc& old : list(row, "old_rs")) add(old, false);
  Doc condition;
  for (const Doc& c : list(row, "conditions_before")) {
    if (c.is_array() && c.items.size() >= 3 && c.items[0].text == "Progressing") condition = c;
  }
  facts.rolled_out_before = condition.is_array() && condition.items[2].text == "NewReplicaSetAvailable";
  facts.timed_out = condition.is_array() && condition.items[2].text == "ProgressDeadlineExceeded";
  const auto becomes = [&](const char* status, const char* reason) {
    condition = Doc::array();
    condition.items = {Doc::string("Progressing"), Doc::string(status), Doc::string(reason)};
  };
  switch (control::judge_progress(facts)) {
    case control::Progress::Keep:
      break;
    case control::Progress::Complete:
      becomes("True", "NewReplicaSetAvailable");
      break;
    case control::Progress::Progressing:
      becomes("True", "ReplicaSetUpdated");
      break;
    case control::Progress::TimedOut:
      becomes("False", "ProgressDeadlineExceeded");
      break;
  }
  record.compare("expect", row.find("expect"), condition);
}

// A paused Deployment of strategy Recreate: its sync scales nothing that has pods of several sets, and cleans up.
void deploy_cleanup_history(const Doc& row, RowRecord& record) {
  TableCluster cluster;
  const auto& old = list(row, "old_rs");
  const auto with_pods = std::count_if(old.begin(), old.end(), [](const Doc& s) { return number(s.find("spec")) > 0; });
  std::int32_t replicas = 0;
  for (const Doc& s : old) {
    if (with_pods == 1) replicas += number(s.find("spec"));
  }
  cluster.add_deployment(replicas);
  state::DeploymentRow& row_of = cluster.state.deployments[0];
  row_of.spec.recreate = row_of.spec.paused = true;
  row_of.spec.revision_history_limit = number(row.find("limit"));
  std::int64_t revision = 0;
  for (const Doc& s : old) {
    const std::int32_t size = number(s.find("spec"));
    cluster.fact(event::ReplicaSetCreated{event::DeploymentId(std::size_t{0}), std::string(cell_text(s.find("name"))),
                                          size, ++revision, replicas, replicas});
    state::ReplicaSetRow& set = cluster.state.replica_sets.back();
    set.status_replicas = number(s.find("status"));
    set.observed_generation = set.header.generation;
    if (cell_bool(s.find("deleting"))) set.header.deletion_seq = 1;
  }
  std::int64_t deleted = 0;
  for (const control::Plan::Call& call : cluster.sync_deployment().calls())
    deleted += std::holds_alternative<command::DeleteObject>(call.payload) ? 1 : 0;
  record.compare("expect_deletions", row.find("expect_deletions"), deleted);
}

void deploy_proportional_scale(const Doc& row, RowRecord& record) {
  const Doc* before = row.find("before");
  const Doc* after = row.find("after");
  const Doc* fresh = row.find("new_rs");
  if (before == nullptr || after == nullptr) return record.unreadable("before and after are needed");
  TableCluster cluster;
  cluster.add_deployment(number(after->find("replicas")));
  // The table has rows with neither surge nor unavailability, which validation does not let pass.
  state::DeploymentRow& deployment = cluster.state.deployments[0];
  deployment.spec.max_surge = quantity(after->find("maxSurge"));
  deployment.spec.max_unavailable = quantity(after->find("maxUnavailable"));
  const event::DeploymentId id(std::size_t{0});
  const std::int32_t desired = number(before->find("replicas"));
  const std::int32_t max = desired + number(before->find("maxSurge"));
  const Doc* annotated = row.find("desired_annotation_of");
  const std::vector<Doc>& old = list(row, "old_rs");
  std::int64_t revision = 0;
  const auto add = [&](const Doc& set, std::string hash) {
    const Doc* own = annotated == nullptr ? nullptr : annotated->find(cell_text(set.find("name")));
    const std::int32_t size = own == nullptr ? desired : number(own);
    cluster.now = cluster.now + base::minutes(60);  // as the rows' times say
    cluster.fact(event::ReplicaSetCreated{id, std::move(hash), number(set.find("replicas")), ++revision, size,
                                          own == nullptr ? max : size + max - desired});
    cluster.state.replica_sets.back().status_available = number(set.find("available"));
  };
  for (std::size_t i = old.size(); i-- > 0;) add(old[i], "old" + std::to_string(i));  // listed newest first
  if (fresh != nullptr && fresh->is_object()) add(*fresh, deployment.hash);
  std::map<std::uint32_t, std::int32_t> sizes;
  for (const control::Plan::Call& call : cluster.sync_deployment().calls()) {
    if (const auto* scale = std::get_if<command::ScaleReplicaSet>(&call.payload))
      sizes[scale->fact.replica_set.value] = scale->fact.replicas;
  }
  const auto size = [&](std::size_t set) -> std::int64_t {
    const auto at = sizes.find(static_cast<std::uint32_t>(set));
    return at == sizes.end() ? cluster.state.replica_sets[set].replicas : at->second;
  };
  if (fresh != nullptr && fresh->is_object()) record.compare("expect_new", row.find("expect_new"), size(old.size()));
  Doc olds = Doc::array();
  for (std::size_t i = 0; i < old.size(); ++i) olds.items.push_back(Doc::integer(size(old.size() - 1 - i)));
  if (!old.empty()) record.compare("expect_old", row.find("expect_old"), olds);
}

}  // namespace wavetank::conformance::rows
