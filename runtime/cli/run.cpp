// wavetank run: reads a scenario, runs it, reports.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>

#include "engine/log/memory_journal.h"
#include "engine/project/report.h"
#include "runtime/cli/disk_files.h"
#include "runtime/cli/progress.h"
#include "runtime/cli/run_file.h"
#include "sim/scenario/simulation.h"

namespace wavetank::cli {
namespace {

struct RunCommand {
  std::string scenario, output, format = "text";
  std::string seed, until, scheduler_config, tie_break;
  std::vector<std::string> sets;
  bool quiet = false, force = false;

  [[nodiscard]] int execute() const;
};

const char* end_word(scenario::RunResult::End end) {
  switch (end) {
    case scenario::RunResult::End::Until:
      return "until";
    case scenario::RunResult::End::Quiet:
      return "quiet";
    case scenario::RunResult::End::Limit:
      return "limit";
    case scenario::RunResult::End::Stopped:
      return "stopped";
  }
  return "";
}

/// What kubectl would have printed as errors: requests of people that the API server refused, in the order they came.
class Refusals final : public state::Observer {
 public:
  void observe(const event::Event& event, const state::ClusterView& /*view*/) override {
    if (const auto* made = std::get_if<event::RequestMade>(&event.payload)) {
      if (made->actor == "kubectl") asked_[event.seq] = made->text;
    } else if (const auto* refused = std::get_if<event::RequestRefused>(&event.payload)) {
      const auto asked = asked_.find(event.cause);
      // A drain asks again until an eviction is granted.
      if (asked == asked_.end() || refused->reason == "TooManyRequests") return;
      std::string text =
          fmt::format("{}: refused at {}: {}", asked->second, project::at_words(event.time), refused->message);
      if (std::find(texts_.begin(), texts_.end(), text) != texts_.end()) return;
      if (texts_.size() < kMost)
        texts_.push_back(std::move(text));
      else
        ++more_;
    }
  }
  void tell() const {
    for (const std::string& text : texts_) notice(text);
    if (more_ > 0) notice(fmt::format("and {} more refusals", more_));
  }

 private:
  static constexpr std::size_t kMost = 8;
  std::map<base::Seq, std::string> asked_;
  std::vector<std::string> texts_;
  std::size_t more_ = 0;
};

/// A journal on disk that goes away again unless it is kept.
class Output {
 public:
  base::Result<void> open(const std::string& path, bool overwrite) {
    if (path.empty()) return {};
    store::CreateOptions options;
    options.overwrite = overwrite;
    auto made = store::SqliteJournal::create(path, options);
    if (!made) return base::failure(made.error());
    disk_ = std::move(*made);
    return {};
  }
  Output() = default;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() {
    if (disk_ != nullptr && !kept_) disk_->discard();
  }
  log::Journal& journal() { return disk_ != nullptr ? static_cast<log::Journal&>(*disk_) : memory_; }
  /// The run is over: what was written stays.
  base::Result<void> keep(const scenario::RunResult& result) {
    if (disk_ == nullptr) return {};
    disk_->put_meta(kEndKey, fmt::format("{}", result.time.ns));
    disk_->put_meta(kEndReasonKey, end_word(result.end));
    const base::Result<void> done = result.end == scenario::RunResult::End::Stopped ? disk_->flush() : disk_->finish();
    kept_ = done.has_value();
    return done;
  }

