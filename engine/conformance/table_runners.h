#pragma once
// The functions of tables.cpp's list, each playing one row. Owners of a controller add theirs in a file of their own
// (tables_<controller>.cpp) and a line in tables.cpp.

#include "engine/conformance/tables.h"

namespace wavetank::conformance::rows {

using model::Doc;

// tables_cron_job.cpp
void cronjob_history(const Doc& row, RowRecord& record);
void cronjob_next(const Doc& row, RowRecord& record);
void cronjob_run_or_not_v1(const Doc& row, RowRecord& record);
void cronjob_run_or_not_v2(const Doc& row, RowRecord& record);
void cronjob_status(const Doc& row, RowRecord& record);
void cronjob_unmet(const Doc& row, RowRecord& record);

// tables_deployment.cpp
void deploy_cleanup_history(const Doc& row, RowRecord& record);
void deploy_cleanup_unhealthy(const Doc& row, RowRecord& record);
void deploy_complete(const Doc& row, RowRecord& record);
void deploy_fenceposts(const Doc& row, RowRecord& record);
void deploy_max_unavailable(const Doc& row, RowRecord& record);
void deploy_new_rs_replicas(const Doc& row, RowRecord& record);
void deploy_new_rs_replicas_cases(const Doc& row, RowRecord& record);
void deploy_progress_condition(const Doc& row, RowRecord& record);
void deploy_progressing(const Doc& row, RowRecord& record);
void deploy_proportional_scale(const Doc& row, RowRecord& record);
void deploy_reconcile_new_rs(const Doc& row, RowRecord& record);
void deploy_reconcile_old_rs(const Doc& row, RowRecord& record);
void deploy_scale_down_old_rs(const Doc& row, RowRecord& record);

// tables_hpa.cpp
void hpa_controller(const Doc& row, RowRecord& record);
void hpa_convert_desired(const Doc& row, RowRecord& record);
void hpa_replica_calculator(const Doc& row, RowRecord& record);
void hpa_scaling_rules(const Doc& row, RowRecord& record);
void hpa_stabilize(const Doc& row, RowRecord& record);
void hpa_stabilize_behavior(const Doc& row, RowRecord& record);
void hpa_store_scale_events(const Doc& row, RowRecord& record);

// tables_job.cpp
void job_backoff_delay(const Doc& row, RowRecord& record);
void job_backoff_never(const Doc& row, RowRecord& record);
void job_backoff_onfailure(const Doc& row, RowRecord& record);
void job_backoff_reset(const Doc& row, RowRecord& record);
void job_past_deadline(const Doc& row, RowRecord& record);
void job_sync(const Doc& row, RowRecord& record);

// tables_sets.cpp
void pdb_status(const Doc& row, RowRecord& record);
void rs_delete_order(const Doc& row, RowRecord& record);
void rs_pods_to_delete(const Doc& row, RowRecord& record);
void rs_slow_start(const Doc& row, RowRecord& record);

}  // namespace wavetank::conformance::rows
