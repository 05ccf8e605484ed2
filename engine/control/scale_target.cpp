#include "engine/control/scale_target.h"

#include <fmt/format.h>

namespace wavetank::control {

using model::Kind;

Scale scale_of(const model::ScaleTarget& target, std::string_view ns, const state::ClusterView& view) {
  Scale out;
  const std::size_t slash = target.api_version.find('/');
  const std::string group = slash == std::string::npos ? "" : target.api_version.substr(0, slash);
  const Kind kind = model::kind_from_gvk("apps/v1", target.kind);
  if (group != "apps" || kind == Kind::Other) {
    out.error = fmt::format("no matches for kind \"{}\" in group \"{}\"", target.kind, group);
    return out;
  }
  const char* plural = model::kind_info(kind).plural;
  if (kind != Kind::Deployment && kind != Kind::ReplicaSet && kind != Kind::StatefulSet) {
    out.error = "the server could not find the requested resource";
    return out;
  }
  const event::Ref ref = view.find(kind, ns, target.name);
  if (!ref.valid()) {
    out.error = fmt::format("{}.{} \"{}\" not found", plural, group, target.name);
    return out;
  }
  out.object = ref;
  if (kind == Kind::Deployment) {
    const state::DeploymentRow& row = view->deployments[ref.row];
    out.replicas = row.spec.replicas;
    out.status_replicas = row.status_replicas;
    out.selector = &row.spec.selector;
  } else if (kind == Kind::ReplicaSet) {
    const state::ReplicaSetRow& row = view->replica_sets[ref.row];
    out.replicas = row.replicas;
    out.status_replicas = row.status_replicas;
    out.selector = &row.selector;
  } else {
    const state::StatefulSetRow& row = view->stateful_sets[ref.row];
    out.replicas = row.spec.replicas;
    out.status_replicas = row.status.replicas;
    out.selector = &row.spec.selector;
  }
  return out;
}

}  // namespace wavetank::control
