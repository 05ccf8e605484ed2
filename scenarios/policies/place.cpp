// Where would these pods go? The scheduler as a library: reads a file of nodes and pods, prints a line a pod.
//
//     place CLUSTER.yaml [SCHEDULER-CONFIGURATION.yaml]
//
// Links engine/schedule alone. Pods with spec.nodeName run there already; the others are scheduled in order of
// priority.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/model/decode.h"
#include "engine/schedule/config.h"
#include "engine/schedule/placer.h"

using namespace wavetank;

namespace {

base::Result<std::string> read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path)) return base::failure(fmt::format("cannot read {}", path));
  return std::string(std::istreambuf_iterator<char>(in), {});
}

base::Result<void> run(const std::string& cluster, const std::string& configuration) {
  schedule::Settings settings{1, schedule::TieBreak::Name};
  if (!configuration.empty()) {
    const auto text = read_text(configuration);
    if (!text) return base::failure(text.error());
    const auto config = schedule::parse_scheduler_config(*text, configuration);
    if (!config) return base::failure(config.error());
    config->apply_to(settings);
  }
  const auto text = read_text(cluster);
  if (!text) return base::failure(text.error());
  auto manifests = model::read_manifests(*text, cluster);
  if (!manifests) return base::failure(manifests.error());

  schedule::Placer placer(settings);
  if (auto added = placer.add(std::move(manifests->objects)); !added) return added;
  for (const schedule::Placement& p : placer.place()) {
    fmt::print("{:<24} {:<10} {:>5}  {}\n", p.pod, p.node.empty() ? "-" : p.node, p.score,
               p.evicts.empty() ? p.message : fmt::format("evicts {}", fmt::join(p.evicts, ", ")));
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    fmt::print(stderr, "usage: place CLUSTER.yaml [SCHEDULER-CONFIGURATION.yaml]\n");
    return 2;
  }
  const auto done = run(argv[1], argc == 3 ? argv[2] : "");
  if (!done) fmt::print(stderr, "{}\n", base::to_text(done.error()));
  return done ? 0 : 2;
}
