// What happens to a pod on a simulated machine, and when. Times in seconds; see exact() for the parameters.
#include "tests/sim/world/lab.h"

using namespace wavetank;
using namespace wavetank::world;

TEST_CASE(
    "A bound pod: sandbox 0.5 s, pull 0.5 s + 100 MB at 50 MB/s, start 0.2 s; without a probe it is ready when it "
    "runs") {
  Lab lab;
  const auto n1 = lab.node("n1");
  lab.until(10);
  lab.lines();
  lab.pod("web", n1, "{name: app, image: 'web:1'}");
  lab.until(60);
  CHECK(lab.lines() ==
        Lines{"13s pulled web/app in 2.5s", "13.2s started web/app", "13.2s Running web", "13.2s ready web"});
  CHECK(lab.why(event::EventKind::ContainerStarted) == "ContainerStarted < ImagePulled < PodBound");

  // The image is there now: a second pod takes 0.7 s.
  lab.pod("again", n1, "{name: app, image: 'web:1'}");
  lab.until(61);
  CHECK(lab.lines() == Lines{"60.7s started again/app", "60.7s Running again", "60.7s ready again"});
  CHECK(lab.why(event::EventKind::ContainerStarted) == "ContainerStarted < PodBound");

  // Always asks the registry, and gets the answer that it has it.
  lab.pod("asks", n1, "{name: app, image: 'web:1', imagePullPolicy: Always}");
  lab.until(63);
  CHECK(lab.lines() ==
        Lines{"62s pulled asks/app in 0.5s", "62.2s started asks/app", "62.2s Running asks", "62.2s ready asks"});
}

TEST_CASE("Images: sizes by pattern, present ones by any of their names") {
  struct Row {
    const char* image;
    const char* on_node;  ///< The node's status.images
    double started;
  };
  for (const Row row :
       {Row{"small:1", "", 0.5 + 0.5 + 0.2 + 0.2}, Row{"registry.io/big/db:2", "", 0.5 + 0.5 + 20 + 0.2},
        Row{"other:1", "", 0.5 + 0.5 + 2 + 0.2}, Row{"nginx", "nginx:latest", 0.5 + 0.5 + 0.2},
        Row{"nginx:1.25", "docker.io/library/nginx:1.25", 0.7}, Row{"nginx:1.25", "quay.io/nginx:1.25", 3.2}}) {
    INFO(row.image << " with " << row.on_node);
    Lab lab(exact({{"image.size[small]", "10MB"}, {"image.size[*/big/*]", "1GB"}}));
    const std::string present =
        *row.on_node == 0 ? "" : fmt::format(", images: [{{names: ['{}'], sizeBytes: 1}}]", row.on_node);
    lab.pod("p", lab.node("n1", present), fmt::format("{{name: app, image: '{}'}}", row.image));
    lab.until(60);
    CHECK(lab.view().container(event::PodId(0U), 0).started == at_s(row.started));
  }
}

TEST_CASE("Pulls of a node: one at a time in the order of asking, or several that share the bandwidth") {
  const auto pulled = [](const char* parallel) {
    Lab lab(exact({{"image.parallel_pulls", parallel}}));
    const auto n1 = lab.node("n1");
    const auto n2 = lab.node("n2");
    lab.pod("a", n1, "{name: c, image: 'a:1'}");
    lab.pod("b", n1, "{name: c, image: 'b:1'}");
    lab.pod("a2", n1, "{name: c, image: 'a:1'}");  // waits its turn, then finds that it is there
    lab.pod("far", n2, "{name: c, image: 'a:1'}");
    lab.until(60);
    Lines out;
    for (const std::string& line : lab.lines())
      if (line.find("pulled") != std::string::npos) out.push_back(line);
    return out;
  };
  CHECK(pulled("1") ==
        Lines{"3s pulled a/c in 2.5s", "3s pulled far/c in 2.5s", "5.5s pulled b/c in 2.5s", "6s pulled a2/c in 0.5s"});
  // At 1 s three transfers of 100 MB begin (the second request for a:1 cannot know yet), each at a third of 50 MB/s.
  CHECK(pulled("3") ==
        Lines{"3s pulled far/c in 2.5s", "7s pulled a/c in 6.5s", "7s pulled b/c in 6.5s", "7s pulled a2/c in 6.5s"});
}

