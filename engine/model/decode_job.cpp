// Jobs, and the Jobs of a CronJob's template.
#include "engine/model/read.h"

namespace wavetank::model {
namespace {

PodFailureRule::Action action_of(std::string_view text) {
  using Action = PodFailureRule::Action;
  if (text == "FailJob") return Action::FailJob;
  if (text == "FailIndex") return Action::FailIndex;
  return text == "Ignore" ? Action::Ignore : Action::Count;
}

PodFailureRule read_failure_rule(const Doc& doc) {
  PodFailureRule rule;
  rule.action = action_of(doc.string_or("action"));
  const Doc* codes = get(&doc, "onExitCodes");
  rule.on_exit_codes = codes != nullptr;
  rule.container = get_string(codes, "containerName");
  rule.exit_codes_in = get_string(codes, "operator", "In") != "NotIn";
  for (const Doc& value : get_items(codes, "values")) {
    std::int32_t code = 0;
    std::from_chars(value.text.data(), value.text.data() + value.text.size(), code);
    rule.exit_codes.push_back(code);
  }
  for (const Doc& c : get_items(&doc, "onPodConditions"))
    rule.conditions.emplace_back(get_string(&c, "type"), get_string(&c, "status", "True"));
  return rule;
}

}  // namespace

Job read_job_spec(const Doc* spec) {
  Job j;
  j.parallelism = get_int<std::int32_t>(spec, "parallelism");
  j.completions = get_int<std::int32_t>(spec, "completions");
  j.backoff_limit = get_int<std::int32_t>(spec, "backoffLimit");
  j.backoff_limit_per_index = get_int<std::int32_t>(spec, "backoffLimitPerIndex");
  j.max_failed_indexes = get_int<std::int32_t>(spec, "maxFailedIndexes");
  j.ttl_seconds_after_finished = get_int<std::int32_t>(spec, "ttlSecondsAfterFinished");
  j.active_deadline_seconds = get_int<std::int64_t>(spec, "activeDeadlineSeconds");
  j.suspend = get_bool(spec, "suspend");
  j.indexed = get_string(spec, "completionMode") == "Indexed";
  j.manual_selector = get_bool(spec, "manualSelector");
  const Doc* failures = get(spec, "podFailurePolicy");
  j.has_pod_failure_policy = failures != nullptr;
  for (const Doc& rule : get_items(failures, "rules")) j.pod_failure_policy.push_back(read_failure_rule(rule));
  for (const Doc& rule : get_items(get(spec, "successPolicy"), "rules")) {
    JobSuccessRule out;
    if (const Doc* indexes = get(&rule, "succeededIndexes")) out.succeeded_indexes = indexes->text;
    out.succeeded_count = get_int<std::int32_t>(&rule, "succeededCount");
    j.success_policy.push_back(std::move(out));
  }
  j.replace_failed_only = get_string(spec, "podReplacementPolicy") == "Failed";
  j.managed_by = get_string(spec, "managedBy");
  j.selector = read_optional_selector(spec, "selector");
  if (const Doc* found = get(spec, "template"); found != nullptr) j.tmpl = read_pod_template(*found);
  return j;
}

Job read_job(const Doc& doc) { return read_job_spec(get(&doc, "spec")); }

}  // namespace wavetank::model
