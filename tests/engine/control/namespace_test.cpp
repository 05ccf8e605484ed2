// One sync of a namespace that is being deleted: pods first (KEP-5080), the rest when none is left.
#include <catch2/catch.hpp>

#include "engine/control/controllers.h"
#include "tests/engine/control/plan_text.h"
#include "tests/support/given.h"

using namespace wavetank;

TEST_CASE("A namespace's other objects wait until its last pod is gone") {
  support::Cluster c;
  c.add_node("n1");
  c.apply("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}");
  c.apply("{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {ports: [{port: 80}]}}");
  c.apply(
      "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: shop}, spec: {nodeName: n1, "
      "terminationGracePeriodSeconds: 20, containers: [{name: c, image: 'a:1'}]}}");
  const event::Ref shop = c.find(model::Kind::Namespace, "shop", "");
  c.wish(command::DeleteObject{shop, event::Propagation::Background, {}});
  const auto controller = control::make_namespace_controller();
  control::Plan plan;
  const auto kinds = [&] {
    plan.reset(1);
    controller->reconcile(shop, c.view(), plan);
    std::string out;
    for (const auto& call : plan.calls()) {
      out += std::holds_alternative<command::DeletePod>(call.payload)      ? "delete pod;"
             : std::holds_alternative<command::DeleteObject>(call.payload) ? "delete object;"
             : std::holds_alternative<command::RemoveObject>(call.payload) ? "remove namespace;"
                                                                           : "?;";
    }
    return out;
  };
  CHECK(kinds() == "delete pod;");
  CHECK(plan.requeue_at() == c.now + base::seconds(11));  // half of its grace period and a second
  for (const auto& call : plan.calls()) c.wish(call.payload);
  CHECK(kinds().empty());  // it terminates: the Service stays
  c.fact(event::PodRemoved{event::PodId(0U)});
  CHECK(kinds() == "delete object;");
  for (const auto& call : plan.calls()) c.wish(call.payload);
  CHECK(kinds() == "remove namespace;");
}
