#include "engine/project/policy_rows.h"

#include <fmt/format.h>

#include "engine/state/quota_usage.h"

namespace wavetank::project {

namespace {

using event::Ref;
using model::Doc;
using model::Kind;
using state::ClusterView;

std::string age_of(base::SimTime t, const ClusterView& view) { return base::format_age(view.now() - t); }

std::vector<std::string> cron_job_cells(const state::CronJobRow& row, const ClusterView& view) {
  const auto doc = model::parse_json(row.header.doc, "cron job");
  const Doc* containers = doc ? doc->at({"spec", "jobTemplate", "spec", "template", "spec", "containers"}) : nullptr;
  std::string names, images;
  if (containers != nullptr) {
    for (const Doc& c : containers->items) {
      (names += names.empty() ? "" : ",") += c.string_or("name");
      (images += images.empty() ? "" : ",") += c.string_or("image");
    }
  }
  const bool ran = row.status.last_schedule != base::SimTime::never();
  return {row.spec.schedule,
          row.spec.time_zone.value_or("<none>"),
          row.spec.suspend ? "True" : "False",
          fmt::format("{}", row.status.active.size()),
          ran ? age_of(row.status.last_schedule, view) : "<none>",
          age_of(row.header.created, view),
          names,
          images,
          "<none>"};
}

/// "pods: 1/2, requests.cpu: 300m/1" and what limits limit.
std::vector<std::string> quota_cells(const state::QuotaRow& row, const ClusterView& view) {
  std::string requests, limits;
  for (const auto& [name, hard] : row.status.hard) {
    const base::Quantity* used = state::find_amount(row.status.used, name);
    std::string& out = name.starts_with("limits") ? limits : requests;
    out += fmt::format("{}{}: {}/{}", out.empty() ? "" : ", ", name, used == nullptr ? "0" : used->text(), hard.text());
  }
  return {requests, limits, age_of(row.header.created, view)};
}

}  // namespace

std::vector<Table::Column> policy_columns(Kind kind) {
  switch (kind) {
    case Kind::CronJob:
      return {{"SCHEDULE"}, {"TIMEZONE"},         {"SUSPEND"},      {"ACTIVE"},        {"LAST SCHEDULE"},
              {"AGE"},      {"CONTAINERS", true}, {"IMAGES", true}, {"SELECTOR", true}};
    case Kind::ResourceQuota:
      return {{"REQUEST"}, {"LIMIT"}, {"AGE"}};
    case Kind::LimitRange:
      return {{"CREATED AT"}};
    default:
      return {{"HANDLER"}, {"AGE"}};
  }
}

std::vector<std::string> policy_cells(Ref ref, const ClusterView& view) {
  switch (ref.kind) {
    case Kind::CronJob:
      return cron_job_cells(view.cron_job(ref.as<event::CronJobId>()), view);
    case Kind::ResourceQuota:
      return quota_cells(view.quota(ref.as<event::QuotaId>()), view);
    case Kind::LimitRange:
      return {base::format_rfc3339(view.header(ref)->created, view->epoch_s)};
    default: {
      const state::RuntimeClassRow& row = view.runtime_class(ref.as<event::RuntimeClassId>());
      return {row.spec.handler, age_of(row.header.created, view)};
    }
  }
}

}  // namespace wavetank::project
