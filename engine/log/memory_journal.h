#pragma once
// A journal in memory: encoded segments, no events; about a tenth of what the events themselves would take.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/log/segment_source.h"

namespace wavetank::log {

class MemoryJournal final : public Journal {
 public:
  explicit MemoryJournal(SegmentLimits limits = {});
  ~MemoryJournal() override;

  void append(const event::Event& event) override {
    if (builder_.append(event)) cut();
  }
  /// Nothing to do: what is appended can be read at once. `visit` of a scan may not append.
  base::Result<void> flush() override { return {}; }
  [[nodiscard]] Position position() const override { return builder_.position(); }
  base::Result<void> scan(base::Seq from, base::Seq to, const Visitor& visit) const override;
  [[nodiscard]] base::Result<Position> position_at(base::Seq seq) const override;
  [[nodiscard]] base::Result<Position> position_at(base::SimTime time) const override;

  void put_meta(std::string_view key, std::string_view value) override;
  [[nodiscard]] std::string meta(std::string_view key) const override;
  [[nodiscard]] std::vector<std::string> meta_keys() const override;

  void put_snapshot(Position at, const Bytes& body) override;
  bool find_snapshot(base::SimTime time, Position& at, Bytes& body) const override;

  /// Ends the current segment, as a journal on disk does when it is flushed.
  void cut();
  /// Bytes of the encoded events, headers included.
  [[nodiscard]] std::size_t bytes() const;
  /// The finished segments as they are encoded; for tests, which also damage them.
  [[nodiscard]] std::vector<Bytes>& segments() { return segments_; }

 private:
  class Source;

  SegmentBuilder builder_;
  Bytes spare_;
  std::vector<Bytes> segments_;
  std::map<std::string, std::string, std::less<>> meta_;
  std::vector<std::pair<Position, Bytes>> snapshots_;  ///< By seq.
};

}  // namespace wavetank::log
