// create-job: `kubectl create job NAME --from=cronjob/…`, a run of a cron job out of its turn.
#include <fmt/format.h>

#include "engine/command/command.h"
#include "sim/scenario/steps/all.h"

namespace wavetank::scenario {
namespace {

using model::Doc;

/// The Job as kubectl writes it (k8s.io/kubectl, createJobFromCronJob).
std::string job_of(event::Ref cron_job, const std::string& name, const state::ClusterView& view) {
  const Doc whole = view.stored_doc(cron_job);
  const Doc* tmpl = whole.at({"spec", "jobTemplate"});
  Doc job = Doc::object();
  job["apiVersion"] = Doc::string("batch/v1");
  job["kind"] = Doc::string("Job");
  Doc& meta = job["metadata"];
  meta["name"] = Doc::string(name);
  meta["namespace"] = Doc::string(view.namespace_of(cron_job));
  meta["annotations"]["cronjob.kubernetes.io/instantiate"] = Doc::string("manual");
  for (const char* key : {"labels", "annotations"}) {
    const Doc* map = tmpl == nullptr ? nullptr : tmpl->at({"metadata", key});
    if (map == nullptr || !map->is_object()) continue;
    for (const Doc::Member& m : map->members) meta[key][m.key] = m.value;
  }
  Doc owner = Doc::object();
  owner["apiVersion"] = Doc::string("batch/v1");
  owner["kind"] = Doc::string("CronJob");
  owner["name"] = Doc::string(view.bare_name(cron_job));
  owner["uid"] = Doc::string(view.uid(cron_job));
  owner["controller"] = Doc::boolean(true);
  meta["ownerReferences"] = Doc::array();
  meta["ownerReferences"].items.push_back(std::move(owner));
  const Doc* spec = tmpl == nullptr ? nullptr : tmpl->find("spec");
  job["spec"] = spec == nullptr ? Doc::object() : *spec;
  return model::to_json(job);
}

class CreateJob final : public Step {
 public:
  CreateJob(Target from, std::string name) : from_(std::move(from)), name_(std::move(name)) {}
  [[nodiscard]] std::string text() const override { return fmt::format("create job {} from {}", name_, from_.text()); }
  void run(StepContext& context) const override {
    const std::string line = fmt::format("create job {} --from={}", name_, from_.text());
    const std::vector<event::Ref> found = resolve(from_, context.view());
    if (found.empty()) return context.not_found(line, from_);
    context.kubectl(
        line, command::ApplyObject{job_of(found.front(), name_, context.view()), command::ApplyObject::Mode::Create});
  }

 private:
  Target from_;
  std::string name_;
};

}  // namespace

const Shape& create_job_shape() {
  static const Shape kShape = {"create-job",
                               {{"from", Type::Text, "The cron job whose template it has: cronjob/report.", true},
                                {"name", Type::Text, "The new Job's name.", true}},
                               ""};
  return kShape;
}

std::unique_ptr<const Step> read_create_job(const model::Doc& doc, const std::string& path, ReadContext& context) {
  const std::string from = text(doc, "from"), name = text(doc, "name");
  std::optional<Target> target = read_target(from, place(doc, "from"), path + ".from", {model::Kind::CronJob}, context);
  if (!target) return nullptr;
  if (target->is_pattern()) {
    context.problems.add(place(doc, "from"), fmt::format("{}.from: one cron job is wanted, not a pattern", path));
    return nullptr;
  }
  context.catalog.add(model::Kind::Job, target->ns, name);
  return std::make_unique<CreateJob>(std::move(*target), name);
}

}  // namespace wavetank::scenario
