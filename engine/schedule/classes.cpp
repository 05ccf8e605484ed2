#include "engine/schedule/classes.h"

#include <algorithm>

#include "engine/base/assert.h"
#include "engine/schedule/plugins/registry.h"

namespace wavetank::schedule {
namespace {

/// Kept verdicts and scores may take this much memory; beyond it the class used longest ago is dropped.
constexpr std::size_t kLocalBytes = 64U << 20;

}  // namespace

PluginSet::PluginSet(const Profile& profile) {
  const auto get = [&](std::string_view name) -> Plugin* {
    for (const auto& p : all) {
      if (p->plugin_name == name) return p.get();
    }
    const PluginEntry* entry = find_plugin(name);
    WT_ASSERT(entry != nullptr, "profiles are checked before they are used");
    if (entry->make == nullptr) return nullptr;
    all.push_back(entry->make(profile));
    all.back()->index = static_cast<std::uint8_t>(all.size() - 1);
    all.back()->filter_order = Plugin::kNoFilter;
    all.back()->plugin_name = entry->name;
    return all.back().get();
  };
  for (const std::string& name : profile.pre_enqueue) {
    if (Plugin* p = get(name)) pre_enqueue.push_back(p);
  }
  for (const std::string& name : profile.filter) {
    Plugin* p = get(name);
    if (p == nullptr) continue;
    p->filter_order = static_cast<std::uint8_t>(filters.size());
    filters.push_back(p);
    const std::uint16_t points = find_plugin(name)->points;
    if ((points & kReserve) != 0) reservers.push_back(p);
    if ((points & kPermit) != 0) permitters.push_back(p);
    auto& list = p->depends() == Depends::NodeObject ? object_filters
                 : p->depends() == Depends::NodeLoad ? load_filters
                                                     : cluster_filters;
    list.push_back(p);
  }
  for (const std::string& name : profile.pre_filter) {
    if (Plugin* p = get(name)) pre_filters.push_back(p);
  }
  for (const WeightedPlugin& w : profile.score) {
    Plugin* p = get(w.name);
    if (p == nullptr) continue;
    const bool local = p->depends() != Depends::Cluster;
    scorers.push_back(
        {p, w.weight, (find_plugin(w.name)->points & kPreScore) != 0, local ? slots++ : -1, p->depends()});
  }
}

void Classes::clear() {
  classes_.clear();
  by_template_.clear();
  locals_.clear();
  local_index_.clear();
}

PodClass& Classes::class_of(TemplateId tmpl, event::Ref owner, const ClusterView& view) {
  if (by_template_.size() <= tmpl.index()) by_template_.resize(tmpl.index() + 1);
  for (const std::uint32_t i : by_template_[tmpl.index()]) {
    PodClass& c = *classes_[i];
    if (c.owner != owner) continue;
    if (c.epoch != epoch_) compile(c, view);
    return c;
  }
  by_template_[tmpl.index()].push_back(static_cast<std::uint32_t>(classes_.size()));
  classes_.push_back(std::make_unique<PodClass>());
  PodClass& c = *classes_.back();
  c.tmpl = tmpl;
  c.owner = owner;
  const TemplateInfo& info = cache_.info(tmpl, view);
  c.pod = info.pod;
  c.ns = view.text(info.ns);
  for (const auto& p : plugins_.all) {
    if (p->depends() != Depends::Cluster) p->append_class_key(c.spec(), c.local_key);
  }
  compile(c, view);
  return c;
}

void Classes::compile(PodClass& pod_class, const ClusterView& view) {
  pod_class.epoch = epoch_;
  pod_class.data.resize(plugins_.all.size());
  const Cycle c{cache_, reasons_, view, pod_class, cache_.order().size()};
  for (const auto& p : plugins_.all) pod_class.data[p->index] = p->compile(c);
}

std::uint32_t Classes::find_local(const std::string& key) {
  if (const auto at = local_index_.find(key); at != local_index_.end()) return at->second;
  const std::size_t bytes_each = cache_.columns() * (16 + 4 * static_cast<std::size_t>(plugins_.slots)) + 1;
  std::size_t slot = locals_.size();
  if (slot < std::max<std::size_t>(16, kLocalBytes / bytes_each)) {
    locals_.push_back(nullptr);
  } else {
    const auto oldest = std::min_element(locals_.begin(), locals_.end(),
                                         [](const auto& a, const auto& b) { return a->last_used < b->last_used; });
    slot = static_cast<std::size_t>(oldest - locals_.begin());
    local_index_.erase((*oldest)->key);
  }
  locals_[slot] = std::make_unique<LocalClass>();
  locals_[slot]->key = key;
  locals_[slot]->made = ++makings_;
  locals_[slot]->raw.resize(static_cast<std::size_t>(plugins_.slots));
  local_index_.emplace(key, static_cast<std::uint32_t>(slot));
  return static_cast<std::uint32_t>(slot);
}

LocalClass& Classes::local_of(PodClass& pod_class) {
  if (pod_class.local_made == 0 || locals_[pod_class.local_slot]->made != pod_class.local_made) {
    pod_class.local_slot = find_local(pod_class.local_key);
    pod_class.local_made = locals_[pod_class.local_slot]->made;
  }
  LocalClass& local = *locals_[pod_class.local_slot];
  local.last_used = ++uses_;
  const std::size_t nodes = cache_.columns();
  if (local.load_version.size() < nodes) {
    local.object_version.resize(nodes, 0);
    local.load_version.resize(nodes, 0);
    local.object_verdict.resize(nodes, kPassed);
    local.verdict.resize(nodes, kPassed);
    for (auto& column : local.raw) column.resize(nodes, 0);
  }
  return local;
}

void Classes::refresh(const Cycle& c, LocalClass& local, Nodes nodes) {
  stale_.clear();
  for (const NodeId n : nodes) {
    if (local.load_version[n.index()] != cache_.load_version[n.index()]) stale_.push_back(n);
  }
  if (stale_.empty()) return;
  refresh_objects(c, local);
  refresh_loads(c, local);
}

void Classes::refresh_objects(const Cycle& c, LocalClass& local) {
  stale_objects_.clear();
  for (const NodeId n : stale_) {
    if (local.object_version[n.index()] != cache_.object_version[n.index()]) stale_objects_.push_back(n);
  }
  if (stale_objects_.empty()) return;
  verdicts_.assign(stale_objects_.size(), kPassed);
  for (Plugin* p : plugins_.object_filters) p->filter(c, stale_objects_, verdicts_.data());
  for (std::size_t i = 0; i < stale_objects_.size(); ++i) {
    const std::size_t n = stale_objects_[i].index();
    local.object_verdict[n] = verdicts_[i];
    local.object_version[n] = cache_.object_version[n];
  }
  score_into(c, local, Depends::NodeObject, stale_objects_);
}

void Classes::refresh_loads(const Cycle& c, LocalClass& local) {
  verdicts_.resize(stale_.size());
  for (std::size_t i = 0; i < stale_.size(); ++i) verdicts_[i] = local.object_verdict[stale_[i].index()];
  for (Plugin* p : plugins_.load_filters) p->filter(c, stale_, verdicts_.data());
  passing_.clear();
  for (std::size_t i = 0; i < stale_.size(); ++i) {
    const std::size_t n = stale_[i].index();
    local.verdict[n] = verdicts_[i];
    local.load_version[n] = cache_.load_version[n];
    if (verdicts_[i].ok()) passing_.push_back(stale_[i]);
  }
  score_into(c, local, Depends::NodeLoad, passing_);
}

void Classes::score_into(const Cycle& c, LocalClass& local, Depends depends, const std::vector<NodeId>& nodes) {
  if (nodes.empty()) return;
  scores_.resize(nodes.size());
  for (const Scorer& s : plugins_.scorers) {
    if (s.slot < 0 || s.depends != depends) continue;
    s.plugin->score(c, nodes, scores_.data());
    auto& column = local.raw[static_cast<std::size_t>(s.slot)];
    for (std::size_t i = 0; i < nodes.size(); ++i) column[nodes[i].index()] = static_cast<std::int32_t>(scores_[i]);
  }
}

}  // namespace wavetank::schedule
