// What a StatefulSet's pods are made of, and their claims. Source: stateful_pod_control.go, stateful_set_utils.go.

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/assert.h"
#include "engine/control/stateful_set_sync.h"

namespace wavetank::control {

using event::PodId;
using event::PvcId;
using model::Doc;
using model::Kind;

namespace {

constexpr const char* kPodName = "statefulset.kubernetes.io/pod-name";
constexpr const char* kPodIndex = "apps.kubernetes.io/pod-index";

/// {"name":"www","persistentVolumeClaim":{"claimName":"www-web-0"}}
Doc claim_volume(const std::string& name, const std::string& claim) {
  Doc volume = Doc::object();
  volume["name"] = Doc::string(name);
  volume["persistentVolumeClaim"]["claimName"] = Doc::string(claim);
  return volume;
}

struct OwnerWords {
  const char* api_version;
  const char* kind;
  std::string name, uid;

  [[nodiscard]] bool means(const Doc& ref) const {
    return ref.string_or("apiVersion") == api_version && ref.string_or("kind") == kind && ref.string_or("name") == name;
  }
  [[nodiscard]] Doc controller_ref() const {
    Doc ref = Doc::object();
    ref["apiVersion"] = Doc::string(api_version);
    ref["kind"] = Doc::string(kind);
    ref["name"] = Doc::string(name);
    ref["uid"] = Doc::string(uid);
    ref["controller"] = Doc::boolean(true);
    ref["blockOwnerDeletion"] = Doc::boolean(true);
    return ref;
  }
};

}  // namespace

// ---- Pods
// -------------------------------------------------------------------------------------------------------------------------

const Doc& StatefulSetSync::template_of(const std::string& revision) {
  std::optional<Doc>& doc = revision == update_ ? update_doc_ : current_doc_;
  if (!doc) {
    auto parsed =
        model::parse_json(view_.pod_template(revision == update_ ? update_tmpl_ : current_tmpl_).doc, "state");
    WT_ASSERT(parsed.has_value(), "a template is JSON");
    doc = std::move(*parsed);
  }
  return *doc;
}

// Source: newStatefulSetPod, updateStorage.
std::string StatefulSetSync::pod_doc(const Replica& r) {
  Doc pod = template_of(r.revision);
  const std::string name = stateful_pod_name(name_, r.ordinal);
  Doc& labels = pod["metadata"]["labels"];
  labels[kPodName] = Doc::string(name);
  labels[kPodIndex] = Doc::string(std::to_string(r.ordinal));
  labels["controller-revision-hash"] = Doc::string(r.revision);
  Doc& spec = pod["spec"];
  spec["hostname"] = Doc::string(name);
  if (!row_.spec.service_name.empty()) spec["subdomain"] = Doc::string(row_.spec.service_name);
  if (claim_templates_.empty()) return model::to_canonical_json(pod);
  Doc volumes = Doc::array();
  for (const std::string& t : claim_templates_)
    volumes.items.push_back(claim_volume(t, claim_name(t, name_, r.ordinal)));
  if (Doc* own = spec.find("volumes"); own != nullptr) {
    for (Doc& volume : own->items) {
      const std::string_view taken = volume.string_or("name");
      if (std::find(claim_templates_.begin(), claim_templates_.end(), taken) == claim_templates_.end())
        volumes.items.push_back(std::move(volume));
    }
  }
  spec["volumes"] = std::move(volumes);
  return model::to_canonical_json(pod);
}

void StatefulSetSync::add_event(std::vector<Plan::Call>& to, bool warning, std::string reason,
                                std::string message) const {
  Plan::Call call;
  call.payload = command::RecordEvent{{id_, warning, std::move(reason), std::move(message), "statefulset-controller"}};
  call.joined = true;
  to.push_back(std::move(call));
}

/// recordPodEvent. An empty `error` is a success.
void StatefulSetSync::pod_event(std::vector<Plan::Call>& to, const char* verb, const std::string& pod,
                                const std::string& error) const {
  std::string title = verb;
  title[0] = static_cast<char>(title[0] - 'a' + 'A');
  if (error.empty())
    return add_event(to, false, "Successful" + title,
                     fmt::format("{} Pod {} in StatefulSet {} successful", verb, pod, name_));
  add_event(to, true, "Failed" + title,
            fmt::format("{} Pod {} in StatefulSet {} failed error: {}", verb, pod, name_, error));
}

bool StatefulSetSync::storage_matches(const Replica& r) const {
  const std::vector<model::Volume>& volumes = view_.pod_spec(r.pod).spec.volumes;
  return std::all_of(claim_templates_.begin(), claim_templates_.end(), [&](const std::string& t) {
    const auto found =
        std::find_if(volumes.begin(), volumes.end(), [&](const model::Volume& v) { return v.name == t; });
    return found != volumes.end() && found->source == "persistentVolumeClaim" &&
           found->claim_name == claim_name(t, name_, r.ordinal);
  });
}

std::string StatefulSetSync::volumes_patch(const Replica& r) const {
  Doc patch = Doc::object();
  Doc& volumes = patch["spec"]["volumes"];
  volumes = Doc::array();
  for (const std::string& t : claim_templates_)
    volumes.items.push_back(claim_volume(t, claim_name(t, name_, r.ordinal)));
  return model::to_canonical_json(patch);
}

/// UpdateStatefulPod: a pod whose name label, volumes or claims' owners are not what they have to be is put right. (Its
/// volumes cannot be: the API server says so, and the sync fails.)
void StatefulSetSync::keep_invariants(const Replica& r, Calls& calls) const {
  const std::string name(view_.pod_name(r.pod));
  const std::string* label = model::find_label(view_.pod_spec(r.pod).labels, kPodName);
  const bool named = label != nullptr && *label == name;
  const bool stored = storage_matches(r);
  const bool owned = !fix_claims(r, calls.fixes);
  if (named && stored && owned) return;
  Doc patch = Doc::object();
  if (!named) {
    patch["metadata"]["labels"][kPodName] = Doc::string(name);
    patch["metadata"]["labels"][kPodIndex] = Doc::string(std::to_string(r.ordinal));
  }
  Plan::Call call;
  call.payload = command::PatchObject{r.pod, stored ? model::to_canonical_json(patch) : volumes_patch(r), 0};
  calls.fixes.push_back(std::move(call));
  pod_event(calls.fixes, "update", name, "");
}

// ---- Claims
// -----------------------------------------------------------------------------------------------------------------------

std::string StatefulSetSync::claim_doc(const std::string& claim_template, std::int32_t ordinal) const {
  auto claim = model::parse_json(claim_template, "state");
  WT_ASSERT(claim.has_value(), "a claim template is JSON");
  Doc& meta = (*claim)["metadata"];
  (*claim)["apiVersion"] = Doc::string("v1");
  (*claim)["kind"] = Doc::string("PersistentVolumeClaim");
  meta["name"] = Doc::string(claim_name(meta.string_or("name"), name_, ordinal));
  meta["namespace"] = Doc::string(ns_);
  for (const auto& [key, value] : row_.spec.selector.match_labels) meta["labels"][key] = Doc::string(value);
  claim->erase("status");
  return model::to_canonical_json(*claim);
}

/// Those that are missing. False when one is being deleted: nothing more can be done for this pod now.
bool StatefulSetSync::make_claims(const Replica& r, bool for_new_pod, Calls& calls) {
  const std::string pod = stateful_pod_name(name_, r.ordinal);
  std::string error;
  for (std::size_t i = 0; i < claim_templates_.size(); ++i) {
    const std::string name = claim_name(claim_templates_[i], name_, r.ordinal);
    const Ref found = view_.find(Kind::PersistentVolumeClaim, ns_, name);
    if (found.valid()) {
      if (view_.header(found)->terminating()) error = fmt::format("pvc {} is being deleted", name);
      continue;
    }
    Plan::Call call;
    call.payload =
        command::ApplyObject{claim_doc(row_.spec.claim_templates[i], r.ordinal), command::ApplyObject::Mode::Create};
    calls.claims.push_back(std::move(call));
    add_event(calls.claims, false, "SuccessfulCreate",
              fmt::format("create Claim {} Pod {} in StatefulSet {} success", name, pod, name_));
  }
  if (error.empty()) return true;
  if (for_new_pod) pod_event(calls.claims, "create", pod, error);
  plan_.fail();
  return false;
}

/// A claim that belongs to an earlier pod of this name goes with it (whenScaled: Delete): it is no storage for a new
/// one.
bool StatefulSetSync::claim_is_stale(const Replica& r) const {
  if (!row_.spec.delete_claims_when_scaled) return false;
  return std::any_of(claim_templates_.begin(), claim_templates_.end(), [&](const std::string& t) {
    const Ref claim = view_.find(Kind::PersistentVolumeClaim, ns_, claim_name(t, name_, r.ordinal));
    if (!claim.valid()) return false;
    const std::vector<Ref>& owners = view_.header(claim)->owners;
    return std::any_of(owners.begin(), owners.end(), [](Ref o) { return o.kind == Kind::Pod; });
  });
}

/// Gives the claims of a pod the owners that the retention policy asks for. Whether any had others.
bool StatefulSetSync::fix_claims(const Replica& r, std::vector<Plan::Call>& to) const {
  bool any = false;
  const ClaimOwners wanted = claim_owners(row_.spec, r.ordinal);
  for (const std::string& t : claim_templates_) {
    const Ref claim = view_.find(Kind::PersistentVolumeClaim, ns_, claim_name(t, name_, r.ordinal));
    if (!claim.valid()) continue;
    const std::vector<Ref>& owners = view_.header(claim)->owners;
    const auto has = [&](Ref ref) { return std::find(owners.begin(), owners.end(), ref) != owners.end(); };
    if (ClaimOwners{has(id_), has(r.pod)} == wanted) continue;
    std::optional<std::string> patch = owners_patch(claim.as<PvcId>(), r);
    if (!patch) continue;
    Plan::Call call;
    call.payload = command::PatchObject{claim, std::move(*patch), 0};
    to.push_back(std::move(call));
    any = true;
  }
  return any;
}

/// Nothing if the claim is to be left alone: another controller's, or of an earlier set or pod of the same name.
/// Source: isClaimOwnerUpToDate, updateClaimOwnerRefForSetAndPod.
std::optional<std::string> StatefulSetSync::owners_patch(PvcId claim, const Replica& r) const {
  const OwnerWords set{"apps/v1", "StatefulSet", name_, view_.uid(id_)};
  const OwnerWords pod{"v1", "Pod", std::string(view_.pod_name(r.pod)), view_.uid(r.pod)};
  const Doc doc = view_.stored_doc(claim);
  const Doc* refs = doc.at({"metadata", "ownerReferences"});
  Doc kept = Doc::array();
  bool foreign = false, ours = false;
  if (refs != nullptr) {
    for (const Doc& ref : refs->items) {
      const bool is_set = set.means(ref), is_pod = pod.means(ref);
      if ((is_set && ref.string_or("uid") != set.uid) || (is_pod && ref.string_or("uid") != pod.uid)) return {};
      ours = ours || is_set || is_pod;
      if (is_set || is_pod) continue;
      foreign = foreign || ref.bool_or("controller", false);
      kept.items.push_back(ref);
    }
  }
  const bool retains = !row_.spec.delete_claims_when_deleted && !row_.spec.delete_claims_when_scaled;
  if (foreign && !retains && !ours) return {};
  if (!foreign || retains) {
    const ClaimOwners wanted = claim_owners(row_.spec, r.ordinal);
    if (wanted.pod) kept.items.push_back(pod.controller_ref());
    if (wanted.set) kept.items.push_back(set.controller_ref());
  }
  Doc patch = Doc::object();
  patch["metadata"]["ownerReferences"] = std::move(kept);
  return model::to_canonical_json(patch);
}

// ---- Refusals
// ---------------------------------------------------------------------------------------------------------------------

void StatefulSetSync::after_refusal(const Plan::Call& refused, const command::Rejection& rejection) {
  std::vector<Plan::Call> events;
  const bool exists = rejection.reason == "AlreadyExists";
  if (const auto* make = std::get_if<command::MakePod>(&refused.payload)) {
    if (!exists) pod_event(events, "create", make->name, rejection.message);
  } else if (const auto* claim = std::get_if<command::ApplyObject>(&refused.payload)) {
    auto doc = model::parse_json(claim->doc, "state");
    const std::string name(doc ? (*doc)["metadata"].string_or("name") : "");
    const std::string pod = stateful_pod_name(name_, pod_identity(name).ordinal);
    if (!exists)
      add_event(events, true, "FailedCreate",
                fmt::format("create Claim {} for Pod {} in StatefulSet {} failed error: {}", name, pod, name_,
                            rejection.message));
    pod_event(events, "create", pod, fmt::format("failed to create PVC {}: {}", name, rejection.message));
  } else if (const auto* patch = std::get_if<command::PatchObject>(&refused.payload);
             patch != nullptr && patch->ref.kind == Kind::Pod) {
    pod_event(events, "update", std::string(view_.bare_name(patch->ref)), rejection.message);
  }
  plan_.next_batch();
  for (Plan::Call& call : events) plan_.also(std::move(call.payload));
  status_after_refusal();
}

}  // namespace wavetank::control
