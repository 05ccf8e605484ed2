// Objects as documents: create, apply, replace, patch, label, delete.
#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/core.h>

#include "engine/decide/quota.h"
#include "engine/decide/rules.h"
#include "engine/model/decode.h"
#include "engine/state/annotations.h"
#include "engine/state/pod_admission.h"

namespace wavetank::decide::detail {

namespace {

using model::Doc;
using model::Kind;

constexpr const char* kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/// Kinds without a namespace that are not typed here.
bool cluster_scoped(std::string_view kind) {
  static constexpr std::array<std::string_view, 17> kKinds = {"APIService",
                                                              "CSIDriver",
                                                              "CertificateSigningRequest",
                                                              "ClusterRole",
                                                              "ClusterRoleBinding",
                                                              "CustomResourceDefinition",
                                                              "DeviceClass",
                                                              "FlowSchema",
                                                              "IngressClass",
                                                              "MutatingWebhookConfiguration",
                                                              "PriorityLevelConfiguration",
                                                              "ResourceSlice",
                                                              "RuntimeClass",
                                                              "ValidatingAdmissionPolicy",
                                                              "ValidatingAdmissionPolicyBinding",
                                                              "ValidatingWebhookConfiguration",
                                                              "VolumeAttachment"};
  return std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end();
}

Refusal forbidden(Kind kind, std::string_view name, std::string_view why) {
  return Rejection{"Forbidden", fmt::format("{} \"{}\" is forbidden: {}", resource_name(kind), name, why)};
}

// ---- Finalizers
// Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/

bool has_finalizers(const Doc& doc) {
  const Doc* list = doc.at({"metadata", "finalizers"});
  return list != nullptr && list->is_array() && !list->items.empty();
}

/// Most objects have none, and their documents need not be read to know that.
bool has_finalizers(const state::Header& header) {
  if (header.doc.find("\"finalizers\"") == std::string::npos) return false;
  const auto doc = model::parse_json(header.doc, "object");
  return doc && has_finalizers(*doc);
}

/// The admission plugin StorageObjectInUseProtection.
void protect_in_use(Doc& doc, Kind kind) {
  const char* name =
      kind == Kind::PersistentVolumeClaim ? "kubernetes.io/pvc-protection" : "kubernetes.io/pv-protection";
  Doc& list = doc["metadata"]["finalizers"];
  if (!list.is_array()) list = Doc::array();
  for (const Doc& f : list.items)
    if (f.text == name) return;
  list.items.push_back(Doc::string(name));
}

/// No finalizer may be added to what is being deleted.
Refusal check_finalizers(Ref ref, std::string_view name, const Doc& before, const Doc& after) {
  const Doc* is = after.at({"metadata", "finalizers"});
  const Doc* was = before.at({"metadata", "finalizers"});
  std::string added;
  for (std::size_t i = 0; is != nullptr && i < is->items.size(); ++i) {
    const std::string& text = is->items[i].text;
    const bool known = was != nullptr &&
                       std::any_of(was->items.begin(), was->items.end(), [&](const Doc& f) { return f.text == text; });
    if (!known) added += fmt::format("{}\"{}\"", added.empty() ? "" : ", ", text);
  }
  if (added.empty()) return granted();
  return Rejection{
      "Invalid",
      fmt::format(
          "{} \"{}\" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is "
          "being deleted, found new finalizers []string{{{}}}",
          model::kind_info(ref.kind).name, name, added)};
}

Ref find_object(const ClusterView& view, const Doc& doc, Kind kind) {
  const Doc* meta = doc.find("metadata");
  if (meta == nullptr) return {};
  const std::string_view ns = meta->string_or("namespace"), name = meta->string_or("name");
  if (kind == Kind::Other) return view.find_other(doc.string_or("apiVersion"), doc.string_or("kind"), ns, name);
  return view.find(kind, ns, name);
}

}  // namespace

Refusal invalid(Kind kind, std::string_view kind_name, std::string_view name, const base::Diagnostics& errors) {
  std::string text;
  for (const base::Diagnostic& d : errors) {
    if (!text.empty()) text += ", ";
    text += d.message;
  }
  if (errors.size() > 1) text = "[" + text + "]";
  const std::string version = kind == Kind::Other ? "" : model::kind_info(kind).api_version;
  const std::size_t slash = version.find('/');
  const std::string group = slash == std::string::npos ? "" : "." + version.substr(0, slash);
  return Rejection{"Invalid", fmt::format("{}{} \"{}\" is invalid: {}", kind_name, group, name, text)};
}

Refusal check_namespace(const ClusterView& view, Kind kind, std::string_view ns, std::string_view name) {
  const Ref ref = view.find(Kind::Namespace, "", ns);
  if (!ref.valid()) return Rejection{"NotFound", fmt::format("namespaces \"{}\" not found", ns)};
  if (!view.header(ref)->terminating()) return granted();
  return forbidden(kind, name,
                   fmt::format("unable to create new content in namespace {} because it is being terminated", ns));
}

Refusal admit_pod(const ClusterView& view, Doc& doc, std::string_view ns, std::string_view name) {
  Doc& spec = doc["spec"];
  const std::string class_name(spec.string_or("priorityClassName"));
  const state::PriorityClassRow* priority = state::find_priority_class(view.state(), class_name);
  if (priority == nullptr && !class_name.empty())
    return forbidden(Kind::Pod, name, fmt::format("no PriorityClass with name {} was found", class_name));
  const std::int64_t computed = priority == nullptr ? 0 : priority->spec.value;
  if (const Doc* given = spec.find("priority"); given != nullptr && spec.int_or("priority", computed) != computed)
    return forbidden(Kind::Pod, name,
                     fmt::format("the integer value of priority ({}) must not be provided in pod spec; priority "
                                 "admission controller computed {} from the given PriorityClass name",
                                 spec.int_or("priority", 0), computed));
  if (priority != nullptr) {
    spec["priority"] = Doc::integer(priority->spec.value);
    spec["priorityClassName"] = Doc::string(view.text(priority->header.name));
  } else if (spec.find("priority") == nullptr) {
    spec["priority"] = Doc::integer(0);
  }
  if (auto refused = check_runtime_class(view, name, spec)) return refused;
  state::admit_pod(view.state(), view->symbols.find(ns), doc);
  return granted();
}

namespace {

/// The admission plugin DefaultStorageClass: the youngest of the default classes, by name where two are as young.
void default_storage_class(const ClusterView& view, Doc& doc) {
  if (doc["spec"].find("storageClassName") != nullptr) return;
  if (doc.at({"metadata", "annotations", "volume.beta.kubernetes.io/storage-class"}) != nullptr) return;
  const state::Header* best = nullptr;
  for (const state::StorageClassRow& row : view->storage_classes) {
    const state::Header& h = row.header;
    if (!h.alive || !row.spec.is_default) continue;
    if (best == nullptr || h.created > best->created ||
        (h.created == best->created && view.text(h.name) < view.text(best->name)))
      best = &h;
  }
  if (best != nullptr) doc["spec"]["storageClassName"] = Doc::string(view.text(best->name));
}

/// Pods that name a node wait for it: it takes them as it comes. O(templates + pods that wait for it).
void bind_to_new_node(const ClusterView& view, std::string_view name, Facts& facts) {
  std::vector<event::PodId> waiting;
  for (const state::TemplateRow& t : view->templates) {
    if (t.value == nullptr || t.value->spec.node_name != name) continue;
    for (const event::PodId pod : t.pods)
      if (view.pod_alive(pod) && !view.pod_node(pod).valid()) waiting.push_back(pod);
  }
  std::sort(waiting.begin(), waiting.end());
  for (const event::PodId pod : waiting) facts.emplace_back(event::PodBound{pod, event::NodeId(view->nodes.size())});
}

bool same_member(const Doc& a, const Doc& b, std::initializer_list<std::string_view> path) {
  const Doc* x = a.at(path);
  const Doc* y = b.at(path);
  if (x == nullptr || y == nullptr) return x == y;
  return x->same_as(*y);
}

/// The annotation deprecated.daemonset.template.generation: clients may say where it begins, after that it counts the
/// templates. Source: daemonSetStrategy.PrepareForCreate, PrepareForUpdate.
Refusal count_templates(const Doc* before, Doc& after) {
  const auto generation = [](const Doc& doc) {
    const Doc* annotation = doc.at({"metadata", "annotations", state::kTemplateGeneration});
    return annotation == nullptr ? std::string_view() : std::string_view(annotation->text);
  };
  const std::string_view text = generation(before == nullptr ? after : *before);
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (!text.empty() && before == nullptr && (error != std::errc() || end != text.data() + text.size()))
    return Rejection{"BadRequest", fmt::format("DaemonSet in version \"v1\" cannot be handled as a DaemonSet: "
                                               "strconv.ParseInt: parsing \"{}\": invalid syntax",
                                               text)};
  count = std::max<std::int64_t>(count, 1);
  if (before != nullptr && !same_member(*before, after, {"spec", "template"})) ++count;
  after["metadata"]["annotations"][state::kTemplateGeneration] = Doc::string(std::to_string(count));
  return granted();
}

Refusal create(const ClusterView& view, Doc doc, Kind kind, Facts& facts) {
  const std::string name(doc["metadata"].string_or("name")), ns(doc["metadata"].string_or("namespace"));
  if (!ns.empty())
    if (auto refused = check_namespace(view, kind, ns, name)) return refused;
  if (kind == Kind::Pod) model::merge_label_keys(doc);  // before validation, as the API server does
  if (kind == Kind::PersistentVolumeClaim || kind == Kind::PersistentVolume) protect_in_use(doc, kind);
  const std::string job_uid = kind == Kind::Job ? view.uid(Ref(event::JobId(view->jobs.size()))) : "";
  if (kind == Kind::Job && model::decode(doc, "")) {  // before validation, too, but after the defaults
    model::apply_defaults(doc);
    generate_job_selector(doc, job_uid);
  }
  auto admitted = model::admit(std::move(doc), "");
  if (!admitted) return invalid(kind, model::kind_info(kind).name, name, admitted.error());
  Doc& full = admitted->doc;
  std::string node_name;
  if (kind == Kind::Pod) {
    if (auto refused = admit_pod(view, full, ns, name)) return refused;
    node_name = full["spec"].string_or("nodeName");
  } else if (kind == Kind::Service) {
    if (auto refused = allocate_service(view, {}, nullptr, full)) return refused;
  } else if (kind == Kind::PersistentVolumeClaim) {
    default_storage_class(view, full);
  } else if (kind == Kind::Ingress) {
    default_ingress_class(view, full);
  } else if (kind == Kind::DaemonSet) {
    if (auto refused = count_templates(nullptr, full)) return refused;
  } else if (kind == Kind::Job) {
    if (auto refused = check_generated_selector(full, job_uid)) return refused;
  }
  if (auto refused = bound_new_object(view, kind, ns, name, full, facts)) return refused;
  facts.emplace_back(event::ObjectCreated{kind, model::to_canonical_json(full)});
  if (kind == Kind::Node) bind_to_new_node(view, name, facts);
  if (node_name.empty()) return granted();
  // spec.nodeName goes round the scheduler: the node's agent takes the pod if there is such a node.
  const Ref node = view.find(Kind::Node, "", node_name);
  if (node.valid()) facts.emplace_back(event::PodBound{event::PodId(view->pods.size()), node.as<event::NodeId>()});
  return granted();
}

/// Of volumes and classes. Where Kubernetes shows the difference of two Go values behind its words, we leave it out.
/// Source: ValidatePersistentVolumeUpdate, ValidateStorageClassUpdate.
Refusal check_immutable_storage(Ref ref, const std::string& name, const Doc& before, const Doc& after) {
  const auto refuse = [&](std::string_view kind, std::string_view message) {
    return Rejection{"Invalid", fmt::format("{} \"{}\" is invalid: {}", kind, name, message)};
  };
  if (ref.kind == Kind::PersistentVolume) {
    Doc was = before, is = after;
    for (Doc* doc : {&was, &is})
      for (const char* key :
           {"accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy",
            "storageClassName", "volumeAttributesClassName", "volumeMode"})
        (*doc)["spec"].erase(key);
    if (!same_member(was, is, {"spec"}))
      return refuse("PersistentVolume",
                    "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation");
  }
  if (ref.kind == Kind::StorageClass) {
    for (const char* key : {"parameters", "provisioner", "reclaimPolicy"})
      if (!same_member(before, after, {key}))
        return refuse("StorageClass.storage.k8s.io", fmt::format("{0}: Forbidden: updates to {0} are forbidden.", key));
    if (!same_member(before, after, {"volumeBindingMode"}))
      return refuse("StorageClass.storage.k8s.io",
                    fmt::format("volumeBindingMode: Invalid value: {}: field is immutable",
                                model::to_canonical_json(*after.find("volumeBindingMode"))));
  }
  return granted();
}

std::int64_t storage_at(const Doc& doc, std::initializer_list<std::string_view> path) {
  const Doc* amount = doc.at(path);
  const auto quantity =
      amount == nullptr ? base::Result<base::Quantity>(base::Quantity()) : base::Quantity::parse(amount->text);
  return quantity ? quantity->value() : 0;
}

/// A claim may grow if its class lets it, and shrink again while it stays above what it has.
/// Source: ValidatePersistentVolumeClaimUpdate; plugin/pkg/admission/storage/persistentvolume/resize.
Refusal check_resize(const ClusterView& view, Ref ref, const Doc& before, const Doc& after) {
  if (ref.kind != Kind::PersistentVolumeClaim) return granted();
  const std::int64_t was = storage_at(before, {"spec", "resources", "requests", "storage"});
  const std::int64_t is = storage_at(after, {"spec", "resources", "requests", "storage"});
  if (was == is) return granted();
  const std::string_view name = view.bare_name(ref);
  if (is < was && is <= storage_at(before, {"status", "capacity", "storage"}))
    return Rejection{"Invalid",
                     fmt::format("PersistentVolumeClaim \"{}\" is invalid: spec.resources.requests.storage: Forbidden: "
                                 "field can not be less than status.capacity",
                                 name)};
  if (is < was) return granted();
  const model::PersistentVolumeClaim& claim = view.claim(ref.as<event::PvcId>()).spec;
  const Ref sc = claim.class_name().empty() ? Ref() : view.find(Kind::StorageClass, "", claim.class_name());
  if (!sc.valid() || !view->storage_classes[sc.row].spec.allow_expansion)
    return forbidden(
        ref.kind, name,
        "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must "
        "support resize");
  return granted();
}

/// Of StatefulSets, DaemonSets and their revisions. Source: ValidateStatefulSetUpdate,
/// daemonSetStrategy.ValidateUpdate, ValidateControllerRevisionUpdate.
Refusal check_immutable_sets(Ref ref, const std::string& name, const Doc& before, const Doc& after) {
  const auto immutable = [&](std::string_view kind, std::string_view path, const Doc* value) {
    return Rejection{
        "Invalid", fmt::format("{}.apps \"{}\" is invalid: {}: Invalid value: {}: field is immutable", kind, name, path,
                               value == nullptr ? "null" : model::to_canonical_json(*value))};
  };
  if (ref.kind == Kind::StatefulSet) {
    Doc was = before, is = after;
    for (Doc* doc : {&was, &is})
      for (const char* key : {"replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
                              "persistentVolumeClaimRetentionPolicy", "minReadySeconds"})
        (*doc)["spec"].erase(key);
    if (!same_member(was, is, {"spec"}))
      return Rejection{
          "Invalid", fmt::format("StatefulSet.apps \"{}\" is invalid: spec: Forbidden: updates to statefulset spec for "
                                 "fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
                                 "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
                                 "'minReadySeconds' are forbidden",
                                 name)};
  }
  if (ref.kind == Kind::DaemonSet && !same_member(before, after, {"spec", "selector"}))
    return immutable("DaemonSet", "spec.selector", after.at({"spec", "selector"}));
  if (ref.kind == Kind::ControllerRevision && !same_member(before, after, {"data"}))
    return immutable("ControllerRevision", "data", after.find("data"));
  return granted();
}

/// validateLoadBalancerClassField, validateServiceExternalTrafficFieldsUpdate, ValidateEndpointSliceUpdate.
Refusal check_immutable_network(Ref ref, const std::string& name, const Doc& before, const Doc& after) {
  if (ref.kind == Kind::EndpointSlice && !same_member(before, after, {"addressType"}))
    return Rejection{"Invalid",
                     fmt::format("EndpointSlice.discovery.k8s.io \"{}\" is invalid: addressType: Invalid value: "
                                 "{}: field is immutable",
                                 name, model::to_canonical_json(*after.find("addressType")))};
  if (ref.kind != Kind::Service) return granted();
  const Doc *was = before.find("spec"), *is = after.find("spec");
  const auto balancer = [](const Doc* spec) { return spec->string_or("type") == "LoadBalancer"; };
  if (!balancer(was) || !balancer(is)) return granted();
  if (!same_member(before, after, {"spec", "loadBalancerClass"})) {
    const Doc* wanted = is->find("loadBalancerClass");
    return Rejection{"Invalid",
                     fmt::format("Service \"{}\" is invalid: spec.loadBalancerClass: Invalid value: {}: may not change "
                                 "once set",
                                 name, wanted == nullptr ? "null" : model::to_canonical_json(*wanted))};
  }
  const auto checked = [](const Doc* spec) { return spec->string_or("externalTrafficPolicy") == "Local"; };
  if (checked(was) && checked(is) && !same_member(before, after, {"spec", "healthCheckNodePort"}))
    return Rejection{"Invalid", fmt::format("Service \"{}\" is invalid: spec.healthCheckNodePort: Forbidden: field is "
                                            "immutable",
                                            name)};
  return granted();
}

/// Whether two lists of words, which may be missing, hold the same words.
bool same_words(const Doc* a, const Doc* b) {
  const auto has = [](const Doc* list, const Doc& word) {
    return list != nullptr && std::any_of(list->items.begin(), list->items.end(),
                                          [&](const Doc& other) { return other.text == word.text; });
  };
  const auto within = [&](const Doc* list, const Doc* other) {
    return list == nullptr ||
           std::all_of(list->items.begin(), list->items.end(), [&](const Doc& word) { return has(other, word); });
  };
  return within(a, b) && within(b, a);
}

/// What may not change once it is written.
Refusal check_immutable(const ClusterView& view, Ref ref, const Doc& before, const Doc& after) {
  if (ref.kind == Kind::Job) return check_immutable_job(view, ref, before, after);
  const std::string name(view.bare_name(ref));
  const auto of_group = [&](std::string_view kind, std::string_view path, const Doc* value) {
    const std::string shown = value == nullptr ? "null" : model::to_canonical_json(*value);
    return Rejection{"Invalid", fmt::format("{} \"{}\" is invalid: {}: Invalid value: {}: field is immutable", kind,
                                            name, path, shown)};
  };
  const auto immutable = [&](std::string_view path, const Doc* value) {
    return of_group(fmt::format("{}.apps", model::kind_info(ref.kind).name), path, value);
  };
  if ((ref.kind == Kind::Deployment || ref.kind == Kind::ReplicaSet) &&
      !same_member(before, after, {"spec", "selector"}))
    return immutable("spec.selector", after.at({"spec", "selector"}));
  if (auto refused = check_immutable_sets(ref, name, before, after)) return refused;
  if (ref.kind == Kind::PriorityClass && !same_member(before, after, {"value"}))
    return Rejection{
        "Invalid",
        fmt::format(
            "PriorityClass.scheduling.k8s.io \"{}\" is invalid: value: Forbidden: may not be changed in an update.",
            name)};
  if (ref.kind == Kind::PriorityClass && !same_member(before, after, {"preemptionPolicy"}))
    return of_group("PriorityClass.scheduling.k8s.io", "preemptionPolicy", after.find("preemptionPolicy"));
  if (ref.kind == Kind::RuntimeClass && !same_member(before, after, {"handler"}))
    return of_group("RuntimeClass.node.k8s.io", "handler", after.find("handler"));
  // What scopeSelector says may change, oddly.
  if (ref.kind == Kind::ResourceQuota && !same_words(before.at({"spec", "scopes"}), after.at({"spec", "scopes"})))
    return of_group("ResourceQuota", "spec.scopes", after.at({"spec", "scopes"}));
  if (ref.kind == Kind::IngressClass && !same_member(before, after, {"spec", "controller"}))
    return Rejection{
        "Invalid", fmt::format("IngressClass.networking.k8s.io \"{}\" is invalid: spec.controller: Invalid value: {}: "
                               "field is immutable",
                               name, model::to_canonical_json(*after.at({"spec", "controller"})))};
  if (auto refused = check_immutable_storage(ref, name, before, after)) return refused;
  if (auto refused = check_immutable_network(ref, name, before, after)) return refused;
  if (auto refused = check_immutable_spec(ref.kind, name, before, after)) return refused;
  return check_resize(view, ref, before, after);
}

void default_namespace(Doc& doc, Kind kind) {
  const bool namespaced =
      kind == Kind::Other ? !cluster_scoped(doc.string_or("kind")) : model::kind_info(kind).namespaced;
  Doc& meta = doc["metadata"];
  if (!namespaced) {
    meta.erase("namespace");
  } else if (meta.string_or("namespace").empty()) {
    meta["namespace"] = Doc::string("default");
  }
}

/// A patch may say what an object is and what the server keeps of it, but not change it.
/// Source: kubernetes/staging/src/k8s.io/apiserver/pkg/endpoints/handlers/{patch,rest}.go,
/// apimachinery/pkg/api/validation ValidateObjectMetaUpdate.
Refusal keep_identity(const Doc& before, Doc& wanted) {
  const auto bad = [](std::string text) { return Refusal(Rejection{"BadRequest", std::move(text)}); };
  const std::string_view version = before.string_or("apiVersion"), kind = before.string_or("kind");
  if (!wanted.is_object() || wanted.string_or("apiVersion") != version)
    return bad(fmt::format("the API version in the data ({}) does not match the expected API version ({})",
                           wanted.string_or("apiVersion"), version));
  if (wanted.string_or("kind") != kind)
    return bad(
        fmt::format("the kind in the data ({}) does not match the expected kind ({})", wanted.string_or("kind"), kind));
  const Doc* was = before.find("metadata");
  Doc& is = wanted["metadata"];
  if (was == nullptr || !is.is_object()) return bad("metadata must be a map");
  if (is.string_or("name") != was->string_or("name"))
    return bad(fmt::format("the name of the object ({}) does not match the name on the URL ({})", is.string_or("name"),
                           was->string_or("name")));
  if (is.string_or("namespace") != was->string_or("namespace"))
    return bad(fmt::format("the namespace of the object ({}) does not match the namespace on the request ({})",
                           is.string_or("namespace"), was->string_or("namespace")));
  for (const char* field : {"uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation",
                            "resourceVersion", "selfLink"}) {
    is.erase(field);
    if (const Doc* kept = was->find(field)) is[field] = *kept;
  }
  // A status can be written to, as through its subresource, but not taken away.
  const Doc* status = wanted.find("status");
  if (const Doc* kept = before.find("status"); kept != nullptr && (status == nullptr || !status->is_object()))
    wanted["status"] = *kept;
  return granted();
}

Refusal apply_over(const ClusterView& view, Ref ref, Doc wanted, bool merge, Facts& facts) {
  Doc live = view.stored_doc(ref);
  if (!merge) {
    // A replace keeps what only the server sets.
    if (const Doc* status = live.find("status"); status != nullptr && wanted.find("status") == nullptr)
      wanted["status"] = *status;
    return update_object(view, ref, std::move(wanted), facts);
  }
  std::string last;
  if (const Doc* annotations = live.at({"metadata", "annotations"}); annotations != nullptr)
    last = annotations->string_or(kLastApplied);
  auto last_doc = last.empty() ? base::Result<Doc>(Doc()) : model::parse_json(last, kLastApplied);
  const Doc* base_doc = !last.empty() && last_doc ? &*last_doc : nullptr;
  return update_object(view, ref, model::merge_apply(live, base_doc, wanted), facts);
}

}  // namespace

Refusal update_object(const ClusterView& view, Ref ref, Doc wanted, Facts& facts) {
  if (!view.alive(ref)) return not_found(view, ref);
  Doc before = view.stored_doc(ref);
  model::apply_defaults(before);  // a pod that a set made has its template's defaults only
  if (ref.kind == Kind::Service) keep_allocated(before, wanted);
  if (ref.kind == Kind::Pod) keep_default_tolerations(view, before, wanted);
  auto admitted = model::admit(std::move(wanted), "");
  if (!admitted) return invalid(ref.kind, model::kind_info(ref.kind).name, view.bare_name(ref), admitted.error());
  if (auto refused = check_immutable(view, ref, before, admitted->doc)) return refused;
  const state::Header* header = view.header(ref);
  const bool going = header != nullptr && header->terminating();
  if (going)
    if (auto refused = check_finalizers(ref, view.bare_name(ref), before, admitted->doc)) return refused;
  if (ref.kind == Kind::Service)
    if (auto refused = allocate_service(view, ref, &before, admitted->doc)) return refused;
  if (ref.kind == Kind::DaemonSet)
    if (auto refused = count_templates(&before, admitted->doc)) return refused;
  if (before.same_as(admitted->doc)) return granted();
  if (ref.kind == Kind::Service || ref.kind == Kind::PersistentVolumeClaim) {  // these may come to take more
    const std::string_view ns = view.namespace_of(ref), name = view.bare_name(ref);
    if (ref.kind == Kind::PersistentVolumeClaim)
      if (auto refused = check_limits(view, ref.kind, ns, name, admitted->doc)) return refused;
    if (auto refused = charge_quotas(view, ref.kind, ns, name, admitted->doc, &before, facts)) return refused;
  }
  const bool spec_changed = !same_member(before, admitted->doc, {"spec"});
  facts.emplace_back(event::ObjectUpdated{ref, model::to_canonical_json(admitted->doc), spec_changed});
  // With the last finalizer goes what waited for it only (foreground and orphan deletion wait for their dependents,
  // too).
  if (going && header->propagation == event::Propagation::Background && has_finalizers(before) &&
      !has_finalizers(admitted->doc)) {
    facts.emplace_back(event::ObjectRemoved{ref});
    return granted();
  }
  if (ref.kind != Kind::Node) return granted();
  // Taints and cordons are facts of their own: the scheduler and controllers follow those.
  const auto& node = view.node(ref.as<event::NodeId>());
  const auto& spec = std::get<model::Node>(admitted->spec);
  const auto& was = before.at({"spec"});
  const auto touched = [&](std::string_view key) {
    const Doc* x = was == nullptr ? nullptr : was->find(key);
    const Doc* y = admitted->doc.at({"spec", key});
    return (x == nullptr) != (y == nullptr) || (x != nullptr && !x->same_as(*y));
  };
  if (touched("taints") && spec.taints != node.spec.taints)
    facts.emplace_back(event::NodeTaintsChanged{ref.as<event::NodeId>(), spec.taints});
  if (touched("unschedulable") && spec.unschedulable != node.spec.unschedulable)
    facts.emplace_back(event::NodeCordoned{ref.as<event::NodeId>(), spec.unschedulable});
  return granted();
}

Refusal rule(const ClusterView& view, const command::ApplyObject& c, Facts& facts) {
  auto parsed = model::parse_json(c.doc, "request");
  if (!parsed) return Rejection{"BadRequest", base::to_text(parsed.error())};
  if (!parsed->is_object()) return Rejection{"BadRequest", "the object provided is unrecognized (must be a map)"};
  Doc doc = std::move(*parsed);
  const Kind kind = model::kind_from_gvk(doc.string_or("apiVersion"), doc.string_or("kind"));
  default_namespace(doc, kind);
  const Ref existing = find_object(view, doc, kind);
  using Mode = command::ApplyObject::Mode;
  if (c.mode == Mode::Apply && kind != Kind::Other) {
    Doc last = doc;
    if (Doc* annotations = last["metadata"].find("annotations"); annotations != nullptr)
      annotations->erase(kLastApplied);
    const std::string text = model::to_canonical_json(last);
    doc["metadata"]["annotations"][kLastApplied] = Doc::string(text);
  }
  if (!existing.valid()) {
    if (c.mode == Mode::Replace)
      return Rejection{"NotFound",
                       fmt::format("{} \"{}\" not found", resource_name(kind), doc["metadata"].string_or("name"))};
    return create(view, std::move(doc), kind, facts);
  }
  if (c.mode == Mode::Create)
    return Rejection{"AlreadyExists",
                     fmt::format("{} \"{}\" already exists",
                                 kind == Kind::Other ? std::string(doc.string_or("kind")) : resource_name(kind),
                                 view.bare_name(existing))};
  return apply_over(view, existing, std::move(doc), c.mode == Mode::Apply, facts);
}

Refusal rule(const ClusterView& view, const command::PatchObject& c, Facts& facts) {
  if (!view.alive(c.ref)) return not_found(view, c.ref);
  if (c.at_version != 0) {
    const base::Seq version = c.ref.kind == Kind::Pod ? view->pods.version[c.ref.row] : view.header(c.ref)->version;
    if (version != c.at_version)
      return conflict(
          fmt::format("Operation cannot be fulfilled on {} \"{}\": the object has been modified; please "
                      "apply your changes to the latest version and try again",
                      resource_name(c.ref.kind), view.bare_name(c.ref)));
  }
  auto patch = model::parse_json(c.patch, "patch");
  if (!patch) return Rejection{"BadRequest", base::to_text(patch.error())};
  const Doc before = view.stored_doc(c.ref);
  Doc wanted = model::merge_patch(before, *patch);
  if (auto refused = keep_identity(before, wanted)) return refused;
  return update_object(view, c.ref, std::move(wanted), facts);
}

Refusal rule(const ClusterView& view, const command::SetLabel& c, Facts& facts) {
  if (!view.alive(c.ref)) return not_found(view, c.ref);
  Doc doc = view.stored_doc(c.ref);
  if (c.value) {
    doc["metadata"]["labels"][c.key] = Doc::string(*c.value);
  } else if (Doc* labels = doc["metadata"].find("labels"); labels != nullptr) {
    labels->erase(c.key);
  }
  return update_object(view, c.ref, std::move(doc), facts);
}

Refusal rule(const ClusterView& view, const command::DeleteObject& c, Facts& facts) {
  if (!view.alive(c.ref)) return not_found(view, c.ref);
  if (c.ref.kind == Kind::Pod) {
    delete_pod(view, c.ref.as<event::PodId>(), event::DeletionReason::Deleted, c.grace_seconds, facts);
    return granted();
  }
  const state::Header& header = *view.header(c.ref);
  if (header.terminating()) return granted();
  if (c.ref.kind == Kind::Namespace) {
    const std::string_view name = view.bare_name(c.ref);
    if (name == "default" || name == "kube-system" || name == "kube-public")
      return forbidden(c.ref.kind, name, "this namespace may not be deleted");
    facts.emplace_back(event::ObjectDeletionStarted{c.ref, c.propagation});
    return granted();
  }
  if (c.propagation == event::Propagation::Background && !has_finalizers(header)) {
    facts.emplace_back(event::ObjectRemoved{c.ref});
  } else {
    facts.emplace_back(event::ObjectDeletionStarted{c.ref, c.propagation});
  }
  return granted();
}

Refusal rule(const ClusterView& view, const command::RemoveObject& c, Facts& facts) {
  if (!view.alive(c.ref)) return granted();
  if (c.ref.kind == Kind::Pod) {
    delete_pod(view, c.ref.as<event::PodId>(), event::DeletionReason::GarbageCollected, std::nullopt, facts);
  } else if (const state::Header& header = *view.header(c.ref); !has_finalizers(header)) {
    facts.emplace_back(event::ObjectRemoved{c.ref});
  } else if (!header.terminating() || header.propagation != event::Propagation::Background) {
    // The dependents are dealt with; other finalizers still hold it.
    facts.emplace_back(event::ObjectDeletionStarted{c.ref, event::Propagation::Background});
  }
  return granted();
}

Refusal rule(const ClusterView& view, const command::SetOwner& c, Facts& facts) {
  if (!view.alive(c.child)) return not_found(view, c.child);
  if (c.owner.valid() && !view.alive(c.owner)) return not_found(view, c.owner);
  const Ref now = c.child.kind == Kind::Pod ? view->pods.owner[c.child.row] : view.header(c.child)->controller;
  if (now == c.owner) return granted();
  if (now.valid() && c.owner.valid())
    return conflict(fmt::format("{} already has a controller", view.name_of(c.child)));
  facts.emplace_back(event::OwnerChanged{c.child, c.owner});
  return granted();
}

}  // namespace wavetank::decide::detail