TEST_CASE("Containers start one after the other; the pod runs when all have started and is ready when all are") {
  Lab lab(exact({{"image.size", "0"}, {"image.pull_latency", "1s"}}));
  lab.pod("p", lab.node("n1"),
          "{name: a, image: 'a:1'}, {name: b, image: 'b:1', readinessProbe: {httpGet: {port: 80}, periodSeconds: 1}}");
  lab.until(60);
  CHECK(lab.lines() == Lines{"0s node n1 KubeletReady", "1.5s pulled p/a in 1s", "1.7s started p/a", "1.7s ready p/a",
                             "2.7s pulled p/b in 1s", "2.9s started p/b", "2.9s Running p", "4.9s ready p"});
}

TEST_CASE("Init containers run in order, sidecars start in order and stay, then the others") {
  Lab lab(exact({{"image.size", "0"}, {"image.pull_latency", "100ms"}}));
  lab.pod("p", lab.node("n1"), "{name: main, image: 'm:1'}",
          ", initContainers: [{name: one, image: 'i:1'}, {name: proxy, image: 's:1', restartPolicy: Always, "
          "startupProbe: {exec: "
          "{command: [x]}, periodSeconds: 1}}, {name: two, image: 'i:1'}]");
  lab.until(60);
  // The sidecar's startup worker ticks at whole seconds from the moment the agent took the pod up (0 s); it answers 2 s
  // after its start.
  CHECK(lab.lines() == Lines{"0s node n1 KubeletReady", "0.6s pulled p/one in 0.1s", "0.8s started p/one",
                             "1.8s exited p/one 0 Completed", "1.9s pulled p/proxy in 0.1s", "2.1s started p/proxy",
                             "5s ready p/proxy", "5.2s started p/two", "6.2s exited p/two 0 Completed",
                             "6.3s pulled p/main in 0.1s", "6.5s started p/main", "6.5s Running p", "6.5s ready p"});
  CHECK(lab.why(event::EventKind::PodReadyChanged) ==
        "PodReadyChanged < ImagePulled < ContainerExited < ContainerStarted < ContainerExited < ContainerStarted < "
        "ImagePulled < "
        "PodBound");
}

TEST_CASE("Pods that end: phase by exit codes and restart policy") {
  struct Row {
    const char* policy;
    const char* code;
    Lines after;
  };
  const std::vector<Row> rows = {
      {"Never", "0", {"6.7s exited p/c 0 Completed", "6.7s unready p", "6.7s Succeeded p"}},
      {"Never", "3", {"6.7s exited p/c 3 Error", "6.7s unready p", "6.7s Failed p"}},
      {"OnFailure", "0", {"6.7s exited p/c 0 Completed", "6.7s unready p", "6.7s Succeeded p"}},
      {"OnFailure", "3", {"6.7s exited p/c 3 Error", "6.7s unready p", "6.9s started p/c", "6.9s ready p"}},
      {"Always", "0", {"6.7s exited p/c 0 Completed", "6.7s unready p", "6.9s started p/c", "6.9s ready p"}},
  };
  for (const Row& row : rows) {
    INFO(row.policy << " " << row.code);
    Lab lab(exact({{"image.size", "0"},
                   {"image.pull_latency", "0s"},
                   {"app.exits_after[job*]", "6s"},
                   {"app.exit_code[job*]", row.code}}));
    lab.pod("p", lab.node("n1"), "{name: c, image: 'job:1'}", fmt::format(", restartPolicy: {}", row.policy));
    lab.until(1);
    lab.lines();
    lab.until(10);
    CHECK(lab.lines() == row.after);
  }
}

