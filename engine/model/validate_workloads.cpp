// The rules of: stateful sets, daemon sets and their revisions.
#include "engine/model/validate.h"

namespace wavetank::model {

void validate_stateful_set(const Place& root, const StatefulSet& spec) {
  static_cast<void>(root), static_cast<void>(spec);
}

void validate_daemon_set(const Place& root, const DaemonSet& spec) { static_cast<void>(root), static_cast<void>(spec); }

void validate_controller_revision(const Place& root, const ControllerRevision& spec) {
  static_cast<void>(root), static_cast<void>(spec);
}

}  // namespace wavetank::model
