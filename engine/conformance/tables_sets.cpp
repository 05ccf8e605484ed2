// Rows of the tables rs-* and pdb-*: which pods go first, in what batches, and what a budget allows.
#include <algorithm>
#include <map>

#include "engine/conformance/table_runners.h"
#include "engine/control/pdb_math.h"
#include "engine/control/victims.h"

namespace wavetank::conformance::rows {
namespace {

std::int32_t number(const Doc* d) { return static_cast<std::int32_t>(cell_int(d)); }
const Doc* column(const Doc& row, std::size_t i) { return i < row.items.size() ? &row.items[i] : nullptr; }

std::uint8_t phase_rank(std::string_view phase) { return phase == "Running" ? 2 : phase == "Unknown" ? 1 : 0; }

/// As the tables were recorded: neither PodDeletionCost nor LogarithmicScaleDown.
constexpr control::VictimRules kBefore122{false, false};
constexpr const char* kVictimsChanged =
    "since 1.22: ages are compared by powers of two and pod-deletion-cost counts (gates LogarithmicScaleDown, "
    "PodDeletionCost, off here)";

Doc names_of(const std::vector<control::Candidate>& pods, const std::vector<std::string>& names, std::size_t count) {
  Doc out = Doc::array();
  for (std::size_t i = 0; i < std::min(count, pods.size()); ++i)
    out.items.push_back(Doc::string(names[pods[i].pod.index()]));
  return out;
}

}  // namespace

void pdb_status(const Doc& row, RowRecord& record) {
  model::PodDisruptionBudget spec;
  const Doc* value = column(row, 1);
  const model::IntOrPercent limit{number(value), !cell_text(value).empty() && cell_text(value).back() == '%'};
  (cell_text(column(row, 0)) == "minAvailable" ? spec.min_available : spec.max_unavailable) = limit;
  // Controllers are found through the pods: without one there is no scale.
  const std::int32_t pods = number(column(row, 3));
  const auto n = control::pdb_numbers(spec, {pods == 0 ? 0 : number(column(row, 2)), pods, number(column(row, 4))});
  record.compare("expectedPods", column(row, 5), std::int64_t{n.expected_pods});
  record.compare("desiredHealthy", column(row, 6), std::int64_t{n.desired_healthy});
  record.compare("currentHealthy", column(row, 7), std::int64_t{n.current_healthy});
  record.compare("disruptionsAllowed", column(row, 8), std::int64_t{n.disruptions_allowed});
}

void rs_delete_order(const Doc& row, RowRecord& record) {
  const Doc* pods = row.find("pods");
  if (pods == nullptr || !pods->is_array()) return record.unreadable("pods: a list is expected");
  constexpr std::int64_t kNow_s = 1'000'000'000;
  std::vector<control::Candidate> candidates;
  std::vector<std::string> names;
  for (const Doc& p : pods->items) {
    control::Candidate c;
    c.pod = event::PodId(candidates.size());
    c.assigned = cell_bool(p.find("node"));
    c.phase = phase_rank(cell_text(p.find("phase")));
    c.ready = cell_bool(p.find("ready"));
    c.rank = number(p.find("rank"));
    c.ready_s = c.ready ? kNow_s - cell_int(p.find("ready_for_s")) : 0;
    c.created_s = kNow_s - cell_int(p.find("age_s"));
    c.restarts = static_cast<std::uint32_t>(number(p.find("restarts")));
    c.uid = c.pod.value;
    candidates.push_back(c);
    names.emplace_back(cell_text(p.find("name")));
  }
  control::order_victims(candidates, base::SimTime{base::seconds(kNow_s).ns}, kBefore122);
  record.changed(kVictimsChanged);
  record.compare("order", row.find("order"), names_of(candidates, names, names.size()));
}

void rs_pods_to_delete(const Doc& row, RowRecord& record) {
  const Doc* pods = row.find("pods");
  if (pods == nullptr || !pods->is_array()) return record.unreadable("pods: a list is expected");
  std::map<std::string, std::int32_t> on_node;  // the set's pods and the related ones, by node
  if (const Doc* related = row.find("related"); related != nullptr) {
    for (const Doc& p : related->items) ++on_node[std::string(cell_text(column(p, 1)))];
  }
  std::vector<control::Candidate> candidates;
  std::vector<std::string> names;
  for (const Doc& p : pods->items) {
    const std::string name(cell_text(column(p, 0))), node(cell_text(column(p, 1)));
    control::Candidate c;
    c.pod = event::PodId(candidates.size());
    c.assigned = !node.empty();
    c.phase = phase_rank(cell_text(column(p, 2)));
    // The table tells readiness by the pods' names.
    c.ready = name.find("-ready-") != std::string::npos && name.find("not-ready") == std::string::npos;
    c.rank = on_node.count(node) > 0 ? on_node[node] : 0;
    c.uid = c.pod.value;
    candidates.push_back(c);
    names.push_back(name);
  }
  const auto count = static_cast<std::size_t>(std::max(0, number(row.find("diff"))));
  // All of them: nothing to choose.
  if (count < candidates.size()) control::order_victims(candidates, base::SimTime{base::seconds(1000).ns}, kBefore122);
  record.compare("expect", row.find("expect"), names_of(candidates, names, count));
}

void rs_slow_start(const Doc& row, RowRecord& record) {
  const std::int32_t limit = number(row.find("calls_that_succeed"));
  std::int64_t calls = 0, successes = 0;
  control::slow_start(number(row.find("count")), [&](std::int32_t, std::int32_t size) {
    const std::int64_t before = calls;
    calls += size;
    successes = std::min<std::int64_t>(calls, limit);
    return before + size <= limit;
  });
  record.compare("expect_calls", row.find("expect_calls"), calls);
  record.compare("expect_successes", row.find("expect_successes"), successes);
}

}  // namespace wavetank::conformance::rows
