#include "engine/conformance/case.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "engine/conformance/cluster.h"
#include "engine/model/decode.h"
#include "engine/schedule/config.h"

namespace wavetank::conformance {
namespace {

constexpr std::string_view kOutcomes[] = {"scheduled", "unschedulable", "gated", "error"};
constexpr std::string_view kPreFilterCodes[] = {"Success", "Unschedulable", "UnschedulableAndUnresolvable"};
constexpr std::string_view kPreemptionCodes[] = {"Success", "Unschedulable", "UnschedulableAndUnresolvable", "Error"};

/// Checks what the drivers rely on, so that they need not.
class Checker {
 public:
  explicit Checker(Case& test_case) : case_(test_case), doc_(test_case.doc) {}

  base::Diagnostics run() {
    if (!doc_.is_object()) {
      say(doc_, "a case is an object with name, family, objects and expect");
      return std::move(problems_);
    }
    case_.name = word(doc_, "name");
    case_.family = word(doc_, "family");
    known(doc_, "",
          {"name", "family", "seed", "theme", "config", "objects", "pods", "expect", "retries", "expectRetries",
           "nodeOrder", "snapshotOrder", "steps"});
    if (doc_.find("steps") != nullptr) {
      case_.format = Format::QueueHints;
    } else if (doc_.find("snapshotOrder") != nullptr) {
      case_.format = Format::Sampling;
    }
    const Doc* config = doc_.find("config");
    if (config == nullptr) {
      doc_["config"] = Doc();
    } else if (!config->is_null()) {
      profile(*config);
    }
    objects();
    if (case_.format == Format::QueueHints) {
      steps();
    } else {
      pods();
      if (case_.format == Format::Sampling) orders();
    }
    return std::move(problems_);
  }

 private:
  void say(const Doc& where, std::string message) {
    base::Position position = where.position;
    if (case_.line > 0) position.line = case_.line;
    problems_.push_back({case_.file, position, std::move(message)});
  }

  void profile(const Doc& config) {
    base::Result<schedule::SchedulerConfig> read = schedule::read_scheduler_config(config, case_.file);
    if (read) {
      case_.profile = std::move(read->profiles.front());
      return;
    }
    for (base::Diagnostic& d : read.error()) {
      if (case_.line > 0) d.position.line = case_.line;
      d.message = "config: " + d.message;
      problems_.push_back(std::move(d));
    }
  }

  std::string text(const Doc& parent, std::string_view key) {
    const Doc* value = parent.find(key);
    if (value != nullptr && value->is_string() && !value->text.empty()) return value->text;
    say(value != nullptr ? *value : parent, fmt::format("{}: want a text", key));
    return {};
  }

  /// A text that is printed: it may not move a terminal's cursor.
  std::string word(const Doc& parent, std::string_view key) {
    std::string out = text(parent, key);
    if (std::any_of(out.begin(), out.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }))
      say(*parent.find(key), fmt::format("{}: may not hold control characters", key));
    return out;
  }

  /// Notes fields that no driver compares, misspelt or of a later format.
  void known(const Doc& doc, std::string_view path, std::initializer_list<std::string_view> fields) {
    for (const Doc::Member& m : doc.members) {
      if (std::find(fields.begin(), fields.end(), m.key) != fields.end()) continue;
      std::string name = path.empty() ? m.key : fmt::format("{}.{}", path, m.key);
      if (std::find(case_.unknown.begin(), case_.unknown.end(), name) == case_.unknown.end())
        case_.unknown.push_back(std::move(name));
    }
  }

  /// What is there at these keys must be of this type.
  void typed(const Doc& doc, const std::string& path, Doc::Type type, std::initializer_list<std::string_view> keys) {
    for (const std::string_view key : keys) {
      const Doc* value = doc.find(key);
      if (value == nullptr || value->is_null()) continue;
      const bool fits = type != Doc::Type::Int || doc.int_or(key, 0) == doc.int_or(key, 1);  // in 64 bits
      if (value->type == type && fits) continue;
      say(*value, fmt::format("{}.{}: want {}", path, key,
                              type == Doc::Type::Int    ? "a whole number"
                              : type == Doc::Type::Bool ? "true or false"
                                                        : "a text"));
    }
  }