 private:
  log::MemoryJournal memory_;
  std::unique_ptr<store::SqliteJournal> disk_;
  bool kept_ = false;
};

int RunCommand::execute() const {
  scenario::Options options;
  options.snapshots = !output.empty();
  if (!seed.empty()) {
    // Read here: CLI11 lets -1 and what is too large wrap around.
    std::uint64_t value = 0;
    const char* const end = seed.data() + seed.size();
    const auto read = std::from_chars(seed.data(), end, value);
    if (read.ec != std::errc() || read.ptr != end)
      return complain(fmt::format("--seed {}: a whole number from 0 to 18446744073709551615 is wanted", seed));
    options.seed = value;
  }
  if (!until.empty()) {
    const auto span = base::parse_duration(until);
    if (!span || span->ns <= 0)
      return complain(fmt::format("--until {}: a duration greater than 0 is wanted, such as 10m or 90s", until));
    options.until = *span;
  }
  DiskFiles files;
  std::vector<std::string> changes = sets;
  if (!tie_break.empty()) changes.push_back("model.scheduler.tieBreak=" + tie_break);
  base::Result<scenario::Scenario> read = scenario::load_scenario(scenario, files, changes, scheduler_config);
  if (!read) return complain(read.error());
  if (!quiet) {
    for (const std::string& n : read->notices) notice(n);
  }
  // From here on the input is known to be good: only now anything is written.
  Output out;
  if (const auto opened = out.open(output, force); !opened) {
    base::Diagnostics all = opened.error();
    if (!force && base::to_text(all).find("there already") != std::string::npos)
      all.back().message += "; --force replaces it";
    return complain(all);
  }
  scenario::Simulation simulation(*read, options, out.journal());
  project::Statistics statistics;
  simulation.add_observer(statistics);
  Refusals refusals;
  simulation.add_observer(refusals);

  const Interrupt interrupt;
  ProgressBar bar(stderr_is_terminal() && !quiet, simulation.latest_end());
  const base::Result<scenario::RunResult> result = simulation.run([&](base::SimTime now, std::uint64_t events) {
    bar.show(now, events);
    return !Interrupt::asked();
  });
  bar.clear();
  if (!result) return complain(result.error());
  if (const auto kept = out.keep(*result); !kept) return complain(kept.error());
  statistics.finish(result->time);
  if (!quiet) refusals.tell();

  const state::ClusterView view = simulation.control_plane().view(result->time);
  const project::RunFacts facts{output, end_word(result->end), result->position.seq, result->position.fingerprint};
  if (format == "json") {
    print(model::to_pretty_json(project::report_doc(statistics, facts, view)) + "\n");
  } else if (!quiet) {
    print(project::report_text(statistics, facts, view, out_style()));
    if (stdout_is_terminal()) {
      const auto ms = bar.elapsed().count();
      print(out_style().dim(fmt::format("simulated {} in {}", project::span_words(result->time - base::SimTime{}),
                                        project::span_words(base::milliseconds(ms)))) +
            "\n");
    }
  } else {
    for (const auto& e : statistics.expectations) {
      if (e.kept || e.detail.starts_with("undecided")) continue;
      print(fmt::format("broken: {} ({})\n", e.text, e.detail));
    }
  }
  if (result->end == scenario::RunResult::End::Stopped) return kInterrupted;
  for (const scenario::ExpectationResult& e : result->expectations) {
    if (e.outcome == scenario::Verdict::Outcome::Broken) return kBroken;
  }
  return kOk;
}

}  // namespace

void add_run(CLI::App& app, Action& chosen) {
  const auto c = std::make_shared<RunCommand>();
  CLI::App* command = app.add_subcommand("run", "Run a scenario and report what happened");
  command->add_option("SCENARIO", c->scenario, "The scenario file; - is standard input")->required();
  command->add_option("-o,--out", c->output, "Keep the run in this file, for show, log, why and replay")
      ->check([](const std::string& path) { return std::string(path.empty() ? "a file is wanted" : ""); });
  command->add_option("--seed", c->seed, "Another seed than the scenario's");
  command->add_option("--until", c->until, "End the run at this time, such as 10m");
  command->add_option("--set", c->sets, "Change the scenario first, such as cluster.nodes[0].count=20")
      ->allow_extra_args(false);
  command
      ->add_option("--scheduler-config", c->scheduler_config,
                   "A KubeSchedulerConfiguration to use instead of the scenario's")
      ->check([](const std::string& path) { return std::string(path.empty() ? "a file is wanted" : ""); });
  command->add_option("--tie-break", c->tie_break, "Among nodes of the same score: random (by the seed) or name")
      ->check(CLI::IsMember({"random", "name"}));
  command->add_option("--output", c->format, "text or json")->check(CLI::IsMember({"text", "json"}));
  command->add_flag("-q,--quiet", c->quiet, "Print only broken expectations");
  command->add_flag("-f,--force", c->force, "Replace the run that -o names");
  command->callback([c, &chosen] { chosen = [c] { return c->execute(); }; });
}

}  // namespace wavetank::cli
