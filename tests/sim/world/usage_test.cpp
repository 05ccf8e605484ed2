// What containers use: expressions over time, load, limits, and what the metrics API tells of it.
#include "tests/sim/world/lab.h"

using namespace wavetank;
using namespace wavetank::world;

namespace {

double value(const std::string& text, double t, double age = 0, double rps = 0) {
  const auto expr = UsageExpr::parse(text);
  INFO(text);
  REQUIRE(expr.has_value());
  UsageExpr::Inputs in;
  in.now = at_s(t);
  in.started = at_s(t - age);
  in.rps = rps;
  in.request = 0.5;
  in.limit = 2;
  in.stream = base::Stream(1, "test");
  return expr->at(in);
}

}  // namespace

TEST_CASE("Expressions of usage") {
  struct Row {
    const char* text;
    double t, age, rps, expect;
  };
  const Row rows[] = {
      {"250m", 0, 0, 0, 0.25},
      {"64Mi", 0, 0, 0, 67108864},
      {"1.5 + 2 * 3", 0, 0, 0, 7.5},
      {"(1 + 2) * 3 - 4 / 2", 0, 0, 0, 7},
      {"1 - 3", 0, 0, 0, 0},  // never negative
      {"1 / 0", 0, 0, 0, 0},
      {"request * 0.5 + limit", 0, 0, 0, 2.25},
      {"50m + rps * 4m", 0, 0, 100, 0.45},
      {"t", 90, 0, 0, 90},
      {"100Mi + age * 1Mi", 500, 20, 0, 120.0 * 1048576},
      {"step(1m)", 59.9, 0, 0, 0},
      {"step(1m)", 60, 0, 0, 1},
      {"after(10s)", 500, 9, 0, 0},
      {"after(10s)", 500, 10, 0, 1},
      {"ramp(1m, 2m)", 75, 0, 0, 0.25},
      {"ramp(1m, 2m)", 300, 0, 0, 1},
      {"pulse(60s, 15s)", 74.9, 0, 0, 1},
      {"pulse(60s, 15s)", 75, 0, 0, 0},
      {"steps(0s:100m, 1m:2, 5m:0)", 59, 0, 0, 0.1},
      {"steps(0s:100m, 1m:2, 5m:0)", 60, 0, 0, 2},
      {"steps(10s:1)", 5, 0, 0, 0},
      {"points(0s:0, 100s:10)", 25, 0, 0, 2.5},
      {"points(0s:0, 100s:10)", 200, 0, 0, 10},
      {"min(3, 2) + max(3, 2)", 0, 0, 0, 5},
      {"1 + sine(60s)", 15, 0, 0, 2},
      {"1 + sine(60s)", 45, 0, 0, 0},
      {"1 + sine(60s)", 5, 0, 0, 1.5},
      {"-1 + 3", 0, 0, 0, 2},
  };
  for (const Row& row : rows) {
    INFO(row.text << " at " << row.t);
    CHECK(value(row.text, row.t, row.age, row.rps) == Approx(row.expect).epsilon(1e-9).margin(1e-8));
  }
}

TEST_CASE("A trace is a row of steps") {
  CHECK(steps_of_trace("time,value\n0,100m\n90,250m\n\n# a note\n2m30s;1.5\r\n", "f").value() ==
        "steps(0s:100m, 90s:250m, 2m30s:1.5)");
  CHECK(value(steps_of_trace("0,100m\n90,250m\n", "f").value(), 100) == Approx(0.25));
  const auto problem = [](const char* text) {
    const auto read = steps_of_trace(text, "f.csv");
    return read ? std::string("none") : base::to_text(read.error());
  };
  CHECK(problem("") == "f.csv: a trace with no line \"time,value\"");
  CHECK(problem("root:x:0:0\n") ==
        "f.csv:1:1: a line \"time,value\" is wanted, such as 90,250m or 1m30s,64Mi; found \"root:x:0:0\"");
  CHECK(problem("time,value\nmore,words\n").starts_with("f.csv:2:1: a line"));
  CHECK(problem("0,1\n5 apples\n").starts_with("f.csv:2:1: a line"));
  CHECK(problem("0,much\n").starts_with("f.csv:1:1: a line"));
  CHECK(problem("0,\n").starts_with("f.csv:1:1: a line"));
}

