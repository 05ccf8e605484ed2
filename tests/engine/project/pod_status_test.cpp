// What kubectl shows of a pod: its STATUS column, its conditions, and status.reason, fact by fact.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "engine/project/tables.h"
#include "engine/state/pod_status.h"
#include "tests/support/given.h"

using namespace wavetank;
using base::seconds;
using event::ExitReason;
using event::Phase;
using event::ReadyReason;
using event::WaitingReason;

namespace {

constexpr event::PodId kPod(0U);

/// One pod named p on node n1, and what happens to it a second apart.
struct Story {
  support::Cluster c;

  explicit Story(const std::string& spec, bool bound = true) {
    c.add_node("n1");
    c.apply("{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {" + spec + "}}");
    if (bound) tell(event::PodBound{kPod, c.node("n1")});
  }
  Story& tell(event::Payload fact) {
    c.now = c.now + seconds(1);
    c.fact(std::move(fact));
    return *this;
  }
  [[nodiscard]] std::string status() const { return project::pod_status(kPod, c.view()); }
  /// "Ready=False ContainersNotReady: containers with unready status: [c]"; "-" when the pod has no such condition.
  [[nodiscard]] std::string condition(std::string_view type) const {
    for (const state::PodCondition& k : state::pod_conditions(c.view(), kPod)) {
      if (k.type != type) continue;
      std::string text = fmt::format("{}={}", type, k.holds ? "True" : "False");
      if (!k.reason.empty()) text += " " + k.reason;
      if (!k.message.empty()) text += ": " + k.message;
      return text;
    }
    return "-";
  }
  [[nodiscard]] std::string yaml() const { return model::to_yaml(c.view().to_doc(event::Ref(kPod))); }
  [[nodiscard]] bool shows(const std::string& line) const { return yaml().find(line) != std::string::npos; }
};

const char* kOne = "containers: [{name: c, image: 'a:1'}]";
const char* kInit = "initContainers: [{name: i, image: 'i:1'}], containers: [{name: c, image: 'a:1'}]";

}  // namespace

TEST_CASE("A pod's STATUS and conditions from its binding until it is ready") {
  Story s(kOne);
  CHECK(s.status() == "ContainerCreating");
  CHECK(s.condition("PodReadyToStartContainers") == "PodReadyToStartContainers=False");
  CHECK(s.condition("Initialized") == "Initialized=True");
  CHECK(s.condition("Ready") == "Ready=False ContainersNotReady: containers with unready status: [c]");
  CHECK(s.condition("ContainersReady") ==
        "ContainersReady=False ContainersNotReady: containers with unready status: [c]");
  s.tell(event::ContainerStarted{kPod, 0}).tell(event::PodPhaseChanged{kPod, Phase::Running, ""});
  CHECK(s.status() == "Running");
  CHECK(s.condition("PodReadyToStartContainers") == "PodReadyToStartContainers=True");
  s.tell(event::PodReadyChanged{kPod, true, ReadyReason::None});
  for (const char* type : {"PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"})
    CHECK(s.condition(type) == fmt::format("{}=True", type));
}

TEST_CASE("What waits behind an init container says PodInitializing; an init container's failure is the pod's STATUS") {
  Story fails(kInit), done(kInit);
  for (Story* s : {&fails, &done}) {
    CHECK(s->status() == "Init:0/1");
    CHECK(s->shows("reason: PodInitializing"));
    CHECK_FALSE(s->shows("reason: ContainerCreating"));
    CHECK(s->condition("Initialized") ==
          "Initialized=False ContainersNotInitialized: containers with incomplete status: [i]");
    s->tell(event::ContainerStarted{kPod, 0});
    CHECK(s->status() == "Init:0/1");
  }
  done.tell(event::ContainerExited{kPod, 0, 0, ExitReason::Completed});
  CHECK(done.status() == "PodInitializing");
  CHECK(done.condition("Initialized") == "Initialized=True");

  fails.tell(event::ContainerExited{kPod, 0, 1, ExitReason::Error});
  CHECK(fails.status() == "Init:Error");
  fails.tell(event::ContainerWaiting{kPod, 0, WaitingReason::CrashLoopBackOff, seconds(10)});
  CHECK(fails.status() == "Init:CrashLoopBackOff");
  // restartPolicy Never: the pod has failed, and its container will never be made.
  fails.tell(event::ContainerStarted{kPod, 0})
      .tell(event::ContainerExited{kPod, 0, 1, ExitReason::Error})
      .tell(event::PodPhaseChanged{kPod, Phase::Failed, ""});
  CHECK(fails.status() == "Init:Error");
  CHECK(fails.shows("reason: PodInitializing"));
}

TEST_CASE("Why a pod failed: status.reason and status.message; the STATUS column prefers what its containers say") {
  Story ran(kOne);
  ran.tell(event::ContainerStarted{kPod, 0})
      .tell(event::ContainerExited{kPod, 0, 143, ExitReason::Error})
      .tell(
          event::PodFailed{kPod, "DeadlineExceeded", "Pod was active on the node longer than the specified deadline"});
  CHECK(ran.status() == "Error");
  CHECK(ran.shows("  reason: DeadlineExceeded"));
  CHECK(ran.shows("  message: Pod was active on the node longer than the specified deadline"));
  CHECK(ran.condition("Ready") == "Ready=False PodFailed");
  CHECK(ran.condition("DisruptionTarget") == "-");

  Story never(kOne);  // its container never ran: nobody can find it
  never.tell(event::PodFailed{kPod, "DeadlineExceeded", "too long"});
  CHECK(never.status() == "ContainerStatusUnknown");
  CHECK(never.shows("exitCode: 137"));
  CHECK(never.shows("message: The container could not be located when the pod was terminated"));

  Story evicted(kOne);
  evicted.tell(event::ContainerStarted{kPod, 0})
      .tell(event::ContainerExited{kPod, 0, 137, ExitReason::Error})
      .tell(event::PodFailed{kPod, "Evicted", "The node was low on resource: memory. "});
  CHECK(evicted.status() == "Error");
  CHECK(evicted.shows("  reason: Evicted"));
  CHECK(evicted.condition("DisruptionTarget") ==
        "DisruptionTarget=True TerminationByKubelet: The node was low on resource: memory. ");

  Story rejected(kOne);  // its node never took it: no container has a status
  rejected.tell(event::PodFailed{kPod, "Evicted", "Pod was rejected: The node had condition: [MemoryPressure]. "});
  CHECK(rejected.status() == "Evicted");
  CHECK_FALSE(rejected.shows("containerStatuses"));
  CHECK(rejected.condition("DisruptionTarget") == "-");
}

