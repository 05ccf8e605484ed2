// The defaults of Jobs. Source: kubernetes/pkg/apis/batch/v1/defaults.go of 1.34.
#include <limits>

#include "engine/model/defaults.h"
#include "engine/model/read.h"

namespace wavetank::model {

namespace {

bool missing(const Doc& doc, std::string_view key) { return get(&doc, key) == nullptr; }

}  // namespace

void default_pod_failure_policy(Doc* job_spec) {
  each(existing(job_spec, "podFailurePolicy"), "rules", [](Doc& rule) {
    each(&rule, "onPodConditions", [](Doc& pattern) { text_default(pattern, "status", "True"); });
  });
}

void default_job(Doc& doc) {
  Doc* spec = existing(&doc, "spec");
  if (spec == nullptr) return;
  if (missing(*spec, "completions") && missing(*spec, "parallelism"))
    set_default(*spec, "completions", Doc::integer(1));
  set_default(*spec, "parallelism", Doc::integer(1));
  // A limit for each index stands for the one of the whole Job.
  const bool per_index = !missing(*spec, "backoffLimitPerIndex");
  set_default(*spec, "backoffLimit", Doc::integer(per_index ? std::numeric_limits<std::int32_t>::max() : 6));
  set_default(*spec, "completionMode", Doc::string("NonIndexed"));
  set_default(*spec, "suspend", Doc::boolean(false));
  set_default(*spec, "manualSelector", Doc::boolean(false));
  set_default(*spec, "podReplacementPolicy",
              Doc::string(missing(*spec, "podFailurePolicy") ? "TerminatingOrFailed" : "Failed"));
  default_pod_failure_policy(spec);
  pod_template(spec);
  // Labels of its own that are missing are its pods' labels.
  const Doc* labels = spec->at({"template", "metadata", "labels"});
  if (labels == nullptr || !labels->is_object() || labels->members.empty()) return;
  const Doc wanted = *labels;
  if (Doc* meta = existing(&doc, "metadata"); meta != nullptr && get_members(meta, "labels").empty())
    (*meta)["labels"] = wanted;
}

}  // namespace wavetank::model
