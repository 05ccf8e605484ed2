#include "engine/schedule/classes.h"

#include <algorithm>

#include "engine/base/assert.h"
#include "engine/schedule/node_match.h"
#include "engine/schedule/plugins/registry.h"

namespace wavetank::schedule {
namespace {

/// What each of the three kinds of answers may take: a megabyte, or so many bytes a node. Enough for some three hundred
/// different specs of pods.
constexpr std::size_t kFewBytes = 1U << 20;
constexpr std::size_t kMostBytesANode = 2048;

}  // namespace

// ---- PluginSet ----

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
  cluster = cluster_filters;
  for (const WeightedPlugin& w : profile.score) {
    Plugin* p = get(w.name);
    if (p == nullptr) continue;
    Scorer scorer{p, w.weight, (find_plugin(w.name)->points & kPreScore) != 0, -1, p->depends()};
    switch (scorer.depends) {
      case Depends::NodeObject:
        scorer.slot = static_cast<std::int32_t>(object_scorers.size());
        WT_ASSERT(object_scorers.size() < kMaxObjectScorers, "ObjectAnswer has room for every such plugin");
        object_scorers.push_back(scorer);
        break;
      case Depends::NodeLoad:
        load_scorers.push_back(scorer);
        load_weights += w.weight;
        break;
      case Depends::Cluster:
        if (std::find(cluster.begin(), cluster.end(), p) == cluster.end()) cluster.push_back(p);
        break;
    }
    scorers.push_back(scorer);
  }
}

// ---- Kept ----

template <class T>
std::uint32_t Kept<T>::free_slot(std::size_t most) {
  if (!free_.empty()) {
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  if (entries_.size() < most) {
    entries_.push_back(nullptr);
    return static_cast<std::uint32_t>(entries_.size() - 1);
  }
  const auto oldest = std::min_element(entries_.begin(), entries_.end(),
                                       [](const auto& a, const auto& b) { return a->last_used < b->last_used; });
  index_.erase((*oldest)->key);
  return static_cast<std::uint32_t>(oldest - entries_.begin());
}

template <class T>
void Kept<T>::give_up_if_idle(std::size_t slot) {
  if (entries_[slot] == nullptr || entries_[slot]->last_used + kIdle > uses_) return;
  index_.erase(entries_[slot]->key);
  entries_[slot] = nullptr;
  free_.push_back(static_cast<std::uint32_t>(slot));
}

template <class T>
T& Kept<T>::get(const std::string& key, std::uint32_t& slot, std::uint64_t& made, std::size_t most) {
  ++uses_;
  if (made == 0 || slot >= entries_.size() || entries_[slot] == nullptr || entries_[slot]->made != made) {
    if (const auto at = index_.find(key); at != index_.end()) {
      slot = at->second;
    } else {
      slot = free_slot(most);
      entries_[slot] = std::make_unique<Entry>();
      entries_[slot]->key = key;
      entries_[slot]->made = ++makings_;
      index_.emplace(key, slot);
    }
    made = entries_[slot]->made;
  }
  Entry& entry = *entries_[slot];
  entry.last_used = uses_;
  looked_at_ = looked_at_ + 1 < entries_.size() ? looked_at_ + 1 : 0;
  give_up_if_idle(looked_at_);
  return entry.value;
}

// ---- Classes ----

void Classes::clear() {
  classes_.clear();
  by_template_.clear();
  objects_.clear();
  loads_.clear();
  cells_.clear();
}

std::size_t Classes::most_kept(std::size_t bytes_a_node) const {
  const std::size_t room = std::max(kFewBytes, kMostBytesANode * cache_.columns());
  return std::max<std::size_t>(16, room / (bytes_a_node * cache_.columns() + 1));
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
    if (p->depends() == Depends::NodeObject) p->append_class_key(c.spec(), c.object_key);
  }
  c.load_key = c.object_key;
  for (const auto& p : plugins_.all) {
    if (p->depends() == Depends::NodeLoad) p->append_class_key(c.spec(), c.load_key);
  }
  compile(c, view);
  return c;
}

void Classes::compile(PodClass& pod_class, const ClusterView& view) {
  pod_class.epoch = epoch_;
  pod_class.data.resize(plugins_.all.size());
  const Cycle c{cache_, reasons_, view, pod_class, cache_.order().size()};
  for (const auto& p : plugins_.all) pod_class.data[p->index] = p->compile(c);
  pod_class.cells_made = 0;  // its traits may be others
}

/// The nodes that changed, each once; all of them when the log does not reach back so far.
Nodes Classes::changed_since(const ChangeLog& log, std::uint64_t cursor, bool listed_only) {
  if (!log.reaches(cursor)) return listed_only ? Nodes(cache_.order()) : Nodes(cache_.every_node());
  const auto changes = log.since(cursor);
  if (changes.size() == 1) return changes;
  if (stamp_.size() < cache_.columns()) stamp_.resize(cache_.columns(), 0);
  ++stamp_now_;
  stale_.clear();
  for (const NodeId n : changes) {
    if (stamp_[n.index()] == stamp_now_) continue;
    stamp_[n.index()] = stamp_now_;
    stale_.push_back(n);
  }
  return stale_;
}

