#include "engine/loop/control_plane.h"

#include <algorithm>
#include <queue>

#include "engine/base/assert.h"
#include "engine/base/version.h"
#include "engine/decide/decide.h"
#include "engine/loop/token_bucket.h"
#include "engine/loop/volume_prebind.h"
#include "engine/loop/work_queue.h"

namespace wavetank::loop {

namespace {

using command::Command;
using control::Controller;
using control::Plan;
using event::Event;
using event::Ref;

/// What is due later. Plain data, totally ordered by (at, seq).
struct Pending {
  enum class What : std::uint8_t {
    Call,
    KeyWake,
    CycleEnd,
    SchedulerCall,
    VolumeCall,
    VolumePoll,
    LoseLease,
    TakeLease
  };
  SimTime at;
  std::uint64_t seq = 0;
  std::uint32_t epoch = 0;  ///< Of the process that waits for it; what an earlier one had under way is void.
  What what = What::Call;
  std::uint32_t owner = 0;  ///< Call: sync. KeyWake: controller. The rest: decision.
  std::uint32_t item = 0;   ///< Call: index in the sync. SchedulerCall: see SchedulerCallKind. VolumeCall: index.
                            ///< VolumePoll: how often it was looked before.
  Ref key;                  ///< KeyWake.
};
struct Later {
  bool operator()(const Pending& a, const Pending& b) const {
    if (a.at != b.at) return a.at > b.at;
    return a.seq > b.seq;
  }
};

/// A sync in progress: a worker is busy until all its calls have been answered.
struct Sync {
  std::uint32_t controller = 0;
  Ref key;
  std::vector<Plan::Call> calls;
  std::size_t next = 0;  ///< The first call not yet sent.
  std::uint32_t outstanding = 0;
  bool failed = false;        ///< A refusal, or the controller said so.
  bool last_refused = false;  ///< The call before was refused: calls joined to it are void.
  bool answering = false;     ///< The calls are those of on_refusal().
  std::optional<std::size_t> refused_call;
  command::Rejection rejection;
};

struct Runner {
  std::unique_ptr<Controller> controller;
  WorkQueue queue;
  TokenBucket client;
  int idle = 0;
};

struct Delivery {
  SimTime at;
  Event event;
};

}  // namespace

struct ControlPlane::Impl {
  Settings settings;
  log::Journal& journal;
  World& world;
  ClusterState state;
  std::unique_ptr<schedule::Scheduler> scheduler_process;  ///< Null while it does not run.
  std::vector<Runner> runners;
  std::vector<std::vector<std::uint32_t>> woken_by;  // event kind → controllers
  std::vector<state::Observer*> observers;
  SimTime now;
  Counters counters;
  decide::Facts facts;
  Ring<Delivery> watch;
  std::priority_queue<Pending, std::vector<Pending>, Later> pending;
  std::uint64_t next_pending = 0;
  std::vector<Sync> syncs;
  std::vector<std::uint32_t> free_syncs;
  Plan plan;
  TokenBucket scheduler_client;
  bool cycle_running = false;
  std::vector<schedule::Decision> decisions;
  std::vector<std::uint32_t> decision_uses;  // calls still to be made for it
  std::vector<std::uint32_t> free_decisions;
  std::vector<Command> reports;

  Impl(Settings s, log::Journal& j, World& w, ClusterState initial)
      : settings(std::move(s)),
        journal(j),
        world(w),
        state(std::move(initial)),
        scheduler_process(std::make_unique<schedule::Scheduler>(settings.scheduler)),
        now(state.last_time),
        scheduler_client(settings.scheduler_client.qps, settings.scheduler_client.burst) {
    settings.controllers.metrics = world.metrics();
    start_controllers();
  }

  // ---- Processes ----
  // kube-controller-manager and kube-scheduler hold what they have under way in memory: stopped, it is gone, and the
  // next leader lists everything anew. Both give up when they cannot renew their leases: see Settings.

  bool manager_runs = true;
  std::uint32_t manager_epoch = 0, scheduler_epoch = 0, outage = 0;

  [[nodiscard]] bool is_down(event::Component component) const {
    return state.component_down[static_cast<std::size_t>(component)];
  }

