// Attempts of pods in order: PreFilter, Filter, scores, choice, messages, preemption. Every node is looked at.

#include <fmt/format.h>

#include <algorithm>

#include "engine/conformance/answers.h"
#include "engine/conformance/drivers.h"
#include "engine/schedule/fit_error.h"

namespace wavetank::conformance {
namespace {

constexpr std::int32_t kAllNodes = 100;

class Decisions {
 public:
  Decisions(const Case& test_case, std::string_view explain_pod)
      : case_(test_case), cluster_(test_case), record_(test_case.name), explain_pod_(explain_pod) {}

  base::Result<Outcome> run() {
    const auto& expected = case_.doc.find("expect")->items;
    const auto& pods = case_.doc.find("pods")->items;
    for (std::size_t i = 0; i < pods.size(); ++i) {
      if (auto done = attempt(cluster_.make_pod(pods[i]), pods[i], expected[i], ""); !done)
        return tl::unexpected(std::move(done.error()));
    }
    const Doc* retries = case_.doc.find("retries");
    if (retries == nullptr) return record_.take();
    // The families of volumes retry nothing: there the list is empty whatever was nominated.
    if (!retries->items.empty() || golden_nominated_.empty())
      record_.compare_whole("retries", in_order(*retries), fmt::format("{}", fmt::join(nominated_, " ")));
    for (std::size_t i = 0; i < retries->items.size(); ++i) {
      const std::string& key = retries->items[i].text;
      const auto doc = std::find_if(pods.begin(), pods.end(), [&](const Doc& p) { return key_of(p) == key; });
      if (auto done = attempt(cluster_.pod(key), *doc, case_.doc.find("expectRetries")->items[i], " (retry)"); !done)
        return tl::unexpected(std::move(done.error()));
    }
    return record_.take();
  }

 private:
  static std::string in_order(const Doc& list) {
    std::string out;
    for (const Doc& word : list.items) out += (out.empty() ? "" : " ") + word.text;
    return out;
  }

  base::Result<void> attempt(PodId pod, const Doc& doc, const Doc& expected, std::string_view which) {
    const std::size_t k = attempt_++;
    keep_golden(golden_nominated_, pod, expected);
    record_.begin(fmt::format("{}{}", key_of(doc), which));
    const std::string gate = cluster_.evaluator.pre_enqueue(cluster_.view().pod_spec(pod).spec);
    record_.compare("gateMessage", expected.string_or("gateMessage"), gate);
    if (!gate.empty()) {
      record_.compare("outcome", expected.string_or("outcome"), "gated");
      schedule::Explanation told;
      told.pod = key_of(doc);
      told.gate = gate;
      if (explain_pod_ == told.pod) record_.tell(std::move(told), "");
    } else if (cluster_.cache.order().empty()) {
      record_.compare("outcome", expected.string_or("outcome"), "unschedulable");
      record_.compare("fitError", expected.string_or("fitError"), fit_error(cluster_.evaluator, 0));
    } else {
      cycle(pod, expected);
    }
    return cluster_.apply(pod, expected, k);
  }

  void cycle(PodId pod, const Doc& expected) {
    const schedule::Attempt& a = cluster_.evaluator.run(cluster_.request(pod, kAllNodes), cluster_.view());
    record_.compare("outcome", expected.string_or("outcome"), a.ties.empty() ? "unschedulable" : "scheduled");
    static const Doc kNone = Doc::object();
    const Doc* pre_filter = expected.find("preFilter");
    compare_pre_filter(record_, cluster_, pre_filter != nullptr ? *pre_filter : kNone);
    compare_failures(record_, cluster_, expected.find("failures"));
    compare_absent(expected.find("absentNodes"));
    record_.compare("feasibleCount", expected.int_or("feasibleCount", 0), static_cast<std::int64_t>(a.feasible.size()));
    record_.compare("nominatedNodeUsed", expected.bool_or("nominatedNodeUsed", false), a.nominated_node_used);
    compare_scores(expected.find("scores"));
    compare_choice(record_, cluster_, expected);
    compare_volumes(pod, expected.find("volumes"));
    if (a.ties.empty()) {
      failure(pod, expected);
    } else {
      std::erase(nominated_, cluster_.pod_key(pod));
      tell(pod, expected, nullptr);
    }
  }

