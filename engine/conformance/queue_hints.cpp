// Steps on the queue: events, hints, back-off, pop order. The scheduler is told of facts as the loop would tell it, and
// asked what waits where after each step. Unlike the other drivers this one goes on with what ours did: the queue is
// what is compared.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/conformance/cluster.h"
#include "engine/conformance/drivers.h"
#include "engine/model/decode.h"
#include "engine/schedule/explain.h"
#include "engine/schedule/scheduler.h"

namespace wavetank::conformance {
namespace {

using base::SimTime;
using schedule::QueuedPod;
using Places = std::map<std::string, std::string>;

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kSecond = 1000 * kMs;
constexpr std::int64_t kStepMs = 7;                ///< Before each step but "advance".
constexpr std::int64_t kMaxAdvanceMs = 3'600'000;  ///< Against hostile input.

schedule::Settings settings() {
  schedule::Settings out;
  out.tie_break = schedule::TieBreak::Name;
  out.percentage_of_nodes_to_score = 100;
  return out;
}

/// A list in the order given.
std::string in_order(const Doc* list) {
  std::vector<std::string> words;
  if (list != nullptr) {
    for (const Doc& w : list->items) words.push_back(w.text);
  }
  return fmt::format("{}", fmt::join(words, " "));
}

std::string event_text(std::string_view label, std::string_view pod, std::vector<std::string> hints) {
  std::string out(label);
  if (!pod.empty()) out += fmt::format("({})", pod);
  if (!hints.empty()) out += fmt::format("{{{}}}", joined(std::move(hints)));
  return out;
}

class Steps final : private schedule::QueueTrace {
 public:
  explicit Steps(const Case& test_case) : case_(test_case), record_(test_case.name), scheduler_(settings()) {}

