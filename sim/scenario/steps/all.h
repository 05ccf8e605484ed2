#pragma once
// The functions of all steps, one pair a file; the registry names them.

#include "sim/scenario/steps/step.h"

namespace wavetank::scenario {

#define WT_STEP(step)          \
  const Shape& step##_shape(); \
  std::unique_ptr<const Step> read_##step(const model::Doc& doc, const std::string& path, ReadContext& context)

WT_STEP(apply);
WT_STEP(cordon);
WT_STEP(create_job);
WT_STEP(delete);
WT_STEP(drain);
WT_STEP(fail);
WT_STEP(heal);
WT_STEP(label);
WT_STEP(load);
WT_STEP(note);
WT_STEP(patch);
WT_STEP(rollout);
WT_STEP(scale);
WT_STEP(set_image);
WT_STEP(taint);

#undef WT_STEP

// These share the fields of others.
std::unique_ptr<const Step> read_uncordon(const model::Doc& doc, const std::string& path, ReadContext& context);
std::unique_ptr<const Step> read_add_nodes(const model::Doc& doc, const std::string& path, ReadContext& context);

/// Creates nodes under one request named `text`.
void create_nodes(const std::vector<ManifestDoc>& nodes, const std::string& text, StepContext& context);

}  // namespace wavetank::scenario