TEST_CASE("A spread is one factor a pod, noise a new one every 15 s") {
  const double a = value("1 ±20%", 0), b = value("1 ±20%", 1000);
  CHECK(a == b);
  CHECK(a >= 0.8);
  CHECK(a <= 1.2);
  CHECK(a != 1);
  CHECK(value("noise(10)", 1) == value("noise(10)", 14));
  CHECK(value("noise(10)", 1) != value("noise(10)", 15));
}

TEST_CASE("What is not an expression of usage says what is wanted") {
  const std::pair<const char*, const char*> rows[] = {
      {"", "want a quantity, a variable or a function after the end"},
      {"5 +", "want a quantity, a variable or a function after the end"},
      {"12q", "want a quantity such as 250m, 1.5 or 64Mi at \"12q\""},
      {"load * 2",
       "want one of age, limit, request, rps, t or a function (after, max, min, noise, points, pulse, ramp, "
       "sine, step, steps) at \"load * 2\""},
      {"ramp(5m)", "want \",\" at \")\""},
      {"ramp(5m, 1m)", "want an end that is not before the beginning at \")\""},
      {"sine(0s)", "want a period longer than 0 at \")\""},
      {"points(1m:2, 1m:3)", "want times that rise at \")\""},
      {"(1", "want \")\" after the end"},
      {"1 2", "want an operator or the end at \"2\""},
      {"1 ±200%", "a spread is written ±20%"},
  };
  for (const auto& [text, message] : rows) {
    const auto expr = UsageExpr::parse(text);
    INFO(text);
    REQUIRE(!expr.has_value());
    CHECK(expr.error().front().message == message);
  }
}

