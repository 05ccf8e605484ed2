// The defaults of: stateful sets, daemon sets and their revisions.
#include "engine/model/defaults.h"

namespace wavetank::model {

void default_stateful_set(Doc& doc) { pod_template(existing(&doc, "spec")); }

void default_daemon_set(Doc& doc) { pod_template(existing(&doc, "spec")); }

void default_controller_revision(Doc& doc) { static_cast<void>(doc); }

}  // namespace wavetank::model
