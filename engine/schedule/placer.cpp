#include "engine/schedule/placer.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/state/pod_admission.h"

namespace wavetank::schedule {
namespace {

/// What others refer to comes first.
int rank(model::Kind kind) {
  switch (kind) {
    case model::Kind::Namespace:
    case model::Kind::PriorityClass:
      return 0;
    case model::Kind::Node:
      return 1;
    case model::Kind::Pod:
      return 3;
    default:
      return 2;
  }
}

}  // namespace

Placer::Placer(const Settings& settings) : scheduler_(settings) {
  fact(event::RunStarted{"placer", "", settings.seed, 1, 0});
}

void Placer::fact(event::Payload payload) {
  const event::Event e{state_.last_seq + 1, now_, 0, std::move(payload)};
  state::evolve(state_, e);
  scheduler_.observe(e, view());
}

std::string Placer::name(PodId pod) const {
  return fmt::format("{}/{}", view().text(view().pod_ns(pod)), view().pod_name(pod));
}

base::Result<void> Placer::add(std::vector<model::Object> objects) {
  std::stable_sort(objects.begin(), objects.end(),
                   [](const auto& a, const auto& b) { return rank(a.kind) < rank(b.kind); });
  base::Diagnostics errors;
  for (model::Object& object : objects) add(std::move(object), errors);
  if (!errors.empty()) return base::failure(std::move(errors));
  return {};
}

void Placer::add(model::Object object, base::Diagnostics& errors) {
  const auto refuse = [&](std::string why) { errors.push_back({{}, object.doc.position, std::move(why)}); };
  const std::string what = fmt::format("{} \"{}\"", object.kind_name, object.meta.name);
  if (object.kind != model::Kind::Other && view().find(object.kind, object.meta.ns, object.meta.name).valid())
    return refuse(what + " is there already");
  std::string node;
  if (object.kind == model::Kind::Pod) {
    model::Doc& spec = object.doc["spec"];
    node = spec.string_or("nodeName");
    if (!node.empty() && !view().find(model::Kind::Node, "", node).valid())
      return refuse(fmt::format("{}: spec.nodeName: there is no node \"{}\"", what, node));
    state::admit_pod_spec(state_, spec);
    const std::string name_of_class(spec.string_or("priorityClassName"));
    const state::PriorityClassRow* priority = state::find_priority_class(state_, name_of_class);
    if (priority == nullptr && !name_of_class.empty())
      return refuse(fmt::format("{}: no PriorityClass with name {} was found", what, name_of_class));
    if (priority != nullptr) spec["priority"] = model::Doc::integer(priority->spec.value);
  }
  fact(event::ObjectCreated{object.kind, model::to_canonical_json(object.doc)});
  if (!node.empty())
    fact(event::PodBound{PodId(state_.pods.size() - 1), view().find(model::Kind::Node, "", node).as<NodeId>()});
}

std::vector<Placement> Placer::place() {
  std::vector<Placement> out;
  std::vector<std::size_t> place_of;  // by pod: its place in `out` plus 1
  bool evicted = true;
  while (evicted) {
    evicted = false;
    while (scheduler_.has_work(now_)) {
      const std::optional<Decision> decision = scheduler_.schedule_one(view());
      if (!decision) break;
      scheduler_.end_attempt(view());
      if (place_of.size() <= decision->pod.index()) place_of.resize(decision->pod.index() + 1);
      std::size_t& place = place_of[decision->pod.index()];
      if (place == 0) {
        out.push_back({name(decision->pod), {}, 0, {}, {}});
        place = out.size();
      }
      evicted = evicted || !decision->victims.empty();
      take(*decision, out[place - 1]);
    }
    now_ = now_ + base::minutes(1);  // past every back-off, to those for whom room was made
  }
  for (std::uint32_t i = 0; i < state_.pods.size(); ++i) {
    if (i < place_of.size() && place_of[i] != 0) continue;
    if (std::string why = kept_out(PodId(i)); !why.empty()) out.push_back({name(PodId(i)), {}, 0, std::move(why), {}});
  }
  return out;
}

/// Why no attempt is made for a pod that has no node; "" when one was or will be.
std::string Placer::kept_out(PodId pod) const {
  if (!view().pod_alive(pod) || view().pod_node(pod).valid()) return {};
  const model::PodSpec& spec = view().pod_spec(pod).spec;
  const std::optional<QueuedPod> queued = scheduler_.queued(pod);
  if (!queued) return fmt::format("no scheduler is called \"{}\"", spec.scheduler_name);
  if (queued->place != QueuedPod::Place::Gated) return {};
  return fmt::format("waiting for scheduling gates: [{}]", fmt::join(spec.scheduling_gates, " "));
}

void Placer::take(const Decision& decision, Placement& out) {
  if (decision.outcome == Decision::Outcome::Bind) {
    out.node = std::string(view().text(view().node(decision.node).header.name));
    out.score = decision.score;
    out.message.clear();
    return fact(event::PodBound{decision.pod, decision.node});
  }
  out.message = decision.message;
  for (const PodId p : decision.cleared) fact(event::PodNominated{p, NodeId()});
  if (decision.nomination_changed) fact(event::PodNominated{decision.pod, decision.nominated});
  for (const PodId victim : decision.victims) {
    out.evicts.push_back(name(victim));
    fact(event::PodRemoved{victim});
  }
}

}  // namespace wavetank::schedule
