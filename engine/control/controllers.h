#pragma once
// One factory a controller; registry.cpp lists them.

#include <memory>

#include "engine/control/registry.h"

namespace wavetank::control {

std::unique_ptr<Controller> make_deployment_controller();
std::unique_ptr<Controller> make_replica_set_controller(const Settings& settings = {});
std::unique_ptr<Controller> make_stateful_set_controller();
std::unique_ptr<Controller> make_daemon_set_controller();
std::unique_ptr<Controller> make_node_lifecycle_controller(const Settings& settings);
std::unique_ptr<Controller> make_taint_eviction_controller(const Settings& settings);
std::unique_ptr<Controller> make_disruption_controller(const Settings& settings);
std::unique_ptr<Controller> make_endpoint_slice_controller(const Settings& settings);
std::unique_ptr<Controller> make_ingress_controller(const Settings& settings);
std::unique_ptr<Controller> make_service_load_balancer_controller(const Settings& settings);
std::unique_ptr<Controller> make_pod_gc_controller(const Settings& settings);
std::unique_ptr<Controller> make_garbage_collector();
std::unique_ptr<Controller> make_job_controller(const Settings& settings = {});
std::unique_ptr<Controller> make_ttl_after_finished_controller();
std::unique_ptr<Controller> make_cron_job_controller();
std::unique_ptr<Controller> make_resource_quota_controller();
std::unique_ptr<Controller> make_namespace_controller();
std::unique_ptr<Controller> make_hpa_controller(const Settings& settings);
std::unique_ptr<Controller> make_vpa_controller(const Settings& settings);
std::unique_ptr<Controller> make_persistent_volume_binder(const Settings& settings);
std::unique_ptr<Controller> make_attach_detach_controller(const Settings& settings);
std::unique_ptr<Controller> make_ephemeral_volume_controller();
std::unique_ptr<Controller> make_volume_expand_controller(const Settings& settings);
std::unique_ptr<Controller> make_claim_protection_controller();
std::unique_ptr<Controller> make_volume_protection_controller();

}  // namespace wavetank::control
