// A swarm of small worlds. First a safety phase in which what must never be is looked for after every fact; then all
// faults heal, and everything feasible must be ready within the time that small_world.h states. A failure prints the
// seed; WAVETANK_SWARM=<seed> runs that world alone and prints its scenario, which `wavetank run` runs again.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <cstdlib>
#include <string>

#include "engine/log/memory_journal.h"
#include "engine/log/replay.h"
#include "sim/scenario/simulation.h"
#include "tests/swarm/small_world.h"
#include "tests/swarm/watchman.h"

using namespace wavetank;

namespace {

std::string unfinished(const state::ClusterView& view) {
  const state::ClusterState& end = view.state();
  std::string out;
  const auto add = [&](event::Ref ref, const std::string& what) {
    out += fmt::format("\n  {}: {}", view.name_of(ref), what);
  };
  for (std::uint32_t p = 0; p < end.pods.size(); ++p) {
    const event::PodId pod(p);
    if (!view.pod_alive(pod)) continue;
    if (view.pod_terminating(pod)) add(pod, "is still terminating");
    const event::Phase phase = view.pod_phase(pod);
    if (phase == event::Phase::Succeeded || phase == event::Phase::Failed) continue;
    if (!view.pod_node(pod).valid()) add(pod, fmt::format("is on no node: {}", view.text(end.pods.message[p])));
    if (view.pod_node(pod).valid() && !view.pod_ready(pod)) add(pod, "is not ready");
  }
  for (std::uint32_t i = 0; i < end.nodes.size(); ++i)
    if (!view.node_ready(event::NodeId(i))) add(event::NodeId(i), "is not Ready");
  for (std::uint32_t i = 0; i < end.deployments.size(); ++i) {
    const state::DeploymentRow& d = end.deployments[i];
    if (d.header.alive && (d.available != d.spec.replicas || d.updated != d.spec.replicas))
      add(event::DeploymentId(i),
          fmt::format("wants {}, {} available, {} up to date", d.spec.replicas, d.available, d.updated));
  }
  for (std::uint32_t i = 0; i < end.stateful_sets.size(); ++i) {
    const state::StatefulSetRow& s = end.stateful_sets[i];
    if (s.header.alive && (s.status.available != s.spec.replicas || s.status.updated != s.spec.replicas))
      add(event::StatefulSetId(i),
          fmt::format("wants {}, {} available, {} up to date", s.spec.replicas, s.status.available, s.status.updated));
  }
  for (std::uint32_t i = 0; i < end.daemon_sets.size(); ++i) {
    const state::DaemonSetRow& d = end.daemon_sets[i];
    if (d.header.alive && (d.status.desired != static_cast<std::int32_t>(end.nodes.size()) ||
                           d.status.available != d.status.desired || d.status.updated != d.status.desired))
      add(event::DaemonSetId(i), fmt::format("wants {} of {} nodes, {} available, {} up to date", d.status.desired,
                                             end.nodes.size(), d.status.available, d.status.updated));
  }
  for (std::uint32_t i = 0; i < end.jobs.size(); ++i) {
    const state::Condition* complete = view.condition(event::JobId(i), "Complete");
    if (end.jobs[i].header.alive && (complete == nullptr || complete->status != event::ConditionStatus::True))
      add(event::JobId(i),
          fmt::format("is not complete: {} succeeded, {} failed, {} active", end.jobs[i].status.succeeded,
                      end.jobs[i].status.failed, end.jobs[i].status.active));
  }
  return out;
}

/// Owners of owners of owners … come to an end.
bool owners_end(const state::ClusterView& view) {
  bool good = true;
  view.for_headers([&](event::Ref ref, const state::Header&) {
    event::Ref at = ref;
    for (int depth = 0; at.valid() && at.kind != model::Kind::Pod; ++depth) {
      if (depth > 20) good = false;
      if (depth > 20) break;
      at = view.header(at)->controller;
    }
  });
  return good;
}

/// What went wrong in the world of a seed; empty: nothing.
std::string run_world(std::uint64_t seed, const std::string& text) {
  scenario::MemoryFiles files;
  files.put("swarm.yaml", text);
  const auto loaded = scenario::load_scenario("swarm.yaml", files);
  if (!loaded.has_value()) return base::to_text(loaded.error());
  log::MemoryJournal journal;
  scenario::Options options;
  options.snapshots = false;
  scenario::Simulation simulation(*loaded, options, journal);
  swarm::Watchman watchman;
  simulation.add_observer(watchman);
  const auto result = simulation.run();
  if (!result.has_value()) return base::to_text(result.error());
  std::string wrong = fmt::format("{}", fmt::join(watchman.broken(), "\n"));
  const state::ClusterState& end = simulation.control_plane().state();
  const state::ClusterView view(end, result->time);
  wrong += unfinished(view);
  if (!owners_end(view)) wrong += "\n  ownership goes round in a circle";
  for (const std::string& broken : state::check_invariants(end)) wrong += "\n  at the end: " + broken;
  if (seed % 50 != 0) return wrong;
  // The journal is the run: folded it is the live state, run again it is the same journal.
  if (const auto verified = log::verify(journal, state::digest(end)); !verified.has_value())
    wrong += "\n  " + base::to_text(verified.error());
  log::MemoryJournal again;
  const auto repeated = scenario::re_execute(journal, again);
  if (!repeated.has_value() || repeated->position.fingerprint != result->position.fingerprint)
    wrong += "\n  run again it is another run";
  return wrong;
}

/// The worlds of one part of the swarm, of two: ctest runs the parts side by side.
void run_part(std::uint64_t part) {
  if (const char* given = std::getenv("WAVETANK_SWARM"); given != nullptr) {
    const std::uint64_t seed = std::strtoull(given, nullptr, 10);
    const std::string text = swarm::small_world(seed);
    INFO(text);
    CHECK(run_world(seed, text) == "");
    return;
  }
  const char* count = std::getenv("WAVETANK_SWARM_WORLDS");
  const std::uint64_t worlds = count == nullptr ? 10'000 : std::strtoull(count, nullptr, 10);
  int failed = 0;
  for (std::uint64_t seed = part; seed < worlds && failed < 10; seed += 2) {
    const std::string wrong = run_world(seed, swarm::small_world(seed));
    if (wrong.empty()) continue;
    ++failed;
    FAIL_CHECK("WAVETANK_SWARM=" << seed << " test_swarm" << wrong);
  }
  SUCCEED();
}

}  // namespace

TEST_CASE("swarm: even worlds are safe at every moment and whole in the end", "[even]") { run_part(0); }
TEST_CASE("swarm: odd worlds are safe at every moment and whole in the end", "[odd]") { run_part(1); }