TEST_CASE("Usage of containers: throttled at the limit, shared load, nothing when nothing runs") {
  Lab lab(exact({{"app.cpu[web:*]", "100m + rps * 10m"}, {"app.memory[web:*]", "100Mi + rps * 1Mi"}}));
  const auto node = lab.node("n1");
  lab.apply(
      "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80}]}}");
  const auto a = lab.pod("a", node, "{name: c, image: 'web:1', resources: {limits: {cpu: 500m, memory: 1Gi}}}");
  const auto b =
      lab.pod("b", node,
              "{name: c, image: 'web:1'}, {name: side, image: 'x:1', resources: {requests: {cpu: 80m, memory: 10Mi}}}");
  CHECK(lab.world.usage().pod(a, lab.view()).milli_cpu == 0);  // not started
  lab.until(20);
  CHECK(lab.world.usage().pod(a, lab.view()).milli_cpu == 100);
  CHECK(lab.world.usage().pod(b, lab.view()).milli_cpu == 140);  // the other container: half of its request
  CHECK(lab.world.usage().node(node, lab.view()).memory == (100 + 100 + 5) << 20);

  // 120 rps over two ready endpoints.
  lab.fact(event::EndpointSliceCreated{event::ServiceId(std::size_t{0}), "abcde"});
  lab.fact(event::EndpointsChanged{event::EndpointSliceId(std::size_t{0}),
                                   {{a, event::kListed | event::kReady}, {b, event::kListed | event::kReady}}});
  lab.fact(event::LoadChanged{event::ServiceId(std::size_t{0}), 120'000});
  const Usage use = lab.world.usage().pod(a, lab.view());
  CHECK(use.milli_cpu == 500);  // its limit
  CHECK(use.wanted_cpu == 700);
  CHECK(use.memory == 160 << 20);
  CHECK(lab.world.usage().container(b, 0, lab.view()).milli_cpu == 700);
  lab.fact(event::EndpointsChanged{event::EndpointSliceId(std::size_t{0}), {{b, event::kListed}}});  // not ready
  CHECK(lab.world.usage().milli_rps(a, lab.view()) == 120'000);
  CHECK(lab.world.usage().milli_rps(b, lab.view()) == 0);
}

TEST_CASE("Memory above its limit is killed: at once, when it grows, when it leaks") {
  const auto exits = [](Lab& lab) {
    Lines out;
    for (const std::string& line : lab.lines())
      if (line.find("exited") != std::string::npos) out.push_back(line);
    return out;
  };
  const std::string limited = "{name: c, image: 'app:1', resources: {limits: {memory: 100Mi}}}";
  SECTION("at once") {
    Lab lab(exact({{"app.memory", "200Mi"}}));
    const auto p = lab.pod("p", lab.node("n1"), limited);
    lab.until(5);
    REQUIRE(lab.view().container(p, 0).has_exited);
    CHECK(lab.view().container(p, 0).last_exit == event::ExitReason::OOMKilled);
    CHECK(lab.view().container(p, 0).exit_code == 137);
  }
  SECTION("no limit, no kill") {
    Lab lab(exact({{"app.memory", "200Mi"}}));
    lab.pod("p", lab.node("n1"), "{name: c, image: 'app:1'}");
    lab.until(60);
    CHECK(exits(lab).empty());
  }
  SECTION("it grows: 50Mi and 1Mi a second is above 100Mi after 50 s") {
    Lab lab(exact({{"app.memory", "50Mi + age * 1Mi"}}));
    const auto p = lab.pod("p", lab.node("n1"), limited);
    lab.until(50);
    CHECK(exits(lab).empty());
    lab.until(56);
    CHECK(exits(lab).size() == 1);
    CHECK(lab.view().restarts(p) == 1);
    lab.until(100);  // the new container began from 50Mi
    CHECK(exits(lab).empty());
  }
  SECTION("a leak, from when it begins") {
    Lab lab(exact({{"app.memory", "50Mi"}}));
    lab.pod("p", lab.node("n1"), limited);
    lab.until(100);
    lab.world.set_memory_leak("app", true, 10 << 20, lab.now, 77);
    lab.until(104);
    CHECK(exits(lab).empty());
    lab.until(107);
    CHECK(exits(lab).size() == 1);
    lab.world.set_memory_leak("app", false, 10 << 20, lab.now);
    lab.until(200);
    CHECK(exits(lab).empty());
  }
}

TEST_CASE("Metrics: two collections make a sample, a fresh container is known after 10 s") {
  Lab lab(exact({{"app.cpu", "steps(0s:100m, 100s:300m)"}, {"app.memory", "64Mi"}}));
  const auto node = lab.node("n1");
  lab.world.collect_metrics(lab.now);
  const auto p = lab.pod("p", node, "{name: c, image: 'app:1'}");
  control::PodMetrics got;
  std::vector<double> known;  // from when on there are metrics
  base::SimTime first = base::SimTime::never();
  for (double t = 1; t <= 60; t += 1) {
    lab.until(t);
    if (lab.world.metrics()->pod(p, lab.view(), got) && first == base::SimTime::never()) first = lab.now;
  }
  const base::SimTime started = lab.view().container(p, 0).started;
  REQUIRE(first != base::SimTime::never());
  CHECK(first - started >= seconds(10));
  CHECK(first - started <= seconds(26));
  CHECK(got.containers.at(0).milli_cpu == 100);
  CHECK(got.containers.at(0).memory == 64 << 20);
  CHECK(got.window == seconds(15));
  // The step at 100 s: one sample lies half in each.
  bool half = false;
  for (double t = 61; t <= 140; t += 1) {
    lab.until(t);
    REQUIRE(lab.world.metrics()->pod(p, lab.view(), got));
    half = half || got.containers.at(0).milli_cpu == 200;
  }
  CHECK(half);
  CHECK(got.containers.at(0).milli_cpu == 300);
  // A node whose agent does not answer has no metrics.
  lab.world.stop_kubelet(node, lab.now);
  lab.until(160);
  CHECK(!lab.world.metrics()->pod(p, lab.view(), got));
}

TEST_CASE("Custom and external metrics are there if a parameter says so") {
  Lab lab(exact(
      {{"metric.external[queue_*]", "10 + t"}, {"metric.object[requests]", "rps"}, {"metric.pods[sessions]", "7"}}));
  const auto node = lab.node("n1");
  lab.apply(
      "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80}]}}");
  const auto p = lab.pod("p", node, "{name: c, image: 'app:1'}");
  lab.until(30);
  lab.fact(event::LoadChanged{event::ServiceId(std::size_t{0}), 5'000});
  const control::MetricsSource& source = *lab.world.metrics();
  std::vector<std::int64_t> values;
  source.external_metric("queue_depth", {}, "default", lab.view(), values);
  CHECK(values == std::vector<std::int64_t>{40'000});
  values.clear();
  source.external_metric("other", {}, "default", lab.view(), values);
  CHECK(values.empty());
  CHECK(source.object_metric("requests", {}, "Service", "default", "web", lab.view()) == 5'000);
  CHECK(!source.object_metric("requests", {}, "Service", "default", "none", lab.view()));
  CHECK(source.pod_metric("sessions", {}, p, lab.view()) == 7'000);
  CHECK(!source.pod_metric("other", {}, p, lab.view()));
}
