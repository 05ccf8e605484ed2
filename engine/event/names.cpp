#include "engine/event/names.h"

namespace wavetank::event {

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::Pending:
      return "Pending";
    case Phase::Running:
      return "Running";
    case Phase::Succeeded:
      return "Succeeded";
    case Phase::Failed:
      return "Failed";
  }
  return "Unknown";
}

std::string_view name_of(WaitingReason reason) {
  switch (reason) {
    case WaitingReason::ContainerCreating:
      return "ContainerCreating";
    case WaitingReason::PodInitializing:
      return "PodInitializing";
    case WaitingReason::ErrImagePull:
      return "ErrImagePull";
    case WaitingReason::ImagePullBackOff:
      return "ImagePullBackOff";
    case WaitingReason::CrashLoopBackOff:
      return "CrashLoopBackOff";
  }
  return "";
}

}  // namespace wavetank::event
