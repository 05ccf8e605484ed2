#pragma once
// A kept run as commands read it: its journal, and moments of it.

#include <memory>
#include <optional>
#include <string>

#include "engine/project/history.h"
#include "runtime/cli/cli.h"
#include "runtime/store/sqlite_journal.h"

namespace wavetank::cli {

/// Options of every command that reads a run.
struct RunOptions {
  std::string run;
  bool salvage = false;
};
void add_run_options(CLI::App& command, RunOptions& options);

/// A moment of a run: everything up to event `seq` has happened.
struct At {
  base::SimTime time;
  base::Seq seq = 0;
};

class RunFile final : public project::History {
 public:
  /// Error: no journal, or a damaged one; then the message says what --salvage would show.
  static base::Result<std::unique_ptr<RunFile>> open(const RunOptions& options);

  /// "end", "" (the end) or a duration since the start, such as 4m30s. `option` is for messages.
  [[nodiscard]] base::Result<At> at(const std::string& text, std::string_view option) const;
  /// The run's end: later than its last event if it ended in silence.
  [[nodiscard]] base::SimTime end() const { return end_; }
  [[nodiscard]] const store::SqliteJournal& journal() const { return *journal_; }

  base::Result<void> scan(base::Seq from, base::Seq to,
                          const std::function<bool(const event::Event&)>& visit) const override;
  [[nodiscard]] base::Result<state::ClusterState> state_at(base::Seq seq) const override;
  [[nodiscard]] std::vector<schedule::Profile> profiles() const override;
  [[nodiscard]] schedule::TieBreak tie_break() const override;

 private:
  explicit RunFile(std::unique_ptr<store::SqliteJournal> journal);
  std::unique_ptr<store::SqliteJournal> journal_;
  base::SimTime end_;
};

/// Meta values that `run` writes beside those of the scenario.
inline constexpr const char* kEndKey = "run.end_ns";
inline constexpr const char* kEndReasonKey = "run.end";

/// A named object: "deployment/web", "shop/deployment/web", "deployment/shop/web", or kind and name apart.
struct ObjectName {
  std::string kind_word, ns, name;
};
/// Error: not of one of these forms.
base::Result<ObjectName> parse_object(const std::string& text, const std::string& default_ns);
/// Finds it, also when it is gone by then. Error: an unknown kind, or no such name, with the nearest known words.
base::Result<event::Ref> resolve(const ObjectName& name, const state::ClusterView& view);

}  // namespace wavetank::cli
