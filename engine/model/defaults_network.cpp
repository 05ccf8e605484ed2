// The defaults of: ingresses and their classes.
#include "engine/model/defaults.h"

namespace wavetank::model {

void default_ingress(Doc& doc) { static_cast<void>(doc); }  // networking/v1 has none: pathType must be written

/// SetDefaults_IngressClass
void default_ingress_class(Doc& doc) {
  Doc* parameters = nullptr;
  if (Doc* spec = doc.find("spec"); spec != nullptr && spec->is_object()) parameters = spec->find("parameters");
  if (parameters != nullptr && parameters->is_object() && parameters->find("scope") == nullptr)
    (*parameters)["scope"] = Doc::string("Cluster");
}

}  // namespace wavetank::model
