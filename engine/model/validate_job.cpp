// The rules of Jobs. Source: kubernetes/pkg/apis/batch/validation/validation.go of 1.34.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "engine/model/validate.h"

namespace wavetank::model {
namespace {

constexpr std::int64_t kMostParallel = 100'000;       // maxParallelismForIndexedJob
constexpr std::int64_t kMostFailedIndexes = 100'000;  // maxFailedIndexesForIndexedJob
constexpr std::int64_t kManyCompletions = 100'000;    // completionsSoftLimit
constexpr std::int64_t kMostOfMany = 10'000;          // with more completions than that and a limit per index
constexpr std::size_t kMostRules = 20, kMostExitCodes = 255, kMostConditions = 20;
constexpr std::size_t kLongestManagedBy = 63, kLongestIndexes = std::size_t{64} * 1024;

void at_most_items(const Place& list, std::size_t count, std::size_t most) {
  if (count > most) list.too_many(count, most);
}

/// IsDomainPrefixedPath
void validate_managed_by(const Place& at) {
  if (!at) return;
  const std::string& text = at.text();
  if (text.empty()) return at.required();
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == text.size()) {
    at.invalid("must be a domain-prefixed path (such as \"acme.io/foo\")");
  } else {
    const std::string host = text.substr(0, slash), path = text.substr(slash + 1);
    for (const std::string& message : check_dns_subdomain(host)) at.invalid_value("\"" + host + "\"", message);
    constexpr std::string_view kAllowed =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-._~%!$&'()*+,;=:";
    if (path.find_first_not_of(kAllowed) != std::string::npos)
      at.invalid_value("\"" + path + "\"",
                       "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')");
  }
  if (text.size() > kLongestManagedBy) at.too_long(fmt::format("may not be more than {} bytes", kLongestManagedBy));
}

void validate_indexed(const Place& spec, const Job& job) {
  const Place completions = spec["completions"], parallelism = spec["parallelism"], failed = spec["maxFailedIndexes"];
  if (!job.completions) completions.required("when completion mode is Indexed");
  if (job.parallelism.value_or(0) > kMostParallel)
    parallelism.invalid(fmt::format("must be less than or equal to {} when completion mode is Indexed", kMostParallel));
  const std::int64_t most_failed = job.max_failed_indexes.value_or(0);
  if (job.completions && most_failed > *job.completions) failed.invalid("must be less than or equal to completions");
  if (most_failed > kMostFailedIndexes)
    failed.invalid(fmt::format("must be less than or equal to {}", kMostFailedIndexes));
  if (job.completions.value_or(0) <= kManyCompletions || !job.backoff_limit_per_index) return;
  if (!job.max_failed_indexes)
    failed.required(fmt::format("must be specified when completions is above {}", kManyCompletions));
  const std::string detail = fmt::format(
      "must be less than or equal to {} when completions are above {} and used with backoff limit per index",
      kMostOfMany, kManyCompletions);
  if (job.parallelism.value_or(0) > kMostOfMany) parallelism.invalid(detail);
  if (most_failed > kMostOfMany) failed.invalid(detail);
}

// ---- podFailurePolicy
// -------------------------------------------------------------------------------------------------------------

std::string quoted_list(const std::vector<std::string_view>& words) {
  std::string out;
  for (const std::string_view word : words) out += fmt::format("{}\"{}\"", out.empty() ? "" : " ", word);
  return "[" + out + "]";
}

/// A word of a closed set that must be there.
void required_word(const Place& at, const std::vector<std::string_view>& allowed) {
  if (at.text().empty()) {
    at.required("valid values: " + quoted_list(allowed));
  } else {
    at.one_of(allowed);
  }
}

void validate_exit_codes(const Place& codes, const Job& job) {
  required_word(codes["operator"], {"In", "NotIn"});
  const Place container = codes["containerName"];
  if (container) {
    const auto named = [&](const Container& c) { return c.name == container.text(); };
    const PodSpec& pod = job.tmpl.spec;
    if (std::none_of(pod.containers.begin(), pod.containers.end(), named) &&
        std::none_of(pod.init_containers.begin(), pod.init_containers.end(), named))
      container.invalid("must be one of the container or initContainer names in the pod template");
  }
  const Place list = codes["values"];
  const std::vector<Place> values = list.items();
  if (values.empty()) list.invalid_value(list ? "[]" : "null", "at least one value is required");
  at_most_items(list, values.size(), kMostExitCodes);
  std::vector<std::int64_t> seen;
  bool ordered = true;
  for (const Place& value : values) {
    const std::int64_t code = value.number();
    if (codes["operator"].text() == "In" && code == 0) value.invalid("must not be 0 for the In operator");
    if (std::find(seen.begin(), seen.end(), code) != seen.end()) value.duplicate();
    if (!seen.empty() && seen.back() > code) ordered = false;
    seen.push_back(code);
  }
  if (!ordered) list.invalid("must be ordered");
}

void validate_failure_rule(const Place& rule, const Job& job) {
  const Place action = rule["action"], codes = rule["onExitCodes"], conditions = rule["onPodConditions"];
  if (action.text() == "FailIndex") {
    if (!job.backoff_limit_per_index) action.invalid("requires the backoffLimitPerIndex to be set");
  } else {
    required_word(action, {"Count", "FailIndex", "FailJob", "Ignore"});
  }
  if (codes) validate_exit_codes(codes, job);
  const std::vector<Place> patterns = conditions.items();
  at_most_items(conditions, patterns.size(), kMostConditions);
  for (const Place& pattern : patterns) {
    pattern["type"].each_invalid(check_qualified_name(pattern["type"].text()));
    required_word(pattern["status"], {"False", "True", "Unknown"});
  }
  if (codes && !patterns.empty())
    rule.invalid_value("", "specifying both OnExitCodes and OnPodConditions is not supported");
  if (!codes && patterns.empty())
    rule.invalid_value("", "specifying one of OnExitCodes and OnPodConditions is required");
}

void validate_failure_policy(const Place& policy, const Job& job) {
  if (!policy) return;
  const std::vector<Place> rules = policy["rules"].items();
  at_most_items(policy["rules"], rules.size(), kMostRules);
  for (const Place& rule : rules) validate_failure_rule(rule, job);
}

// ---- successPolicy
// ----------------------------------------------------------------------------------------------------------------

std::optional<std::int64_t> to_number(std::string_view text) {
  std::int64_t n = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || stop != text.data() + text.size() || text.empty()) return std::nullopt;
  return n;
}

