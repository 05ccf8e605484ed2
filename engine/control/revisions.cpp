#include "engine/control/revisions.h"

#include <algorithm>

#include "engine/state/pod_admission.h"

namespace wavetank::control {

using event::ControllerRevisionId;
using model::Kind;

std::vector<ControllerRevisionId> sorted_revisions(const std::vector<ControllerRevisionId>& owned,
                                                   const ClusterView& view) {
  std::vector<ControllerRevisionId> out = owned;
  std::sort(out.begin(), out.end(), [&](ControllerRevisionId a, ControllerRevisionId b) {
    const state::ControllerRevisionRow& x = view.controller_revision(a);
    const state::ControllerRevisionRow& y = view.controller_revision(b);
    if (x.revision != y.revision) return x.revision < y.revision;
    return a < b;
  });
  return out;
}

std::string new_revision_hash(Ref owner, event::TemplateId tmpl, std::int32_t& collisions, const ClusterView& view) {
  const std::string prefix = std::string(view.bare_name(owner)) + "-";
  for (;; ++collisions) {
    std::string hash = state::revision_hash(view.pod_template(tmpl).doc, collisions);
    if (!view.find(Kind::ControllerRevision, view.namespace_of(owner), prefix + hash).valid()) return hash;
  }
}

std::vector<ControllerRevisionId> OrphanRevisions::of(base::Sym ns, const model::LabelSelector& selector,
                                                      const ClusterView& view) {
  const auto orphan = [&](ControllerRevisionId id) {
    const state::Header& h = view.controller_revision(id).header;
    return h.alive && !h.terminating() && !h.controller.valid();
  };
  if (stale_) {
    all_.clear();
    for (std::size_t i = 0; i < view->controller_revisions.size(); ++i) {
      if (orphan(ControllerRevisionId(i))) all_.emplace_back(i);
    }
    stale_ = false;
  }
  std::vector<ControllerRevisionId> out;
  for (const ControllerRevisionId id : all_) {
    const state::ControllerRevisionRow& row = view.controller_revision(id);
    if (orphan(id) && row.header.ns == ns && selector.matches(view.pod_template(row.tmpl).value->labels))
      out.push_back(id);
  }
  return out;
}

bool may_orphan_revisions(const event::Event& event) {
  if (const auto* e = std::get_if<event::OwnerChanged>(&event.payload))
    return e->child.kind == Kind::ControllerRevision;
  if (const auto* e = std::get_if<event::ObjectUpdated>(&event.payload)) return e->ref.kind == Kind::ControllerRevision;
  const auto* created = std::get_if<event::ObjectCreated>(&event.payload);
  return created != nullptr && created->kind == Kind::ControllerRevision;
}

}  // namespace wavetank::control
