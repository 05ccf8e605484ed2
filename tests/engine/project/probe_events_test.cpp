// Events of failed probes, of pulls and of preemption as kubectl shows them, from facts at seconds of a pod's life.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "engine/project/kube_events.h"
#include "tests/support/given.h"

using namespace wavetank;
using namespace wavetank::project;
using event::ExitReason;
using event::ReadyReason;

namespace {

constexpr event::PodId kPod(0U);

base::SimTime at(double s) { return {static_cast<std::int64_t>(s * 1e9)}; }

/// Pod p on node n1, bound at 0 s.
struct Told {
  support::Cluster c;
  EventLedger ledger;

  explicit Told(const std::string& container) {
    c.add_node("n1");
    c.apply("{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: 'a:1', " +
            container + "}]}}");
    c.fact(event::PodBound{kPod, c.node("n1")});
  }
  Told& tell(double s, event::Payload payload, base::Seq cause = 0) {
    c.now = at(s);
    const event::Event event{c.state.last_seq + 1, c.now, cause, std::move(payload)};
    const Before was = before(event, c.view());
    state::evolve(c.state, event);
    ledger.add(event, was, c.view());
    return *this;
  }
  /// "3 from 20s to 30s: Readiness probe failed: …", a line for each message with this reason.
  [[nodiscard]] std::string said(double s, const char* reason = "Unhealthy") const {
    std::string out;
    for (const EventLedger::Entry& e : ledger.at(at(s))) {
      if (e.event.reason != reason) continue;
      if (!out.empty()) out += "\n";
      out += fmt::format("{} from {:g}s to {:g}s: {}", e.count, static_cast<double>(e.first.ns) / 1e9,
                         static_cast<double>(e.last.ns) / 1e9, e.event.message);
    }
    return out;
  }
  /// The reasons in the order shown.
  [[nodiscard]] std::string order(double s) const {
    std::string out;
    for (const EventLedger::Entry& e : ledger.at(at(s))) out += (out.empty() ? "" : " ") + e.event.reason;
    return out;
  }
};

event::ContainerStarted started() { return {kPod, 0}; }
event::PodReadyChanged ready(bool yes) {
  return {kPod, yes, yes ? ReadyReason::None : ReadyReason::ContainersNotReady};
}

const char* kReadiness = "readinessProbe: {httpGet: {port: 80, path: /ok}, periodSeconds: 5, initialDelaySeconds: 10}";
const char* kRefused =
    "Readiness probe failed: Get \"http://10.128.0.1:80/ok\": dial tcp 10.128.0.1:80: connect: connection refused";

}  // namespace

TEST_CASE("A readiness probe that fails is told at each of its ticks, from the initial delay on") {
  Told never(kReadiness);
  never.tell(10, started());
  CHECK(never.said(19).empty());
  CHECK(never.said(21) == fmt::format("1 from 20s to 20s: {}", kRefused));
  CHECK(never.said(62) == fmt::format("9 from 20s to 60s: {}", kRefused));

  Told slow(kReadiness);  // the tick at 30 s succeeds
  slow.tell(10, started()).tell(30.01, ready(true));
  CHECK(slow.said(100) == fmt::format("2 from 20s to 25s: {}", kRefused));

  Told quick(kReadiness);
  quick.tell(10, started()).tell(20.01, ready(true));
  CHECK(quick.said(100).empty());
}

TEST_CASE("Of a container that was ready the failures that cost it its readiness are told, and those after them") {
  Told lost("readinessProbe: {httpGet: {port: web}, periodSeconds: 5}, ports: [{name: web, containerPort: 8080}]");
  lost.tell(10, started()).tell(10.01, ready(true)).tell(60, ready(false));
  CHECK(lost.said(71) == "5 from 50s to 70s: Readiness probe failed: HTTP probe failed with statuscode: 503");
  lost.tell(75, ready(true));
  CHECK(lost.said(200) == "5 from 50s to 70s: Readiness probe failed: HTTP probe failed with statuscode: 503");
}

TEST_CASE("Nobody probes what has ended, is being deleted, or is on a machine that is down") {
  const std::string two = fmt::format("2 from 20s to 25s: {}", kRefused);
  Told ended(kReadiness), deleted(kReadiness), crashed(kReadiness), silent(kReadiness);
  for (Told* t : {&ended, &deleted, &crashed, &silent}) t->tell(10, started());
  ended.tell(28, event::ContainerExited{kPod, 0, 1, ExitReason::Error});
  deleted.tell(28, event::PodDeletionStarted{kPod, 30, event::DeletionReason::Deleted});
  crashed.tell(28, event::MachineDown{crashed.c.node("n1")});
  silent.tell(28, event::HeartbeatsStopped{silent.c.node("n1"), at(28)});
  for (const Told* t : {&ended, &deleted, &crashed, &silent}) CHECK(t->said(100) == two);
}