  /// The list at `key`, whose elements must be objects; null, with a complaint, when it is none.
  const Doc* list(const Doc& parent, std::string_view key, bool objects = true) {
    const Doc* value = parent.find(key);
    if (value == nullptr || !value->is_array()) {
      say(value != nullptr ? *value : parent, fmt::format("{}: want a list", key));
      return nullptr;
    }
    bool good = true;
    for (std::size_t i = 0; i < value->items.size(); ++i) {
      const Doc& item = value->items[i];
      if (objects ? item.is_object() : item.is_string()) continue;
      say(item, fmt::format("{}[{}]: want {}", key, i, objects ? "an object" : "a text"));
      good = false;
    }
    return good ? value : nullptr;
  }
  const Doc* optional_list(const Doc& parent, std::string_view key, bool objects = true) {
    const Doc* value = parent.find(key);
    return value == nullptr || value->is_null() ? nullptr : list(parent, key, objects);
  }

  template <std::size_t N>
  void one_of(const Doc& parent, const std::string& path, std::string_view key, const std::string_view (&allowed)[N],
              bool needed) {
    const Doc* value = parent.find(key);
    if (value == nullptr && !needed) return;
    if (value != nullptr && value->is_string() && std::find(allowed, allowed + N, value->text) != allowed + N) return;
    say(value != nullptr ? *value : parent,
        fmt::format("{}.{}: {}: want one of {}", path, key,
                    value != nullptr ? fmt::format("\"{}\"", value->text) : "missing", fmt::join(allowed, ", ")));
  }

  /// A readable API object with a name of its own.
  bool object(const Doc& value, const std::string& path, std::string_view kind = "") {
    const auto read = model::decode(value, case_.file);
    if (!read) {
      for (base::Diagnostic d : read.error()) {
        if (case_.line > 0) d.position.line = case_.line;
        d.message = fmt::format("{}: {}", path, d.message);
        problems_.push_back(std::move(d));
      }
      return false;
    }
    if (!kind.empty() && value.string_or("kind") != kind) {
      say(value, fmt::format("{}.kind: \"{}\": want {}", path, value.string_or("kind"), kind));
      return false;
    }
    if (read->meta.name.empty()) {
      say(value, fmt::format("{}: metadata.name is missing", path));
      return false;
    }
    const std::string ns(value.find("metadata")->string_or("namespace", "default"));
    const std::string key = fmt::format("{} {} {}/{}", value.string_or("apiVersion"), value.string_or("kind"),
                                        read->kind == model::Kind::Node ? "" : ns, read->meta.name);
    if (known_.insert(key).second) return true;
    say(value, fmt::format("{}: a second {} \"{}\"", path, value.string_or("kind"), read->meta.name));
    return false;
  }

  void objects() {
    const Doc* all = list(doc_, "objects");
    if (all == nullptr) return;
    for (std::size_t i = 0; i < all->items.size(); ++i) {
      const Doc& o = all->items[i];
      if (!object(o, fmt::format("objects[{}]", i))) continue;
      if (o.string_or("kind") == "Node") nodes_.insert(std::string(o.find("metadata")->string_or("name")));
    }
    for (std::size_t i = 0; i < all->items.size(); ++i) {
      const Doc& o = all->items[i];
      if (o.string_or("kind") == "Pod" && o.string_or("apiVersion") == "v1")
        bound_pod(o, fmt::format("objects[{}]", i));
    }
  }

  void bound_pod(const Doc& pod, const std::string& path) {
    const Doc* name = pod.at({"spec", "nodeName"});
    if (case_.format == Format::QueueHints && name == nullptr) return;  // pods may wait from the start
    if (name == nullptr || !name->is_string()) return say(pod, path + ": a pod of the cluster has spec.nodeName");
    node(*name, path + ".spec.nodeName", name->text);
    const Doc* started = pod.at({"status", "startTime"});
    if (started != nullptr && !seconds_from_2025(started->text))
      say(*started,
          fmt::format("{}.status.startTime: \"{}\": want a time such as 2025-01-01T00:00:00Z", path, started->text));
  }

  void node(const Doc& where, const std::string& path, std::string_view name) {
    if (nodes_.count(std::string(name)) == 0) say(where, fmt::format("{}: there is no node \"{}\"", path, name));
  }

