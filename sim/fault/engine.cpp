// Faults begin and end.
#include <algorithm>

#include "engine/base/assert.h"
#include "sim/fault/registry.h"

namespace wavetank::fault {

void Context::inject(FaultEngine::Active& active, std::string subject) {
  const loop::Outcome outcome =
      control_plane.submit(now, {cause, command::InjectFault{{active.spec.kind, std::move(subject)}}});
  WT_ASSERT(outcome.ok(), "a fault is never refused");
  active.seq = cause = outcome.first;
  active.id = FaultId(control_plane.state().faults.size() - 1);
}

bool Context::held_by_another(NodeId node, std::string_view kinds_held) const {
  for (const FaultEngine::Active& other : others) {
    if (kinds_held.find(other.spec.kind) == std::string_view::npos) continue;
    if (std::find(other.nodes.begin(), other.nodes.end(), node) != other.nodes.end()) return true;
  }
  return false;
}

void Context::crash(NodeId node) {
  if (!world.machine_up(node)) return;
  const loop::Outcome outcome = control_plane.submit(now, {cause, command::SetMachine{node, false}});
  world.crash_machine(node, now, outcome.first != 0 ? outcome.first : cause);
}

void Context::restore(NodeId node) {
  if (world.machine_up(node) || held_by_another(node, "domain-outage node-crash zone-outage")) return;
  const loop::Outcome outcome = control_plane.submit(now, {cause, command::SetMachine{node, true}});
  world.restore_machine(node, now, outcome.first != 0 ? outcome.first : cause);
}

void Context::stop(event::Component component) {
  const loop::Outcome outcome = control_plane.submit(now, {cause, command::SetComponent{component, false}});
  if (outcome.first != 0) cause = outcome.first;
}

void Context::start(event::Component component, std::string_view kind) {
  for (const FaultEngine::Active& other : others)
    if (other.spec.kind == kind) return;
  const loop::Outcome outcome = control_plane.submit(now, {cause, command::SetComponent{component, true}});
  if (outcome.first != 0) cause = outcome.first;
}

FaultEngine::FaultEngine(loop::ControlPlane& control_plane, world::SimWorld& world, std::uint64_t seed)
    : control_plane_(&control_plane), world_(&world), seed_(seed) {}

base::Result<FaultId> FaultEngine::begin(const FaultSpec& spec, SimTime now, Seq cause) {
  const KindInfo* kind = find_kind(spec.kind);
  if (kind == nullptr) return base::failure("no fault is called \"" + spec.kind + "\"");
  const std::string words = spec.text();
  std::uint64_t& times = begun_[words];
  Active fault;
  fault.spec = spec;
  Context context{*control_plane_, *world_, active_, base::Stream(seed_, "fault").of(words).of(times), now, cause};
  if (auto begun = kind->begin(context, fault); !begun) return base::failure(std::move(begun.error()));
  ++times;
  const FaultId id = fault.id;
  if (kind->end == nullptr) {
    control_plane_->submit(now, {fault.seq, command::HealFault{{id}}});
    return id;
  }
  if (spec.duration) fault.ends = now + *spec.duration;
  active_.push_back(std::move(fault));
  return id;
}

void FaultEngine::end_at(std::size_t index, SimTime now, Seq cause) {
  Active fault = std::move(active_[index]);
  active_.erase(active_.begin() + static_cast<std::ptrdiff_t>(index));
  const loop::Outcome healed =
      control_plane_->submit(now, {cause != 0 ? cause : fault.seq, command::HealFault{{fault.id}}});
  Context context{*control_plane_, *world_, active_, base::Stream(seed_, "fault"), now, healed.first};
  find_kind(fault.spec.kind)->end(context, fault);
}

bool FaultEngine::end(FaultId fault, SimTime now, Seq cause) {
  for (std::size_t i = 0; i < active_.size(); ++i) {
    if (active_[i].id != fault) continue;
    end_at(i, now, cause);
    return true;
  }
  return false;
}

std::size_t FaultEngine::end_all(std::string_view kind, SimTime now, Seq cause) {
  std::size_t ended = 0;
  for (std::size_t i = 0; i < active_.size();) {
    if (!kind.empty() && active_[i].spec.kind != kind) {
      ++i;
      continue;
    }
    end_at(i, now, cause);
    ++ended;
  }
  for (std::size_t r = 0; r < renewals_.size(); ++r) {
    if (kind.empty() || renewals_[r].spec.kind == kind) ended += end_renewal(r, now, cause) ? 1 : 0;
  }
  return ended;
}

SimTime FaultEngine::next_due() const {
  SimTime next = failures_.empty() ? SimTime::never() : failures_.top().at;
  for (const Active& fault : active_) next = std::min(next, fault.ends);
  return next;
}

void FaultEngine::act(SimTime now) {
  for (std::size_t i = 0; i < active_.size();) {
    if (active_[i].ends <= now) {
      end_at(i, now, 0);
    } else {
      ++i;
    }
  }
  for (std::size_t r = 0; r < renewals_.size(); ++r) find_targets(r, now);
  while (!failures_.empty() && failures_.top().at <= now) fail(failures_.pop().subject, now);
}

}  // namespace wavetank::fault
