#include "sim/world/world_params.h"

#include <algorithm>
#include <optional>

#include "engine/base/assert.h"
#include "engine/base/quantity.h"
#include "sim/world/pressure.h"

namespace wavetank::world {
namespace {

constexpr std::string_view kPodLife = "kubernetes.io/docs, Pod Lifecycle, Container restarts";

constexpr ParamInfo kTable[] = {
    {Param::AppCpu, "app.cpu", Unit::Cpu, true, "request * 0.5",
     "What a container would use of the cpu, in cores; more than its limit is throttled",
     "ours; set it for yours (kubectl top)"},
    {Param::AppDisk, "app.disk", Unit::Memory, true, "0",
     "What it has on its node's disk, in bytes: its layer and logs", "ours; set it for yours"},
    {Param::AppEmptyDir, "app.empty_dir", Unit::Memory, true, "0",
     "What it has written into the first emptyDir on disk that it mounts, in bytes", "ours; set it for yours"},
    {Param::AppExitCode, "app.exit_code", Unit::Number, true, "0", "Exit code of a process that ends by itself",
     "ours"},
    {Param::AppExitsAfter, "app.exits_after", Unit::Duration, true, "never",
     "Time from a container's start until its process ends by itself", "ours: services run until they are stopped"},
    {Param::AppMemory, "app.memory", Unit::Memory, true, "request * 0.5",
     "Its working set, in bytes; above its limit it is killed (OOMKilled, 137)",
     "ours; set it for yours (kubectl top)"},
    {Param::AppPids, "app.pids", Unit::Number, true, "1", "Its processes", "ours"},
    {Param::AppPreStopTime, "app.pre_stop_time", Unit::Duration, true, "0s",
     "What an exec or httpGet preStop hook takes (a sleep hook takes what it says)", "ours"},
    {Param::AppReadyAfter, "app.ready_after", Unit::Duration, true, "2s ±20%",
     "Time from a container's start until its probes are answered",
     "ours: a few seconds is common for services; set it for yours"},
    {Param::AppStopTime, "app.stop_time", Unit::Duration, true, "1s", "Time from SIGTERM until the process has ended",
     "ours"},
    {Param::ContainerStartTime, "container.start_time", Unit::Duration, false, "200ms ±20%",
     "Creating and starting a container whose image is there",
     "ours; with pod.setup_time well within the pod startup SLO of 5 s (kubernetes/community, sig-scalability)"},
    {Param::EvictionHard, "eviction.hard", Unit::Thresholds, false,
     "memory.available<100Mi,nodefs.available<10%,nodefs.inodesFree<5%,imagefs.available<15%",
     "Signals below which the node evicts pods at once", "kubelet, DefaultEvictionHard"},
    {Param::EvictionMaxPodGracePeriod, "eviction.max_pod_grace_period", Unit::Duration, false, "0s",
     "Grace period of pods evicted by a soft threshold", "KubeletConfiguration v1beta1, evictionMaxPodGracePeriod"},
    {Param::EvictionMinimumReclaim, "eviction.minimum_reclaim", Unit::Periods, false, "none",
     "How much more than the threshold has to be free again", "KubeletConfiguration v1beta1, evictionMinimumReclaim"},
    {Param::EvictionMonitoringPeriod, "eviction.monitoring_period", Unit::Duration, false, "10s",
     "How often the node agent looks", "kubelet, evictionMonitoringPeriod"},
    {Param::EvictionSoft, "eviction.soft", Unit::Thresholds, false, "none",
     "Signals below which the node evicts pods after a grace period", "KubeletConfiguration v1beta1, evictionSoft"},
    {Param::EvictionSoftGracePeriod, "eviction.soft_grace_period", Unit::Periods, false, "none",
     "That grace period by signal: memory.available=1m30s", "KubeletConfiguration v1beta1, evictionSoftGracePeriod"},
    {Param::EvictionTransitionPeriod, "eviction.transition_period", Unit::Duration, false, "5m",
     "How long a pressure condition stays after it was last seen",
     "KubeletConfiguration v1beta1, evictionPressureTransitionPeriod"},
    {Param::ImageBackOffFirst, "image.backoff_first", Unit::Duration, false, "10s", "Wait after the first failed pull",
     "kubelet, imageBackOffPeriod"},
    {Param::ImageBackOffMost, "image.backoff_most", Unit::Duration, false, "5m", "The longest wait between pulls",
     "kubelet, MaxImageBackOff; kubernetes.io/docs, Images"},
    {Param::ImageBandwidth, "image.bandwidth", Unit::BytesPerSecond, false, "50MB/s",
     "Rate at which one node fetches and unpacks images", "ours: about half of a 1 Gbit/s link"},
    {Param::ImageGcHigh, "image.gc_high_threshold", Unit::Number, false, "85",
     "Percent of the disk in use above which unused images are removed",
     "KubeletConfiguration v1beta1, imageGCHighThresholdPercent"},
    {Param::ImageGcLow, "image.gc_low_threshold", Unit::Number, false, "80", "Down to this percent",
     "KubeletConfiguration v1beta1, imageGCLowThresholdPercent"},
    {Param::ImageGcPeriod, "image.gc_period", Unit::Duration, false, "5m", "How often that is looked at",
     "kubelet, ImageGCPeriod"},
    {Param::ImageParallelPulls, "image.parallel_pulls", Unit::Number, false, "1",
     "Pulls at a time on one node; they share the bandwidth",
     "KubeletConfiguration v1beta1, serializeImagePulls true (else maxParallelImagePulls)"},
    {Param::ImagePullLatency, "image.pull_latency", Unit::Duration, false, "500ms",
     "Asking the registry: resolving the tag, authorisation, manifest", "ours"},
    {Param::ImageSize, "image.size", Unit::Bytes, true, "100MB", "Size of an image", "ours; set it for yours"},
    {Param::InitRunTime, "init.run_time", Unit::Duration, true, "1s ±20%",
     "How long an init container runs before it exits with 0", "ours"},
    {Param::KubeletApiLatency, "kubelet.api_latency", Unit::Duration, false, "10ms",
     "From a change on the node to its status at the API server", "ours, as control_plane's api_latency"},
    {Param::KubeletPlegPeriod, "kubelet.pleg_period", Unit::Duration, false, "1s",
     "How often the node agent looks which containers started and ended", "kubelet, genericPlegRelistPeriod"},
    {Param::KubeletStartTime, "kubelet.start_time", Unit::Duration, false, "5s",
     "From starting the node agent to its first report", "ours"},
    {Param::KubeletStatusPeriod, "kubelet.status_period", Unit::Duration, false, "10s",
     "How often the node agent posts its node's status: volumes in use, pressure",
     "KubeletConfiguration v1beta1, nodeStatusUpdateFrequency"},
    {Param::KubeletSyncLatency, "kubelet.sync_latency", Unit::Duration, false, "10ms",
     "From hearing of a pod or of its deletion to acting on it", "ours"},
    {Param::MemoryCheckPeriod, "memory.check_period", Unit::Duration, false, "1s",
     "How often memory that changes is held against its limit (the kernel does it at every page)", "ours"},
    {Param::MetricExternal, "metric.external", Unit::Metric, true, "none",
     "An external metric (external.metrics.k8s.io) by its name", "ours: there is none unless you say so"},
    {Param::MetricObject, "metric.object", Unit::Metric, true, "none",
     "A metric of an object (custom.metrics.k8s.io) by its name; rps is the load of the Service described",
     "ours: there is none unless you say so"},
    {Param::MetricPods, "metric.pods", Unit::Metric, true, "none",
     "A metric of each pod (custom.metrics.k8s.io) by its name", "ours: there is none unless you say so"},
    {Param::MetricsMinAge, "metrics.min_age", Unit::Duration, false, "10s",
     "A container younger than that has no metrics yet", "metrics-server, freshContainerMinMetricsResolution"},
    {Param::MetricsScrapePeriod, "metrics.scrape_period", Unit::Duration, false, "15s",
     "How often usage is collected; a sample is the mean over one period",
     "metrics-server's manifests, --metric-resolution=15s"},
    {Param::NodeBootTime, "node.boot_time", Unit::Duration, false, "30s",
     "From power on to the node agent's first report", "ours"},
    {Param::NodeDiskSize, "node.disk_size", Unit::Bytes, false, "100GB",
     "Size of a node's one file system, where its capacity does not say ephemeral-storage", "ours"},
    {Param::NodeDiskUsed, "node.disk_used", Unit::Bytes, false, "0", "What the system has on it",
     "ours; set it for yours"},
    {Param::NodeLeasePeriod, "node.lease_period", Unit::Duration, false, "10s", "Renewal of the node's lease",
     "kubelet, nodeLeaseDurationSeconds 40 × 0.25"},
    {Param::NodeMaxPids, "node.max_pids", Unit::Number, false, "32768", "Processes that a node can have",
     "Linux, kernel.pid_max on small machines"},
    {Param::NodeMemoryUsed, "node.memory_used", Unit::Bytes, false, "0", "Memory that the system itself uses",
     "ours: capacity is what pods may have; set it for yours"},
    {Param::NodePidsUsed, "node.pids_used", Unit::Number, false, "0", "Processes of the system itself", "ours"},
    {Param::NodeRegisterDelay, "node.register_delay", Unit::Duration, false, "1s",
     "From the Node object to its condition Ready",
     "ours; the kubelet tries every 100 ms until the runtime is up (fastStatusUpdateOnce)"},
    {Param::PodSetupTime, "pod.setup_time", Unit::Duration, false, "500ms ±20%",
     "Sandbox, network (CNI) and volumes of a pod, before its first container", "ours; see container.start_time"},
    {Param::RestartBackOffFirst, "restart.backoff_first", Unit::Duration, false, "10s",
     "CrashLoopBackOff after the second exit (the first restart is at once)", kPodLife},
    {Param::RestartBackOffMost, "restart.backoff_most", Unit::Duration, false, "5m", "The longest CrashLoopBackOff",
     kPodLife},
    {Param::RestartBackOffReset, "restart.backoff_reset", Unit::Duration, false, "10m",
     "Running so long since the last restart begins the back-off anew", kPodLife},
    {Param::VolumeAttachTime, "volume.attach_time", Unit::Duration, false, "5s ±20%",
     "From a VolumeAttachment until its disk is attached to the node", "ours: cloud disks take 2 s to 30 s"},
    {Param::VolumeDetachTime, "volume.detach_time", Unit::Duration, false, "5s ±20%",
     "From asking for its detachment until the disk is free", "ours; see volume.attach_time"},
    {Param::VolumeMountTime, "volume.mount_time", Unit::Duration, false, "1s ±20%",
     "Staging and publishing a pod's claims on its node", "ours: checking and mounting a file system"},
    {Param::VolumeUnmountTime, "volume.unmount_time", Unit::Duration, false, "200ms",
     "Unpublishing and unstaging them when the pod has stopped", "ours"},
};
static_assert(std::size(kTable) == static_cast<std::size_t>(Param::Count));

// Longer spans could overflow when they are added to a time.
constexpr std::int64_t kLongest = std::int64_t{10} * 365 * 24 * 3600 * 1'000'000'000;

struct Bounds {
  std::int64_t least, most;
};
// A period or back-off of nothing would let a timer follow itself for ever at one moment.
Bounds bounds_of(const ParamInfo& info) {
  switch (info.param) {
    case Param::AppExitCode:
      return {0, 255};
    case Param::ImageParallelPulls:
      return {1, 1000};
    case Param::ImageBandwidth:
      return {1, std::int64_t{1} << 50};
    case Param::ImageSize:
      return {0, std::int64_t{1} << 50};
    case Param::ImageBackOffFirst:
    case Param::ImageBackOffMost:
    case Param::RestartBackOffFirst:
    case Param::RestartBackOffMost:
      return {1'000'000'000, kLongest};
    case Param::ImageGcHigh:
    case Param::ImageGcLow:
      return {0, 100};
    case Param::EvictionMonitoringPeriod:
    case Param::ImageGcPeriod:
    case Param::MemoryCheckPeriod:
    case Param::MetricsScrapePeriod:
      return {100'000'000, kLongest};
    case Param::NodeLeasePeriod:
      return {1'000'000, kLongest};
    default:
      return {0, kLongest};
  }
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

bool cut_end(std::string_view& text, std::string_view end) {
  if (!text.ends_with(end)) return false;
  text = trimmed(text.substr(0, text.size() - end.size()));
  return true;
}

std::string_view unit_example(Unit unit) {
  switch (unit) {
    case Unit::Duration:
      return "a duration such as 2s, 500ms or 2s ±20%";
    case Unit::Bytes:
      return "an amount such as 100MB or 64MiB";
    case Unit::BytesPerSecond:
      return "a rate such as 50MB/s or 400Mbit/s";
    case Unit::Number:
      return "a whole number";
    case Unit::Cpu:
      return "an expression such as 200m ±20% or 50m + rps * 4m";
    case Unit::Memory:
      return "an expression such as 200Mi or 100Mi + age * 1Mi";
    case Unit::Metric:
      return "an expression such as rps or 10 + 90 * ramp(5m, 10m), or none";
    case Unit::Thresholds:
      return "a list such as memory.available<100Mi,nodefs.available<10%, or none";
    case Unit::Periods:
      return "a list such as memory.available=1m30s, or none";
  }
  return "";
}

std::optional<std::int64_t> read_number(std::string_view text) {
  if (text.empty() || text.size() > 12) return std::nullopt;
  std::int64_t n = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    n = n * 10 + (c - '0');
  }
  return n;
}

std::optional<std::int64_t> read_bytes(std::string_view text, bool rate) {
  std::int64_t divisor = 1;
  if (rate) cut_end(text, "/s");
  if (rate && cut_end(text, "bit")) {
    divisor = 8;
  } else {
    cut_end(text, "B");
  }
  const auto quantity = base::Quantity::parse(text);
  if (!quantity || quantity->is_negative()) return std::nullopt;
  return quantity->value() / divisor;
}

std::optional<ParamValue> read_duration(std::string_view text) {
  ParamValue value;
  std::size_t mark = text.find("±");
  std::size_t length = std::string_view("±").size();
  if (mark == std::string_view::npos) {
    mark = text.find("+-");
    length = 2;
  }
  if (mark != std::string_view::npos) {
    std::string_view percent = trimmed(text.substr(mark + length));
    if (!cut_end(percent, "%")) return std::nullopt;
    const std::optional<std::int64_t> n = read_number(percent);
    if (!n || *n > 100) return std::nullopt;
    value.spread_percent = static_cast<std::int32_t>(*n);
    text = trimmed(text.substr(0, mark));
  }
  const auto duration = base::parse_duration(text);
  if (!duration) return std::nullopt;
  value.value = duration->ns;
  return value;
}

std::optional<ParamValue> read_value(const ParamInfo& info, std::string_view text) {
  text = trimmed(text);
  if (info.param == Param::AppExitsAfter && text == "never") return ParamValue{kNever, 0};
  std::optional<ParamValue> value;
  if (info.unit == Unit::Duration) {
    value = read_duration(text);
  } else {
    const std::optional<std::int64_t> n =
        info.unit == Unit::Number ? read_number(text) : read_bytes(text, info.unit == Unit::BytesPerSecond);
    if (n) value = ParamValue{*n, 0};
  }
  const Bounds bounds = bounds_of(info);
  if (!value || value->value < bounds.least || value->value > bounds.most) return std::nullopt;
  return value;
}

bool is_text(const ParamInfo& info) { return info.unit == Unit::Thresholds || info.unit == Unit::Periods; }

/// What is wrong with a text of its own.
base::Result<void> check_text(const ParamInfo& info, std::string_view text) {
  std::string graces;
  for (std::size_t s = 0; s < kSignalCount; ++s)
    graces += (s == 0 ? "" : ",") + std::string(signal_name(static_cast<Signal>(s))) + "=1s";
  const auto read = info.param == Param::EvictionHard              ? parse_thresholds(text, "", "", "")
                    : info.param == Param::EvictionSoft            ? parse_thresholds("", text, graces, "")
                    : info.param == Param::EvictionSoftGracePeriod ? parse_thresholds("", "", text, "")
                                                                   : parse_thresholds("", "", "", text);
  if (!read) return tl::unexpected(read.error());
  return {};
}

bool is_usage(const ParamInfo& info) {
  return info.unit == Unit::Cpu || info.unit == Unit::Memory || info.unit == Unit::Metric;
}

const ParamInfo* find_param(std::string_view name) {
  for (const ParamInfo& info : kTable)
    if (info.name == name) return &info;
  return nullptr;
}

std::string allowed(const ParamInfo& info) {
  std::string text(unit_example(info.unit));
  if (info.param == Param::AppExitsAfter) text += ", or never";
  const Bounds bounds = bounds_of(info);
  if (info.unit == Unit::Number)
    return text + " from " + std::to_string(bounds.least) + " to " + std::to_string(bounds.most);
  if (info.unit == Unit::Duration && bounds.least > 0) text += ", at least " + base::format_duration({bounds.least});
  return text;
}

}  // namespace

std::span<const ParamInfo> param_table() { return kTable; }

WorldParams::WorldParams() {
  for (const ParamInfo& info : kTable) {
    if (is_usage(info) || is_text(info)) {
      WT_ASSERT(set(info.name, info.default_value).has_value(), "a parameter's default must be a value of its unit");
      continue;
    }
    const std::optional<ParamValue> value = read_value(info, info.default_value);
    WT_ASSERT(value.has_value(), "a parameter's default must be a value of its unit");
    values_[static_cast<std::size_t>(info.param)] = *value;
  }
  set_ = {};  // those were the defaults
}

base::Result<void> WorldParams::set(std::string_view name, std::string_view value) {
  const std::string_view full = name;
  std::string_view pattern;
  const std::size_t open = name.find('[');
  const bool has_pattern = open != std::string_view::npos && name.back() == ']';
  if (has_pattern) {
    pattern = name.substr(open + 1, name.size() - open - 2);
    name = name.substr(0, open);
  }
  const ParamInfo* info = find_param(name);
  if (info == nullptr) {
    std::vector<std::string_view> names;
    for (const ParamInfo& known : kTable) names.push_back(known.name);
    const std::string_view near = base::nearest_word(name, names);
    std::string message = "no parameter of the world is called \"" + std::string(name) + "\"";
    if (!near.empty()) message += "; did you mean \"" + std::string(near) + "\"?";
    return base::failure(std::move(message));
  }
  if (has_pattern && (!info->per_image || pattern.empty()))
    return base::failure(
        "\"" + std::string(full) +
        "\": " + (pattern.empty() ? "the pattern is empty" : std::string(name) + " is the same for all images"));
  set_[static_cast<std::size_t>(info->param)] = true;
  if (is_text(*info)) {
    const std::string_view text = trimmed(value) == "none" ? std::string_view() : trimmed(value);
    if (auto checked = check_text(*info, text); !checked)
      return base::failure(std::string(full) + ": " + checked.error().front().message);
    texts_[static_cast<std::size_t>(info->param)] = text;
    return {};
  }
  if (is_usage(*info)) {
    std::shared_ptr<const UsageExpr> expr;
    if (info->unit != Unit::Metric || trimmed(value) != "none") {
      auto parsed = UsageExpr::parse(trimmed(value));
      if (!parsed)
        return base::failure(std::string(full) + ": \"" + std::string(value) + "\" is not " + allowed(*info) + ": " +
                             parsed.error().front().message);
      expr = std::make_shared<const UsageExpr>(std::move(*parsed));
    }
    usages_.push_back({info->param, std::string(pattern), std::move(expr)});
    return {};
  }
  const std::optional<ParamValue> read = read_value(*info, value);
  if (!read) return base::failure(std::string(full) + ": \"" + std::string(value) + "\" is not " + allowed(*info));
  if (has_pattern) {
    for_images_.push_back({info->param, std::string(pattern), *read});
  } else {
    values_[static_cast<std::size_t>(info->param)] = *read;
  }
  return {};
}

base::Result<void> WorldParams::check() const {
  const auto read = parse_thresholds(text(Param::EvictionHard), text(Param::EvictionSoft),
                                     text(Param::EvictionSoftGracePeriod), text(Param::EvictionMinimumReclaim));
  if (!read) return base::failure("eviction.soft_grace_period: " + read.error().front().message);
  return {};
}

const ParamValue& WorldParams::get(Param p, std::string_view image) const {
  for (auto it = for_images_.rbegin(); it != for_images_.rend(); ++it)
    if (it->param == p && matches_image(it->pattern, image)) return it->value;
  return get(p);
}

const UsageExpr* WorldParams::usage(Param p, std::string_view name) const {
  const bool metric = p == Param::MetricExternal || p == Param::MetricObject || p == Param::MetricPods;
  for (auto it = usages_.rbegin(); it != usages_.rend(); ++it) {
    if (it->param != p) continue;
    // As for other parameters: a value for all yields to one for a pattern, wherever it was set.
    if (it->pattern.empty()) continue;
    if (metric ? matches_glob(it->pattern, name) : matches_image(it->pattern, name)) return it->expr.get();
  }
  for (auto it = usages_.rbegin(); it != usages_.rend(); ++it)
    if (it->param == p && it->pattern.empty()) return it->expr.get();
  return nullptr;
}

base::Duration spread(const ParamValue& value, const base::Stream& stream, std::uint64_t n) {
  if (value.spread_percent == 0 || value.value == kNever) return {value.value};
  // In microseconds, so that the product below cannot overflow and reports stay short to read.
  const std::int64_t half = value.value / 1000 * value.spread_percent / 100;
  if (half <= 0) return {value.value};
  const auto drawn = static_cast<std::int64_t>(stream.below(static_cast<std::uint64_t>(2 * half + 1), n));
  return {value.value + (drawn - half) * 1000};
}

std::string params_markdown() {
  std::string out = "| name | default | per image | meaning | source |\n|---|---|---|---|---|\n";
  for (const ParamInfo& info : kTable) {
    out += "| `" + std::string(info.name) + "` | " + std::string(info.default_value) + " | " +
           (info.per_image ? "yes" : "") + " | " + std::string(info.meaning) + " | " + std::string(info.source) +
           " |\n";
  }
  return out;
}

}  // namespace wavetank::world
