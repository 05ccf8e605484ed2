#pragma once
// The journal in a file (container.h says how it lies there).
//
// Writing: append() encodes into the segment under way; full segments go to a thread that packs and writes them. What
// flush() has confirmed, and every segment the thread has committed, survives a kill of the process at any moment: the
// file opens and reads up to there (a reader finds `X-wal` and `X-shm` beside it and brings them in). Against loss of
// power, `full_sync`. The file is written in place, not under a temporary name, so that a killed run leaves its
// journal; so check all input first. Reading: any number of readers, also while a run writes: they see what is
// committed.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/log/segment_source.h"
#include "runtime/store/writer.h"

namespace wavetank::store {

class SegmentRows;

struct CreateOptions {
  bool overwrite = false;  ///< Replaces a journal (and only a journal) that is there.
  bool full_sync = false;  ///< Every flush waits for the disk: for runs that acknowledge commands to clients.
  log::SegmentLimits segments;
  int level = 3;  ///< zstd's; chosen by tests/bench/journal_bench.cpp.
  WriterLimits queue;
};

struct OpenOptions {
  /// Opens a damaged journal too: it then ends before the damage. Checks every segment. Without it, open() looks at the
  /// end alone, and damage elsewhere comes out of the scan that meets it.
  bool salvage = false;
};

class SqliteJournal final : public log::Journal {
 public:
  /// A new journal to append to. Error: the file is there, or cannot be written.
  static base::Result<std::unique_ptr<SqliteJournal>> create(const std::string& path,
                                                             const CreateOptions& options = {});
  /// An existing one, to read. Error: it is not there, not a journal, of a newer format, or damaged: then the message
  /// names the segment and up to where it can be read.
  static base::Result<std::unique_ptr<SqliteJournal>> open(const std::string& path, const OpenOptions& options = {});
  /// Writes what was appended, but does not mark the run as ended.
  ~SqliteJournal() override;

  void append(const event::Event& event) override {
    if (builder_.append(event)) cut();
  }
  base::Result<void> flush() override;
  [[nodiscard]] log::Position position() const override { return builder_.position(); }
  base::Result<void> scan(base::Seq from, base::Seq to, const log::Visitor& visit) const override;
  [[nodiscard]] base::Result<log::Position> position_at(base::Seq seq) const override;
  [[nodiscard]] base::Result<log::Position> position_at(base::SimTime time) const override;
  void put_meta(std::string_view key, std::string_view value) override;
  [[nodiscard]] std::string meta(std::string_view key) const override;
  [[nodiscard]] std::vector<std::string> meta_keys() const override;
  void put_snapshot(log::Position at, const Bytes& body) override;
  bool find_snapshot(base::SimTime time, log::Position& at, Bytes& body) const override;

  /// The run came to its end: marks that, flushes and closes the writer. The file then stands alone. Can be read on.
  base::Result<void> finish();
  /// Drops the run: ends the writer and removes the file. Nothing may be called after it.
  void discard();

  /// Whether the run came to its end, rather than being stopped.
  [[nodiscard]] bool ended() const;
  /// For a journal opened with `salvage`: what is wrong with it; "" if nothing.
  [[nodiscard]] const std::string& damage() const { return damage_; }
  /// Snapshots whose bytes are damaged, in words: harmless, reading goes around them.
  [[nodiscard]] std::vector<std::string> damaged_snapshots() const;
  [[nodiscard]] WriterStats stats() const;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  SqliteJournal(std::string path, log::Position at, log::SegmentLimits limits);
  void cut();
  base::Result<void> close_writer();
  /// The connection for reading; while a run writes it is opened at the first use.
  [[nodiscard]] base::Result<SegmentRows*> rows() const;

  std::string path_;
  log::SegmentBuilder builder_;
  std::unique_ptr<Writer> writer_;  ///< Null when reading.
  std::optional<WriterStats> final_stats_;
  std::map<std::string, std::string, std::less<>> meta_;  ///< When writing.
  mutable std::unique_ptr<SegmentRows> rows_;
  std::string damage_;
};

}  // namespace wavetank::store
