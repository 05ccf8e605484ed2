// Ingresses and their classes.
#include "engine/model/read.h"

namespace wavetank::model {

Ingress read_ingress(const Doc& doc) {
  Ingress out;
  static_cast<void>(doc);
  return out;
}

IngressClass read_ingress_class(const Doc& doc) {
  IngressClass out;
  static_cast<void>(doc);
  return out;
}

}  // namespace wavetank::model
