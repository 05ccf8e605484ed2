// Warnings of single objects, but for those of pods (warnings_pod.cpp).
#include "engine/model/warnings.h"

#include <fmt/format.h>

#include "engine/model/cron_schedule.h"
#include "engine/model/validate.h"
#include "engine/model/warnings_pod.h"

namespace wavetank::model {
namespace {

constexpr std::int64_t kManyCompletions = 100'000;  // completionsSoftLimit
constexpr std::int64_t kManyAtOnce = 10'000;        // parallelismSoftLimitForUnlimitedCompletions

/// Some moment to count schedules from: 2000-01-01, a leap year.
constexpr std::int64_t kSomeMoment = 946'684'800;

/// Names of objects that go into names of pods.
void warn_of_name(const Place& root, std::string_view used_in) {
  const Place name = root["metadata"]["name"];
  if (name.text().empty()) return;
  const Messages wrong = check_dns_label(name.text());
  if (wrong.empty()) return;
  name.say(fmt::format("this is used in {}, which can result in surprising behavior; a DNS label is recommended: [{}]",
                       used_in, fmt::join(wrong, " ")));
}

void warn_of_job_spec(const Place& spec) {
  const bool indexed = spec["completionMode"].text() == "Indexed";
  if (indexed && spec["completions"].number() > kManyCompletions && spec["parallelism"].number() > kManyAtOnce)
    spec.say(
        "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes "
        "might not be able to track completedIndexes when a big number of indexes fail");
  warn_of_pod(spec["template"]);
}

/// Ours: the API server takes such a schedule; the controller tells InvalidSchedule, and no Job is ever made.
void warn_of_schedule(const Place& spec) {
  const Place schedule = spec["schedule"];
  const auto parsed = CronSchedule::parse(schedule.text());
  if (!parsed || parsed->next(kSomeMoment)) return;
  schedule.say(fmt::format(
      "\"{}\" names no day that comes within five years: no Job will ever be started (the controller will tell "
      "InvalidSchedule)",
      schedule.text()));
}

void warn_of_cron_job(const Place& root) {
  const Place spec = root["spec"];
  warn_of_name(root, "Pod names and hostnames");
  warn_of_job_spec(spec["jobTemplate"]["spec"]);
  warn_of_schedule(spec);
}

/// GetWarningsForService; addresses with leading zeros are refused here, not warned of.
void warn_of_service(const Place& root) {
  const Place spec = root["spec"], annotations = root["metadata"]["annotations"];
  if (annotations["service.kubernetes.io/topology-aware-hints"])
    root.bare(
        "annotation service.kubernetes.io/topology-aware-hints is deprecated, please use "
        "service.kubernetes.io/topology-mode instead");
  const std::string& type = spec["type"].text();
  const bool external = type == "ExternalName";
  const Place addresses = spec["externalIPs"];
  if ((type.empty() || type == "ClusterIP") && spec["clusterIP"].text() == "None") {
    if (!spec["loadBalancerIP"].text().empty())
      spec["loadBalancerIP"].bare("spec.loadBalancerIP is ignored for headless services");
    if (!addresses.items().empty()) addresses.bare("spec.externalIPs is ignored for headless services");
    const Place affinity = spec["sessionAffinity"];
    if (affinity && affinity.text() != "None") affinity.bare("spec.SessionAffinity is ignored for headless services");
  }
  if (external && !addresses.items().empty())
    addresses.bare("spec.externalIPs is ignored when spec.type is \"ExternalName\"");
  if (!external && !spec["externalName"].text().empty())
    spec["externalName"].bare("spec.externalName is ignored when spec.type is not \"ExternalName\"");
}

constexpr const char* kStorageClassAnnotation = "volume.beta.kubernetes.io/storage-class";

void warn_of_storage_annotation(const Place& root) {
  const Place annotations = root["metadata"]["annotations"];
  for (const Doc::Member& m : annotations.members())
    if (m.key == kStorageClassAnnotation)
      annotations.entry(m).say("deprecated since v1.8; use \"storageClassName\" attribute instead");
}

void warn_of_persistent_volume(const Place& root) {
  const Place spec = root["spec"];
  warn_of_storage_annotation(root);
  if (const Place policy = spec["persistentVolumeReclaimPolicy"]; policy.text() == "Recycle")
    policy.say(
        "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.");
  for (const Place& term : spec["nodeAffinity"]["required"]["nodeSelectorTerms"].items()) warn_of_node_term(term);
}

void warn_of_storage_class(const Place& root) {
  for (const Place& term : root["allowedTopologies"].items())
    for (const Place& expression : term["matchLabelExpressions"].items())
      if (const std::string_view why = deprecated_label(expression["key"].text()); !why.empty()) expression.say(why);
}

void warn_of_runtime_class(const Place& root) {
  const Place selector = root["scheduling"]["nodeSelector"];
  for (const Doc::Member& m : selector.members())
    if (const std::string_view why = deprecated_label(m.key); !why.empty()) selector.say(why);
}

}  // namespace

base::Diagnostics warnings(const Object& object, std::string_view file) {
  base::Diagnostics out;
  const Place root(object.doc, file, out);
  constexpr std::string_view kPods = "Pod names and hostnames";
  switch (object.kind) {
    case Kind::Pod:
      warn_of_name(root, "the Pod's hostname");
      warn_of_pod(root);
      break;
    case Kind::Deployment:
    case Kind::ReplicaSet:
      warn_of_name(root, kPods);
      warn_of_pod(root["spec"]["template"]);
      break;
    case Kind::StatefulSet:
    case Kind::DaemonSet:
      warn_of_pod(root["spec"]["template"]);
      break;
    case Kind::Job:
      warn_of_name(root, kPods);
      warn_of_job_spec(root["spec"]);
      break;
    case Kind::CronJob:
      warn_of_cron_job(root);
      break;
    case Kind::Service:
      warn_of_service(root);
      break;
    case Kind::PersistentVolume:
      warn_of_persistent_volume(root);
      break;
    case Kind::PersistentVolumeClaim:
      warn_of_storage_annotation(root);
      warn_of_claim_spec(root["spec"]);
      break;
    case Kind::StorageClass:
      warn_of_storage_class(root);
      break;
    case Kind::RuntimeClass:
      warn_of_runtime_class(root);
      break;
    default:
      break;
  }
  return out;
}

base::Diagnostics warnings(const std::vector<Object>& objects, std::string_view file) {
  base::Diagnostics out;
  for (const Object& o : objects) {
    for (base::Diagnostic& w : warnings(o, file)) {
      w.message =
          fmt::format("{}/{}: {}", o.kind_name, o.meta.name.empty() ? o.meta.generate_name : o.meta.name, w.message);
      out.push_back(std::move(w));
    }
  }
  return out;
}

std::string warning_text(const base::Diagnostic& warning) {
  base::Diagnostic named = warning;
  named.message = "warning: " + warning.message;
  return named.text();
}

}  // namespace wavetank::model
