#pragma once
// Who is asked about which event: the plugins of one profile by what they registered. An event costs one look at a
// table of masks for all pods that were rejected by the same plugins.

#include <array>
#include <cstdint>

#include "engine/schedule/classes.h"

namespace wavetank::schedule {

/// Plugins as bits, by Plugin::index.
using PluginMask = std::uint64_t;

class Hints {
 public:
  /// Follows buildQueueingHintMap, with its repair of issue 109437: a plugin that registers Node/Add but not
  /// Node/UpdateNodeTaint is taken to be helped by any change of taints.
  explicit Hints(const PluginSet& plugins);

  /// The plugins that registered such events.
  [[nodiscard]] PluginMask interested(Resource resource, Actions action) const { return at(resource, action).any; }
  /// Of these: the plugins that say Queue to every one.
  [[nodiscard]] PluginMask always(Resource resource, Actions action) const { return at(resource, action).always; }
  /// Whether the plugin, which is interested, says Queue.
  [[nodiscard]] bool queue(const Plugin& plugin, const ClusterEvent& event, const Cycle& cycle) const {
    return (at(event.resource, event.action).always >> plugin.index & 1) != 0 || plugin.helps(event, cycle);
  }
  /// Whether one of `plugins` says Queue. The class of the pods is only looked up when a plugin has to be asked.
  template <class MakeCycle>
  [[nodiscard]] bool any(PluginMask plugins, const ClusterEvent& event, MakeCycle&& make_cycle) const {
    const Entry& e = at(event.resource, event.action);
    plugins &= e.any;
    if (plugins == 0) return false;
    if ((plugins & e.always) != 0) return true;
    const Cycle cycle = make_cycle();
    for (const auto& p : plugins_.all) {
      if ((plugins >> p->index & 1) != 0 && p->helps(event, cycle)) return true;
    }
    return false;
  }

 private:
  struct Entry {
    PluginMask any = 0;
    PluginMask always = 0;  ///< Of those: say Queue without being asked.
  };
  static constexpr std::size_t kActionKinds = 13;  // twelve bits, and the general update
  static std::size_t kind_of(Actions action);
  [[nodiscard]] const Entry& at(Resource resource, Actions action) const {
    return entries_[static_cast<std::size_t>(resource) * kActionKinds + kind_of(action)];
  }

  const PluginSet& plugins_;
  std::array<Entry, kResources * kActionKinds> entries_{};
};

}  // namespace wavetank::schedule
