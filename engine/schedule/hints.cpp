#include "engine/schedule/hints.h"

#include <algorithm>
#include <bit>

#include "engine/base/assert.h"

namespace wavetank::schedule {

std::size_t Hints::kind_of(Actions action) {
  return std::has_single_bit(action) ? static_cast<std::size_t>(std::countr_zero(action)) : kActionKinds - 1;
}

Hints::Hints(const PluginSet& plugins) : plugins_(plugins) {
  WT_ASSERT(plugins.all.size() <= 64, "a mask has a bit for every plugin");
  for (const auto& p : plugins.all) {
    std::vector<EventRegistration> registered;
    for (const EventRegistration& r : p->registered_events()) registered.push_back(r);
    const auto has_node = [&](Actions a) {
      return std::any_of(registered.begin(), registered.end(), [&](const EventRegistration& r) {
        return r.resource == Resource::Node && (r.actions & a) != 0;
      });
    };
    if (has_node(action::kAdd) && !has_node(action::kUpdateNodeTaint))
      registered.push_back({Resource::Node, action::kUpdateNodeTaint, false});
    const PluginMask bit = PluginMask{1} << p->index;
    for (std::size_t r = 0; r < kResources; ++r) {
      for (std::size_t k = 0; k < kActionKinds; ++k) {
        const Actions a = k == kActionKinds - 1 ? action::kUpdate : static_cast<Actions>(1U << k);
        Entry& entry = entries_[r * kActionKinds + k];
        for (const EventRegistration& one : registered) {
          if (!matches(one, static_cast<Resource>(r), a)) continue;
          entry.any |= bit;
          if (!one.has_hint) entry.always |= bit;
        }
      }
    }
  }
}

}  // namespace wavetank::schedule
