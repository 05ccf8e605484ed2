#include "sim/scenario/simulation.h"

#include <algorithm>

#include "engine/log/memory_journal.h"
#include "sim/kernel/draws.h"
#include "sim/scenario/run_meta.h"
#include "sim/scenario/steps/all.h"

namespace wavetank::scenario {
namespace {

constexpr std::uint64_t kMomentsBetweenProgress = 64;

}  // namespace

loop::Settings control_plane_settings(const Scenario& scenario, std::uint64_t seed) {
  loop::Settings settings = scenario.control_plane;
  settings.scheduler.seed = seed;
  return settings;
}

bool RunResult::all_kept() const {
  return std::all_of(expectations.begin(), expectations.end(),
                     [](const ExpectationResult& e) { return e.outcome == Verdict::Outcome::Kept; });
}

Simulation::Simulation(const Scenario& scenario, const Options& options, log::Journal& journal)
    : scenario_(&scenario),
      options_(options),
      journal_(&journal),
      seed_(options.seed.value_or(scenario.seed)),
      latest_end_(options.until.has_value() ? SimTime{} + *options.until : scenario.until.value_or(scenario.limit)),
      has_until_(options.until.has_value() || scenario.until.has_value()),
      world_(scenario.world, seed_),
      control_plane_(control_plane_settings(scenario, seed_), journal, world_),
      faults_(control_plane_, world_, seed_),
      judge_(scenario.expectations),
      triggers_(scenario.timeline),
      snapshotter_(journal) {
  put_run_meta(scenario, options, journal);
  control_plane_.add_observer(judge_);
  control_plane_.add_observer(triggers_);
  if (options.snapshots) control_plane_.add_observer(snapshotter_);
  std::map<std::string, std::uint64_t> same;
  for (std::size_t i = 0; i < scenario.timeline.size(); ++i) {
    const TimelineEntry& entry = scenario.timeline[i];
    if (entry.when.has_value()) continue;
    const std::string words = entry.step->text();
    Due due{i, entry.at, entry.at, entry.times, 0, base::Stream(seed_, "timeline").of(words).of(same[words]++)};
    due.at = time_of(due);
    due_.push_back(due);
  }
  result_.expectations.resize(scenario.expectations.size());
}

Simulation::~Simulation() = default;

void Simulation::add_observer(state::Observer& observer) { control_plane_.add_observer(observer); }

StepContext Simulation::context() {
  return {control_plane_, clock_.now(), drains_, faults_, named_faults_, named_renewals_};
}

// What is there at the start: nodes, then manifests in their order.
base::Diagnostics Simulation::begin() {
  control_plane_.start_run(scenario_->name, seed_, scenario_->epoch_s);
  StepContext context = this->context();
  if (!scenario_->nodes.empty()) {
    create_nodes(scenario_->nodes, "cluster of " + std::to_string(scenario_->nodes.size()) + " nodes", context);
  }
  base::Diagnostics refused;
  for (const ManifestGroup& group : scenario_->manifests) {
    base::Diagnostics found = context.apply("apply -f " + group.label, group.docs);
    if (!group.exported) refused.insert(refused.end(), found.begin(), found.end());
  }
  return refused;
}

base::Diagnostics refused_at_start(const Scenario& scenario) {
  log::MemoryJournal journal;
  Simulation simulation(scenario, {}, journal);
  return simulation.begin();
}

void Simulation::take_steps() {
  const SimTime now = clock_.now();
  // Entries due at the same moment run in the scenario's order, repetitions among them.
  for (Due& due : due_) {
    if (due.at != now) continue;
    const TimelineEntry& entry = scenario_->timeline[due.entry];
    StepContext context = this->context();
    entry.step->run(context);
    --due.left;
    if (due.left <= 0) continue;
    due.nominal = due.nominal + *entry.every;
    ++due.taken;
    due.at = std::max(time_of(due), now + base::nanoseconds(1));
  }
  std::erase_if(due_, [](const Due& due) { return due.left <= 0; });
}

SimTime Simulation::time_of(const Due& due) const {
  const Duration jitter = scenario_->timeline[due.entry].jitter;
  return due.nominal + kernel::draw_uniform(due.stream, static_cast<std::uint64_t>(due.taken), {}, jitter);
}

// Each is due once a moment at most, so this ends.
void Simulation::take_triggered() {
  std::vector<std::size_t> due;
  for (;;) {
    due.clear();
    triggers_.settle(control_plane_.view(clock_.now()), due);
    if (due.empty()) return;
    for (const std::size_t entry : due) {
      StepContext context = this->context();
      scenario_->timeline[entry].step->run(context);
    }
    control_plane_.step(clock_.now());
    settle();
  }
}

SimTime Simulation::next_step() const {
  SimTime next = SimTime::never();
  for (const Due& due : due_) next = std::min(next, due.at);
  return next;
}

SimTime Simulation::next_moment() const {
  return std::min({control_plane_.next_wakeup(), next_step(), faults_.next_due(), drains_.next_due(),
                   judge_.next_deadline(), triggers_.next_due()});
}

SimTime Simulation::end_of_run() const {
  if (has_until_) return latest_end_;
  const bool waiting = !due_.empty() || triggers_.next_due() != SimTime::never() ||
                       faults_.next_due() != SimTime::never() || !drains_.running().empty() ||
                       judge_.next_deadline() != SimTime::never();
  if (waiting) return latest_end_;
  return std::min(latest_end_, last_activity_ + scenario_->quiet);
}

void Simulation::settle() {
  if (control_plane_.state().last_seq != quiet_seq_) last_activity_ = clock_.now();
  verdicts_.clear();
  judge_.settle(control_plane_.view(clock_.now()), verdicts_);
  judge(verdicts_);
  quiet_seq_ = control_plane_.state().last_seq;  // judging is no activity
}

void Simulation::judge(const std::vector<Verdict>& verdicts) {
  for (const Verdict& verdict : verdicts) {
    const Expectation& e = scenario_->expectations[verdict.index];
    ExpectationResult& result = result_.expectations[verdict.index];
    result.outcome = verdict.outcome;
    result.text = e.text();
    result.name = e.name.empty() ? result.text : e.name;
    result.detail = verdict.detail;
    result.at = verdict.at;
    result.cause = verdict.cause;
    event::ExpectationJudged fact;
    fact.index = verdict.index;
    fact.text = e.name.empty() ? result.text : e.name + ": " + result.text;
    fact.kept = verdict.outcome == Verdict::Outcome::Kept;
    fact.detail = verdict.outcome == Verdict::Outcome::Undecided ? "undecided: " + verdict.detail : verdict.detail;
    result.seq = control_plane_.submit(clock_.now(), {verdict.cause, command::JudgeExpectation{fact}}).last;
  }
}

base::Result<RunResult> Simulation::run(const Progress& progress) {
  if (base::Diagnostics refused = begin(); !refused.empty()) return base::failure(std::move(refused));
  std::uint64_t moments = 0;
  for (;;) {
    const SimTime now = clock_.now();
    faults_.act(now);
    take_steps();
    drains_.act(context());
    control_plane_.step(now);
    settle();
    take_triggered();
    const bool stopped =
        progress && ++moments % kMomentsBetweenProgress == 0 && !progress(now, control_plane_.state().last_seq);
    const SimTime end = end_of_run();
    if (stopped || now >= end) {
      result_.end = stopped              ? RunResult::End::Stopped
                    : has_until_         ? RunResult::End::Until
                    : now >= latest_end_ ? RunResult::End::Limit
                                         : RunResult::End::Quiet;
      break;
    }
    const SimTime next = next_moment();
    clock_.advance_to(std::min(std::max(next, now), end));
  }
  const bool cut = result_.end == RunResult::End::Stopped || options_.until.has_value();
  verdicts_.clear();
  judge_.finish(control_plane_.view(clock_.now()), cut, verdicts_);
  judge(verdicts_);
  result_.time = clock_.now();
  base::Result<void> flushed = journal_->flush();
  if (!flushed.has_value()) return base::failure(flushed.error());
  result_.position = journal_->position();
  result_.counters = control_plane_.counters();
  return result_;
}

}  // namespace wavetank::scenario
