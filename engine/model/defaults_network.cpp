// The defaults of: ingresses and their classes.
#include "engine/model/defaults.h"

namespace wavetank::model {

void default_ingress(Doc& doc) { static_cast<void>(doc); }

void default_ingress_class(Doc& doc) { static_cast<void>(doc); }

}  // namespace wavetank::model
