#pragma once
// The thread that packs and writes, behind a queue that holds only so much: a run that makes events faster than they
// can be written waits, and the counters tell how often and how long.

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "engine/log/segment.h"
#include "runtime/store/compression.h"
#include "runtime/store/sqlite.h"

namespace wavetank::store {

/// What the writer did so far.
struct WriterStats {
  std::uint64_t segments = 0, snapshots = 0, commits = 0;
  std::uint64_t raw_bytes = 0, stored_bytes = 0;  ///< Of segments: encoded, and packed.
  std::uint64_t snapshot_bytes = 0;               ///< Packed.
  std::uint64_t blocked = 0;                      ///< So often the run found the queue full
  std::uint64_t blocked_ns = 0;                   ///< and waited so long in all.
  std::uint64_t deepest_queue = 0;                ///< Items.
  std::uint64_t packing_ns = 0, writing_ns = 0;   ///< The thread's time.
};

struct WriterLimits {
  std::size_t items = 16;
  std::size_t bytes = std::size_t{64} << 20;  ///< A single larger item is let in when it is alone.
};

class Writer {
 public:
  /// Takes over an open container; its tables hold no segment yet.
  Writer(Database db, int level, WriterLimits limits);
  /// Writes what is queued, then ends.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Each waits while the queue is full. After a failure they take and drop what they are given.
  void put_segment(const log::SegmentHeader& header, Bytes segment);
  void put_snapshot(const log::Position& at, const Bytes& body);
  void put_meta(std::string_view key, std::string_view value);
  /// A buffer that the writer is done with, or an empty one.
  Bytes spare();

  /// Waits until all that was put is committed. Error: the first failure, again at every call.
  OrFault<void> flush();
  /// Flushes, brings everything into the one file and closes it. Nothing may be put any more.
  OrFault<void> close();
  [[nodiscard]] WriterStats stats() const;

 private:
  struct Item {
    enum class Kind { Segment, Snapshot, Meta } kind = Kind::Segment;
    log::SegmentHeader header;  ///< A snapshot's place is its `after`.
    Bytes bytes;
    std::string key, value;
    [[nodiscard]] std::size_t size() const { return bytes.size() + key.size() + value.size(); }
  };

  void put(Item item);
  void run();
  bool next(Item& item);
  void write(Item& item);
  void done(Item&& item);
  OrFault<void> write_segment(const Item& item);
  OrFault<void> write_snapshot(const Item& item);
  OrFault<void> write_meta(const Item& item);
  OrFault<void> insert(Statement& statement);
  OrFault<void> prepare();
  void commit();
  void fail(std::string what);

  WriterLimits limits_;

  // The thread's own.
  Database db_;
  Compressor compressor_;
  Statement begin_, commit_, segment_, snapshot_, meta_;
  Bytes packed_;
  std::uint64_t next_id_ = 1;
  std::size_t in_transaction_ = 0;  ///< Items written and not committed.

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable work_, room_, committed_;
  std::deque<Item> queue_;
  std::size_t queued_bytes_ = 0;
  std::uint64_t put_count_ = 0, committed_count_ = 0;
  bool stop_ = false;
  std::string failure_;
  std::deque<Bytes> spares_;
  WriterStats stats_;

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace wavetank::store
