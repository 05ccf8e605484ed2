#include "engine/log/memory_journal.h"

#include <algorithm>

namespace wavetank::log {

/// The finished segments and, as the last, the one under way.
class MemoryJournal::Source final : public SegmentSource {
 public:
  explicit Source(const MemoryJournal& journal) : journal_(&journal) {}

  [[nodiscard]] std::size_t count() const override {
    return journal_->segments_.size() + (journal_->builder_.empty() ? 0 : 1);
  }
  [[nodiscard]] OrFault<SegmentHeader> header(std::size_t number) const override {
    Bytes room;
    OrFault<Segment> found = segment(number, room);
    if (!found) return tl::unexpected(std::move(found.error()));
    return found->header;
  }
  [[nodiscard]] OrFault<Segment> segment(std::size_t number, Bytes& /*room*/) const override {
    if (number > journal_->segments_.size()) return Segment{journal_->builder_.header(), journal_->builder_.events()};
    return split_segment(journal_->segments_[number - 1]);
  }
  [[nodiscard]] std::string name() const override { return {}; }

 private:
  const MemoryJournal* journal_;
};

MemoryJournal::MemoryJournal(SegmentLimits limits) : builder_({}, limits) {}
MemoryJournal::~MemoryJournal() = default;

void MemoryJournal::cut() {
  if (builder_.empty()) return;
  // A copy of just the size is kept; the two large buffers take turns.
  spare_ = builder_.take(std::move(spare_));
  segments_.emplace_back(spare_.begin(), spare_.end());
}

std::size_t MemoryJournal::bytes() const {
  std::size_t sum = builder_.empty() ? 0 : SegmentHeader::kBytes + builder_.events().size();
  for (const Bytes& segment : segments_) sum += segment.size();
  return sum;
}

base::Result<void> MemoryJournal::scan(base::Seq from, base::Seq to, const Visitor& visit) const {
  return log::scan(Source(*this), from, to, visit);
}
base::Result<Position> MemoryJournal::position_at(base::Seq seq) const { return log::position_at(Source(*this), seq); }
base::Result<Position> MemoryJournal::position_at(base::SimTime time) const {
  return log::position_at(Source(*this), time);
}

void MemoryJournal::put_meta(std::string_view key, std::string_view value) {
  meta_.insert_or_assign(std::string(key), value);
}

std::string MemoryJournal::meta(std::string_view key) const {
  const auto found = meta_.find(key);
  return found == meta_.end() ? std::string() : found->second;
}

std::vector<std::string> MemoryJournal::meta_keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, value] : meta_) keys.push_back(key);
  return keys;
}

void MemoryJournal::put_snapshot(Position at, const Bytes& body) {
  const auto place = std::lower_bound(snapshots_.begin(), snapshots_.end(), at.seq,
                                      [](const auto& snapshot, base::Seq seq) { return snapshot.first.seq < seq; });
  if (place != snapshots_.end() && place->first.seq == at.seq) {
    *place = {at, body};
  } else {
    snapshots_.insert(place, {at, body});
  }
}

bool MemoryJournal::find_snapshot(base::SimTime time, Position& at, Bytes& body) const {
  for (auto snapshot = snapshots_.rbegin(); snapshot != snapshots_.rend(); ++snapshot) {
    if (snapshot->first.time > time) continue;
    at = snapshot->first;
    body = snapshot->second;
    return true;
  }
  return false;
}

}  // namespace wavetank::log