/// One end of an interval; what is wrong with it, or "".
std::string read_index(std::string_view text, std::int64_t completions, std::int64_t& out) {
  const auto number = to_number(text);
  if (!number) return fmt::format("cannot convert string to integer for index: \"{}\"", text);
  if (*number >= completions) return fmt::format("too large index: \"{}\"", text);
  out = *number;
  return "";
}

/// Reads "1,3-5" and adds up how many indexes that are; what is wrong, or "" (validateIndexesFormat).
std::string read_indexes(std::string_view text, std::int64_t completions, std::int64_t& total) {
  std::optional<std::int64_t> last;
  for (bool more = !text.empty(); more;) {
    const std::size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    more = comma != std::string_view::npos;
    text.remove_prefix(more ? comma + 1 : text.size());
    const std::size_t dash = part.find('-');
    if (dash != std::string_view::npos && part.find('-', dash + 1) != std::string_view::npos)
      return fmt::format(
          "the fragment \"{}\" violates the requirement that an index interval can have at most two parts separated by "
          "'-'",
          part);
    std::int64_t x = 0, y = 0;
    if (std::string wrong = read_index(part.substr(0, dash), completions, x); !wrong.empty()) return wrong;
    y = x;
    if (dash != std::string_view::npos) {
      if (std::string wrong = read_index(part.substr(dash + 1), completions, y); !wrong.empty()) return wrong;
      if (x >= y) return fmt::format("non-increasing order, previous: {}, current: {}", x, y);
    }
    if (last && *last >= x) return fmt::format("non-increasing order, previous: {}, current: {}", *last, x);
    total += y - x + 1;
    last = y;
  }
  return "";
}

void validate_success_rule(const Place& rule, std::int64_t completions) {
  const Place count = rule["succeededCount"], indexes = rule["succeededIndexes"];
  if (!count && !indexes) rule.required("at least one of succeededCount or succeededIndexes must be specified");
  std::int64_t total = 0;
  if (indexes) {
    if (indexes.text().size() > kLongestIndexes)
      indexes.too_long(fmt::format("may not be more than {} bytes", kLongestIndexes));
    if (const std::string wrong = read_indexes(indexes.text(), completions, total); !wrong.empty()) {
      indexes.invalid("error parsing succeededIndexes: " + wrong);
      total = 0;
    }
  }
  if (!count) return;
  count.not_negative();
  if (count.number() > completions)
    count.invalid(fmt::format("must be less than or equal to {} (the number of specified completions)", completions));
  if (indexes && count.number() > total)
    count.invalid(fmt::format(
        "must be less than or equal to {} (the number of indexes in the specified succeededIndexes field)", total));
}

