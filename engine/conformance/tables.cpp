#include "engine/conformance/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/conformance/table_runners.h"

namespace wavetank::conformance {
namespace {

using model::Doc;

/// Sorted by name.
constexpr TableRunner kRunners[] = {
    {"cronjob-history", rows::cronjob_history},
    {"cronjob-next", rows::cronjob_next},
    {"cronjob-run-or-not-v1", rows::cronjob_run_or_not_v1},
    {"cronjob-run-or-not-v2", rows::cronjob_run_or_not_v2},
    {"cronjob-status", rows::cronjob_status},
    {"cronjob-unmet", rows::cronjob_unmet},
    {"deploy-cleanup-history", rows::deploy_cleanup_history},
    {"deploy-cleanup-unhealthy", rows::deploy_cleanup_unhealthy},
    {"deploy-complete", rows::deploy_complete},
    {"deploy-fenceposts", rows::deploy_fenceposts},
    {"deploy-max-unavailable", rows::deploy_max_unavailable},
    {"deploy-new-rs-replicas", rows::deploy_new_rs_replicas},
    {"deploy-new-rs-replicas-cases", rows::deploy_new_rs_replicas_cases},
    {"deploy-progress-condition", rows::deploy_progress_condition},
    {"deploy-progressing", rows::deploy_progressing},
    {"deploy-proportional-scale", rows::deploy_proportional_scale},
    {"deploy-reconcile-new-rs", rows::deploy_reconcile_new_rs},
    {"deploy-reconcile-old-rs", rows::deploy_reconcile_old_rs},
    {"deploy-scale-down-old-rs", rows::deploy_scale_down_old_rs},
    {"hpa-controller", rows::hpa_controller},
    {"hpa-convert-desired", rows::hpa_convert_desired},
    {"hpa-replica-calculator", rows::hpa_replica_calculator},
    {"hpa-scaling-rules", rows::hpa_scaling_rules},
    {"hpa-stabilize", rows::hpa_stabilize},
    {"hpa-stabilize-behavior", rows::hpa_stabilize_behavior},
    {"hpa-store-scale-events", rows::hpa_store_scale_events},
    {"job-backoff-delay", rows::job_backoff_delay},
    {"job-backoff-never", rows::job_backoff_never},
    {"job-backoff-onfailure", rows::job_backoff_onfailure},
    {"job-backoff-reset", rows::job_backoff_reset},
    {"job-past-deadline", rows::job_past_deadline},
    {"job-sync", rows::job_sync},
    {"pdb-status", rows::pdb_status},
    {"rs-delete-order", rows::rs_delete_order},
    {"rs-pods-to-delete", rows::rs_pods_to_delete},
    {"rs-slow-start", rows::rs_slow_start},
};

const TableRunner* runner_of(std::string_view table) {
  const auto at = std::lower_bound(std::begin(kRunners), std::end(kRunners), table,
                                   [](const TableRunner& r, std::string_view name) { return r.table < name; });
  return at != std::end(kRunners) && at->table == table ? at : nullptr;
}

std::string text_of(const Doc& d) { return d.is_null() ? "(none)" : model::to_json(d); }

}  // namespace

void RowRecord::compare(std::string_view key, const Doc* expected, const Doc& got) {
  ++compared;
  const Doc nothing;
  const Doc& want = expected == nullptr ? nothing : *expected;
  if (!want.same_as(got)) differences.push_back({std::string(key), text_of(want), text_of(got)});
}
void RowRecord::compare(std::string_view key, const Doc* expected, std::int64_t got) {
  compare(key, expected, Doc::integer(got));
}
void RowRecord::compare(std::string_view key, const Doc* expected, bool got) {
  compare(key, expected, Doc::boolean(got));
}
void RowRecord::compare(std::string_view key, const Doc* expected, std::string_view got) {
  compare(key, expected, Doc::string(got));
}
void RowRecord::changed(std::string_view rule) { changes.emplace_back(rule); }

std::int64_t cell_int(const Doc* d) {
  std::int64_t n = 0;
  if (d != nullptr && !d->is_null()) std::from_chars(d->text.data(), d->text.data() + d->text.size(), n);
  return n;
}
bool cell_bool(const Doc* d) { return d != nullptr && d->type == Doc::Type::Bool && d->text == "true"; }
std::string_view cell_text(const Doc* d) {
  return d == nullptr || d->is_null() ? std::string_view() : std::string_view(d->text);
}

base::Result<ControllerOutcome> run_table(const ControllerCase& c) {
  ControllerOutcome out;
  const TableRunner* runner = runner_of(c.name);
  if (runner == nullptr) {
    out.parts = 1;
    out.differences.push_back({c.name, "table", "", "a table that is played", "not played: no runner for this table"});
    return out;
  }
  base::Diagnostics problems;
  const std::vector<Doc>& rows = c.doc.find("rows")->items;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    RowRecord record;
    runner->row(rows[i], record);
    if (!record.problem().empty()) {
      problems.push_back({c.file, {c.line > 0 ? c.line : rows[i].position.line, 0}, record.problem()});
      continue;
    }
    const std::string_view name = rows[i].is_object() ? rows[i].string_or("name") : "";
    const std::string step = fmt::format("row {}{}", i + 1, name.empty() ? "" : fmt::format(" ({})", name));
    for (RowRecord::Item& d : record.differences)
      out.differences.push_back({c.name, step, std::move(d.key), std::move(d.expected), std::move(d.got)});
    for (std::string& rule : record.changes) {
      const auto known =
          std::find_if(out.changes.begin(), out.changes.end(), [&](const auto& x) { return x.rule == rule; });
      if (known != out.changes.end()) {
        ++known->times;
      } else {
        out.changes.push_back({std::move(rule), step, 1});
      }
    }
    out.compared += record.compared;
    ++out.parts;
    out.parts_matched += record.differences.empty() ? 1 : 0;
  }
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  return out;
}

}  // namespace wavetank::conformance
