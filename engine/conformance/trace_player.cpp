// Set-up of a recording's cluster, and its steps in virtual time.
#include "engine/conformance/trace_player.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/conformance/trace_text.h"

namespace wavetank::conformance {
namespace {

using base::Duration;
using base::milliseconds;
using base::SimTime;
using model::Doc;

/// An observer waited that long to see that nothing moved any more (README §2: 0.55 s).
constexpr Duration kSettle = milliseconds(600);
/// Times of a recording may be that far off (README §3); ours may need as much of a step where no timer should matter.
constexpr Duration kClockSlack = base::seconds(1), kLongerStep = milliseconds(500);
/// Since 1.27 the Job controller collects the changes of a Job's pods for a second (syncJobBatchPeriod).
constexpr Duration kJobBatch = milliseconds(1300);
constexpr Duration kHeartbeat = base::seconds(3);
constexpr std::int64_t kEpoch_s = 1'735'689'600;  // 2025-01-01, the beginning of a minute

/// Client limits were off. Of the latencies those of a real control plane are kept where times are recorded: what
/// happens in one moment without them may be several things.
loop::Settings without_limits(bool timed) {
  loop::Settings s;
  if (!timed) s.watch_delay = s.api_latency = s.scheduling_time = Duration{};
  s.controller_client = s.scheduler_client = {0, 0};
  return s;
}

/// "1.20.2" → 20
int minor_of(std::string_view version) {
  const std::size_t dot = version.find('.');
  if (dot == std::string_view::npos) return 34;
  int minor = 34;
  std::from_chars(version.data() + dot + 1, version.data() + version.size(), minor);
  return minor;
}

}  // namespace

base::Result<ControllerOutcome> play_trace(const ControllerCase& test_case) { return TracePlayer(test_case).play(); }

TracePlayer::TracePlayer(const ControllerCase& test_case)
    : case_(test_case),
      doc_(test_case.doc),
      mode_(doc_.string_or("mode")),
      repeatable_(doc_.string_or("repeatable")),
      minor_(minor_of(doc_.string_or("k8s"))),
      watcher_(kTraceNamespace),
      changes_(minor_) {}

void TracePlayer::complain(const Doc& at, std::string message) {
  base::Position position = at.position;
  if (case_.line > 0) position.line = case_.line;
  problems_.push_back({case_.file, position, std::move(message)});
}

base::Result<ControllerOutcome> TracePlayer::play() {
  set_up();
  if (const Doc* steps = doc_.find("steps"); steps != nullptr) {
    for (const Doc& step : steps->items) {
      play_step(step);
      if (!problems_.empty()) return tl::unexpected(std::move(problems_));
    }
    run_until(end_);
    compare_totals();
  } else {
    play_timeline();
    if (!problems_.empty()) return tl::unexpected(std::move(problems_));
  }
  out_.changes = std::move(changes_.used);
  return std::move(out_);
}

void TracePlayer::set_up() {
  loop::Settings settings = without_limits(timed());
  const Doc* recorded = doc_.find("settings");
  step_name_ = "settings";
  changes_.set(settings.controllers, recorded);
  if (recorded != nullptr) {
    if (const Doc* lease = recorded->find("lease-renew-interval-in-this-run"); lease != nullptr)
      lease_period_ = seconds_of(*lease).value_or(kHeartbeat);
  }
  now_ = begin_within_minute(doc_);
  epoch_s_ = kEpoch_s;
  plane_ = std::make_unique<loop::ControlPlane>(settings, journal_, agent_);
  plane_->start_run(case_.name, 1, kEpoch_s);
  plane_->add_observer(watcher_);
  Doc ns = Doc::object();
  ns["apiVersion"] = Doc::string("v1");
  ns["kind"] = Doc::string("Namespace");
  ns["metadata"]["name"] = Doc::string(kTraceNamespace);
  // The watcher folds what was before it came, too.
  const auto folded = journal_.scan(1, plane_->state().last_seq, [&](const event::Event& e) {
    watcher_.observe(e, plane_->view(e.time));
    return true;
  });
  if (!folded) problems_.insert(problems_.end(), folded.error().begin(), folded.error().end());
  request(command::ApplyObject{model::to_json(ns), command::ApplyObject::Mode::Create});
  add_common_nodes();
  add_nodes_that_are_only_named();
  add_quotas_that_are_only_named();
  run_for(Duration{});
  zero_ = now_;
  watcher_.begin_step();
  watcher_.kube_events.clear();
  watcher_.lines.clear();
}

void TracePlayer::add_common_nodes() {
  for (const char* name : {"g0", "g1", "g2", "g3"}) {
    Doc node = Doc::object();
    node["name"] = Doc::string(name);
    node["labels"]["pool"] = Doc::string("general");
    add_node(node);
    watcher_.hide_node(name);
  }
}

/// Nodes that actions name and none adds were there before: label pool is the name without its number.
void TracePlayer::add_nodes_that_are_only_named() {
  for (const std::string& name : nodes_only_named(doc_)) {
    if (view().find(model::Kind::Node, "", name).valid()) continue;
    Doc node = Doc::object();
    node["name"] = Doc::string(name);
    node["labels"]["pool"] = Doc::string(name.substr(0, name.rfind('-')));
    add_node(node);
  }
}

/// A quota that refusals name and no action creates was there before, with the limits that they tell.
void TracePlayer::add_quotas_that_are_only_named() {
  for (const Doc& quota : quotas_only_named(doc_)) apply(quota);
}

void TracePlayer::take_effect() { plane_->step(now_); }

SimTime TracePlayer::next_wakeup() const {
  SimTime next = plane_->next_wakeup();
  for (const Drain& d : drains_) next = std::min(next, d.retry);
  return next;
}

void TracePlayer::run_until(SimTime until) {
  take_effect();
  look_at_drains();
  for (SimTime next = next_wakeup(); next <= until; next = next_wakeup()) {
    now_ = std::max(now_, next);
    take_effect();
    look_at_drains();
    note_revisions();
  }
  now_ = std::max(now_, until);
  note_revisions();
}

void TracePlayer::play_step(const Doc& step) {
  const Doc& action = *step.find("do");
  step_ = &step;
  const Doc* number = step.find("i");
  step_name_ = fmt::format("step {} ({})", number == nullptr ? "?" : number->text, action.string_or("op"));
  const auto recorded = [&](const char* key) {
    const Doc* d = timed() ? step.find(key) : nullptr;
    return d == nullptr ? std::nullopt : seconds_of(*d);
  };
  const std::optional<Duration> at = recorded("at_s");
  const std::optional<Duration> took = at ? recorded("took_s") : std::nullopt;
  watcher_.begin_step();
  if (at.has_value()) run_until(zero_ + at.value());
  response_ = Doc();
  step_began_ = now_;
  step_takes_ = took;
  act(action);
  if (!problems_.empty()) return;
  take_effect();
  const SimTime end = took ? std::max(now_, zero_ + *at + *took) : now_ + kSettle;
  const Duration jobs = view()->jobs.empty() ? Duration{} : kJobBatch;
  end_ = end + (took ? kClockSlack : kLongerStep) + jobs;
  settle(step, took ? std::max(now_, SimTime{end.ns - kClockSlack.ns}) : end, end_);
  compare_step(step);
}

/// Runs until what was recorded is to be seen, from `from` on, at most until `limit`: what comes later than that in our
/// time belongs to the next step.
void TracePlayer::settle(const Doc& step, SimTime from, SimTime limit) {
  run_until(from);
  while (!matches(step)) {
    const SimTime next = next_wakeup();
    if (next > limit) return;
    run_until(next);
  }
}

bool TracePlayer::matches(const Doc& step) {
  ControllerOutcome before = out_;
  std::vector<ReleaseChange> used = changes_.used;
  compare_step(step);
  const bool same = out_.differences.size() == before.differences.size();
  out_ = std::move(before);
  changes_.used = std::move(used);
  return same;
}

void TracePlayer::play_timeline() {
  step_name_ = "timeline";
  for (const Doc& node : doc_.find("nodes")->items) add_node(node);
  run_for(kSettle);
  for (const Doc& manifest : doc_.find("manifests")->items) create(manifest);
  run_for(kSettle);
  for (const PodId pod : pods()) agent_.start(pod, view());
  run_for(base::seconds(10));
  if (const Doc* golden = doc_.find("tolerations_after_admission"); golden != nullptr) {
    for (const Doc::Member& m : golden->members) {
      const Ref pod = view().find(model::Kind::Pod, kTraceNamespace, m.key);
      const Doc ours = pod.valid() ? view().to_doc(pod) : Doc();
      const Doc* tolerations = ours.at({"spec", "tolerations"});
      compare("tolerations_after_admission/" + m.key, m.value, tolerations == nullptr ? Doc() : *tolerations);
    }
  }
  watcher_.lines.clear();
  const SimTime zero = now_;
  for (const Doc& entry : doc_.find("actions")->items) {
    const auto at = entry.is_array() && entry.items.size() >= 2 ? seconds_of(entry.items[0]) : std::nullopt;
    if (!at) return complain(entry, "an action is [seconds, what, [names]]");
    run_until(zero + *at);
    const std::string& what = entry.items[1].text;
    const Doc names = entry.items.size() > 2 ? entry.items[2] : Doc::array();
    if (what.find("heartbeats stop") != std::string::npos) {
      heartbeats(names, false);
    } else if (what.find("heartbeats resume") != std::string::npos ||
               what.find("heartbeats start") != std::string::npos) {
      heartbeats(names, true);
    } else if (what.find("Ready=") == std::string::npos && what.find("delete") == std::string::npos) {
      return complain(entry.items[1], fmt::format("action \"{}\" is not known", what));
    }
    for (const Doc& name : names.items) {
      const auto node = node_named(name, name.text);
      if (!node) return;
      if (what.find("Ready=True") != std::string::npos) agent_.node_ready(*node, true);
      if (what.find("Ready=False") != std::string::npos) agent_.node_ready(*node, false);
      if (what.find("delete") != std::string::npos)
        request(command::DeleteObject{*node, event::Propagation::Background, {}});
    }
    take_effect();
  }
  const std::vector<Doc>& lines = doc_.find("timeline")->items;
  Duration last{};
  for (const Doc& l : lines) {
    if (l.is_array() && !l.items.empty()) last = std::max(last, seconds_of(l.items[0]).value_or(Duration{}));
  }
  run_until(zero + last + base::seconds(7));
  compare_timeline(*doc_.find("timeline"), zero, "timeline");
}

}  // namespace wavetank::conformance