void validate_success_policy(const Place& policy, const Job& job) {
  if (!policy) return;
  if (!job.indexed) return policy.invalid("requires indexed completion mode");
  const std::vector<Place> rules = policy["rules"].items();
  if (rules.empty())
    policy["rules"].required("at least one rules must be specified when the successPolicy is specified");
  at_most_items(policy["rules"], rules.size(), kMostRules);
  for (const Place& rule : rules) validate_success_rule(rule, job.completions.value_or(0));
}

void validate_template(const Place& spec, const Job& job) {
  const Place t = spec["template"];
  validate_pod_template(t["metadata"], t["spec"]);
  const Place restart = t["spec"]["restartPolicy"];
  const std::string& text = restart.text();
  if (text.empty() || text == "Always") {
    restart.required("valid values: \"OnFailure\", \"Never\"");
  } else if (restart.one_of({"OnFailure", "Never"}) && job.has_pod_failure_policy && text != "Never") {
    restart.invalid("only \"Never\" is supported when podFailurePolicy is specified");
  }
}

/// A selector of one's own needs manualSelector; the one that the API server makes names the Job by its uid, which is
/// not known here (ValidateGeneratedSelector).
void validate_generated(const Place& root, const Job& job) {
  if (job.manual_selector || !job.selector) return;
  const Place selector = root["spec"]["selector"], labels = selector["matchLabels"];
  Labels generated;
  for (const char* key : {"batch.kubernetes.io/job-name", "job-name"})
    set_label(generated, key, root["metadata"]["name"].text());
  for (const char* key : {"batch.kubernetes.io/controller-uid", "controller-uid"})
    set_label(generated, key, labels[key].text());
  if (!job.selector->matches(generated)) selector.invalid("`selector` not auto-generated");
}

}  // namespace

void validate_job_spec(const Place& spec, const Job& job) {
  for (const std::string_view field : {"parallelism", "completions", "activeDeadlineSeconds", "backoffLimit",
                                       "ttlSecondsAfterFinished", "backoffLimitPerIndex", "maxFailedIndexes"})
    spec[field].not_negative();
  if (job.max_failed_indexes && !job.backoff_limit_per_index)
    spec["backoffLimitPerIndex"].required("when maxFailedIndexes is specified");
  validate_managed_by(spec["managedBy"]);
  spec["completionMode"].one_of({"NonIndexed", "Indexed"});
  if (job.indexed) {
    validate_indexed(spec, job);
  } else {
    for (const std::string_view field : {"backoffLimitPerIndex", "maxFailedIndexes"})
      if (spec[field]) spec[field].invalid("requires indexed completion mode");
  }
  validate_failure_policy(spec["podFailurePolicy"], job);
  validate_success_policy(spec["successPolicy"], job);
  const Place replacement = spec["podReplacementPolicy"];
  if (job.has_pod_failure_policy) {
    replacement.one_of({"Failed"});
  } else {
    replacement.one_of({"Failed", "TerminatingOrFailed"});
  }
  validate_template(spec, job);
}

void validate_job(const Place& root, const Job& job) {
  const Place spec = root["spec"], selector = spec["selector"];
  validate_job_spec(spec, job);
  validate_selector(selector);
  // The API server makes selector and labels of a Job that has none, when it is created.
  if (!selector && job.manual_selector) selector.required();
  if (job.selector && (job.manual_selector || !job.selector->empty()) && !job.selector->matches(job.tmpl.labels)) {
    const Place labels = spec["template"]["metadata"]["labels"];
    labels.invalid_value(labels ? shown(*labels.doc()) : "null", "`selector` does not match template `labels`");
  }
  validate_generated(root, job);
  // The pods' host names hold the index.
  const Place name = root["metadata"]["name"];
  if (!job.indexed || job.completions.value_or(0) <= 0 || name.text().empty()) return;
  const std::string host = fmt::format("{}-{}", name.text(), *job.completions - 1);
  if (!check_dns_label(host).empty()) name.invalid("will not able to create pod with invalid DNS label: " + host);
}

}  // namespace wavetank::model
