// Probes as the kubelet times them. A container starts at 0.7 s (sandbox 0.5 s + start 0.2 s), the agent took the pod
// up at 0 s, the app answers from 2.7 s on.
#include "sim/world/probes.h"

#include "tests/sim/world/lab.h"

using namespace wavetank;
using namespace wavetank::world;

namespace {

WorldParams quick(const char* ready_after = "2s") {
  return exact({{"image.size", "0"}, {"image.pull_latency", "0s"}, {"app.ready_after", ready_after}});
}

std::string handler(const std::string& rest) {
  return "{tcpSocket: {port: 1}" + (rest.empty() ? "" : ", " + rest) + "}";
}

/// When the pod became ready; -1 when it did not within 1000 s.
double ready_at(const std::string& probes, const char* ready_after = "2s") {
  Lab lab(quick(ready_after));
  lab.pod("p", lab.node("n1"), "{name: c, image: 'a:1'" + probes + "}");
  lab.until(1000);
  for (const event::Event& e : lab.events) {
    const auto* ready = std::get_if<event::PodReadyChanged>(&e.payload);
    if (ready != nullptr && ready->ready) return static_cast<double>(e.time.ns) / 1e9;
  }
  return -1;
}

/// When its container was first killed for a probe; -1 when it was not within 1000 s.
double killed_at(const std::string& probes, const char* ready_after) {
  Lab lab(quick(ready_after));
  lab.pod("p", lab.node("n1"), "{name: c, image: 'a:1'" + probes + "}");
  lab.until(1000);
  for (const event::Event& e : lab.events)
    if (e.kind() == event::EventKind::ContainerExited)
      return static_cast<double>(e.time.ns) / 1e9 - 1;  // it takes 1 s to stop
  return -1;
}

}  // namespace

TEST_CASE("Readiness: probes at the container's start (0.7 s) and every period after it") {
  struct Row {
    const char* probe;
    double ready;
  };
  for (const Row row : {Row{"periodSeconds: 1", 2.7},                       // 0.7 1.7 2.7
                        Row{"periodSeconds: 3", 3.7},                       // 0.7 3.7
                        Row{"", 10.7},                                      // 0.7, then 10 s later: the default's price
                        Row{"periodSeconds: 1, successThreshold: 3", 4.7},  //
                        Row{"initialDelaySeconds: 5, periodSeconds: 1", 5.7},  //
                        Row{"initialDelaySeconds: 5", 10.7},                   // ticks before 5.7 do nothing
                        Row{"initialDelaySeconds: 20, periodSeconds: 7", 21.7}}) {
    INFO(row.probe);
    CHECK(ready_at(", readinessProbe: " + handler(row.probe)) == Approx(row.ready));
  }
  CHECK(ready_at("") == Approx(0.7));  // without a probe: when it runs
}

TEST_CASE("Startup holds the others back; its worker ticks from the moment the pod was taken up (0 s)") {
  struct Row {
    const char* startup;
    const char* readiness;
    const char* ready_after;
    double ready;
  };
  for (const Row row : {Row{"periodSeconds: 1", "periodSeconds: 10", "2s",
                            3},  // 3 s is the first tick that it answers; readiness at once
                        Row{"periodSeconds: 10", "periodSeconds: 1", "2s", 10},  //
                        Row{"periodSeconds: 5, failureThreshold: 12", "", "30s", 35},
                        Row{"periodSeconds: 1", "initialDelaySeconds: 5, periodSeconds: 1", "2s", 6}}) {
    INFO(row.startup << " / " << row.readiness);
    CHECK(ready_at(", startupProbe: " + handler(row.startup) + ", readinessProbe: " + handler(row.readiness),
                   row.ready_after) == Approx(row.ready));
  }
}

TEST_CASE("A probe that fails too often kills the container: startup and liveness") {
  struct Row {
    const char* probes;
    const char* ready_after;
    double killed;
  };
  for (const Row row :
       {Row{", livenessProbe: {tcpSocket: {port: 1}}", "5s", -1},   // fails at 10? no: answers from 5.7 s
        Row{", livenessProbe: {tcpSocket: {port: 1}}", "25s", -1},  // fails at 10 and 20, answers at 30
        Row{", livenessProbe: {tcpSocket: {port: 1}}", "40s", 30},  // 10, 20, 30
        Row{", livenessProbe: {tcpSocket: {port: 1}, initialDelaySeconds: 35}", "30s", -1},
        Row{", livenessProbe: {tcpSocket: {port: 1}, periodSeconds: 1, failureThreshold: 1}", "1m", 1},
        Row{", startupProbe: {tcpSocket: {port: 1}}", "31s", 30},
        Row{", startupProbe: {tcpSocket: {port: 1}, failureThreshold: 4}", "31s", -1},
        // The classic cure: startup gives a slow app its time, liveness may then be strict.
        Row{", startupProbe: {tcpSocket: {port: 1}, failureThreshold: 30}, livenessProbe: {tcpSocket: {port: 1}, "
            "periodSeconds: 1, "
            "failureThreshold: 1}",
            "2m", -1}}) {
    INFO(row.probes << " answering after " << row.ready_after);
    CHECK(killed_at(row.probes, row.ready_after) == Approx(row.killed));
  }
}

