#include "engine/state/status.h"

namespace wavetank::state {

void write_status(const ClusterView& view, model::Doc& doc, const IngressRow& row) {
  static_cast<void>(view);
  model::Doc& status = doc["status"]["loadBalancer"];
  status = model::Doc::object();
  for (const std::string& address : row.load_balancer) {
    model::Doc ingress = model::Doc::object();
    ingress["ip"] = model::Doc::string(address);
    model::Doc& list = status["ingress"];
    if (!list.is_array()) list = model::Doc::array();
    list.items.push_back(std::move(ingress));
  }
}

}  // namespace wavetank::state
