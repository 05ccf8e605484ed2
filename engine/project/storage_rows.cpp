#include "engine/project/storage_rows.h"

#include <fmt/format.h>

namespace wavetank::project {
namespace {

using model::Doc;
using model::Kind;

std::string text_at(const Doc& doc, std::initializer_list<std::string_view> path, const char* fallback) {
  const Doc* found = doc.at(path);
  return found == nullptr || found->is_null() || found->text.empty() ? fallback : found->text;
}

std::string modes_at(const Doc& doc, std::initializer_list<std::string_view> path) {
  constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"ReadWriteOnce", "RWO"}, {"ReadOnlyMany", "ROX"}, {"ReadWriteMany", "RWX"}, {"ReadWriteOncePod", "RWOP"}};
  const Doc* modes = doc.at(path);
  std::string out;
  for (const auto& [word, shown] : kWords) {
    if (modes == nullptr) break;
    for (const Doc& mode : modes->items)
      if (mode.text == word) out.append(out.empty() ? "" : ",").append(shown);
  }
  return out;
}

std::string phase_of(const state::Header& header, const std::string& phase) {
  return header.terminating() ? "Terminating" : phase;
}

std::vector<std::string> volume_cells(const state::PersistentVolumeRow& row, const Doc& doc, const std::string& age) {
  const model::PersistentVolume& v = row.spec;
  return {text_at(doc, {"spec", "capacity", "storage"}, ""),
          model::access_modes_text(v.access_modes),
          v.reclaim_policy,
          phase_of(row.header, v.phase),
          v.claim ? v.claim->ns + "/" + v.claim->name : "",
          v.storage_class,
          v.attributes_class.empty() ? "<unset>" : v.attributes_class,
          text_at(doc, {"status", "reason"}, ""),
          age,
          v.block ? "Block" : "Filesystem"};
}

std::vector<std::string> claim_cells(const state::ClaimRow& row, const Doc& doc, const std::string& age) {
  const model::PersistentVolumeClaim& c = row.spec;
  const bool bound = !c.volume_name.empty();
  return {phase_of(row.header, c.phase),
          c.volume_name,
          bound ? text_at(doc, {"status", "capacity", "storage"}, "") : "",
          bound ? modes_at(doc, {"status", "accessModes"}) : "",
          std::string(c.class_name()),
          c.attributes_class.empty() ? "<unset>" : c.attributes_class,
          age,
          c.block ? "Block" : "Filesystem"};
}

}  // namespace

std::vector<Table::Column> storage_columns(Kind kind) {
  switch (kind) {
    case Kind::PersistentVolume:
      return {{"CAPACITY"},     {"ACCESS MODES"},          {"RECLAIM POLICY"}, {"STATUS"}, {"CLAIM"},
              {"STORAGECLASS"}, {"VOLUMEATTRIBUTESCLASS"}, {"REASON"},         {"AGE"},    {"VOLUMEMODE", true}};
    case Kind::PersistentVolumeClaim:
      return {{"STATUS"},       {"VOLUME"},          {"CAPACITY"},
              {"ACCESS MODES"}, {"STORAGECLASS"},    {"VOLUMEATTRIBUTESCLASS"},
              {"AGE"},          {"VOLUMEMODE", true}};
    case Kind::StorageClass:
      return {{"PROVISIONER"}, {"RECLAIMPOLICY"}, {"VOLUMEBINDINGMODE"}, {"ALLOWVOLUMEEXPANSION"}, {"AGE"}};
    case Kind::CSINode:
      return {{"DRIVERS"}, {"AGE"}};
    case Kind::VolumeAttachment:
      return {{"ATTACHER"}, {"PV"}, {"NODE"}, {"ATTACHED"}, {"AGE"}};
    default:
      return {};
  }
}

std::vector<std::string> storage_cells(event::Ref ref, const state::ClusterView& view) {
  const state::Header& header = *view.header(ref);
  const std::string age = base::format_age(view.now() - header.created);
  auto parsed = model::parse_json(header.doc, "object");
  const Doc doc = parsed ? std::move(*parsed) : Doc::object();
  switch (ref.kind) {
    case Kind::PersistentVolume:
      return volume_cells(view->persistent_volumes[ref.row], doc, age);
    case Kind::PersistentVolumeClaim:
      return claim_cells(view->claims[ref.row], doc, age);
    case Kind::StorageClass: {
      const model::StorageClass& s = view->storage_classes[ref.row].spec;
      return {s.provisioner, s.reclaim_policy, s.wait_for_first_consumer ? "WaitForFirstConsumer" : "Immediate",
              s.allow_expansion ? "true" : "false", age};
    }
    case Kind::CSINode:
      return {fmt::format("{}", view->csi_nodes[ref.row].spec.drivers.size()), age};
    case Kind::VolumeAttachment: {
      const state::VolumeAttachmentRow& a = view->volume_attachments[ref.row];
      return {a.spec.attacher, a.spec.volume_name, a.spec.node_name, a.attached ? "true" : "false", age};
    }
    default:
      return {age};
  }
}

}  // namespace wavetank::project
