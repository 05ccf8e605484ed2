#include "engine/conformance/table_cluster.h"

#include "engine/base/assert.h"

namespace wavetank::conformance {

TableCluster::TableCluster() {
  fact(event::RunStarted{"table", "table", 1, 1, 1'735'689'600});
  apply(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"default"}})");
}

void TableCluster::fact(event::Payload payload) {
  state::evolve(state, {state.last_seq + 1, now, 0, std::move(payload)});
}

void TableCluster::apply(const std::string& json) {
  decide::Facts facts;
  const auto refusal =
      decide::decide(view(), {0, command::ApplyObject{json, command::ApplyObject::Mode::Create}}, facts);
  WT_ASSERT(!refusal, "a row's objects are valid");
  for (event::Payload& payload : facts) fact(std::move(payload));
}

void TableCluster::add_deployment(std::int32_t replicas) {
  apply(R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","namespace":"default"},"spec":{)"
        R"("selector":{"matchLabels":{"app":"d"}},"template":{"metadata":{"labels":{"app":"d"}},)"
        R"("spec":{"containers":[{"name":"c","image":"ok:v1"}]}}}})");
  state.deployments[0].spec.replicas = replicas;
}

const control::Plan& TableCluster::sync_deployment() {
  plan_.reset(1);
  control::make_deployment_controller()->reconcile(event::DeploymentId(std::size_t{0}), view(), plan_);
  return plan_;
}

}  // namespace wavetank::conformance