  void pods() {
    const Doc* all = list(doc_, "pods");
    const Doc* expect = list(doc_, "expect");
    if (all == nullptr || expect == nullptr) return;
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < all->items.size(); ++i) {
      const std::string path = fmt::format("pods[{}]", i);
      if (!object(all->items[i], path, "Pod")) return;
      if (all->items[i].at({"spec", "nodeName"}) != nullptr) say(all->items[i], path + ": has a node already");
      keys.push_back(key_of(all->items[i]));
    }
    attempts("expect", *expect, keys);
    const Doc* retries = optional_list(doc_, "retries", false);
    if (retries == nullptr) return;
    std::vector<std::string> again;
    for (const Doc& r : retries->items) {
      if (std::find(keys.begin(), keys.end(), r.text) == keys.end())
        say(r, fmt::format("retries: \"{}\" is none of the pods", r.text));
      again.push_back(r.text);
    }
    if (const Doc* e = list(doc_, "expectRetries")) attempts("expectRetries", *e, again);
  }

  void attempts(std::string_view name, const Doc& expect, const std::vector<std::string>& keys) {
    if (expect.items.size() != keys.size())
      return say(expect, fmt::format("{}: {} entries for {} pods", name, expect.items.size(), keys.size()));
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const std::string path = fmt::format("{}[{}]", name, i);
      const Doc& e = expect.items[i];
      if (e.string_or("pod") != keys[i])
        say(e, fmt::format("{}.pod: \"{}\": want \"{}\"", path, e.string_or("pod"), keys[i]));
      attempt(e, path);
    }
  }

  void attempt(const Doc& e, const std::string& path) {
    one_of(e, path, "outcome", kOutcomes, true);
    known(e, "expect", {"pod",         "outcome",        "gateMessage",
                        "error",       "preFilter",      "failures",
                        "absentNodes", "feasibleCount",  "nominatedNodeUsed",
                        "scores",      "maxTotal",       "ties",
                        "chosen",      "fitError",       "fitErrorBeforePostFilter",
                        "preemption",  "volumes",        "start",
                        "nextStart",   "numNodesToFind", "evaluated",
                        "filterRuns",  "feasible",       "totals"});
    const std::size_t before = problems_.size();
    typed(e, path, Doc::Type::String, {"chosen", "gateMessage", "fitError", "fitErrorBeforePostFilter"});
    typed(e, path, Doc::Type::Bool, {"nominatedNodeUsed"});
    typed(e, path, Doc::Type::Int,
          {"feasibleCount", "maxTotal", "start", "nextStart", "numNodesToFind", "evaluated", "filterRuns"});
    if (problems_.size() > before) return;
    if (e.string_or("outcome") == "scheduled") node(e, path + ".chosen", e.string_or("chosen"));
    if (const Doc* pre_filter = member(e, path, "preFilter")) {
      one_of(*pre_filter, path + ".preFilter", "code", kPreFilterCodes, true);
      known(*pre_filter, "expect.preFilter", {"code", "plugin", "message", "nodeNames", "narrowedBy", "ran"});
      typed(*pre_filter, path + ".preFilter", Doc::Type::String, {"plugin", "message"});
    }
    failures(e, path, "failures");
    optional_list(e, "ties", false);
    if (const Doc* scores = member(e, path, "scores")) {
      known(*scores, "expect.scores", {"plugins", "weights", "skipped", "nodes", "partial"});
      typed(*scores, path + ".scores", Doc::Type::Bool, {"partial"});
      list(*scores, "plugins", false);
      member(*scores, path + ".scores", "nodes");
    }
    if (const Doc* preemption = member(e, path, "preemption")) preempts(*preemption, path + ".preemption");
  }

  void preempts(const Doc& p, const std::string& path) {
    known(p, "expect.preemption",
          {"ran", "code", "message", "nominatedNode", "victims", "pdbViolations", "ties", "candidates", "rejected",
           "clearedNominations", "clearsOwnNomination"});
    typed(p, path, Doc::Type::String, {"message", "nominatedNode"});
    typed(p, path, Doc::Type::Bool, {"ran", "clearsOwnNomination"});
    typed(p, path, Doc::Type::Int, {"pdbViolations"});
    one_of(p, path, "code", kPreemptionCodes, false);
    if (!p.string_or("nominatedNode").empty()) node(p, path + ".nominatedNode", p.string_or("nominatedNode"));
    optional_list(p, "victims", false);
    optional_list(p, "clearedNominations", false);
    optional_list(p, "candidates");
    failures(p, path, "rejected");
  }

  void failures(const Doc& parent, const std::string& path, std::string_view key) {
    const Doc* all = optional_list(parent, key);
    if (all == nullptr) return;
    for (std::size_t i = 0; i < all->items.size(); ++i)
      one_of(all->items[i], fmt::format("{}.{}[{}]", path, key, i), "code", kPreFilterCodes, true);
  }

  const Doc* member(const Doc& parent, const std::string& path, std::string_view key) {
    const Doc* value = parent.find(key);
    if (value == nullptr || value->is_null()) return nullptr;
    if (value->is_object()) return value;
    say(*value, fmt::format("{}.{}: want an object", path, key));
    return nullptr;
  }

  void orders() {
    list(doc_, "snapshotOrder", false);
    const Doc* order = optional_list(doc_, "nodeOrder", false);
    if (order == nullptr) return;
    std::set<std::string> seen;
    for (const Doc& n : order->items) {
      node(n, "nodeOrder", n.text);
      if (!seen.insert(n.text).second) say(n, fmt::format("nodeOrder: \"{}\" a second time", n.text));
    }
    if (seen.size() < nodes_.size()) say(*order, "nodeOrder: not all nodes are named");
  }

  void steps() {
    const Doc* all = list(doc_, "steps");
    const Doc* expect = list(doc_, "expect");
    if (all == nullptr || expect == nullptr) return;
    if (all->items.size() != expect->items.size())
      say(*expect, fmt::format("expect: {} entries for {} steps", expect->items.size(), all->items.size()));
    constexpr std::string_view kOps[] = {"create", "update", "delete", "attempt", "advance"};
    for (std::size_t i = 0; i < all->items.size(); ++i) {
      one_of(all->items[i], fmt::format("steps[{}]", i), "op", kOps, true);
      known(all->items[i], "steps", {"op", "note", "object", "kind", "key", "ms", "during"});
    }
    for (const Doc& e : expect->items) {
      known(e, "expect", {"atMs", "events", "moved", "active", "backoff", "unschedulable", "gated", "pods", "attempt"});
      if (const Doc* attempt = e.find("attempt"))
        known(*attempt, "expect.attempt",
              {"pod", "from", "outcome", "plugins", "message", "statusPatched", "node", "ties", "error"});
    }
  }

  Case& case_;
  Doc& doc_;
  base::Diagnostics problems_;
  std::set<std::string> known_, nodes_;
};