TEST_CASE("A startup or liveness probe that kills is told with every failure, then the killing") {
  Told startup("startupProbe: {tcpSocket: {port: 80}, periodSeconds: 4, failureThreshold: 3}");
  startup.tell(10, started()).tell(21, event::ContainerExited{kPod, 0, 0, ExitReason::StartupProbeFailed});
  CHECK(startup.said(100) ==
        "3 from 12s to 20s: Startup probe failed: dial tcp 10.128.0.1:80: connect: connection refused");
  CHECK(startup.order(100) == "Pulled Created Started Unhealthy Killing");

  Told liveness("livenessProbe: {exec: {command: [ok]}, periodSeconds: 10, failureThreshold: 3}");
  liveness.tell(10, started()).tell(100, event::ContainerExited{kPod, 0, 137, ExitReason::LivenessProbeFailed});
  CHECK(liveness.said(200) == "3 from 80s to 100s: Liveness probe failed: ");
}

TEST_CASE("Causes by handler, for an app that does not listen yet and for one that was ready") {
  struct Row {
    const char* handler;
    const char* refused;
    const char* unwell;
  };
  for (const Row row : {
           Row{"httpGet: {port: 80, scheme: HTTPS}",
               "Get \"https://10.128.0.1:80/\": dial tcp 10.128.0.1:80: connect: connection refused",
               "HTTP probe failed with statuscode: 503"},
           Row{"httpGet: {port: 80, host: example.com}",
               "Get \"http://example.com:80/\": dial tcp example.com:80: connect: connection refused",
               "HTTP probe failed with statuscode: 503"},
           Row{"tcpSocket: {port: 80}", "dial tcp 10.128.0.1:80: connect: connection refused",
               "dial tcp 10.128.0.1:80: connect: connection refused"},
           Row{"grpc: {port: 80}",
               "timeout: failed to connect service \"10.128.0.1:80\" within 1s: context deadline exceeded",
               "service unhealthy (responded with \"NOT_SERVING\")"},
           Row{"exec: {command: [ok]}", "", ""},
       }) {
    INFO(row.handler);
    Told t(fmt::format("readinessProbe: {{{}, failureThreshold: 1}}", row.handler));
    t.tell(10, started());
    CHECK(t.said(11) == fmt::format("1 from 10s to 10s: Readiness probe failed: {}", row.refused));
    Told was(fmt::format("readinessProbe: {{{}, failureThreshold: 1}}", row.handler));
    was.tell(10, started()).tell(10.01, ready(true)).tell(50, ready(false));
    CHECK(was.said(51) == fmt::format("1 from 50s to 50s: Readiness probe failed: {}", row.unwell));
  }
}

TEST_CASE("What flooded is let through 25 times, then once in five minutes") {
  Told t("readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 1}");
  t.tell(10, started());
  CHECK(t.said(15).substr(0, 2) == "5 ");
  // Created, Started and Pulled have had three of the 25.
  CHECK(t.said(60).substr(0, 3) == "22 ");
}

TEST_CASE("A pull is told when it began, before what came of it") {
  Told t("ports: []");
  t.tell(12, event::ImagePulled{kPod, 0, 1000, base::seconds(2)}).tell(13, started());
  CHECK(t.order(20) == "Pulling Pulled Created Started");
  CHECK(t.said(20, "Pulling") == "1 from 10s to 10s: Pulling image \"a:1\"");
  Told bad("ports: []");
  bad.tell(12, event::ContainerWaiting{kPod, 0, event::WaitingReason::ErrImagePull, base::seconds(10)});
  CHECK(bad.order(20) == "Pulling Failed Failed");
}

TEST_CASE("Preempted names the pod that the room is for by its uid") {
  for (const bool by_creation : {true, false}) {  // else something else made it try again
    Told t("ports: []");
    t.tell(1, started());
    for (const char* name : {"other", "vip"})
      t.c.apply(
          fmt::format("{{apiVersion: v1, kind: Pod, metadata: {{name: {}}}, spec: {{containers: [{{name: c, image: "
                      "'a:1'}}]}}}}",
                      name));
    t.c.state.pods.priority[2] = 10;
    const std::string text = fmt::format("Preempted by pod {} on node n1", t.c.view().uid(event::Ref(t.c.pod("vip"))));
    const event::PodDeletionStarted deletion{kPod, 30, event::DeletionReason::Preempted};
    t.tell(2, deletion, by_creation ? t.c.state.pods.created_seq[2] : 1);
    CHECK(t.said(3, "Preempted") == "1 from 2s to 2s: " + text);
  }
}
