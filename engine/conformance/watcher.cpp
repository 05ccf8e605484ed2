#include "engine/conformance/watcher.h"

#include <algorithm>

namespace wavetank::conformance {
namespace {

using event::PodId;
using event::Ref;
using model::Doc;
using model::Kind;
using state::ClusterView;

bool is_name_char(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; }

bool is_uid(std::string_view s) {
  if (s.size() != 36) return false;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex = (s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f');
    if (dash ? s[i] != '-' : !hex) return false;
  }
  return true;
}

bool all_digits(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Doc list(std::initializer_list<Doc> items) {
  Doc out = Doc::array();
  out.items = items;
  return out;
}

const char* status_text(event::ConditionStatus s) {
  return s == event::ConditionStatus::True ? "True" : s == event::ConditionStatus::False ? "False" : "Unknown";
}

const char* type_text(event::NodeConditionType t) {
  static constexpr const char* kNames[] = {"Ready", "MemoryPressure", "DiskPressure", "PIDPressure",
                                           "NetworkUnavailable"};
  return kNames[static_cast<std::size_t>(t)];
}

std::string taint_text(const model::Taint& t) {
  const char* effect = t.effect == model::TaintEffect::NoExecute    ? "NoExecute"
                       : t.effect == model::TaintEffect::NoSchedule ? "NoSchedule"
                                                                    : "PreferNoSchedule";
  return t.key + (t.value.empty() ? "" : "=" + t.value) + ":" + effect;
}

/// The controller of anything that has one.
Ref controller_of(Ref ref, const ClusterView& view) {
  const state::Header* h = view.header(ref);
  return h == nullptr ? Ref() : h->controller;
}

}  // namespace

void Watcher::begin_step() {
  scales.clear();
  pods.clear();
  pod_order.clear();
  objects.clear();
}

// ---- Names
// -------------------------------------------------------------------------------------------------------------------

std::string Watcher::object_name(Ref ref, const ClusterView& view) const {
  const std::string name(view.bare_name(ref));
  if (ref.kind == Kind::Pod) return pod_label(ref.as<PodId>(), view);
  if (ref.kind == Kind::ReplicaSet) {
    const std::string label = owner_label(ref, view);
    return label.find('.') == std::string::npos ? label : "<" + label + ">";
  }
  const Ref owner = controller_of(ref, view);
  const std::size_t dash = name.rfind('-');
  if (owner.valid() && dash != std::string::npos && all_digits(std::string_view(name).substr(dash + 1)) &&
      std::string_view(model::kind_info(owner.kind).name) == "CronJob")
    return name.substr(0, dash) + "-<minute>";
  return name;
}

std::string Watcher::owner_label(Ref owner, const ClusterView& view) const {
  if (!owner.valid()) return "none";
  if (owner.kind == Kind::ReplicaSet && owner.row < set_labels_.size()) return set_labels_[owner.row];
  return std::string(model::kind_info(owner.kind).name) + "/" + object_name(owner, view);
}

std::string Watcher::pod_label(PodId pod, const ClusterView& view) const {
  const std::string name(view.pod_name(pod));
  const Ref owner = view->pods.owner[pod.index()];
  if (own_name_.contains(pod.value) || !owner.valid()) return name;
  const std::string maker(view.bare_name(owner));
  const std::size_t dash = name.rfind('-');
  // web-0 of a StatefulSet is its name; what was drawn is not.
  if (dash == std::string::npos || std::string_view(model::kind_info(owner.kind).name) == "StatefulSet") return name;
  return object_name(owner, view) + "-*";
}

std::string Watcher::plain(std::string_view text) const {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_name_char(text[i])) {
      out += text[i++];
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && is_name_char(text[end])) ++end;
    std::size_t stop = end;
    while (stop > i && text[stop - 1] == '.') --stop;  // a full stop ends the sentence
    const std::string word(text.substr(i, stop - i));
    const auto known = words_.find(word);
    const std::size_t dash = word.rfind('-');
    const auto made = dash == std::string::npos ? generators_.end() : generators_.find(word.substr(0, dash));
    out += known != words_.end()                                  ? known->second
           : is_uid(word)                                         ? "<uid>"
           : word == ns_                                          ? "<ns>"
           : made != generators_.end() && word.size() == dash + 6 ? made->second
                                                                  : word;
    out += text.substr(stop, end - stop);
    i = end;
  }
  return out;
}

