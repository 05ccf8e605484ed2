#include "engine/project/volume_trouble.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/project/words.h"
#include "engine/schedule/volumes.h"
#include "engine/state/volume_use.h"

namespace wavetank::project {
namespace {

using event::NodeId;
using event::PodId;
using event::PvcId;
using event::PvId;
using event::Ref;
using state::ClusterView;

/// Where a volume with node affinity lies, in words: "zone b", or its expressions.
std::string place_words(const model::PersistentVolume& volume) {
  std::string zones, other;
  for (const model::NodeSelectorTerm& term : *volume.node_affinity) {
    for (const model::Requirement& r : term.match_expressions) {
      const bool zone = r.key == "topology.kubernetes.io/zone" || r.key == "failure-domain.beta.kubernetes.io/zone";
      for (const std::string& value : r.values) {
        if (zone) {
          zones += (zones.empty() ? "zone " : ", ") + value;
        } else {
          other += fmt::format("{}{}={}", other.empty() ? "" : ", ", r.key, value);
        }
      }
    }
  }
  return zones.empty() ? other : zones;
}

/// A volume that only nodes can reach that take nothing now.
std::string out_of_reach(PvId pv, const std::string& claim, const ClusterView& view) {
  const model::PersistentVolume& volume = view.persistent_volume(pv).spec;
  if (!volume.node_affinity) return {};
  std::int64_t there = 0, not_ready = 0, open = 0;
  for (std::size_t i = 0; i < view->nodes.size(); ++i) {
    const state::NodeRow& node = view->nodes[i];
    if (!node.header.alive || !schedule::node_affinity_fits(volume, node.labels)) continue;
    ++there;
    const bool ready = view.node_ready(NodeId(i));
    if (!ready) ++not_ready;
    if (ready && !node.spec.unschedulable) ++open;
  }
  if (open > 0) return {};
  const std::string where = place_words(volume);
  std::string why = fmt::format("its volume {} (claim {}) can be reached from {} only, and ", view.bare_name(Ref(pv)),
                                claim, where.empty() ? "certain nodes" : where);
  if (there == 0) return why + "no node is there";
  if (not_ready == there)
    return why + fmt::format("{} there {} down", there == 1 ? "the node" : fmt::format("all {} nodes", there),
                             there == 1 ? "is" : "are");
  return why + "no node there takes pods";
}

std::string claim_trouble(PodId pod, const model::Volume& v, const ClusterView& view) {
  const std::string name = state::claim_name(v, view.pod_name(pod));
  if (name.empty()) return {};
  const PvcId claim = state::claim_of_volume(view, pod, v);
  if (!claim.valid()) {
    const bool taken = view.find(model::Kind::PersistentVolumeClaim, view.namespace_of(Ref(pod)), name).valid();
    return taken ? fmt::format("the claim {} is not its own", name) : fmt::format("there is no claim {}", name);
  }
  const state::ClaimRow& row = view.claim(claim);
  if (row.header.terminating()) return fmt::format("its claim {} is being deleted", name);
  if (row.spec.phase == "Lost") return fmt::format("its claim {} has lost its volume", name);
  const PvId pv = state::volume_of(view, claim);
  if (!pv.valid()) {
    if (row.spec.handed_over) return fmt::format("a volume is being made for its claim {}", name);
    return {};
  }
  if (!view.pod_node(pod).valid()) return out_of_reach(pv, name, view);
  return {};
}

/// Bound, and the disk is not there yet.
std::string attach_trouble(PodId pod, PvId pv, const ClusterView& view) {
  if (!state::disk_of(view, pv).valid()) return {};
  const std::string_view node = view.bare_name(Ref(view.pod_node(pod)));
  const std::string_view name = view.bare_name(Ref(pv));
  const auto& attachments = view.persistent_volume(pv).attachments;
  for (const event::VolumeAttachmentId id : attachments) {
    const state::VolumeAttachmentRow& a = view.volume_attachment(id);
    if (a.spec.node_name != node) continue;
    return a.attached ? std::string() : fmt::format("its volume {} is being attached to node {}", name, node);
  }
  if (state::may_attach_to_many(view.persistent_volume(pv).spec) || attachments.empty())
    return fmt::format("its volume {} has not been attached to node {} yet", name, node);
  const state::VolumeAttachmentRow& other = view.volume_attachment(attachments.front());
  std::string why = fmt::format("its volume {} is still attached to node {}", name, other.spec.node_name);
  if (other.header.terminating()) return why + ", and is being detached";
  std::string users;
  for (const PodId user : state::pods_of_volume(view, pv)) {
    if (user == pod || !state::holds_volumes(view, user)) continue;
    if (view.bare_name(Ref(view.pod_node(user))) != other.spec.node_name) continue;
    users += (users.empty() ? "" : ", ") + label(Ref(user), view);
  }
  if (!users.empty()) return fmt::format("{} for {}", why, users);
  if (other.detach_requested != base::SimTime::never())
    return fmt::format("{}, which has not unmounted it since {}; a node that does not answer loses it after 6 minutes",
                       why, at_words(other.detach_requested));
  return why;
}

}  // namespace

std::string volume_trouble(PodId pod, const ClusterView& view) {
  const model::PodSpec& spec = view.pod_spec(pod).spec;
  if (!state::has_claims(spec)) return {};
  for (const model::Volume& v : spec.volumes) {
    std::string why = claim_trouble(pod, v, view);
    if (!why.empty()) return why;
  }
  if (!view.pod_node(pod).valid()) return {};
  for (const PvId pv : state::volumes_of_pod(view, pod)) {
    std::string why = attach_trouble(pod, pv, view);
    if (!why.empty()) return why;
  }
  return {};
}

}  // namespace wavetank::project
