#include "tests/engine/control/replay.h"

#include <algorithm>

#include "engine/model/decode.h"
#include "tests/engine/control/recorder.h"

namespace wavetank::replay {
namespace {

using base::milliseconds;
using event::PodId;
using event::Ref;
using model::Doc;
using model::Kind;

loop::Settings no_waiting() {
  loop::Settings s;
  s.watch_delay = s.api_latency = s.scheduling_time = base::Duration{};
  s.controller_client = s.scheduler_client = {0, 0};
  return s;
}

/// "ok:v1" → "ok"
std::string_view image_kind(const state::ClusterView& view, PodId pod) {
  const std::string& image = view.pod_spec(pod).spec.containers.front().image;
  return std::string_view(image).substr(0, image.find(':'));
}

}  // namespace

Trace::Trace(const Doc& trace, std::uint64_t seed) : trace_(trace), recorder_(std::make_unique<Recorder>(*this)) {
  plane_ = std::make_unique<loop::ControlPlane>(no_waiting(), journal_, world_);
  plane_->start_run(std::string(trace.string_or("name")), seed, 1'735'689'600);
  plane_->add_observer(*recorder_);
  for (const char* name : {"g0", "g1", "g2", "g3"}) add_node(name, "general");
  settle(milliseconds(600));
}

Trace::~Trace() = default;

void Trace::add_node(const std::string& name, const std::string& pool) {
  auto doc =
      model::parse_json(R"({"apiVersion":"v1","kind":"Node","metadata":{"name":")" + name + R"(","labels":{"pool":")" +
                            pool + R"("}},"status":{"capacity":{"cpu":"64","memory":"256Gi","pods":"500"}}})",
                        "test");
  request(command::ApplyObject{model::to_json(*doc), command::ApplyObject::Mode::Create});
  const auto node = view().find(Kind::Node, "", name).as<event::NodeId>();
  report(command::ReportHeartbeatsBegan{{node, base::seconds(3)}});
  report(command::ReportNodeCondition{{node, event::NodeConditionType::Ready, event::ConditionStatus::True,
                                       "KubeletReady", "kubelet is posting ready status"}});
}

Report Trace::run() {
  Report report;
  const Doc* steps = trace_.find("steps");
  for (const Doc& step : steps->items) {
    recorder_->clear();
    response_ = Doc();
    const Doc& action = *step.find("do");
    act(action);
    const std::int64_t wait_s = action.string_or("op") == "wait" ? action.int_or("seconds", 0) : 0;
    settle(base::seconds(wait_s) + milliseconds(600));
    compare(step, report);
  }
  return report;
}

/// All that is due within the next `span`: a real observer waited that long to see that nothing moved any more.
void Trace::settle(base::Duration span) {
  const base::SimTime until = now_ + span;
  plane_->step(now_);
  for (base::SimTime next = plane_->next_wakeup(); next <= until; next = plane_->next_wakeup()) {
    now_ = next;
    plane_->step(now_);
  }
  now_ = until;
}

void Trace::request(command::Payload payload) {
  const loop::Outcome outcome = plane_->request(now_, "kubectl", "trace", std::move(payload));
  response_ = Doc::string(outcome.ok()                                     ? "201"
                          : outcome.rejection->reason == "TooManyRequests" ? "429"
                                                                           : outcome.rejection->reason);
}

void Trace::report(command::Payload payload) { plane_->submit(now_, {0, std::move(payload)}); }

void Trace::act(const Doc& action) {
  const std::string op(action.string_or("op"));
  if (op == "wait" || act_on_objects(op, action) || act_on_pods(op, action)) return;
  response_ = Doc::string("unknown action " + op);
}

bool Trace::act_on_objects(const std::string& op, const Doc& action) {
  if (op == "create") {
    for (const Doc& manifest : action.find("manifests")->items) create(manifest);
  } else if (const Doc* patch = action.find("patch"); patch != nullptr) {
    const Ref ref = view().find(model::kind_from_word(action.string_or("kind")), "default", action.string_or("name"));
    request(command::PatchObject{ref, model::to_json(*patch)});
  } else if (op == "kubectl") {
    kubectl(*action.find("args"));
  } else if (op == "delete") {
    delete_objects(action);
  } else if (op == "create-configmaps") {
    create_config_maps(action);
  } else {
    return false;
  }
  return true;
}

bool Trace::act_on_pods(const std::string& op, const Doc& action) {
  if (op == "kubelet") {
    kubelet(action);
  } else if (op == "create-pods" || op == "create-pods-in-order") {
    create_pods(action);
  } else if (op == "create-pod") {
    create_pod(std::string(action.string_or("name")), action);
  } else if (op == "delete-pod") {
    const std::string_view name = action.string_or("name");
    request(command::DeletePod{name.empty() ? alive_pods().front() : pod(name), event::DeletionReason::Deleted, {}});
  } else if (op == "evict") {
    evict();
  } else {
    return false;
  }
  return true;
}