const ObjectAnswers& Classes::objects_of(PodClass& pod_class, const Cycle& c) {
  ObjectAnswers& answers = objects_.get(pod_class.object_key, pod_class.object_slot, pod_class.object_made,
                                        most_kept(ObjectAnswers::kBytesANode));
  if (plain_) answers.cursor = 0;
  if (answers.cursor == cache_.objects.end()) return answers;
  answers.answer.resize(cache_.columns(), 0);
  const Nodes changed = changed_since(cache_.objects, answers.cursor, false);
  if (changed.size() == cache_.columns()) answers.distinct.clear();
  ask_objects(c, answers, changed);
  answers.cursor = cache_.objects.end();
  return answers;
}

void Classes::ask_objects(const Cycle& c, ObjectAnswers& answers, Nodes nodes) {
  verdicts_.assign(nodes.size(), kPassed);
  for (Plugin* p : plugins_.object_filters) p->filter(c, nodes, verdicts_.data());
  raws_.resize(nodes.size() * kMaxObjectScorers);
  for (const Scorer& s : plugins_.object_scorers) {
    std::int64_t* column = raws_.data() + static_cast<std::size_t>(s.slot) * nodes.size();
    if (s.pre_score && !s.plugin->pre_score(c, {})) {
      std::fill(column, column + nodes.size(), 0);
    } else {
      s.plugin->score(c, nodes, column);
    }
  }
  const std::size_t scorers = plugins_.object_scorers.size();
  // Mostly all are alike.
  std::uint64_t differ = 0;
  for (const Verdict v : verdicts_)
    differ |= std::bit_cast<std::uint32_t>(v) ^ std::bit_cast<std::uint32_t>(verdicts_[0]);
  for (std::size_t s = 0; s < scorers; ++s) {
    const std::int64_t* column = raws_.data() + s * nodes.size();
    for (std::size_t i = 0; i < nodes.size(); ++i) differ |= static_cast<std::uint64_t>(column[i] ^ column[0]);
  }
  if (differ == 0 && nodes.size() == answers.answer.size()) {
    answers.distinct.emplace_back();
    answers.distinct[0].verdict = verdicts_[0];
    for (std::size_t s = 0; s < scorers; ++s)
      answers.distinct[0].raw[s] = static_cast<std::int32_t>(raws_[s * nodes.size()]);
    return static_cast<void>(std::fill(answers.answer.begin(), answers.answer.end(), 0));
  }
  std::uint32_t id = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    bool as_before =
        i > 0 && std::bit_cast<std::uint32_t>(verdicts_[i]) == std::bit_cast<std::uint32_t>(verdicts_[i - 1]);
    for (std::size_t s = 0; s < scorers; ++s)
      as_before = as_before && raws_[s * nodes.size() + i] == raws_[s * nodes.size() + i - 1];
    if (!as_before) {
      ObjectAnswer a;
      a.verdict = verdicts_[i];
      for (std::size_t s = 0; s < scorers; ++s) a.raw[s] = static_cast<std::int32_t>(raws_[s * nodes.size() + i]);
      id = static_cast<std::uint32_t>(std::find(answers.distinct.begin(), answers.distinct.end(), a) -
                                      answers.distinct.begin());
      if (id == answers.distinct.size()) answers.distinct.push_back(a);
    }
    answers.answer[nodes[i].index()] = id;
  }
}

void Classes::local_verdicts(const Cycle& c, const ObjectAnswers& objects, Nodes nodes, Verdict* out) {
  for (std::size_t i = 0; i < nodes.size(); ++i) out[i] = objects.of(nodes[i]).verdict;
  for (Plugin* p : plugins_.load_filters) p->filter(c, nodes, out);
}

void Classes::verdicts_now(const Cycle& c, Nodes nodes, Verdict* out) {
  for (Plugin* p : plugins_.object_filters) p->filter(c, nodes, out);
  for (Plugin* p : plugins_.load_filters) p->filter(c, nodes, out);
}

void Classes::load_scores(const Cycle& c, Nodes nodes, std::int32_t* out) {
  std::fill(out, out + nodes.size(), 0);
  scores_.resize(nodes.size());
  for (const Scorer& s : plugins_.load_scorers) {
    if (s.pre_score && !s.plugin->pre_score(c, {})) continue;
    s.plugin->score(c, nodes, scores_.data());
    const auto weight = static_cast<std::int32_t>(s.weight);
    for (std::size_t i = 0; i < nodes.size(); ++i) out[i] += static_cast<std::int32_t>(scores_[i]) * weight;
  }
}

