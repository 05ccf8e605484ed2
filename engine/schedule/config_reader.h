#pragma once
// Inside the room: the parts of the reader of KubeSchedulerConfiguration.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/validate.h"
#include "engine/schedule/profile.h"

namespace wavetank::schedule {

using model::Place;

/// Extension points, in the order in which they are documented.
enum class Point : std::uint8_t {
  PreEnqueue,
  QueueSort,
  PreFilter,
  Filter,
  PostFilter,
  PreScore,
  Score,
  Reserve,
  Permit,
  PreBind,
  Bind,
  PostBind,
};
inline constexpr std::size_t kPointCount = 12;
struct PointInfo {
  std::string_view field;  ///< "preFilter"
  std::string_view type;   ///< "PreFilterPlugin", in messages.
};
const PointInfo& point_info(Point point);

/// A plugin of kube-scheduler 1.34, whether or not this scheduler runs it.
struct InTreePlugin {
  std::string_view name;
  std::uint16_t points;                                    ///< Bit by Point.
  std::int64_t weight;                                     ///< In the default configuration; 0: none written there.
  bool reads_pre_filter = false, reads_pre_score = false;  ///< Fails at filter or score if that did not run.

  [[nodiscard]] bool at(Point point) const { return (points >> static_cast<unsigned>(point) & 1U) != 0; }
};
/// In the order of the default configuration.
std::span<const InTreePlugin> in_tree_plugins();
/// Null when 1.34 has none of this name.
const InTreePlugin* find_in_tree(std::string_view name);
/// "plugin does not exist; did you mean …": what to say of a name that find_in_tree() does not find.
std::string no_such_plugin(std::string_view name);

/// What each point runs, with weights at Score.
struct PluginLists {
  std::array<std::vector<WeightedPlugin>, kPointCount> at;

  [[nodiscard]] std::vector<WeightedPlugin>& operator[](Point p) { return at[static_cast<std::size_t>(p)]; }
  [[nodiscard]] const std::vector<WeightedPlugin>& operator[](Point p) const { return at[static_cast<std::size_t>(p)]; }
  [[nodiscard]] bool has(Point p, std::string_view name) const;
};
/// Merges `plugins` (may be missing) into the defaults, point by point, and checks it.
PluginLists read_plugins(const Place& plugins, std::string_view scheduler_name, std::vector<std::string>& notices);

/// Reads and checks the arguments of one plugin into the profile.
void read_plugin_args(const InTreePlugin& plugin, const Place& args, std::string_view file, base::Diagnostics& errors,
                      Profile& profile);

// Readings of values that may be of a wrong type: that was reported already, and gives nothing.
std::optional<std::int64_t> int_at(const Place& place);
std::optional<std::string> text_at(const Place& place);

}  // namespace wavetank::schedule