  /// What Reserve would do for the node that is chosen.
  void compare_volumes(PodId pod, const Doc* expected) {
    std::vector<std::string> want;
    if (const Doc* bound = expected == nullptr ? nullptr : expected->find("static")) {
      for (const Doc& s : bound->items) want.push_back(fmt::format("{}={}", s.string_or("claim"), s.string_or("pv")));
    }
    if (const Doc* made = expected == nullptr ? nullptr : expected->find("provision")) {
      for (const Doc& claim : made->items) want.push_back("provision " + claim.text);
    }
    std::vector<std::string> got;
    const schedule::Attempt& a = cluster_.evaluator.attempt();
    if (!a.ties.empty()) {
      const NodeId node = *std::min_element(a.ties.begin(), a.ties.end(), [&](NodeId x, NodeId y) {
        return cluster_.node_name(x) < cluster_.node_name(y);
      });
      const state::ClusterView view = cluster_.view();
      const auto name = [&](auto id) {
        const event::Ref ref(id);
        const std::string_view ns = view.namespace_of(ref);
        return ns.empty() ? std::string(view.bare_name(ref)) : fmt::format("{}/{}", ns, view.bare_name(ref));
      };
      if (!cluster_.evaluator.reserve_and_permit(node, view)) got.emplace_back("refused");
      if (const schedule::VolumeDecision* d = cluster_.cache.assumed_volumes.of(pod)) {
        for (const auto& s : d->bind) got.push_back(fmt::format("{}={}", name(s.claim), name(s.volume)));
        for (const auto claim : d->provision) got.push_back("provision " + name(claim));
      }
      cluster_.cache.assumed_volumes.release(pod);
    }
    record_.compare("volumes", joined(std::move(want)), joined(std::move(got)));
  }

  void tell(PodId pod, const Doc& expected, const schedule::Preemption* found) {
    if (explain_pod_.empty() || explain_pod_ != cluster_.pod_key(pod)) return;
    record_.tell(schedule::explain_attempt(pod, cluster_.evaluator, cluster_.cache, found, cluster_.view()),
                 expected.string_or("chosen"));
  }

  /// What all nodes have that a narrowed search did not look at.
  void compare_absent(const Doc* expected) {
    const schedule::Attempt& a = cluster_.evaluator.attempt();
    Failures want;
    Failures got;
    if (expected != nullptr) want.add(*expected);
    if (a.narrowed) got.add("", "UnschedulableAndUnresolvable", {absent_reason(a)}, "");
    compare(record_, "absentNodes", want, got);
  }

  void compare_scores(const Doc* expected) {
    const schedule::Attempt& a = cluster_.evaluator.attempt();
    if (a.totals.empty() && expected == nullptr) return;
    std::string plugins;
    std::string weights;
    bool has_volume_binding = false;
    for (const auto& c : a.columns) {
      plugins += std::string(c.plugin->plugin_name) + " ";
      weights += std::to_string(c.weight) + " ";
    }
    std::vector<std::string> skipped;
    if (!a.totals.empty()) {
      for (const auto* p : a.skipped) skipped.emplace_back(p->plugin_name);
    }
    for (const auto& p : cluster_.evaluator.profile().score) has_volume_binding |= p.name == "VolumeBinding";
    const Doc none = Doc::object();
    const Doc& want = expected != nullptr ? *expected : none;
    const auto list = [&](std::string_view key) {
      std::string out;
      if (const Doc* items = want.find(key)) {
        for (const Doc& item : items->items) out += item.text + " ";
      }
      return out;
    };
    record_.compare("scores.plugins", list("plugins"), plugins);
    record_.compare("scores.weights", list("weights"), weights);
    // VolumeBinding's PreScore always skips while StorageCapacityScoring is off; it says nothing where it is not there.
    record_.compare("scores.skipped", words(want.find("skipped"), has_volume_binding ? "" : "VolumeBinding"),
                    joined(skipped));
    compare_score_nodes(want);
  }

