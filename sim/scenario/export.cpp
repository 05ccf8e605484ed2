// A cluster as `kubectl get nodes,pods,deployments,… -o json` shows it. What is taken over:
//
//   nodes        with labels, taints, capacity, allocatable and spec.unschedulable; all of them start Ready
//   workloads, Services, budgets, …   as a client would have written them: without status, uid and resourceVersion
//   ReplicaSets  of Deployments too, with their owner, so that the Deployment finds the one it has
//   pods         that are bound and Pending or Running, with their owner, on their node; their containers start anew
//   there
//
// What is left out, with a notice: pods that have ended or are being deleted, pods of the control plane's own mirror,
// objects that controllers make again (Endpoints, EndpointSlices, Events, Leases, ControllerRevisions), and restart
// counts.
#include <fmt/format.h>

#include <map>
#include <set>

#include "sim/scenario/manifests.h"

namespace wavetank::scenario {
namespace {

using model::Doc;
using model::Kind;

bool made_again(std::string_view kind) {
  return kind == "Endpoints" || kind == "EndpointSlice" || kind == "Event" || kind == "Lease" ||
         kind == "ControllerRevision" || kind == "PodMetrics" || kind == "NodeMetrics";
}

void strip_metadata(Doc& doc) {
  Doc* metadata = doc.find("metadata");
  if (metadata == nullptr) return;
  for (const std::string_view field : {"uid", "resourceVersion", "creationTimestamp", "generation", "managedFields",
                                       "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"}) {
    metadata->erase(field);
  }
  if (Doc* annotations = metadata->find("annotations"))
    annotations->erase("kubectl.kubernetes.io/last-applied-configuration");
}

bool is_mirror(const Doc& pod) { return pod.at({"metadata", "annotations", "kubernetes.io/config.mirror"}) != nullptr; }

// Why a pod stays behind; empty: it comes along.
std::string_view left_out(const Doc& pod) {
  if (is_mirror(pod)) return "static pods";
  if (pod.at({"metadata", "deletionTimestamp"}) != nullptr) return "pods being deleted";
  const Doc* status = pod.find("status");
  const std::string_view phase = status == nullptr ? "" : status->string_or("phase");
  if (phase == "Succeeded" || phase == "Failed") return "pods that have ended";
  return "";
}

Doc cleaned(Doc doc) {
  const std::string kind(doc.string_or("kind"));
  strip_metadata(doc);
  if (kind == "Node") {
    Doc status = Doc::object();
    if (const Doc* old = doc.find("status")) {
      for (const std::string_view field : {"capacity", "allocatable", "images"}) {
        if (const Doc* value = old->find(field)) status[field] = *value;
      }
    }
    doc["status"] = std::move(status);
    // Taints that the control plane sets for the node's condition: the node starts anew.
    if (Doc* spec = doc.find("spec")) {
      if (Doc* taints = spec->find("taints")) {
        std::erase_if(taints->items,
                      [](const Doc& taint) { return taint.string_or("key").starts_with("node.kubernetes.io/"); });
      }
    }
  } else if (kind != "PersistentVolume" && kind != "PersistentVolumeClaim") {  // their phases are what has been bound
    doc.erase("status");
  }
  if (kind == "PersistentVolume") {  // a claim's uid is left behind as well: names will do
    if (Doc* spec = doc.find("spec"))
      if (Doc* claim = spec->find("claimRef")) claim->erase("uid");
  }
  return doc;
}

Doc bare_document(const char* api_version, const char* kind, const std::string& name) {
  Doc doc = Doc::object();
  doc["apiVersion"] = Doc::string(api_version);
  doc["kind"] = Doc::string(kind);
  doc["metadata"]["name"] = Doc::string(name);
  return doc;
}

// Owners before what they own, so that an owner's name can be looked up when a child comes.
int rank(Kind kind) {
  switch (kind) {
    case Kind::Namespace:
      return 0;
    case Kind::PriorityClass:
      return 1;
    case Kind::Deployment:
    case Kind::StatefulSet:
    case Kind::DaemonSet:
      return 3;
    case Kind::ReplicaSet:
      return 4;
    case Kind::Pod:
      return 5;
    default:
      return 2;
  }
}

/// The cluster had the namespaces of what was exported and the PriorityClasses of its pods, though `kubectl get` was
/// not asked for them.
void add_implied(const std::string& file, ReadContext& context, std::vector<std::pair<int, ManifestDoc>>& found) {
  std::map<std::string, std::int64_t> classes;
  std::set<std::string> namespaces;
  for (const auto& [rank_of_doc, doc] : found) {
    if (!doc.ns.empty() && !context.catalog.has(Kind::Namespace, "", doc.ns)) namespaces.insert(doc.ns);
    if (doc.kind != Kind::Pod) continue;
    const base::Result<Doc> pod = model::parse_json(doc.json, file);
    const Doc* spec = pod ? pod->find("spec") : nullptr;
    const std::string name(spec == nullptr ? "" : spec->string_or("priorityClassName"));
    if (name.empty() || name.starts_with("system-") || context.catalog.has(Kind::PriorityClass, "", name)) continue;
    classes[name] = spec->int_or("priority", 0);
  }
  const auto add = [&](Kind kind, const std::string& name, const Doc& doc) {
    found.emplace_back(rank(kind), manifest_doc(doc, file));
    context.catalog.add(kind, "", name);
  };
  for (const std::string& name : namespaces) {
    if (name == "default" || name.starts_with("kube-")) continue;  // every cluster has these
    add(Kind::Namespace, name, bare_document("v1", "Namespace", name));
  }
  for (const auto& [name, value] : classes) {
    Doc doc = bare_document("scheduling.k8s.io/v1", "PriorityClass", name);
    doc["value"] = Doc::integer(value);
    add(Kind::PriorityClass, name, doc);
  }
}

}  // namespace

void read_export(const std::string& path, base::Position at, ReadContext& context, std::vector<ManifestDoc>& nodes,
                 ManifestGroup& objects) {
  const std::string file = relative_to(context.scenario_file, path);
  const base::Result<std::string> text = context.files.read(file);
  if (!text.has_value()) {
    context.problems.add(at, text.error().front().message);
    return;
  }
  base::Result<std::vector<Doc>> docs = model::parse_any(*text, file);
  if (!docs.has_value()) {
    context.problems.add_all(docs.error());
    return;
  }
  objects.label = path;
  objects.exported = true;
  std::vector<Doc> flat;
  for (Doc& doc : *docs) {
    const Doc* items = doc.find("items");
    if (items == nullptr || !items->is_array()) {
      flat.push_back(std::move(doc));
    } else {
      flat.insert(flat.end(), items->items.begin(), items->items.end());
    }
  }
  std::map<std::string, int, std::less<>> left;
  std::vector<std::pair<int, ManifestDoc>> found;
  for (Doc& doc : flat) {
    const std::string kind(doc.string_or("kind"));
    std::string_view why =
        made_again(kind) ? std::string_view("objects that controllers make again") : std::string_view();
    if (kind == "Pod") why = left_out(doc);
    if (!why.empty()) {
      auto [count, added] = left.try_emplace(std::string(why), 0);
      ++count->second;
      continue;
    }
    const Doc clean = cleaned(std::move(doc));
    base::Result<model::Object> object = model::admit(clean, file);
    if (!object.has_value()) {
      context.problems.add_all(object.error());
      continue;
    }
    ManifestDoc made = manifest_doc(clean, file);
    context.catalog.add(made);
    if (const std::string* zone = model::find_label(object->meta.labels, "topology.kubernetes.io/zone"))
      context.catalog.add_zone(*zone);
    if (made.kind == Kind::Node) {
      nodes.push_back(std::move(made));
    } else {
      found.emplace_back(rank(made.kind), std::move(made));
    }
  }
  add_implied(file, context, found);
  for (int r = 0; r <= 5; ++r) {
    for (auto& [doc_rank, doc] : found) {
      if (doc_rank == r) objects.docs.push_back(std::move(doc));
    }
  }
  for (const auto& [why, count] : left) context.notices.push_back(fmt::format("{}: left out {} {}", file, count, why));
}

}  // namespace wavetank::scenario
