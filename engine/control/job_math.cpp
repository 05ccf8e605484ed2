#include "engine/control/job_math.h"

#include <algorithm>
#include <charconv>

#include <fmt/core.h>

namespace wavetank::control::job {

namespace {

/// strconv.Atoi for what fits: a sign is allowed.
std::optional<std::int64_t> parse_number(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  std::int64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || stop != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

void append(Indexes& out, Interval next) {
  if (out.empty() || next.first > out.back().last + 1) {
    out.push_back(next);
  } else {
    out.back().last = std::max(out.back().last, next.last);
  }
}

std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

}  // namespace

// ---- Completion indexes
// -------------------------------------------------------------------------------------------------------

Indexes parse_indexes(std::string_view text, std::int32_t completions) {
  Indexes out;
  while (!text.empty()) {
    std::string_view part = take_until(text, ',');
    const bool range = part.find('-', 1) != std::string_view::npos;
    const auto first = parse_number(take_until(part, '-'));
    if (!first || *first < 0) continue;
    if (*first >= completions) break;
    std::int64_t last = *first;
    if (range) {
      const auto end = parse_number(part);
      if (!end) continue;
      last = std::min<std::int64_t>(*end, completions - 1);
    }
    if (last >= *first) append(out, {static_cast<std::int32_t>(*first), static_cast<std::int32_t>(last)});
  }
  return out;
}

std::string text_of(const Indexes& indexes) {
  std::string out;
  for (const Interval& i : indexes) {
    if (!out.empty()) out += ',';
    out += std::to_string(i.first);
    if (i.last > i.first) {
      out += i.last == i.first + 1 ? ',' : '-';
      out += std::to_string(i.last);
    }
  }
  return out;
}

bool contains(const Indexes& indexes, std::int32_t index) {
  const auto at = std::partition_point(indexes.begin(), indexes.end(),
                                       [&](const Interval& interval) { return interval.last < index; });
  return at != indexes.end() && at->first <= index;
}

std::int32_t total(const Indexes& indexes) {
  std::int32_t sum = 0;
  for (const Interval& i : indexes) sum += i.last - i.first + 1;
  return sum;
}

Indexes merged(const Indexes& a, const Indexes& b) {
  Indexes out;
  auto x = a.begin();
  auto y = b.begin();
  while (x != a.end() || y != b.end()) {
    const bool from_a = y == b.end() || (x != a.end() && x->first < y->first);
    append(out, from_a ? *x++ : *y++);
  }
  return out;
}

Indexes with_indexes(const Indexes& indexes, const std::vector<std::int32_t>& more) {
  Indexes added;
  for (const std::int32_t index : more) append(added, {index, index});
  return merged(indexes, added);
}

std::vector<std::int32_t> first_pending(const Indexes& taken, std::int32_t count, std::int32_t completions) {
  std::vector<std::int32_t> out;
  std::int32_t candidate = 0;
  const auto fill = [&](std::int32_t end) {
    for (; candidate < end && static_cast<std::int32_t>(out.size()) < count; ++candidate) out.push_back(candidate);
  };
  for (const Interval& i : taken) {
    fill(std::min(i.first, completions));
    candidate = std::max(candidate, i.last + 1);
  }
  fill(completions);
  return out;
}

std::int32_t completion_index(const model::Labels& annotations) {
  const std::string* text = model::find_label(annotations, "batch.kubernetes.io/job-completion-index");
  if (text == nullptr) return -1;
  const auto number = parse_number(*text);
  return number && *number >= 0 && *number <= 0x7fffffff ? static_cast<std::int32_t>(*number) : -1;
}

std::string index_prefix(std::string_view job, std::int32_t index) {
  constexpr std::size_t kLongest = 58;  // names.MaxGeneratedNameLength
  const std::string tail = fmt::format("-{}-", index);
  return std::string(job.substr(0, job.size() + tail.size() > kLongest ? kLongest - tail.size() : job.size())) + tail;
}

// ---- Back-off
// -----------------------------------------------------------------------------------------------------------------

base::Duration back_off(std::int32_t failures) {
  if (failures == 0) return {};
  base::Duration delay = base::seconds(10);
  const base::Duration most = base::minutes(10);
  for (std::int32_t i = 1; i < failures && delay < most; ++i) delay = delay + delay;
  return std::min(delay, most);
}

Failures counted_on(Failures before, const std::vector<base::SimTime>& succeeded, std::vector<base::SimTime> failed) {
  if (!succeeded.empty()) {
    // Only what failed after the last success counts on.
    const base::SimTime success = *std::max_element(succeeded.begin(), succeeded.end());
    before = {};
    std::erase_if(failed, [&](base::SimTime t) { return !(success < t); });
  }
  if (failed.empty()) return before;
  before.count += static_cast<std::int32_t>(failed.size());
  before.last = *std::max_element(failed.begin(), failed.end());
  return before;
}

base::SimTime retry_at(const Failures& failures) {
  return failures.count == 0 ? base::SimTime{} : failures.last + back_off(failures.count);
}

bool past_limit_on_failure(std::int32_t backoff_limit, std::int64_t restarts) {
  return backoff_limit == 0 ? restarts > 0 : restarts >= backoff_limit;
}

// ---- How many
// -----------------------------------------------------------------------------------------------------------------

Wanted wanted_pods(std::optional<std::int32_t> completions, std::int32_t parallelism, std::int32_t succeeded,
                   std::int32_t active, std::int32_t replaced_late) {
  Wanted w;
  if (!completions) {
    w.active = succeeded > 0 ? active : parallelism;
  } else {
    w.active = std::max(0, std::min(*completions - succeeded, parallelism));
  }
  w.remove = std::max(0, active - w.active);
  w.add = std::max(0, w.active - replaced_late - active);
  return w;
}

bool is_complete(std::optional<std::int32_t> completions, std::int32_t succeeded, std::int32_t active) {
  return active == 0 && (completions ? succeeded >= *completions : succeeded > 0);
}

namespace {

/// The first of two that goes (ActivePods.Less); the newer one where Kubernetes leaves it to chance.
bool goes_first(const Removable& a, const Removable& b) {
  if (a.assigned != b.assigned) return !a.assigned;
  if (a.running != b.running) return !a.running;
  if (a.ready != b.ready) return !a.ready;
  if (a.ready && a.ready_s != b.ready_s) return a.ready_s > b.ready_s;
  if (a.restarts != b.restarts) return a.restarts > b.restarts;
  if (a.sidecar_restarts != b.sidecar_restarts) return a.sidecar_restarts > b.sidecar_restarts;
  if (a.created_s != b.created_s) return a.created_s > b.created_s;
  return a.pod > b.pod;
}

/// Moves the pods of an Indexed Job that must go, whatever is wanted, to `out`; the others stay.
void take_misplaced(std::vector<Removable>& pods, std::int32_t completions, std::vector<event::PodId>& out) {
  std::sort(pods.begin(), pods.end(), [](const Removable& a, const Removable& b) {
    return a.index != b.index ? a.index < b.index : a.pod < b.pod;
  });
  std::vector<Removable> left;
  for (std::size_t i = 0; i < pods.size();) {
    std::size_t end = i;
    while (end < pods.size() && pods[end].index == pods[i].index) ++end;
    const bool misplaced = pods[i].index < 0 || pods[i].index >= completions;
    if (!misplaced) {  // all but the last of those that go first
      std::sort(pods.begin() + static_cast<std::ptrdiff_t>(i), pods.begin() + static_cast<std::ptrdiff_t>(end),
                goes_first);
    }
    for (std::size_t k = i; k < end; ++k) {
      if (misplaced || k + 1 < end) {
        out.push_back(pods[k].pod);
      } else {
        left.push_back(pods[k]);
      }
    }
    i = end;
  }
  pods = std::move(left);
}

}  // namespace

std::vector<event::PodId> pods_to_remove(std::vector<Removable> active, std::int32_t at_least,
                                         std::optional<std::int32_t> completions) {
  std::vector<event::PodId> out;
  if (completions) take_misplaced(active, *completions, out);
  const auto wanted = static_cast<std::size_t>(std::max(0, at_least));
  if (out.size() >= wanted) return out;
  std::sort(active.begin(), active.end(), goes_first);
  for (std::size_t i = 0; i < active.size() && out.size() < wanted; ++i) out.push_back(active[i].pod);
  return out;
}

// ---- Policies
// -----------------------------------------------------------------------------------------------------------------

namespace {

using Action = model::PodFailureRule::Action;

/// The first terminated container that the rule takes.
const EndedContainer* matching_container(const model::PodFailureRule& rule, const FailedPod& pod) {
  for (const EndedContainer& c : pod.containers) {
    if (c.exit_code == 0 || (!rule.container.empty() && rule.container != c.name)) continue;
    const bool listed = std::find(rule.exit_codes.begin(), rule.exit_codes.end(), c.exit_code) != rule.exit_codes.end();
    if (listed == rule.exit_codes_in) return &c;
  }
  return nullptr;
}

/// The type of the first of the pod's conditions that the rule takes, or "".
std::string_view matching_condition(const model::PodFailureRule& rule, const FailedPod& pod) {
  for (const auto& [type, status] : pod.conditions) {
    for (const auto& wanted : rule.conditions)
      if (wanted.first == type && wanted.second == status) return type;
  }
  return {};
}

}  // namespace

PolicyMatch match_failure_policy(const std::vector<model::PodFailureRule>& rules, const FailedPod& pod) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const model::PodFailureRule& rule = rules[i];
    PolicyMatch match{rule.action, rule.action != Action::Ignore, ""};
    if (rule.on_exit_codes) {
      const EndedContainer* c = matching_container(rule, pod);
      if (c == nullptr) continue;
      if (rule.action == Action::FailJob)
        match.message =
            fmt::format("Container {} for pod {}/{} failed with exit code {} matching FailJob rule at index {}",
                        c->name, pod.ns, pod.name, c->exit_code, i);
    } else {
      const std::string_view type = matching_condition(rule, pod);
      if (type.empty()) continue;
      if (rule.action == Action::FailJob)
        match.message =
            fmt::format("Pod {}/{} has condition {} matching FailJob rule at index {}", pod.ns, pod.name, type, i);
    }
    return match;
  }
  return {};
}

