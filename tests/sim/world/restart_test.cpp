// Restarts and failed pulls: the back-offs of the kubelet.
#include "tests/sim/world/lab.h"

using namespace wavetank;
using namespace wavetank::world;

namespace {

Lines only(const Lines& all, std::string_view word) {
  Lines out;
  for (const std::string& line : all)
    if (line.find(word) != std::string::npos) out.push_back(line);
  return out;
}

}  // namespace

TEST_CASE("CrashLoopBackOff: the first restart at once, then 10 s, doubling to 5 min") {
  // It runs for 1 s each time and takes 0.2 s to start.
  Lab lab(
      exact({{"image.size", "0"}, {"image.pull_latency", "0s"}, {"app.exits_after", "1s"}, {"app.exit_code", "1"}}));
  lab.pod("p", lab.node("n1"), "{name: c, image: 'a:1'}");
  lab.until(1500);
  const Lines all = lab.lines();
  CHECK(only(all, "waiting") ==
        Lines{"2.9s waiting p/c CrashLoopBackOff 10s", "14.1s waiting p/c CrashLoopBackOff 20s",
              "35.3s waiting p/c CrashLoopBackOff 40s", "76.5s waiting p/c CrashLoopBackOff 80s",
              "157.7s waiting p/c CrashLoopBackOff 160s", "318.9s waiting p/c CrashLoopBackOff 300s",
              "620.1s waiting p/c CrashLoopBackOff 300s", "921.3s waiting p/c CrashLoopBackOff 300s",
              "1222.5s waiting p/c CrashLoopBackOff 300s"});
  CHECK(Lines(all.begin() + 5, all.begin() + 12) == Lines{"1.7s exited p/c 1 Error", "1.7s unready p",
                                                          "1.9s started p/c", "1.9s ready p", "2.9s exited p/c 1 Error",
                                                          "2.9s unready p", "2.9s waiting p/c CrashLoopBackOff 10s"});
  CHECK(lab.view().restarts(event::PodId(0U)) == 9);
}

TEST_CASE("Ten minutes of running make the back-off begin anew") {
  struct Row {
    double crash_at;
    Lines after;
  };
  // Crashes at 10 s (restarted at once, an entry of 10 s at that time), then at:
  for (const Row& row :
       {Row{100,
            {"100s exited p/c 1 Error", "100s unready p", "100s waiting p/c CrashLoopBackOff 10s", "110.2s started p/c",
             "110.2s ready p"}},
        Row{610,
            {"610s exited p/c 1 Error", "610s unready p", "610s waiting p/c CrashLoopBackOff 10s", "620.2s started p/c",
             "620.2s ready p"}},
        Row{611, {"611s exited p/c 1 Error", "611s unready p", "611.2s started p/c", "611.2s ready p"}}}) {
    Lab lab;
    const auto pod = lab.pod("p", lab.node("n1"), "{name: c, image: 'a:1'}");
    lab.until(10);
    lab.world.crash_container(pod, 0, 1, lab.now);
    lab.until(row.crash_at);
    lab.lines();
    lab.world.crash_container(pod, 0, 1, lab.now);
    lab.until(row.crash_at + 60);
    CHECK(lab.lines() == row.after);
  }
}

TEST_CASE("A container crash is told with its cause, and the restart with the crash") {
  Lab lab;
  const auto pod = lab.pod("p", lab.node("n1"), "{name: c, image: 'a:1'}");
  lab.until(10);
  lab.lines();
  lab.fact(event::FaultInjected{"container-crash", "p"});
  lab.world.crash_container(pod, 0, 137, lab.now, lab.state.last_seq, event::ExitReason::OOMKilled);
  lab.until(20);
  CHECK(lab.lines() == Lines{"10s exited p/c 137 OOMKilled", "10s unready p", "10.2s started p/c", "10.2s ready p"});
  CHECK(lab.why(event::EventKind::ContainerExited) == "ContainerExited < FaultInjected");
  CHECK(lab.why(event::EventKind::ContainerStarted) == "ContainerStarted < ContainerExited < FaultInjected");
}

