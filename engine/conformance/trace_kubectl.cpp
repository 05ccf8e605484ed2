// What recordings ask of kubectl: rollouts, scaling, and drains, which evict again every 5 s what a budget refused
// (kubectl drain, k8s.io/kubectl/pkg/drain).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/conformance/trace_player.h"
#include "engine/conformance/trace_text.h"

namespace wavetank::conformance {
namespace {

using event::NodeId;
using event::PodId;
using event::Ref;
using model::Doc;
using model::Kind;

constexpr base::Duration kEvictAgain = base::seconds(5);

std::optional<std::int64_t> flag(const std::vector<std::string>& words, std::string_view name) {
  const std::string prefix = fmt::format("--{}=", name);
  for (const std::string& w : words) {
    if (w.rfind(prefix, 0) != 0) continue;
    std::int64_t n = 0;
    std::from_chars(w.data() + prefix.size(), w.data() + w.size(), n);
    return n;
  }
  return std::nullopt;
}

}  // namespace

void TracePlayer::kubectl(const Doc& action) {
  const Doc* args = action.find("args");
  std::vector<std::string> words;
  if (args != nullptr) {
    for (const Doc& a : args->items) words.push_back(a.text);
  }
  if (words.size() < 2) return complain(action, "args: a command is expected");
  const std::string& verb = words[0];
  if (verb == "rollout" && words.size() >= 3) return rollout(words, action);
  if (verb == "drain") {
    const auto node = node_named(action, words[1]);
    if (!node) return;
    start_drain(*node);
    if (!action.bool_or("background", false)) {
      const base::SimTime limit = now_ + base::minutes(10);
      while (!drains_.back().done && next_wakeup() <= limit) run_until(next_wakeup());
    }
    return;
  }
  if (verb == "cordon" || verb == "uncordon") {
    if (const auto node = node_named(action, words[1])) request(command::CordonNode{*node, verb == "cordon"});
    return;
  }
  const std::size_t slash = words[1].find('/');
  Doc object = Doc::object();
  object.position = action.position;
  object["kind"] = Doc::string(words[1].substr(0, slash));
  object["name"] = Doc::string(slash != std::string::npos ? words[1].substr(slash + 1)
                               : words.size() > 2         ? words[2]
                                                          : "");
  if (verb == "scale") {
    const auto replicas = flag(words, "replicas");
    if (!replicas) return complain(action, "kubectl scale needs --replicas=");
    if (const auto ref = named(object)) request(command::ScaleObject{*ref, static_cast<std::int32_t>(*replicas)});
  } else if (verb == "delete") {
    const auto has = [&](const char* w) { return std::find(words.begin(), words.end(), w) != words.end(); };
    object["propagationPolicy"] = Doc::string(has("--cascade=orphan")       ? "Orphan"
                                              : has("--cascade=foreground") ? "Foreground"
                                                                            : "Background");
    delete_objects(object);
  } else {
    complain(*args, fmt::format("kubectl {} is not known", verb));
  }
}

void TracePlayer::rollout(const std::vector<std::string>& words, const Doc& action) {
  const std::size_t slash = words[2].find('/');
  Doc object = Doc::object();
  object.position = action.position;
  object["kind"] = Doc::string(words[2].substr(0, slash));
  object["name"] = Doc::string(slash != std::string::npos ? words[2].substr(slash + 1)
                               : words.size() > 3         ? words[3]
                                                          : "");
  const auto ref = named(object);
  if (!ref) return;
  if (words[1] == "undo") {
    request(command::UndoRollout{*ref, flag(words, "to-revision").value_or(0)});
  } else if (words[1] == "restart") {
    object["op"] = Doc::string("rollout-restart");
    patch(object);
  } else if (words[1] == "pause" || words[1] == "resume") {
    object["op"] = Doc::string(words[1]);
    patch(object);
  } else {
    complain(action, fmt::format("kubectl rollout {} is not known", words[1]));
  }
}

// ---- Drains
// ------------------------------------------------------------------------------------------------------------------

void TracePlayer::start_drain(NodeId node) {
  Drain drain;
  drain.node = node;
  drain.name = view().bare_name(node);
  request(command::CordonNode{node, true});
  kubectl_lines_.push_back(fmt::format("node/{} cordoned", drain.name));
  for (const PodId p : pods()) {
    const Ref owner = view()->pods.owner[p.index()];
    const bool daemon = owner.valid() && std::string_view(model::kind_info(owner.kind).name) == "DaemonSet";
    if (view().pod_node(p) == node && !daemon) drain.pods.push_back(p);
  }
  drain.evicted.assign(drain.pods.size(), false);
  drains_.push_back(std::move(drain));
  go_on_draining(drains_.back());
}

void TracePlayer::go_on_draining(Drain& drain) {
  bool again = false;
  for (std::size_t i = 0; i < drain.pods.size(); ++i) {
    const PodId p = drain.pods[i];
    if (drain.evicted[i] || !view().pod_alive(p)) continue;
    const std::string label = watcher_.pod_label(p, view());
    kubectl_lines_.push_back(fmt::format("evicting pod <ns>/{}", label));
    const loop::Outcome outcome = plane_->request(now_, "kubectl", "drain", command::EvictPod{p});
    drain.evicted[i] = outcome.ok();
    take_effect();
    if (outcome.ok()) continue;
    again = true;
    const std::string& why = outcome.rejection->message;
    kubectl_lines_.push_back(fmt::format("error when evicting pods/\"{}\" -n \"<ns>\" (will retry after 5s): {}", label,
                                         why.substr(0, why.find(". ") + 1)));
  }
  drain.retry = again ? now_ + kEvictAgain : base::SimTime::never();
}

void TracePlayer::look_at_drains() {
  for (Drain& d : drains_) {
    if (d.done) continue;
    if (d.retry <= now_) go_on_draining(d);
    bool all = true;
    for (std::size_t i = 0; i < d.pods.size(); ++i) all = all && !view().pod_alive(d.pods[i]);
    if (!all) continue;
    d.done = true;
    for (const PodId p : d.pods) kubectl_lines_.push_back(fmt::format("pod/{} evicted", watcher_.pod_label(p, view())));
    kubectl_lines_.push_back(fmt::format("node/{} drained", d.name));
  }
}

}  // namespace wavetank::conformance