  void start_controllers() {
    runners.clear();
    woken_by.assign(static_cast<std::size_t>(event::EventKind::Count), {});
    for (auto& controller : control::make_controllers(settings.controllers)) {
      const auto index = static_cast<std::uint32_t>(runners.size());
      for (std::size_t k = 0; k < woken_by.size(); ++k)
        if ((controller->wakes_on() & event::mask(static_cast<event::EventKind>(k))) != 0) woken_by[k].push_back(index);
      const int workers = controller->workers();
      WorkQueue queue(controller->first_back_off(), controller->longest_back_off());
      runners.push_back({std::move(controller), std::move(queue),
                         TokenBucket(settings.controller_client.qps, settings.controller_client.burst), workers});
    }
  }

  void stop_manager() {
    manager_runs = false;
    ++manager_epoch;
    runners.clear();
    for (auto& of_event : woken_by) of_event.clear();
    syncs.clear();
    free_syncs.clear();
  }
  void start_manager() {
    if (manager_runs || is_down(event::Component::ControllerManager) || is_down(event::Component::ApiServer)) return;
    manager_runs = true;
    settings.controllers.started = now;
    start_controllers();
    list_keys();
  }
  void stop_scheduler() {
    scheduler_process.reset();
    ++scheduler_epoch;
    decisions.clear();
    decision_uses.clear();
    free_decisions.clear();
    cycle_running = false;
  }
  void start_scheduler() {
    if (scheduler_process || is_down(event::Component::Scheduler) || is_down(event::Component::ApiServer)) return;
    scheduler_process = std::make_unique<schedule::Scheduler>(settings.scheduler);
    scheduler_process->rebuild(view());
    scheduler_client = TokenBucket(settings.scheduler_client.qps, settings.scheduler_client.burst);
  }

  /// What runs on a state that is there already.
  void start_on_state() {
    if (is_down(event::Component::ControllerManager) || is_down(event::Component::ApiServer)) stop_manager();
    if (is_down(event::Component::Scheduler) || is_down(event::Component::ApiServer)) stop_scheduler();
    if (scheduler_process) scheduler_process->rebuild(view());
    if (manager_runs) list_keys();
  }

  /// A component went down or came up: a fact that is its own cause of what follows here.
  void component_changed(event::Component component, bool up) {
    switch (component) {
      case event::Component::ControllerManager:
        return up ? start_manager() : stop_manager();
      case event::Component::Scheduler:
        return up ? start_scheduler() : stop_scheduler();
      case event::Component::ApiServer:
        ++outage;
        if (!up) return later(now + settings.lease_renew_deadline, Pending::What::LoseLease, outage, 0);
        // Watches broke: who still runs lists anew. Who gave up comes back when it gets its lease.
        if (manager_runs) list_keys();
        later(now + settings.lease_retry_period, Pending::What::TakeLease, outage, 0);
    }
  }
  void lose_leases(std::uint32_t of_outage) {
    if (of_outage != outage) return;
    stop_manager();
    stop_scheduler();
  }

  /// What needs no API server: what faults do to it and what a model has to say about it.
  [[nodiscard]] static bool goes_without_api_server(const command::Payload& payload) {
    return std::holds_alternative<command::JudgeExpectation>(payload) ||
           std::holds_alternative<command::InjectFault>(payload) ||
           std::holds_alternative<command::HealFault>(payload) ||
           std::holds_alternative<command::SetMachine>(payload) ||
           std::holds_alternative<command::SetComponent>(payload) ||
           std::holds_alternative<command::ReportHeartbeatsStopped>(payload);
  }

  [[nodiscard]] ClusterView view() const { return {state, now}; }

  void advance(SimTime to) {
    WT_ASSERT(to >= now, "time does not go back");
    now = to;
    base::CrashContext& context = base::crash_context();
    context.seed = state.seed;
    context.seq = state.last_seq;
    context.time_ns = now.ns;
  }

  // ---- Facts ----

  void append(event::Payload payload, Seq cause) {
    Event event{state.last_seq + 1, now, cause, std::move(payload)};
    journal.append(event);
    state::evolve(state, event);
    ++counters.events;
    const ClusterView after = view();
    for (state::Observer* observer : observers) observer->observe(event, after);
    const auto* down = std::get_if<event::ComponentDown>(&event.payload);
    const auto* up = std::get_if<event::ComponentUp>(&event.payload);
    const event::Component component = down != nullptr ? down->component
                                       : up != nullptr ? up->component
                                                       : event::Component();
    const bool changed = down != nullptr || up != nullptr;
    watch.push({now + settings.watch_delay, std::move(event)});
    if (changed) component_changed(component, up != nullptr);
  }

