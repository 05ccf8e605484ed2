#include "engine/schedule/config.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/model/schema.h"
#include "engine/schedule/config_reader.h"
#include "engine/schedule/plugins/registry.h"

namespace wavetank::schedule {
namespace {

using model::Doc;

constexpr std::string_view kGroup = "kubescheduler.config.k8s.io/";
constexpr std::string_view kVersion = "kubescheduler.config.k8s.io/v1";
constexpr std::string_view kKind = "KubeSchedulerConfiguration";

/// The lists of a profile, as far as this scheduler runs the plugins. The others have nothing to do without objects
/// that this cluster does not have; DynamicResources is kept at PostFilter for its part of the message.
void fill(const PluginLists& lists, Profile& out) {
  const auto names = [&](Point point, std::uint16_t bit) {
    std::vector<std::string> list;
    for (const WeightedPlugin& p : lists[point]) {
      const PluginEntry* entry = find_plugin(p.name);
      if (entry != nullptr && (entry->points & bit) != 0) list.push_back(p.name);
    }
    return list;
  };
  out.pre_enqueue = names(Point::PreEnqueue, kPreEnqueue);
  out.pre_filter = names(Point::PreFilter, kPreFilter);
  out.filter = names(Point::Filter, kFilter);
  out.post_filter = names(Point::PostFilter, kPostFilter);
  out.score.clear();
  for (const WeightedPlugin& p : lists[Point::Score]) {
    const PluginEntry* entry = find_plugin(p.name);
    if (entry != nullptr && (entry->points & kScore) != 0) out.score.push_back(p);
  }
}

class ConfigReader {
 public:
  ConfigReader(const Doc& doc, std::string_view file) : file_(file), root_(doc, file, errors_) {}

  base::Result<SchedulerConfig> read() {
    const Doc* doc = root_.doc();
    if (doc == nullptr || !doc->is_object()) {
      root_.renamed("(root)").invalid("must be a map with apiVersion and kind");
      return base::failure(errors_);
    }
    if (!read_type()) return base::failure(errors_);
    model::check_structure(*doc, kKind, "", file_, errors_);
    read_globals();
    read_profiles();
    if (!root_["extenders"].items().empty()) {
      root_["extenders"].forbidden(
          "scheduler extenders are programs that kube-scheduler asks over HTTP: they cannot be asked here");
    }
    if (!errors_.empty()) {
      std::stable_sort(errors_.begin(), errors_.end(), [](const base::Diagnostic& a, const base::Diagnostic& b) {
        return std::pair(a.position.line, a.position.column) < std::pair(b.position.line, b.position.column);
      });
      return base::failure(errors_);
    }
    return std::move(out_);
  }

 private:
  bool read_type() {
    const Place version = root_["apiVersion"];
    const Place kind = root_["kind"];
    if (text_at(kind).value_or("") != kKind) {
      if (!kind) {
        kind.required(fmt::format("a scheduler configuration is of kind {}", kKind));
      } else {
        kind.unsupported({kKind});
      }
    }
    if (!version) {
      version.required(fmt::format("the version read is {}", kVersion));
    } else if (version.text() != kVersion) {
      version.unsupported({kVersion});
      if (version.text().starts_with(kGroup))
        errors_.back().message += "; kube-scheduler 1.34 reads no other version: v1 has been there since 1.25";
    }
    return errors_.empty();
  }

  void percentage(const Place& place, std::optional<std::int32_t>& out) {
    const auto value = int_at(place);
    if (!value) return;
    if (*value < 0 || *value > 100) place.invalid("not in valid range [0-100]");
    out = static_cast<std::int32_t>(std::clamp<std::int64_t>(*value, 0, 100));
  }

  void read_globals() {
    if (const auto value = int_at(root_["parallelism"]); value && *value <= 0)
      root_["parallelism"].invalid("should be an integer value greater than zero");
    std::optional<std::int32_t> share;
    percentage(root_["percentageOfNodesToScore"], share);
    out_.percentage_of_nodes_to_score = share.value_or(0);
    read_backoff();
    if (const Place burst = root_["clientConnection"]["burst"]; int_at(burst).value_or(0) < 0)
      burst.invalid("must be non-negative");
    read_leader_election(root_["leaderElection"]);
  }

  void read_backoff() {
    constexpr std::int64_t kMost = 1'000'000'000;  // in nanoseconds still an int64
    const Place first = root_["podInitialBackoffSeconds"];
    const Place last = root_["podMaxBackoffSeconds"];
    const std::int64_t initial = int_at(first).value_or(1);
    const std::int64_t most = int_at(last).value_or(10);
    if (initial <= 0) first.invalid("must be greater than 0");
    if (most < initial) {
      last.invalid_value(std::to_string(most), "must be greater than or equal to PodInitialBackoffSeconds");
    }
    for (const Place& place : {first, last}) {
      if (int_at(place).value_or(0) > kMost) place.invalid(fmt::format("must be at most {} here", kMost));
    }
    out_.pod_initial_backoff = base::seconds(std::clamp<std::int64_t>(initial, 1, kMost));
    out_.pod_max_backoff = base::seconds(std::clamp<std::int64_t>(most, 1, kMost));
  }

