#include "engine/project/ingress_rules.h"

#include <fmt/format.h>

#include <algorithm>

namespace wavetank::project {
namespace {

using PathType = model::Ingress::PathType;

std::string_view without_slash(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path;
}

/// The best so far: the host that fits best, then the longest path, then Exact, then the oldest Ingress.
struct Best {
  int host = 0;
  std::size_t length = 0;
  bool exact = false;
  IngressMatch match;
};

template <class F>
void for_ingresses(Ref ingress_class, const ClusterView& view, F&& f) {
  for (std::size_t i = 0; i < view->ingresses.size(); ++i) {
    const state::IngressRow& row = view->ingresses[i];
    if (row.header.alive && class_of_ingress(row.spec, view) == ingress_class) f(Ref(event::IngressId(i)), row.spec);
  }
}

void try_rule(const model::Ingress::Rule& rule, Ref ingress, int fit, std::string_view path, Best& best) {
  for (const model::Ingress::Path& p : rule.paths) {
    if (!p.backend || !path_fits(p.path, p.type, path)) continue;
    const std::size_t length = without_slash(p.path).size();
    const bool exact = p.type == PathType::Exact;
    if (best.match.backend != nullptr && (length < best.length || (length == best.length && exact <= best.exact)))
      continue;
    best = {fit,
            length,
            exact,
            {ingress, &*p.backend,
             fmt::format("{}{} ({})", rule.host.empty() ? "any host " : rule.host + " ", p.path.empty() ? "/" : p.path,
                         path_type_word(p.type))}};
  }
}

}  // namespace

int host_fits(std::string_view rule, std::string_view host) {
  if (rule.empty()) return 1;
  if (rule == host) return 3;
  if (!rule.starts_with("*.")) return 0;
  const std::size_t dot = host.find('.');
  return dot != 0 && dot != std::string_view::npos && host.substr(dot) == rule.substr(1) ? 2 : 0;
}

bool path_fits(std::string_view path, PathType type, std::string_view asked) {
  if (path.empty()) path = "/";
  if (type == PathType::Exact) return path == asked;
  path = without_slash(path);
  if (path == "/") return true;
  return asked.starts_with(path) && (asked.size() == path.size() || asked[path.size()] == '/');
}

std::string_view path_type_word(PathType type) {
  static constexpr std::string_view kWords[] = {"Exact", "Prefix", "ImplementationSpecific"};
  return kWords[static_cast<std::size_t>(type)];
}

Ref class_of_ingress(const model::Ingress& ingress, const ClusterView& view) {
  return ingress.class_name ? view.find(model::Kind::IngressClass, "", *ingress.class_name) : Ref();
}

IngressMatch match_ingress(Ref ingress_class, std::string_view host, std::string_view path, const ClusterView& view) {
  int fit = 0;
  for_ingresses(ingress_class, view, [&](Ref, const model::Ingress& spec) {
    for (const model::Ingress::Rule& rule : spec.rules) fit = std::max(fit, host_fits(rule.host, host));
  });
  Best best;
  Ref host_default, class_default;  // the oldest of each
  for_ingresses(ingress_class, view, [&](Ref ref, const model::Ingress& spec) {
    bool has_host = false;
    for (const model::Ingress::Rule& rule : spec.rules) {
      if (fit == 0 || host_fits(rule.host, host) != fit) continue;
      has_host = true;
      try_rule(rule, ref, fit, path, best);
    }
    if (!spec.default_backend) return;
    if (has_host && !host_default.valid()) host_default = ref;
    if (spec.rules.empty() && !class_default.valid()) class_default = ref;
  });
  if (best.match.backend != nullptr) return best.match;
  const Ref fallback = host_default.valid() ? host_default : class_default;
  if (fallback.valid())
    return {fallback, &*view.ingress(fallback.as<event::IngressId>()).spec.default_backend, "default backend"};
  return {{},
          nullptr,
          fit == 0 ? fmt::format("no rule is for the host {}", host.empty() ? "(none)" : host)
                   : fmt::format("no path of the host {} takes {}", host, path)};
}

}  // namespace wavetank::project