TEST_CASE("A failed init container: again after a while, or the end of the pod") {
  const auto run = [](const char* policy) {
    Lab lab(exact({{"image.size", "0"},
                   {"image.pull_latency", "0s"},
                   {"app.exits_after[i*]", "1s"},
                   {"app.exit_code[i*]", "1"}}));
    lab.pod("p", lab.node("n1"), "{name: c, image: 'm:1'}",
            fmt::format(", restartPolicy: {}, initContainers: [{{name: i, image: 'i:1'}}]", policy));
    lab.until(10);
    return lab.lines();
  };
  CHECK(run("Never") == Lines{"0s node n1 KubeletReady", "0.5s pulled p/i in 0s", "0.7s started p/i",
                              "1.7s exited p/i 1 Error", "1.7s Failed p"});
  CHECK(run("Always") == Lines{"0s node n1 KubeletReady", "0.5s pulled p/i in 0s", "0.7s started p/i",
                               "1.7s exited p/i 1 Error", "1.9s started p/i", "2.9s exited p/i 1 Error",
                               "2.9s waiting p/i CrashLoopBackOff 10s"});
}

TEST_CASE("Graceful termination: preStop, SIGTERM, SIGKILL, within the grace period, at least 2 s") {
  struct Row {
    const char* stop_time;
    const char* grace;
    const char* lifecycle;
    double gone_after;
  };
  for (const Row row :
       {Row{"1s", "30", "", 1},                                                       // stops when told to
        Row{"40s", "30", "", 30},                                                     // SIGKILL
        Row{"10s", "5", "", 5},                                                       //
        Row{"10s", "1", "", 2},                                                       // never less than 2 s
        Row{"1s", "30", ", lifecycle: {preStop: {sleep: {seconds: 5}}}", 6},          // the hook first
        Row{"1s", "2", ", lifecycle: {preStop: {exec: {command: [drain]}}}", 3},      // cut short by the grace period
        Row{"10s", "6", ", lifecycle: {preStop: {sleep: {seconds: 5}}}", 7},          // 1 s is left, 2 s are given
        Row{"1s", "30", ", lifecycle: {preStop: {exec: {command: [drain]}}}", 4}}) {  // app.pre_stop_time 3 s
    INFO(row.stop_time << " of " << row.grace << row.lifecycle);
    Lab lab(exact({{"app.stop_time", row.stop_time}, {"app.pre_stop_time", "3s"}}));
    const auto pod = lab.pod("p", lab.node("n1"), fmt::format("{{name: c, image: 'a:1'{}}}", row.lifecycle),
                             fmt::format(", terminationGracePeriodSeconds: {}", row.grace));
    lab.until(100);
    lab.lines();
    lab.remove(pod);
    lab.until(200);
    CHECK(lab.lines() == Lines{"100s deleting p", fmt::format("{:g}s removed p", 100 + row.gone_after)});
    CHECK(lab.why(event::EventKind::PodRemoved) == "PodRemoved < PodDeletionStarted");
  }
}

TEST_CASE("Termination: sidecars after the others, the last first; what does not run yet goes at once") {
  Lab lab(exact({{"app.stop_time[s1]", "2s"}, {"app.stop_time[s2]", "3s"}, {"app.stop_time[m]", "4s"}}));
  const auto n1 = lab.node("n1");
  const auto pod = lab.pod("p", n1, "{name: c, image: 'm:1'}",
                           ", initContainers: [{name: s1, image: 's1:1', restartPolicy: Always}, {name: s2, image: "
                           "'s2:1', restartPolicy: Always}]");
  lab.until(100);
  lab.remove(pod);
  const auto early = lab.pod("early", n1, "{name: c, image: 'x:1'}");
  lab.until(102);
  lab.lines();
  lab.remove(early);  // its image is being pulled
  lab.until(200);
  CHECK(lab.lines() == Lines{"102s deleting early", "102s removed early", "109s removed p"});
}

