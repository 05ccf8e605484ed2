// Host ports. Source: pkg/scheduler/framework/plugins/nodeports.

#include <algorithm>

#include "engine/schedule/node_match.h"
#include "engine/schedule/plugins/registry.h"

namespace wavetank::schedule {
namespace {

struct Data : PluginData {
  std::vector<HostPort> ports;
};

class NodePorts final : public Plugin {
 public:
  [[nodiscard]] Depends depends() const override { return Depends::NodeLoad; }

  void append_class_key(const model::PodSpec& spec, std::string& key) const override {
    const auto append = [&](const model::Container& c) {
      for (const model::ContainerPort& p : c.ports) {
        if (p.host_port <= 0) continue;
        append_key(key, p.host_ip);
        append_key(key, static_cast<std::int64_t>(p.protocol));
        append_key(key, std::int64_t{p.host_port});
      }
    };
    for (const model::Container& c : spec.init_containers) {
      if (c.restart_policy == model::RestartPolicy::Always) append(c);
    }
    for (const model::Container& c : spec.containers) append(c);
  }
  std::unique_ptr<PluginData> compile(const Cycle& c) override {
    auto out = std::make_unique<Data>();
    out->ports = c.cache.known_info(c.pod_class.tmpl).ports;
    return out;
  }
  PreFilterStatus pre_filter(const Cycle& c) override {
    PreFilterStatus out;
    if (data<Data>(c).ports.empty()) out.code = PreFilterStatus::Code::Skip;
    return out;
  }
  void filter(const Cycle& c, Nodes nodes, Verdict* verdicts) override {
    const auto& wanted = data<Data>(c).ports;
    if (wanted.empty()) return;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (!conflict(wanted, c.cache.ports_on[nodes[i].index()])) continue;
      fail(verdicts[i], taken_.in(c.reasons), false);
    }
  }
  [[nodiscard]] std::span<const EventRegistration> registered_events() const override {
    static constexpr EventRegistration kEvents[] = {
        {Resource::Pod, action::kDelete},
        {Resource::Node, action::kAdd, false},
    };
    return kEvents;
  }
  bool helps(const ClusterEvent& e, const Cycle& c) const override {
    return conflict(data<Data>(c).ports, c.cache.known_info(e.tmpl).ports);
  }

 private:
  Reason taken_{"node(s) didn't have free ports for the requested pod ports"};

  static bool conflict(const std::vector<HostPort>& wanted, const std::vector<HostPort>& taken) {
    return std::any_of(wanted.begin(), wanted.end(), [&](const HostPort& w) {
      return std::any_of(taken.begin(), taken.end(), [&](const HostPort& t) { return w.conflicts_with(t); });
    });
  }
};

}  // namespace

std::unique_ptr<Plugin> make_node_ports(const Profile&) { return std::make_unique<NodePorts>(); }

}  // namespace wavetank::schedule
