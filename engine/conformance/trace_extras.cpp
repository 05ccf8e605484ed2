// Observations of single steps, named for what they are.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "engine/conformance/trace_player.h"
#include "engine/conformance/trace_text.h"

namespace wavetank::conformance {
namespace {

using event::PodId;
using event::Ref;
using model::Doc;
using model::Kind;

Doc finalizers_of(event::Propagation propagation, bool terminating) {
  Doc out = Doc::array();
  if (terminating && propagation == event::Propagation::Foreground)
    out.items.push_back(Doc::string("foregroundDeletion"));
  if (terminating && propagation == event::Propagation::Orphan) out.items.push_back(Doc::string("orphan"));
  return out.items.empty() ? Doc() : out;
}

/// ownerReferences without uids.
Doc owners_of(const Doc& doc) {
  Doc out = Doc::array();
  const Doc* list = doc.at({"metadata", "ownerReferences"});
  if (list == nullptr) return out;
  for (Doc owner : list->items) {
    owner.erase("uid");
    out.items.push_back(std::move(owner));
  }
  return out;
}

}  // namespace

std::optional<Doc> TracePlayer::job_observation(const std::string& key) const {
  const std::vector<Ref> jobs = objects_of("Job");
  if (key == "job_name_minus_scheduled_minute") {
    if (jobs.empty()) return Doc();
    const std::string name(view().bare_name(jobs.back()));
    std::int64_t minute = 0;
    const std::size_t dash = name.rfind('-');
    std::from_chars(name.data() + dash + 1, name.data() + name.size(), minute);
    const std::int64_t made_s = epoch_s_ + view().header(jobs.back())->created.ns / 1'000'000'000;
    return Doc::integer(minute - made_s / 60);
  }
  if (key == "job_selector") {
    if (jobs.empty()) return Doc();
    const Doc doc = view().to_doc(jobs.front());
    const Doc* selector = doc.at({"spec", "selector"});
    if (selector == nullptr) return Doc();
    auto plain = model::parse_json(watcher_.plain(model::to_json(*selector)), "selector");
    return plain ? *plain : Doc();
  }
  if (key == "pod_labels" || key == "pod_generateName") {
    const std::vector<PodId> all = pods();
    if (all.empty()) return Doc();
    const Doc doc = view().to_doc(all.front());
    const Doc* value = key == "pod_labels" ? doc.at({"metadata", "labels"}) : doc.at({"metadata", "generateName"});
    if (value == nullptr) return Doc();
    auto plain = model::parse_json(watcher_.plain(model::to_json(*value)), "pod");
    return plain ? *plain : Doc();
  }
  return std::nullopt;
}

std::optional<Doc> TracePlayer::observation(const std::string& key, const Doc& golden) const {
  const state::ClusterView now = view();
  if (auto job = job_observation(key)) return job;
  if (key == "response") {
    // Only what the recording has of it.
    Doc out = Doc::object();
    for (const Doc::Member& m : golden.members) {
      if (const Doc* d = response_.find(m.key); d != nullptr) out[m.key] = *d;
    }
    return out;
  }
  if (key == "deployment") {
    Doc out = Doc::object();
    const std::vector<Ref> all = objects_of("Deployment");
    out["exists"] = Doc::boolean(!all.empty());
    const state::Header* h = all.empty() ? nullptr : now.header(all.front());
    out["finalizers"] = h == nullptr ? Doc() : finalizers_of(h->propagation, h->terminating());
    out["deletionTimestamp"] = Doc::boolean(h != nullptr && h->terminating());
    return out;
  }
  if (key == "replicasets") {
    Doc out = Doc::array();
    for (const Ref ref : objects_of("ReplicaSet")) {
      const state::Header* h = now.header(ref);
      Doc set = Doc::object();
      set["finalizers"] = finalizers_of(h->propagation, h->terminating());
      set["owned"] = Doc::boolean(h->controller.valid());
      set["deletionTimestamp"] = Doc::boolean(h->terminating());
      out.items.push_back(std::move(set));
    }
    return out;
  }
  if (key == "pods_blockOwnerDeletion") {
    std::set<std::string> values;
    for (const PodId p : pods()) {
      const Doc owners = owners_of(now.to_doc(p));
      for (const Doc& o : owners.items) values.insert(o.bool_or("blockOwnerDeletion", false) ? "True" : "False");
    }
    Doc out = Doc::array();
    for (const std::string& v : values) out.items.push_back(Doc::string(v));
    return out;
  }
  if (key == dependent_ && !dependent_.empty()) {
    const Ref ref = now.find(Kind::ConfigMap, kTraceNamespace, dependent_);
    if (!ref.valid()) return Doc();
    Doc out = Doc::array();
    for (const Ref owner : now.header(ref)->owners) {
      if (now.alive(owner)) out.items.push_back(Doc::string(now.bare_name(owner)));
    }
    return out;
  }
  if (key == "slice_sizes") {
    std::vector<std::int64_t> sizes;
    for (const state::EndpointSliceRow& slice : now->endpoint_slices) {
      if (slice.header.alive && !slice.endpoints.empty())
        sizes.push_back(static_cast<std::int64_t>(slice.endpoints.size()));
    }
    std::sort(sizes.begin(), sizes.end());
    Doc out = Doc::array();
    for (const std::int64_t n : sizes) out.items.push_back(Doc::integer(n));
    return out;
  }
  if (key == "endpoints_addresses") {
    std::int64_t sum = 0;
    const Doc all = endpoints();
    for (const Doc::Member& service : all.members) {
      for (const Doc& subset : service.value.items)
        sum += static_cast<std::int64_t>(subset.find("addresses")->items.size());
    }
    return Doc::integer(sum);
  }
  if (key == "controllerrevisions") {
    std::vector<std::int64_t> numbers;
    for (const Ref ref : objects_of("ControllerRevision")) {
      const Doc doc = now.to_doc(ref);
      numbers.push_back(int_of(doc.find("revision")));
    }
    std::sort(numbers.begin(), numbers.end());
    Doc out = Doc::array();
    for (const std::int64_t n : numbers) out.items.push_back(Doc::integer(n));
    return out;
  }
  if (key == "pod") {
    const std::vector<PodId> all = pods();
    if (all.empty()) return Doc();
    const Doc doc = now.to_doc(all.front());
    Doc out = Doc::object();
    if (const Doc* labels = doc.at({"metadata", "labels"}); labels != nullptr) {
      out["labels"] = *labels;
      if (Doc* hash = out["labels"].find("controller-revision-hash"); hash != nullptr)
        hash->text = "<" + revision_label(hash->text) + ">";
    }
    for (const char* field : {"hostname", "subdomain"}) {
      const Doc* d = doc.at({"spec", field});
      out[field] = d == nullptr ? Doc() : *d;
    }
    out["ownerReferences"] = owners_of(doc);
    const Doc* generate = doc.at({"metadata", "generateName"});
    out["generateName"] = generate == nullptr ? Doc() : *generate;
    return out;
  }
  if (key == "kubectl_output_lines") {
    const std::set<std::string> lines(kubectl_lines_.begin(), kubectl_lines_.end());
    Doc out = Doc::array();
    for (const std::string& l : lines) out.items.push_back(Doc::string(l));
    return out;
  }
  return std::nullopt;
}

}  // namespace wavetank::conformance