void Trace::create(Doc manifest) {
  if (manifest.string_or("apiVersion") == "policy/v1beta1") manifest["apiVersion"] = Doc::string("policy/v1");
  manifest["metadata"]["namespace"] = Doc::string("default");
  request(command::ApplyObject{model::to_json(manifest), command::ApplyObject::Mode::Create});
}

void Trace::kubectl(const Doc& args) {
  std::int64_t revision = 0;
  for (const Doc& arg : args.items) {
    constexpr std::string_view kFlag = "--to-revision=";
    if (arg.text.rfind(kFlag, 0) == 0) revision = std::stoll(arg.text.substr(kFlag.size()));
  }
  const std::string name = args.items[2].text.substr(args.items[2].text.find('/') + 1);
  const Ref ref = view().find(Kind::Deployment, "default", name);
  request(command::UndoRollout{ref.as<event::DeploymentId>(), revision});
}

void Trace::delete_objects(const Doc& action) {
  const std::string_view how = action.string_or("propagationPolicy");
  const event::Propagation propagation = how == "Foreground" ? event::Propagation::Foreground
                                         : how == "Orphan"   ? event::Propagation::Orphan
                                                             : event::Propagation::Background;
  std::string names(action.string_or("name"));
  names += ',';
  const Kind kind = model::kind_from_word(action.string_or("kind"));
  for (std::size_t at = 0, comma = 0; (comma = names.find(',', at)) != std::string::npos; at = comma + 1) {
    request(command::DeleteObject{view().find(kind, "default", names.substr(at, comma - at)), propagation, {}});
  }
}

void Trace::create_pods(const Doc& action) {
  const auto gap = [&](const char* key) {
    const Doc* value = action.find(key);
    return milliseconds(value == nullptr ? 0 : static_cast<std::int64_t>(std::stod(value->text) * 1000));
  };
  const std::string_view all_become = action.string_or("become", "pending");
  for (const Doc& entry : action.find("pods")->items) {
    Doc spec = entry;
    if (entry.is_array()) {
      spec = Doc::object();
      spec["name"] = entry.items[0];
      spec["nodeName"] = entry.items[1];
    }
    create_pod(std::string(spec.string_or("name")), spec);
    settle(gap("gap_s"));
  }
  settle(milliseconds(10));
  for (const Doc& entry : action.find("pods")->items) {
    const std::string name = entry.is_array() ? entry.items[0].text : std::string(entry.string_or("name"));
    const std::string_view becomes = entry.is_array() ? all_become : entry.string_or("becomes", all_become);
    if (becomes == "pending") continue;
    start(pod(name), becomes);
    for (std::int64_t k = entry.is_object() ? entry.int_or("restarts", 0) : 0; k > 0; --k) {
      report(command::ReportContainerExited{{pod(name), 0, 1, event::ExitReason::Error}});
      report(command::ReportContainerStarted{{pod(name), 0}});
      report(command::ReportPodReady{{pod(name), true, event::ReadyReason::None}});
    }
    settle(gap("ready_gap_s"));
  }
}

/// Traces do not say what labels their bare pods have: those that the set, Service or budget of the trace selects.
void Trace::create_pod(const std::string& name, const Doc& spec) {
  const std::string_view area = trace_.string_or("area");
  const bool owned = std::string_view(trace_.string_or("name")).find("owned") != std::string_view::npos;
  const std::string app(spec.string_or("app", area == "pdb" || owned ? "d" : "r"));
  Doc doc = Doc::object();
  doc["apiVersion"] = Doc::string("v1");
  doc["kind"] = Doc::string("Pod");
  doc["metadata"]["name"] = Doc::string(name);
  doc["metadata"]["namespace"] = Doc::string("default");
  doc["metadata"]["labels"]["app"] = Doc::string(app);
  Doc container = Doc::object();
  container["name"] = Doc::string("c");
  container["image"] = Doc::string("ok:v1");
  if (const Doc* port = spec.find("port"); port != nullptr && port->is_array()) {
    Doc p = Doc::object();
    p["name"] = port->items[0];
    p["containerPort"] = port->items[1];
    container["ports"] = Doc::array();
    container["ports"].items.push_back(p);
  }
  doc["spec"]["containers"] = Doc::array();
  doc["spec"]["containers"].items.push_back(container);
  if (const std::string_view node = spec.string_or("nodeName"); !node.empty())
    doc["spec"]["nodeName"] = Doc::string(node);
  if (const Doc* cost = spec.find("deletion-cost"); cost != nullptr) {
    doc["metadata"]["annotations"]["controller.kubernetes.io/pod-deletion-cost"] = Doc::string(cost->text);
  }
  request(command::ApplyObject{model::to_json(doc), command::ApplyObject::Mode::Create});
}

