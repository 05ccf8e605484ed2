// Actions on pods, and those of the node agent.
#include <fmt/format.h>

#include <algorithm>

#include "engine/conformance/trace_player.h"
#include "engine/conformance/trace_text.h"
#include "engine/event/names.h"

namespace wavetank::conformance {
namespace {

using event::Phase;
using event::PodId;
using event::Ref;
using model::Doc;
using model::Kind;

std::optional<Phase> phase_named(std::string_view name) {
  for (const Phase p : {Phase::Pending, Phase::Running, Phase::Succeeded, Phase::Failed}) {
    if (event::name_of(p) == name) return p;
  }
  return std::nullopt;
}

}  // namespace

std::vector<PodId> TracePlayer::pods() const {
  const state::ClusterView now = view();
  std::vector<PodId> out;
  for (std::size_t i = 0; i < now->pods.size(); ++i) {
    if (now.pod_alive(PodId(i)) && now.namespace_of(PodId(i)) == kTraceNamespace) out.emplace_back(i);
  }
  const auto age = [&](PodId p) {
    const Ref owner = now->pods.owner[p.index()];
    const state::Header* h = owner.valid() ? now.header(owner) : nullptr;
    return h == nullptr ? base::Seq{0} : h->created_seq;
  };
  std::stable_sort(out.begin(), out.end(), [&](PodId a, PodId b) { return age(a) < age(b); });
  return out;
}

/// "web-1", "on n1" (all of a node), or a list of such.
std::vector<PodId> TracePlayer::pods_named(const Doc& names) {
  if (names.is_array()) {
    std::vector<PodId> out;
    for (const Doc& name : names.items) {
      for (const PodId p : pods_named(name)) out.push_back(p);
    }
    return out;
  }
  std::vector<PodId> out;
  const bool on_node = names.text.rfind("on ", 0) == 0;
  for (const PodId p : pods()) {
    const event::NodeId node = view().pod_node(p);
    if (on_node ? node.valid() && view().bare_name(node) == names.text.substr(3) : view().pod_name(p) == names.text)
      out.push_back(p);
  }
  if (out.empty()) complain(names, fmt::format("pod \"{}\" is not there", names.text));
  return out;
}

bool TracePlayer::act_on_pods(const std::string& op, const Doc& action) {
  if (op == "kubelet") {
    kubelet(action);
  } else if (op == "create-pods" || op == "create-pods-in-order") {
    create_pods(action);
  } else if (op == "create-pod") {
    create_pod(action);
  } else if (op == "delete-pod") {
    delete_pod(action);
  } else if (op == "evict") {
    evict(action);
  } else {
    return false;
  }
  return true;
}

// ---- The node agent
// ----------------------------------------------------------------------------------------------------------

void TracePlayer::kubelet(const Doc& action) {
  static constexpr const char* kKnown[] = {
      "op",    "reap",  "start",   "exit",   "pods",      "restartCount",     "pod",
      "phase", "ready", "unready", "failed", "succeeded", "running-not-ready"};
  for (const Doc::Member& m : action.members) {
    if (std::find(std::begin(kKnown), std::end(kKnown), m.key) == std::end(kKnown))
      return complain(m.value, fmt::format("the node agent does not know \"{}\"", m.key));
  }
  kubelet_by_name(action);
  if (const Doc* code = action.find("exit"); code != nullptr) {
    const auto exit_code = static_cast<std::int32_t>(int_of(code));
    if (exit_code != 0) failed_at_ = now_;
    std::int64_t left = action.int_or("pods", 1);
    for (const PodId p : pods()) {
      if (left <= 0 || view().pod_phase(p) != Phase::Running || view().pod_terminating(p)) continue;
      agent_.exit(p, exit_code, view());
      --left;
    }
  }
  if (const Doc* count = action.find("restartCount"); count != nullptr) {
    for (const PodId p : pods()) {
      if (view().pod_phase(p) == Phase::Running)
        agent_.restarted(p, static_cast<std::uint32_t>(std::max<std::int64_t>(0, int_of(count))), view());
    }
  }
  // Both look at the same moment: what a reaped pod makes room for is for the next step.
  reap(action);
  start_pods(action);
}

void TracePlayer::kubelet_by_name(const Doc& action) {
  const auto each = [&](const char* key, auto&& f) {
    const Doc* names = action.find(key);
    if (names == nullptr) return;
    for (const PodId p : pods_named(*names)) f(p);
  };
  each("running-not-ready", [&](PodId p) { agent_.start_as(p, "running", view()); });
  each("ready", [&](PodId p) { agent_.set_ready(p, true); });
  each("unready", [&](PodId p) { agent_.set_ready(p, false); });
  each("failed", [&](PodId p) { agent_.set_phase(p, Phase::Failed); });
  each("succeeded", [&](PodId p) { agent_.set_phase(p, Phase::Succeeded); });
  const Doc* phase = action.find("phase");
  if (phase == nullptr) return;
  const auto becomes = phase_named(phase->text);
  if (!becomes || action.find("pod") == nullptr) return complain(*phase, "a pod and one of the phases are expected");
  if (*becomes == Phase::Failed) failed_at_ = now_;
  each("pod", [&](PodId p) { agent_.set_phase(p, *becomes); });
}

void TracePlayer::reap(const Doc& action) {
  const std::string_view how = action.string_or("reap", "none");
  if (how != "all" && how != "one" && how != "none")
    return complain(*action.find("reap"), "all, one or none is expected");
  if (how == "none") return;
  for (const PodId p : pods()) {
    if (!view().pod_terminating(p)) continue;
    agent_.stopped(p);
    if (how == "one") return;
  }
}

void TracePlayer::start_pods(const Doc& action) {
  const std::string_view how = action.string_or("start", "none");
  if (how != "all" && how != "one" && how != "none")
    return complain(*action.find("start"), "all, one or none is expected");
  if (how == "none") return;
  for (const PodId p : pods()) {
    const bool waiting = view().pod_node(p).valid() && view().pod_phase(p) == Phase::Pending &&
                         !view().pod_terminating(p) &&
                         view().container(p, 0).waiting == event::WaitingReason::ContainerCreating;
    if (!waiting) continue;
    agent_.start(p, view());
    if (how == "one") return;
  }
}

// ---- Pods of one's own
// -------------------------------------------------------------------------------------------------------

/// Recordings do not say what labels their bare pods have: those that the first selector of the recording takes.
Doc TracePlayer::labels_of_bare_pods() const {
  for (const Doc& step : doc_.find("steps")->items) {
    const Doc* manifests = step.at({"do", "manifests"});
    if (manifests == nullptr) continue;
    for (const Doc& m : manifests->items) {
      if (!m.is_object()) continue;
      const Doc* labels = m.at({"spec", "selector", "matchLabels"});
      if (labels == nullptr && m.string_or("kind") == "Service") labels = m.at({"spec", "selector"});
      if (labels != nullptr && labels->is_object() && !labels->members.empty()) return *labels;
    }
  }
  return Doc::object();
}

void TracePlayer::create_pod(const Doc& spec) {
  Doc doc = Doc::object();
  doc["apiVersion"] = Doc::string("v1");
  doc["kind"] = Doc::string("Pod");
  doc["metadata"]["name"] = Doc::string(spec.string_or("name"));
  Doc& labels = doc["metadata"]["labels"];
  labels = labels_of_bare_pods();
  if (const Doc* own = spec.find("labels"); own != nullptr && own->is_object()) labels = *own;
  if (!spec.string_or("app").empty()) {
    labels = Doc::object();
    labels["app"] = Doc::string(spec.string_or("app"));
  }
  Doc container = Doc::object();
  container["name"] = Doc::string("c");
  container["image"] = Doc::string(spec.string_or("image", "ok:v1"));
  if (const Doc* port = spec.find("port"); port != nullptr && port->is_array() && port->items.size() >= 2) {
    Doc p = Doc::object();
    p["name"] = port->items[0];
    p["containerPort"] = port->items[1];
    container["ports"] = Doc::array();
    container["ports"].items.push_back(p);
  }
  doc["spec"]["containers"] = Doc::array();
  doc["spec"]["containers"].items.push_back(container);
  // null: the scheduler's; not told: any node would do.
  const std::string_view node = spec.find("nodeName") == nullptr ? "g0" : spec.string_or("nodeName");
  if (!node.empty()) doc["spec"]["nodeName"] = Doc::string(node);
  for (const char* key : {"tolerations", "restartPolicy", "terminationGracePeriodSeconds", "priorityClassName"}) {
    if (const Doc* value = spec.find(key); value != nullptr && !value->is_null()) doc["spec"][key] = *value;
  }
  if (const Doc* cost = spec.find("deletion-cost"); cost != nullptr)
    doc["metadata"]["annotations"]["controller.kubernetes.io/pod-deletion-cost"] = Doc::string(cost->text);
  apply(doc);
}

void TracePlayer::create_pods(const Doc& action) {
  const auto gap = [&](const char* key) {
    const Doc* value = action.find(key);
    return value == nullptr ? base::Duration{} : seconds_of(*value).value_or(base::Duration{});
  };
  const Doc* list = action.find("pods");
  if (list == nullptr || !list->is_array()) return complain(action, "pods: a list is expected");
  std::vector<Doc> specs;
  for (const Doc& entry : list->items) {
    Doc spec = entry;
    if (entry.is_array() && !entry.items.empty()) {
      spec = Doc::object();
      spec["name"] = entry.items[0];
      if (entry.items.size() > 1) spec["nodeName"] = entry.items[1];
    }
    specs.push_back(spec);
    create_pod(spec);
    run_for(gap("gap_s"));
  }
  run_for(base::milliseconds(10));
  for (const Doc& spec : specs) {
    const std::string_view becomes = spec.string_or("becomes", action.string_or("become", "pending"));
    const Ref pod = view().find(Kind::Pod, kTraceNamespace, spec.string_or("name"));
    if (becomes == "pending" || !pod.valid()) continue;
    const auto id = pod.as<PodId>();
    agent_.start_as(id, becomes, view());
    for (std::int64_t k = spec.int_or("restarts", 0); k > 0; --k) {
      agent_.say(command::ReportContainerExited{{id, 0, 1, event::ExitReason::Error}});
      agent_.say(command::ReportContainerStarted{{id, 0}});
      agent_.set_ready(id, true);
    }
    run_for(gap("ready_gap_s"));
  }
}

void TracePlayer::delete_pod(const Doc& action) {
  std::vector<PodId> targets;
  if (const Doc* name = action.find("name"); name != nullptr) {
    targets = pods_named(*name);
  } else {
    targets = pods();
    std::erase_if(targets, [&](PodId p) { return view().pod_terminating(p); });
    if (targets.empty()) return complain(action, "there is no pod to delete");
    targets.resize(1);
  }
  std::optional<std::int64_t> grace;
  if (const Doc* seconds = action.find("gracePeriodSeconds"); seconds != nullptr) grace = int_of(seconds);
  for (const PodId p : targets) request(command::DeletePod{p, event::DeletionReason::Deleted, grace});
}

void TracePlayer::evict(const Doc& action) {
  const Doc* name = action.find("pod") != nullptr ? action.find("pod") : action.find("name");
  if (name != nullptr) {
    for (const PodId p : pods_named(*name)) request(command::EvictPod{p});
    return;
  }
  const std::string_view which = action.string_or("which", "any Ready");
  const bool any = which == "any" || which == "any one";
  const bool unready = which.find("not") != std::string_view::npos || which.find("unready") != std::string_view::npos;
  if (!any && !unready && which.find("Ready") == std::string_view::npos)
    return complain(action, fmt::format("which \"{}\" is not known", which));
  for (const PodId p : pods()) {
    if (view().pod_terminating(p) || (!any && view().pod_ready(p) == unready)) continue;
    request(command::EvictPod{p});
    return;
  }
  response_ = Doc::object();
  response_["result"] = Doc::string("no pod");
}

}  // namespace wavetank::conformance
