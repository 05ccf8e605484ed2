#include "engine/project/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace wavetank::project {
namespace {

using model::Doc;
using schedule::Explanation;
using schedule::NodeVerdict;

constexpr std::size_t kWidth = 100;
constexpr std::size_t kBest = 15;   // rows shown of many nodes …
constexpr std::size_t kWorst = 5;   // … and from the other end
constexpr std::size_t kNames = 10;  // names in a group of refusals

std::string joined(const std::vector<std::string>& words, std::string_view between = ", ") {
  return fmt::format("{}", fmt::join(words, between));
}

std::string some(const std::vector<std::string>& names, bool all) {
  const std::size_t shown = all ? names.size() : std::min(names.size(), kNames);
  std::string out = joined({names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown)});
  if (shown < names.size()) out += fmt::format(" and {} more", names.size() - shown);
  return out;
}

const char* code_of(bool unresolvable) { return unresolvable ? "UnschedulableAndUnresolvable" : "Unschedulable"; }

/// Cells of text under heads, numbers to the right.
class Table {
 public:
  explicit Table(std::vector<std::string> head) : rows_{std::move(head)} {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::size_t> wide(rows_.front().size(), 0);
    for (const auto& row : rows_) {
      for (std::size_t i = 0; i < row.size(); ++i) wide[i] = std::max(wide[i], columns(row[i]));
    }
    std::vector<std::string> out;
    for (const auto& row : rows_) {
      std::string line = " ";
      for (std::size_t i = 0; i < row.size(); ++i) {
        const std::string pad(wide[i] - columns(row[i]), ' ');
        line += " " + (i == 0 ? row[i] + pad : " " + pad + row[i]);
      }
      out.push_back(std::move(line));
    }
    return out;
  }

 private:
  std::vector<std::vector<std::string>> rows_;
};

std::vector<const NodeVerdict*> by_total(const Explanation& e) {
  std::vector<const NodeVerdict*> out;
  for (const NodeVerdict& v : e.nodes) {
    if (v.feasible) out.push_back(&v);
  }
  std::stable_sort(out.begin(), out.end(), [](const auto* a, const auto* b) { return a->total > b->total; });
  return out;
}

bool is_best(const Explanation& e, const NodeVerdict& v) {
  return std::find(e.best.begin(), e.best.end(), v.node) != e.best.end();
}

std::string scores_text(const ExplainedAttempt& attempt, const ExplainText& options, const Style& style) {
  const Explanation& e = attempt.explanation;
  const std::vector<const NodeVerdict*> fits = by_total(e);
  if (fits.empty()) return "";
  if (fits.size() == 1)
    return fmt::format("\n  {} alone fits: there is nothing to score.\n", style.bold(fits[0]->name));
  std::vector<std::string> head{"NODE", "TOTAL"};
  for (std::size_t p = 0; p < e.score_plugins.size(); ++p)
    head.push_back(e.weights[p] == 1 ? e.score_plugins[p] : fmt::format("{}×{}", e.weights[p], e.score_plugins[p]));
  Table table(std::move(head));
  std::vector<const NodeVerdict*> shown;
  std::size_t left_out = 0;
  std::size_t gap = fits.size();
  for (std::size_t i = 0; i < fits.size(); ++i) {
    const bool few = options.all || fits.size() <= kBest + kWorst + 1;
    if (few || i < kBest || i + kWorst >= fits.size() || fits[i]->name == attempt.chosen) {
      shown.push_back(fits[i]);
      continue;
    }
    if (left_out++ == 0) gap = shown.size();
  }
  for (const NodeVerdict* v : shown) {
    std::vector<std::string> row{v->zone.empty() ? v->name : fmt::format("{} ({})", v->name, v->zone),
                                 fmt::format("{}", v->total)};
    for (std::size_t p = 0; p < v->normalized.size(); ++p) {
      const std::int64_t weighted = v->normalized[p] * e.weights[p];
      row.push_back(options.wide ? fmt::format("{} → {} → {}", v->raw[p], v->normalized[p], weighted)
                                 : fmt::format("{}", weighted));
    }
    table.add(std::move(row));
  }
  const std::vector<std::string> lines = table.lines();
  std::string out = "\n" + style.dim(lines[0]) + "\n";
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (i == gap && left_out > 0)
      out += style.dim(fmt::format("  … {} in between (--all shows them)",
                                   count(static_cast<std::int64_t>(left_out), "node"))) +
             "\n";
    const bool chosen = shown[i]->name == attempt.chosen;
    const bool best = is_best(e, *shown[i]);
    out += best ? style.bold(lines[i + 1]) : lines[i + 1];
    if (chosen) out += style.green("  ← chosen");
    if (best && !chosen && attempt.chosen.empty()) out += style.green("  ← best");
    out += "\n";
  }
  if (!e.skipped.empty()) out += style.dim("  " + wrap("Nothing to say: " + joined(e.skipped) + ".", 2, kWidth)) + "\n";
  if (options.wide) out += style.dim("  raw → normalised (0 to 100) → weighted\n");
  return out;
}

