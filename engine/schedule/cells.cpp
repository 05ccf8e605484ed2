#include "engine/schedule/cells.h"

#include <algorithm>

namespace wavetank::schedule {
namespace {

constexpr std::uint32_t kFree = 0xffffffffU;

std::uint64_t hash(const std::int32_t* key, std::size_t width) {
  std::uint64_t h = 0x9e3779b97f4a7c15ULL;
  for (std::size_t i = 0; i < width; ++i) {
    h = (h ^ static_cast<std::uint32_t>(key[i])) * 0xff51afd7ed558ccdULL;
    h ^= h >> 32;
  }
  return h;
}

}  // namespace

void Cells::reset(std::size_t key_width, std::size_t nodes) {
  width_ = key_width;
  live_ = 0;
  places_.assign(nodes, kNowhere);
  cells_.clear();
  keys_.clear();
  table_.assign(16, kFree);
}

void Cells::grow_table() {
  table_.assign(table_.size() * 2, kFree);
  const std::size_t mask = table_.size() - 1;
  for (std::uint32_t c = 0; c < cells_.size(); ++c) {
    std::size_t at = hash(keys_.data() + c * width_, width_) & mask;
    while (table_[at] != kFree) at = (at + 1) & mask;
    table_[at] = c;
  }
}

std::uint32_t Cells::cell_of(const std::int32_t* key) {
  const std::size_t mask = table_.size() - 1;
  std::size_t at = hash(key, width_) & mask;
  for (; table_[at] != kFree; at = (at + 1) & mask) {
    if (has_key(table_[at], key)) return table_[at];
  }
  if (cells_.size() >= kMaxCells) return kFree;
  const auto made = static_cast<std::uint32_t>(cells_.size());
  table_[at] = made;
  cells_.emplace_back();
  keys_.insert(keys_.end(), key, key + width_);
  if (cells_.size() * 2 > table_.size()) grow_table();
  return made;
}

bool Cells::put(NodeId node, const std::int32_t* key, std::int32_t score) {
  if (score < 0 || score > kMaxScore) return false;
  // Mostly it is only the load that changed.
  const Place at = places_[node.index()];
  const std::uint32_t cell = at != kNowhere && has_key(at >> 16, key) ? at >> 16 : cell_of(key);
  if (cell == kFree) return false;
  move(node, cell << 16 | static_cast<std::uint32_t>(score));
  return true;
}

void Cells::move(NodeId node, Place to) {
  Place& at = places_[node.index()];
  if (at == to) return;
  if (at != kNowhere) remove(cells_[at >> 16], static_cast<std::int32_t>(at & 0xffffU));
  if (to != kNowhere) {
    Cell& cell = cells_[to >> 16];
    add(cell, static_cast<std::int32_t>(to & 0xffffU));
    cell.known = node;
    if (cell.scores.back().score == static_cast<std::int32_t>(to & 0xffffU)) cell.top = node;
  }
  at = to;
}

void Cells::add(Cell& cell, std::int32_t score) {
  if (cell.members++ == 0) ++live_;
  auto at = cell.scores.end();
  while (at != cell.scores.begin() && (at - 1)->score >= score) --at;  // from the top: that is where binds happen
  if (at != cell.scores.end() && at->score == score) {
    ++at->nodes;
  } else {
    cell.scores.insert(at, {score, 1});
  }
}

void Cells::remove(Cell& cell, std::int32_t score) {
  if (--cell.members == 0) {
    --live_;
    cell.scores = {};
    return;
  }
  auto at = cell.scores.end() - 1;
  while (at->score != score) --at;
  if (--at->nodes == 0) cell.scores.erase(at);
}

NodeId Cells::any_member(std::uint32_t cell) {
  const NodeId known = cells_[cell].known;
  if (known.valid() && places_[known.index()] >> 16 == cell) return known;
  std::size_t i = 0;
  while (places_[i] >> 16 != cell || places_[i] == kNowhere) ++i;
  cells_[cell].known = NodeId(i);
  return NodeId(i);
}

void Cells::find(std::span<const Place> places, std::size_t count, std::vector<NodeId>& out) const {
  constexpr std::size_t kBlock = 64;
  for (std::size_t begin = 0; begin < places_.size() && out.size() < count; begin += kBlock) {
    const std::size_t end = std::min(begin + kBlock, places_.size());
    std::uint32_t any = 0;
    for (const Place wanted : places) {
      for (std::size_t i = begin; i < end; ++i) any |= places_[i] == wanted ? 1U : 0U;
    }
    if (any == 0) continue;
    for (std::size_t i = begin; i < end; ++i) {
      if (std::find(places.begin(), places.end(), places_[i]) != places.end()) out.emplace_back(i);
    }
  }
}

}  // namespace wavetank::schedule
