#include "engine/conformance/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace wavetank::conformance {
namespace {

/// The order in which fields are printed: as the formats' descriptions name them.
constexpr std::string_view kOrder[] = {
    // decisions
    "outcome", "gateMessage", "preFilter.code", "preFilter.plugin", "preFilter.message", "preFilter.nodeNames",
    "preFilter.narrowedBy", "preFilter.ran", "failures", "absentNodes", "feasibleCount", "nominatedNodeUsed",
    "scores.plugins", "scores.weights", "scores.skipped", "scores.nodes", "maxTotal", "ties", "chosen", "fitError",
    "fitErrorBeforePostFilter", "preemption.ran", "preemption.code", "preemption.message", "preemption.nominatedNode",
    "preemption.victims", "preemption.pdbViolations", "preemption.ties", "preemption.candidates", "preemption.rejected",
    "preemption.clearedNominations", "preemption.clearsOwnNomination", "volumes", "retries",
    // sampling
    "snapshotOrder", "start", "nextStart", "numNodesToFind", "evaluated", "filterRuns", "feasible", "totals",
    // steps on the queue
    "atMs", "attempt.pod", "attempt.from", "attempt.outcome", "attempt.node", "attempt.ties", "attempt.plugins",
    "attempt.message", "attempt.statusPatched", "events", "moved", "active", "backoff", "errorBackoff", "unschedulable",
    "gated", "pods.queue", "pods.attempts", "pods.unschedulableCount", "pods.errorCount", "pods.timestampMs",
    "pods.plugins", "pods.gatingPlugin", "pods.backoffMs", "pods.backoffUntilMs"};

std::size_t place(std::string_view field) {
  return static_cast<std::size_t>(std::find(std::begin(kOrder), std::end(kOrder), field) - std::begin(kOrder));
}

void add_fields(std::vector<std::pair<std::string, Count>>& to,
                const std::vector<std::pair<std::string, Count>>& from) {
  for (const auto& [field, count] : from) {
    Count& all = count_of(to, field);
    all.matched += count.matched;
    all.total += count.total;
  }
}

}  // namespace

Count& count_of(std::vector<std::pair<std::string, Count>>& fields, std::string_view field) {
  const auto before = [](const std::pair<std::string, Count>& entry, std::string_view name) {
    const std::size_t a = place(entry.first);
    const std::size_t b = place(name);
    return a != b ? a < b : entry.first < name;
  };
  const auto at = std::lower_bound(fields.begin(), fields.end(), field, before);
  if (at != fields.end() && at->first == field) return at->second;
  return fields.emplace(at, std::string(field), Count{})->second;
}

void Record::begin(std::string subject) {
  end();
  subject_ = std::move(subject);
  open_ = true;
  before_ = outcome_.differences.size();
}

void Record::end() {
  if (open_) outcome_.decisions.add(outcome_.differences.size() == before_);
  open_ = false;
}

void Record::note(std::string_view field, std::string_view expected, std::string_view got) {
  count_of(outcome_.fields, field).add(expected == got);
  if (expected == got) return;
  outcome_.differences.push_back({case_name_, subject_, std::string(field), std::string(expected), std::string(got)});
}

void Record::compare(std::string_view field, std::string_view expected, std::string_view got) {
  if (!expected.empty() || !got.empty()) note(field, expected, got);
}
void Record::compare(std::string_view field, std::int64_t expected, std::int64_t got) {
  note(field, std::to_string(expected), std::to_string(got));
}
void Record::compare(std::string_view field, bool expected, bool got) {
  if (expected || got) note(field, expected ? "true" : "false", got ? "true" : "false");
}

void Record::compare_whole(std::string_view field, std::string_view expected, std::string_view got) {
  end();
  subject_.clear();
  compare(field, expected, got);
}

Outcome Record::take() {
  end();
  return std::move(outcome_);
}

std::string joined(std::vector<std::string> words) {
  std::sort(words.begin(), words.end());
  return fmt::format("{}", fmt::join(words, " "));
}

std::string words(const model::Doc* list, std::string_view drop) {
  std::vector<std::string> out;
  if (list != nullptr) {
    for (const model::Doc& w : list->items) {
      if (w.text != drop) out.push_back(w.text);
    }
  }
  return joined(std::move(out));
}

void add(Family& sum, const Family& family) {
  for (const auto& [to, from] : {std::pair{&sum.cases, &family.cases}, {&sum.decisions, &family.decisions}}) {
    to->matched += from->matched;
    to->total += from->total;
  }
  sum.left_out += family.left_out;
  add_fields(sum.fields, family.fields);
}

void add(std::vector<Family>& families, const Case& test_case, const Outcome& outcome) {
  auto at = std::lower_bound(families.begin(), families.end(), test_case.family,
                             [](const Family& f, const std::string& name) { return f.name < name; });
  if (at == families.end() || at->name != test_case.family)
    at = families.insert(at, Family{test_case.family, {}, {}, 0, {}});
  // A case of which nothing was compared is no match.
  if (outcome.decisions.total > 0 || outcome.left_out == 0) at->cases.add(outcome.differences.empty());
  at->decisions.matched += outcome.decisions.matched;
  at->decisions.total += outcome.decisions.total;
  at->left_out += outcome.left_out;
  add_fields(at->fields, outcome.fields);
}

}  // namespace wavetank::conformance
