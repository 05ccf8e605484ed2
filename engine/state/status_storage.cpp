#include "engine/state/status.h"

namespace wavetank::state {

void write_status(const ClusterView&, model::Doc& doc, const VolumeAttachmentRow& row) {
  doc["status"] = model::Doc::object();
  doc["status"]["attached"] = model::Doc::boolean(row.attached);
  if (!row.error.empty())
    doc["status"][row.attached ? "detachError" : "attachError"]["message"] = model::Doc::string(row.error);
}

}  // namespace wavetank::state
