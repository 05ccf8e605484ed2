#include "engine/conformance/cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/model/decode.h"

namespace wavetank::conformance {
namespace {

constexpr std::int64_t kEpoch = 1'735'689'600;  ///< 2025-01-01T00:00:00Z
constexpr std::int64_t kSecond = 1'000'000'000;

/// Days from 1970-01-01 in the proleptic Gregorian calendar, counted in years that begin with March.
std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

}  // namespace

std::optional<std::int64_t> seconds_from_2025(std::string_view text) {
  if (text.size() != 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
      text[19] != 'Z')
    return std::nullopt;
  bool good = true;
  const auto number = [&](std::size_t at, std::size_t length, std::int64_t least, std::int64_t most) {
    std::int64_t value = -1;
    const char* end = text.data() + at + length;
    const auto read = std::from_chars(text.data() + at, end, value);
    good = good && read.ec == std::errc() && read.ptr == end && value >= least && value <= most;
    return value;
  };
  const std::int64_t year = number(0, 4, 1970, 2200);
  const std::int64_t month = number(5, 2, 1, 12);
  const std::int64_t day = number(8, 2, 1, 31);
  const std::int64_t time = number(11, 2, 0, 23) * 3600 + number(14, 2, 0, 59) * 60 + number(17, 2, 0, 59);
  if (!good) return std::nullopt;
  return days_from_civil(year, month, day) * 86400 + time - kEpoch;
}

std::string key_of(const Doc& object) {
  const Doc* meta = object.find("metadata");
  if (meta == nullptr) return {};
  return std::string(meta->string_or("namespace", "default")) + "/" + std::string(meta->string_or("name"));
}

Cluster::Cluster(const Case& test_case)
    : evaluator(test_case.profile, cache, nominations), preempter(evaluator, cache, nominations), case_(test_case) {
  fact(event::RunStarted{"golden", "", 1, 1, kEpoch});
  load();
}

std::string Cluster::pod_key(PodId p) const {
  return std::string(view().text(view().pod_ns(p))) + "/" + std::string(view().pod_name(p));
}

NodeId Cluster::node(std::string_view name) const { return view().find(model::Kind::Node, "", name).as<NodeId>(); }

PodId Cluster::pod(const std::string& key) const {
  const auto at = by_key_.find(key);
  return at == by_key_.end() ? PodId() : at->second;
}

schedule::Evaluator::Request Cluster::request(PodId p, std::int32_t percentage) const {
  const std::size_t i = p.index();
  return {p, state_.pods.tmpl[i], state_.pods.owner[i], state_.pods.priority[i], percentage, true};
}

void Cluster::fact(event::Payload payload) { state::evolve(state_, {state_.last_seq + 1, {}, 0, std::move(payload)}); }

void Cluster::create(const Doc& object) {
  fact(event::ObjectCreated{model::kind_from_gvk(object.string_or("apiVersion"), object.string_or("kind")),
                            model::to_canonical_json(object)});
}

PodId Cluster::make_pod(const Doc& doc) {
  create(doc);
  const PodId made(state_.pods.size() - 1);
  by_key_[key_of(doc)] = made;
  return made;
}

void Cluster::load() {
  const auto& objects = case_.doc.find("objects")->items;
  const auto is = [](const Doc& object, std::string_view kind) { return object.string_or("kind") == kind; };
  const Doc* order = case_.doc.find("nodeOrder");
  if (order != nullptr) {
    for (const Doc& name : order->items) {
      create(*std::find_if(objects.begin(), objects.end(), [&](const Doc& o) {
        return is(o, "Node") && o.find("metadata")->string_or("name") == name.text;
      }));
    }
  }
  for (const Doc& o : objects) {
    if (!is(o, "Pod") && !(order != nullptr && is(o, "Node"))) create(o);
  }
  for (const Doc& o : objects) {
    if (is(o, "Pod")) load_pod(o);
  }
  for (const Doc& o : objects) {
    if (is(o, "PodDisruptionBudget")) load_budget(o);
  }
  cache.load(view());
}

void Cluster::load_pod(const Doc& doc) {
  const PodId p = make_pod(doc);
  fact(event::PodBound{p, node(doc.find("spec")->string_or("nodeName"))});
  if (const Doc* status = doc.find("status")) {
    if (const auto started = seconds_from_2025(status->string_or("startTime")))
      state_.pods.scheduled[p.index()] = {*started * kSecond};
  }
  if (doc.find("metadata")->find("deletionTimestamp") != nullptr) {
    fact(event::PodDeletionStarted{p, 30, event::DeletionReason::Deleted});
  }
}

/// Status is what controllers report; here it is given.
void Cluster::load_budget(const Doc& doc) {
  const std::string ns(doc.find("metadata")->string_or("namespace", "default"));
  const auto ref = view().find(model::Kind::PodDisruptionBudget, ns, doc.find("metadata")->string_or("name"));
  const Doc* status = doc.find("status");
  if (!ref.valid() || status == nullptr) return;
  state::PdbRow& row = state_.pdbs[ref.row];
  row.disruptions_allowed = static_cast<std::int32_t>(status->int_or("disruptionsAllowed", 0));
  if (const Doc* disrupted = status->find("disruptedPods")) {
    for (const auto& m : disrupted->members) {
      if (const PodId p = pod(ns + "/" + m.key); p.valid()) row.disrupted.push_back({p, {}});
    }
  }
}

tl::unexpected<base::Diagnostics> Cluster::impossible(const Doc& where, std::string message) const {
  base::Position position = where.position;
  if (case_.line > 0) position.line = case_.line;
  return base::failure(base::Diagnostic{case_.file, position, std::move(message)});
}

base::Result<void> Cluster::apply(PodId pod, const Doc& expected, std::size_t k) {
  if (expected.string_or("outcome") == "scheduled") return bind(pod, expected, k);
  const Doc* preemption = expected.find("preemption");
  if (preemption == nullptr) return {};
  return preempt(pod, *preemption);
}

base::Result<void> Cluster::bind(PodId p, const Doc& expected, std::size_t k) {
  if (cache.placed(p) != nullptr) return impossible(expected, fmt::format("{} is on a node already", pod_key(p)));
  const NodeId to = node(expected.string_or("chosen"));
  nominations.remove(p);
  fact(event::PodBound{p, to});
  state_.pods.scheduled[p.index()] = {static_cast<std::int64_t>(k) * kSecond};
  cache.place(p, state_.pods.tmpl[p.index()], to, false, false, view());
  return bind_volumes(to, expected);
}

/// "namespace/name", or a name in "default".
event::Ref Cluster::claim(std::string_view key) const {
  const std::size_t slash = key.find('/');
  const bool bare = slash == std::string_view::npos;
  return view().find(model::Kind::PersistentVolumeClaim, bare ? "default" : key.substr(0, slash),
                     bare ? key : key.substr(slash + 1));
}

void Cluster::update(event::Ref ref, const Doc& doc) {
  fact(event::ObjectUpdated{ref, model::to_canonical_json(doc), false});
}

/// What VolumeBinding's PreBind did: static bindings are complete, nobody answers a claim that waits for a volume.
base::Result<void> Cluster::bind_volumes(NodeId to, const Doc& expected) {
  const Doc* volumes = expected.find("volumes");
  if (volumes == nullptr) return {};
  if (const Doc* bound = volumes->find("static")) {
    for (const Doc& s : bound->items) {
      const event::Ref pvc = claim(s.string_or("claim"));
      const event::Ref pv = view().find(model::Kind::PersistentVolume, "", s.string_or("pv"));
      if (!pvc.valid() || !pv.valid()) return impossible(s, "the claim or the volume is not there");
      Doc volume = view().stored_doc(pv);
      Doc& ref = volume["spec"]["claimRef"];
      ref = Doc::object();
      ref["namespace"] = Doc::string(view().namespace_of(pvc));
      ref["name"] = Doc::string(view().bare_name(pvc));
      volume["status"]["phase"] = Doc::string("Bound");
      update(pv, volume);
      Doc wanted = view().stored_doc(pvc);
      wanted["spec"]["volumeName"] = Doc::string(s.string_or("pv"));
      wanted["metadata"]["annotations"]["pv.kubernetes.io/bind-completed"] = Doc::string("yes");
      wanted["status"]["phase"] = Doc::string("Bound");
      update(pvc, wanted);
    }
  }
  if (const Doc* made = volumes->find("provision")) {
    for (const Doc& key : made->items) {
      const event::Ref pvc = claim(key.text);
      if (!pvc.valid()) return impossible(key, "the claim is not there");
      Doc wanted = view().stored_doc(pvc);
      wanted["metadata"]["annotations"]["volume.kubernetes.io/selected-node"] = Doc::string(node_name(to));
      update(pvc, wanted);
    }
  }
  return {};
}

base::Result<void> Cluster::preempt(PodId p, const Doc& preemption) {
  if (preemption.bool_or("clearsOwnNomination", false)) nominations.remove(p);
  if (const Doc* cleared = preemption.find("clearedNominations")) {
    for (const Doc& c : cleared->items) {
      if (const PodId other = pod(c.text); other.valid()) nominations.remove(other);
    }
  }
  const std::string_view nominated = preemption.string_or("nominatedNode");
  if (nominated.empty()) return {};
  if (const Doc* victims = preemption.find("victims")) {
    for (const Doc& v : victims->items) {
      const PodId victim = pod(v.text);
      if (!victim.valid() || cache.placed(victim) == nullptr)
        return impossible(v, fmt::format("victim \"{}\" is on no node", v.text));
      cache.take(victim);
      fact(event::PodRemoved{victim});
    }
  }
  nominations.set({p, node(nominated), stub_of(p), 0});
  return {};
}

/// The oracle's nominator knows a pod that is in no queue by name alone: no requests, no labels, priority 0. (A real
/// scheduler has its nominated pods in the queue, and ours takes them as they are.) So what is nominated here is a pod
/// of an empty template in the same namespace.
schedule::TemplateId Cluster::stub_of(PodId p) {
  Doc stub = Doc::object();
  stub["apiVersion"] = Doc::string("v1");
  stub["kind"] = Doc::string("Pod");
  stub["metadata"]["name"] = Doc::string("stub-" + std::to_string(state_.pods.size()));
  stub["metadata"]["namespace"] = Doc::string(view().text(view().pod_ns(p)));
  stub["spec"]["containers"] = Doc::array();
  create(stub);
  const PodId made(state_.pods.size() - 1);
  const schedule::TemplateId tmpl = state_.pods.tmpl[made.index()];
  fact(event::PodRemoved{made});
  return tmpl;
}

}  // namespace wavetank::conformance
