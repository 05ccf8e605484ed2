// The grammar of expressions: what is one, and what is said about what is not.
#include <catch2/catch.hpp>

#include "sim/scenario/expression.h"

using namespace wavetank;
using namespace wavetank::scenario;

TEST_CASE("these are expressions") {
  const char* rows[] = {
      "deployment/web availableReplicas >= 3",
      "deploy/web replicas==3",
      "deployment/shop/web availableReplicas == deployment/shop/web replicas",
      "deployment/web complete",
      "deployment/web progressing == False",
      "deployment/web image == shop/web:1.0",
      "deployment/web image == 'registry:5000/shop/web@sha256:abc'",
      "pods(app=web) ready == 3",
      "pods(app in (web, api), tier!=db, !old) ready > 0",
      "pods(namespace=kube-system) count == 0",
      "pods pending == 0",
      "service/frontend endpoints >= 1",
      "node/n1 ready == false",
      "not node/n1 ready",
      "node/n1 exists",
      "pod/x phase == Running",
      "event PodUnschedulable count > 0",
      "event PodDeletionStarted(reason=Evicted, app=web) count == 0",
      "pods pending == 0 and (nodes ready == 3 or nodes notReady == 1)",
      "pods(app=web) ready == deployment/web replicas",
      "nodes(zone=a) used == 3 and nodes empty <= 2",
      "pvc/data phase == Bound and not pvc/data terminating",
      "pv/disk claim == default/data and pv/disk attachedTo == node-1",
      "claims(namespace=shop) bound == 2 and volumes attached == 2",
      "node/n1 memoryPressure and node/n1 volumesInUse == 1",
      "pod/x reason == Evicted and pod/x qosClass == BestEffort",
      "route http://shop.example/cart?x=1 answers",
      "not (route http://web.default.svc.cluster.local:8080/ answers)",
      "route http://db-0.db:5432/ from pod/client pod == db-0",
      "route http://web/ from pod/shop/client client 203.0.113.7 moves == 0 and pods pending == 0",
      "route http://n1:30080/ outcome == TimedOut or route http://n1:30080/ status == 503",
      "route http://shop.example/ owner == deployment/web",
  };
  for (const char* text : rows) {
    CAPTURE(text);
    std::vector<ExpressionProblem> problems;
    const Expression e = parse_expression(text, problems);
    for (const ExpressionProblem& p : problems) FAIL_CHECK(p.offset << ": " << p.message);
    CHECK(e.text() == text);
    CHECK(e.changed_by() != 0);
  }
}

TEST_CASE("these are not") {
  struct Row {
    const char* text;
    std::size_t offset;
    const char* message;
  };
  const Row rows[] = {
      {"", 0, "expected an object such as deployment/web, a set such as pods(app=web), or event; found the end"},
      {"deployment/web", 14,
       "expected a field of deployment (replicas, statusReplicas, readyReplicas, availableReplicas, updatedReplicas, "
       "unavailableReplicas, "
       "revision, paused, complete, available, progressing, progressingReason, image, exists), found the end"},
      {"deployment/web replcas == 3", 15, R"(deployment has no field "replcas"; did you mean "replicas"?)"},
      {"deplyment/web replicas == 3", 0,
       R"(nothing can be asked about the kind "deplyment"; did you mean "deployment"?)"},
      {"configmap/web replicas == 3", 0,
       R"(nothing can be asked about the kind "configmap"; known are cronjob, daemonset, deployment, horizontalpodautoscaler, job, namespace, node, persistentvolume, persistentvolumeclaim, pod, poddisruptionbudget, replicaset, resourcequota, service, statefulset, verticalpodautoscaler)"},
      {"podz ready == 3", 0, R"("podz" is neither a set of objects nor kind/name; did you mean "pods"?)"},
      {"pods raedy == 3", 5, R"(pods has no field "raedy"; did you mean "ready"?)"},
      {"pods(app=web ready == 3", 4, "the parenthesis of the selector is not closed"},
      {"pods ready", 10, R"(expected one of == != < <= > >= after "pods ready", which is a number; found the end)"},
      {"pods ready = 3", 11, R"("=" is not an operator here; did you mean "=="?)"},
      {"pods ready ==", 13, "expected a number, a word or a quantity, found the end"},
      {"pods ready == true", 14, R"("pods ready" is a number, so it cannot be compared with true)"},
      {"pod/x phase == Runing", 15, R"(pod/x phase is never "Runing"; did you mean "Running"?)"},
      {"pod/x phase > Running", 0, R"("pod/x phase" is a word: only == and != apply)"},
      {"pods ready == 3 nodes ready == 3", 16, R"(expected the end, "and" or "or", found "nodes")"},
      {"(pods ready == 3", 16, "expected \")\", found the end"},
      {"event PodUnschedulabel count > 0", 6,
       R"(there is no kind of event "PodUnschedulabel"; did you mean "PodUnschedulable"?)"},
      {"event PodBound > 0", 15, R"(expected "count" after the kind of event, found ">")"},
      {"route", 5, "expected a URL after \"route\", such as http://web.default.svc.cluster.local/"},
      {"route web answers", 6, "\"web\" is not a URL we can ask: write http://HOST[:PORT]/PATH"},
      {"route http://w/ answer", 16, R"(route has no field "answer"; did you mean "answers"?)"},
      {"route http://w/ from node/n1 answers", 21, R"(expected pod/NAME after "from", found "node/n1")"},
      {"route http://w/ client me answers", 23, R"(expected an IPv4 address after "client", found "me")"},
      {"route http://w/ outcome == Refuse", 27,
       R"(route http://w/ outcome is never "Refuse"; did you mean "Refused"?)"},
      {"route http://w/ candidates == many", 30,
       R"("route http://w/ candidates" is a number, so it cannot be compared with many)"},
      {"node/default/n1 ready", 0, "Node has no namespace: write node/n1"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    std::vector<ExpressionProblem> problems;
    parse_expression(row.text, problems);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].offset == row.offset);
    CHECK(problems[0].message == row.message);
  }
}

TEST_CASE("a thousand parentheses are too many") {
  std::vector<ExpressionProblem> problems;
  parse_expression(std::string(1000, '(') + "pods ready == 1" + std::string(1000, ')'), problems);
  REQUIRE(!problems.empty());
  CHECK(problems[0].message == "more than 50 levels of parentheses");
}