  /// Tells of the nodes whose scores differ. A case of many nodes lists the best only (`partial`).
  void compare_score_nodes(const Doc& expected) {
    const schedule::Attempt& a = cluster_.evaluator.attempt();
    std::map<std::string, std::string> want;
    std::map<std::string, std::string> got;
    if (const Doc* nodes = expected.find("nodes")) {
      for (const auto& m : nodes->members) want[m.key] = model::to_json(m.value);
    }
    const bool partial = expected.bool_or("partial", false);
    for (std::size_t i = 0; i < a.totals.size(); ++i) {
      std::string name = cluster_.node_name(a.feasible[i]);
      if (partial && want.count(name) == 0) continue;
      std::vector<std::int64_t> raw;
      std::vector<std::int64_t> normalized;
      for (const auto& c : a.columns) {
        raw.push_back(c.raw[i]);
        normalized.push_back(c.normalized[i]);
      }
      got[std::move(name)] =
          fmt::format("[[{}],[{}],{}]", fmt::join(raw, ","), fmt::join(normalized, ","), a.totals[i]);
    }
    const auto text = [](const auto& mine, const auto& others) {
      std::string out;
      for (const auto& [node, scores] : mine) {
        const auto same = others.find(node);
        if (same != others.end() && same->second == scores) continue;
        out += fmt::format("{}{} {}", out.empty() ? "" : "\n", node, scores);
      }
      return out;
    };
    if (want == got) return record_.compare("scores.nodes", true, true);
    record_.compare("scores.nodes", text(want, got), text(got, want));
  }

  void failure(PodId pod, const Doc& expected) {
    std::string message = fit_error(cluster_.evaluator, cluster_.cache.order().size());
    record_.compare("fitErrorBeforePostFilter",
                    expected.string_or("fitErrorBeforePostFilter", expected.string_or("fitError")), message);
    static const Doc kNone = Doc::object();
    const Doc* given = expected.find("preemption");
    const Doc& want = given != nullptr ? *given : kNone;
    const bool runs = !cluster_.evaluator.profile().post_filter.empty();
    record_.compare("preemption.ran", want.bool_or("ran", false), runs);
    schedule::Preemption found;
    if (runs) {
      found = cluster_.preempter.run({cluster_.request(pod, kAllNodes), 0, true}, cluster_.view());
      if (!found.message.empty()) message += " " + found.message;
      compare_preemption(pod, want, found);
    }
    tell(pod, expected, runs ? &found : nullptr);
    record_.compare("fitError", expected.string_or("fitError"), message);
  }

  void compare_preemption(PodId pod, const Doc& expected, const schedule::Preemption& found) {
    record_.compare("preemption.code", expected.string_or("code"),
                    found.error ? "Error" : (found.candidates.empty() ? "Unschedulable" : "Success"));
    record_.compare("preemption.message", expected.string_or("message"), found.message);
    compare_candidates(expected, found);
    compare_rejected(expected, found);
    std::vector<std::string> ties;
    for (const std::size_t i : found.ties) ties.push_back(cluster_.node_name(found.candidates[i].node));
    record_.compare("preemption.ties", words(expected.find("ties")), joined(ties));
    const schedule::Candidate* chosen = nullptr;
    for (const std::size_t i : found.ties) {
      const schedule::Candidate& c = found.candidates[i];
      if (chosen == nullptr || cluster_.node_name(c.node) < cluster_.node_name(chosen->node)) chosen = &c;
    }
    std::vector<std::string> victims;
    std::vector<std::string> cleared;
    if (chosen != nullptr) {
      for (const PodId p : chosen->victims) victims.push_back(cluster_.pod_key(p));
      const std::int32_t priority = cluster_.request(pod, kAllNodes).priority;
      for (const auto& e : cluster_.nominations.on(chosen->node)) {
        if (e.priority < priority) cleared.push_back(cluster_.pod_key(e.pod));
      }
    }
    record_.compare("preemption.nominatedNode", expected.string_or("nominatedNode"),
                    chosen != nullptr ? cluster_.node_name(chosen->node) : "");
    record_.compare("preemption.victims", words(expected.find("victims")), joined(victims));
    record_.compare("preemption.pdbViolations", expected.int_or("pdbViolations", 0),
                    chosen != nullptr ? static_cast<std::int64_t>(chosen->pdb_violations) : 0);
    record_.compare("preemption.clearedNominations", words(expected.find("clearedNominations")), joined(cleared));
    record_.compare("preemption.clearsOwnNomination", expected.bool_or("clearsOwnNomination", false),
                    found.clears_nomination);
    for (const std::string& key : cleared) std::erase(nominated_, key);
    const std::string own = cluster_.pod_key(pod);
    if (chosen != nullptr || found.clears_nomination) std::erase(nominated_, own);
    if (chosen != nullptr) nominated_.push_back(own);
  }

