#include "engine/project/standing.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/model/cron_schedule.h"
#include "engine/model/time_zones.h"
#include "engine/project/trouble.h"
#include "engine/state/quota_usage.h"
#include "engine/state/volume_use.h"

namespace wavetank::project {
namespace {

using event::ConditionStatus;
using model::Kind;

constexpr std::int64_t kSecond = 1'000'000'000;

const state::Condition* holding(const std::vector<state::NamedCondition>& all, std::string_view type) {
  for (const state::NamedCondition& c : all)
    if (c.type == type && c.value.status == ConditionStatus::True) return &c.value;
  return nullptr;
}

std::string why_condition(const state::Condition& c) {
  return fmt::format("since {}: {}{}{}", at_words(c.transitioned), c.reason, c.message.empty() ? "" : ", ", c.message);
}

/// "0 0 31 2 *", with the zone where one is named.
std::string schedule_words(const model::CronJob& spec) {
  return spec.time_zone ? fmt::format("\"{}\" ({})", spec.schedule, *spec.time_zone)
                        : fmt::format("\"{}\"", spec.schedule);
}

std::string next_run(const state::CronJobRow& row, const ClusterView& view) {
  const model::CronJob& spec = row.spec;
  const auto zone = model::TimeZone::find(spec.time_zone.value_or(""));
  if (!zone) return fmt::format("It makes no job: there is no time zone \"{}\".", *spec.time_zone);
  auto schedule = model::CronSchedule::parse(spec.schedule);
  if (!schedule)
    return fmt::format("It makes no job: its schedule cannot be read: {}.", schedule.error().front().message);
  schedule->set_zone(*zone);
  const std::int64_t now_s = view->epoch_s + view.now().ns / kSecond;
  const auto next = schedule->next(now_s);
  if (!next)
    return fmt::format("It makes no job: its schedule {} names no moment within five years.", schedule_words(spec));
  return fmt::format("By its schedule {} the next job is due at {}.", schedule_words(spec),
                     at_words(base::SimTime{(*next - view->epoch_s) * kSecond}));
}

/// What a claim without a volume waits for. Source: persistentvolume/pv_controller.go, syncUnboundClaim.
std::string claim_wait(const model::PersistentVolumeClaim& claim, const ClusterView& view) {
  if (!claim.volume_name.empty()) {
    const Ref pv = view.find(Kind::PersistentVolume, "", claim.volume_name);
    return pv.valid() ? fmt::format("It asks for the volume {}, and is not bound to it yet.", claim.volume_name)
                      : fmt::format("It waits for the volume {}, which is not there.", claim.volume_name);
  }
  const std::string_view class_name = claim.class_name();
  if (class_name.empty())
    return claim.storage_class
               ? "It has the class \"\": it waits for a volume without a class that fits and that nobody claims; none "
                 "is made for it."
               : "It names no storage class, and none was the default: it waits for a volume without a class that "
                 "fits; "
                 "none is made for it.";
  const Ref ref = view.find(Kind::StorageClass, "", class_name);
  if (!ref.valid())
    return fmt::format("There is no storage class {}: it waits for a volume of that class; none is made for it.",
                       class_name);
  const model::StorageClass& sc = view->storage_classes[ref.row].spec;
  if (sc.wait_for_first_consumer && !claim.selected_node)
    return fmt::format(
        "It waits for a pod that uses it: class {} binds its claims when the first one is placed "
        "(WaitForFirstConsumer).",
        class_name);
  if (sc.provisioner == "kubernetes.io/no-provisioner")
    return fmt::format(
        "It waits for a volume of class {} that fits and that nobody claims; the class makes none "
        "(kubernetes.io/no-provisioner).",
        class_name);
  if (claim.handed_over)
    return fmt::format("It waits for the provisioner {} of class {}, which has not made a volume yet.", sc.provisioner,
                       class_name);
  return fmt::format("No volume of class {} fits, and its provisioner {} has not been asked yet.", class_name,
                     sc.provisioner);
}

/// "1 config map (cm, held by example.com/hold)": what a namespace still holds, by kind.
std::string contents(base::Sym ns, const ClusterView& view) {
  std::map<std::string, std::vector<std::string>> kinds;  // by the kind's words: names, with what holds them
  view.for_headers([&](Ref ref, const state::Header& h) {
    if (!h.alive || h.ns != ns || h.ns == base::Sym(0U)) return;
    const std::string held = finalizers_of(h);
    kinds[kind_words(ref, view)].push_back(
        fmt::format("{}{}{}", view.bare_name(ref), held.empty() ? "" : ", held by ", held));
  });
  if (ns.index() < view->templates_of_ns.size()) {
    for (const event::TemplateId t : view->templates_of_ns[ns.index()])
      for (const PodId pod : view.pod_template(t).pods) kinds["pod"].emplace_back(view.pod_name(pod));
  }
  std::string out;
  for (const auto& [kind, names] : kinds) {
    out += fmt::format("{}{} ({}{})", out.empty() ? "" : ", ", count(static_cast<std::int64_t>(names.size()), kind),
                       names.front(), names.size() > 1 ? ", …" : "");
  }
  return out;
}

}  // namespace

std::vector<std::string> present_job(const state::JobRow& row, const ClusterView& view) {
  const event::JobStatus& s = row.status;
  std::vector<std::string> out;
  if (const state::Condition* c = holding(row.conditions, "Complete"); c != nullptr)
    out.push_back(fmt::format("It is complete since {}.", at_words(c->transitioned)));
  else if (const state::Condition* f = holding(row.conditions, "Failed"); f != nullptr)
    out.push_back(fmt::format("It has failed {}.", why_condition(*f)));
  else if (!row.spec.managed_by.empty() && row.spec.managed_by != "kubernetes.io/job-controller")
    out.push_back(fmt::format("Its spec.managedBy leaves it to {}: the job controller does nothing for it.",
                              row.spec.managed_by));
  else if (row.spec.suspend)
    out.push_back("It is suspended: it makes no pods until its spec.suspend is false.");
  else if (const state::Condition* t = holding(row.conditions, "FailureTarget"); t != nullptr)
    out.push_back(fmt::format("It fails, once its pods have ended, {}.", why_condition(*t)));
  else if (row.spec.parallelism == 0)
    out.push_back("Its parallelism is 0: it makes no pods.");
  const std::string wants = row.spec.completions
                                ? fmt::format("It wants {}", count(*row.spec.completions, "completion"))
                                : "It wants one pod to succeed, and then the others to end";
  out.push_back(fmt::format("{}, at most {} at a time: {} succeeded, {} failed, {} active ({} ready).", wants,
                            count(row.spec.parallelism.value_or(1), "pod"), s.succeeded, s.failed, s.active, s.ready));
  if (row.header.terminating() || s.active == 0) return out;
  for (const PodId pod : row.pods) {
    if (!view.pod_active(pod)) continue;
    const std::string trouble = pod_trouble(pod, view);
    if (trouble.empty()) continue;
    out.push_back(fmt::format("Its {} does not run as it should: {}{}", view.pod_name(pod), trouble,
                              trouble.back() == '.' ? "" : "."));
    if (out.size() == 4) break;  // the others will be much the same
  }
  return out;
}

std::vector<std::string> present_cron_job(const state::CronJobRow& row, const ClusterView& view) {
  std::vector<std::string> out;
  if (row.spec.suspend)
    out.emplace_back("It is suspended: it makes no jobs until its spec.suspend is false.");
  else if (!row.header.terminating())
    out.push_back(next_run(row, view));
  const bool ran = row.status.last_schedule != SimTime::never();
  out.push_back(
      fmt::format("{}; {}.", count(static_cast<std::int64_t>(row.status.active.size()), "job") + " active",
                  ran ? "the last one was due at " + at_words(row.status.last_schedule) : "none was due yet"));
  if (!row.status.active.empty() && row.spec.concurrency == model::ConcurrencyPolicy::Forbid)
    out.emplace_back("Its concurrencyPolicy is Forbid: no other starts before that one has ended.");
  return out;
}

std::vector<std::string> present_claim(event::PvcId id, const ClusterView& view) {
  const state::ClaimRow& row = view.claim(id);
  const model::PersistentVolumeClaim& claim = row.spec;
  if (claim.phase == "Lost") return {fmt::format("It has lost its volume {}.", claim.volume_name)};
  if (!claim.fully_bound()) return {"It is Pending. " + claim_wait(claim, view)};
  std::vector<std::string> out{fmt::format("It is bound to volume {}.", claim.volume_name)};
  std::string users, waiting;
  std::int64_t more = 0;
  if (const event::PvId pv = state::volume_of(view, id); pv.valid()) {
    for (const PodId pod : state::pods_of_volume(view, pv)) {
      std::string& list = view.pod_node(pod).valid() ? users : waiting;
      if (columns(list) < 60)
        list += (list.empty() ? "" : ", ") + label(Ref(pod), view);
      else
        ++more;
    }
  }
  if (!users.empty()) out.push_back(fmt::format("It is used by {}.", users));
  if (!waiting.empty()) out.push_back(fmt::format("It is wanted by {}, without a node as yet.", waiting));
  if (more > 0) out.push_back(fmt::format("And by {}.", count(more, "pod more", "pods more")));
  if (out.size() == 1) out.emplace_back("No pod uses it.");
  return out;
}

std::vector<std::string> present_volume(const state::PersistentVolumeRow& row) {
  const model::PersistentVolume& v = row.spec;
  std::vector<std::string> out;
  const std::string claim = v.claim ? v.claim->ns + "/" + v.claim->name : "";
  out.push_back(v.phase == "Bound" ? fmt::format("It is bound to claim {}.", claim)
                : claim.empty()    ? fmt::format("It is {}: no claim has it.", v.phase)
                                   : fmt::format("It is {}; its claim is {}.", v.phase, claim));
  if (v.phase == "Released")
    out.push_back(v.reclaim_policy == "Retain"
                      ? "Its reclaim policy is Retain: it stays as it is until somebody cleans "
                        "it up."
                      : fmt::format("Its reclaim policy is {}.", v.reclaim_policy));
  return out;
}

std::vector<std::string> present_quota(const state::QuotaRow& row) {
  std::vector<std::string> out;
  std::string open;
  for (const auto& [name, hard] : row.status.hard) {
    const base::Quantity* used = state::find_amount(row.status.used, name);
    const std::string shown = used == nullptr ? "0" : used->text();
    const bool full = used != nullptr && used->compare(hard) >= 0;
    if (full && hard.text() == "0")
      out.push_back(fmt::format("It allows no {} at all.", name));
    else if (full)
      out.push_back(
          fmt::format("It is full: {} of {} {} are used, and what needs more is refused.", shown, hard.text(), name));
    else
      open += fmt::format("{}{} {} of {}", open.empty() ? "" : ", ", name, shown, hard.text());
  }
  if (!open.empty()) out.push_back(fmt::format("Used: {}.", open));
  if (out.empty()) out.emplace_back("Nothing has been counted for it yet.");
  return out;
}

std::vector<std::string> present_namespace(const state::NamespaceRow& row, const ClusterView& view) {
  const state::Header& h = row.header;
  if (!h.terminating()) return {fmt::format("It is Active, and there since {}.", at_words(h.created))};
  const std::string left = contents(h.name, view);
  std::vector<std::string> out{
      fmt::format("It is Terminating since {}: nothing new can be made in it.", at_words(h.deletion_time))};
  out.push_back(left.empty() ? "It is empty, and goes next." : fmt::format("Still in it: {}.", left));
  return out;
}

std::string finalizers_of(const state::Header& header) {
  if (header.doc.find("\"finalizers\"") == std::string::npos) return {};
  const auto doc = model::parse_json(header.doc, "object");
  const model::Doc* list = doc ? doc->at({"metadata", "finalizers"}) : nullptr;
  std::string out;
  if (list != nullptr)
    for (const model::Doc& f : list->items) out += (out.empty() ? "" : ", ") + f.text;
  return out;
}

std::string deletion_words(Ref ref, const ClusterView& view) {
  if (ref.kind == Kind::Pod || !view.alive(ref)) return {};
  const state::Header& h = *view.header(ref);
  if (!h.terminating()) return {};
  std::string waits;
  if (const std::string held = finalizers_of(h); !held.empty())
    waits = fmt::format(", and stays as long as it has the finalizer{} {}",
                        held.find(',') == std::string::npos ? "" : "s", held);
  else if (h.propagation == event::Propagation::Foreground)
    waits = ", and waits for its dependents to go first (foreground deletion)";
  else if (h.propagation == event::Propagation::Orphan)
    waits = ", and first lets go of its dependents (orphan deletion)";
  return fmt::format("It is being deleted since {}{}.", at_words(h.deletion_time), waits);
}

bool wants_more_pods(Ref ref, const ClusterView& view) {
  if (!view.alive(ref)) return false;
  switch (ref.kind) {
    case Kind::ReplicaSet: {
      const state::ReplicaSetRow& row = view.replica_set(ref.as<event::ReplicaSetId>());
      return row.status_replicas < row.replicas;
    }
    case Kind::StatefulSet: {
      const state::StatefulSetRow& row = view.stateful_set(ref.as<event::StatefulSetId>());
      return row.status.replicas < row.spec.replicas;
    }
    case Kind::DaemonSet: {
      const event::DaemonSetStatus& s = view.daemon_set(ref.as<event::DaemonSetId>()).status;
      return s.current_scheduled < s.desired;
    }
    case Kind::Job: {
      const state::JobRow& row = view.job(ref.as<event::JobId>());
      return !row.spec.suspend && row.status.active < row.spec.parallelism.value_or(1) &&
             row.status.completion == SimTime::never();
    }
    default:
      return false;
  }
}

}  // namespace wavetank::project
