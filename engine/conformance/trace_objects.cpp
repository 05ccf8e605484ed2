// Actions on objects, nodes and time.
#include <fmt/format.h>

#include <algorithm>

#include "engine/conformance/trace_player.h"
#include "engine/conformance/trace_text.h"

namespace wavetank::conformance {
namespace {

using event::NodeId;
using event::Ref;
using model::Doc;
using model::Kind;

constexpr const char* kPatches[] = {"patch", "set-image", "scale", "pause", "resume", "rollout-restart", "suspend"};

}  // namespace

void TracePlayer::act(const Doc& action) {
  const std::string op(action.string_or("op"));
  if (act_on_time(op, action) || act_on_objects(op, action) || act_on_nodes(op, action) || act_on_pods(op, action))
    return;
  complain(*action.find("op"), fmt::format("action \"{}\" is not known", op));
}

void TracePlayer::request(command::Payload payload) {
  const loop::Outcome outcome = plane_->request(now_, "kubectl", "trace", std::move(payload));
  response_ = Doc::object();
  response_["code"] = Doc::integer(outcome.ok()                                     ? 201
                                   : outcome.rejection->reason == "TooManyRequests" ? 429
                                   : outcome.rejection->reason == "NotFound"        ? 404
                                   : outcome.rejection->reason == "Forbidden"       ? 403
                                   : outcome.rejection->reason == "Invalid"         ? 422
                                                                                    : 409);
  if (outcome.ok()) {
    response_["status"] = Doc::string("Success");
    return;
  }
  response_["status"] = Doc::string("Failure");
  response_["reason"] = Doc::string(outcome.rejection->reason);
  const std::string message = watcher_.plain(outcome.rejection->message);
  const std::size_t stop = outcome.rejection->reason == "TooManyRequests" ? message.find(". ") : std::string::npos;
  response_["message"] = Doc::string(message.substr(0, stop == std::string::npos ? stop : stop + 1));
  if (stop == std::string::npos) return;
  // The budget's own words are the cause in the API's Status.
  Doc cause = Doc::array();
  cause.items = {Doc::string("DisruptionBudget"), Doc::string(message.substr(stop + 2))};
  response_["causes"] = Doc::array();
  response_["causes"].items.push_back(std::move(cause));
}

void TracePlayer::apply(const Doc& doc) {
  Doc manifest = doc;
  const Kind kind = model::kind_from_gvk(doc.string_or("apiVersion"), doc.string_or("kind"));
  if (kind == Kind::Other || model::kind_info(kind).namespaced)
    manifest["metadata"]["namespace"] = Doc::string(kTraceNamespace);
  request(command::ApplyObject{model::to_json(manifest), command::ApplyObject::Mode::Create});
  if (response_.string_or("status") != "Success")
    differ("create " + std::string(doc.string_or("kind")), "created", std::string(response_.string_or("message")));
}

void TracePlayer::create(Doc manifest) {
  if (!manifest.is_object()) return complain(manifest, "a manifest is expected");
  changes_.modernise(manifest, step_name_);
  apply(manifest);
}

std::optional<Ref> TracePlayer::named(const Doc& action, const char* kind_key, const char* name_key) {
  const Doc* word = action.find(kind_key);
  const Doc* name = action.find(name_key);
  if (word == nullptr || name == nullptr) {
    complain(action, fmt::format("{} and {} are needed", kind_key, name_key));
    return std::nullopt;
  }
  const Kind kind = model::kind_from_word(word->text);
  const bool inside = kind == Kind::Other || model::kind_info(kind).namespaced;
  const Ref ref = view().find(kind, inside ? kTraceNamespace : "", name->text);
  if (ref.valid()) return ref;
  complain(*name, fmt::format("{} \"{}\" is not there", word->text, name->text));
  return std::nullopt;
}

std::optional<NodeId> TracePlayer::node_named(const Doc& at, std::string_view name) {
  const Ref ref = view().find(Kind::Node, "", name);
  if (ref.valid()) return ref.as<NodeId>();
  complain(at, fmt::format("node \"{}\" is not there", name));
  return std::nullopt;
}

void TracePlayer::patch(const Doc& action) {
  const std::string_view op = action.string_or("op");
  const Doc* given = action.find("patch");
  std::vector<Ref> targets;
  if (action.find("name") != nullptr) {
    const auto ref = named(action);
    if (!ref) return;
    targets.push_back(*ref);
  } else if (op == "suspend" || op == "resume") {
    // Without a name: what the recording has that can be suspended.
    targets = objects_of("CronJob");
    if (targets.empty()) targets = objects_of("Job");
  }
  if (targets.empty()) return complain(action, "a name is needed");
  for (const Ref ref : targets) {
    Doc what = given == nullptr ? Doc::object() : *given;
    if (given == nullptr && (op == "suspend" || op == "resume")) {
      what["spec"][ref.kind == Kind::Deployment ? "paused" : "suspend"] = Doc::boolean(op == "suspend");
    } else if (given == nullptr && op == "pause") {
      what["spec"]["paused"] = Doc::boolean(true);
    } else if (given == nullptr && op == "rollout-restart") {
      what["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] =
          Doc::string(fmt::format("{}", now_.ns));
    } else if (given == nullptr) {
      return complain(action, "a patch is needed");
    }
    request(command::PatchObject{ref, model::to_json(as_merge_patch(view().stored_doc(ref), what))});
  }
}

void TracePlayer::delete_objects(const Doc& action) {
  const std::string_view how = action.string_or("propagationPolicy");
  const event::Propagation propagation = how == "Foreground" ? event::Propagation::Foreground
                                         : how == "Orphan"   ? event::Propagation::Orphan
                                                             : event::Propagation::Background;
  Doc one = action;
  std::string names(action.string_or("name"));
  names += ',';
  for (std::size_t at = 0, comma = 0; (comma = names.find(',', at)) != std::string::npos; at = comma + 1) {
    one["name"] = Doc::string(names.substr(at, comma - at));
    one["name"].position = action.position;
    const auto ref = named(one);
    if (!ref) return;
    request(command::DeleteObject{*ref, propagation, {}});
  }
}

void TracePlayer::create_config_maps(const Doc& action) {
  const auto make = [&](const std::string& name, const Doc* owners) {
    Doc doc = Doc::object();
    doc["apiVersion"] = Doc::string("v1");
    doc["kind"] = Doc::string("ConfigMap");
    doc["metadata"]["name"] = Doc::string(name);
    if (owners != nullptr) doc["metadata"]["ownerReferences"] = *owners;
    apply(doc);
  };
  Doc refs = Doc::array();
  if (const Doc* owners = action.find("owners"); owners != nullptr) {
    for (const Doc& owner : owners->items) {
      make(owner.text, nullptr);
      Doc ref = Doc::object();
      ref["apiVersion"] = Doc::string("v1");
      ref["kind"] = Doc::string("ConfigMap");
      ref["name"] = owner;
      ref["uid"] = Doc::string(view().uid(view().find(Kind::ConfigMap, kTraceNamespace, owner.text)));
      refs.items.push_back(ref);
    }
  }
  dependent_ = action.string_or("dependent");
  if (!dependent_.empty()) make(dependent_, &refs);
}

bool TracePlayer::act_on_objects(const std::string& op, const Doc& action) {
  if (op == "create") {
    const Doc* manifests = action.find("manifests");
    if (manifests == nullptr || !manifests->is_array()) {
      complain(action, "manifests: a list is expected");
      return true;
    }
    for (const Doc& manifest : manifests->items) create(manifest);
  } else if (std::find(std::begin(kPatches), std::end(kPatches), op) != std::end(kPatches)) {
    patch(action);
  } else if (op == "kubectl") {
    kubectl(action);
  } else if (op == "delete") {
    delete_objects(action);
  } else if (op == "create-configmaps") {
    create_config_maps(action);
  } else {
    return false;
  }
  return true;
}

// ---- Nodes
// -------------------------------------------------------------------------------------------------------------------

void TracePlayer::add_node(const Doc& node) {
  Doc doc = Doc::object();
  doc["apiVersion"] = Doc::string("v1");
  doc["kind"] = Doc::string("Node");
  const std::string name(node.string_or("name"));
  doc["metadata"]["name"] = Doc::string(name);
  doc["metadata"]["labels"] = Doc::object();
  if (const Doc* labels = node.find("labels"); labels != nullptr && labels->is_object())
    doc["metadata"]["labels"] = *labels;
  doc["metadata"]["labels"]["kubernetes.io/hostname"] = Doc::string(name);
  for (const char* key : {"zone", "region"}) {
    if (!node.string_or(key).empty())
      doc["metadata"]["labels"][std::string("topology.kubernetes.io/") + key] = Doc::string(node.string_or(key));
  }
  if (const Doc* taints = node.find("taints"); taints != nullptr && taints->is_array()) doc["spec"]["taints"] = *taints;
  if (node.bool_or("unschedulable", false)) doc["spec"]["unschedulable"] = Doc::boolean(true);
  Doc& capacity = doc["status"]["capacity"];
  capacity["cpu"] = Doc::string("64");
  capacity["memory"] = Doc::string("256Gi");
  capacity["pods"] = Doc::string("500");
  if (const Doc* given = node.find("capacity"); given != nullptr && given->is_object()) {
    for (const Doc::Member& m : given->members) capacity[m.key] = m.value;
  }
  apply(doc);
  const Ref ref = view().find(Kind::Node, "", name);
  if (!ref.valid()) return complain(node, fmt::format("node \"{}\" cannot be made", name));
  agent_.say(command::ReportHeartbeatsBegan{{ref.as<NodeId>(), lease_period_}});
  agent_.node_ready(ref.as<NodeId>(), true);
  take_effect();
}

void TracePlayer::set_taints(NodeId node, const Doc& taints) {
  Doc patch = Doc::object();
  patch["spec"]["taints"] = taints;
  if (!taint_at_) taint_at_ = now_;
  request(command::PatchObject{node, model::to_json(patch)});
}

void TracePlayer::heartbeats(const Doc& names, bool on) {
  for (const Doc& name : names.items) {
    const auto node = node_named(name, name.text);
    if (!node) return;
    const state::NodeRow& row = view().node(*node);
    if (on) {
      agent_.say(command::ReportHeartbeatsBegan{{*node, lease_period_}});
    } else if (row.heartbeating) {
      const std::int64_t renewals = (now_ - row.heartbeats_began).ns / row.heartbeat_period.ns;
      agent_.say(command::ReportHeartbeatsStopped{{*node, row.heartbeats_began + row.heartbeat_period * renewals}});
    }
  }
  take_effect();
}

bool TracePlayer::act_on_nodes(const std::string& op, const Doc& action) {
  const auto node = [&](const char* key) { return node_named(action, action.string_or(key)); };
  if (op == "add-node") {
    add_node(action);
  } else if (op == "add-nodes") {
    if (const Doc* nodes = action.find("nodes"); nodes != nullptr) {
      for (const Doc& n : nodes->items) add_node(n);
    }
  } else if (op == "delete-node") {
    if (const auto n = node(action.find("name") != nullptr ? "name" : "node"))
      request(command::DeleteObject{*n, event::Propagation::Background, {}});
  } else if (op == "cordon" || op == "uncordon") {
    if (const auto n = node("node")) request(command::CordonNode{*n, op == "cordon"});
  } else if (op == "taint") {
    const Doc* taints = action.find("taints");
    if (taints == nullptr || !taints->is_array()) {
      complain(action, "taints: a list is expected");
    } else if (const auto n = node("node")) {
      set_taints(*n, *taints);
    }
  } else if (op == "stop-heartbeats" || op == "heartbeats-stop" || op == "resume-heartbeats" ||
             op == "heartbeats-resume") {
    Doc names = Doc::array();
    if (const Doc* nodes = action.find("nodes"); nodes != nullptr) names = *nodes;
    if (const Doc* one = action.find("node"); one != nullptr) names.items.push_back(*one);
    const bool on = op.find("resume") != std::string::npos;
    heartbeats(names, on);
    for (const Doc& name : names.items) {
      if (const auto n = node_named(name, name.text); n && on) agent_.node_ready(*n, true);
    }
  } else {
    return false;
  }
  return true;
}

// ---- Time
// --------------------------------------------------------------------------------------------------------------------

bool TracePlayer::act_on_time(const std::string& op, const Doc& action) {
  // How long a timed step took is recorded: the waiting is in it.
  if (step_takes_ && (op == "wait" || op == "wait-until")) return true;
  if (op == "wait") {
    const Doc* seconds = action.find("seconds");
    const auto span = seconds == nullptr ? std::nullopt : seconds_of(*seconds);
    if (!span) {
      complain(action, "seconds: a number is expected");
    } else {
      run_for(*span);
    }
  } else if (op == "wait-until") {
    constexpr std::int64_t kMinute = 60'000'000'000;
    const std::string_view minute = action.string_or("minute", "+1");
    const std::int64_t minutes = std::max<std::int64_t>(1, minute.size() > 1 && minute[0] == '+' ? minute[1] - '0' : 1);
    const Doc* plus = action.find("plus_s");
    const auto extra = plus == nullptr ? std::nullopt : seconds_of(*plus);
    run_until(base::SimTime{(now_.ns / kMinute + minutes) * kMinute} + extra.value_or(base::Duration{}));
  } else if (op.rfind("wait-for", 0) == 0) {
    // Until something moves; a step in which nothing moved waited only to see that.
    const Doc* took = step_->find("took_s");
    const base::SimTime limit =
        now_ + (took == nullptr ? std::nullopt : seconds_of(*took)).value_or(base::Duration{}) + base::seconds(2);
    const Doc* then = step_->find("then");
    if (then == nullptr || then->members.empty()) return true;
    const auto moved = [&] {
      return !watcher_.pod_order.empty() || !watcher_.objects.empty() || !watcher_.scales.empty();
    };
    take_effect();
    while (!moved() && next_wakeup() <= limit) {
      now_ = std::max(now_, next_wakeup());
      take_effect();
      look_at_drains();
    }
  } else {
    return false;
  }
  return true;
}

}  // namespace wavetank::conformance
