#include "engine/state/status.h"

namespace wavetank::state {

namespace {

model::Doc amounts_doc(const event::QuotaAmounts& amounts) {
  model::Doc out = model::Doc::object();
  for (const auto& [name, q] : amounts) out[name] = model::Doc::string(q.text());
  return out;
}

}  // namespace

void write_status(const ClusterView&, model::Doc& doc, const QuotaRow& row) {
  doc["status"] = model::Doc::object();
  if (!row.status.hard.empty()) doc["status"]["hard"] = amounts_doc(row.status.hard);
  if (!row.status.used.empty()) doc["status"]["used"] = amounts_doc(row.status.used);
}

}  // namespace wavetank::state
