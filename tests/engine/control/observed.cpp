// What a trace would have recorded of our cluster, and how the two compare (README §3 of the golden controllers).

#include <map>

#include "tests/engine/control/recorder.h"

namespace wavetank::replay {
namespace {

using event::PodId;
using event::ReplicaSetId;
using model::Doc;

bool is_nothing(const Doc& d) {
  return d.is_null() || (d.is_array() && d.items.empty()) || (d.is_object() && d.members.empty()) ||
         (d.type == Doc::Type::Int && d.text == "0");
}

Doc optional_number(std::int64_t n) { return n == 0 ? Doc() : Doc::string(std::to_string(n)); }

/// compare.py's eq(): {"any_of": […]} accepts any of its values; nothing, null, [] and {} are the same.
void equal(const Doc& golden, const Doc& ours, const std::string& path, Report& report) {
  ++report.checks;
  if (golden.is_object() && golden.members.size() == 1 && golden.members[0].key == "any_of") {
    for (const Doc& choice : golden.members[0].value.items) {
      Report trial;
      equal(choice, ours, path, trial);
      if (trial.differences.empty()) return;
    }
  } else if (golden.is_object() && ours.is_object()) {
    for (const Doc::Member& m : golden.members) {
      const Doc* value = ours.find(m.key);
      equal(m.value, value == nullptr ? Doc() : *value, path + "/" + m.key, report);
    }
    for (const Doc::Member& m : ours.members) {
      if (golden.find(m.key) == nullptr && !is_nothing(m.value)) {
        report.differences.push_back(path + "/" + m.key + ": golden nothing, ours " + model::to_json(m.value));
      }
    }
    return;
  } else if (golden.is_array() && ours.is_array() && golden.items.size() == ours.items.size()) {
    for (std::size_t i = 0; i < golden.items.size(); ++i) {
      equal(golden.items[i], ours.items[i], path + "/" + std::to_string(i), report);
    }
    return;
  } else if (golden.same_as(ours) || (is_nothing(golden) && is_nothing(ours))) {
    return;
  }
  report.differences.push_back(path + ": golden " + model::to_json(golden) + ", ours " + model::to_json(ours));
}

Doc row(std::initializer_list<Doc> items) {
  Doc out = Doc::array();
  out.items = items;
  return out;
}

const char* status_text(event::ConditionStatus s) {
  return s == event::ConditionStatus::True ? "True" : s == event::ConditionStatus::False ? "False" : "Unknown";
}

}  // namespace

// ---- Recorder
// -----------------------------------------------------------------------------------------------------------------

void Trace::Recorder::note_pod(PodId pod, const char* what, const state::ClusterView& view) {
  const event::Ref owner = view->pods.owner[pod.index()];
  const std::string set = owner.valid() ? trace_.set_name(owner.as<ReplicaSetId>()) : "none";
  ++pods[set][what];
  pod_order.emplace_back(what, trace_.pod_label(pod));
}

void Trace::Recorder::note_size(ReplicaSetId set, std::string to) {
  const auto known = size_.find(set.value);
  const std::string from = known == size_.end() ? "null" : known->second;
  if (from == to) return;
  scales.push_back({trace_.set_name(set), from, to});
  size_[set.value] = std::move(to);
}

void Trace::Recorder::observe(const event::Event& event, const state::ClusterView& view) {
  const auto last_pod = [&] { return PodId(view->pods.size() - 1); };
  const auto last_set = [&] { return ReplicaSetId(view->replica_sets.size() - 1); };
  if (std::holds_alternative<event::PodCreated>(event.payload)) {
    note_pod(last_pod(), "created", view);
  } else if (const auto* created = std::get_if<event::ObjectCreated>(&event.payload)) {
    if (created->kind == model::Kind::Pod) note_pod(last_pod(), "created", view);
    if (created->kind == model::Kind::ReplicaSet)
      note_size(last_set(), std::to_string(view->replica_sets.back().replicas));
  } else if (const auto* deletion = std::get_if<event::PodDeletionStarted>(&event.payload)) {
    if (deletion->grace_seconds > 0) note_pod(deletion->pod, "terminating", view);
  } else if (const auto* removed = std::get_if<event::PodRemoved>(&event.payload)) {
    note_pod(removed->pod, "gone", view);
  } else if (std::holds_alternative<event::ReplicaSetCreated>(event.payload)) {
    note_size(last_set(), std::to_string(view->replica_sets.back().replicas));
  } else if (const auto* scaled = std::get_if<event::ReplicaSetScaled>(&event.payload)) {
    note_size(scaled->replica_set, std::to_string(scaled->replicas));
  } else if (const auto* updated = std::get_if<event::ObjectUpdated>(&event.payload)) {
    if (updated->ref.kind != model::Kind::ReplicaSet) return;
    note_size(updated->ref.as<ReplicaSetId>(), std::to_string(view->replica_sets[updated->ref.row].replicas));
  } else if (const auto* gone = std::get_if<event::ObjectRemoved>(&event.payload)) {
    if (gone->ref.kind == model::Kind::ReplicaSet) note_size(gone->ref.as<ReplicaSetId>(), "null");
  }
}

// ---- Names
// --------------------------------------------------------------------------------------------------------------------

/// "d.r2" for the second set that Deployment d made, the plain name for a set of one's own.
std::string Trace::set_name(ReplicaSetId id) const {
  const state::ReplicaSetRow& set = view().replica_set(id);
  const std::string name(view().text(set.header.name));
  if (!set.header.doc.empty()) return name;
  int number = 0;
  for (std::size_t i = 0; i <= id.index(); ++i) {
    const state::ReplicaSetRow& other = view()->replica_sets[i];
    if (other.header.doc.empty() &&
        name.substr(0, name.rfind('-')) == std::string(view().text(other.header.name)).substr(0, name.rfind('-'))) {
      ++number;
    }
  }
  return name.substr(0, name.rfind('-')) + ".r" + std::to_string(number);
}

/// Bare pods by name, pods of a set as "r-*" or "<d.r1>-*".
std::string Trace::pod_label(PodId id) const {
  if ((view().pod_flags(id) & state::kFromManifest) != 0) return std::string(view().pod_name(id));
  const std::string set = set_name(view()->pods.owner[id.index()].as<ReplicaSetId>());
  return set.find('.') == std::string::npos ? set + "-*" : "<" + set + ">-*";
}

std::string Trace::pod_flags(PodId id) const {
  static constexpr const char* kPhases[] = {"Pending", "Running", "Succeeded", "Failed"};
  std::string out = kPhases[static_cast<int>(view().pod_phase(id))];
  if (view().pod_ready(id)) out += "+Ready";
  if (view().pod_terminating(id)) out += "+Terminating";
  if (!view().pod_node(id).valid()) out += "+Unscheduled";
  if (view().container(id, 0).waiting == event::WaitingReason::ErrImagePull &&
      view().pod_phase(id) == event::Phase::Pending) {
    out += ":ErrImagePull";
  }
  return out;
}

/// Replaces generated names of sets by the trace's.
std::string Trace::normalized(std::string text) const {
  for (std::size_t i = 0; i < view()->replica_sets.size(); ++i) {
    const state::ReplicaSetRow& set = view()->replica_sets[i];
    if (!set.header.doc.empty()) continue;
    const std::string name(view().text(set.header.name));
    for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name)) {
      text.replace(at, name.size(), "<" + set_name(ReplicaSetId(i)) + ">");
    }
  }
  return text;
}

