#include "engine/conformance/release_changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/conformance/trace_text.h"

namespace wavetank::conformance {
namespace {

using model::Doc;
using model::Kind;
using Rule = bool (*)(const ChangeContext&, Doc& golden, Doc& ours);

bool is_over(const state::ClusterView& view, std::string_view ns, std::string_view pod) {
  const event::Ref ref = view.find(Kind::Pod, ns, pod);
  if (!ref.valid()) return false;
  const event::Phase phase = view.pod_phase(ref.as<event::PodId>());
  return phase == event::Phase::Succeeded || phase == event::Phase::Failed;
}

/// Takes the names of pods that have ended out of a list of names or of [name, …].
bool drop_ended(const ChangeContext& c, Doc* list) {
  if (list == nullptr || !list->is_array()) return false;
  const std::size_t before = list->items.size();
  std::erase_if(list->items, [&](const Doc& e) {
    return is_over(c.view, c.ns, e.is_array() && !e.items.empty() ? e.items[0].text : e.text);
  });
  return list->items.size() != before;
}

bool ended_pods(const ChangeContext& c, Doc& golden, Doc&) {
  bool any = false;
  for (Doc::Member& service : golden.members) {
    for (Doc& part : service.value.items) {
      for (const char* key : {"endpoints", "addresses", "notReadyAddresses"}) any |= drop_ended(c, part.find(key));
      // A slice without endpoints is a placeholder, which has no ports.
      const Doc* left = part.find("endpoints");
      if (any && left != nullptr && left->items.empty()) part["ports"] = Doc::array();
    }
    if (c.key != "state/endpoints") continue;
    std::erase_if(service.value.items, [](const Doc& subset) {
      const Doc *ready = subset.find("addresses"), *unready = subset.find("notReadyAddresses");
      return (ready == nullptr || ready->items.empty()) && (unready == nullptr || unready->items.empty());
    });
  }
  return any;
}

bool no_second_family(const ChangeContext&, Doc& golden, Doc&) {
  bool any = false;
  for (Doc::Member& service : golden.members) {
    const std::size_t before = service.value.items.size();
    if (before < 2) continue;
    std::erase_if(service.value.items, [](const Doc& slice) {
      const Doc* endpoints = slice.find("endpoints");
      return slice.string_or("addressType") == "IPv6" && (endpoints == nullptr || endpoints->items.empty());
    });
    any |= service.value.items.size() != before;
  }
  return any;
}

bool bare_pods_in_budgets(const ChangeContext& c, Doc& golden, Doc& ours) {
  const Doc* events = c.step == nullptr ? nullptr : c.step->at({"then", "events"});
  bool failed = false;
  if (events != nullptr) {
    for (const Doc& e : events->items) failed |= e.string_or("reason") == "CalculateExpectedPodCountFailed";
  }
  if (!failed) return false;
  bool any = false;
  for (Doc::Member& pdb : golden.members) {
    const Doc* other = ours.find(pdb.key);
    Doc* healthy = pdb.value.find("currentHealthy");
    if (other == nullptr || healthy == nullptr || int_of(pdb.value.find("expectedPods")) != 0) continue;
    if (int_of(other->find("disruptionsAllowed")) != 0 || healthy->same_as(*other->find("currentHealthy"))) continue;
    *healthy = *other->find("currentHealthy");
    any = true;
  }
  return any;
}

Doc* condition_of(Doc& list, std::string_view type) {
  for (Doc& c : list.items) {
    if (c.is_array() && c.items.size() >= 2 && c.items[0].text == type) return &c;
  }
  return nullptr;
}

/// Complete and Failed have companions that come first, and come themselves when all pods are gone.
bool job_conditions(const ChangeContext&, Doc& golden, Doc& ours) {
  bool any = false;
  for (Doc::Member& job : ours.members) {
    Doc* theirs = golden.find(job.key);
    Doc* conditions = job.value.find("conditions");
    Doc* expected = theirs == nullptr ? nullptr : theirs->find("conditions");
    if (conditions == nullptr || expected == nullptr || !conditions->is_array() || !expected->is_array()) continue;
    for (const auto& [first, last] :
         {std::pair{"SuccessCriteriaMet", "Complete"}, std::pair{"FailureTarget", "Failed"}}) {
      Doc* early = condition_of(*conditions, first);
      Doc* final = condition_of(*conditions, last);
      Doc* want = condition_of(*expected, last);
      if (early == nullptr || want == nullptr) continue;
      if (final == nullptr) {
        // The pods are still terminating: the companion stands for it.
        early->items[0] = Doc::string(last);
        final = early;
      } else {
        conditions->items.erase(conditions->items.begin() + (early - conditions->items.data()));
        final = condition_of(*conditions, last);
      }
      // 1.20 gives Complete no reason.
      if (want->items.size() >= 4 && want->items[2].is_null() && final->items.size() >= 4) {
        final->items[2] = Doc();
        final->items[3] = Doc();
      }
      any = true;
    }
  }
  return any;
}

bool drop_labels(Doc* labels, std::initializer_list<std::string_view> names, const Doc* golden) {
  bool any = false;
  if (labels == nullptr || !labels->is_object()) return false;
  for (const std::string_view name : names) {
    if (labels->find(name) == nullptr || (golden != nullptr && golden->find(name) != nullptr)) continue;
    labels->erase(name);
    any = true;
  }
  return any;
}

bool job_labels(const ChangeContext&, Doc& golden, Doc& ours) {
  return drop_labels(&ours, {"batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"}, &golden);
}

bool job_selector(const ChangeContext&, Doc&, Doc& ours) {
  Doc* labels = ours.find("matchLabels");
  const Doc* uid = labels == nullptr ? nullptr : labels->find("batch.kubernetes.io/controller-uid");
  if (uid == nullptr) return false;
  Doc old = Doc::object();
  old["controller-uid"] = *uid;
  *labels = std::move(old);
  return true;
}

bool pod_index(const ChangeContext&, Doc& golden, Doc& ours) {
  return drop_labels(ours.find("labels"), {"apps.kubernetes.io/pod-index"}, golden.find("labels"));
}

/// Which pods a set gave up was drawn: runs differ in how the slices were left, not in what is in them.
bool sizes_by_chance(const ChangeContext&, Doc& golden, Doc& ours) {
  const Doc* choices = golden.is_object() ? golden.find("any_of") : nullptr;
  if (choices == nullptr || choices->items.size() < 2 || !ours.is_array()) return false;
  const auto sum = [](const Doc& list) {
    std::int64_t n = 0;
    for (const Doc& d : list.items) n += int_of(&d);
    return n;
  };
  for (const Doc& choice : choices->items) {
    if (!choice.is_array() || sum(choice) != sum(ours)) return false;
  }
  for (const Doc& d : ours.items) {
    if (int_of(&d) > 100) return false;
  }
  golden = ours;
  return true;
}

bool no_old_api_warning(const ChangeContext&, Doc& golden, Doc&) {
  if (!golden.is_array()) return false;
  const std::size_t before = golden.items.size();
  std::erase_if(golden.items, [](const Doc& line) { return line.text.rfind("Warning: policy/v1beta1 ", 0) == 0; });
  return golden.items.size() != before;
}

struct KnownChange {
  int since;  ///< 1.22 → 22
  const char* key;
  const char* what;
  Rule rule;
};

constexpr int kAlways = 999;

constexpr KnownChange kChanges[] = {
    {22, "state/pdbs", "pods without a controller no longer fail a budget's sync: healthy ones count, none may go",
     bare_pods_in_budgets},
    {22, "state/endpoints", "pods that ended are no endpoints, whatever their restartPolicy", ended_pods},
    {22, "state/endpointslices", "pods that ended are no endpoints, whatever their restartPolicy", ended_pods},
    {21, "state/endpointslices", "a headless Service has its own IP families: no slice for IPv6 in an IPv4 cluster",
     no_second_family},
    {31, "state/jobs",
     "a Job is SuccessCriteriaMet before it is Complete, FailureTarget before it is Failed, which waits for its pods; "
     "conditions have reasons",
     job_conditions},
    {27, "pod_labels", "pods of a Job have labels of the prefix batch.kubernetes.io/ too", job_labels},
    {27, "job_selector", "a Job selects by batch.kubernetes.io/controller-uid", job_selector},
    {28, "pod", "pods of a StatefulSet have the label apps.kubernetes.io/pod-index", pod_index},
    {kAlways, "slice_sizes",
     "not of a release: runs differed in how chance filled the slices; sum and limit are compared", sizes_by_chance},
    {25, "kubectl_output_lines", "policy/v1beta1 is gone and nobody warns of it", no_old_api_warning},
};

std::string since(int minor, std::string_view what) { return fmt::format("since 1.{}: {}", minor, what); }

}  // namespace

void ReleaseChanges::note(std::string rule, const std::string& where) {
  const auto known = std::find_if(used.begin(), used.end(), [&](const ReleaseChange& c) { return c.rule == rule; });
  if (known != used.end()) {
    ++known->times;
  } else {
    used.push_back({std::move(rule), where, 1});
  }
}

void ReleaseChanges::set(control::Settings& settings, const Doc* recorded) {
  if (minor_ < 22) {
    settings.pod_deletion_cost = settings.logarithmic_scale_down = false;
    note(since(22, "PodDeletionCost and LogarithmicScaleDown; played with both off, as recorded"), "settings");
  }
  if (minor_ < 26) {
    settings.job_first_failure_backs_off = false;
    note(since(26, "a Job waits before it replaces the first pod that failed; played without, as recorded"),
         "settings");
  }
  if (minor_ < 32) {
    settings.node_monitor_grace_period = base::seconds(40);
    note(since(32, "--node-monitor-grace-period is 50s; played with 40s, as recorded"), "settings");
  }
  if (recorded == nullptr) return;
  const auto seconds = [&](const char* key, base::Duration& value) {
    if (const Doc* d = recorded->find(key); d != nullptr) value = seconds_of(*d).value_or(value);
  };
  const auto milli = [&](const char* key, std::int64_t& value) {
    // A decimal number of seconds in ms is the number in thousandths.
    if (const Doc* d = recorded->find(key); d != nullptr) {
      if (const auto v = seconds_of(*d)) value = v->ns / 1'000'000;
    }
  };
  seconds("node-monitor-period", settings.node_monitor_period);
  seconds("node-monitor-grace-period", settings.node_monitor_grace_period);
  seconds("node-startup-grace-period", settings.node_startup_grace_period);
  milli("node-eviction-rate", settings.node_eviction_rate_milli);
  milli("secondary-node-eviction-rate", settings.secondary_node_eviction_rate_milli);
  milli("unhealthy-zone-threshold", settings.unhealthy_zone_threshold_milli);
  if (const Doc* d = recorded->find("large-cluster-size-threshold"); d != nullptr)
    settings.large_cluster_size_threshold = static_cast<std::int32_t>(int_of(d));
}

void ReleaseChanges::adapt(const ChangeContext& context, Doc& golden, Doc& ours, const std::string& where) {
  for (const KnownChange& change : kChanges) {
    if (minor_ >= change.since || context.key != change.key) continue;
    if (!change.rule(context, golden, ours)) continue;
    note(change.since == kAlways ? std::string(change.what) : since(change.since, change.what),
         where + " " + change.key);
  }
}

std::string ReleaseChanges::message(std::string_view, std::string_view reason, std::string message,
                                    const std::string& where) {
  if (reason == "SawCompletedJob" && minor_ < 31) {
    const std::size_t condition = message.rfind(", condition: ");
    if (condition == std::string::npos) return message;
    note(since(31, "SawCompletedJob says \"condition: Complete\" where it said \"status: Complete\""), where);
    return message.replace(condition, 13, ", status: ");
  }
  if (reason != "ScalingReplicaSet" || minor_ >= 31) return message;
  // "Scaled up replica set X from 1 to 3"
  const std::size_t from = message.rfind(" from "), to = message.rfind(" to ");
  if (from == std::string::npos || to == std::string::npos || to < from) return message;
  note(since(31, "ScalingReplicaSet says \"from 1 to 3\" where it said \"to 3\""), where);
  const std::string before = message.substr(from + 6, to - from - 6);
  std::string out = message.substr(0, from) + message.substr(to);
  if (minor_ >= 25 && before != "0") out += " from " + before;
  return out;
}

std::string ReleaseChanges::component(std::string from, const std::string& where) {
  if (minor_ >= 29 || from != "taint-eviction-controller") return from;
  note(since(29, "taint-eviction-controller is its own controller, taint-controller before"), where);
  return "taint-controller";
}

bool ReleaseChanges::only_now(std::string_view reason, std::string_view message, const std::string& where) {
  (void)message;
  if (minor_ >= 22 || reason != "UnmanagedPods") return false;
  note(since(22, "a budget that cannot count pods without a controller says UnmanagedPods"), where);
  return true;
}

bool ReleaseChanges::more_often(std::string_view reason, const std::string& where) {
  if (minor_ >= 26 || reason != "JobAlreadyActive") return false;
  note(since(26, "a Job that ends is written several times, each of which has its CronJob say JobAlreadyActive again"),
       where);
  return true;
}

bool ReleaseChanges::only_then(std::string_view reason, std::string_view, const std::string& where) {
  if (minor_ < 28 && (reason == "RecreatingFailedPod" || reason == "RecreatingTerminatedPod")) {
    note(since(28, "a StatefulSet does not say that it makes a failed pod again"), where);
    return true;
  }
  if (minor_ < 22 && (reason == "NoControllerRef" || reason == "CalculateExpectedPodCountFailed")) {
    note(since(22, "pods without a controller no longer fail a budget's sync: no warnings of them"), where);
    return true;
  }
  return false;
}

void ReleaseChanges::modernise(Doc& manifest, const std::string& where) {
  struct Version {
    const char *then, *now;
  };
  static constexpr Version kGone[] = {{"policy/v1beta1", "policy/v1"},
                                      {"batch/v1beta1", "batch/v1"},
                                      {"discovery.k8s.io/v1beta1", "discovery.k8s.io/v1"},
                                      {"autoscaling/v2beta1", "autoscaling/v2"},
                                      {"autoscaling/v2beta2", "autoscaling/v2"}};
  Doc* version = manifest.find("apiVersion");
  if (version == nullptr) return;
  for (const Version& v : kGone) {
    if (version->text != v.then) continue;
    note(fmt::format("since 1.25: {} is gone; created as {}", v.then, v.now), where);
    version->text = v.now;
    return;
  }
}

}  // namespace wavetank::conformance
