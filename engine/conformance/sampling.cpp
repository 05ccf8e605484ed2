// Attempts with percentageOfNodesToScore: the order of the walk, where it begins and ends, what it finds.

#include <algorithm>

#include "engine/conformance/answers.h"
#include "engine/conformance/drivers.h"
#include "engine/schedule/fit_error.h"

namespace wavetank::conformance {
namespace {

std::string in_order(const Doc* list) {
  std::string out;
  if (list == nullptr) return out;
  if (list->is_string()) return list->text + " ";
  for (const Doc& word : list->items) out += word.text + " ";
  return out;
}

std::int32_t percentage_of(const Doc& config) {
  std::int64_t percentage = config.int_or("percentageOfNodesToScore", 0);
  const Doc* profiles = config.find("profiles");
  if (profiles != nullptr && !profiles->items.empty())
    percentage = profiles->items.front().int_or("percentageOfNodesToScore", percentage);
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(percentage, 0, 100));
}

class Sampling {
 public:
  Sampling(const Case& test_case, std::string_view explain_pod)
      : case_(test_case),
        cluster_(test_case),
        record_(test_case.name),
        explain_pod_(explain_pod),
        percentage_(percentage_of(*test_case.doc.find("config"))) {}

  base::Result<Outcome> run() {
    std::string order;
    for (const NodeId n : cluster_.cache.order()) order += cluster_.node_name(n) + " ";
    record_.compare_whole("snapshotOrder", in_order(case_.doc.find("snapshotOrder")), order);
    const auto& pods = case_.doc.find("pods")->items;
    for (std::size_t i = 0; i < pods.size(); ++i) {
      const Doc& expected = case_.doc.find("expect")->items[i];
      const PodId pod = cluster_.make_pod(pods[i]);
      record_.begin(key_of(pods[i]));
      attempt(pod, expected);
      if (auto done = cluster_.apply(pod, expected, i); !done) return tl::unexpected(std::move(done.error()));
    }
    return record_.take();
  }

 private:
  void attempt(PodId pod, const Doc& expected) {
    auto& evaluator = cluster_.evaluator;
    record_.compare("start", expected.int_or("start", 0), static_cast<std::int64_t>(evaluator.next_start()));
    const schedule::Attempt& a = evaluator.run(cluster_.request(pod, percentage_), cluster_.view());
    record_.compare("outcome", expected.string_or("outcome"), a.ties.empty() ? "unschedulable" : "scheduled");
    static const Doc kNone = Doc::object();
    const Doc* pre_filter = expected.find("preFilter");
    compare_pre_filter(record_, cluster_, pre_filter != nullptr ? *pre_filter : kNone);
    record_.compare("nextStart", expected.int_or("nextStart", 0), static_cast<std::int64_t>(evaluator.next_start()));
    record_.compare("evaluated", expected.int_or("evaluated", 0), static_cast<std::int64_t>(a.evaluated));
    compare_search(expected);
    std::string feasible;
    for (const NodeId n : a.feasible) feasible += cluster_.node_name(n) + " ";
    record_.compare("feasible", in_order(expected.find("feasible")), feasible);
    compare_failures(record_, cluster_, expected.find("failures"));
    std::string totals;
    for (const std::int64_t t : a.totals) totals += std::to_string(t) + " ";
    record_.compare("totals", in_order(expected.find("totals")), totals);
    compare_choice(record_, cluster_, expected);
    if (!explain_pod_.empty() && explain_pod_ == cluster_.pod_key(pod))
      record_.tell(schedule::explain_attempt(pod, evaluator, cluster_.cache, nullptr, cluster_.view()),
                   expected.string_or("chosen"));
    if (a.ties.empty())
      record_.compare("fitError", expected.string_or("fitError"), fit_error(evaluator, cluster_.cache.order().size()));
  }

  /// How far the search goes: until one node more than wanted is found feasible, or to the end of the list.
  void compare_search(const Doc& expected) {
    const schedule::Attempt& a = cluster_.evaluator.attempt();
    std::size_t nodes = cluster_.cache.order().size();
    if (a.narrowed)
      nodes = static_cast<std::size_t>(std::count_if(a.narrowed_to.begin(), a.narrowed_to.end(),
                                                     [&](const std::string& n) { return cluster_.node(n).valid(); }));
    const bool searched = a.pre_filter == schedule::PreFilterStatus::Code::Success;
    if (searched || expected.find("numNodesToFind") != nullptr)
      record_.compare("numNodesToFind", expected.int_or("numNodesToFind", 0),
                      searched ? static_cast<std::int64_t>(schedule::nodes_to_find(nodes, percentage_)) : 0);
    const std::size_t extra = searched && a.evaluated < nodes ? 1 : 0;
    record_.compare("filterRuns", expected.int_or("filterRuns", 0), static_cast<std::int64_t>(a.evaluated + extra));
  }

  const Case& case_;
  Cluster cluster_;
  Record record_;
  std::string_view explain_pod_;
  std::int32_t percentage_;
};

}  // namespace

base::Result<Outcome> run_sampling(const Case& test_case, std::string_view explain_pod) {
  return Sampling(test_case, explain_pod).run();
}

}  // namespace wavetank::conformance
