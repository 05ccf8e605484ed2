#pragma once
// Expectations: an expression and when it has to hold. A moment is a point of virtual time at which something happened,
// looked at after all that happened then. Between two moments nothing changes, so looking at moments misses nothing.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/state/observer.h"
#include "sim/scenario/expression.h"

namespace wavetank::scenario {

using base::Duration;
using base::SimTime;

struct Expectation {
  enum class Mode : std::uint8_t {
    Always,      ///< Holds at every moment of [from, to].
    Never,       ///< Holds at no moment of [from, to].
    Eventually,  ///< Holds at some moment of [from, to], and from then on for `lasting`.
    At,          ///< Holds at `from`.
  };
  Mode mode = Mode::Always;
  Expression expression;
  std::string name;  ///< "" where the author gave none.
  SimTime from;
  std::optional<SimTime> to;  ///< Missing: the end of the run.
  Duration lasting{};         ///< Eventually only.
  base::Position position;

  /// "eventually pods pending == 0, from 5m within 2m": as one would say it, for reports.
  [[nodiscard]] std::string text() const;
};

/// What became of one expectation.
struct Verdict {
  enum class Outcome : std::uint8_t { Kept, Broken, Undecided };
  std::uint32_t index = 0;
  Outcome outcome = Outcome::Undecided;
  SimTime at;           ///< When it was decided.
  std::string detail;   ///< What was seen.
  base::Seq cause = 0;  ///< The last event before a broken `always` or `never` was seen; else 0.
};

/// Looks at all expectations as a run goes on. An observer only to know what can have changed; settle() does the work.
class Judge final : public state::Observer {
 public:
  explicit Judge(const std::vector<Expectation>& expectations);

  void observe(const event::Event& event, const ClusterView& view) override;
  /// After all that happens at view.now(): appends the verdicts that are due. O(what changed expectations read).
  void settle(const ClusterView& view, std::vector<Verdict>& out);
  /// The next moment at which an expectation wants to be looked at although nothing may happen then.
  [[nodiscard]] SimTime next_deadline() const;
  /// The run is over at view.now(): decides the rest. What could not be seen to the end is broken if the run ended by
  /// itself, and undecided if it was `cut` short from outside.
  void finish(const ClusterView& view, bool cut, std::vector<Verdict>& out);

 private:
  struct Watch {
    const Expectation* expectation = nullptr;
    event::KindMask changed_by = 0;
    std::vector<std::int64_t> counts;
    std::vector<const Operand::Events*> counters;
    bool decided = false;
    bool stale = true;  ///< Something that it reads may have changed.
    bool open = false;  ///< Its window has begun.
    bool holding = false;
    SimTime held_since;
    std::uint64_t looks = 0;
  };
  void decide(std::size_t index, Verdict::Outcome outcome, const ClusterView& view, std::string detail,
              std::vector<Verdict>& out);
  void look(std::size_t index, const ClusterView& view, std::vector<Verdict>& out);
  void close(std::size_t index, const ClusterView& view, std::vector<Verdict>& out);
  [[nodiscard]] static SimTime deadline(const Watch& watch);

  std::vector<Watch> watches_;
  event::KindMask all_ = 0;
  event::KindMask counted_ = 0;
  base::Seq last_seq_ = 0;
  SimTime next_ = SimTime::never();
  bool stale_ = true;
};

}  // namespace wavetank::scenario