TEST_CASE("Pods that are not scheduled: held by a gate, or unschedulable") {
  Story gated("schedulingGates: [{name: wait}], containers: [{name: c, image: 'a:1'}]", false);
  CHECK(gated.status() == "SchedulingGated");
  CHECK(gated.condition("PodScheduled") ==
        "PodScheduled=False SchedulingGated: Scheduling is blocked due to non-empty scheduling gates");
  CHECK(gated.condition("Ready") == "-");
  Story big(kOne, false);
  CHECK(big.condition("PodScheduled") == "-");
  big.tell(event::PodUnschedulable{kPod, "0/1 nodes are available: 1 Insufficient cpu."});
  CHECK(big.status() == "Pending");
  CHECK(big.condition("PodScheduled") ==
        "PodScheduled=False Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.");
}

TEST_CASE("DisruptionTarget says who took the pod away") {
  struct Row {
    event::DeletionReason reason;
    const char* condition;
  };
  for (const Row row : {
           Row{event::DeletionReason::Evicted, "DisruptionTarget=True EvictionByEvictionAPI: Eviction API: evicting"},
           Row{event::DeletionReason::TaintEviction,
               "DisruptionTarget=True DeletionByTaintManager: Taint manager: deleting due to NoExecute taint"},
           Row{event::DeletionReason::Preempted,
               "DisruptionTarget=True PreemptionByScheduler: default-scheduler: preempting to accommodate a higher "
               "priority pod"},
           Row{event::DeletionReason::PodGC, "DisruptionTarget=True DeletionByPodGC: PodGC: node no longer exists"},
           Row{event::DeletionReason::Deleted, "-"},
           Row{event::DeletionReason::ScaledDown, "-"},
       }) {
    Story s(kOne);
    s.tell(event::ContainerStarted{kPod, 0}).tell(event::PodDeletionStarted{kPod, 30, row.reason});
    CHECK(s.condition("DisruptionTarget") == row.condition);
    CHECK(s.status() == "Terminating");
    s.tell(event::ContainerExited{kPod, 0, 0, ExitReason::Completed})
        .tell(event::PodPhaseChanged{kPod, Phase::Succeeded, ""});
    CHECK(s.status() == "Completed");  // a pod that is over says how, although it is being deleted
  }
}

TEST_CASE("A lost node flips Ready and says no reason; its containers count as ready") {
  Story s(kOne);
  s.tell(event::ContainerStarted{kPod, 0})
      .tell(event::PodReadyChanged{kPod, true, ReadyReason::None})
      .tell(event::PodReadyChanged{kPod, false, ReadyReason::NodeNotReady});
  CHECK(s.condition("Ready") == "Ready=False");
  CHECK(s.condition("ContainersReady") == "ContainersReady=True");
  s.tell(event::ContainerExited{kPod, 0, 1, ExitReason::Error});
  CHECK(s.condition("ContainersReady") ==
        "ContainersReady=False ContainersNotReady: containers with unready status: [c]");
}

TEST_CASE("Readiness gates: a ready pod needs every gate's condition, and True") {
  Story s("readinessGates: [{conditionType: a.io/x}, {conditionType: b.io/y}], containers: [{name: c, image: 'a:1'}]");
  s.tell(event::ContainerStarted{kPod, 0}).tell(event::ContainerReadyChanged{kPod, 0, true});
  CHECK(s.condition("ContainersReady") == "ContainersReady=True");
  CHECK(s.condition("Ready") ==
        "Ready=False ReadinessGatesNotReady: corresponding condition of pod readiness gate \"a.io/x\" does not exist., "
        "corresponding condition of pod readiness gate \"b.io/y\" does not exist.");
  const auto patch = [&](const char* status) {
    s.c.wish(command::PatchObject{event::Ref(kPod), fmt::format("{{\"status\":{{\"conditions\":[{}]}}}}", status), 0});
  };
  const auto gates = [&] {
    const project::KindQuery pods{model::Kind::Pod, {}};
    const project::Table table = project::object_table(pods, {event::Ref(kPod)}, false, false, s.c.view());
    return table.rows.at(0).back();
  };
  CHECK(gates() == "0/2");
  patch(R"({"type":"a.io/x","status":"True"},{"type":"b.io/y","status":"False"})");
  CHECK(gates() == "1/2");
  CHECK(s.condition("Ready") ==
        "Ready=False ReadinessGatesNotReady: the status of pod readiness gate \"b.io/y\" is not \"True\", but False");
  CHECK(s.shows("type: b.io/y"));
  patch(R"({"type":"a.io/x","status":"True"},{"type":"b.io/y","status":"True"})");
  CHECK(gates() == "2/2");
  CHECK(state::closed_gates(s.c.view(), kPod).empty());
}