  void compare_candidates(const Doc& expected, const schedule::Preemption& found) {
    const auto text = [](std::string_view node, std::int64_t violations, const std::string& victims) {
      return fmt::format("{} violating {} evicting {}", node, violations, victims);
    };
    std::vector<std::string> want;
    if (const Doc* list = expected.find("candidates")) {
      for (const Doc& c : list->items)
        want.push_back(text(c.string_or("node"), c.int_or("pdbViolations", 0), words(c.find("victims"))));
    }
    std::vector<std::string> got;
    for (const schedule::Candidate& c : found.candidates) {
      std::vector<std::string> victims;
      for (const PodId p : c.victims) victims.push_back(cluster_.pod_key(p));
      got.push_back(text(cluster_.node_name(c.node), static_cast<std::int64_t>(c.pdb_violations), joined(victims)));
    }
    std::sort(want.begin(), want.end());
    std::sort(got.begin(), got.end());
    record_.compare("preemption.candidates", fmt::format("{}", fmt::join(want, "\n")),
                    fmt::format("{}", fmt::join(got, "\n")));
  }

  void compare_rejected(const Doc& expected, const schedule::Preemption& found) {
    Failures want;
    Failures got;
    if (const Doc* list = expected.find("rejected")) {
      for (const Doc& r : list->items) want.add(r);
    }
    for (const auto& [node, v] : found.rejected) {
      got.add(std::string(cluster_.evaluator.filter_plugin(v).plugin_name), code_of(v), cluster_.evaluator.reasons(v),
              cluster_.node_name(node));
    }
    for (const NodeId n : found.without_victims)
      got.add("", "UnschedulableAndUnresolvable", {"No preemption victims found for incoming pod"},
              cluster_.node_name(n));
    compare(record_, "preemption.rejected", want, got);
  }

  /// What a golden attempt does to the list of nominated pods.
  void keep_golden(std::vector<std::string>& list, PodId pod, const Doc& expected) const {
    const std::string own = cluster_.pod_key(pod);
    if (expected.string_or("outcome") == "scheduled") std::erase(list, own);
    const Doc* preemption = expected.find("preemption");
    if (preemption == nullptr) return;
    if (const Doc* cleared = preemption->find("clearedNominations")) {
      for (const Doc& c : cleared->items) std::erase(list, c.text);
    }
    const bool nominated = !preemption->string_or("nominatedNode").empty();
    if (nominated || preemption->bool_or("clearsOwnNomination", false)) std::erase(list, own);
    if (nominated) list.push_back(own);
  }

  const Case& case_;
  Cluster cluster_;
  Record record_;
  std::vector<std::string> nominated_, golden_nominated_;  // in order of their nomination
  std::string_view explain_pod_;
  std::size_t attempt_ = 0;
};

}  // namespace

base::Result<Outcome> run_decisions(const Case& test_case, std::string_view explain_pod) {
  return Decisions(test_case, explain_pod).run();
}

}  // namespace wavetank::conformance
