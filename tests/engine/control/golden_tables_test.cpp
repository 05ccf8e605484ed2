// Rows computed by the real functions of Kubernetes' controllers.
#include <catch2/catch.hpp>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <sstream>

#include "engine/control/controllers.h"
#include "engine/control/pdb_math.h"
#include "engine/control/rollout_math.h"
#include "engine/control/victims.h"
#include "tests/support/given.h"

using namespace wavetank;
using model::Doc;

namespace {

Doc table(const std::string& name) {
  std::ifstream in("tests/golden/controllers/tables/" + name + ".json");
  std::stringstream text;
  text << in.rdbuf();
  auto doc = model::parse_json(text.str(), name);
  REQUIRE(doc.has_value());
  REQUIRE(!doc->find("rows")->items.empty());
  return *doc->find("rows");
}

std::int32_t number(const Doc* d) {
  std::int32_t n = 0;
  if (d != nullptr) std::from_chars(d->text.data(), d->text.data() + d->text.size(), n);
  return n;
}
model::IntOrPercent quantity(const Doc* d) {
  if (d == nullptr) return {};
  return {number(d), !d->text.empty() && d->text.back() == '%'};
}

model::Deployment spec_of(bool recreate, const Doc* surge, const Doc* unavailable, const Doc* replicas) {
  model::Deployment spec;
  spec.recreate = recreate;
  spec.max_surge = quantity(surge);
  spec.max_unavailable = quantity(unavailable);
  spec.replicas = number(replicas);
  return spec;
}

control::StatusNumbers status_of(const Doc& d) {
  control::StatusNumbers s;
  s.replicas = number(d.find("replicas"));
  s.updated = number(d.find("updatedReplicas"));
  s.ready = number(d.find("readyReplicas"));
  s.available = number(d.find("availableReplicas"));
  return s;
}

}  // namespace

TEST_CASE("Table: maxSurge and maxUnavailable against replicas") {
  for (const Doc& row : table("deploy-fenceposts").items) {
    INFO(model::to_json(row));
    const auto f = control::resolve_fenceposts(quantity(&row.items[0]), quantity(&row.items[1]), number(&row.items[2]));
    CHECK(f.surge == number(&row.items[3]));
    CHECK(f.unavailable == number(&row.items[4]));
  }
  for (const Doc& row : table("deploy-max-unavailable").items) {
    INFO(model::to_json(row));
    CHECK(control::max_unavailable(spec_of(row.string_or("type") == "Recreate", row.find("maxSurge"),
                                           row.find("maxUnavailable"), row.find("replicas"))) ==
          number(row.find("expect")));
  }
}

TEST_CASE("Table: what the new ReplicaSet gets in one sync") {
  for (const Doc& row : table("deploy-new-rs-replicas").items) {
    INFO(model::to_json(row));
    const auto spec = spec_of(row.items[0].text == "Recreate", &row.items[1], nullptr, &row.items[2]);
    const std::int32_t old = number(&row.items[3]), current = number(&row.items[4]);
    CHECK(control::new_set_replicas(spec, old + current, current) == number(&row.items[5]));
  }
}

TEST_CASE("Table: when a rollout is complete, and what counts as progress") {
  for (const Doc& row : table("deploy-complete").items) {
    INFO(model::to_json(row));
    CHECK(control::deployment_complete(number(row.find("spec_replicas")), 0, status_of(*row.find("status"))) ==
          (row.find("expect")->text == "true"));
  }
  for (const Doc& row : table("deploy-progressing").items) {
    INFO(model::to_json(row));
    CHECK(
        control::deployment_progressing(status_of(*row.find("status_before")), status_of(*row.find("status_after"))) ==
        (row.find("expect")->text == "true"));
  }
}

