// What the API server does to Jobs: selectors and labels made for them, fields that may not change.
// Source: kubernetes/pkg/registry/batch/job/strategy.go, pkg/apis/batch/validation/validation.go of 1.34.
#include <fmt/core.h>

#include "engine/decide/rules.h"
#include "engine/model/decode.h"

namespace wavetank::decide::detail {

using model::Doc;
using model::Kind;

namespace {

constexpr std::string_view kUid = "batch.kubernetes.io/controller-uid", kLegacyUid = "controller-uid";
constexpr std::string_view kName = "batch.kubernetes.io/job-name", kLegacyName = "job-name";

void label_default(Doc& labels, std::string_view key, std::string_view value) {
  if (labels.find(key) == nullptr) labels[key] = Doc::string(value);
}

std::string shown(const Doc* doc) { return doc == nullptr ? "null" : model::to_canonical_json(*doc); }

bool same(const Doc* a, const Doc* b) {
  const bool no_a = a == nullptr || a->is_null(), no_b = b == nullptr || b->is_null();
  return no_a || no_b ? no_a == no_b : a->same_as(*b);
}

class Complaints {
 public:
  explicit Complaints(std::string_view name) : name_(name) {}
  void add(std::string message) { all_.push_back(std::move(message)); }
  [[nodiscard]] Refusal refusal() const {
    if (all_.empty()) return granted();
    std::string text;
    for (const std::string& m : all_) text += (text.empty() ? "" : ", ") + m;
    if (all_.size() > 1) text = "[" + text + "]";
    return Rejection{"Invalid", fmt::format("Job.batch \"{}\" is invalid: {}", name_, text)};
  }

 private:
  std::string_view name_;
  std::vector<std::string> all_;
};

/// The template without what may change as long as a suspended Job has never started
/// (validatePodTemplateUpdate with AllowMutableSchedulingDirectives).
Doc without_scheduling(const Doc* tmpl) {
  Doc out = tmpl == nullptr ? Doc::object() : *tmpl;
  for (const char* key : {"annotations", "labels"})
    if (Doc* meta = out.find("metadata"); meta != nullptr) meta->erase(key);
  if (Doc* meta = out.find("metadata"); meta != nullptr && meta->members.empty()) out.erase("metadata");
  Doc* spec = out.find("spec");
  if (spec == nullptr) return out;
  for (const char* key : {"nodeSelector", "tolerations", "schedulingGates"}) spec->erase(key);
  if (Doc* affinity = spec->find("affinity"); affinity != nullptr) {
    affinity->erase("nodeAffinity");
    if (affinity->members.empty()) spec->erase("affinity");
  }
  return out;
}

}  // namespace

void generate_job_selector(Doc& job, std::string_view uid) {
  Doc& spec = job["spec"];
  if (!spec.bool_or("manualSelector", false)) {
    const std::string name(job["metadata"].string_or("name"));
    Doc& labels = spec["template"]["metadata"]["labels"];
    for (const std::string_view key : {kLegacyName, kName}) label_default(labels, key, name);
    for (const std::string_view key : {kLegacyUid, kUid}) label_default(labels, key, uid);
    label_default(spec["selector"]["matchLabels"], kUid, uid);
  }
  // A Job without labels of its own shows its pods' labels: that default is applied again when it is read back.
  model::apply_defaults(job);
}

/// validateGeneratedSelector
Refusal check_generated_selector(const Doc& job, std::string_view uid) {
  const Doc* spec = job.find("spec");
  if (spec == nullptr || spec->bool_or("manualSelector", false)) return granted();
  const std::string name(job.at({"metadata", "name"}) == nullptr ? "" : job.at({"metadata", "name"})->text);
  Complaints complaints(name);
  const Doc* labels = spec->at({"template", "metadata", "labels"});
  const std::pair<std::string_view, std::string_view> expected[] = {
      {kLegacyUid, uid}, {kLegacyName, name}, {kUid, uid}, {kName, name}};
  for (const auto& [key, value] : expected) {
    const Doc* found = labels == nullptr ? nullptr : labels->find(key);
    if (found == nullptr) {
      complaints.add(fmt::format("spec.template.metadata.labels[{}]: Required value: must be '{}'", key, value));
    } else if (found->text != value) {
      complaints.add(
          fmt::format("spec.template.metadata.labels[{}]: Invalid value: {}: must be '{}'", key, shown(labels), value));
    }
  }
  return complaints.refusal();
}

/// ValidateJobSpecUpdate. Where Kubernetes shows Go values, we show JSON.
Refusal check_immutable_job(const ClusterView& view, Ref ref, const Doc& before, const Doc& after) {
  const state::JobRow& row = view->jobs[ref.row];
  Complaints complaints(view.bare_name(ref));
  const auto field = [](const Doc& doc, std::string_view key) { return doc.at({"spec", key}); };
  const auto immutable = [&](std::string_view key) {
    if (!same(field(before, key), field(after, key)))
      complaints.add(fmt::format("spec.{}: Invalid value: {}: field is immutable", key, shown(field(after, key))));
  };
  // An Indexed Job may grow and shrink, with as many pods at a time (KEP-3715).
  if (!row.spec.indexed) {
    immutable("completions");
  } else if (!same(field(before, "completions"), field(after, "completions")) &&
             field(after, "completions") != nullptr &&
             !same(field(after, "completions"), field(after, "parallelism"))) {
    complaints.add(
        fmt::format("spec.completions: Invalid value: {}: can only be modified in tandem with "
                    "spec.parallelism",
                    shown(field(after, "completions"))));
  }
  if (field(after, "selector") == nullptr) complaints.add("spec.selector: Required value");
  immutable("selector");
  const bool movable = row.spec.suspend && row.status.start == base::SimTime::never();
  const Doc *was = field(before, "template"), *is = field(after, "template");
  if (!(movable ? without_scheduling(was).same_as(without_scheduling(is)) : same(was, is)))
    complaints.add(fmt::format("spec.template: Invalid value: {}: field is immutable", shown(is)));
  for (const char* key : {"completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"})
    immutable(key);
  return complaints.refusal();
}

}  // namespace wavetank::decide::detail