/// Refusals in groups of equal words, most nodes first.
std::string refusals_text(const Explanation& e, const ExplainText& options, const Style& style) {
  struct Group {
    std::string plugin, code, reasons;
    std::vector<std::string> nodes;
  };
  std::vector<Group> groups;
  for (const NodeVerdict& v : e.nodes) {
    if (v.feasible) continue;
    Group g{v.plugin.empty() ? "-" : v.plugin, code_of(v.unresolvable), joined(v.reasons), {}};
    auto at = std::find_if(groups.begin(), groups.end(), [&](const Group& other) {
      return other.plugin == g.plugin && other.code == g.code && other.reasons == g.reasons;
    });
    if (at == groups.end()) at = groups.insert(groups.end(), std::move(g));
    at->nodes.push_back(v.name);
  }
  std::stable_sort(groups.begin(), groups.end(),
                   [](const Group& a, const Group& b) { return a.nodes.size() > b.nodes.size(); });
  std::string out = groups.empty() ? "" : "\n";
  for (const Group& g : groups) {
    const std::string head = count(static_cast<std::int64_t>(g.nodes.size()), "node");
    out += fmt::format("  {}: {}\n", style.bold(head),
                       wrap(fmt::format("{} ({}, {})", g.reasons, g.plugin, g.code), 4, kWidth - head.size() - 4));
    out += style.dim("    " + wrap(some(g.nodes, options.all), 4, kWidth)) + "\n";
  }
  return out;
}

std::string preemption_text(const schedule::PreemptionStory& p, bool nominated, const ExplainText& options,
                            const Style& style) {
  std::string out = "\n" + style.bold("Preemption") + "\n";
  if (!p.message.empty()) out += "  " + wrap(p.code + ": " + p.message, 2, kWidth) + "\n";
  const std::size_t shown = options.all ? p.candidates.size() : std::min(p.candidates.size(), kBest);
  std::vector<const schedule::PreemptionStory::Option*> sorted;
  for (const auto& c : p.candidates) sorted.push_back(&c);
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->best && !b->best; });
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& c = *sorted[i];
    std::string line = fmt::format("{} would lose {}", c.name, some(c.victims, options.all));
    if (c.pdb_violations > 0)
      line += fmt::format(" (against {})", count(static_cast<std::int64_t>(c.pdb_violations), "disruption budget"));
    out += "  " + wrap(line, 4, kWidth) + (c.best ? style.green("  ← best") : "") + "\n";
  }
  if (shown < p.candidates.size())
    out += style.dim(
        fmt::format("  and {} (--all shows them)\n",
                    count(static_cast<std::int64_t>(p.candidates.size() - shown), "more node", "more nodes")));
  std::map<std::string, std::vector<std::string>> refused;
  for (const auto& r : p.rejected) refused[joined(r.reasons)].push_back(r.name);
  for (const auto& [why, nodes] : refused)
    out += "  " + wrap(fmt::format("not on {}: {}", some(nodes, options.all), why), 4, kWidth) + "\n";
  if (p.clears_nomination && nominated) out += "  The pod's own nomination is dropped.\n";
  return out;
}

