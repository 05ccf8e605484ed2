// An answer to `why` as people read it, and as programs do.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/project/why.h"

namespace wavetank::project {
namespace {

using model::Doc;

constexpr std::size_t kWidth = 100;
constexpr std::size_t kClock = 16;  // "  00:05:12.345  "

std::string moment_line(const Moment& m, const Style& style, bool strong) {
  if (m.seq == 0) return fmt::format("  {}\n", style.dim("…"));
  const std::string text = wrap(m.text, kClock, kWidth);
  return fmt::format("  {}  {}\n", style.dim(clock_words(m.time)), strong ? style.bold(text) : text);
}

/// A chain begins where one above it ended: what both have in common is told once.
std::string chain_text(const Chain& chain, const std::set<Seq>& told, const Style& style) {
  std::size_t first = 0;
  for (std::size_t i = 0; i + 1 < chain.moments.size(); ++i) {
    if (chain.moments[i].seq != 0 && told.contains(chain.moments[i].seq)) first = i;
  }
  std::string out;
  if (first > 0) out += moment_line({}, style, false);
  for (std::size_t i = first; i < chain.moments.size(); ++i)
    out += moment_line(chain.moments[i], style, i + 1 == chain.moments.size());
  return out;
}

std::string join_names(const std::vector<std::string>& names, std::size_t most) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < most; ++i) out += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > most) out += fmt::format(" and {} more", names.size() - most);
  return out;
}

std::string refusals_text(const Placement& p) {
  std::string out;
  std::size_t wide = 0;
  for (const Placement::Refusal& r : p.refusals) wide = std::max(wide, fmt::format("{}", r.nodes.size()).size());
  for (const Placement::Refusal& r : p.refusals) {
    const std::string head =
        fmt::format("  {:>{}} {:<5}  ", r.nodes.size(), wide, r.nodes.size() == 1 ? "node" : "nodes");
    out += head + wrap(fmt::format("{}: {}", r.reason, join_names(r.nodes, 6)), columns(head), kWidth) + "\n";
  }
  return out;
}

/// The score table: a row a node, a column a plugin, its name over as many lines as it has humps.
std::string score_table(const Placement& p, const Style& style) {
  if (p.best.empty() || p.best.front().scores.empty()) return "";
  std::vector<std::size_t> shown;  // plugins that tell nodes apart, or gave anything at all
  for (std::size_t i = 0; i < p.plugins.size(); ++i) {
    if (std::any_of(p.best.begin(), p.best.end(), [&](const auto& row) { return row.scores[i] != 0; }))
      shown.push_back(i);
  }
  const auto short_name = [](std::string name) {
    for (const auto& [from, to] : {std::pair{"NodeResourcesBalancedAllocation", "Balanced"},
                                   {"NodeResourcesFit", "Fit"},
                                   {"PodTopologySpread", "Spread"},
                                   {"InterPodAffinity", "PodAffinity"},
                                   {"TaintToleration", "Taints"},
                                   {"ImageLocality", "Image"}}) {
      if (name == from) return std::string(to);
    }
    return name;
  };
  std::size_t name_width = 4;
  for (const auto& row : p.best)
    name_width = std::max(name_width, columns(row.node) + (row.zone.empty() ? 0 : row.zone.size() + 3));
  std::string head = fmt::format("  {:<{}}", "node", name_width);
  for (const std::size_t i : shown)
    head +=
        fmt::format("  {:>{}}", short_name(p.plugins[i]), std::max<std::size_t>(5, short_name(p.plugins[i]).size()));
  std::string out = style.dim(head + "  total") + "\n";
  for (const auto& row : p.best) {
    const std::string name = row.zone.empty() ? row.node : fmt::format("{} ({})", row.node, row.zone);
    std::string line = fmt::format("  {:<{}}", name, name_width);
    for (const std::size_t i : shown)
      line += fmt::format("  {:>{}}", row.scores[i], std::max<std::size_t>(5, short_name(p.plugins[i]).size()));
    line += fmt::format("  {:>5}", row.total);
    out += row.chosen ? style.bold(line) + style.green("  ← chosen") + "\n" : line + "\n";
  }
  if (p.feasible > p.best.size())
    out += style.dim(fmt::format("  and {} with no higher total",
                                 count(static_cast<std::int64_t>(p.feasible - p.best.size()), "node"))) +
           "\n";
  return out;
}

