// What expectations can ask about a request: who answers it, among how many, or why nobody does.
#include "sim/scenario/quantities.h"

namespace wavetank::scenario {
namespace {

using project::Route;

/// "deployment/web": the workload that a pod belongs to, "" for a bare one.
std::string owner_of(event::PodId pod, const ClusterView& view) {
  if (!pod.valid()) return "";
  Ref owner = view->pods.owner[pod.index()];
  if (owner.valid() && owner.kind == model::Kind::ReplicaSet && view.header(owner)->controller.valid())
    owner = view.header(owner)->controller;
  if (!owner.valid()) return "";
  std::string kind = model::kind_info(owner.kind).name;
  for (char& c : kind) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return kind + "/" + std::string(view.bare_name(owner));
}

std::string_view node_of(const Route& route, const ClusterView& view) {
  if (!route.pod.valid() || !view.pod_node(route.pod).valid()) return "";
  return view.bare_name(Ref(view.pod_node(route.pod)));
}

}  // namespace

const std::vector<RouteField>& route_fields() {
  static const std::vector<RouteField> kFields = {
      {"answering", ValueType::Number,
       [](const Route& r, const ClusterView&) { return Value(static_cast<std::int64_t>(r.answering())); },
       "candidates that would answer"},
      {"answers", ValueType::Flag, [](const Route& r, const ClusterView&) { return Value(r.answers_surely()); },
       "a pod answers, whichever of the candidates is drawn"},
      {"candidates", ValueType::Number,
       [](const Route& r, const ClusterView&) { return Value(static_cast<std::int64_t>(r.candidates.size())); },
       "endpoints that may get the request"},
      {"moves", ValueType::Number, nullptr,
       "how often a client bound by sessionAffinity had to move to another pod, from the window's beginning"},
      {"node", ValueType::Word, [](const Route& r, const ClusterView& v) { return Value(std::string(node_of(r, v))); },
       "the node of the pod that is chosen"},
      {"outcome",
       ValueType::Word,
       [](const Route& r, const ClusterView&) { return Value(std::string(project::route_end_word(r.end))); },
       "what becomes of it",
       {"Answered", "External", "NXDOMAIN", "Refused", "TimedOut", "NotFound", "Unavailable", "BadGateway"}},
      {"owner", ValueType::Word, [](const Route& r, const ClusterView& v) { return Value(owner_of(r.pod, v)); },
       "the workload of the pod that is chosen: deployment/web"},
      {"pod", ValueType::Word,
       [](const Route& r, const ClusterView& v) {
         return Value(std::string(r.pod.valid() ? v.pod_name(r.pod) : std::string_view()));
       },
       "the pod that is chosen"},
      {"status", ValueType::Number, [](const Route& r, const ClusterView&) { return Value(std::int64_t{r.status}); },
       "HTTP status: 200 of a pod, 404, 502, 503 and 504 of the Ingress controller; 0: no HTTP answer"}};
  return kFields;
}

project::Route ask(const RouteQuestion& question, const ClusterView& view, event::PodId bound) {
  project::RouteQuery query{question.url, {}, question.client};
  if (!question.from_name.empty()) {
    const Ref pod = view.find(model::Kind::Pod, question.from_ns, question.from_name);
    if (!pod.valid()) {
      project::Route nobody;
      nobody.reason = "there is no pod " + question.from_name + " that could ask";
      return nobody;
    }
    query.from = pod.as<event::PodId>();
  }
  return project::find_route(query, view, bound);
}

event::KindMask route_changed_by() {
  using event::EventKind;
  return project::StickyClient::changed_by() |
         event::mask_of(EventKind::PodCreated, EventKind::PodReadyChanged, EventKind::PodPhaseChanged,
                        EventKind::PodDeletionStarted);
}

}  // namespace wavetank::scenario