void Trace::create_config_maps(const Doc& action) {
  const auto make = [&](const std::string& name, const Doc* owners) {
    Doc doc = Doc::object();
    doc["apiVersion"] = Doc::string("v1");
    doc["kind"] = Doc::string("ConfigMap");
    doc["metadata"]["name"] = Doc::string(name);
    doc["metadata"]["namespace"] = Doc::string("default");
    if (owners != nullptr) doc["metadata"]["ownerReferences"] = *owners;
    request(command::ApplyObject{model::to_json(doc), command::ApplyObject::Mode::Create});
  };
  Doc refs = Doc::array();
  for (const Doc& owner : action.find("owners")->items) {
    make(owner.text, nullptr);
    Doc ref = Doc::object();
    ref["apiVersion"] = Doc::string("v1");
    ref["kind"] = Doc::string("ConfigMap");
    ref["name"] = owner;
    ref["uid"] = Doc::string(view().uid(view().find(Kind::ConfigMap, "default", owner.text)));
    refs.items.push_back(ref);
  }
  make(std::string(action.string_or("dependent")), &refs);
}

PodId Trace::pod(std::string_view name) const { return view().find(Kind::Pod, "default", name).as<PodId>(); }

std::vector<PodId> Trace::alive_pods() const {
  std::vector<PodId> out;
  for (std::size_t i = 0; i < view()->pods.size(); ++i) {
    if (view().pod_alive(PodId(i))) out.emplace_back(i);
  }
  // In the order in which the trace's agent starts them: by the age of the set, then their own.
  std::stable_sort(out.begin(), out.end(), [&](PodId a, PodId b) {
    const auto set = [&](PodId p) { return view()->pods.owner[p.index()].row; };
    return set(a) < set(b);
  });
  return out;
}

void Trace::kubelet(const Doc& action) {
  const auto each = [&](const char* key, auto&& f) {
    const Doc* names = action.find(key);
    if (names == nullptr) return;
    for (const Doc& name : names->items) f(pod(name.text));
  };
  each("running-not-ready", [&](PodId p) { start(p, "running"); });
  each("ready", [&](PodId p) { report(command::ReportPodReady{{p, true, event::ReadyReason::None}}); });
  each("unready", [&](PodId p) {
    report(command::ReportPodReady{{p, false, event::ReadyReason::ContainersNotReady}});
  });
  each("failed", [&](PodId p) { report(command::ReportPodPhase{{p, event::Phase::Failed, ""}}); });
  // Both look at the same moment: what a reaped pod makes room for is for the next step.
  reap(action.string_or("reap", "none"));
  start_pods(action.string_or("start", "none"));
}

void Trace::reap(std::string_view how) {
  if (how == "none") return;
  for (const PodId p : alive_pods()) {
    if (!view().pod_terminating(p)) continue;
    report(command::ReportPodStopped{p});
    if (how == "one") return;
  }
}

void Trace::start_pods(std::string_view how) {
  if (how == "none") return;
  for (const PodId p : alive_pods()) {
    const bool waiting = view().pod_node(p).valid() && view().pod_phase(p) == event::Phase::Pending &&
                         !view().pod_terminating(p) &&
                         view().container(p, 0).waiting == event::WaitingReason::ContainerCreating;
    if (!waiting) continue;
    const std::string_view kind = image_kind(view(), p);
    start(p, kind == "bad" ? "bad" : kind == "neverready" ? "running" : "ready");
    if (how == "one") return;
  }
}

void Trace::start(PodId p, std::string_view becomes) {
  const auto count = static_cast<std::uint32_t>(view().container_count(p));
  for (std::uint32_t c = 0; c < count; ++c) {
    if (becomes == "bad") {
      report(command::ReportContainerWaiting{{p, c, event::WaitingReason::ErrImagePull, {}}});
    } else {
      report(command::ReportContainerStarted{{p, c}});
    }
  }
  if (becomes == "bad") return;
  report(command::ReportPodPhase{{p, event::Phase::Running, ""}});
  if (becomes == "ready") report(command::ReportPodReady{{p, true, event::ReadyReason::None}});
}

void Trace::evict() {
  for (const PodId p : alive_pods()) {
    if (!view().pod_ready(p) || view().pod_terminating(p)) continue;
    request(command::EvictPod{p});
    return;
  }
  response_ = Doc::string("no pod");
}

}  // namespace wavetank::replay
