#pragma once
// Reading a container: segments, snapshots and meta values out of the tables, each checked against its checksum.

#include <optional>
#include <string>
#include <vector>

#include "engine/log/segment_source.h"
#include "runtime/store/compression.h"
#include "runtime/store/sqlite.h"

namespace wavetank::store {

/// One connection's look at the tables. The file may grow meanwhile: refresh() looks anew.
class SegmentRows final : public log::SegmentSource {
 public:
  /// `path` is what messages call the file. Error: the tables are not there.
  static OrFault<std::unique_ptr<SegmentRows>> make(Database db, std::string path);

  /// Takes in segments written since. Error: the table is damaged.
  OrFault<void> refresh();
  /// For a table damaged so that even the last row cannot be found: counts the rows that can be reached, and one more
  /// for the damage.
  void count_reachable();
  /// From now on there are no more than these.
  void limit(std::size_t segments) { limit_ = segments; }

  [[nodiscard]] std::size_t count() const override { return std::min(count_, limit_); }
  [[nodiscard]] OrFault<log::SegmentHeader> header(std::size_t number) const override;
  [[nodiscard]] OrFault<log::Segment> segment(std::size_t number, Bytes& room) const override;
  [[nodiscard]] std::string name() const override { return path_; }

  [[nodiscard]] std::string meta(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> meta_keys() const;
  /// The first meta value that does not match its checksum, in words; "" if all do.
  [[nodiscard]] std::string meta_fault() const;
  /// The latest sound snapshot of `version` with a time ≤ `time` and a number ≤ `last`.
  bool find_snapshot(base::SimTime time, base::Seq last, std::int64_t version, log::Position& at, Bytes& body) const;
  /// Snapshots that do not match their checksum, in words.
  [[nodiscard]] std::vector<std::string> damaged_snapshots() const;

 private:
  SegmentRows(Database db, std::string path) : db_(std::move(db)), path_(std::move(path)) {}
  OrFault<void> unpack(const Statement& row, int first_column, Bytes& room) const;

  mutable Database db_;
  std::string path_;
  std::size_t count_ = 0;
  std::size_t limit_ = static_cast<std::size_t>(-1);
  Decompressor decompressor_;
  mutable Statement last_id_, header_, segment_, meta_, snapshot_;
};

}  // namespace wavetank::store
