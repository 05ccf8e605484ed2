// spec.nodeName of a pod that is not bound yet. Source: pkg/scheduler/framework/plugins/nodename.

#include "engine/schedule/node_match.h"
#include "engine/schedule/plugins/registry.h"

namespace wavetank::schedule {
namespace {

class NodeName final : public Plugin {
 public:
  void append_class_key(const model::PodSpec& spec, std::string& key) const override {
    append_key(key, spec.node_name);
  }
  void filter(const Cycle& c, Nodes nodes, Verdict* verdicts) override {
    const std::string& wanted = c.pod_class.spec().node_name;
    if (wanted.empty()) return;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (c.view.text(c.view.node(nodes[i]).header.name) == wanted) continue;
      fail(verdicts[i], mismatch_.in(c.reasons), true);
    }
  }
  [[nodiscard]] std::span<const EventRegistration> registered_events() const override {
    static constexpr EventRegistration kEvents[] = {{Resource::Node, action::kAdd, false}};
    return kEvents;
  }

 private:
  Reason mismatch_{"node(s) didn't match the requested node name"};
};

}  // namespace

std::unique_ptr<Plugin> make_node_name(const Profile&) { return std::make_unique<NodeName>(); }

}  // namespace wavetank::schedule