TEST_CASE("A pod removed without its agent is killed silently") {
  Lab lab;
  const auto n1 = lab.node("n1");
  const auto pod = lab.pod("p", n1, "{name: c, image: 'x:1'}");
  lab.until(1);
  REQUIRE(lab.wish({0, command::DeletePod{pod, event::DeletionReason::PodGC, 0}}));
  lab.lines();
  lab.until(100);
  CHECK(lab.lines().empty());
  CHECK(lab.world.next_report() == SimTime::never());
}

TEST_CASE("An image changed in place: the container is stopped and made anew") {
  Lab lab(exact({{"image.size", "0"}, {"image.pull_latency", "0s"}}));
  const auto pod = lab.pod("p", lab.node("n1"), "{name: a, image: 'a:1'}, {name: b, image: 'b:1'}");
  lab.until(10);
  lab.lines();
  const bool set = lab.wish({0, command::SetImage{event::Ref(pod), "a", "a:2"}});
  CAPTURE(lab.refusal);
  REQUIRE(set);
  lab.until(20);
  CHECK(lab.lines() == Lines{"11s exited p/a 0 Completed", "11s unready p", "11s pulled p/a in 0s", "11.2s started p/a",
                             "11.2s ready p"});
}

TEST_CASE("The agent sees starts and ends when it looks, once a second, and reports 10 ms later") {
  Lab lab(exact({{"kubelet.pleg_period", "1s"}, {"kubelet.api_latency", "10ms"}, {"kubelet.sync_latency", "10ms"}}));
  lab.pod("p", lab.node("n1"), "{name: c, image: 'a:1'}");
  lab.until(10);
  const SimTime started = lab.view().container(event::PodId(0U), 0).started;
  // 0.01 + 0.5 + 2.5 + 0.2 = 3.21 s on the node.
  CHECK(started >= at_s(3.22));
  CHECK(started < at_s(4.22));
  const SimTime crashed = at_s(10);
  lab.world.crash_container(event::PodId(0U), 0, 1, crashed);
  lab.until(20);
  const SimTime finished = lab.view().container(event::PodId(0U), 0).finished;
  CHECK((finished - started).ns % seconds(1).ns == 0);  // both at ticks
  CHECK(finished >= crashed + base::milliseconds(10));
  CHECK(finished < crashed + base::milliseconds(1010));
}

TEST_CASE("activeDeadlineSeconds count from binding: the pod is stopped, and has failed when it has stopped") {
  Lab lab(exact({{"app.stop_time", "3s"}}));
  const auto n1 = lab.node("n1");
  lab.until(5);
  const auto p = lab.pod("late", n1, "{name: c, image: 'late:1'}", ", activeDeadlineSeconds: 20");
  const auto q = lab.pod("never-up", n1, "{name: c, image: 'slow:1'}", ", activeDeadlineSeconds: 1");
  const auto phase = [&](event::PodId pod) { return lab.view().pod_phase(pod); };
  lab.until(5.9);
  CHECK(phase(q) == event::Phase::Pending);
  lab.until(9.1);  // it was still pulled; there is nothing to stop but the sandbox
  CHECK(phase(q) == event::Phase::Failed);
  lab.until(24.9);
  CHECK(lab.view().pod_ready(p));
  lab.lines();
  lab.until(27.9);
  CHECK(phase(p) == event::Phase::Running);  // it stops
  lab.until(60);
  CHECK(phase(p) == event::Phase::Failed);
  CHECK_FALSE(lab.view().pod_ready(p));
  CHECK(lab.lines() == Lines{"28s exited late/c 143 Error", "28s unready late"});
  CHECK(lab.view().restarts(p) == 0);  // restartPolicy or not
  bool told = false;
  for (const event::Event& e : lab.events)
    if (const auto* failed = std::get_if<event::PodFailed>(&e.payload); failed != nullptr && failed->pod == p)
      told = failed->reason == "DeadlineExceeded" &&
             failed->message == "Pod was active on the node longer than the specified deadline";
  CHECK(told);
}