// ---- State
// --------------------------------------------------------------------------------------------------------------------

Doc Trace::deployments() const {
  static constexpr const char* kTypes[] = {"Available", "Progressing", "ReplicaFailure"};
  Doc out = Doc::object();
  for (const state::DeploymentRow& d : view()->deployments) {
    if (!d.header.alive) continue;
    Doc& o = out[std::string(view().text(d.header.name))];
    // A deletion that leaves the object counts as a change of its spec.
    o["generation"] = Doc::integer(d.header.generation + (d.header.terminating() ? 1 : 0));
    o["observedGeneration"] = Doc::integer(d.observed_generation + (d.header.terminating() ? 1 : 0));
    o["spec"] = Doc::integer(d.spec.replicas);
    o["replicas"] = Doc::integer(d.status_replicas);
    o["updatedReplicas"] = Doc::integer(d.updated);
    o["readyReplicas"] = Doc::integer(d.ready);
    o["availableReplicas"] = Doc::integer(d.available);
    o["unavailableReplicas"] = Doc::integer(d.unavailable);
    o["revision"] = optional_number(d.revision);
    Doc conditions = Doc::array();
    for (std::size_t i = 0; i < d.conditions.size(); ++i) {
      const state::Condition& c = d.conditions[i];
      if (!c.present) continue;
      conditions.items.push_back(row({Doc::string(kTypes[i]), Doc::string(status_text(c.status)), Doc::string(c.reason),
                                      Doc::string(normalized(c.message))}));
    }
    o["conditions"] = std::move(conditions);
  }
  return out;
}

