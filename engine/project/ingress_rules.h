#pragma once
// Which rule of the Ingresses of one class takes a request: by host, then by path. Source: networking.k8s.io/v1
// IngressRule and HTTPIngressPath. What the API leaves to controllers we do as ingress-nginx does: Ingresses of one
// host are merged, the older wins where two have the same path; ImplementationSpecific is Prefix; the most specific
// host decides, and where none of its paths matches its default backend does, then the class's.

#include <optional>
#include <string>
#include <string_view>

#include "engine/project/words.h"

namespace wavetank::project {

struct IngressMatch {
  Ref ingress;
  const model::IngressBackend* backend = nullptr;  ///< Null: nothing takes it (404).
  std::string rule;  ///< "shop.example /cart (Prefix)", "default backend", or why nothing takes it.
};

/// How well a rule's host fits: 3 exactly, 2 by wildcard (one label), 1 a rule without host, 0 not at all.
int host_fits(std::string_view rule, std::string_view host);
/// Whether a path takes a request's; Prefix goes by whole elements.
bool path_fits(std::string_view path, model::Ingress::PathType type, std::string_view asked);
std::string_view path_type_word(model::Ingress::PathType type);

/// Among the alive Ingresses of the class. O(paths).
IngressMatch match_ingress(Ref ingress_class, std::string_view host, std::string_view path, const ClusterView& view);

/// The class of an Ingress; not valid if it has none or one that is not there: no controller serves it then.
Ref class_of_ingress(const model::Ingress& ingress, const ClusterView& view);

}  // namespace wavetank::project
