#include "sim/world/empty_dirs.h"

#include <algorithm>

#include "engine/model/doc.h"

namespace wavetank::world {
namespace {

using model::Doc;

void read_volumes(const Doc& spec, EmptyDirs& out) {
  const Doc* volumes = spec.find("volumes");
  for (std::size_t i = 0; volumes != nullptr && i < volumes->items.size(); ++i) {
    const Doc* dir = volumes->items[i].find("emptyDir");
    if (dir == nullptr || dir->string_or("medium") == "Memory") continue;
    EmptyDirs::Volume volume{std::string(volumes->items[i].string_or("name")), {}};
    if (const Doc* limit = dir->find("sizeLimit"); limit != nullptr && !limit->text.empty())
      if (const auto quantity = base::Quantity::parse(limit->text)) volume.limit = *quantity;
    out.volumes.push_back(std::move(volume));
  }
}

std::uint32_t first_mounted(const Doc& container, const EmptyDirs& dirs) {
  const Doc* mounts = container.find("volumeMounts");
  for (std::size_t i = 0; mounts != nullptr && i < mounts->items.size(); ++i) {
    const std::string_view name = mounts->items[i].string_or("name");
    const auto at = std::find_if(dirs.volumes.begin(), dirs.volumes.end(),
                                 [&](const EmptyDirs::Volume& v) { return v.name == name; });
    if (at != dirs.volumes.end()) return static_cast<std::uint32_t>(at - dirs.volumes.begin());
  }
  return EmptyDirs::kNone;
}

}  // namespace

const EmptyDirs& EmptyDirIndex::of(event::PodId pod, const state::ClusterView& view) {
  const event::TemplateId tmpl = view->pods.tmpl[pod.index()];
  if (by_template_.size() <= tmpl.index()) by_template_.resize(view->templates.size());
  EmptyDirs& out = by_template_[tmpl.index()];
  if (out.read) return out;
  out.read = true;
  out.of_container.assign(view.container_count(pod), EmptyDirs::kNone);
  const auto doc = model::parse_json(view.pod_template(tmpl).doc, "template");
  const Doc* spec = doc ? doc->find("spec") : nullptr;
  if (spec == nullptr) return out;
  read_volumes(*spec, out);
  std::size_t c = 0;
  for (const char* key : {"initContainers", "containers"}) {
    const Doc* list = spec->find(key);
    for (std::size_t i = 0; list != nullptr && i < list->items.size() && c < out.of_container.size(); ++i, ++c)
      out.of_container[c] = first_mounted(list->items[i], out);
  }
  return out;
}

}  // namespace wavetank::world
