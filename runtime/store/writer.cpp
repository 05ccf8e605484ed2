#include "runtime/store/writer.h"

#include <fmt/format.h>

#include <chrono>

#include "engine/base/hash.h"
#include "engine/state/cluster_state.h"
#include "runtime/store/container.h"

namespace wavetank::store {

namespace {

/// While the queue never runs empty, one transaction takes so many items: a commit costs about as much as a segment.
constexpr std::size_t kItemsInTransaction = 8;
constexpr std::size_t kSpares = 4;

using Clock = std::chrono::steady_clock;
std::uint64_t ns_since(Clock::time_point start) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count());
}

}  // namespace

Writer::Writer(Database db, int level, WriterLimits limits) : limits_(limits), db_(std::move(db)), compressor_(level) {
  if (auto prepared = prepare(); !prepared) failure_ = prepared.error();
  thread_ = std::thread([this] { run(); });
}

Writer::~Writer() {
  if (thread_.joinable()) static_cast<void>(close());
}

// ---- The run's side
// ----------------------------------------------------------------------------------------------------

void Writer::put_segment(const log::SegmentHeader& header, Bytes segment) {
  Item item;
  item.header = header;
  item.bytes = std::move(segment);
  put(std::move(item));
}

void Writer::put_snapshot(const log::Position& at, const Bytes& body) {
  Item item;
  item.kind = Item::Kind::Snapshot;
  item.header.after = at;
  item.bytes = body;
  put(std::move(item));
}

void Writer::put_meta(std::string_view key, std::string_view value) {
  Item item;
  item.kind = Item::Kind::Meta;
  item.key = key;
  item.value = value;
  put(std::move(item));
}

void Writer::put(Item item) {
  std::unique_lock lock(mutex_);
  const std::size_t size = item.size();
  const auto fits = [this, size] {
    if (!failure_.empty() || queue_.empty()) return true;
    return queue_.size() < limits_.items && queued_bytes_ + size <= limits_.bytes;
  };
  if (!fits()) {
    const Clock::time_point start = Clock::now();
    room_.wait(lock, fits);
    ++stats_.blocked;
    stats_.blocked_ns += ns_since(start);
  }
  if (!failure_.empty()) return;
  queue_.push_back(std::move(item));
  queued_bytes_ += size;
  ++put_count_;
  stats_.deepest_queue = std::max<std::uint64_t>(stats_.deepest_queue, queue_.size());
  lock.unlock();
  work_.notify_one();
}

Bytes Writer::spare() {
  const std::lock_guard lock(mutex_);
  if (spares_.empty()) return {};
  Bytes bytes = std::move(spares_.back());
  spares_.pop_back();
  return bytes;
}

OrFault<void> Writer::flush() {
  std::unique_lock lock(mutex_);
  const std::uint64_t wanted = put_count_;
  committed_.wait(lock, [this, wanted] { return committed_count_ >= wanted || !failure_.empty(); });
  if (!failure_.empty()) return tl::unexpected(failure_);
  return {};
}

OrFault<void> Writer::close() {
  auto flushed = flush();
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  work_.notify_one();
  thread_.join();
  if (flushed) {
    // A reader may hold part of the log back; then it stays beside the file and the last to close brings it in.
    if (auto checkpoint = db_.integer("PRAGMA wal_checkpoint(TRUNCATE)"); !checkpoint) {
      failure_ = checkpoint.error();
      flushed = tl::unexpected(failure_);
    }
  }
  for (Statement* statement : {&begin_, &commit_, &segment_, &snapshot_, &meta_}) *statement = Statement();
  db_ = Database();
  return flushed;
}

WriterStats Writer::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

// ---- The thread's side
// -------------------------------------------------------------------------------------------------

void Writer::run() {
  Item item;
  while (next(item)) write(item);
}

/// The next item, after committing if there is none. False when all is done.
bool Writer::next(Item& item) {
  std::unique_lock lock(mutex_);
  if (queue_.empty() && in_transaction_ > 0) {
    lock.unlock();
    commit();
    lock.lock();
  }
  work_.wait(lock, [this] { return stop_ || !queue_.empty(); });
  if (queue_.empty()) return false;
  item = std::move(queue_.front());
  queue_.pop_front();
  queued_bytes_ -= item.size();
  lock.unlock();
  room_.notify_one();
  return true;
}

void Writer::write(Item& item) {
  OrFault<void> written;
  if (in_transaction_ == 0) written = insert(begin_);
  if (written) {
    switch (item.kind) {
      case Item::Kind::Segment:
        written = write_segment(item);
        break;
      case Item::Kind::Snapshot:
        written = write_snapshot(item);
        break;
      case Item::Kind::Meta:
        written = write_meta(item);
        break;
    }
  }
  if (!written) return fail(written.error());
  ++in_transaction_;
  done(std::move(item));
  if (in_transaction_ >= kItemsInTransaction) commit();
}