bool blank(std::string_view line) { return line.find_first_not_of(" \t\r\n") == std::string_view::npos; }

}  // namespace

base::Result<Case> read_case(std::string_view text, std::string_view file, int line) {
  model::ReadLimits limits;
  limits.bytes = kMaxCaseBytes;
  limits.nodes = 4'000'000;
  auto doc = model::parse_json(text, file, limits);
  if (!doc) {
    if (line > 0) {
      for (base::Diagnostic& d : doc.error()) d.position.line = line;
    }
    return tl::unexpected(std::move(doc.error()));
  }
  Case out{std::string(file), line, {}, {}, Format::Decisions, std::move(*doc), schedule::default_profile()};
  auto problems = Checker(out).run();
  if (!problems.empty()) return base::failure(std::move(problems));
  return out;
}

void for_each_case(std::string_view text, std::string_view file, const std::function<void(Case&&)>& take,
                   base::Diagnostics& problems) {
  int line = 0;
  std::size_t cases = 0;
  const bool many = file.ends_with(".jsonl");
  while (!text.empty()) {
    const std::size_t end = many ? std::min(text.find('\n'), text.size()) : text.size();
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++line;
    if (blank(one)) continue;
    if (++cases > kMaxCases)
      return problems.push_back({std::string(file), {line, 0}, fmt::format("more than {} cases", kMaxCases)});
    auto read = read_case(one, file, many ? line : 0);
    if (read) {
      take(std::move(*read));
    } else {
      problems.insert(problems.end(), read.error().begin(), read.error().end());
    }
  }
  if (cases == 0) problems.push_back({std::string(file), {}, "no case in it"});
}

}  // namespace wavetank::conformance
