// The pod garbage collector: which of too many ended pods go.
#include <catch2/catch.hpp>

#include "engine/control/controllers.h"
#include "tests/support/given.h"

using namespace wavetank;

TEST_CASE("Beyond the threshold evicted pods go first, then by the second of their making and their name") {
  support::Cluster c;
  c.add_node("n1");
  const auto ended = [&](const std::string& name, event::Phase phase) {
    c.add_pod(name, "app: x", "n1");
    c.fact(event::PodPhaseChanged{c.pod(name), phase, ""});
  };
  c.now = base::SimTime{} + base::milliseconds(10'700);
  ended("z", event::Phase::Succeeded);
  c.now = c.now + base::milliseconds(200);
  ended("b", event::Phase::Failed);
  c.now = c.now + base::seconds(5);
  ended("a", event::Phase::Succeeded);
  c.add_pod("evicted", "app: x", "n1");
  c.fact(event::PodFailed{c.pod("evicted"), "Evicted", "The node was low on resource: memory. "});
  c.add_pod("running", "app: x", "n1");
  control::Settings settings;
  const auto order = [&](std::int32_t threshold) {
    settings.terminated_pod_gc_threshold = threshold;
    const auto gc = control::make_pod_gc_controller(settings);
    control::Plan plan;
    plan.reset(1);
    gc->reconcile({model::Kind::Namespace, 0}, c.view(), plan);  // the key of ended pods
    std::string out;
    for (const auto& call : plan.calls())
      out += std::string(c.view().pod_name(std::get<command::DeletePod>(call.payload).pod)) + " ";
    return out;
  };
  CHECK(order(4).empty());
  CHECK(order(3) == "evicted ");
  CHECK(order(1) == "evicted b z ");
}