std::string head_text(const ExplainedAttempt& attempt, const Style& style) {
  const Explanation& e = attempt.explanation;
  const auto fit = static_cast<std::int64_t>(
      std::count_if(e.nodes.begin(), e.nodes.end(), [](const NodeVerdict& v) { return v.feasible; }));
  std::string out = style.bold("pod " + e.pod);
  if (attempt.at) out += fmt::format(" at {}", at_words(*attempt.at));
  if (!attempt.chosen.empty())
    out += fmt::format("{} {}", attempt.at ? ", bound to" : "; the real scheduler chose", attempt.chosen);
  out += "\n";
  if (!attempt.named_node.empty())
    out += fmt::format("  Its manifest names node {}: no scheduler was asked. One would have seen this:\n",
                       attempt.named_node);
  const bool later = attempt.bound_at && attempt.at && *attempt.at > *attempt.bound_at;
  if (later)
    out += fmt::format("  It was bound at {}; this is what a scheduler would see now, were it still to be placed:\n",
                       at_words(*attempt.bound_at));
  if (!e.unserved.empty())
    return out + fmt::format("  No scheduler here is called \"{}\": the pod waits.\n", e.unserved);
  if (!e.gate.empty()) return out + fmt::format("  Not queued: {}.\n", e.gate);
  out += fmt::format("  {} of {} fit.", fit, count(static_cast<std::int64_t>(e.nodes.size()), "node"));
  if (e.nominated_node_used) {
    out += fmt::format(" Its nominated node {} fits: no other was looked at.", e.nominated_node);
  } else if (!e.nominated_node.empty()) {
    out += fmt::format(" Room was being made for it on {}.", e.nominated_node);
  }
  if (!e.narrowed_by.empty())
    out += fmt::format(" {} named {}: the others were not looked at.", joined(e.narrowed_by, " and "),
                       count(static_cast<std::int64_t>(e.narrowed_to.size()), "node"));
  out += "\n";
  if (e.pre_filter_code != "Success" && !e.pre_filter_code.empty())
    out += fmt::format("  PreFilter of {} ended it: {}\n",
                       e.pre_filter_plugin.empty() ? "several plugins" : e.pre_filter_plugin, e.pre_filter_message);
  if (e.best.size() > 1)
    out += fmt::format("  {} have the highest total.\n", count(static_cast<std::int64_t>(e.best.size()), "node"));
  const auto was =
      std::find_if(e.nodes.begin(), e.nodes.end(), [&](const NodeVerdict& v) { return v.name == attempt.chosen; });
  if (attempt.at && !later && was != e.nodes.end() && !is_best(e, *was))
    out += "  " +
           wrap(fmt::format("{} is not the best of the nodes as they were when the binding was written: the scheduler "
                            "decides a moment earlier, over a sample of many nodes, and its view lags behind.",
                            attempt.chosen),
                2, kWidth) +
           "\n";
  if (!e.message.empty()) out += "\n  " + wrap(e.message, 2, kWidth) + "\n";
  return out;
}

Doc strings_doc(const std::vector<std::string>& texts) {
  Doc list = Doc::array();
  for (const std::string& t : texts) list.items.push_back(Doc::string(t));
  return list;
}

Doc node_doc(const Explanation& e, const NodeVerdict& v) {
  Doc out = Doc::object();
  out["name"] = Doc::string(v.name);
  if (!v.zone.empty()) out["zone"] = Doc::string(v.zone);
  out["feasible"] = Doc::boolean(v.feasible);
  out["evaluated"] = Doc::boolean(v.evaluated);
  if (v.feasible) {
    if (v.raw.empty()) return out;
    Doc scores = Doc::array();
    for (std::size_t p = 0; p < v.raw.size(); ++p) {
      Doc s = Doc::object();
      s["plugin"] = Doc::string(e.score_plugins[p]);
      s["raw"] = Doc::integer(v.raw[p]);
      s["normalized"] = Doc::integer(v.normalized[p]);
      s["weighted"] = Doc::integer(v.normalized[p] * e.weights[p]);
      scores.items.push_back(std::move(s));
    }
    out["scores"] = std::move(scores);
    out["total"] = Doc::integer(v.total);
    return out;
  }
  out["plugin"] = Doc::string(v.plugin);
  out["code"] = Doc::string(code_of(v.unresolvable));
  out["reasons"] = strings_doc(v.reasons);
  return out;
}

