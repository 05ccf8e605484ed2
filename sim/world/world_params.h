#pragma once
// The parameters of the simulated machines: what Kubernetes leaves to the real world (how large an image is, how soon
// an app answers) and what the kubelet has settings for. Each has a name, a default, a unit and a source; the table is
// data, see param_table(), and is printed in README.md.
//
// A value is written as text: a duration ("2s", with a spread "2s ±20%" or "2s +-20%": uniform between 1.6 s and 2.4
// s), an amount of bytes ("100MB", "64Mi"), a rate ("50MB/s"), a count ("1"), and "never" where a duration may be
// infinite. Parameters of images take a pattern: `app.ready_after[*/checkout:*]`. Of the values that fit an image the
// last one set counts.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/prng.h"
#include "engine/base/result.h"
#include "engine/base/time.h"
#include "sim/world/usage_expr.h"

namespace wavetank::world {

/// In the order of param_table().
enum class Param : std::uint8_t {
  AppCpu,
  AppDisk,
  AppEmptyDir,
  AppExitCode,
  AppExitsAfter,
  AppMemory,
  AppPids,
  AppPreStopTime,
  AppReadyAfter,
  AppStopTime,
  ContainerStartTime,
  EvictionHard,
  EvictionMaxPodGracePeriod,
  EvictionMinimumReclaim,
  EvictionMonitoringPeriod,
  EvictionSoft,
  EvictionSoftGracePeriod,
  EvictionTransitionPeriod,
  ImageBackOffFirst,
  ImageBackOffMost,
  ImageBandwidth,
  ImageGcHigh,
  ImageGcLow,
  ImageGcPeriod,
  ImageParallelPulls,
  ImagePullLatency,
  ImageSize,
  InitRunTime,
  KubeletApiLatency,
  KubeletPlegPeriod,
  KubeletStartTime,
  KubeletStatusPeriod,
  KubeletSyncLatency,
  MemoryCheckPeriod,
  MetricExternal,
  MetricObject,
  MetricPods,
  MetricsMinAge,
  MetricsScrapePeriod,
  NodeBootTime,
  NodeDiskSize,
  NodeDiskUsed,
  NodeLeasePeriod,
  NodeMaxPids,
  NodeMemoryUsed,
  NodePidsUsed,
  NodeRegisterDelay,
  PodSetupTime,
  RestartBackOffFirst,
  RestartBackOffMost,
  RestartBackOffReset,
  VolumeAttachTime,
  VolumeDetachTime,
  VolumeMountTime,
  VolumeUnmountTime,
  Count
};

/// Cpu, Memory and Metric are expressions: see usage_expr.h. Thresholds and Periods are texts as the kubelet's flags
/// take them: see pressure.h.
enum class Unit : std::uint8_t { Duration, Bytes, BytesPerSecond, Number, Cpu, Memory, Metric, Thresholds, Periods };

struct ParamInfo {
  Param param;
  std::string_view name;  ///< "image.bandwidth"
  Unit unit;
  bool per_image;                  ///< Whether `name[pattern]` is allowed: of images, or of names of metrics.
  std::string_view default_value;  ///< As it would be written.
  std::string_view meaning;
  std::string_view source;  ///< Where the default comes from; "ours" where it is an assumption.
};
/// Sorted by name.
std::span<const ParamInfo> param_table();

/// Nanoseconds, bytes, bytes a second, or a plain number.
struct ParamValue {
  std::int64_t value = 0;
  std::int32_t spread_percent = 0;  ///< Half width of the uniform spread around the value.
  bool operator==(const ParamValue&) const = default;
};
/// A duration that never ends.
inline constexpr std::int64_t kNever = INT64_MAX;

class WorldParams {
 public:
  /// All defaults.
  WorldParams();

  /// Sets a parameter by name. Error: an unknown name (with the nearest known one) or a value that does not fit the
  /// unit.
  base::Result<void> set(std::string_view name, std::string_view value);

  [[nodiscard]] const ParamValue& get(Param p) const { return values_[static_cast<std::size_t>(p)]; }
  /// For an image, by name as in the pod.
  [[nodiscard]] const ParamValue& get(Param p, std::string_view image) const;
  [[nodiscard]] base::Duration duration(Param p) const { return {get(p).value}; }
  /// A parameter that is a text: "" where it says none.
  [[nodiscard]] const std::string& text(Param p) const { return texts_[static_cast<std::size_t>(p)]; }
  /// Whether anybody has set it, for all images or for some.
  [[nodiscard]] bool is_set(Param p) const { return set_[static_cast<std::size_t>(p)]; }
  /// What parameters say together; to be asked when all are set. Error: a soft threshold without a grace period.
  [[nodiscard]] base::Result<void> check() const;
  /// The expression for an image (Cpu, Memory) or for a metric by its name; null: there is no such metric. Stays where
  /// it is as long as these parameters do.
  [[nodiscard]] const UsageExpr* usage(Param p, std::string_view name) const;

 private:
  struct ForImages {
    Param param;
    std::string pattern;
    ParamValue value;
  };
  std::array<ParamValue, static_cast<std::size_t>(Param::Count)> values_;
  std::array<std::string, static_cast<std::size_t>(Param::Count)> texts_;
  std::array<bool, static_cast<std::size_t>(Param::Count)> set_{};
  std::vector<ForImages> for_images_;
  struct Usage {
    Param param;
    std::string pattern;  ///< Empty: for all.
    std::shared_ptr<const UsageExpr> expr;
  };
  std::vector<Usage> usages_;
};

/// `value`, spread by the n-th draw of `stream`; exact where there is no spread.
base::Duration spread(const ParamValue& value, const base::Stream& stream, std::uint64_t n);

/// Shell-like pattern: '*' stands for any run of characters (also empty, also '/'), '?' for one. O(pattern × text) at
/// worst.
bool matches_glob(std::string_view pattern, std::string_view text);
/// Whether a pattern means an image: it fits the name as written, with its registry and tag filled in, or with the tag
/// left out.
bool matches_image(std::string_view pattern, std::string_view image);
/// The name in full: "nginx" → "docker.io/library/nginx:latest".
/// Source: https://kubernetes.io/docs/concepts/containers/images/#image-names
std::string full_image_name(std::string_view image);

/// The table of parameters in Markdown, as README.md shows it.
std::string params_markdown();

}  // namespace wavetank::world
