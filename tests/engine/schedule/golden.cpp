#include "tests/engine/schedule/golden.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/model/decode.h"
#include "engine/schedule/evaluator.h"
#include "engine/schedule/fit_error.h"
#include "engine/schedule/preemption.h"
#include "tests/engine/schedule/golden_config.h"

namespace wavetank::golden {
namespace {

using model::Doc;
using schedule::NodeId;
using schedule::PodId;

std::string key_of(const Doc& object) {
  const Doc* meta = object.find("metadata");
  return std::string(meta->string_or("namespace", "default")) + "/" + std::string(meta->string_or("name"));
}

bool uses_claims(const Doc& pod) {
  const Doc* volumes = pod.at({"spec", "volumes"});
  return volumes != nullptr && std::any_of(volumes->items.begin(), volumes->items.end(),
                                           [](const Doc& v) { return v.find("persistentVolumeClaim") != nullptr; });
}

/// Seconds from 2025-01-01T00:00:00Z of a time within a year before or after; days are counted, not months.
std::int64_t seconds_from_2025(std::string_view text) {
  const auto number = [&](std::size_t at, std::size_t length) {
    return std::stoll(std::string(text.substr(at, length)));
  };
  static constexpr std::int64_t kBefore[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  const std::int64_t year = number(0, 4);
  const std::int64_t month = number(5, 2);
  std::int64_t days = (year - 2025) * 365 + (year < 2025 ? -1 : 0) + kBefore[month - 1] + number(8, 2) - 1;
  if (year == 2024 && month > 2) days += 1;
  return days * 86400 + number(11, 2) * 3600 + number(14, 2) * 60 + number(17, 2);
}

std::string joined(std::vector<std::string> words) {
  std::sort(words.begin(), words.end());
  return fmt::format("{}", fmt::join(words, " "));
}

class Run {
 public:
  explicit Run(const Doc& test_case)
      : case_(test_case),
        evaluator_(read_profile(*test_case.find("config")), cache_, nominations_),
        preempter_(evaluator_, cache_, nominations_) {
    fact(event::RunStarted{"golden", "", 1, 1, 1'735'689'600});
    load();
  }

  void decisions() {
    const auto& expected = case_.find("expect")->items;
    const auto& pods = case_.find("pods")->items;
    for (std::size_t i = 0; i < pods.size(); ++i) attempt(make_pod(pods[i]), pods[i], expected[i]);
    const Doc* retries = case_.find("retries");
    if (retries == nullptr) return;
    for (std::size_t i = 0; i < retries->items.size(); ++i) {
      const std::string& key = retries->items[i].text;
      const auto doc = std::find_if(pods.begin(), pods.end(), [&](const Doc& p) { return key_of(p) == key; });
      attempt(by_key_.at(key), *doc, case_.find("expectRetries")->items[i]);
    }
  }

  void sampling() {
    std::string order;
    for (const NodeId n : cache_.order()) order += node_name(n) + " ";
    std::string expected_order;
    for (const Doc& n : case_.find("snapshotOrder")->items) expected_order += n.text + " ";
    label_ = "snapshotOrder";
    compare("snapshotOrder", expected_order, order);
    std::int64_t percentage = case_.find("config")->int_or("percentageOfNodesToScore", 0);
    const Doc* profiles = case_.find("config")->find("profiles");
    if (profiles != nullptr && !profiles->items.empty()) {
      percentage = profiles->items.front().int_or("percentageOfNodesToScore", percentage);
    }
    const auto& pods = case_.find("pods")->items;
    for (std::size_t i = 0; i < pods.size(); ++i) {
      sample(make_pod(pods[i]), pods[i], case_.find("expect")->items[i], static_cast<std::int32_t>(percentage));
    }
  }

  Outcome outcome;

 private:
  [[nodiscard]] state::ClusterView view() const { return {state_, now_}; }
  [[nodiscard]] std::string node_name(NodeId n) const { return std::string(view().text(view().node(n).header.name)); }
  [[nodiscard]] std::string pod_key(PodId p) const {
    return std::string(view().text(view().pod_ns(p))) + "/" + std::string(view().pod_name(p));
  }

  void fact(event::Payload payload) { state::evolve(state_, {state_.last_seq + 1, now_, 0, std::move(payload)}); }
  void create(const Doc& object) {
    fact(event::ObjectCreated{model::kind_from_gvk(object.string_or("apiVersion"), object.string_or("kind")),
                              model::to_canonical_json(object)});
  }

  /// Limits are dropped: the scheduler does not read them, and reading a pod turns them into requests, as the API
  /// server would have.
  PodId make_pod(Doc doc) {
    if (Doc* containers = doc["spec"].find("containers")) {
      for (Doc& c : containers->items) {
        if (Doc* resources = c.find("resources")) resources->erase("limits");
      }
    }
    create(doc);
    const PodId pod(state_.pods.size() - 1);
    by_key_[key_of(doc)] = pod;
    return pod;
  }

  void load() {
    const auto& objects = case_.find("objects")->items;
    const Doc* order = case_.find("nodeOrder");
    if (order != nullptr) {
      for (const Doc& name : order->items) {
        create(*std::find_if(objects.begin(), objects.end(), [&](const Doc& o) {
          return o.string_or("kind") == "Node" && o.find("metadata")->string_or("name") == name.text;
        }));
      }
    }
    for (const Doc& o : objects) {
      if (o.string_or("kind") != "Pod" && !(order != nullptr && o.string_or("kind") == "Node")) create(o);
    }
    for (const Doc& o : objects) {
      if (o.string_or("kind") == "Pod") load_pod(o);
      if (o.string_or("kind") == "Pod" && o.at({"status", "containerStatuses"}) != nullptr) resizing_ = true;
    }
    for (const Doc& o : objects) {
      if (o.string_or("kind") == "PodDisruptionBudget") load_budget(o);
    }
    cache_.load(view());
  }

  void load_pod(const Doc& doc) {
    const PodId pod = make_pod(doc);
    fact(
        event::PodBound{pod, view().find(model::Kind::Node, "", doc.find("spec")->string_or("nodeName")).as<NodeId>()});
    state_.pods.scheduled[pod.index()] = {seconds_from_2025(doc.find("status")->string_or("startTime")) *
                                          1'000'000'000};
    if (doc.find("metadata")->find("deletionTimestamp") != nullptr) {
      fact(event::PodDeletionStarted{pod, 30, event::DeletionReason::Deleted});
    }
  }

  void load_budget(const Doc& doc) {
    const auto ref =
        view().find(model::Kind::PodDisruptionBudget, doc.find("metadata")->string_or("namespace", "default"),
                    doc.find("metadata")->string_or("name"));
    state::PdbRow& row = state_.pdbs[ref.row];
    row.disruptions_allowed = static_cast<std::int32_t>(doc.find("status")->int_or("disruptionsAllowed", 0));
    if (const Doc* disrupted = doc.at({"status", "disruptedPods"})) {
      for (const auto& m : disrupted->members) {
        const auto pod =
            by_key_.find(std::string(doc.find("metadata")->string_or("namespace", "default")) + "/" + m.key);
        if (pod != by_key_.end()) row.disrupted.push_back({pod->second, {}});
      }
    }
  }

  void differ(std::string_view field, std::string_view expected, std::string_view got) {
    outcome.differences.push_back(fmt::format("{} {} {}:\n    expected {}\n    got      {}", case_.string_or("name"),
                                              label_, field, expected, got));
  }
  void compare(std::string_view field, std::string_view expected, std::string_view got) {
    if (expected != got) differ(field, expected, got);
  }

  [[nodiscard]] schedule::Evaluator::Request request(PodId pod, std::int32_t percentage) const {
    return {pod,
            state_.pods.tmpl[pod.index()],
            state_.pods.owner[pod.index()],
            state_.pods.priority[pod.index()],
            percentage,
            true};
  }

  void attempt(PodId pod, const Doc& doc, const Doc& expected) {
    label_ = std::string(expected.string_or("pod"));
    const bool skip = resizing_ || uses_claims(doc);
    outcome.skipped += skip ? 1 : 0;
    outcome.attempts += skip ? 0 : 1;
    schedule::Preemption found;
    if (!skip) {
      const std::string gate = evaluator_.pre_enqueue(view().pod_spec(pod).spec);
      compare("gateMessage", expected.string_or("gateMessage"), gate);
      if (gate.empty() && cache_.order().empty()) {
        compare("fitError", expected.string_or("fitError"), fit_error(evaluator_, 0));
      } else if (gate.empty()) {
        evaluator_.run(request(pod, 100), view());
        compare_attempt(expected);
        if (evaluator_.attempt().ties.empty()) compare_failure(pod, expected);
      }
    }
    apply(pod, expected);
  }

  void compare_attempt(const Doc& expected) {
    const schedule::Attempt& a = evaluator_.attempt();
    compare("outcome", expected.string_or("outcome"), a.ties.empty() ? "unschedulable" : "scheduled");
    compare_pre_filter(*expected.find("preFilter"));
    compare_failures(expected.find("failures"));
    std::vector<std::string> ties;
    for (const NodeId n : a.ties) ties.push_back(node_name(n));
    compare("ties", words(expected.find("ties")), joined(ties));
    if (expected.find("feasibleCount") != nullptr) {
      compare("feasibleCount", std::to_string(expected.int_or("feasibleCount", 0)), std::to_string(a.feasible.size()));
    }
    compare("nominatedNodeUsed", expected.bool_or("nominatedNodeUsed", false) ? "true" : "false",
            a.nominated_node_used ? "true" : "false");
    compare_scores(expected.find("scores"));
  }

  static std::string words(const Doc* list, std::string_view drop = "") {
    std::vector<std::string> out;
    if (list != nullptr) {
      for (const Doc& w : list->items) {
        if (w.text != drop) out.push_back(w.text);
      }
    }
    return joined(out);
  }

  void compare_pre_filter(const Doc& expected) {
    const schedule::Attempt& a = evaluator_.attempt();
    using Code = schedule::PreFilterStatus::Code;
    compare("preFilter.code", expected.string_or("code"),
            a.pre_filter == Code::Success         ? "Success"
            : a.pre_filter == Code::Unschedulable ? "Unschedulable"
                                                  : "UnschedulableAndUnresolvable");
    compare("preFilter.message", expected.string_or("message"), a.pre_filter_message);
    compare("preFilter.plugin", expected.string_or("plugin"),
            a.pre_filter_plugin != nullptr ? a.pre_filter_plugin->plugin_name : "");
    compare("preFilter.nodeNames", words(expected.find("nodeNames")), joined(a.narrowed_to));
    if (expected.find("ran") == nullptr) return;
    std::vector<std::string> ran;
    for (const auto* p : a.pre_filter_ran) ran.emplace_back(p->plugin_name);
    compare("preFilter.ran", words(expected.find("ran")), joined(ran));
  }

  void compare_failures(const Doc* expected) {
    std::map<std::string, std::vector<std::string>> want;
    std::map<std::string, std::vector<std::string>> got;
    if (expected != nullptr) {
      for (const Doc& f : expected->items) {
        std::string nodes(f.string_or("nodes"));
        std::string key = fmt::format("{}/{}/{}", f.string_or("plugin"), f.string_or("code"), words(f.find("reasons")));
        want[key].push_back(nodes);
      }
    }
    const schedule::Attempt& a = evaluator_.attempt();
    for (const NodeId n : a.failed) {
      const schedule::Verdict v = evaluator_.verdict(n);
      got[fmt::format("{}/{}/{}", evaluator_.filter_plugin(v).plugin_name,
                      v.unresolvable != 0 ? "UnschedulableAndUnresolvable" : "Unschedulable",
                      joined(evaluator_.reasons(v)))]
          .push_back(node_name(n));
    }
    const auto text = [](const auto& map) {
      std::string out;
      for (const auto& [key, nodes] : map) out += key + ": " + joined(nodes) + "; ";
      return out;
    };
    compare("failures", text(want), text(got));
  }

  void compare_scores(const Doc* expected) {
    const schedule::Attempt& a = evaluator_.attempt();
    if (expected == nullptr) {
      compare("scores", "none", a.totals.empty() ? "none" : "some");
      return;
    }
    std::string plugins;
    std::string weights;
    for (const auto& c : a.columns) {
      plugins += std::string(c.plugin->plugin_name) + " ";
      weights += std::to_string(c.weight) + " ";
    }
    std::string want_plugins;
    std::string want_weights;
    for (const Doc& p : expected->find("plugins")->items) want_plugins += p.text + " ";
    for (const Doc& w : expected->find("weights")->items) want_weights += w.text + " ";
    compare("scores.plugins", want_plugins, plugins);
    compare("scores.weights", want_weights, weights);
    std::vector<std::string> skipped;
    for (const auto* p : a.skipped) skipped.emplace_back(p->plugin_name);
    compare("scores.skipped", words(expected->find("skipped"), "VolumeBinding"), joined(skipped));
    std::map<std::string, std::string> got;
    for (std::size_t i = 0; i < a.feasible.size(); ++i) {
      std::vector<std::int64_t> raw;
      std::vector<std::int64_t> normalized;
      for (const auto& c : a.columns) {
        raw.push_back(c.raw[i]);
        normalized.push_back(c.normalized[i]);
      }
      got[node_name(a.feasible[i])] = fmt::format("[[{}],[{}],{}]", fmt::join(raw, ","), fmt::join(normalized, ","),
                                                  a.totals.empty() ? 0 : a.totals[i]);
    }
    for (const auto& m : expected->find("nodes")->members)
      compare("scores of " + m.key, model::to_json(m.value), got[m.key]);
  }

  void compare_failure(PodId pod, const Doc& expected) {
    std::string message = fit_error(evaluator_, cache_.order().size());
    const Doc* preemption = expected.find("preemption");
    compare("fitErrorBeforePostFilter", expected.string_or("fitErrorBeforePostFilter", expected.string_or("fitError")),
            message);
    if (preemption == nullptr || evaluator_.profile().post_filter.empty()) return;
    const schedule::Preemption found = preempter_.run({request(pod, 100), 0, true}, view());
    if (!found.message.empty()) message += " " + found.message;
    compare("fitError", expected.string_or("fitError"), message);
    const auto candidate_text = [&](const std::string& node, std::size_t violations, const std::string& victims) {
      return fmt::format("{} violating {} evicting {}", node, violations, victims);
    };
    std::vector<std::string> want;
    if (const Doc* list = preemption->find("candidates")) {
      for (const Doc& c : list->items) {
        want.push_back(candidate_text(std::string(c.string_or("node")),
                                      static_cast<std::size_t>(c.int_or("pdbViolations", 0)),
                                      words(c.find("victims"))));
      }
    }
    std::vector<std::string> got;
    for (const schedule::Candidate& c : found.candidates) {
      std::vector<std::string> victims;
      for (const PodId p : c.victims) victims.push_back(pod_key(p));
      got.push_back(candidate_text(node_name(c.node), c.pdb_violations, joined(victims)));
    }
    compare("preemption.candidates", joined(want), joined(got));
    std::vector<std::string> ties;
    for (const std::size_t i : found.ties) ties.push_back(node_name(found.candidates[i].node));
    compare("preemption.ties", words(preemption->find("ties")), joined(ties));
    if (!found.ties.empty()) compare_cleared(pod, *preemption);
    compare("preemption.clearsOwnNomination", preemption->bool_or("clearsOwnNomination", false) ? "true" : "false",
            found.clears_nomination ? "true" : "false");
  }

  void compare_cleared(PodId pod, const Doc& preemption) {
    const auto node = view().find(model::Kind::Node, "", preemption.string_or("nominatedNode")).as<NodeId>();
    std::vector<std::string> cleared;
    for (const auto& e : nominations_.on(node)) {
      if (e.priority < state_.pods.priority[pod.index()]) cleared.push_back(pod_key(e.pod));
    }
    compare("preemption.clearedNominations", words(preemption.find("clearedNominations")), joined(cleared));
  }

  /// What the golden attempt did, whatever ours said.
  void apply(PodId pod, const Doc& expected) {
    const std::int64_t k = static_cast<std::int64_t>(attempt_++);
    if (expected.string_or("outcome") == "scheduled") {
      const auto node = view().find(model::Kind::Node, "", expected.string_or("chosen")).as<NodeId>();
      nominations_.remove(pod);
      fact(event::PodBound{pod, node});
      state_.pods.scheduled[pod.index()] = {k * 1'000'000'000};
      cache_.place(pod, state_.pods.tmpl[pod.index()], node, false, false, view());
      return;
    }
    const Doc* preemption = expected.find("preemption");
    if (preemption == nullptr) return;
    if (preemption->bool_or("clearsOwnNomination", false)) nominations_.remove(pod);
    if (const Doc* cleared = preemption->find("clearedNominations")) {
      for (const Doc& c : cleared->items) nominations_.remove(by_key_.at(c.text));
    }
    const std::string_view nominated = preemption->string_or("nominatedNode");
    if (nominated.empty()) return;
    for (const Doc& v : preemption->find("victims")->items) {
      const PodId victim = by_key_.at(v.text);
      cache_.take(victim);
      fact(event::PodRemoved{victim});
    }
    nominations_.set({pod, view().find(model::Kind::Node, "", nominated).as<NodeId>(), stub_of(pod), 0});
  }

  /// The oracle's nominator knows a pod that is in no queue by name alone: no requests, no labels, priority 0. (A real
  /// scheduler has its nominated pods in the queue, and ours takes them as they are.)
  schedule::TemplateId stub_of(PodId pod) {
    Doc stub = Doc::object();
    stub["apiVersion"] = Doc::string("v1");
    stub["kind"] = Doc::string("Pod");
    stub["metadata"]["name"] = Doc::string("stub-" + std::to_string(state_.pods.size()));
    stub["metadata"]["namespace"] = Doc::string(view().text(view().pod_ns(pod)));
    stub["spec"]["containers"] = Doc::array();
    create(stub);
    const PodId made(state_.pods.size() - 1);
    const schedule::TemplateId tmpl = state_.pods.tmpl[made.index()];
    fact(event::PodRemoved{made});
    return tmpl;
  }

  void sample(PodId pod, const Doc& doc, const Doc& expected, std::int32_t percentage) {
    label_ = key_of(doc);
    outcome.attempts += uses_claims(doc) ? 0 : 1;
    outcome.skipped += uses_claims(doc) ? 1 : 0;
    if (!uses_claims(doc)) {
      compare("start", std::to_string(expected.int_or("start", 0)), std::to_string(evaluator_.next_start()));
      evaluator_.run(request(pod, percentage), view());
      const schedule::Attempt& a = evaluator_.attempt();
      compare("nextStart", std::to_string(expected.int_or("nextStart", 0)), std::to_string(evaluator_.next_start()));
      compare("evaluated", std::to_string(expected.int_or("evaluated", 0)), std::to_string(a.evaluated));
      std::string feasible;
      std::string want;
      for (const NodeId n : a.feasible) feasible += node_name(n) + " ";
      if (const Doc* list = expected.find("feasible")) {
        if (list->is_array())
          for (const Doc& n : list->items) want += n.text + " ";
        else
          want = list->text + " ";
      }
      compare("feasible", want, feasible);
      compare_failures(expected.find("failures"));
      if (const Doc* totals = expected.find("totals")) {
        std::string text = "[";
        for (const std::int64_t t : a.totals) text += (text.size() > 1 ? "," : "") + std::to_string(t);
        compare("totals", model::to_json(*totals), text + "]");
      }
      if (a.ties.empty())
        compare("fitError", expected.string_or("fitError"), fit_error(evaluator_, cache_.order().size()));
    }
    apply(pod, expected);
  }

  const Doc& case_;
  state::ClusterState state_;
  base::SimTime now_;
  schedule::Cache cache_;
  schedule::Nominations nominations_;
  schedule::Evaluator evaluator_;
  schedule::Preempter preempter_;
  std::map<std::string, PodId> by_key_;
  std::string label_;
  std::size_t attempt_ = 0;
  bool resizing_ = false;
};

}  // namespace

Outcome run_decisions(const Doc& test_case) {
  Run run(test_case);
  run.decisions();
  return run.outcome;
}

Outcome run_sampling(const Doc& test_case) {
  Run run(test_case);
  run.sampling();
  return run.outcome;
}

}  // namespace wavetank::golden
