#include "engine/model/qos.h"

#include <algorithm>
#include <array>

namespace wavetank::model {
namespace {

/// Sums of cpu and memory, positive amounts only: what is zero counts as not given.
struct Amounts {
  std::array<std::int64_t, 2> of{};  // cpu, memory
  void add(const ResourceList& list) {
    of[0] += std::max<std::int64_t>(0, list.milli_cpu);
    of[1] += std::max<std::int64_t>(0, list.memory);
  }
  [[nodiscard]] bool none() const { return of[0] == 0 && of[1] == 0; }
};

bool has_both(const ResourceList& limits) { return limits.milli_cpu > 0 && limits.memory > 0; }

}  // namespace

QosClass qos_class(const PodSpec& spec) {
  Amounts requests, limits;
  bool limited = true;
  if (spec.resource_requests || spec.resource_limits) {
    if (spec.resource_requests) requests.add(*spec.resource_requests);
    if (spec.resource_limits) limits.add(*spec.resource_limits);
    limited = spec.resource_limits && has_both(*spec.resource_limits);
  } else {
    for (const auto* list : {&spec.containers, &spec.init_containers}) {
      for (const Container& c : *list) {
        requests.add(c.requests);
        limits.add(c.limits);
        limited = limited && has_both(c.limits);
      }
    }
  }
  if (requests.none() && limits.none()) return QosClass::BestEffort;
  return limited && requests.of == limits.of ? QosClass::Guaranteed : QosClass::Burstable;
}

const char* qos_text(QosClass qos) {
  static constexpr const char* kTexts[] = {"Guaranteed", "Burstable", "BestEffort"};
  return kTexts[static_cast<std::size_t>(qos)];
}

std::int32_t oom_score_adj(const PodSpec& spec, const Container& container, std::int64_t memory_capacity,
                           std::int32_t priority) {
  constexpr std::int64_t kGuaranteed = -997, kBestEffort = 1000;
  if (priority >= kSystemCriticalPriority + 1000) return kGuaranteed;  // node-critical
  const QosClass qos = qos_class(spec);
  if (qos == QosClass::Guaranteed) return kGuaranteed;
  if (qos == QosClass::BestEffort || memory_capacity <= 0) return kBestEffort;
  // The larger the share that was asked for, the safer. In parts of a thousand; the product needs more than 64 bits
  // only for requests beyond 8 PiB.
  const std::int64_t adjust = 1000 - 1000 * std::min(container.requests.memory, memory_capacity) / memory_capacity;
  if (adjust < 1000 + kGuaranteed) return 1000 + kGuaranteed;
  return static_cast<std::int32_t>(adjust == kBestEffort ? adjust - 1 : adjust);
}

}  // namespace wavetank::model