  base::Result<Outcome> run() {
    scheduler_.set_trace(this);
    facts({event::RunStarted{"golden", "", 1, 1, 1'735'689'600}});
    for (const Doc& o : case_.doc.find("objects")->items) {
      if (auto done = create(o); !done) return tl::unexpected(std::move(done.error()));
    }
    const auto& steps = case_.doc.find("steps")->items;
    const auto& expect = case_.doc.find("expect")->items;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      record_.begin(fmt::format("step {} ({})", i, steps[i].string_or("op")));
      events_.clear();
      moved_.clear();
      if (auto done = step(steps[i], expect[i]); !done) return tl::unexpected(std::move(done.error()));
      compare(expect[i]);
    }
    return record_.take();
  }

 private:
  using Done = base::Result<void>;

  [[nodiscard]] state::ClusterView view() const { return {state_, now_}; }
  [[nodiscard]] std::string key(schedule::PodId p) const {
    return fmt::format("{}/{}", view().text(view().pod_ns(p)), view().pod_name(p));
  }
  [[nodiscard]] tl::unexpected<base::Diagnostics> impossible(const Doc& where, std::string message) const {
    base::Position position = where.position;
    if (case_.line > 0) position.line = case_.line;
    return base::failure(base::Diagnostic{case_.file, position, std::move(message)});
  }

  void event(std::string_view label, schedule::PodId pod, const std::vector<Hint>& hints) override {
    std::vector<std::string> answers;
    for (const Hint& h : hints)
      answers.push_back(fmt::format("{}:{}={}", key(h.pod), h.plugin, h.queue ? "Queue" : "Skip"));
    events_.push_back(event_text(label, pod.valid() ? key(pod) : "", std::move(answers)));
  }

  // ---- Facts ----

  /// They happen together, then the scheduler hears of them.
  void facts(std::vector<event::Payload> payloads) {
    std::vector<event::Event> events;
    for (event::Payload& p : payloads) {
      events.push_back({state_.last_seq + 1, now_, 0, std::move(p)});
      state::evolve(state_, events.back());
    }
    for (const event::Event& e : events) scheduler_.observe(e, view());
  }

  Done readable(const Doc& object) const {
    constexpr std::string_view kKinds[] = {
        "Pod",          "Node",    "Namespace", "Service", "PersistentVolume", "PersistentVolumeClaim",
        "StorageClass", "CSINode", "ConfigMap"};
    const std::string_view kind = object.string_or("kind");
    if (std::find(std::begin(kKinds), std::end(kKinds), kind) == std::end(kKinds))
      return impossible(object, fmt::format("kind: \"{}\": want one of {}", kind, fmt::join(kKinds, ", ")));
    const auto read = model::decode(object, case_.file);
    if (!read) return tl::unexpected(read.error());
    if (read->meta.name.empty()) return impossible(object, "metadata.name is missing");
    return {};
  }

  [[nodiscard]] event::Ref find(std::string_view api_version, std::string_view kind_name, std::string_view ns,
                                std::string_view name) const {
    const model::Kind kind = model::kind_from_gvk(api_version, kind_name);
    if (kind == model::Kind::Pod) {
      const auto at = pods_.find(fmt::format("{}/{}", ns, name));
      return at == pods_.end() ? event::Ref() : event::Ref(at->second);
    }
    for (const std::string_view where : {ns, std::string_view("")}) {
      const event::Ref ref = kind == model::Kind::Other ? view().find_other(api_version, kind_name, where, name)
                                                        : view().find(kind, where, name);
      if (ref.valid()) return ref;
    }
    return {};
  }
  [[nodiscard]] event::Ref find(const Doc& object) const {
    const Doc* meta = object.find("metadata");
    return find(object.string_or("apiVersion"), object.string_or("kind"), meta->string_or("namespace", "default"),
                meta->string_or("name"));
  }

  static event::ConditionStatus status_of(std::string_view text) {
    return text == "True"    ? event::ConditionStatus::True
           : text == "False" ? event::ConditionStatus::False
                             : event::ConditionStatus::Unknown;
  }
  /// What the object says of the node's conditions, as facts of their own.
  static void add_conditions(const Doc& object, event::NodeId node, std::vector<event::Payload>& out) {
    static constexpr std::string_view kTypes[event::kNodeConditionCount] = {"Ready", "MemoryPressure", "DiskPressure",
                                                                            "PIDPressure", "NetworkUnavailable"};
    const Doc* conditions = object.at({"status", "conditions"});
    for (int t = 0; t < event::kNodeConditionCount; ++t) {
      event::NodeConditionChanged fact{node, static_cast<event::NodeConditionType>(t), event::ConditionStatus::Unknown,
                                       "", ""};
      if (conditions != nullptr) {
        for (const Doc& c : conditions->items) {
          if (c.string_or("type") == kTypes[t]) fact.status = status_of(c.string_or("status"));
        }
      }
      out.emplace_back(std::move(fact));
    }
  }

  Done create(const Doc& object) {
    if (auto good = readable(object); !good) return good;
    if (find(object).valid()) return impossible(object, "there is one of this name already");
    const model::Kind kind = model::kind_from_gvk(object.string_or("apiVersion"), object.string_or("kind"));
    std::vector<event::Payload> out;
    if (kind == model::Kind::Pod) return create_pod(object);
    out.emplace_back(event::ObjectCreated{kind, model::to_canonical_json(object)});
    if (kind == model::Kind::Node) add_conditions(object, event::NodeId(state_.nodes.size()), out);
    facts(std::move(out));
    return {};
  }

  Done create_pod(const Doc& object) {
    std::vector<event::Payload> out;
    const schedule::PodId pod(state_.pods.size());
    out.emplace_back(event::ObjectCreated{model::Kind::Pod, model::to_canonical_json(object)});
    const Doc* on = object.at({"spec", "nodeName"});
    if (on != nullptr && !on->text.empty()) {
      const event::Ref node = view().find(model::Kind::Node, "", on->text);
      if (!node.valid()) return impossible(*on, fmt::format("there is no node \"{}\"", on->text));
      out.emplace_back(event::PodBound{pod, node.as<schedule::NodeId>()});
      out.emplace_back(event::PodPhaseChanged{pod, event::Phase::Running, ""});
    }
    pods_[key_of(object)] = pod;
    facts(std::move(out));
    return {};
  }

  Done update(const Doc& object) {
    if (auto good = readable(object); !good) return good;
    const event::Ref ref = find(object);
    if (!ref.valid()) return impossible(object, "there is no such object to update");
    std::vector<event::Payload> out;
    out.emplace_back(event::ObjectUpdated{ref, model::to_canonical_json(object), true});
    if (ref.kind == model::Kind::Node) {
      const auto node = ref.as<schedule::NodeId>();
      const auto read = model::decode(object, case_.file);
      const auto& spec = std::get<model::Node>(read->spec);
      if (spec.taints != view().node(node).spec.taints) out.emplace_back(event::NodeTaintsChanged{node, spec.taints});
      if (spec.unschedulable != view().node(node).spec.unschedulable)
        out.emplace_back(event::NodeCordoned{node, spec.unschedulable});
      add_conditions(object, node, out);
    }
    facts(std::move(out));
    return {};
  }

  Done remove(const Doc& op) {
    const std::string_view full = op.string_or("key");
    const std::size_t slash = full.find('/');
    const std::string_view ns = slash == std::string_view::npos ? "" : full.substr(0, slash);
    const std::string_view name = slash == std::string_view::npos ? full : full.substr(slash + 1);
    const std::string_view kind = op.string_or("kind");
    const event::Ref ref =
        find(kind == "StorageClass" || kind == "CSINode" ? "storage.k8s.io/v1" : "v1", kind, ns, name);
    if (!ref.valid()) return impossible(op, fmt::format("there is no {} \"{}\" to delete", kind, full));
    if (ref.kind == model::Kind::Pod) {
      pods_.erase(std::string(full));
      facts({event::PodRemoved{ref.as<schedule::PodId>()}});
    } else {
      facts({event::ObjectRemoved{ref}});
    }
    return {};
  }

  Done change(const Doc& op) {
    const std::string_view what = op.string_or("op");
    if (what == "delete") return remove(op);
    const Doc* object = op.find("object");
    if (object == nullptr || !object->is_object()) return impossible(op, "object: want an object");
    return what == "create" ? create(*object) : update(*object);
  }

  // ---- Steps ----

  [[nodiscard]] Places places() const {
    Places out;
    for (const QueuedPod& q : scheduler_.queued()) out[key(q.pod)] = std::string(name_of(q.place));
    return out;
  }
  void note_moves(const Places& before, std::string_view by) {
    const Places after = places();
    const auto place = [](const Places& in, const std::string& pod) {
      const auto at = in.find(pod);
      return at == in.end() ? std::string("none") : at->second;
    };
    Places all = before;
    all.insert(after.begin(), after.end());
    for (const auto& [pod, unused] : all) {
      const std::string from = place(before, pod);
      const std::string to = place(after, pod);
      std::string_view why = by;
      if (by.empty()) why = from == "unschedulable" ? "timeoutFlush" : "backoffFlush";
      if (from != to) moved_.push_back(fmt::format("{}@{}:{}>{}:{}", pod, now_.ns / kMs, from, to, why));
    }
  }

  /// Flushes happen on whole seconds.
  void advance(std::int64_t ms) {
    const SimTime end{now_.ns + ms * kMs};
    while (true) {
      const SimTime next{(now_.ns / kSecond + 1) * kSecond};
      if (next > end) break;
      const Places before = places();
      now_ = next;
      scheduler_.has_work(now_);
      note_moves(before, "");
    }
    now_ = end;
  }

  Done step(const Doc& op, const Doc& expected) {
    const std::string_view what = op.string_or("op");
    if (what == "advance") {
      const std::int64_t ms = op.int_or("ms", -1);
      if (ms < 0 || ms > kMaxAdvanceMs) return impossible(op, fmt::format("ms: want 0 to {}", kMaxAdvanceMs));
      advance(ms);
      return {};
    }
    advance(kStepMs);
    const Places before = places();
    Done done = what == "attempt" ? attempt(op, expected, before) : change(op);
    if (done) note_moves(before, what);
    return done;
  }

  Done attempt(const Doc& op, const Doc& expected, const Places& before) {
    static const Doc kNone = Doc::object();
    const Doc* found = expected.find("attempt");
    const Doc& wanted = found != nullptr && found->is_object() ? *found : kNone;
    const auto decision = scheduler_.schedule_one(view());
    record_.compare("attempt.pod", wanted.string_or("pod"), decision ? key(decision->pod) : "");
    if (!decision) return {};
    const auto from = before.find(key(decision->pod));
    record_.compare("attempt.from", wanted.string_or("from"), from == before.end() ? "none" : from->second);
    const bool bound = decision->outcome == schedule::Decision::Outcome::Bind;
    std::string ties;
    if (bound) {
      std::vector<std::string> names;
      for (const schedule::NodeId n : schedule::explain(decision->pod, view()).best) names.push_back(node_name(n));
      ties = joined(std::move(names));
    }
    if (const Doc* during = op.find("during")) {
      for (const Doc& d : during->items) {
        if (auto done = change(d); !done) return done;
      }
    }
    if (bound && !can_bind(*decision)) {
      scheduler_.binding_failed(decision->pod, view());
    } else if (bound) {
      facts({event::PodBound{decision->pod, decision->node},
             event::PodPhaseChanged{decision->pod, event::Phase::Running, ""}});
    } else {
      scheduler_.end_attempt(view());
    }
    compare_attempt(wanted, *decision, ties);
    return {};
  }

  /// Not when the pod or the node went in the meantime.
  [[nodiscard]] bool can_bind(const schedule::Decision& d) const {
    return view().pod_alive(d.pod) && !view().pod_node(d.pod).valid() && view().node(d.node).header.alive;
  }

  void compare_attempt(const Doc& wanted, const schedule::Decision& d, const std::string& ties) {
    const bool bound = d.outcome == schedule::Decision::Outcome::Bind;
    record_.compare("attempt.outcome", wanted.string_or("outcome"),
                    bound               ? "scheduled"
                    : d.plugins.empty() ? "error"
                                        : "unschedulable");
    record_.compare("attempt.node", wanted.string_or("node"), bound ? node_name(d.node) : "");
    record_.compare("attempt.ties", words(wanted.find("ties")), ties);
    std::vector<std::string> plugins(d.plugins.begin(), d.plugins.end());
    record_.compare("attempt.plugins", words(wanted.find("plugins")), joined(std::move(plugins)));
    // What PostFilter adds comes after it; preemption never happens here.
    std::string message = d.message;
    for (const char* added : {" no new claims to deallocate, preemption: not eligible", " not found"}) {
      const std::size_t from = message.rfind(added);
      if (from != std::string::npos && from > 0 && message[from - 1] == '.') message.resize(from);
    }
    record_.compare("attempt.message", wanted.string_or("message"), message);
    bool patched = false;
    if (!bound && view().pod_alive(d.pod)) {
      auto& known = conditions_[d.pod];
      patched = known != d.message;
      known = d.message;
      if (patched) facts({event::PodUnschedulable{d.pod, d.message}});
    }
    record_.compare("attempt.statusPatched", wanted.bool_or("statusPatched", false), patched);
  }

  [[nodiscard]] std::string node_name(schedule::NodeId n) const {
    return std::string(view().text(view().node(n).header.name));
  }

  // ---- What is compared after a step ----

  void compare(const Doc& expected) {
    record_.compare("atMs", expected.int_or("atMs", -1), now_.ns / kMs);
    record_.compare("events", expected_events(expected), fmt::format("{}", fmt::join(events_, "; ")));
    record_.compare("moved", expected_moves(expected), joined(moved_));
    std::map<std::string, std::vector<std::string>> lists;
    std::vector<QueuedPod> queued = scheduler_.queued();
    // Where the real one has no order the golden data have that of names.
    std::stable_sort(queued.begin(), queued.end(), [&](const QueuedPod& a, const QueuedPod& b) {
      if (a.place != b.place || a.place != QueuedPod::Place::ErrorBackoff) return a.place < b.place;
      return a.backoff_until != b.backoff_until ? a.backoff_until < b.backoff_until : key(a.pod) < key(b.pod);
    });
    for (const QueuedPod& q : queued) lists[std::string(name_of(q.place))].push_back(key(q.pod));
    for (const char* list : {"active", "backoff", "errorBackoff"})
      record_.compare(list, in_order(expected.find(list)), fmt::format("{}", fmt::join(lists[list], " ")));
    for (const char* list : {"unschedulable", "gated"})
      record_.compare(list, words(expected.find(list)), joined(lists[list]));
    compare_pods(expected.find("pods"), queued);
  }

  static std::string expected_events(const Doc& expected) {
    std::vector<std::string> out;
    const Doc* all = expected.find("events");
    for (std::size_t i = 0; all != nullptr && i < all->items.size(); ++i) {
      const Doc& e = all->items[i];
      std::vector<std::string> answers;
      if (const Doc* hints = e.find("hints")) {
        for (const auto& pod : hints->members) {
          for (const auto& plugin : pod.value.members)
            answers.push_back(fmt::format("{}:{}={}", pod.key, plugin.key, plugin.value.text));
        }
      }
      out.push_back(event_text(e.string_or("event"), e.string_or("pod"), std::move(answers)));
    }
    return fmt::format("{}", fmt::join(out, "; "));
  }
  static std::string expected_moves(const Doc& expected) {
    std::vector<std::string> out;
    const Doc* all = expected.find("moved");
    for (std::size_t i = 0; all != nullptr && i < all->items.size(); ++i) {
      const Doc& m = all->items[i];
      out.push_back(fmt::format("{}@{}:{}>{}:{}", m.string_or("pod"), m.int_or("atMs", -1), m.string_or("from"),
                                m.string_or("to"), m.string_or("by")));
    }
    return joined(std::move(out));
  }

  /// One field of all pods at a time: the pods that differ are then told.
  void compare_pods(const Doc* expected, const std::vector<QueuedPod>& queued) {
    std::map<std::string, std::map<std::string, std::pair<std::string, std::string>>> fields;
    if (expected != nullptr) {
      for (const auto& pod : expected->members) {
        for (const auto& field : pod.value.members) {
          fields[field.key][pod.key].first = field.value.is_array() ? words(&field.value) : field.value.text;
        }
      }
    }
    for (const QueuedPod& q : queued) {
      const std::string pod = key(q.pod);
      const auto put = [&](const char* field, std::string text) { fields[field][pod].second = std::move(text); };
      put("queue", std::string(name_of(q.place)));
      put("attempts", std::to_string(q.attempts));
      put("unschedulableCount", std::to_string(q.unschedulable_count));
      if (q.error_count > 0) put("errorCount", std::to_string(q.error_count));
      put("timestampMs", std::to_string(q.since.ns / kMs));
      if (!q.plugins.empty()) put("plugins", joined({q.plugins.begin(), q.plugins.end()}));
      if (!q.gating_plugin.empty()) put("gatingPlugin", std::string(q.gating_plugin));
      if (q.unschedulable_count + q.error_count == 0) continue;
      put("backoffMs", std::to_string(q.backoff.ns / kMs));
      put("backoffUntilMs", std::to_string(q.backoff_until.ns / kMs));
    }
    for (const auto& [field, by_pod] : fields) {
      std::string want;
      std::string got;
      for (const auto& [pod, both] : by_pod) {
        if (both.first == both.second) continue;
        want += fmt::format("{}={} ", pod, both.first);
        got += fmt::format("{}={} ", pod, both.second);
      }
      record_.compare("pods." + field, want.empty() ? "same" : want, want.empty() ? "same" : got);
    }
  }

  const Case& case_;
  Record record_;
  state::ClusterState state_;
  SimTime now_;
  schedule::Scheduler scheduler_;
  std::map<std::string, schedule::PodId> pods_;
  std::map<schedule::PodId, std::string> conditions_;  ///< Message of PodScheduled=False.
  std::vector<std::string> events_, moved_;
};

}  // namespace

base::Result<Outcome> run_queue_hints(const Case& test_case) { return Steps(test_case).run(); }

}  // namespace wavetank::conformance