Doc preemption_doc(const schedule::PreemptionStory& p) {
  Doc out = Doc::object();
  out["code"] = Doc::string(p.code);
  out["message"] = Doc::string(p.message);
  out["clearsOwnNomination"] = Doc::boolean(p.clears_nomination);
  out["candidates"] = Doc::array();
  for (const auto& c : p.candidates) {
    Doc item = Doc::object();
    item["node"] = Doc::string(c.name);
    item["victims"] = strings_doc(c.victims);
    item["pdbViolations"] = Doc::integer(static_cast<std::int64_t>(c.pdb_violations));
    item["best"] = Doc::boolean(c.best);
    out["candidates"].items.push_back(std::move(item));
  }
  out["rejected"] = Doc::array();
  for (const auto& r : p.rejected) {
    Doc item = Doc::object();
    item["node"] = Doc::string(r.name);
    item["plugin"] = Doc::string(r.plugin);
    item["code"] = Doc::string(code_of(r.unresolvable));
    item["reasons"] = strings_doc(r.reasons);
    out["rejected"].items.push_back(std::move(item));
  }
  return out;
}

}  // namespace

base::Result<std::optional<Binding>> binding_of(PodId pod, Seq created, Seq upto, const History& history) {
  std::optional<Binding> out;
  const auto read = history.scan(created, upto, [&](const event::Event& e) {
    const auto* bound = std::get_if<event::PodBound>(&e.payload);
    if (bound == nullptr || bound->pod != pod) return true;
    out = Binding{e.seq, e.cause, e.time, bound->node};
    return false;
  });
  if (!read) return base::failure(read.error());
  return out;
}

std::string to_text(const ExplainedAttempt& attempt, const ExplainText& options, const Style& style) {
  const Explanation& e = attempt.explanation;
  std::string out = head_text(attempt, style);
  if (!e.unserved.empty() || !e.gate.empty()) return out;
  out += scores_text(attempt, options, style);
  out += refusals_text(e, options, style);
  if (e.preemption) out += preemption_text(*e.preemption, !e.nominated_node.empty(), options, style);
  return out;
}

model::Doc to_doc(const ExplainedAttempt& attempt) {
  const Explanation& e = attempt.explanation;
  Doc out = Doc::object();
  out["pod"] = Doc::string(e.pod);
  if (attempt.at) out["at_ns"] = Doc::integer(attempt.at->ns);
  if (!attempt.chosen.empty()) out["boundTo"] = Doc::string(attempt.chosen);
  if (attempt.bound_at) out["boundAt_ns"] = Doc::integer(attempt.bound_at->ns);
  if (!attempt.named_node.empty()) out["namedNode"] = Doc::string(attempt.named_node);
  if (!e.unserved.empty()) {
    out["unservedScheduler"] = Doc::string(e.unserved);
    return out;
  }
  if (!e.gate.empty()) {
    out["gate"] = Doc::string(e.gate);
    return out;
  }
  Doc& pre = out["preFilter"];
  pre["code"] = Doc::string(e.pre_filter_code);
  pre["plugin"] = Doc::string(e.pre_filter_plugin);
  pre["message"] = Doc::string(e.pre_filter_message);
  pre["ran"] = strings_doc(e.pre_filter_ran);
  pre["narrowedBy"] = strings_doc(e.narrowed_by);
  pre["nodeNames"] = strings_doc(e.narrowed_to);
  out["nominatedNode"] = Doc::string(e.nominated_node);
  out["nominatedNodeUsed"] = Doc::boolean(e.nominated_node_used);
  Doc plugins = Doc::array();
  for (std::size_t p = 0; p < e.score_plugins.size(); ++p) {
    Doc item = Doc::object();
    item["name"] = Doc::string(e.score_plugins[p]);
    item["weight"] = Doc::integer(e.weights[p]);
    plugins.items.push_back(std::move(item));
  }
  out["scorePlugins"] = std::move(plugins);
  out["skippedScorePlugins"] = strings_doc(e.skipped);
  out["nodes"] = Doc::array();
  for (const NodeVerdict& v : e.nodes) out["nodes"].items.push_back(node_doc(e, v));
  std::vector<std::string> best;
  for (const NodeVerdict& v : e.nodes) {
    if (is_best(e, v)) best.push_back(v.name);
  }
  out["best"] = strings_doc(best);
  out["fitError"] = Doc::string(e.fit_error);
  out["message"] = Doc::string(e.message);
  if (e.preemption) out["preemption"] = preemption_doc(*e.preemption);
  return out;
}

}  // namespace wavetank::project
