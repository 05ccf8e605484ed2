// The rules of: ingresses and their classes. Source: kubernetes/pkg/apis/networking/validation.
#include <algorithm>

#include <fmt/format.h>

#include "engine/model/validate.h"

namespace wavetank::model {
namespace {

bool has_text(const Place& p) { return !p.text().empty(); }

/// IsWildcardDNS1123Subdomain
Messages check_wildcard(std::string_view host) {
  if (host.starts_with("*.") && host.find('*', 1) == std::string_view::npos &&
      check_dns_subdomain(host.substr(2)).empty())
    return {};
  return {
      "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
      "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', "
      "regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"};
}
void validate_host(const Place& host) {
  const bool wildcard = host.text().find('*') != std::string::npos;
  host.each_invalid(wildcard ? check_wildcard(host.text()) : check_dns_subdomain(host.text()));
}

void validate_reference(const Place& to) {
  for (const char* key : {"kind", "name"}) {
    if (!has_text(to[key])) {
      to[key].required();
    } else {
      to[key].each_invalid(check_path_segment(to[key].text()));
    }
  }
}

void validate_resource(const Place& resource) {
  if (has_text(resource["apiGroup"]))
    resource["apiGroup"].each_invalid(check_dns_subdomain(resource["apiGroup"].text()));
  validate_reference(resource);
}

void validate_backend(const Place& backend) {
  const Place service = backend["service"], resource = backend["resource"];
  if (service && resource) return backend.invalid_value("\"\"", "cannot set both resource and service backends");
  if (resource) return validate_resource(resource);
  if (!service) return backend.invalid_value("\"\"", "resource or service backend is required");
  if (has_text(service["name"])) {
    service["name"].each_invalid(check_dns1035_label(service["name"].text()));
  } else {
    service["name"].required();
  }
  const Place name = service["port"]["name"], number = service["port"]["number"];
  if (has_text(name) && number.number() != 0) {
    backend.invalid_value("\"\"", "cannot set both port name & port number");
  } else if (has_text(name)) {
    name.each_invalid(check_port_name(name.text()));
  } else if (number.number() != 0) {
    number.in_range(1, 65535);
  } else {
    backend.required("port name or number is required");
  }
}

void validate_path(const Place& path) {
  const Place type = path["pathType"], text = path["path"];
  if (!type) return type.required("pathType must be specified");
  const auto invalid = [&](std::string_view detail) { text.invalid(detail); };
  if (type.text() == "Exact" || type.text() == "Prefix") {
    if (!text.text().starts_with('/')) invalid("must be an absolute path");
    for (const std::string_view bad : {"//", "/./", "/../", "%2f", "%2F"})
      if (text.text().find(bad) != std::string::npos) invalid(fmt::format("must not contain '{}'", bad));
    for (const std::string_view bad : {"/..", "/."})
      if (text.text().ends_with(bad)) invalid(fmt::format("cannot end with '{}'", bad));
  } else if (type.text() == "ImplementationSpecific") {
    if (has_text(text) && !text.text().starts_with('/')) invalid("must be an absolute path");
  } else {
    type.unsupported({"Exact", "ImplementationSpecific", "Prefix"});
  }
  validate_backend(path["backend"]);
}

void validate_rule(const Place& rule) {
  const Place host = rule["host"];
  if (has_text(host)) {
    if (is_ip(host.text())) host.invalid("must be a DNS name, not an IP address");
    validate_host(host);
  }
  const Place http = rule["http"];
  if (!http) return;
  if (http["paths"].items().empty()) http["paths"].required();
  for (const Place& path : http["paths"].items()) validate_path(path);
}

/// A name of the form domain.example/path.
Messages check_prefixed_path(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size())
    return {"must be a domain-prefixed path (such as \"acme.io/foo\")"};
  Messages out = check_dns_subdomain(text.substr(0, slash));
  if (text.find_first_of(" %?#") != std::string_view::npos) out.emplace_back("Invalid path");
  return out;
}

}  // namespace

void validate_ingress(const Place& root, const Ingress& ingress) {
  const Place spec = root["spec"];
  if (ingress.rules.empty() && !ingress.default_backend)
    spec.invalid_value("null", "either `defaultBackend` or `rules` must be specified");
  if (spec["defaultBackend"]) validate_backend(spec["defaultBackend"]);
  for (const Place& rule : spec["rules"].items()) validate_rule(rule);
  for (const Place& tls : spec["tls"].items()) {
    for (const Place& host : tls["hosts"].items()) validate_host(host);
    if (has_text(tls["secretName"])) tls["secretName"].each_invalid(check_dns_subdomain(tls["secretName"].text()));
  }
  const Place name = spec["ingressClassName"];
  if (name) name.each_invalid(check_dns_subdomain(name.text()));
  const Place annotation = root["metadata"]["annotations"]["kubernetes.io/ingress.class"];
  if (annotation && name && annotation.text() != name.text())
    annotation.renamed("annotations.kubernetes.io/ingress.class")
        .invalid("must match `ingressClassName` when both are specified");
}

void validate_ingress_class(const Place& root, const IngressClass& spec) {
  static_cast<void>(spec);
  const Place controller = root["spec"]["controller"];
  if (!has_text(controller)) {
    controller.required();
  } else {
    if (controller.text().size() > 250) controller.too_long("may not be more than 250 bytes");
    controller.each_invalid(check_prefixed_path(controller.text()));
  }
  const Place parameters = root["spec"]["parameters"];
  if (!parameters) return;
  if (has_text(parameters["apiGroup"]))
    parameters["apiGroup"].each_invalid(check_dns_subdomain(parameters["apiGroup"].text()));
  validate_reference(parameters);
  const Place scope = parameters["scope"], ns = parameters["namespace"];
  if (!scope.one_of({"Cluster", "Namespace"})) return;
  if (scope.text() == "Namespace") {
    if (!ns) {
      ns.required("`parameters.scope` is set to 'Namespace'");
    } else {
      ns.each_invalid(check_dns_label(ns.text()));
    }
  } else if (ns) {
    ns.forbidden("`parameters.scope` is set to 'Cluster'");
  }
}

}  // namespace wavetank::model
