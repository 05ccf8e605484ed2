// Comparing what the recording saw with what we saw (README §3).
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <tuple>

#include "engine/conformance/trace_player.h"
#include "engine/conformance/trace_text.h"

namespace wavetank::conformance {
namespace {

using base::Duration;
using model::Doc;

bool is_nothing(const Doc& d) {
  return d.is_null() || (d.is_array() && d.items.empty()) || (d.is_object() && d.members.empty()) ||
         (d.type == Doc::Type::Int && d.text == "0");
}
bool is_choice(const Doc& d) { return d.is_object() && d.members.size() == 1 && d.members[0].key == "any_of"; }
std::string text_of(const Doc& d) { return d.is_null() ? "(none)" : model::to_json(d); }

struct Difference {
  std::string path, expected, got;
};

/// {"any_of": […]} accepts any of its values; nothing, null, [] and {} are the same.
void differences(const Doc& golden, const Doc& ours, const std::string& path, std::vector<Difference>& out) {
  if (is_choice(golden)) {
    for (const Doc& choice : golden.members[0].value.items) {
      std::vector<Difference> trial;
      differences(choice, ours, path, trial);
      if (trial.empty()) return;
    }
  } else if (golden.is_object() && ours.is_object()) {
    const Doc nothing;
    for (const Doc::Member& m : golden.members) {
      const Doc* value = ours.find(m.key);
      differences(m.value, value == nullptr ? nothing : *value, path + "/" + m.key, out);
    }
    for (const Doc::Member& m : ours.members) {
      if (golden.find(m.key) == nullptr && !is_nothing(m.value))
        out.push_back({path + "/" + m.key, "(none)", text_of(m.value)});
    }
    return;
  } else if (golden.is_array() && ours.is_array() && golden.items.size() == ours.items.size()) {
    for (std::size_t i = 0; i < golden.items.size(); ++i)
      differences(golden.items[i], ours.items[i], path + "/" + std::to_string(i), out);
    return;
  } else if (golden.same_as(ours) || (is_nothing(golden) && is_nothing(ours))) {
    return;
  }
  out.push_back({path, text_of(golden), text_of(ours)});
}

Doc number(const std::optional<std::int64_t>& n) { return n ? Doc::integer(*n) : Doc(); }
Doc part_of(const Doc& doc, std::string_view key) {
  const Doc* d = doc.is_object() ? doc.find(key) : nullptr;
  return d == nullptr ? Doc() : *d;
}

/// Whether any step of the recording has this key in that part.
bool recorded_anywhere(const Doc& trace, const char* part, std::string_view key) {
  for (const Doc& step : trace.find("steps")->items) {
    const Doc* p = step.find(part);
    if (p != nullptr && p->is_object() && p->find(key) != nullptr) return true;
  }
  return false;
}

Doc sorted(Doc list) {
  std::stable_sort(list.items.begin(), list.items.end(), [](const Doc& a, const Doc& b) {
    return model::to_canonical_json(a) < model::to_canonical_json(b);
  });
  return list;
}

}  // namespace

ChangeContext TracePlayer::context(std::string_view key) const { return {key, step_, view(), kTraceNamespace}; }

void TracePlayer::differ(const std::string& key, std::string expected, std::string got) {
  out_.differences.push_back({case_.name, step_name_, key, std::move(expected), std::move(got)});
}

void TracePlayer::compare(std::string_view key, Doc golden, Doc ours) {
  ++out_.compared;
  changes_.adapt(context(key), golden, ours, step_name_);
  std::vector<Difference> found;
  differences(golden, ours, std::string(key), found);
  for (Difference& d : found) differ(d.path, std::move(d.expected), std::move(d.got));
}

// ---- Steps
// -------------------------------------------------------------------------------------------------------------------

void TracePlayer::compare_step(const Doc& step) {
  const std::size_t before = out_.differences.size();
  const Doc then = part_of(step, "then");
  compare_scales(then);
  compare_pods(then);
  compare_objects(then);
  compare_state(step);
  compare_observations(step);
  ++out_.parts;
  out_.parts_matched += out_.differences.size() == before ? 1 : 0;
}

void TracePlayer::compare_scales(const Doc& then) {
  if (then.is_object() && then.find("scale_net") != nullptr) {
    std::map<std::string, std::pair<std::optional<std::int64_t>, std::optional<std::int64_t>>> net;
    for (const Watcher::Scale& s : watcher_.scales) net.try_emplace(s.set, s.from, s.to).first->second.second = s.to;
    Doc ours = Doc::object();
    for (const auto& [set, change] : net) {
      if (change.first == change.second) continue;
      ours[set] = Doc::array();
      ours[set].items = {number(change.first), number(change.second)};
    }
    return compare("then/scale_net", *then.find("scale_net"), ours);
  }
  Doc ours = Doc::array();
  for (const Watcher::Scale& s : watcher_.scales) {
    Doc item = Doc::array();
    item.items = {Doc::string(s.set), number(s.from), number(s.to)};
    ours.items.push_back(std::move(item));
  }
  compare("then/scale", part_of(then, "scale"), ours);
}

void TracePlayer::compare_pods(const Doc& then) {
  Doc counts = Doc::object();
  for (const auto& [owner, kinds] : watcher_.pods) {
    for (const auto& [what, n] : kinds) counts[owner][what] = Doc::integer(n);
  }
  compare("then/pods", part_of(then, "pods"), counts);
  if (!recorded_anywhere(doc_, "then", "pod_order")) return;
  // Neighbouring "gone" entries are sorted: their order means nothing.
  auto order = watcher_.pod_order;
  for (std::size_t i = 0; i < order.size();) {
    std::size_t end = i;
    while (end < order.size() && order[end].what == "gone" && order[i].what == "gone") ++end;
    std::sort(order.begin() + static_cast<std::ptrdiff_t>(i), order.begin() + static_cast<std::ptrdiff_t>(end),
              [](const auto& a, const auto& b) { return a.pod < b.pod; });
    i = std::max(end, i + 1);
  }
  Doc ours = Doc::array();
  for (const Watcher::PodNote& n : order) {
    Doc item = Doc::array();
    item.items = {Doc::string(n.what), Doc::string(n.pod)};
    ours.items.push_back(std::move(item));
  }
  compare("then/pod_order", part_of(then, "pod_order"), ours);
}

/// The kinds that recordings watch: these, and whatever else one of its lists names.
void TracePlayer::compare_objects(const Doc& then) {
  std::set<std::string> kinds{"CronJob", "DaemonSet",           "Deployment", "Endpoints",
                              "Job",     "PodDisruptionBudget", "StatefulSet"};
  for (const Doc& step : doc_.find("steps")->items) {
    const Doc* objects = step.at({"then", "objects"});
    if (objects == nullptr || !objects->is_array()) continue;
    for (const Doc& o : objects->items) {
      if (o.is_array() && o.items.size() == 2) kinds.insert(o.items[1].text.substr(0, o.items[1].text.find('/')));
    }
  }
  Doc ours = Doc::array();
  for (const auto& [what, object] : watcher_.objects) {
    std::string shown = object;
    // Endpoints come and go with the Service that has a selector.
    if (object.rfind("Service/", 0) == 0) {
      const std::string name = object.substr(8);
      bool selects = false;
      for (const state::ServiceRow& s : view()->services)
        selects = selects || (view().text(s.header.name) == name && !s.spec.selector.empty());
      if (!selects) continue;
      shown = "Endpoints/" + name;
    }
    if (!kinds.contains(shown.substr(0, shown.find('/')))) continue;
    Doc item = Doc::array();
    item.items = {Doc::string(what), Doc::string(shown)};
    ours.items.push_back(std::move(item));
  }
  const Doc golden = part_of(then, "objects");
  compare("then/objects", golden.is_array() ? sorted(golden) : golden, sorted(ours));
}

void TracePlayer::compare_state(const Doc& step) {
  std::set<std::string> keys;
  for (const Doc& s : doc_.find("steps")->items) {
    const Doc* state = s.find("state");
    if (state == nullptr || !state->is_object()) continue;
    for (const Doc::Member& m : state->members) {
      keys.insert(m.key);
      if (m.key != "pod_list" || !m.value.is_array()) continue;
      for (const Doc& row : m.value.items) trailing_column_ = trailing_column_ || row.items.size() > 2;
    }
  }
  const Doc state = part_of(step, "state");
  for (const std::string& key : keys) {
    const std::string path = "state/" + key;
    const auto ours = state_part(key);
    const Doc golden = part_of(state, key);
    if (ours) {
      compare(path, golden, *ours);
    } else if (!golden.is_null()) {
      differ(path, text_of(golden), "a part of the state that is not known here");
    }
  }
}

void TracePlayer::compare_observations(const Doc& step) {
  static constexpr const char* kParts[] = {"at_s", "do", "i", "state", "then", "took_s"};
  for (const Doc::Member& m : step.members) {
    if (std::find(std::begin(kParts), std::end(kParts), m.key) != std::end(kParts)) continue;
    if (m.key.rfind("timeline_from", 0) == 0) {
      compare_timeline(m.value, taint_at_.value_or(zero_), m.key);
    } else if (m.key.rfind("replacement_after", 0) == 0) {
      // From the failure to the pod made for it.
      const auto want = seconds_of(m.value);
      std::optional<Duration> took;
      for (const Watcher::Line& l : watcher_.lines) {
        if (l.what == "created" && l.at >= failed_at_ && !took) took = l.at - failed_at_;
      }
      ++out_.compared;
      if (!want || !took || std::abs((*took - *want).ns) > base::seconds(1).ns)
        differ(m.key, text_of(m.value) + " s", took ? base::format_duration(*took) : "none was made");
    } else if (const auto ours = observation(m.key, m.value)) {
      compare(m.key, m.value, *ours);
    } else {
      differ(m.key, text_of(m.value), "an observation that is not known here");
    }
  }
  const Doc* took = step.find("took_s");
  const std::string_view op = step.find("do")->string_or("op");
  if (!timed() || took == nullptr || op.rfind("wait-for", 0) != 0) return;
  ++out_.compared;
  const Duration ours = now_ - step_began_;
  if (const auto want = seconds_of(*took); want && std::abs((ours - *want).ns) > base::milliseconds(1500).ns)
    differ("took_s", text_of(*took), base::format_duration(ours));
}

// ---- Events
// ------------------------------------------------------------------------------------------------------------------

void TracePlayer::compare_totals() {
  const Doc* golden = doc_.find("events_total");
  if (golden == nullptr || !golden->is_array()) return;
  step_ = nullptr;
  step_name_ = "events_total";
  using Key = std::tuple<std::string, std::string, std::string, std::string>;
  std::map<Key, std::int64_t> ours;
  for (const Watcher::KubeEvent& e : watcher_.kube_events) {
    // No node agent was recorded, and of events of nodes none: they are not of the namespace.
    if (e.from.rfind("kubelet", 0) == 0 || e.object.rfind("Node/", 0) == 0) continue;
    const std::string message = changes_.message(e.object, e.reason, e.message, "events_total");
    if (!changes_.only_now(e.reason, message, "events_total")) ++ours[{e.object, e.type, e.reason, message}];
  }
  // Events that were not in every recorded run are in steps only.
  std::set<Key> sometimes;
  for (const Doc& step : doc_.find("steps")->items) {
    const Doc* events = step.at({"then", "events"});
    if (events == nullptr) continue;
    for (const Doc& e : events->items)
      sometimes.insert({std::string(e.string_or("obj")), std::string(e.string_or("type")),
                        std::string(e.string_or("reason")), std::string(e.string_or("message"))});
  }
  const std::size_t before = out_.differences.size();
  for (const Doc& g : golden->items) {
    if (!g.is_array() || g.items.size() < 5) continue;
    const Key key{g.items[0].text, g.items[1].text, g.items[2].text, g.items[3].text};
    if (changes_.only_then(g.items[2].text, g.items[3].text, "events_total")) continue;
    const Doc& n = g.items[4];
    const std::int64_t least = n.is_array() && n.items.size() == 2 ? int_of(&n.items[0]) : int_of(&n);
    const std::int64_t most = n.is_array() && n.items.size() == 2 ? int_of(&n.items[1]) : int_of(&n);
    const auto at = ours.find(key);
    const std::int64_t count = at == ours.end() ? 0 : at->second;
    ++out_.compared;
    const bool more = count > most && !changes_.more_often(g.items[2].text, "events_total");
    if (count < least || more)
      differ(fmt::format("{} {}: {}", g.items[0].text, g.items[2].text, g.items[3].text), text_of(n),
             std::to_string(count));
    if (at != ours.end()) ours.erase(at);
  }
  if (repeatable_ != "state") {
    for (const auto& [key, n] : ours) {
      if (!sometimes.contains(key))
        differ(fmt::format("{} {}: {}", std::get<0>(key), std::get<2>(key), std::get<3>(key)), "(none)",
               std::to_string(n));
    }
  }
  ++out_.parts;
  out_.parts_matched += out_.differences.size() == before ? 1 : 0;
}

// ---- Timelines
// ---------------------------------------------------------------------------------------------------------------

namespace {

struct TimelineLine {
  Duration at;
  std::string object, what, detail;
  bool met = false;
};

/// Conditions of one node that changed in one moment are one line, sorted by type.
std::vector<Watcher::Line> gathered(const std::vector<Watcher::Line>& lines) {
  std::vector<Watcher::Line> out;
  for (const Watcher::Line& l : lines) {
    if (l.what != "condition") {
      out.push_back(l);
      continue;
    }
    const auto same = std::find_if(out.begin(), out.end(), [&](const Watcher::Line& x) {
      return x.what == "conditions" && x.object == l.object && x.at == l.at;
    });
    if (same == out.end()) {
      out.push_back({l.at, l.object, "conditions", Doc::array()});
      out.back().detail.items.push_back(l.detail);
    } else {
      same->detail.items.push_back(l.detail);
    }
  }
  for (Watcher::Line& l : out) {
    if (l.what == "conditions" && l.object.rfind("Node/", 0) == 0) l.detail = sorted(std::move(l.detail));
  }
  return out;
}

}  // namespace

void TracePlayer::compare_timeline(const Doc& lines, base::SimTime zero, const std::string& key) {
  if (!lines.is_array()) return complain(lines, fmt::format("{}: a list is expected", key));
  const std::size_t before = out_.differences.size();
  std::vector<TimelineLine> golden, ours;
  std::set<std::string> kinds;  // what this timeline tells of
  Duration last{};
  for (const Doc& l : lines.items) {
    const auto at = l.is_array() && l.items.size() >= 3 ? seconds_of(l.items[0]) : std::nullopt;
    if (!at) return complain(l, "a line is [seconds, object, what, detail]");
    golden.push_back(
        {*at, l.items[1].text, l.items[2].text, l.items.size() > 3 ? model::to_canonical_json(l.items[3]) : "null"});
    kinds.insert(l.items[2].text);
    last = std::max(last, *at);
  }
  // A monitor period of 5 s beside the second that real clocks may be off (README §3).
  const Duration slack = doc_.string_or("area") == "node" ? base::seconds(6) : base::seconds(1);
  for (Watcher::Line& l : gathered(watcher_.lines)) {
    if (l.at < zero || !kinds.contains(l.what)) continue;
    if (l.what == "event") {
      if (l.detail.items[3].text.rfind("kubelet", 0) == 0) continue;
      l.detail.items[3] = Doc::string(changes_.component(l.detail.items[3].text, key));
      l.detail.items[2] = Doc::string(changes_.message(l.object, l.detail.items[1].text, l.detail.items[2].text, key));
    }
    ours.push_back({l.at - zero, l.object, l.what, model::to_canonical_json(l.detail)});
  }
  std::optional<TimelineLine> previous;
  std::optional<Duration> previous_ours;
  for (const TimelineLine& g : golden) {
    ++out_.compared;
    TimelineLine* best = nullptr;
    for (TimelineLine& o : ours) {
      if (o.met || o.object != g.object || o.what != g.what || o.detail != g.detail) continue;
      if (best == nullptr || std::abs((o.at - g.at).ns) < std::abs((best->at - g.at).ns)) best = &o;
    }
    const std::string where = fmt::format("{}/{} {}", key, g.object, g.what);
    if (best == nullptr || std::abs((best->at - g.at).ns) > slack.ns) {
      differ(where, fmt::format("{} at {}", g.detail, base::format_duration(g.at)),
             best == nullptr ? "(none)" : "at " + base::format_duration(best->at));
      continue;
    }
    best->met = true;
    // Lines more than half a second apart keep their order.
    if (previous && (g.at - previous->at).ns > 500'000'000 && best->at < *previous_ours)
      differ(where, fmt::format("after {} {}", previous->object, previous->what), "before it");
    previous = g;
    previous_ours = best->at;
  }
  for (const TimelineLine& o : ours) {
    if (!o.met && o.at <= last + slack) {
      differ(fmt::format("{}/{} {}", key, o.object, o.what), "(none)",
             fmt::format("{} at {}", o.detail, base::format_duration(o.at)));
    }
  }
  ++out_.parts;
  out_.parts_matched += out_.differences.size() == before ? 1 : 0;
}

}  // namespace wavetank::conformance