// ---- Facts
// -------------------------------------------------------------------------------------------------------------------

void Watcher::line(std::string object, std::string what, Doc detail, const ClusterView& view) {
  lines.push_back({view.now(), std::move(object), std::move(what), std::move(detail)});
}

void Watcher::note_pod(PodId pod, const char* what, const ClusterView& view) {
  ++pods[owner_label(view->pods.owner[pod.index()], view)][what];
  pod_order.push_back({what, pod_label(pod, view), view.now()});
}

void Watcher::note_size(std::uint32_t set, std::optional<std::int64_t> to, const ClusterView&) {
  if (sizes_.size() <= set) sizes_.resize(set + 1);
  if (sizes_[set] == to) return;
  scales.push_back({set_labels_[set], sizes_[set], to});
  sizes_[set] = to;
}

void Watcher::note_object(Ref ref, const char* what, const ClusterView& view) {
  objects.emplace_back(what, std::string(model::kind_info(ref.kind).name) + "/" + object_name(ref, view));
}

/// Rows that are new since the last event.
void Watcher::note_new(const event::Event& event, const ClusterView& view) {
  for (; sets_seen_ < view->replica_sets.size(); ++sets_seen_) {
    const state::ReplicaSetRow& set = view->replica_sets[sets_seen_];
    const std::string name(view.text(set.header.name));
    std::string label = name;
    if (std::holds_alternative<event::ReplicaSetCreated>(event.payload)) {
      const std::string deployment(view.bare_name(set.deployment));
      label = deployment + ".r" + std::to_string(++sets_of_[deployment]);
      words_[name] = "<" + label + ">";
    }
    set_labels_.push_back(label);
    generators_[name] = (label == name ? name : "<" + label + ">") + "-*";
    note_size(static_cast<std::uint32_t>(sets_seen_), set.replicas, view);
  }
  for (; pods_seen_ < view->pods.size(); ++pods_seen_) {
    const PodId pod(pods_seen_);
    if (std::holds_alternative<event::ObjectCreated>(event.payload)) own_name_.insert(pod.value);
    const std::string label = pod_label(pod, view);
    if (label != view.pod_name(pod)) words_[std::string(view.pod_name(pod))] = label;
    note_pod(pod, "created", view);
    line("Pod/" + label, "created", Doc(), view);
  }
  if (const auto* created = std::get_if<event::ObjectCreated>(&event.payload)) {
    const Ref ref = project::subject(event, view);
    if (created->kind == Kind::Pod || !ref.valid()) return;
    const std::string name(view.bare_name(ref)), shown = object_name(ref, view);
    if (shown != name) words_[name] = shown;
    generators_.try_emplace(name, shown + "-*");
    note_object(ref, "created", view);
  }
}

void Watcher::note_taints(event::NodeId node, const std::vector<model::Taint>& before, const ClusterView& view) {
  const std::vector<model::Taint>& after = view.node(node).spec.taints;
  const auto has = [](const std::vector<model::Taint>& all, const model::Taint& t) {
    return std::any_of(all.begin(), all.end(), [&](const auto& x) { return taint_text(x) == taint_text(t); });
  };
  const std::string object = "Node/" + std::string(view.bare_name(node));
  for (const model::Taint& t : after) {
    if (!has(before, t)) line(object, "taint-added", Doc::string(taint_text(t)), view);
  }
  for (const model::Taint& t : before) {
    if (!has(after, t)) line(object, "taint-removed", Doc::string(taint_text(t)), view);
  }
}

