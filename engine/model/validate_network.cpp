// The rules of: ingresses and their classes.
#include "engine/model/validate.h"

namespace wavetank::model {

void validate_ingress(const Place& root, const Ingress& spec) { static_cast<void>(root), static_cast<void>(spec); }

void validate_ingress_class(const Place& root, const IngressClass& spec) {
  static_cast<void>(root), static_cast<void>(spec);
}

}  // namespace wavetank::model