namespace {

/// How many of `wanted` are in `have`.
std::int32_t overlap(const Indexes& wanted, const Indexes& have) {
  std::int32_t sum = 0;
  for (std::size_t w = 0, h = 0; w < wanted.size() && h < have.size();) {
    sum += std::max(0, std::min(wanted[w].last, have[h].last) - std::max(wanted[w].first, have[h].first) + 1);
    const std::int32_t wanted_last = wanted[w].last, have_last = have[h].last;
    if (have_last <= wanted_last) ++h;
    if (wanted_last <= have_last) ++w;
  }
  return sum;
}

}  // namespace

std::optional<std::size_t> match_success_policy(const std::vector<model::JobSuccessRule>& rules,
                                                std::int32_t completions, const Indexes& succeeded) {
  if (succeeded.empty()) return std::nullopt;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const model::JobSuccessRule& rule = rules[i];
    if (rule.succeeded_indexes) {
      const Indexes wanted = parse_indexes(*rule.succeeded_indexes, completions);
      if (wanted.empty()) continue;
      const std::int32_t got = overlap(wanted, succeeded);
      if (got == total(wanted) || (rule.succeeded_count && got >= *rule.succeeded_count)) return i;
    } else if (rule.succeeded_count && total(succeeded) >= *rule.succeeded_count) {
      return i;
    }
  }
  return std::nullopt;
}

}  // namespace wavetank::control::job
