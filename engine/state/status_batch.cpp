#include "engine/state/status.h"

namespace wavetank::state {

void write_status(const ClusterView& view, model::Doc& doc, const JobRow& row) {
  static_cast<void>(view), static_cast<void>(doc), static_cast<void>(row);
}

}  // namespace wavetank::state