TEST_CASE("The end of a container tells which probe ended it") {
  for (const auto& [probe, word] : {std::pair{"livenessProbe", "Liveness"}, std::pair{"startupProbe", "Startup"}}) {
    Lab lab(quick("1h"));
    lab.pod("p", lab.node("n1"), fmt::format("{{name: c, image: 'a:1', {}: {{tcpSocket: {{port: 1}}}}}}", probe));
    lab.until(32);
    const Lines lines = lab.lines();
    const std::string wanted = fmt::format("exited p/c 0 {}", word);
    CHECK(std::any_of(lines.begin(), lines.end(),
                      [&](const std::string& line) { return line.find(wanted) != std::string::npos; }));
  }
}

TEST_CASE(
    "An image that never becomes ready: readiness fails, liveness does not; running ones turn unready and recover") {
  Lab lab(quick());
  const auto n1 = lab.node("n1");
  lab.world.set_image_never_ready("bad:*", true, {});
  const std::string readiness =
      ", readinessProbe: {tcpSocket: {port: 1}, periodSeconds: 1}, livenessProbe: {tcpSocket: {port: 1}}}";
  lab.pod("bad", n1, "{name: c, image: 'bad:1'" + readiness);
  lab.pod("good", n1, "{name: c, image: 'good:1'" + readiness);
  lab.pod("unprobed", n1, "{name: c, image: 'bad:1'}");
  lab.until(100);
  CHECK_FALSE(lab.view().pod_ready(event::PodId(0U)));
  CHECK(lab.view().restarts(event::PodId(0U)) == 0);
  CHECK(lab.view().pod_ready(event::PodId(1U)));
  CHECK(lab.view().pod_ready(event::PodId(2U)));  // as in Kubernetes: who has no probe is ready
  lab.lines();
  // Probes tick at x.7; three failures make it unready. Healed, the next tick finds it ready.
  lab.fact(event::FaultInjected{"image-never-ready", "image good"});
  lab.world.set_image_never_ready("good", true, lab.now, lab.state.last_seq);
  lab.until(110);
  CHECK(lab.lines() == Lines{"102.7s unready good"});
  CHECK(lab.why(event::EventKind::PodReadyChanged) == "PodReadyChanged < FaultInjected");
  lab.world.set_image_never_ready("good", false, lab.now);
  lab.until(120);
  CHECK(lab.lines() == Lines{"110.7s ready good"});
}

TEST_CASE("Arithmetic of probes agrees with probing tick by tick") {
  std::uint64_t n = 0;
  const base::Stream stream(7, "probes");
  const auto below = [&](std::uint64_t bound) { return static_cast<std::int64_t>(stream.below(bound, n++)); };
  for (int i = 0; i < 2000; ++i) {
    model::Probe probe;
    probe.initial_delay_seconds = static_cast<std::int32_t>(below(20));
    probe.period_seconds = static_cast<std::int32_t>(1 + below(12));
    probe.success_threshold = static_cast<std::int32_t>(1 + below(3));
    probe.failure_threshold = static_cast<std::int32_t>(1 + below(5));
    const Probed at{{below(5'000'000'000)}, {below(9'000'000'000)}, {below(15'000'000'000)}};
    const SimTime answers{below(60'000'000'000)};
    SimTime succeeds = SimTime::never(), fails = SimTime::never();
    int good = 0, bad = 0;
    for (SimTime t = at.anchor; succeeds == SimTime::never(); t = t + seconds(probe.period_seconds)) {
      if (t < at.from || t < at.started + seconds(probe.initial_delay_seconds)) continue;
      if (t >= answers) {
        bad = 0;
        if (++good == probe.success_threshold) succeeds = t;
      } else if (++bad == probe.failure_threshold && fails == SimTime::never()) {
        fails = t;
      }
    }
    INFO(i);
    REQUIRE(success_time(probe, at, answers) == succeeds);
    REQUIRE(failure_time(probe, at, answers) == fails);
  }
}
