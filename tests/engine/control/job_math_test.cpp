// The arithmetic of Jobs, as tables.
#include <catch2/catch.hpp>

#include "engine/control/job_math.h"

using namespace wavetank;
using namespace wavetank::control;
using model::PodFailureRule;
using Action = PodFailureRule::Action;

namespace {

std::string again(std::string_view text, std::int32_t completions = 100) {
  return job::text_of(job::parse_indexes(text, completions));
}

base::SimTime at(std::int64_t s) { return {s * 1'000'000'000}; }

std::string text(const std::vector<std::int32_t>& numbers) {
  std::string out;
  for (const std::int32_t n : numbers) out += (out.empty() ? "" : " ") + std::to_string(n);
  return out;
}

}  // namespace

TEST_CASE("Indexes are written as the API has them") {
  CHECK(again("") == "");
  CHECK(again("0") == "0");
  CHECK(again("0,1") == "0,1");
  CHECK(again("0-1") == "0,1");  // two neighbours are no range
  CHECK(again("1,3-5,7") == "1,3-5,7");
  CHECK(again("1,2,3") == "1-3");
  CHECK(again("0-3,4-6") == "0-6");
  CHECK(again("1,x,3,4-y,6") == "1,3,6");  // what cannot be read is passed over
  CHECK(again("0-9", 5) == "0-4");         // a smaller Job has fewer
  CHECK(again("3,7,9", 5) == "3");
}

TEST_CASE("Indexes are joined, looked up and counted") {
  const job::Indexes some = job::parse_indexes("1,3-5,9", 100);
  CHECK(job::total(some) == 5);
  for (const int i : {1, 3, 4, 5, 9}) CHECK(job::contains(some, i));
  for (const int i : {0, 2, 6, 8, 10}) CHECK_FALSE(job::contains(some, i));
  CHECK(job::text_of(job::with_indexes(some, {0, 2, 2, 6})) == "0-6,9");
  CHECK(job::text_of(job::merged(some, job::parse_indexes("2-8", 100))) == "1-9");
  CHECK(text(job::first_pending(some, 4, 100)) == "0 2 6 7");
  CHECK(text(job::first_pending(some, 10, 10)) == "0 2 6 7 8");
  CHECK(text(job::first_pending({}, 3, 2)) == "0 1");
  CHECK(text(job::first_pending(some, 0, 10)) == "");
}

TEST_CASE("A pod's index is its annotation") {
  const auto of = [](const char* value) {
    return job::completion_index({{"batch.kubernetes.io/job-completion-index", value}});
  };
  CHECK(of("0") == 0);
  CHECK(of("17") == 17);
  CHECK(of("-1") == -1);
  CHECK(of("x") == -1);
  CHECK(of("3x") == -1);
  CHECK(job::completion_index({}) == -1);
}

TEST_CASE("Long names of Jobs give way to the index") {
  CHECK(job::index_prefix("pi", 3) == "pi-3-");
  const std::string longest(63, 'a');
  CHECK(job::index_prefix(longest, 12) == std::string(54, 'a') + "-12-");
}

TEST_CASE("Pods are made again after 10 s, doubled with each failure, at most 10 min") {
  const std::int64_t seconds[] = {0, 10, 20, 40, 80, 160, 320, 600, 600, 600};
  for (std::int32_t n = 0; n < 10; ++n) CHECK(job::back_off(n) == base::seconds(seconds[n]));
  CHECK(job::back_off(1'000'000) == base::minutes(10));
  CHECK(job::retry_at({0, at(50)}) == at(0));
  CHECK(job::retry_at({3, at(50)}) == at(90));
}

TEST_CASE("A success forgets the failures before it") {
  CHECK(job::counted_on({2, at(5)}, {}, {}) == job::Failures{2, at(5)});
  CHECK(job::counted_on({2, at(5)}, {}, {at(9), at(7)}) == job::Failures{4, at(9)});
  CHECK(job::counted_on({2, at(5)}, {at(6)}, {}) == job::Failures{});
  CHECK(job::counted_on({2, at(5)}, {at(6)}, {at(4), at(6), at(8)}) == job::Failures{1, at(8)});
}

TEST_CASE("restartPolicy OnFailure: restarts against the limit") {
  CHECK_FALSE(job::past_limit_on_failure(0, 0));
  CHECK(job::past_limit_on_failure(0, 1));
  CHECK_FALSE(job::past_limit_on_failure(3, 2));
  CHECK(job::past_limit_on_failure(3, 3));
}

TEST_CASE("How many pods a Job wants") {
  struct Row {
    std::optional<std::int32_t> completions;
    std::int32_t parallelism, succeeded, active, held;
    std::int32_t remove, add;
  };
  for (const Row& r : std::vector<Row>{{5, 2, 0, 0, 0, 0, 2},             //
                                       {5, 2, 4, 0, 0, 0, 1},             // no more than are missing
                                       {5, 2, 5, 0, 0, 0, 0},             //
                                       {5, 2, 6, 1, 0, 1, 0},             // more succeeded than were wanted
                                       {5, 2, 0, 4, 0, 2, 0},             //
                                       {5, 2, 0, 1, 1, 0, 0},             // the place of one that still ends is held
                                       {std::nullopt, 3, 0, 1, 0, 0, 2},  // a work queue
                                       {std::nullopt, 3, 1, 2, 0, 0, 0},  // which starts none after the first success
                                       {std::nullopt, 3, 0, 4, 0, 1, 0}}) {
    const job::Wanted w = job::wanted_pods(r.completions, r.parallelism, r.succeeded, r.active, r.held);
    INFO(r.completions.value_or(-1) << " " << r.parallelism << " " << r.succeeded << " " << r.active);
    CHECK(w.remove == r.remove);
    CHECK(w.add == r.add);
  }
  CHECK(job::is_complete(2, 2, 0));
  CHECK_FALSE(job::is_complete(2, 2, 1));
  CHECK_FALSE(job::is_complete(2, 1, 0));
  CHECK(job::is_complete(std::nullopt, 1, 0));
  CHECK_FALSE(job::is_complete(std::nullopt, 0, 0));
  CHECK(job::is_complete(0, 0, 0));
}

TEST_CASE("Those go first that are least far; of an Indexed Job those out of place before all") {
  using P = event::PodId;
  const auto pod = [](unsigned id, int index, int stage, std::int64_t created = 0) {
    job::Removable r;
    r.pod = P(id);
    r.index = index;
    r.assigned = stage > 0;
    r.running = stage > 1;
    r.ready = stage > 2;
    r.created_s = created;
    return r;
  };
  const auto order = [](std::vector<job::Removable> pods, int n, std::optional<std::int32_t> completions) {
    std::string out;
    for (const P p : job::pods_to_remove(std::move(pods), n, completions)) out += std::to_string(p.value) + " ";
    return out;
  };
  CHECK(order({pod(0, -1, 3), pod(1, -1, 0), pod(2, -1, 2), pod(3, -1, 1)}, 3, {}) == "1 3 2 ");
  CHECK(order({pod(0, -1, 3, 5), pod(1, -1, 3, 9), pod(2, -1, 3, 7)}, 2, {}) == "1 2 ");  // the youngest first
  CHECK(order({pod(0, 0, 3), pod(1, 1, 3)}, 0, 2) == "");
  CHECK(order({pod(0, -1, 3), pod(1, 1, 3), pod(2, 5, 3)}, 0, 2) == "0 2 ");  // no index, too large an index
  CHECK(order({pod(0, 1, 3), pod(1, 1, 2), pod(2, 0, 0)}, 0, 2) == "1 ");     // of two with one index the lesser
  CHECK(order({pod(0, 1, 3), pod(1, 1, 2), pod(2, 0, 0)}, 2, 2) == "1 2 ");
}

TEST_CASE("podFailurePolicy: the first rule that matches decides") {
  PodFailureRule codes;
  codes.on_exit_codes = true;
  codes.exit_codes = {3, 42};
  PodFailureRule ready;
  ready.conditions = {{"DisruptionTarget", "True"}};
  const auto with = [](PodFailureRule rule, Action action) {
    rule.action = action;
    return rule;
  };
  job::FailedPod pod{"default", "j-x", {{"main", 42}}, {{"Ready", "False"}}};

  job::PolicyMatch m = job::match_failure_policy({with(ready, Action::Ignore), with(codes, Action::FailJob)}, pod);
  CHECK(m.action == Action::FailJob);
  CHECK(m.counted);
  CHECK(m.message == "Container main for pod default/j-x failed with exit code 42 matching FailJob rule at index 1");

  pod.conditions.emplace_back("DisruptionTarget", "False");  // it is the status that counts
  CHECK_FALSE(job::match_failure_policy({with(ready, Action::Ignore)}, pod).action.has_value());
  pod.conditions.back().second = "True";
  m = job::match_failure_policy({with(ready, Action::Ignore), with(codes, Action::FailJob)}, pod);
  CHECK(m.action == Action::Ignore);
  CHECK_FALSE(m.counted);
  CHECK(job::match_failure_policy({with(ready, Action::FailJob)}, pod).message ==
        "Pod default/j-x has condition DisruptionTarget matching FailJob rule at index 0");
  CHECK(job::match_failure_policy({with(codes, Action::FailIndex)}, pod).action == Action::FailIndex);
  CHECK(job::match_failure_policy({with(codes, Action::Count)}, pod).counted);

  codes.exit_codes_in = false;  // NotIn
  CHECK_FALSE(job::match_failure_policy({with(codes, Action::FailJob)}, pod).action.has_value());
  pod.containers = {{"main", 1}};
  CHECK(job::match_failure_policy({with(codes, Action::FailJob)}, pod).action == Action::FailJob);
  pod.containers = {{"main", 0}};  // success is nobody's failure
  CHECK_FALSE(job::match_failure_policy({with(codes, Action::FailJob)}, pod).action.has_value());
  codes.container = "main";
  pod.containers = {{"other", 1}};
  CHECK_FALSE(job::match_failure_policy({with(codes, Action::FailJob)}, pod).action.has_value());
  CHECK(job::match_failure_policy({with(codes, Action::FailJob)}, pod).counted);
}

TEST_CASE("successPolicy: the first rule that is met") {
  const auto rule = [](std::optional<std::string> indexes, std::optional<std::int32_t> count) {
    return model::JobSuccessRule{std::move(indexes), count};
  };
  const auto match = [](std::vector<model::JobSuccessRule> rules, std::string_view succeeded) {
    const auto found = job::match_success_policy(rules, 10, job::parse_indexes(succeeded, 10));
    return found ? static_cast<int>(*found) : -1;
  };
  CHECK(match({rule("0", {})}, "") == -1);
  CHECK(match({rule("0", {})}, "0,5") == 0);
  CHECK(match({rule("0-2", {})}, "0,1,5") == -1);
  CHECK(match({rule("0-2", {})}, "0-2") == 0);
  CHECK(match({rule("0-4", 2)}, "1,3,7") == 0);
  CHECK(match({rule("0-4", 3)}, "1,3,7") == -1);
  CHECK(match({rule({}, 3)}, "1,3,7") == 0);
  CHECK(match({rule({}, 4)}, "1,3,7") == -1);
  CHECK(match({rule("9", {}), rule({}, 2)}, "1,3") == 1);
  CHECK(match({}, "0-9") == -1);
}