  std::optional<base::Duration> span(const Place& place, base::Duration fallback) {
    if (!place) return fallback;
    if (!text_at(place)) return std::nullopt;
    const auto value = base::parse_duration(place.text());
    if (value) return *value;
    place.invalid(value.error().front().message);
    return std::nullopt;
  }

  void read_leader_election(const Place& election) {
    const auto lease = span(election["leaseDuration"], base::seconds(15));
    const auto renew = span(election["renewDeadline"], base::seconds(10));
    const auto retry = span(election["retryPeriod"], base::seconds(2));
    if (const Doc* on = election.doc() == nullptr ? nullptr : election.doc()->find("leaderElect");
        on != nullptr && on->text == "false")
      return;
    const auto positive = [&](std::string_view field, const std::optional<base::Duration>& value) {
      if (value && value->ns <= 0) election[field].invalid("must be greater than zero");
    };
    positive("leaseDuration", lease);
    positive("renewDeadline", renew);
    positive("retryPeriod", retry);
    if (lease && renew && *lease <= *renew)
      election["leaseDuration"].invalid_value(fmt::format("\"{}\"", base::format_duration(*renew)),
                                              "must be greater than `RenewDeadline`");
    if (const Place lock = election["resourceLock"];
        text_at(lock).value_or("leases") != "leases" && !lock.text().empty())
      lock.invalid("resourceLock value must be \"leases\"");
  }

  void read_profiles() {
    const std::vector<Place> profiles = root_["profiles"].items();
    if (profiles.empty()) {
      // The schema has complained of what is no list.
      out_.profiles.push_back(read_profile(Place(nothing_, file_, errors_).renamed("profiles[0]"), true));
      return;
    }
    for (const Place& place : profiles) {
      Profile profile = read_profile(place, profiles.size() == 1);
      const bool taken = std::any_of(out_.profiles.begin(), out_.profiles.end(), [&](const Profile& other) {
        return other.scheduler_name == profile.scheduler_name;
      });
      if (taken && !profile.scheduler_name.empty()) place["schedulerName"].duplicate();
      const Place sort = place["plugins"]["queueSort"];
      if (place.path() != profiles.front().path() && !same(sort, profiles.front()["plugins"]["queueSort"]))
        sort.invalid_value(sort ? model::shown(*sort.doc()) : "{}", "must be the same for all profiles");
      out_.profiles.push_back(std::move(profile));
    }
  }

  static bool same(const Place& a, const Place& b) {
    static const Doc kEmpty = Doc::object();
    return (a ? *a.doc() : kEmpty).same_as(b ? *b.doc() : kEmpty);
  }

  Profile read_profile(const Place& place, bool only) {
    Profile out;
    const Place name = place["schedulerName"];
    out.scheduler_name = text_at(name).value_or(only && !name ? "default-scheduler" : "");
    if (out.scheduler_name.empty() && (!name || text_at(name))) name.required();
    percentage(place["percentageOfNodesToScore"], out.percentage_of_nodes_to_score);
    fill(read_plugins(place["plugins"], out.scheduler_name, out_.notices), out);
    std::vector<std::string> seen;
    for (const Place& config : place["pluginConfig"].items()) {
      const Place plugin = config["name"];
      const auto text = text_at(plugin);
      if (!text) {
        if (!plugin) plugin.required();
        continue;
      }
      const InTreePlugin* known = find_in_tree(*text);
      if (known == nullptr) {
        plugin.invalid(no_such_plugin(*text));
        continue;
      }
      if (std::find(seen.begin(), seen.end(), *text) != seen.end()) {
        config.duplicate_value(fmt::format("\"{}\"", *text));
        continue;
      }
      seen.push_back(*text);
      read_plugin_args(*known, config["args"], file_, errors_, out);
    }
    return out;
  }

  std::string_view file_;
  base::Diagnostics errors_;
  Doc nothing_;
  Place root_;
  SchedulerConfig out_;
};

}  // namespace

std::optional<std::int64_t> int_at(const Place& place) {
  if (!place || place.doc()->type != Doc::Type::Int) return std::nullopt;
  return place.number();
}

std::optional<std::string> text_at(const Place& place) {
  if (!place || !place.doc()->is_string()) return std::nullopt;
  return place.text();
}

void SchedulerConfig::apply_to(Settings& settings) const {
  settings.percentage_of_nodes_to_score = percentage_of_nodes_to_score;
  settings.pod_initial_backoff = pod_initial_backoff;
  settings.pod_max_backoff = pod_max_backoff;
  settings.profiles = profiles;
}

base::Result<SchedulerConfig> read_scheduler_config(const Doc& doc, std::string_view file) {
  return ConfigReader(doc, file).read();
}

base::Result<SchedulerConfig> parse_scheduler_config(std::string_view text, std::string_view file) {
  base::Result<std::vector<Doc>> docs = model::parse_any(text, file);
  if (!docs) return base::failure(docs.error());
  if (docs->empty())
    return base::failure(
        base::Diagnostic{std::string(file), {}, fmt::format("the file is empty; \"kind: {}\" was expected", kKind)});
  if (docs->size() > 1)
    return base::failure(base::Diagnostic{std::string(file), (*docs)[1].position,
                                          "a second document; a scheduler configuration is one"});
  return read_scheduler_config(docs->front(), file);
}

}  // namespace wavetank::schedule