const LoadAnswers& Classes::loads_of(PodClass& pod_class, const Cycle& c, const ObjectAnswers& objects, Nodes nodes) {
  LoadAnswers& answers =
      loads_.get(pod_class.load_key, pod_class.load_slot, pod_class.load_made, most_kept(LoadAnswers::kBytesANode));
  if (answers.version.size() < cache_.columns()) {
    answers.version.resize(cache_.columns(), 0);
    answers.verdict.resize(cache_.columns(), kPassed);
    answers.score.resize(cache_.columns(), 0);
  }
  if (plain_ && nodes.size() * 2 > cache_.columns()) {
    local_verdicts(c, objects, cache_.every_node(), answers.verdict.data());
    load_scores(c, cache_.every_node(), answers.score.data());
    return answers;
  }
  stale_.clear();
  for (const NodeId n : nodes) {
    if (plain_ || answers.version[n.index()] != cache_.load_version[n.index()]) stale_.push_back(n);
  }
  if (stale_.empty()) return answers;
  verdicts_.resize(stale_.size());
  local_verdicts(c, objects, stale_, verdicts_.data());
  passing_.clear();
  for (std::size_t i = 0; i < stale_.size(); ++i) {
    const std::size_t n = stale_[i].index();
    answers.verdict[n] = verdicts_[i];
    answers.version[n] = cache_.load_version[n];
    if (verdicts_[i].ok()) passing_.push_back(stale_[i]);
  }
  sums_.resize(passing_.size());
  load_scores(c, passing_, sums_.data());
  for (std::size_t i = 0; i < passing_.size(); ++i) answers.score[passing_[i].index()] = sums_[i];
  return answers;
}

// ---- Cells ----

/// Which numbers a node's key has now. True when the cells have to be made anew for them.
bool Classes::read_traits(const Cycle& c, CellAnswers& answers, std::vector<Plugin*>& opaque) {
  with_traits_.clear();
  opaque.clear();
  std::size_t width = plugins_.object_scorers.size();
  std::uint64_t epoch = 0;
  for (Plugin* p : plugins_.cluster) {
    const int count = p->trait_count(c);
    if (count == Plugin::kNoTraits) opaque.push_back(p);
    if (count <= 0) continue;
    with_traits_.emplace_back(p, count);
    width += static_cast<std::size_t>(count);
    epoch += p->traits_epoch(c);
  }
  const bool same = answers.cursor != 0 && answers.epoch == epoch && answers.width == width;
  answers.epoch = epoch;
  answers.width = width;
  return !same;
}

CellAnswers* Classes::cells_of(PodClass& pod_class, const Cycle& c, std::vector<Plugin*>& opaque) {
  if (plugins_.load_weights * 100 > Cells::kMaxScore) return nullptr;
  const ObjectAnswers& objects = objects_of(pod_class, c);
  if (pod_class.cells_made == 0) {
    pod_class.cells_key.clear();
    append_key(pod_class.cells_key, std::int64_t{pod_class.tmpl.value});
    append_key(pod_class.cells_key, static_cast<std::int64_t>(pod_class.owner.kind));
    append_key(pod_class.cells_key, std::int64_t{pod_class.owner.row});
    append_key(pod_class.cells_key, static_cast<std::int64_t>(pod_class.epoch));
  }
  CellAnswers& answers =
      cells_.get(pod_class.cells_key, pod_class.cells_slot, pod_class.cells_made, most_kept(CellAnswers::kBytesANode));
  if (read_traits(c, answers, opaque)) {
    answers.useless = false;
    answers.cursor = 0;
  }
  if (answers.useless) return nullptr;
  if (answers.cursor == cache_.loads.end()) return &answers;
  if (answers.cursor == 0 || !cache_.loads.reaches(answers.cursor) || answers.cells.wasteful()) {
    answers.cells.reset(answers.width, cache_.columns());
    answers.cursor = 0;
  }
  answers.cells.resize(cache_.columns());
  const Nodes changed = changed_since(cache_.loads, answers.cursor, true);
  answers.useless = !update_cells(c, objects, answers, changed);
  answers.cursor = cache_.loads.end();
  return answers.useless ? nullptr : &answers;
}

bool Classes::update_cells(const Cycle& c, const ObjectAnswers& objects, CellAnswers& answers, Nodes nodes) {
  verdicts_.resize(nodes.size());
  local_verdicts(c, objects, nodes, verdicts_.data());
  passing_.clear();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (verdicts_[i].ok() && cache_.alive(nodes[i])) {
      passing_.push_back(nodes[i]);
    } else {
      answers.cells.drop(nodes[i]);
    }
  }
  if (passing_.empty()) return true;
  sums_.resize(passing_.size());
  load_scores(c, passing_, sums_.data());
  const std::size_t width = answers.width;
  keys_.resize(passing_.size() * width + 1);
  const std::size_t scorers = plugins_.object_scorers.size();
  for (std::size_t i = 0; i < passing_.size() && scorers > 0; ++i) {
    const ObjectAnswer& object = objects.of(passing_[i]);
    std::copy_n(object.raw.begin(), scorers, keys_.begin() + static_cast<std::ptrdiff_t>(i * width));
  }
  std::size_t at = scorers;
  for (const auto& [plugin, count] : with_traits_) {
    plugin->traits(c, passing_, keys_.data() + at, width);
    at += static_cast<std::size_t>(count);
  }
  for (std::size_t i = 0; i < passing_.size(); ++i) {
    if (!answers.cells.put(passing_[i], keys_.data() + i * width, sums_[i])) return false;
  }
  return true;
}

}  // namespace wavetank::schedule
