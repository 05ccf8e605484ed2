// What expressions can ask of claims, volumes and their attachments.
#include "sim/scenario/storage_quantities.h"

#include "engine/base/quantity.h"
#include "engine/model/doc.h"

namespace wavetank::scenario {
namespace {

using event::EventKind;
using event::PvcId;
using event::PvId;

constexpr event::KindMask kStorage =
    event::mask_of(EventKind::ObjectCreated, EventKind::ObjectUpdated, EventKind::ObjectDeletionStarted,
                   EventKind::ObjectRemoved, EventKind::VolumeAttachmentChanged, EventKind::VolumeInUseChanged);

const state::ClaimRow& claim(const ClusterView& v, Ref r) { return v.claim(r.as<PvcId>()); }
const state::PersistentVolumeRow& volume(const ClusterView& v, Ref r) { return v.persistent_volume(r.as<PvId>()); }

/// status.capacity.storage of a claim, bytes.
std::int64_t capacity(const ClusterView& v, Ref r) {
  const auto doc = model::parse_json(claim(v, r).header.doc, "claim");
  const model::Doc* amount = doc ? doc->at({"status", "capacity", "storage"}) : nullptr;
  if (amount == nullptr) return 0;
  const auto quantity = base::Quantity::parse(amount->text);
  return quantity ? quantity->value() : 0;
}

/// The node on which a volume is attached; the first, where there are several.
std::string_view attached_to(const ClusterView& v, const state::PersistentVolumeRow& row) {
  for (const event::VolumeAttachmentId id : row.attachments)
    if (v.volume_attachment(id).attached) return v.volume_attachment(id).spec.node_name;
  return "";
}

Ref volume_of_claim(const ClusterView& v, Ref r) {
  const std::string& name = claim(v, r).spec.volume_name;
  return name.empty() ? Ref() : v.find(model::Kind::PersistentVolume, "", name);
}

template <class Rows, class P>
std::int64_t count(const Rows& rows, P&& wanted) {
  std::int64_t n = 0;
  for (const auto& row : rows) n += row.header.alive && wanted(row) ? 1 : 0;
  return n;
}
template <class P>
std::int64_t count_claims(const ClusterView& view, const SetFilter& filter, P&& wanted) {
  return count(view->claims, [&](const state::ClaimRow& row) {
    if (!filter.own.empty() && !filter.own.matches({{"namespace", std::string(view.text(row.header.ns))}}))
      return false;
    return wanted(row);
  });
}

}  // namespace

ObjectKind claim_quantities() {
  return {model::Kind::PersistentVolumeClaim,
          kStorage,
          {{"phase",
            ValueType::Word,
            [](const ClusterView& v, Ref r) { return word(claim(v, r).spec.phase); },
            "status.phase",
            {"Pending", "Bound", "Lost"}},
           {"terminating", ValueType::Flag,
            [](const ClusterView& v, Ref r) { return flag(claim(v, r).header.terminating()); },
            "its deletion has begun; a pod that uses it holds it"},
           {"volume", ValueType::Word, [](const ClusterView& v, Ref r) { return word(claim(v, r).spec.volume_name); },
            "spec.volumeName"},
           {"capacityMi", ValueType::Number, [](const ClusterView& v, Ref r) { return number(capacity(v, r) >> 20); },
            "status.capacity.storage, in MiB"},
           {"attachedTo", ValueType::Word,
            [](const ClusterView& v, Ref r) {
              const Ref pv = volume_of_claim(v, r);
              return word(pv.valid() ? attached_to(v, volume(v, pv)) : "");
            },
            "the node to which its volume is attached"}}};
}

ObjectKind volume_quantities() {
  return {
      model::Kind::PersistentVolume,
      kStorage,
      {{"phase",
        ValueType::Word,
        [](const ClusterView& v, Ref r) { return word(volume(v, r).spec.phase); },
        "status.phase",
        {"Pending", "Available", "Bound", "Released", "Failed"}},
       {"terminating", ValueType::Flag,
        [](const ClusterView& v, Ref r) { return flag(volume(v, r).header.terminating()); }, "its deletion has begun"},
       {"claim", ValueType::Word,
        [](const ClusterView& v, Ref r) {
          const auto& c = volume(v, r).spec.claim;
          return word(c ? c->ns + "/" + c->name : "");
        },
        "spec.claimRef as namespace/name"},
       {"attachedTo", ValueType::Word, [](const ClusterView& v, Ref r) { return word(attached_to(v, volume(v, r))); },
        "the node to which it is attached"}}};
}

SetKind claim_set_quantities() {
  using Row = state::ClaimRow;
  return {
      "claims",
      kStorage,
      {{"count",
        [](const ClusterView& v, const SetFilter& f) { return count_claims(v, f, [](const Row&) { return true; }); },
        "all that exist (only `namespace` can be asked for)"},
       {"bound",
        [](const ClusterView& v, const SetFilter& f) {
          return count_claims(v, f, [](const Row& r) { return r.spec.phase == "Bound"; });
        },
        "phase Bound"},
       {"terminating",
        [](const ClusterView& v, const SetFilter& f) {
          return count_claims(v, f, [](const Row& r) { return r.header.terminating(); });
        },
        "deletion has begun"}}};
}

SetKind volume_set_quantities() {
  using Row = state::PersistentVolumeRow;
  return {"volumes",
          kStorage,
          {{"count",
            [](const ClusterView& v, const SetFilter&) {
              return count(v->persistent_volumes, [](const Row&) { return true; });
            },
            "all that exist (no selector)"},
           {"bound",
            [](const ClusterView& v, const SetFilter&) {
              return count(v->persistent_volumes, [](const Row& r) { return r.spec.phase == "Bound"; });
            },
            "phase Bound (no selector)"},
           {"released",
            [](const ClusterView& v, const SetFilter&) {
              return count(v->persistent_volumes, [](const Row& r) { return r.spec.phase == "Released"; });
            },
            "phase Released (no selector)"},
           {"attached",
            [](const ClusterView& v, const SetFilter&) {
              return count(v->volume_attachments, [](const auto& r) { return r.attached; });
            },
            "attachments of volumes to nodes (no selector)"}}};
}

}  // namespace wavetank::scenario
