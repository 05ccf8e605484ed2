#include "engine/project/disturbances.h"

#include <fmt/format.h>

#include <algorithm>

namespace wavetank::project {
namespace {

constexpr Duration kNoticing = base::milliseconds(100);

}  // namespace

std::uint32_t Disturbances::root_of(const event::Event& event) {
  const std::uint32_t inherited = event.cause < root_.size() ? root_[event.cause] : 0;
  if (const auto* fault = std::get_if<event::FaultInjected>(&event.payload)) {
    Disturbance d;
    d.seq = event.seq;
    d.began = event.time;
    d.fault = true;
    d.text = fmt::format("{} of {}", fault->kind, fault->subject);
    all_.push_back(std::move(d));
    of_fault_.push_back(static_cast<std::uint32_t>(all_.size()));
    return of_fault_.back();
  }
  if (const auto* request = std::get_if<event::RequestMade>(&event.payload)) {
    if (inherited != 0) return inherited;  // a part of another request
    Disturbance d;
    d.seq = event.seq;
    d.began = event.time;
    d.text = request->text;
    all_.push_back(std::move(d));
    return static_cast<std::uint32_t>(all_.size());
  }
  if (const auto* healed = std::get_if<event::FaultHealed>(&event.payload)) return of_fault_.at(healed->fault.index());
  return inherited;
}

void Disturbances::observe(const event::Event& event, const ClusterView&, const Workloads& workloads) {
  if (root_.size() <= event.seq) root_.resize(event.seq + 1, 0);
  const std::uint32_t root = root_of(event);
  root_[event.seq] = root;
  if (root != 0) {
    Disturbance& d = all_[root - 1];
    if (event.kind() == event::EventKind::PodDeletionStarted) ++d.pods_deleted;
    if (event.kind() == event::EventKind::FaultHealed) d.ended = event.time;
    // A drain goes on after an eviction that was refused.
    const bool refusal = event.kind() == event::EventKind::RequestRefused;
    if (!refusal && event.seq != d.seq) ++d.facts;
    d.refused = (d.refused || refusal) && d.facts == 0;
  }
  for (const Workloads::Touch& touch : workloads.touched()) {
    if (open_of_.size() <= touch.workload) open_of_.resize(touch.workload + 1);
    std::vector<std::uint32_t>& open = open_of_[touch.workload];
    if (touch.worse && !touch.whole && root != 0 && std::find(open.begin(), open.end(), root) == open.end()) {
      Disturbance& d = all_[root - 1];
      open.push_back(root);
      ++d.open;
      if (std::find(d.affected.begin(), d.affected.end(), touch.workload) == d.affected.end())
        d.affected.push_back(touch.workload);
    }
    if (touch.whole) {
      for (const std::uint32_t o : open) {
        Disturbance& d = all_[o - 1];
        --d.open;
        d.recovered = event.time;
        // The controller only took note of a change that asked nothing of the pods.
        if (event.time - d.began < kNoticing && d.pods_deleted == 0) std::erase(d.affected, touch.workload);
      }
      open.clear();
    }
  }
}

}  // namespace wavetank::project