/// Keeps the buffer for the next segment.
void Writer::done(Item&& item) {
  if (item.kind != Item::Kind::Segment) return;
  const std::lock_guard lock(mutex_);
  if (spares_.size() < kSpares) spares_.push_back(std::move(item.bytes));
}

OrFault<void> Writer::write_segment(const Item& item) {
  const Clock::time_point start = Clock::now();
  compressor_.compress(item.bytes, packed_);
  const std::uint64_t packing = ns_since(start);
  const log::SegmentHeader& header = item.header;
  segment_.bind(1, next_id_).bind(2, header.first()).bind(3, header.last());
  segment_.bind(4, header.before.time.ns).bind(5, header.after.time.ns);
  segment_.bind(6, header.before.fingerprint).bind(7, header.after.fingerprint);
  segment_.bind(8, std::uint64_t{item.bytes.size()}).bind(9, kZstd);
  segment_.bind(10, base::hash_bytes(packed_.data(), packed_.size(), 0)).bind(11, ByteSpan(packed_));
  auto inserted = insert(segment_);
  if (inserted) ++next_id_;
  const std::lock_guard lock(mutex_);
  ++stats_.segments;
  stats_.raw_bytes += item.bytes.size();
  stats_.stored_bytes += packed_.size();
  stats_.packing_ns += packing;
  stats_.writing_ns += ns_since(start) - packing;
  return inserted;
}

OrFault<void> Writer::write_snapshot(const Item& item) {
  const Clock::time_point start = Clock::now();
  compressor_.compress(item.bytes, packed_);
  const std::uint64_t packing = ns_since(start);
  const log::Position& at = item.header.after;
  snapshot_.bind(1, at.seq).bind(2, at.time.ns).bind(3, at.fingerprint);
  snapshot_.bind(4, std::int64_t{state::kSnapshotVersion}).bind(5, std::uint64_t{item.bytes.size()}).bind(6, kZstd);
  snapshot_.bind(7, base::hash_bytes(packed_.data(), packed_.size(), 0)).bind(8, ByteSpan(packed_));
  auto inserted = insert(snapshot_);
  const std::lock_guard lock(mutex_);
  ++stats_.snapshots;
  stats_.snapshot_bytes += packed_.size();
  stats_.packing_ns += packing;
  stats_.writing_ns += ns_since(start) - packing;
  return inserted;
}

OrFault<void> Writer::write_meta(const Item& item) {
  meta_.bind(1, std::string_view(item.key)).bind(2, std::string_view(item.value));
  meta_.bind(3, meta_checksum(item.key, item.value));
  return insert(meta_);
}

OrFault<void> Writer::insert(Statement& statement) {
  const Statement::Step step = statement.step();
  std::string error = step == Statement::Step::Done ? std::string() : statement.error();
  statement.reset();
  if (step == Statement::Step::Done) return {};
  return tl::unexpected(std::move(error));
}

OrFault<void> Writer::prepare() {
  struct Prepare {
    Statement& into;
    const char* sql;
  };
  const Prepare statements[] = {
      {begin_, "BEGIN"},
      {commit_, "COMMIT"},
      {segment_, "INSERT INTO segment VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)"},
      {snapshot_, "INSERT OR REPLACE INTO snapshot VALUES(?1,?2,?3,?4,?5,?6,?7,?8)"},
      {meta_, "INSERT OR REPLACE INTO meta VALUES(?1,?2,?3)"},
  };
  for (const Prepare& statement : statements) {
    auto prepared = db_.prepare(statement.sql);
    if (!prepared) return tl::unexpected(prepared.error());
    statement.into = std::move(*prepared);
  }
  return {};
}

void Writer::commit() {
  const Clock::time_point start = Clock::now();
  const auto committed = insert(commit_);
  if (!committed) return fail(committed.error());
  const std::lock_guard lock(mutex_);
  committed_count_ += in_transaction_;
  in_transaction_ = 0;
  ++stats_.commits;
  stats_.writing_ns += ns_since(start);
  committed_.notify_all();
}

/// The first failure ends the journal: what is committed stays, what follows is dropped so that nobody waits for it.
void Writer::fail(std::string what) {
  static_cast<void>(db_.run("ROLLBACK"));  // SQLite may have done it already
  in_transaction_ = 0;
  const std::lock_guard lock(mutex_);
  if (failure_.empty()) failure_ = std::move(what);
  queue_.clear();
  queued_bytes_ = 0;
  room_.notify_all();
  committed_.notify_all();
}

}  // namespace wavetank::store