std::string placement_text(const Placement& p, const Style& style) {
  std::string out = style.bold(p.pending ? "What the scheduler sees" : "What the scheduler saw") + "\n";
  if (!p.unserved.empty()) {
    const std::string text = fmt::format(
        "No profile of the scheduler is called \"{}\", which is the pod's schedulerName: nothing here schedules it. "
        "There "
        "{} {}.",
        p.unserved, p.schedulers.size() == 1 ? "is" : "are", fmt::join(p.schedulers, ", "));
    return out + fmt::format("  {}\n", wrap(text, 2, kWidth));
  }
  std::string intro = fmt::format("At {}, {} of {} fit.", at_words(p.at), p.feasible,
                                  count(static_cast<std::int64_t>(p.nodes), "node"));
  if (!p.pending && p.feasible == 1) intro += " With only one there is nothing to score.";
  if (p.feasible > 1) {
    intro += " Scores are normalised (0 to 100) and weighted; the highest total wins";
    intro += p.ties > 1 ? fmt::format(", and of {} equal ones {}.", p.ties,
                                      p.ties_by_name ? "the smallest name is taken" : "the seed chooses")
                        : ".";
  }
  out += fmt::format("  {}\n", wrap(intro, 2, kWidth));
  const std::string table = score_table(p, style);
  if (!table.empty()) out += "\n" + table;
  if (!p.refusals.empty()) out += fmt::format("\n{}", refusals_text(p));
  return out;
}

Doc moments_doc(const std::vector<Moment>& moments, std::int64_t* left_out = nullptr) {
  Doc list = Doc::array();
  for (const Moment& m : moments) {
    if (m.seq == 0) {
      if (left_out != nullptr) *left_out = 1;
      continue;
    }
    Doc item = Doc::object();
    item["seq"] = Doc::integer(static_cast<std::int64_t>(m.seq));
    item["time_ns"] = Doc::integer(m.time.ns);
    item["kind"] = Doc::string(m.kind);
    item["text"] = Doc::string(m.text);
    list.items.push_back(std::move(item));
  }
  return list;
}

Doc strings_doc(const std::vector<std::string>& texts) {
  Doc list = Doc::array();
  for (const std::string& t : texts) list.items.push_back(Doc::string(t));
  return list;
}

Doc placement_doc(const Placement& p) {
  Doc out = Doc::object();
  out["at_ns"] = Doc::integer(p.at.ns);
  out["pending"] = Doc::boolean(p.pending);
  if (!p.unserved.empty()) out["unservedSchedulerName"] = Doc::string(p.unserved);
  out["nodes"] = Doc::integer(static_cast<std::int64_t>(p.nodes));
  out["feasible"] = Doc::integer(static_cast<std::int64_t>(p.feasible));
  Doc refusals = Doc::array();
  for (const Placement::Refusal& r : p.refusals) {
    Doc item = Doc::object();
    item["reason"] = Doc::string(r.reason);
    item["plugin"] = Doc::string(r.plugin);
    item["nodes"] = strings_doc(r.nodes);
    refusals.items.push_back(std::move(item));
  }
  out["refusals"] = std::move(refusals);
  Doc scores = Doc::array();
  for (const Placement::Score& s : p.best) {
    Doc item = Doc::object();
    item["node"] = Doc::string(s.node);
    item["total"] = Doc::integer(s.total);
    item["chosen"] = Doc::boolean(s.chosen);
    item["scores"] = Doc::object();
    for (std::size_t i = 0; i < s.scores.size(); ++i) item["scores"][p.plugins[i]] = Doc::integer(s.scores[i]);
    scores.items.push_back(std::move(item));
  }
  out["scores"] = std::move(scores);
  return out;
}

}  // namespace

std::string to_text(const Why& why, const Style& style) {
  std::string out = fmt::format("{} {}\n", style.bold(why.object), style.dim("at " + at_words(why.at)));
  for (const std::string& s : why.now) out += fmt::format("  {}\n", wrap(s, 2, kWidth));
  std::set<Seq> told;
  for (const Chain& chain : why.chains) {
    out += "\n" + style.bold(chain.title) + "\n";
    for (const std::string& s : chain.because) out += fmt::format("  {}\n", wrap(s, 4, kWidth));
    if (!chain.because.empty() && !chain.moments.empty()) out += "\n";
    out += chain_text(chain, told, style);
    for (const Moment& m : chain.moments) told.insert(m.seq);
  }
  if (why.placement) out += "\n" + placement_text(*why.placement, style);
  if (std::all_of(why.lately.begin(), why.lately.end(), [&](const Moment& m) { return told.contains(m.seq); }))
    return out;
  out += "\n" + style.bold("Lately") + "\n";
  for (const Moment& m : why.lately) out += moment_line(m, style, false);
  return out;
}

Doc to_doc(const Why& why) {
  Doc out = Doc::object();
  out["object"] = Doc::string(why.object);
  out["at_ns"] = Doc::integer(why.at.ns);
  out["now"] = strings_doc(why.now);
  Doc chains = Doc::array();
  for (const Chain& c : why.chains) {
    Doc item = Doc::object();
    item["title"] = Doc::string(c.title);
    item["because"] = strings_doc(c.because);
    std::int64_t left_out = 0;
    item["events"] = moments_doc(c.moments, &left_out);
    item["shortened"] = Doc::boolean(left_out != 0);
    chains.items.push_back(std::move(item));
  }
  out["chains"] = std::move(chains);
  if (why.placement) out["placement"] = placement_doc(*why.placement);
  out["lately"] = moments_doc(why.lately);
  return out;
}

}  // namespace wavetank::project