  Outcome perform(const Command& command) {
    ++counters.commands;
    Outcome outcome;
    if (is_down(event::Component::ApiServer) && !goes_without_api_server(command.payload)) {
      ++counters.refusals;
      outcome.rejection = command::Rejection{"ServiceUnavailable", "the connection to the server was refused"};
      return outcome;
    }
    outcome.rejection = decide::decide(view(), command, facts);
    if (outcome.rejection) {
      ++counters.refusals;
      return outcome;
    }
    if (facts.empty()) return outcome;
    outcome.first = state.last_seq + 1;
    for (event::Payload& fact : facts) append(std::move(fact), command.cause);
    outcome.last = state.last_seq;
    return outcome;
  }

  void later(SimTime at, Pending::What what, std::uint32_t owner, std::uint32_t item, Ref key = {}) {
    const bool manager = what == Pending::What::Call || what == Pending::What::KeyWake;
    const bool neither = what == Pending::What::LoseLease || what == Pending::What::TakeLease;
    pending.push({at, next_pending++, neither ? 0 : manager ? manager_epoch : scheduler_epoch, what, owner, item, key});
  }

  // ---- Watches ----

  class Sink final : public control::KeySink {
   public:
    Sink(Impl& impl, std::uint32_t runner, Seq cause) : impl_(impl), runner_(runner), cause_(cause) {}
    void add(Ref key) override { impl_.runners[runner_].queue.add(key, cause_); }
    void add_at(Ref key, SimTime at) override { impl_.wake_at(runner_, key, at); }
    void add_after(Ref key, Duration delay) override {
      if (cause_ != 0) impl_.runners[runner_].queue.note_cause(key, cause_);
      impl_.wake_at(runner_, key, impl_.now + delay);
    }

   private:
    Impl& impl_;
    std::uint32_t runner_;
    Seq cause_;
  };

  void wake_at(std::uint32_t runner, Ref key, SimTime at) {
    if (at <= now) {
      runners[runner].queue.add(key, 0);
    } else if (at != SimTime::never() && runners[runner].queue.note_wake(key, at)) {
      later(at, Pending::What::KeyWake, runner, 0, key);
    }
  }

  bool deliver() {
    bool any = false;
    while (!watch.empty() && watch.front().at <= now) {
      const Event event = std::move(watch.front().event);
      watch.pop();
      any = true;
      const ClusterView current = view();
      world.observe(event, current);
      if (scheduler_process) scheduler_process->observe(event, current);
      for (const std::uint32_t r : woken_by[static_cast<std::size_t>(event.kind())]) {
        Sink sink(*this, r, event.seq);
        runners[r].controller->observe(event, current, sink);
      }
    }
    return any;
  }

  // ---- Controllers ----

  /// The informers' first list: on a state that is there already, every key may have something to do.
  void list_keys() {
    for (std::uint32_t r = 0; r < runners.size(); ++r) {
      Sink sink(*this, r, 0);
      runners[r].controller->list(view(), sink);
    }
  }

  bool start_syncs() {
    bool any = false;
    for (std::uint32_t r = 0; r < runners.size(); ++r) {
      Runner& runner = runners[r];
      while (runner.idle > 0 && !runner.queue.empty()) {
        const WorkQueue::Item item = runner.queue.take();
        any = true;
        ++counters.syncs;
        plan.reset(item.cause);
        runner.controller->reconcile(item.key, view(), plan);
        if (plan.requeue_at() != SimTime::never()) wake_at(r, item.key, plan.requeue_at());
        if (plan.calls().empty()) {
          finish(r, item.key, plan.failed());
          continue;
        }
        --runner.idle;
        const std::uint32_t s = new_sync();
        Sync& sync = syncs[s];
        sync.controller = r;
        sync.key = item.key;
        sync.failed = plan.failed();
        std::swap(sync.calls, plan.calls());
        send_batch(s);
      }
    }
    return any;
  }

  std::uint32_t new_sync() {
    if (free_syncs.empty()) {
      syncs.emplace_back();
      return static_cast<std::uint32_t>(syncs.size() - 1);
    }
    const std::uint32_t s = free_syncs.back();
    free_syncs.pop_back();
    Sync& sync = syncs[s];
    sync.calls.clear();
    sync.next = 0;
    sync.outstanding = 0;
    sync.failed = sync.last_refused = sync.answering = false;
    sync.refused_call.reset();
    return s;
  }

