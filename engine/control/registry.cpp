#include "engine/control/registry.h"

#include "engine/control/controllers.h"

namespace wavetank::control {

std::vector<std::unique_ptr<Controller>> make_controllers(const Settings& settings) {
  std::vector<std::unique_ptr<Controller>> all;
  all.push_back(make_replica_set_controller(settings));
  all.push_back(make_deployment_controller());
  all.push_back(make_node_lifecycle_controller(settings));
  all.push_back(make_taint_eviction_controller(settings));
  all.push_back(make_disruption_controller(settings));
  all.push_back(make_endpoint_slice_controller(settings));
  all.push_back(make_service_load_balancer_controller(settings));
  all.push_back(make_ingress_controller(settings));
  all.push_back(make_pod_gc_controller(settings));
  all.push_back(make_garbage_collector());
  all.push_back(make_namespace_controller());
  all.push_back(make_persistent_volume_binder(settings));
  all.push_back(make_attach_detach_controller(settings));
  all.push_back(make_ephemeral_volume_controller());
  all.push_back(make_volume_expand_controller(settings));
  all.push_back(make_job_controller(settings));
  all.push_back(make_ttl_after_finished_controller());
  all.push_back(make_claim_protection_controller());
  all.push_back(make_volume_protection_controller());
  all.push_back(make_hpa_controller(settings));
  all.push_back(make_vpa_controller(settings));
  all.push_back(make_stateful_set_controller());
  all.push_back(make_daemon_set_controller());
  all.push_back(make_cron_job_controller());
  all.push_back(make_resource_quota_controller());
  return all;
}

}  // namespace wavetank::control
