// The plugins of a profile: names, points, weights, and how a profile's lists are merged into the default ones.
// Sources: pkg/scheduler/apis/config/v1/default_plugins.go (mergePluginSet), pkg/scheduler/framework/runtime/
// framework.go (updatePluginList, expandMultiPointPlugins, getScoreWeights).

#include <fmt/format.h>

#include <algorithm>

#include "engine/schedule/config_reader.h"

namespace wavetank::schedule {
namespace {

constexpr std::array<PointInfo, kPointCount> kPoints{{
    {"preEnqueue", "PreEnqueuePlugin"},
    {"queueSort", "QueueSortPlugin"},
    {"preFilter", "PreFilterPlugin"},
    {"filter", "FilterPlugin"},
    {"postFilter", "PostFilterPlugin"},
    {"preScore", "PreScorePlugin"},
    {"score", "ScorePlugin"},
    {"reserve", "ReservePlugin"},
    {"permit", "PermitPlugin"},
    {"preBind", "PreBindPlugin"},
    {"bind", "BindPlugin"},
    {"postBind", "PostBindPlugin"},
}};

template <class... P>
constexpr std::uint16_t at(P... points) {
  return static_cast<std::uint16_t>((0U | ... | (1U << static_cast<unsigned>(points))));
}

using enum Point;
// "Reads" is what the plugin's Filter or Score cannot do without: NodeAffinity, VolumeZone and NodeResourcesFit's Score
// work it out anew where their earlier point did not run.
constexpr std::array kInTree{
    InTreePlugin{"SchedulingGates", at(PreEnqueue), 0},
    InTreePlugin{"PrioritySort", at(QueueSort), 0},
    InTreePlugin{"NodeUnschedulable", at(Filter), 0},
    InTreePlugin{"NodeName", at(Filter), 0},
    InTreePlugin{"TaintToleration", at(Filter, PreScore, Score), 3, false, true},
    InTreePlugin{"NodeAffinity", at(PreFilter, Filter, PreScore, Score), 2},
    InTreePlugin{"NodePorts", at(PreFilter, Filter), 0, true},
    InTreePlugin{"NodeResourcesFit", at(PreFilter, Filter, PreScore, Score), 1, true},
    InTreePlugin{"VolumeRestrictions", at(PreFilter, Filter), 0, true},
    InTreePlugin{"NodeVolumeLimits", at(PreFilter, Filter), 0},
    InTreePlugin{"VolumeBinding", at(PreFilter, Filter, PreScore, Score, Reserve, PreBind), 0, true},
    InTreePlugin{"VolumeZone", at(PreFilter, Filter), 0},
    InTreePlugin{"PodTopologySpread", at(PreFilter, Filter, PreScore, Score), 2, true, true},
    InTreePlugin{"InterPodAffinity", at(PreFilter, Filter, PreScore, Score), 2, true, true},
    InTreePlugin{"DynamicResources", at(PreEnqueue, PreFilter, Filter, PostFilter, Reserve, PreBind), 0},
    InTreePlugin{"DefaultPreemption", at(PostFilter), 0},
    InTreePlugin{"NodeResourcesBalancedAllocation", at(PreScore, Score), 1, false, true},
    InTreePlugin{"ImageLocality", at(Score), 1},
    InTreePlugin{"DefaultBinder", at(Bind), 0},
};

/// Names that other versions know: what to say of them.
struct OtherVersion {
  std::string_view name, what;
};
constexpr std::array kOtherVersions{
    OtherVersion{"AzureDiskLimits",
                 "was invalid in version \"kubescheduler.config.k8s.io/v1\" (NodeVolumeLimits does its work)"},
    OtherVersion{"CinderLimits",
                 "was invalid in version \"kubescheduler.config.k8s.io/v1\" (NodeVolumeLimits does its work)"},
    OtherVersion{"EBSLimits",
                 "was invalid in version \"kubescheduler.config.k8s.io/v1\" (NodeVolumeLimits does its work)"},
    OtherVersion{"GCEPDLimits",
                 "was invalid in version \"kubescheduler.config.k8s.io/v1\" (NodeVolumeLimits does its work)"},
    OtherVersion{"GangScheduling", "plugin does not exist in 1.34, it came with 1.35"},
    OtherVersion{"NodeDeclaredFeatures", "plugin does not exist in 1.34, it came with 1.35"},
    OtherVersion{"NodeLabel", "plugin does not exist in 1.34, it went with v1beta1; NodeAffinity does its work"},
    OtherVersion{"NodePreferAvoidPods", "plugin does not exist in 1.34, it went with v1beta3; taints do its work"},
    OtherVersion{"NodeResourcesLeastAllocated",
                 "plugin does not exist in 1.34; NodeResourcesFit has scoringStrategy.type LeastAllocated"},
    OtherVersion{"NodeResourcesMostAllocated",
                 "plugin does not exist in 1.34; NodeResourcesFit has scoringStrategy.type MostAllocated"},
    OtherVersion{"RequestedToCapacityRatio",
                 "plugin does not exist in 1.34; NodeResourcesFit has scoringStrategy.type RequestedToCapacityRatio"},
    OtherVersion{"SelectorSpread",
                 "plugin does not exist in 1.34, it went with v1beta3; PodTopologySpread's defaults do its work"},
    OtherVersion{"ServiceAffinity",
                 "plugin does not exist in 1.34, it went with v1beta1; InterPodAffinity does its work"},
};

/// One entry of an `enabled` list.
struct Entry {
  std::string name;
  std::int64_t weight = 0;  // 0: not written
  Place place;
};
struct Set {
  std::vector<Entry> enabled;
  std::vector<std::string> disabled;