TEST_CASE(
    "An image that cannot be pulled: ErrImagePull, ImagePullBackOff, 10 s doubling to 5 min, and success once it can") {
  Lab lab(exact({{"pod.setup_time", "0s"}}));
  lab.world.set_image_unavailable("bad:*", true);
  lab.pod("p", lab.node("n1"), "{name: c, image: 'bad:1'}, {name: other, image: 'good:1'}");
  lab.until(1100);
  const Lines all = lab.lines();
  CHECK(Lines(all.begin(), all.begin() + 8) ==
        Lines{"0s node n1 KubeletReady", "0.5s waiting p/c ErrImagePull 10s", "1.5s waiting p/c ImagePullBackOff 10s",
              "3s pulled p/other in 2.5s", "3.2s started p/other", "3.2s ready p/other",
              "11s waiting p/c ErrImagePull 20s", "21s waiting p/c ImagePullBackOff 20s"});
  CHECK(only(all, "ErrImagePull") == Lines{"0.5s waiting p/c ErrImagePull 10s", "11s waiting p/c ErrImagePull 20s",
                                           "31.5s waiting p/c ErrImagePull 40s", "72s waiting p/c ErrImagePull 80s",
                                           "152.5s waiting p/c ErrImagePull 160s", "313s waiting p/c ErrImagePull 300s",
                                           "613.5s waiting p/c ErrImagePull 300s",
                                           "914s waiting p/c ErrImagePull 300s"});
  lab.world.set_image_unavailable("bad:*", false);
  lab.until(1300);
  CHECK(lab.lines() ==
        Lines{"1216.5s pulled p/c in 2.5s", "1216.7s started p/c", "1216.7s Running p", "1216.7s ready p"});
}

TEST_CASE("Who has the image does not miss the registry, unless told to ask it; who may not ask waits for ever") {
  struct Row {
    const char* policy;
    const char* image;
    std::string last;
  };
  for (const Row& row :
       {Row{"IfNotPresent", "a:1", "ready"}, Row{"Always", "a:1", "ImagePullBackOff"}, Row{"Never", "a:1", "ready"},
        Row{"Never", "b:1", "ErrImagePull"}, Row{"IfNotPresent", "b:1", "ImagePullBackOff"}}) {
    INFO(row.policy << " " << row.image);
    Lab lab;
    const auto n1 = lab.node("n1", ", images: [{names: ['a:1'], sizeBytes: 1}]");
    lab.world.set_image_unavailable("*", true);
    lab.pod("p", n1, fmt::format("{{name: c, image: '{}', imagePullPolicy: {}}}", row.image, row.policy));
    lab.until(5);
    CHECK(lab.lines().back().find(row.last) != std::string::npos);
  }
}

TEST_CASE("Two faults on one image: it heals when both have") {
  Lab lab;
  lab.world.set_image_unavailable("a", true);
  lab.world.set_image_unavailable("a", true);
  lab.world.set_image_unavailable("a", false);
  lab.pod("p", lab.node("n1"), "{name: c, image: 'a:1'}");
  lab.until(100);
  CHECK_FALSE(lab.view().pod_ready(event::PodId(0U)));
  lab.world.set_image_unavailable("a", false);
  lab.until(300);
  CHECK(lab.view().pod_ready(event::PodId(0U)));
}

TEST_CASE("An image that crashes: running containers too, until it is healed") {
  Lab lab;
  lab.pod("p", lab.node("n1"), "{name: c, image: 'a:1'}");
  lab.until(10);
  lab.lines();
  lab.fact(event::FaultInjected{"image-crash", "a"});
  lab.world.set_image_crashing("a", true, 2, seconds(3), lab.now, lab.state.last_seq);
  lab.until(20);
  CHECK(lab.lines() == Lines{"13s exited p/c 2 Error", "13s unready p", "13.2s started p/c", "13.2s ready p",
                             "16.2s exited p/c 2 Error", "16.2s unready p", "16.2s waiting p/c CrashLoopBackOff 10s"});
  lab.world.set_image_crashing("a", false, 0, {}, lab.now);
  lab.until(100);
  CHECK(lab.lines() == Lines{"26.4s started p/c", "26.4s ready p"});
}
