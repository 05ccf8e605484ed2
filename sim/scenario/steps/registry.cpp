#include "sim/scenario/steps/registry.h"

#include "sim/scenario/steps/all.h"

namespace wavetank::scenario {
namespace {

constexpr StepInfo kSteps[] = {
    {"add-nodes", "More nodes join.", node_shape, read_add_nodes},
    {"apply", "kubectl apply -f.", apply_shape, read_apply},
    {"cordon", "kubectl cordon.", cordon_shape, read_cordon},
    {"create-job", "kubectl create job --from=cronjob/….", create_job_shape, read_create_job},
    {"delete", "kubectl delete.", delete_shape, read_delete},
    {"drain", "kubectl drain --ignore-daemonsets --delete-emptydir-data --force.", drain_shape, read_drain},
    {"fail", "A fault begins.", fail_shape, read_fail},
    {"heal", "A fault ends before its time.", heal_shape, read_heal},
    {"label", "kubectl label --overwrite.", label_shape, read_label},
    {"load", "Clients send so many requests a second from now on.", load_shape, read_load},
    {"note", "A remark that reports show.", note_shape, read_note},
    {"patch", "kubectl patch --type=merge.", patch_shape, read_patch},
    {"rollout", "kubectl rollout undo, pause, resume, restart.", rollout_shape, read_rollout},
    {"scale", "kubectl scale.", scale_shape, read_scale},
    {"set-image", "kubectl set image.", set_image_shape, read_set_image},
    {"taint", "kubectl taint nodes.", taint_shape, read_taint},
    {"uncordon", "kubectl uncordon.", cordon_shape, read_uncordon},
};

constexpr bool sorted() {
  for (std::size_t i = 1; i < std::size(kSteps); ++i) {
    if (!(kSteps[i - 1].name < kSteps[i].name)) return false;
  }
  return true;
}
static_assert(sorted(), "steps are sorted by name");

}  // namespace

std::span<const StepInfo> steps() { return kSteps; }

const StepInfo* find_step(std::string_view name) {
  for (const StepInfo& step : kSteps) {
    if (step.name == name) return &step;
  }
  return nullptr;
}

}  // namespace wavetank::scenario
