// The rules of: the autoscalers.
#include "engine/model/validate.h"

namespace wavetank::model {

void validate_horizontal_pod_autoscaler(const Place& root, const HorizontalPodAutoscaler& spec) {
  static_cast<void>(root), static_cast<void>(spec);
}

void validate_vertical_pod_autoscaler(const Place& root, const VerticalPodAutoscaler& spec) {
  static_cast<void>(root), static_cast<void>(spec);
}

}  // namespace wavetank::model
