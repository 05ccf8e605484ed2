// The rules of cron jobs. Source: kubernetes/pkg/apis/batch/validation/validation.go of 1.34.
#include <algorithm>

#include <fmt/format.h>

#include "engine/model/cron_schedule.h"
#include "engine/model/validate.h"

namespace wavetank::model {

namespace {

constexpr std::size_t kLongestName = 52;  // "-" and ten digits go behind it

void validate_schedule(const Place& schedule) {
  const std::string& text = schedule.text();
  if (text.empty()) return schedule.required();
  if (const auto parsed = CronSchedule::parse(text); !parsed) schedule.invalid(parsed.error().front().message);
  if (text.find("TZ") != std::string::npos)
    schedule.invalid("cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
}

bool is_zone_part(std::string_view part) {
  if (part == "." || part == ".." || part.empty() || part.size() > 14 || part.front() == '-') return false;
  return std::all_of(part.begin(), part.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_' || c == '+';
  });
}

void validate_time_zone(const Place& zone) {
  if (!zone) return;
  const std::string& text = zone.text();
  if (text.empty()) return zone.invalid("timeZone must be nil or non-empty string");
  const std::string unknown = "unknown time zone " + text;
  for (std::string_view rest = text;;) {
    const std::size_t slash = rest.find('/');
    if (!is_zone_part(rest.substr(0, slash))) return zone.invalid(unknown);
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  std::string lower = text;
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (lower == "local")
    zone.invalid("timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
  if (text != "Local" && !TimeZone::find(text)) zone.invalid(unknown);
}

}  // namespace

void validate_cron_job(const Place& root, const CronJob&) {
  const Place spec = root["spec"], name = root["metadata"]["name"];
  validate_schedule(spec["schedule"]);
  spec["startingDeadlineSeconds"].not_negative();
  validate_time_zone(spec["timeZone"]);
  const Place policy = spec["concurrencyPolicy"];
  if (policy.text().empty()) {
    policy.required();
  } else {
    policy.one_of({"Allow", "Forbid", "Replace"});
  }
  const Place job = spec["jobTemplate"]["spec"];
  validate_job_spec(job, read_job_spec(job.doc()));
  if (job["selector"]) job["selector"].invalid("`selector` will be auto-generated");
  if (job["manualSelector"].text() == "true") job["manualSelector"].unsupported({"nil", "false"});
  spec["successfulJobsHistoryLimit"].not_negative();
  spec["failedJobsHistoryLimit"].not_negative();
  if (name.text().size() > kLongestName) name.invalid("must be no more than 52 characters");
}

}  // namespace wavetank::model
