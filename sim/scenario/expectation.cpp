#include "sim/scenario/expectation.h"

#include <fmt/format.h>

#include <algorithm>

namespace wavetank::scenario {
namespace {

using Mode = Expectation::Mode;
using Outcome = Verdict::Outcome;

std::string since_start(SimTime t) { return base::format_duration(t - SimTime{}); }

}  // namespace

std::string Expectation::text() const {
  std::string out;
  switch (mode) {
    case Mode::Always:
      out = "always ";
      break;
    case Mode::Never:
      out = "never ";
      break;
    case Mode::Eventually:
      out = "eventually ";
      break;
    case Mode::At:
      return fmt::format("at {} {}", since_start(from), expression.text());
  }
  out += expression.text();
  if (mode == Mode::Eventually) {
    if (from.ns != 0) out += fmt::format(", from {}", since_start(from));
    if (to.has_value()) out += fmt::format(" within {}", base::format_duration(*to - from));
    if (lasting.ns != 0) out += fmt::format(", for {}", base::format_duration(lasting));
    return out;
  }
  if (from.ns != 0) out += fmt::format(", from {}", since_start(from));
  if (to.has_value()) out += fmt::format(" to {}", since_start(*to));
  return out;
}

Judge::Judge(const std::vector<Expectation>& expectations) {
  for (const Expectation& e : expectations) {
    Watch watch;
    watch.expectation = &e;
    watch.changed_by = e.expression.changed_by();
    watch.counters = e.expression.counters();
    watch.counts.assign(e.expression.counter_count(), 0);
    all_ |= watch.changed_by;
    for (const Operand::Events* events : watch.counters) counted_ |= event::mask(events->kind);
    next_ = std::min(next_, deadline(watch));
    watches_.push_back(std::move(watch));
  }
}

SimTime Judge::deadline(const Watch& watch) {
  if (watch.decided) return SimTime::never();
  const Expectation& e = *watch.expectation;
  if (!watch.open) return e.from;
  if (e.mode == Mode::Eventually && watch.holding) {
    const SimTime lasted = watch.held_since + e.lasting;
    return lasted;
  }
  return e.to.value_or(SimTime::never());
}

void Judge::observe(const event::Event& event, const ClusterView& view) {
  last_seq_ = event.seq;
  const event::KindMask bit = event::mask(event.kind());
  if ((all_ & bit) == 0) return;
  for (Watch& watch : watches_) {
    if (watch.decided || (watch.changed_by & bit) == 0) continue;
    watch.stale = true;
    stale_ = true;
    // Counts begin with the window.
    if ((counted_ & bit) == 0 || view.now() < watch.expectation->from) continue;
    for (const Operand::Events* events : watch.counters) {
      if (events->kind != event.kind() || !event_matches(event, events->filter, view)) continue;
      ++watch.counts[events->counter];
    }
  }
}

void Judge::decide(std::size_t index, Outcome outcome, const ClusterView& view, std::string detail,
                   std::vector<Verdict>& out) {
  Watch& watch = watches_[index];
  watch.decided = true;
  Verdict verdict;
  verdict.index = static_cast<std::uint32_t>(index);
  verdict.outcome = outcome;
  verdict.at = view.now();
  verdict.detail = std::move(detail);
  const Mode mode = watch.expectation->mode;
  if (outcome == Outcome::Broken && (mode == Mode::Always || mode == Mode::Never)) verdict.cause = last_seq_;
  out.push_back(std::move(verdict));
}

// One look at an open window that may have changed.
void Judge::look(std::size_t index, const ClusterView& view, std::vector<Verdict>& out) {
  Watch& watch = watches_[index];
  const Expectation& e = *watch.expectation;
  e.expression.ask_routes(view, watch.counts);
  const bool holds = e.expression.holds(view, watch.counts);
  watch.stale = false;
  ++watch.looks;
  const auto seen = [&] {
    return fmt::format("{} at {}", e.expression.seen(view, watch.counts), base::format_time(view.now()));
  };
  switch (e.mode) {
    case Mode::Always:
      if (!holds) decide(index, Outcome::Broken, view, seen(), out);
      return;
    case Mode::Never:
      if (holds) decide(index, Outcome::Broken, view, seen(), out);
      return;
    case Mode::At:
      decide(index, holds ? Outcome::Kept : Outcome::Broken, view, seen(), out);
      return;
    case Mode::Eventually:
      break;
  }
  if (!holds) {
    watch.holding = false;
  } else if (!watch.holding) {
    watch.holding = true;
    watch.held_since = view.now();
  }
}

// What the time alone decides: the end of a window, the end of `lasting`.
void Judge::close(std::size_t index, const ClusterView& view, std::vector<Verdict>& out) {
  Watch& watch = watches_[index];
  const Expectation& e = *watch.expectation;
  const SimTime now = view.now();
  if (e.mode == Mode::Eventually) {
    // What began to hold within the window may last beyond its end.
    if (watch.holding && (!e.to.has_value() || watch.held_since <= *e.to)) {
      if (now < watch.held_since + e.lasting) return;
      std::string detail = fmt::format("held at {}", base::format_time(watch.held_since));
      if (e.from.ns != 0)
        detail +=
            fmt::format(", {} after {}", base::format_duration(watch.held_since - e.from), base::format_time(e.from));
      decide(index, Outcome::Kept, view, std::move(detail), out);
      return;
    }
    if (!e.to.has_value() || now < *e.to) return;
    decide(index, Outcome::Broken, view,
           fmt::format("not so within {}: {} at {}", base::format_duration(*e.to - e.from),
                       e.expression.seen(view, watch.counts), base::format_time(now)),
           out);
    return;
  }
  if (!e.to.has_value() || now < *e.to) return;
  decide(index, Outcome::Kept, view,
         fmt::format("held from {} to {}", base::format_time(e.from), base::format_time(*e.to)), out);
}

void Judge::settle(const ClusterView& view, std::vector<Verdict>& out) {
  if (!stale_ && view.now() < next_) return;
  next_ = SimTime::never();
  stale_ = false;
  for (std::size_t i = 0; i < watches_.size(); ++i) {
    Watch& watch = watches_[i];
    if (watch.decided) continue;
    if (!watch.open && view.now() >= watch.expectation->from) {
      watch.open = true;
      watch.stale = true;
    }
    if (watch.open) {
      // A window that ended between two moments saw what was so before this one; the driver stops at every deadline, so
      // that cannot happen here.
      if (watch.stale) look(i, view, out);
      if (!watch.decided) close(i, view, out);
    }
    next_ = std::min(next_, deadline(watch));
  }
}

SimTime Judge::next_deadline() const { return next_; }

void Judge::finish(const ClusterView& view, bool cut, std::vector<Verdict>& out) {
  settle(view, out);
  const Outcome unseen = cut ? Outcome::Undecided : Outcome::Broken;
  const std::string end = base::format_time(view.now());
  for (std::size_t i = 0; i < watches_.size(); ++i) {
    Watch& watch = watches_[i];
    if (watch.decided) continue;
    const Expectation& e = *watch.expectation;
    if (!watch.open) {
      decide(i, unseen, view, fmt::format("never looked at: the run ended at {}", end), out);
    } else if (e.mode == Mode::Eventually) {
      decide(i, e.to.has_value() || watch.holding ? unseen : Outcome::Broken, view,
             fmt::format("not so by the end of the run: {} at {}", e.expression.seen(view, watch.counts), end), out);
    } else if (e.to.has_value()) {
      decide(i, unseen, view, fmt::format("held from {}, but the run ended at {}", base::format_time(e.from), end),
             out);
    } else {
      decide(i, Outcome::Kept, view, fmt::format("held from {} to the end at {}", base::format_time(e.from), end), out);
    }
  }
}

}  // namespace wavetank::scenario