  /// Sends the next batch: each call waits for a token of the controller's client, then takes the API's latency.
  void send_batch(std::uint32_t s) {
    Sync& sync = syncs[s];
    Runner& runner = runners[sync.controller];
    const std::uint32_t batch = sync.calls[sync.next].batch;
    SimTime at = now;
    for (; sync.next < sync.calls.size() && sync.calls[sync.next].batch == batch; ++sync.next) {
      const Plan::Call& call = sync.calls[sync.next];
      // Events go by a client of their own, and nobody waits for them.
      const bool event = std::holds_alternative<command::RecordEvent>(call.payload);
      if (!call.joined) at = event ? now : runner.client.take(now) + settings.api_latency;
      ++sync.outstanding;
      later(at, Pending::What::Call, s, static_cast<std::uint32_t>(sync.next));
    }
  }

  void answer_call(std::uint32_t s, std::uint32_t index) {
    {
      const Plan::Call& call = syncs[s].calls[index];
      const bool void_call = call.joined && syncs[s].last_refused;
      if (!void_call) {
        Outcome outcome = perform({call.cause, call.payload});
        Sync& sync = syncs[s];
        sync.last_refused = !outcome.ok();
        // A pod that is gone already is as deleted as it should be.
        const bool done = !outcome.ok() && std::holds_alternative<command::DeletePod>(call.payload) &&
                          outcome.rejection->reason == "NotFound";
        if (!outcome.ok() && !done && (!call.optional || is_down(event::Component::ApiServer))) {
          sync.failed = true;
          if (!sync.refused_call) {
            sync.refused_call = index;
            sync.rejection = std::move(*outcome.rejection);
          }
        }
      }
    }
    Sync& sync = syncs[s];
    if (--sync.outstanding > 0) return;
    if (!sync.refused_call && sync.next < sync.calls.size()) return send_batch(s);
    if (sync.refused_call && !sync.answering && !is_down(event::Component::ApiServer) && answer_refusal(s)) return;
    end_sync(s);
  }

  /// Lets the controller say something about a refusal; whether it had calls to make.
  bool answer_refusal(std::uint32_t s) {
    Sync& sync = syncs[s];
    plan.reset(sync.calls[*sync.refused_call].cause);
    runners[sync.controller].controller->on_refusal(sync.key, sync.calls[*sync.refused_call], sync.rejection, view(),
                                                    plan);
    if (plan.calls().empty()) return false;
    sync.answering = true;
    sync.last_refused = false;
    std::swap(sync.calls, plan.calls());
    sync.next = 0;
    sync.refused_call.reset();
    send_batch(s);
    return true;
  }

  void end_sync(std::uint32_t s) {
    Sync& sync = syncs[s];
    ++runners[sync.controller].idle;
    free_syncs.push_back(s);
    finish(sync.controller, sync.key, sync.failed);
  }

  void finish(std::uint32_t runner, Ref key, bool failed) {
    const Duration back_off = runners[runner].queue.done(key, failed);
    if (back_off.ns > 0) wake_at(runner, key, now + back_off);
  }

  // ---- Scheduler ----

  enum SchedulerCallKind : std::uint32_t { kBind, kUnschedulable, kNominate, kDeletions };

  bool start_cycle() {
    if (!scheduler_process || cycle_running || !scheduler_process->has_work(now)) return false;
    auto decision = scheduler_process->schedule_one(view());
    if (!decision) return true;
    ++counters.cycles;
    cycle_running = true;
    std::uint32_t d = 0;
    if (free_decisions.empty()) {
      d = static_cast<std::uint32_t>(decisions.size());
      decisions.emplace_back();
      decision_uses.push_back(0);
    } else {
      d = free_decisions.back();
      free_decisions.pop_back();
    }
    decisions[d] = std::move(*decision);
    later(now + settings.scheduling_time, Pending::What::CycleEnd, d, 0);
    return true;
  }

  void scheduler_call(std::uint32_t d, std::uint32_t kind) {
    ++decision_uses[d];
    later(scheduler_client.take(now) + settings.api_latency, Pending::What::SchedulerCall, d, kind);
  }

