// EndpointSlices carry their Service's labels and three of the controller's, so that they can be found by them.
#include <catch2/catch.hpp>

#include "tests/support/given.h"

using namespace wavetank;

TEST_CASE("an EndpointSlice has its Service's labels and says whose it is") {
  support::Cluster c;
  c.apply(
      "{apiVersion: v1, kind: Service, metadata: {name: web, labels: {team: shop}}, spec: {clusterIP: None, selector: "
      "{app: web}, ports: [{port: 80}]}}");
  c.wish(command::CreateEndpointSlice{{event::ServiceId(0U), "abcde"}, {}, {}});
  REQUIRE(c.state.endpoint_slices.size() == 1);
  const event::Ref slice(event::EndpointSliceId(0U));
  const model::Labels wanted = {{"endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io"},
                                {"kubernetes.io/service-name", "web"},
                                {"service.kubernetes.io/headless", ""},
                                {"team", "shop"}};
  CHECK(c.view().labels_of(slice) == wanted);
  CHECK(
      model::to_canonical_json(*c.view().to_doc(slice).at({"metadata", "labels"})) ==
      R"({"endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io","kubernetes.io/service-name":"web","service.kubernetes.io/headless":"","team":"shop"})");
}