  [[nodiscard]] bool disables(std::string_view name) const {
    return std::any_of(disabled.begin(), disabled.end(), [&](const std::string& d) { return d == name; });
  }
};

bool has(const std::vector<Entry>& list, std::string_view name) {
  return std::any_of(list.begin(), list.end(), [&](const Entry& e) { return e.name == name; });
}

class PluginReader {
 public:
  PluginReader(const Place& plugins, std::string_view scheduler, std::vector<std::string>& notices)
      : plugins_(plugins), scheduler_(scheduler), notices_(notices) {}

  PluginLists read() {
    const Set multi = merged_multi_point(set_at(plugins_["multiPoint"], nullptr));
    PluginLists out;
    std::vector<Entry> weights;
    for (std::size_t i = 0; i < kPointCount; ++i) {
      const auto point = static_cast<Point>(i);
      const Place place = plugins_[point_info(point).field];
      const Set set = set_at(place, &point);
      if (point == Score) weights = set.enabled;
      for (const std::string& name : expand(point, set, multi.enabled)) out[point].push_back({name, 0});
      check_set(point, place, set);
    }
    weights.insert(weights.end(), multi.enabled.begin(), multi.enabled.end());
    for (WeightedPlugin& p : out[Score]) {
      const auto first = std::find_if(weights.begin(), weights.end(), [&](const Entry& e) { return e.name == p.name; });
      p.weight = first == weights.end() || first->weight == 0 ? 1 : first->weight;
    }
    check_lists(out);
    return out;
  }

 private:
  /// Entries whose names exist; the others are complained of and left out.
  Set set_at(const Place& place, const Point* point) {
    Set out;
    for (const Place& item : place["enabled"].items()) {
      const Place name = item["name"];
      const std::optional<std::string> text = text_at(name);
      if (!text) {
        if (!name) name.required();
        continue;
      }
      if (find_in_tree(*text) == nullptr) {
        name.invalid(*text == "*" ? "only \"disabled\" may say \"*\"" : no_such_plugin(*text));
        continue;
      }
      const std::int64_t weight = weight_at(item["weight"], item.path());
      if (weight != 0 && !find_in_tree(*text)->at(Score))
        notices_.push_back(fmt::format("{}: {} does not score, its weight has no effect", item.path(), *text));
      if (weight != 0 && point != nullptr && *point != Score && find_in_tree(*text)->at(Score))
        notices_.push_back(fmt::format("{}: a weight has an effect at score and multiPoint only", item.path()));
      out.enabled.push_back({*text, weight, item});
    }
    for (const Place& item : place["disabled"].items()) {
      const Place name = item["name"];
      const std::optional<std::string> text = text_at(name);
      if (!text) {
        if (!name) name.required();
        continue;
      }
      if (*text != "*" && find_in_tree(*text) == nullptr) {
        name.invalid(no_such_plugin(*text));
        continue;
      }
      if (item["weight"])
        notices_.push_back(fmt::format("{}: a weight has no effect where a plugin is disabled", item.path()));
      out.disabled.push_back(*text);
    }
    return out;
  }

  /// 0: not written. Weights of more are no more than a way to overflow: kube-scheduler sums in 64 bits, we in 32.
  std::int64_t weight_at(const Place& place, const std::string& entry) {
    constexpr std::int64_t kMost = 10'000'000;
    const std::int64_t weight = int_at(place).value_or(0);
    if (weight < -kMost || weight > kMost) {
      place.invalid(fmt::format("must be between {} and {} here", -kMost, kMost));
      return 0;
    }
    if (weight < 0)
      notices_.push_back(fmt::format(
          "{}: a negative weight turns the score round: the lowest is preferred, as kube-scheduler has it", entry));
    return weight;
  }

  /// mergePluginSet: what is configured anew stays at its place in the default list, the rest follows it.
  Set merged_multi_point(const Set& custom) {
    Set out;
    out.disabled = custom.disabled;
    std::vector<bool> used(custom.enabled.size(), false);
    if (!custom.disables("*")) {
      for (const InTreePlugin& d : in_tree_plugins()) {
        if (custom.disables(d.name)) continue;
        Entry entry{std::string(d.name), d.weight, plugins_["multiPoint"]};
        // Of entries of the same name the last counts here; the others are found to be registered twice.
        for (std::size_t i = custom.enabled.size(); i-- > 0;) {
          if (custom.enabled[i].name != d.name) continue;
          entry = custom.enabled[i];
          used[i] = true;
          break;
        }
        out.enabled.push_back(std::move(entry));
      }
    }
    for (std::size_t i = 0; i < custom.enabled.size(); ++i) {
      if (used[i]) continue;
      const Entry& e = custom.enabled[i];
      if (has(out.enabled, e.name)) {
        e.place["name"].invalid(fmt::format("plugin \"{}\" already registered at multiPoint", e.name));
        continue;
      }
      out.enabled.push_back(e);
    }
    return out;
  }