  void end_cycle(std::uint32_t d) {
    cycle_running = false;
    scheduler_process->end_attempt(view());
    const schedule::Decision& decision = decisions[d];
    decision_uses[d] = 0;
    if (decision.outcome == schedule::Decision::Outcome::Bind)
      return decision.volumes.empty() ? scheduler_call(d, kBind) : send_volume_call(d, 0);
    // Victims and the pods that lose their nomination share one numbering above the fixed kinds.
    const std::size_t others = decision.victims.size() + decision.cleared.size();
    for (std::uint32_t i = 0; i < others; ++i) scheduler_call(d, kDeletions + i);
    if (decision.nomination_changed) scheduler_call(d, kNominate);
    scheduler_call(d, kUnschedulable);
  }

  void answer_scheduler(std::uint32_t d, std::uint32_t kind) {
    const schedule::Decision& decision = decisions[d];
    if (kind == kBind) {
      const Outcome outcome = perform({decision.cause, command::BindPod{{decision.pod, decision.node}}});
      if (!outcome.ok()) scheduler_process->binding_failed(decision.pod, view());
    } else if (kind == kUnschedulable) {
      perform({decision.cause, command::MarkUnschedulable{{decision.pod, decision.message}}});
    } else if (kind == kNominate) {
      perform({decision.cause, command::NominatePod{{decision.pod, decision.nominated}}});
    } else if (const std::size_t i = kind - kDeletions; i < decision.victims.size()) {
      perform({decision.cause, command::DeletePod{decision.victims[i], event::DeletionReason::Preempted, {}}});
    } else {
      perform({decision.cause, command::NominatePod{{decision.cleared[i - decision.victims.size()], event::NodeId()}}});
    }
    if (--decision_uses[d] == 0) free_decisions.push_back(d);
  }

  // ---- PreBind ----

  void send_volume_call(std::uint32_t d, std::uint32_t index) {
    later(scheduler_client.take(now) + settings.api_latency, Pending::What::VolumeCall, d, index);
  }

  /// One after the other, as VolumeBinding makes them; then the claims are watched.
  void answer_volume_call(std::uint32_t d, std::uint32_t index) {
    const schedule::Decision& decision = decisions[d];
    std::string why = volume_conflict(decision, index, view());
    if (why.empty()) {
      const Outcome outcome = perform({decision.cause, volume_call(decision, index, view())});
      if (!outcome.ok()) why = outcome.rejection->message;
    }
    if (!why.empty()) return prebind_failed(d, why);
    if (index + 1 < volume_calls(decision)) return send_volume_call(d, index + 1);
    later(now + kVolumePoll, Pending::What::VolumePoll, d, 0);
  }

  void poll_volumes(std::uint32_t d, std::uint32_t polls) {
    const schedule::Decision& decision = decisions[d];
    std::string why;
    const Bindings bindings = check_bindings(decision, view(), why);
    if (bindings == Bindings::Bound) return scheduler_call(d, kBind);
    if (bindings == Bindings::Failed) return prebind_failed(d, why);
    if (kVolumePoll * (polls + 2) > decision.bind_timeout)
      return prebind_failed(d, "binding volumes: context deadline exceeded");
    later(now + kVolumePoll, Pending::What::VolumePoll, d, polls + 1);
  }

  void prebind_failed(std::uint32_t d, const std::string& why) {
    schedule::Decision& decision = decisions[d];
    scheduler_process->binding_failed(decision.pod, view());
    decision.message = prebind_message(why);
    scheduler_call(d, kUnschedulable);
  }

  // ---- Time ----

  [[nodiscard]] bool is_void(const Pending& p) const {
    if (p.what == Pending::What::LoseLease || p.what == Pending::What::TakeLease) return false;
    const bool manager = p.what == Pending::What::Call || p.what == Pending::What::KeyWake;
    return p.epoch != (manager ? manager_epoch : scheduler_epoch);
  }

  bool fire_pending() {
    bool any = false;
    while (!pending.empty() && pending.top().at <= now) {
      const Pending p = pending.top();
      pending.pop();
      any = true;
      if (is_void(p)) continue;
      switch (p.what) {
        case Pending::What::Call:
          answer_call(p.owner, p.item);
          break;
        case Pending::What::KeyWake:
          runners[p.owner].queue.fire(p.key, p.at);
          break;
        case Pending::What::CycleEnd:
          end_cycle(p.owner);
          break;
        case Pending::What::SchedulerCall:
          answer_scheduler(p.owner, p.item);
          break;
        case Pending::What::VolumeCall:
          answer_volume_call(p.owner, p.item);
          break;
        case Pending::What::VolumePoll:
          poll_volumes(p.owner, p.item);
          break;
        case Pending::What::LoseLease:
          lose_leases(p.owner);
          break;
        case Pending::What::TakeLease:
          if (p.owner != outage) break;
          start_manager();
          start_scheduler();
          break;
      }
    }
    return any;
  }

