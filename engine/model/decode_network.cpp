// Ingresses and their classes.
#include "engine/model/read.h"

namespace wavetank::model {
namespace {

std::optional<IngressBackend> read_backend(const Doc* doc) {
  if (doc == nullptr) return std::nullopt;
  const Doc* service = get(doc, "service");
  const Doc* port = get(service, "port");
  return IngressBackend{get_string(service, "name"), get_string(port, "name"),
                        get_int<std::int32_t>(port, "number").value_or(0)};
}

Ingress::Path read_path(const Doc& doc) {
  const std::string type = get_string(&doc, "pathType");
  return {get_string(&doc, "path"),
          type == "Exact"    ? Ingress::PathType::Exact
          : type == "Prefix" ? Ingress::PathType::Prefix
                             : Ingress::PathType::ImplementationSpecific,
          read_backend(get(&doc, "backend"))};
}

}  // namespace

Ingress read_ingress(const Doc& doc) {
  Ingress out;
  const Doc* spec = get(&doc, "spec");
  const Doc* annotations = get(get(&doc, "metadata"), "annotations");
  if (get(spec, "ingressClassName") != nullptr) {
    out.class_name = get_string(spec, "ingressClassName");
  } else if (get(annotations, "kubernetes.io/ingress.class") != nullptr) {  // older than the field
    out.class_name = get_string(annotations, "kubernetes.io/ingress.class");
  }
  out.default_backend = read_backend(get(spec, "defaultBackend"));
  for (const Doc& rule : get_items(spec, "rules")) {
    Ingress::Rule r;
    r.host = get_string(&rule, "host");
    for (const Doc& path : get_items(get(&rule, "http"), "paths")) r.paths.push_back(read_path(path));
    out.rules.push_back(std::move(r));
  }
  return out;
}

IngressClass read_ingress_class(const Doc& doc) {
  const Doc* annotations = get(get(&doc, "metadata"), "annotations");
  return {get_string(get(&doc, "spec"), "controller"),
          get_string(annotations, "ingressclass.kubernetes.io/is-default-class") == "true"};
}

}  // namespace wavetank::model