void Watcher::note_facts(const event::Event& event, const project::Before& before, const ClusterView& view) {
  if (const auto* deletion = std::get_if<event::PodDeletionStarted>(&event.payload)) {
    if (!ending_.insert(deletion->pod.value).second) return;
    note_pod(deletion->pod, "terminating", view);
    Doc detail = Doc::object();
    detail["grace"] = Doc::integer(deletion->grace_seconds);
    line("Pod/" + pod_label(deletion->pod, view), "deletionTimestamp-set", std::move(detail), view);
  } else if (const auto* removed = std::get_if<event::PodRemoved>(&event.payload)) {
    // A pod that goes at once is seen with its deletionTimestamp in the same moment.
    if (ending_.insert(removed->pod.value).second) note_pod(removed->pod, "terminating", view);
    note_pod(removed->pod, "gone", view);
    line("Pod/" + pod_label(removed->pod, view), "gone", Doc(), view);
  } else if (const auto* scaled = std::get_if<event::ReplicaSetScaled>(&event.payload)) {
    note_size(scaled->replica_set.value, scaled->replicas, view);
  } else if (const auto* updated = std::get_if<event::ObjectUpdated>(&event.payload)) {
    if (updated->ref.kind == Kind::ReplicaSet)
      note_size(updated->ref.row, view->replica_sets[updated->ref.row].replicas, view);
    if (updated->ref.kind == Kind::Node)
      note_taints(updated->ref.as<event::NodeId>(), shadow_.nodes[updated->ref.row].spec.taints, view);
  } else if (const auto* gone = std::get_if<event::ObjectRemoved>(&event.payload)) {
    if (gone->ref.kind == Kind::ReplicaSet) note_size(gone->ref.row, std::nullopt, view);
    note_object(gone->ref, "gone", view);
    line(std::string(model::kind_info(gone->ref.kind).name) + "/" + object_name(gone->ref, view), "gone", Doc(), view);
  } else if (const auto* taints = std::get_if<event::NodeTaintsChanged>(&event.payload)) {
    note_taints(taints->node, before.taints, view);
  } else if (const auto* condition = std::get_if<event::NodeConditionChanged>(&event.payload)) {
    Doc detail = list({Doc::string(type_text(condition->type)), Doc::string(status_text(condition->status)),
                       Doc::string(condition->reason)});
    line("Node/" + std::string(view.bare_name(condition->node)), "condition", std::move(detail), view);
  } else if (const auto* ready = std::get_if<event::PodReadyChanged>(&event.payload)) {
    Doc detail = list({list({Doc::string("Ready"), Doc::string(ready->ready ? "True" : "False"), Doc()})});
    line("Pod/" + pod_label(ready->pod, view), "conditions", std::move(detail), view);
  }
}

bool Watcher::let_through(const std::string& object, const std::string& source, base::SimTime now) {
  constexpr std::int64_t kRefill_ns = 300'000'000'000, kBurst = 25;
  if (source == "default-scheduler") return true;  // a recorder of another kind
  std::int64_t& full_at = buckets_[{object, source}];
  const std::int64_t from = std::max(full_at, now.ns);
  if (from - now.ns > kRefill_ns * (kBurst - 1)) return false;
  full_at = from + kRefill_ns;
  return true;
}

void Watcher::note_kube_events(const event::Event& event, const project::Before& before, const ClusterView& view) {
  for (const project::KubeEvent& e : project::kube_events(event, before, view)) {
    if (!e.object.valid() || !let_through(view.uid(e.object), e.source, view.now())) continue;
    kube_events.push_back({view.now(),
                           std::string(model::kind_info(e.object.kind).name) + "/" + object_name(e.object, view),
                           e.warning ? "Warning" : "Normal", e.reason, plain(e.message), e.source});
    const KubeEvent& k = kube_events.back();
    line(k.object, "event",
         list({Doc::string(k.type), Doc::string(k.reason), Doc::string(k.message), Doc::string(k.from)}), view);
  }
}

void Watcher::observe(const event::Event& event, const ClusterView& view) {
  const project::Before before = project::before(event, ClusterView(shadow_, event.time));
  note_new(event, view);
  note_facts(event, before, view);
  note_kube_events(event, before, view);
  state::evolve(shadow_, event);
}

}  // namespace wavetank::conformance
