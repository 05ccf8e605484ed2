// Nodes that already have the pod's images, spread-weighted so that they do not draw everything. Source:
// plugins/imagelocality.

#include <algorithm>

#include "engine/schedule/plugins/registry.h"

namespace wavetank::schedule {
namespace {

constexpr std::int64_t kMiB = 1024 * 1024;
constexpr std::int64_t kMinThreshold = 23 * kMiB;
constexpr std::int64_t kMaxContainerThreshold = 1000 * kMiB;

struct Data : PluginData {
  std::vector<std::string> images;  ///< Init containers first, one entry a container.
};

class ImageLocality final : public Plugin {
 public:
  [[nodiscard]] Depends depends() const override { return Depends::Cluster; }

  std::unique_ptr<PluginData> compile(const Cycle& c) override {
    auto out = std::make_unique<Data>();
    for (const model::Container& x : c.pod_class.spec().init_containers)
      out->images.push_back(normalized_image(x.image));
    for (const model::Container& x : c.pod_class.spec().containers) out->images.push_back(normalized_image(x.image));
    return out;
  }

  /// Which of the pod's images the node has, 31 a number.
  int trait_count(const Cycle& c) override { return static_cast<int>((data<Data>(c).images.size() + 30) / 31); }
  void traits(const Cycle& c, Nodes nodes, std::int32_t* out, std::size_t stride) override {
    const auto& images = data<Data>(c).images;
    const auto words = static_cast<std::size_t>(trait_count(c));
    for (std::size_t i = 0; i < nodes.size(); ++i) std::fill_n(out + i * stride, words, 0);
    for (std::size_t x = 0; x < images.size(); ++x) {
      const Cache::Image* image = c.cache.image(images[x]);
      if (image == nullptr) continue;
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (image->has(nodes[i])) out[i * stride + x / 31] |= std::int32_t{1} << (x % 31);
      }
    }
  }

  void score(const Cycle& c, Nodes nodes, std::int64_t* raw) override {
    std::fill(raw, raw + nodes.size(), 0);
    const auto& images = data<Data>(c).images;
    bool any = false;
    for (const std::string& name : images) {
      const Cache::Image* image = c.cache.image(name);
      if (image == nullptr) continue;
      any = true;
      const double spread = static_cast<double>(image->nodes) / static_cast<double>(c.node_count);
      const auto scaled = static_cast<std::int64_t>(static_cast<double>(image->size) * spread);
      for (std::size_t i = 0; i < nodes.size(); ++i) raw[i] += image->has(nodes[i]) ? scaled : 0;
    }
    if (!any) return;  // 0 stays 0: below the threshold
    const std::int64_t top = kMaxContainerThreshold * static_cast<std::int64_t>(images.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      raw[i] = 100 * (std::clamp(raw[i], kMinThreshold, top) - kMinThreshold) / (top - kMinThreshold);
    }
  }
};

}  // namespace

std::unique_ptr<Plugin> make_image_locality(const Profile&) { return std::make_unique<ImageLocality>(); }

}  // namespace wavetank::schedule
