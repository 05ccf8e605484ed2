// wavetank replay: folds a run's events again; with --verify checks everything that can be checked about the file.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "engine/log/memory_journal.h"
#include "engine/log/replay.h"
#include "engine/project/narrate.h"
#include "runtime/cli/progress.h"
#include "runtime/cli/run_file.h"
#include "sim/scenario/simulation.h"

namespace wavetank::cli {
namespace {

struct ReplayCommand {
  RunOptions run;
  bool verify = false;

  [[nodiscard]] int execute() const;
  int verify_run(const RunFile& file) const;
};

std::string told(const std::optional<event::Event>& e, const RunFile& file) {
  if (!e) return "nothing: it ends before";
  const auto state = file.state_at(e->seq - 1);
  if (!state) return std::string(event::kind_name(e->kind()));
  state::ClusterState after;
  if (auto again = file.state_at(e->seq - 1)) after = std::move(*again);
  const project::Before was = project::before(*e, state::ClusterView(*state, e->time));
  state::evolve(after, *e);
  return fmt::format("{}  {} (cause {})", project::clock_words(e->time),
                     project::narrate(*e, was, state::ClusterView(after, e->time)), e->cause);
}

/// Where two events that create or update the same object differ only in the document.
std::string document_change(const log::Difference& d) {
  const auto doc = [](const std::optional<event::Event>& e) -> const std::string* {
    if (!e) return nullptr;
    if (const auto* made = std::get_if<event::ObjectCreated>(&e->payload)) return &made->doc;
    if (const auto* changed = std::get_if<event::ObjectUpdated>(&e->payload)) return &changed->doc;
    return nullptr;
  };
  const std::string* left = doc(d.left);
  const std::string* right = doc(d.right);
  return left == nullptr || right == nullptr ? "" : project::describe_change(*left, *right);
}

/// Up to where a run must come out again. One that was stopped ends with judgements on what it did not live to see.
base::Result<log::Position> comparable_end(const store::SqliteJournal& journal) {
  const log::Position end = journal.position();
  if (journal.ended()) return end;
  base::Seq last = 0;
  constexpr base::Seq kMost = 100'000;  // of expectations
  const auto read = journal.scan(end.seq > kMost ? end.seq - kMost : 1, end.seq, [&](const event::Event& e) {
    const auto* judged = std::get_if<event::ExpectationJudged>(&e.payload);
    if (judged == nullptr || judged->kept || !judged->detail.starts_with("undecided: ")) last = e.seq;
    return true;
  });
  if (!read) return base::failure(read.error());
  return journal.position_at(last);
}

int ReplayCommand::verify_run(const RunFile& file) const {
  const project::Style style = out_style();
  const auto passed = [&](const std::string& what) { print(fmt::format("{} {}\n", style.green("✓"), what)); };
  const auto failed = [&](const std::string& what) { print(fmt::format("{} {}\n", style.red("✗"), what)); };
  const auto verified = log::verify(file.journal());
  if (!verified) return complain(verified.error());  // a damaged file is bad input
  if (verified->end.seq == 0) return complain(fmt::format("{}: no event is there: nothing to verify", run.run));
  passed(fmt::format("{} events in one chain, fingerprint {:016x}",
                     project::thousands(static_cast<std::int64_t>(verified->end.seq)), verified->end.fingerprint));
  passed(fmt::format("they fold into the state {:016x}; {} agree", verified->digest,
                     project::count(static_cast<std::int64_t>(verified->snapshots), "snapshot")));
  for (const std::string& d : file.journal().damaged_snapshots()) notice(d);

  const Interrupt interrupt;
  ProgressBar bar(stderr_is_terminal(), file.end());
  log::MemoryJournal fresh;
  const auto again = scenario::re_execute(file.journal(), fresh, [&](base::SimTime now, std::uint64_t events) {
    bar.show(now, events);
    return !Interrupt::asked() && events <= file.journal().position().seq + 100'000;
  });
  bar.clear();
  if (Interrupt::asked()) return kInterrupted;
  if (!again) {
    failed("it cannot be executed again");
    return complain(again.error());
  }
  fresh.cut();
  const auto end = comparable_end(file.journal());
  if (!end) return complain(end.error());
  const auto there = fresh.position_at(std::min(end->seq, fresh.position().seq));
  if (!there) return complain(there.error());
  if (*there == *end && (!file.journal().ended() || fresh.position().seq == end->seq)) {
    passed("executed again it gives the same events, bit for bit");
    return kOk;
  }
  failed("executed again it gives other events");
  const auto difference = log::first_difference(file.journal(), fresh);
  if (!difference) return complain(difference.error());
  if (*difference) {
    print(fmt::format("  the first difference is event {}\n", (*difference)->seq));
    print(fmt::format("  in the file  {}\n", told((*difference)->left, file)));
    print(fmt::format("  now          {}\n", told((*difference)->right, file)));
    const std::string change = document_change(**difference);
    if (!change.empty()) print(fmt::format("  its document {}\n", change));
  }
  return kBroken;
}

int ReplayCommand::execute() const {
  const auto file = RunFile::open(run);
  if (!file) return complain(file.error());
  if (verify) return verify_run(**file);
  const log::Position end = (*file)->journal().position();
  state::ClusterState state;
  const auto read = (*file)->scan(1, end.seq, [&](const event::Event& e) {
    state::evolve(state, e);
    return true;
  });
  if (!read) return complain(read.error());
  print(fmt::format("{} events up to {}, fingerprint {:016x}, state {:016x}\n",
                    project::thousands(static_cast<std::int64_t>(end.seq)), project::at_words(end.time),
                    end.fingerprint, state::digest(state)));
  return kOk;
}

}  // namespace

void add_replay(CLI::App& app, Action& chosen) {
  const auto c = std::make_shared<ReplayCommand>();
  CLI::App* command =
      app.add_subcommand("replay", "Fold a run again; with --verify also check it and execute it again");
  add_run_options(*command, c->run);
  command->add_flag("--verify", c->verify,
                    "Check the file and run its scenario again: the same must come out, else exit code 1");
  command->callback([c, &chosen] { chosen = [c] { return c->execute(); }; });
}

}  // namespace wavetank::cli