  bool take_reports() {
    if (world.next_report() > now) return false;
    reports.clear();
    world.report(view(), reports);
    for (const Command& report : reports) perform(report);
    return true;
  }

  void step(SimTime to) {
    advance(to);
    // Everything due at this moment, until it is quiet. A control plane that never comes to rest within one moment is a
    // bug.
    for (std::uint64_t round = 0;; ++round) {
      WT_ASSERT(round < 50'000'000, "controllers do not come to rest");
      bool any = deliver();
      any |= fire_pending();
      any |= take_reports();
      any |= start_syncs();
      any |= start_cycle();
      if (!any) return;
    }
  }

  [[nodiscard]] SimTime next_wakeup() const {
    SimTime next = world.next_report();
    if (!watch.empty()) next = std::min(next, watch.front().at);
    if (!pending.empty()) next = std::min(next, pending.top().at);
    if (scheduler_process && !cycle_running) next = std::min(next, scheduler_process->next_wakeup());
    return std::max(next, now);
  }
};

ControlPlane::ControlPlane(Settings settings, log::Journal& journal, World& world)
    : ControlPlane(std::move(settings), journal, world, ClusterState()) {}

ControlPlane::ControlPlane(Settings settings, log::Journal& journal, World& world, ClusterState state)
    : impl_(std::make_unique<Impl>(std::move(settings), journal, world, std::move(state))) {
  WT_ASSERT(journal.position().seq == impl_->state.last_seq, "the state is the journal's fold");
  if (impl_->state.last_seq == 0) return;
  impl_->start_on_state();
}

ControlPlane::~ControlPlane() = default;

void ControlPlane::start_run(const std::string& scenario, std::uint64_t seed, std::int64_t epoch_s) {
  Impl& impl = *impl_;
  WT_ASSERT(impl.state.last_seq == 0, "a run starts once");
  impl.state.seed = seed;
  impl.advance(impl.now);
  impl.append(event::RunStarted{scenario, base::kVersion, seed, base::kRulesVersion, epoch_s}, 0);
  // What every cluster has from the start.
  const auto create = [&](std::string doc) {
    const Outcome outcome = impl.perform({1, command::ApplyObject{std::move(doc), command::ApplyObject::Mode::Create}});
    WT_ASSERT(outcome.ok(), "the first objects are valid");
  };
  for (const char* ns : {"default", "kube-node-lease", "kube-public", "kube-system"})
    create(std::string(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":")") + ns + R"("}})");
  create(
      R"({"apiVersion":"scheduling.k8s.io/v1","kind":"PriorityClass","metadata":{"name":"system-cluster-critical"},)"
      R"("value":2000000000,"description":"Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."})");
  create(
      R"({"apiVersion":"scheduling.k8s.io/v1","kind":"PriorityClass","metadata":{"name":"system-node-critical"},)"
      R"("value":2000001000,"description":"Used for system critical pods that must not be moved from their current node."})");
  impl.list_keys();
}

Outcome ControlPlane::request(SimTime now, const std::string& actor, const std::string& text, command::Payload payload,
                              Seq cause) {
  Impl& impl = *impl_;
  impl.advance(now);
  impl.append(event::RequestMade{actor, text}, cause);
  const Seq made = impl.state.last_seq;
  Outcome outcome = impl.perform({made, std::move(payload)});
  if (!outcome.ok()) impl.append(event::RequestRefused{outcome.rejection->reason, outcome.rejection->message}, made);
  outcome.first = made;
  outcome.last = impl.state.last_seq;
  return outcome;
}

Outcome ControlPlane::submit(SimTime now, const command::Command& command) {
  impl_->advance(now);
  return impl_->perform(command);
}

void ControlPlane::step(SimTime now) { impl_->step(now); }
SimTime ControlPlane::next_wakeup() const { return impl_->next_wakeup(); }
const ClusterState& ControlPlane::state() const { return impl_->state; }
void ControlPlane::add_observer(state::Observer& observer) { impl_->observers.push_back(&observer); }
ControlPlane::Counters ControlPlane::counters() const { return impl_->counters; }

}  // namespace wavetank::loop