TEST_CASE("Table: scaling while several ReplicaSets are alive") {
  for (const Doc& row : table("deploy-proportional-scale").items) {
    INFO(model::to_json(row));
    const Doc& before = *row.find("before");
    const Doc& after = *row.find("after");
    support::Cluster cluster;
    cluster.apply("{apiVersion: apps/v1, kind: Deployment, metadata: {name: foo}, spec: {replicas: " +
                  after.find("replicas")->text + ", strategy: {rollingUpdate: {maxSurge: " +
                  std::to_string(std::max(1, number(after.find("maxSurge")))) +
                  ", maxUnavailable: 0}}, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, "
                  "spec: {containers: [{name: c, image: 'i:1'}]}}}}");
    const event::DeploymentId id(std::size_t{0});
    // The table has rows with neither surge nor unavailability, which validation does not let pass.
    cluster.state.deployments[0].spec.max_surge = {number(after.find("maxSurge")), false};
    cluster.state.deployments[0].spec.max_unavailable = {number(after.find("maxUnavailable")), false};
    const std::int32_t desired = number(before.find("replicas"));
    const std::int32_t max = desired + number(before.find("maxSurge"));
    std::vector<Doc> old;
    if (const Doc* sets = row.find("old_rs"); sets != nullptr) old = sets->items;
    std::int64_t revision = 0;
    for (std::size_t i = old.size(); i-- > 0;) {  // listed newest first
      ++revision;
      cluster.fact(event::ReplicaSetCreated{id, "old" + std::to_string(i), number(old[i].find("replicas")), revision,
                                            desired, max});
    }
    cluster.fact(event::ReplicaSetCreated{id, cluster.state.deployments[0].hash,
                                          number(row.find("new_rs")->find("replicas")), revision + 1, desired, max});
    control::Plan plan;
    plan.reset(1);
    control::make_deployment_controller()->reconcile(id, cluster.view(), plan);
    std::map<std::uint32_t, std::int32_t> sizes;
    for (const auto& call : plan.calls()) {
      if (const auto* scale = std::get_if<command::ScaleReplicaSet>(&call.payload)) {
        sizes[scale->fact.replica_set.value] = scale->fact.replicas;
      }
    }
    const auto size = [&](std::size_t set) {
      const auto at = sizes.find(static_cast<std::uint32_t>(set));
      return at == sizes.end() ? cluster.state.replica_sets[set].replicas : at->second;
    };
    CHECK(size(old.size()) == number(row.find("expect_new")));
    for (std::size_t i = 0; i < old.size(); ++i)
      CHECK(size(old.size() - 1 - i) == number(&row.find("expect_old")->items[i]));
  }
}

TEST_CASE("Table: the status of disruption budgets") {
  for (const Doc& row : table("pdb-status").items) {
    INFO(model::to_json(row));
    model::PodDisruptionBudget spec;
    (row.items[0].text == "minAvailable" ? spec.min_available : spec.max_unavailable) = quantity(&row.items[1]);
    // Controllers are found through the pods: without one there is no scale.
    const std::int32_t pods = number(&row.items[3]);
    const auto n = control::pdb_numbers(spec, {pods == 0 ? 0 : number(&row.items[2]), pods, number(&row.items[4])});
    CHECK(n.expected_pods == number(&row.items[5]));
    CHECK(n.desired_healthy == number(&row.items[6]));
    CHECK(n.current_healthy == number(&row.items[7]));
    CHECK(n.disruptions_allowed == number(&row.items[8]));
  }
}

TEST_CASE("Table: which pods of a set go first") {
  // Up to the rank 1.20 and 1.34 agree; then 1.34 compares ages by powers of two, so only the pairs decided before are
  // compared.
  constexpr base::SimTime kNow{base::seconds(100'000).ns};
  std::size_t pairs = 0;
  for (const Doc& row : table("rs-delete-order").items) {
    INFO(model::to_json(row));
    std::vector<control::Candidate> pods;
    std::vector<std::string> names;
    for (const Doc& p : row.find("pods")->items) {
      control::Candidate c;
      c.pod = event::PodId(pods.size());
      c.assigned = p.bool_or("node", false);
      c.running = p.string_or("phase") == "Running";
      c.ready = p.bool_or("ready", false);
      c.rank = number(p.find("rank"));
      c.ready_s = c.ready ? kNow.ns / 1'000'000'000 - number(p.find("ready_for_s")) : 0;
      c.created_s = kNow.ns / 1'000'000'000 - number(p.find("age_s"));
      c.restarts = static_cast<std::uint32_t>(number(p.find("restarts")));
      c.uid = c.pod.value;
      if (p.string_or("phase") != "Unknown") pods.push_back(c);  // Kubernetes has not written that phase since 1.5
      names.emplace_back(p.string_or("name"));
    }
    if (pods.size() != names.size()) continue;
    std::vector<control::Candidate> ours = pods;
    control::order_victims(ours, kNow);
    const auto place = [&](const std::string& name) {
      const auto index = static_cast<std::uint32_t>(std::find(names.begin(), names.end(), name) - names.begin());
      return std::find_if(ours.begin(), ours.end(), [&](const auto& c) { return c.pod.value == index; }) - ours.begin();
    };
    const auto& order = row.find("order")->items;
    for (std::size_t i = 0; i + 1 < order.size(); ++i) {
      const auto a = place(order[i].text), b = place(order[i + 1].text);
      const control::Candidate& x = ours[static_cast<std::size_t>(a)];
      const control::Candidate& y = ours[static_cast<std::size_t>(b)];
      if (x.assigned == y.assigned && x.running == y.running && x.ready == y.ready && x.rank == y.rank) continue;
      CHECK(a < b);
      ++pairs;
    }
  }
  CHECK(pairs > 30);
}

TEST_CASE("Deletion cost is read as Kubernetes reads it") {
  struct Row {
    const char* text;
    std::int32_t cost;
  };
  for (const Row& r : {Row{"0", 0}, Row{"-100", -100}, Row{"2147483647", 2147483647}, Row{"2147483648", 0},
                       Row{"+1", 0}, Row{"01", 0}, Row{"", 0}, Row{"-", 0}, Row{"1.5", 0}, Row{"12a", 0}}) {
    INFO(r.text);
    CHECK(control::parse_deletion_cost(r.text) == r.cost);
  }
}
