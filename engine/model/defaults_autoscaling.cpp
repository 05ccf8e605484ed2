// The defaults of: the autoscalers.
#include "engine/model/defaults.h"

namespace wavetank::model {

void default_horizontal_pod_autoscaler(Doc& doc) { static_cast<void>(doc); }

void default_vertical_pod_autoscaler(Doc& doc) { static_cast<void>(doc); }

}  // namespace wavetank::model