Doc Trace::replica_sets() const {
  Doc out = Doc::object();
  for (std::size_t i = 0; i < view()->replica_sets.size(); ++i) {
    const state::ReplicaSetRow& set = view()->replica_sets[i];
    if (!set.header.alive) continue;
    Doc& o = out[set_name(ReplicaSetId(i))];
    o["spec"] = Doc::integer(set.replicas);
    o["replicas"] = Doc::integer(set.status_replicas);
    o["fullyLabeledReplicas"] = Doc::integer(set.fully_labeled);
    o["readyReplicas"] = Doc::integer(set.status_ready);
    o["availableReplicas"] = Doc::integer(set.status_available);
    if (!set.deployment.valid()) continue;  // the rest was recorded of owned sets only
    o["owner"] = Doc::string("Deployment/" + std::string(view().bare_name(set.deployment)));
    o["revision"] = optional_number(set.revision);
    o["desired"] = optional_number(set.desired);
    o["max"] = optional_number(set.max);
    std::string history;
    for (const std::int64_t r : set.revision_history) history += (history.empty() ? "" : ",") + std::to_string(r);
    o["hist"] = history.empty() ? Doc() : Doc::string(history);
    o["hash_label"] = Doc::boolean(!set.hash.empty());
  }
  return out;
}

Doc Trace::pods_by_set() const {
  Doc out = Doc::object();
  for (const PodId p : alive_pods()) {
    const event::Ref owner = view()->pods.owner[p.index()];
    if (!owner.valid()) continue;
    Doc& count = out[set_name(owner.as<ReplicaSetId>())][pod_flags(p)];
    count = Doc::integer((count.is_null() ? 0 : std::stoll(count.text)) + 1);
  }
  return out;
}

Doc Trace::pod_list() const {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const PodId p : alive_pods()) rows.emplace_back(pod_label(p), pod_flags(p));
  std::sort(rows.begin(), rows.end());
  Doc out = Doc::array();
  for (const auto& [name, flags] : rows) out.items.push_back(row({Doc::string(name), Doc::string(flags)}));
  return out;
}

Doc Trace::budgets() const {
  Doc out = Doc::object();
  for (const state::PdbRow& pdb : view()->pdbs) {
    if (!pdb.header.alive) continue;
    Doc& o = out[std::string(view().text(pdb.header.name))];
    o["currentHealthy"] = Doc::integer(pdb.current_healthy);
    o["desiredHealthy"] = Doc::integer(pdb.desired_healthy);
    o["disruptionsAllowed"] = Doc::integer(pdb.disruptions_allowed);
    o["expectedPods"] = Doc::integer(pdb.expected_pods);
    o["disruptedPods"] = Doc::integer(static_cast<std::int64_t>(pdb.disrupted.size()));
  }
  return out;
}

/// The endpoints of each Service's slices; ports are not compared.
Doc Trace::slices() const {
  Doc out = Doc::object();
  for (const state::ServiceRow& service : view()->services) {
    if (!service.header.alive || service.slices.empty()) continue;
    Doc& list = out[std::string(view().text(service.header.name))];
    list = Doc::array();
    for (const event::EndpointSliceId id : service.slices) {
      std::map<std::string, std::uint8_t> endpoints;
      for (const state::Endpoint& e : view().endpoint_slice(id).endpoints) endpoints[pod_label(e.pod)] = e.flags;
      Doc slice = Doc::array();
      for (const auto& [name, flags] : endpoints) {
        Doc conditions = Doc::object();
        conditions["ready"] = Doc::boolean((flags & event::kReady) != 0);
        conditions["serving"] = Doc::boolean((flags & event::kServing) != 0);
        conditions["terminating"] = Doc::boolean((flags & event::kTerminating) != 0);
        slice.items.push_back(row({Doc::string(name), conditions}));
      }
      list.items.push_back(slice);
    }
  }
  return out;
}

