#pragma once
// What the metrics APIs answer: metrics.k8s.io (metrics-server), custom.metrics.k8s.io and external.metrics.k8s.io. A
// World may offer it (loop::World::metrics); without one the autoscalers find no such API. Amounts in thousandths.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/model/labels.h"
#include "engine/state/view.h"

namespace wavetank::control {

struct ContainerMetrics {
  std::uint32_t container = 0;  ///< Init containers first, as in the view.
  std::int64_t milli_cpu = 0;
  std::int64_t memory = 0;  ///< Bytes.
};

/// A PodMetrics object.
struct PodMetrics {
  base::SimTime taken;
  base::Duration window{};
  std::vector<ContainerMetrics> containers;
};

class MetricsSource {
 public:
  MetricsSource() = default;
  MetricsSource(const MetricsSource&) = delete;
  MetricsSource& operator=(const MetricsSource&) = delete;
  virtual ~MetricsSource() = default;

  /// False: nothing is known of the pod (yet).
  virtual bool pod(event::PodId pod, const state::ClusterView& view, PodMetrics& out) const = 0;
  /// A custom metric of a pod; nullopt: no such series.
  [[nodiscard]] virtual std::optional<std::int64_t> pod_metric(std::string_view name,
                                                               const std::optional<model::LabelSelector>& selector,
                                                               event::PodId pod,
                                                               const state::ClusterView& view) const = 0;
  /// A custom metric of an object.
  [[nodiscard]] virtual std::optional<std::int64_t> object_metric(std::string_view name,
                                                                  const std::optional<model::LabelSelector>& selector,
                                                                  std::string_view kind, std::string_view ns,
                                                                  std::string_view object,
                                                                  const state::ClusterView& view) const = 0;
  /// The series of an external metric; none: no such metric.
  virtual void external_metric(std::string_view name, const std::optional<model::LabelSelector>& selector,
                               std::string_view ns, const state::ClusterView& view,
                               std::vector<std::int64_t>& out) const = 0;
};

}  // namespace wavetank::control
