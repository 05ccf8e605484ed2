// Services and Ingresses among the objects of one folder or scenario: what an API server would take and nobody would
// ever answer; and NetworkPolicies, which nobody enforces.
#include "engine/model/service_notices.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/model/read.h"

namespace wavetank::model {
namespace {

struct Source {
  std::string ns;
  PodTemplate tmpl;
};

/// The pods that an object is or makes.
const Doc* pods_of(const Object& o) {
  switch (o.kind) {
    case Kind::Pod:
      return &o.doc;
    case Kind::ReplicaSet:
    case Kind::Deployment:
    case Kind::StatefulSet:
    case Kind::DaemonSet:
    case Kind::Job:
      return o.doc.at({"spec", "template"});
    case Kind::CronJob:
      return o.doc.at({"spec", "jobTemplate", "spec", "template"});
    default:
      return nullptr;
  }
}

std::string named(const Object& o) {
  const std::string ns = o.meta.ns.empty() || o.meta.ns == "default" ? "" : o.meta.ns + "/";
  std::string kind = o.kind_name;
  for (char& c : kind) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return fmt::format("{}/{}{}", kind, ns, o.meta.name);
}

bool selected(const Labels& selector, const Labels& labels) {
  return std::all_of(selector.begin(), selector.end(), [&](const auto& wanted) {
    const std::string* value = find_label(labels, wanted.first);
    return value != nullptr && *value == wanted.second;
  });
}

void check_service(const Object& o, const std::vector<Source>& sources, std::vector<std::string>& out) {
  const auto& spec = std::get<Service>(o.spec);
  if (spec.selector.empty() || spec.type == "ExternalName") return;
  std::vector<const Source*> mine;
  for (const Source& s : sources)
    if (s.ns == o.meta.ns && selected(spec.selector, s.tmpl.labels)) mine.push_back(&s);
  if (mine.empty()) {
    std::string labels;
    for (const auto& [key, value] : spec.selector)
      labels += fmt::format("{}{}={}", labels.empty() ? "" : ",", key, value);
    out.push_back(fmt::format("{} selects {}, and nothing here makes pods with these labels", named(o), labels));
    return;
  }
  for (const ServicePort& p : spec.ports) {
    if (p.target_port_name.empty()) continue;
    const bool found = std::any_of(mine.begin(), mine.end(), [&](const Source* s) {
      return find_port(s->tmpl.spec, p.target_port_name, p.protocol) != 0;
    });
    if (!found)
      out.push_back(fmt::format("{} sends port {} to the port \"{}\", which none of its pods names", named(o), p.port,
                                p.target_port_name));
  }
}

void check_backend(const Object& o, const std::optional<IngressBackend>& b, const std::vector<Object>& all,
                   std::vector<std::string>& out) {
  if (!b || b->service.empty()) return;
  const auto service = std::find_if(all.begin(), all.end(), [&](const Object& s) {
    return s.kind == Kind::Service && s.meta.ns == o.meta.ns && s.meta.name == b->service;
  });
  std::string problem;
  if (service == all.end()) {
    problem = fmt::format("{} leads to service {}, which is not here", named(o), b->service);
  } else {
    const auto& ports = std::get<Service>(service->spec).ports;
    const bool found = std::any_of(ports.begin(), ports.end(), [&](const ServicePort& p) {
      return b->port_name.empty() ? p.port == b->port : p.name == b->port_name;
    });
    if (!found)
      problem = fmt::format("{} leads to port {} of service {}, which has none of that {}", named(o),
                            b->port_name.empty() ? fmt::format("{}", b->port) : b->port_name, b->service,
                            b->port_name.empty() ? "number" : "name");
  }
  if (!problem.empty() && std::find(out.begin(), out.end(), problem) == out.end()) out.push_back(std::move(problem));
}

void check_ingress(const Object& o, const std::vector<Object>& all, std::vector<std::string>& out) {
  const auto& spec = std::get<Ingress>(o.spec);
  const bool served = std::any_of(all.begin(), all.end(), [&](const Object& c) {
    if (c.kind != Kind::IngressClass) return false;
    return spec.class_name ? c.meta.name == *spec.class_name : std::get<IngressClass>(c.spec).is_default;
  });
  if (!served)
    out.push_back(
        spec.class_name
            ? fmt::format("{} is of the class {}, which is not here: nobody will serve it", named(o), *spec.class_name)
            : fmt::format("{} has no class, and no IngressClass here is the default: nobody will serve it", named(o)));
  check_backend(o, spec.default_backend, all, out);
  for (const Ingress::Rule& rule : spec.rules)
    for (const Ingress::Path& path : rule.paths) check_backend(o, path.backend, all, out);
}

/// Nobody here filters packets: `wavetank route` answers as if these were not there.
void check_policies(const std::vector<Object>& objects, std::vector<std::string>& out) {
  std::vector<std::string> names;
  for (const Object& o : objects)
    if (o.kind == Kind::Other && o.kind_name.ends_with("NetworkPolicy")) names.push_back(named(o));
  if (names.empty()) return;
  std::string list = names.front();
  if (names.size() > 1) list += fmt::format(" and {} more", names.size() - 1);
  out.push_back(fmt::format("{}: not enforced: every request gets through, whoever sends it", list));
}

}  // namespace

std::vector<std::string> service_notices(const std::vector<Object>& objects) {
  std::vector<Source> sources;
  for (const Object& o : objects) {
    if (const Doc* pods = pods_of(o); pods != nullptr) sources.push_back({o.meta.ns, read_pod_template(*pods)});
  }
  std::vector<std::string> out;
  for (const Object& o : objects) {
    if (o.kind == Kind::Service) check_service(o, sources, out);
    if (o.kind == Kind::Ingress) check_ingress(o, objects, out);
  }
  check_policies(objects, out);
  return out;
}

}  // namespace wavetank::model