Doc Trace::owners_of(std::string_view config_map) const {
  const event::Ref ref = view().find(model::Kind::ConfigMap, "default", config_map);
  if (!ref.valid()) return {};
  Doc out = Doc::array();
  for (const event::Ref owner : view().header(ref)->owners) {
    if (view().alive(owner)) out.items.push_back(Doc::string(view().bare_name(owner)));
  }
  return out;
}

// ---- Comparison
// ---------------------------------------------------------------------------------------------------------------

namespace {

/// Golden's endpointslices in the form of slices().
Doc bare_slices(const Doc& golden) {
  Doc out = Doc::object();
  for (const Doc::Member& m : golden.members) {
    Doc& list = out[m.key];
    list = Doc::array();
    for (const Doc& slice : m.value.items) list.items.push_back(*slice.find("endpoints"));
  }
  return out;
}

/// Neighbouring "gone" entries are sorted: their order means nothing.
Doc ordered(std::vector<std::pair<std::string, std::string>> pods) {
  for (std::size_t i = 0; i < pods.size();) {
    std::size_t end = i;
    while (end < pods.size() && pods[end].first == "gone" && pods[i].first == "gone") ++end;
    std::sort(pods.begin() + static_cast<std::ptrdiff_t>(i), pods.begin() + static_cast<std::ptrdiff_t>(end));
    i = std::max(end, i + 1);
  }
  Doc out = Doc::array();
  for (const auto& [what, name] : pods) out.items.push_back(row({Doc::string(what), Doc::string(name)}));
  return out;
}

}  // namespace

void Trace::compare(const Doc& step, Report& report) const {
  const std::string path =
      "step " + std::string(step.find("i")->text) + " (" + std::string(step.find("do")->string_or("op")) + ")";
  const Doc& then = *step.find("then");
  const auto number = [](const std::string& text) { return text == "null" ? Doc() : Doc::integer(std::stoll(text)); };
  if (const Doc* net = then.find("scale_net"); net != nullptr) {
    std::map<std::string, std::pair<std::string, std::string>> sums;
    for (const Recorder::Scale& s : recorder_->scales)
      sums.try_emplace(s.set, s.from, s.to).first->second.second = s.to;
    Doc ours = Doc::object();
    for (const auto& [set, change] : sums) {
      if (change.first != change.second) ours[set] = row({number(change.first), number(change.second)});
    }
    equal(*net, ours, path + "/scale_net", report);
  } else {
    Doc ours = Doc::array();
    for (const Recorder::Scale& s : recorder_->scales)
      ours.items.push_back(row({Doc::string(s.set), number(s.from), number(s.to)}));
    const Doc* golden = then.find("scale");
    equal(golden == nullptr ? Doc() : *golden, ours, path + "/scale", report);
  }
  Doc counts = Doc::object();
  for (const auto& [set, kinds] : recorder_->pods) {
    for (const auto& [what, n] : kinds) counts[set][what] = Doc::integer(n);
  }
  const Doc* pods = then.find("pods");
  equal(pods == nullptr ? Doc() : *pods, counts, path + "/pods", report);
  if (const Doc* order = then.find("pod_order"); order != nullptr) {
    equal(*order, ordered(recorder_->pod_order), path + "/pod_order", report);
  }
  const Doc& state = *step.find("state");
  const auto part = [&](const char* key, const Doc& ours) {
    const Doc* golden = state.find(key);
    equal(golden == nullptr ? Doc() : *golden, ours, path + "/" + key, report);
  };
  part("deployments", deployments());
  part("replicasets", replica_sets());
  part("pdbs", budgets());
  if (state.find("pods") != nullptr) part("pods", pods_by_set());
  if (state.find("pod_list") != nullptr) part("pod_list", pod_list());
  if (const Doc* golden = state.find("endpointslices"); golden != nullptr) {
    equal(bare_slices(*golden), slices(), path + "/endpointslices", report);
  }
  if (const Doc* golden = step.find("x"); golden != nullptr) equal(*golden, owners_of("x"), path + "/x", report);
  if (const Doc* golden = step.find("response"); golden != nullptr) {
    const std::string code =
        golden->find("code") != nullptr ? golden->find("code")->text : std::string(golden->string_or("result"));
    equal(Doc::string(code), response_, path + "/response", report);
  }
}

}  // namespace wavetank::replay
