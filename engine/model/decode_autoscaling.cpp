// The autoscalers.
#include "engine/model/read.h"

namespace wavetank::model {

HorizontalPodAutoscaler read_horizontal_pod_autoscaler(const Doc& doc) {
  HorizontalPodAutoscaler out;
  static_cast<void>(doc);
  return out;
}

VerticalPodAutoscaler read_vertical_pod_autoscaler(const Doc& doc) {
  VerticalPodAutoscaler out;
  static_cast<void>(doc);
  return out;
}

}  // namespace wavetank::model