  /// Complains of entries that cannot be at this point.
  static void check_set(Point point, const Place& place, const Set& set) {
    std::vector<std::string> seen;
    for (const Entry& e : set.enabled) {
      const Place name = e.place["name"];
      if (!find_in_tree(e.name)->at(point))
        name.invalid(fmt::format("plugin \"{}\" does not extend {} plugin", e.name, point_info(point).type));
      if (std::find(seen.begin(), seen.end(), e.name) != seen.end())
        name.invalid(fmt::format("plugin \"{}\" already registered as \"{}\"", e.name, point_info(point).type));
      seen.push_back(e.name);
    }
    if (point == QueueSort && set.enabled.size() > 1)
      place["enabled"].invalid_value(std::to_string(set.enabled.size()), "only one queue sort plugin can be enabled");
  }

  /// First what the point's own list configures anew, then the rest of multiPoint, then what only the list names.
  static std::vector<std::string> expand(Point point, const Set& set, const std::vector<Entry>& multi) {
    const auto usable = [&](const Entry& e) { return find_in_tree(e.name)->at(point); };
    std::vector<std::string> own;
    for (const Entry& e : set.enabled) {
      if (usable(e) && std::find(own.begin(), own.end(), e.name) == own.end()) own.push_back(e.name);
    }
    if (set.disables("*")) return own;
    const auto overrides = [&](const std::string& name) { return has(multi, name) && !set.disables(name); };
    std::vector<std::string> out;
    for (const std::string& name : own) {
      if (overrides(name)) out.push_back(name);
    }
    for (const Entry& e : multi) {
      if (usable(e) && !set.disables(e.name) && std::find(own.begin(), own.end(), e.name) == own.end())
        out.push_back(e.name);
    }
    for (const std::string& name : own) {
      if (!overrides(name)) out.push_back(name);
    }
    return out;
  }

  void check_lists(const PluginLists& lists) const {
    if (lists[QueueSort].size() != 1) {
      plugins_["queueSort"].required(
          fmt::format("only one queue sort plugin required for profile with scheduler name \"{}\", but got {}",
                      scheduler_, lists[QueueSort].size()));
    }
    if (lists[Bind].empty()) {
      plugins_["bind"].required(
          fmt::format("at least one bind plugin is needed for profile with scheduler name \"{}\"", scheduler_));
    }
    for (const InTreePlugin& p : in_tree_plugins()) {
      const auto needs = [&](bool reads, Point later, Point earlier) {
        if (!reads || !lists.has(later, p.name) || lists.has(earlier, p.name)) return;
        plugins_[point_info(earlier).field].forbidden(
            fmt::format("{0} at {1} reads what it prepares at {2}: without it every pod would end in an error; "
                        "disable {0} at {1}, too",
                        p.name, point_info(later).field, point_info(earlier).field));
      };
      needs(p.reads_pre_filter, Filter, PreFilter);
      needs(p.reads_pre_score, Score, PreScore);
      if (p.name != "VolumeBinding") continue;
      needs(true, Filter, Reserve);
      needs(true, Filter, PreBind);
    }
  }

  Place plugins_;
  std::string_view scheduler_;
  std::vector<std::string>& notices_;
};

}  // namespace

const PointInfo& point_info(Point point) { return kPoints[static_cast<std::size_t>(point)]; }

std::span<const InTreePlugin> in_tree_plugins() { return kInTree; }

const InTreePlugin* find_in_tree(std::string_view name) {
  for (const InTreePlugin& p : kInTree) {
    if (p.name == name) return &p;
  }
  return nullptr;
}

std::string no_such_plugin(std::string_view name) {
  for (const OtherVersion& o : kOtherVersions) {
    if (o.name == name) return std::string(o.what);
  }
  std::vector<std::string_view> names;
  for (const InTreePlugin& p : kInTree) names.push_back(p.name);
  const std::string_view near = base::nearest_word(name, names);
  if (!near.empty()) return fmt::format("plugin does not exist; did you mean \"{}\"?", near);
  std::sort(names.begin(), names.end());
  return fmt::format("plugin does not exist; the in-tree plugins are {}", fmt::join(names, ", "));
}

bool PluginLists::has(Point p, std::string_view name) const {
  const std::vector<WeightedPlugin>& list = (*this)[p];
  return std::any_of(list.begin(), list.end(), [&](const WeightedPlugin& w) { return w.name == name; });
}

PluginLists read_plugins(const Place& plugins, std::string_view scheduler_name, std::vector<std::string>& notices) {
  return PluginReader(plugins, scheduler_name, notices).read();
}

}  // namespace wavetank::schedule
