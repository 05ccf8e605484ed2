#include "runtime/store/segment_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/hash.h"
#include "runtime/store/container.h"

namespace wavetank::store {

namespace {

/// Resets a statement when its use is over, so that it does not hold a read transaction open.
class Use {
 public:
  explicit Use(Statement& statement) : statement_(&statement) {}
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  ~Use() { statement_->reset(); }

 private:
  Statement* statement_;
};

/// The columns of a segment row that repeat its header, in the order of the statements below.
log::SegmentHeader header_of(const Statement& row) {
  log::SegmentHeader header;
  header.before = {row.unsigned_integer(0) - 1, {row.integer(2)}, row.unsigned_integer(4)};
  header.after = {row.unsigned_integer(1), {row.integer(3)}, row.unsigned_integer(5)};
  header.size = row.unsigned_integer(6) - log::SegmentHeader::kBytes;
  return header;
}

}  // namespace

OrFault<std::unique_ptr<SegmentRows>> SegmentRows::make(Database db, std::string path) {
  std::unique_ptr<SegmentRows> rows(new SegmentRows(std::move(db), std::move(path)));
  struct Prepare {
    Statement& into;
    const char* sql;
  };
  const Prepare statements[] = {
      {rows->last_id_, "SELECT max(id) FROM segment"},
      {rows->header_,
       "SELECT first_seq, last_seq, base_time, last_time, chain_before, chain_after, raw_size FROM segment WHERE "
       "id=?1"},
      {rows->segment_,
       "SELECT first_seq, last_seq, base_time, last_time, chain_before, chain_after, raw_size, compression, checksum, "
       "body "
       "FROM segment WHERE id=?1"},
      {rows->meta_, "SELECT value FROM meta WHERE key=?1"},
      {rows->snapshot_,
       "SELECT seq, time, fingerprint, raw_size, compression, checksum, body FROM snapshot "
       "WHERE time<=?1 AND seq<=?2 AND version=?3 ORDER BY seq DESC"},
  };
  for (const Prepare& statement : statements) {
    auto prepared = rows->db_.prepare(statement.sql);
    if (!prepared) return tl::unexpected(prepared.error());
    statement.into = std::move(*prepared);
  }
  return rows;
}

OrFault<void> SegmentRows::refresh() {
  const Use use(last_id_);
  if (last_id_.step() != Statement::Step::Row) return tl::unexpected(last_id_.error());
  const std::int64_t id = last_id_.integer(0);
  if (id < 0) return tl::unexpected(std::string("negative segment numbers"));
  count_ = static_cast<std::size_t>(id);
  return {};
}

void SegmentRows::count_reachable() {
  count_ = 0;
  auto rows = db_.prepare("SELECT id FROM segment ORDER BY id");
  if (!rows) return;
  Statement::Step step = rows->step();
  for (; step == Statement::Step::Row && rows->integer(0) == static_cast<std::int64_t>(count_) + 1; step = rows->step())
    ++count_;
  if (step != Statement::Step::Done) ++count_;
}

OrFault<log::SegmentHeader> SegmentRows::header(std::size_t number) const {
  const Use use(header_);
  switch (header_.bind(1, std::uint64_t{number}).step()) {
    case Statement::Step::Row:
      return header_of(header_);
    case Statement::Step::Done:
      return tl::unexpected(std::string("its row is missing"));
    case Statement::Step::Failed:
      break;
  }
  return tl::unexpected(header_.error());
}

/// From the columns raw_size, compression, checksum, body.
OrFault<void> SegmentRows::unpack(const Statement& row, int first_column, Bytes& room) const {
  const std::uint64_t raw_size = row.unsigned_integer(first_column);
  const std::int64_t compression = row.integer(first_column + 1);
  const std::uint64_t checksum = row.unsigned_integer(first_column + 2);
  const ByteSpan body = row.blob(first_column + 3);
  const std::uint64_t found = base::hash_bytes(body.data(), body.size(), 0);
  if (found != checksum) return tl::unexpected(fmt::format("checksum {:016x} instead of {:016x}", found, checksum));
  if (compression != kZstd) return tl::unexpected(fmt::format("packed in an unknown way ({})", compression));
  if (raw_size > log::kMaxSegmentBytes) return tl::unexpected(fmt::format("{} bytes are too many", raw_size));
  return decompressor_.decompress(body, raw_size, room);
}

OrFault<log::Segment> SegmentRows::segment(std::size_t number, Bytes& room) const {
  const Use use(segment_);
  switch (segment_.bind(1, std::uint64_t{number}).step()) {
    case Statement::Step::Done:
      return tl::unexpected(std::string("its row is missing"));
    case Statement::Step::Failed:
      return tl::unexpected(segment_.error());
    case Statement::Step::Row:
      break;
  }
  if (auto unpacked = unpack(segment_, 6, room); !unpacked) return tl::unexpected(unpacked.error());
  OrFault<log::Segment> segment = log::split_segment(room);
  if (segment && segment->header != header_of(segment_)) {
    return tl::unexpected(std::string("the row's columns do not agree with the segment in it"));
  }
  return segment;
}

std::string SegmentRows::meta(std::string_view key) const {
  const Use use(meta_);
  return meta_.bind(1, key).step() == Statement::Step::Row ? meta_.text(0) : std::string();
}

std::vector<std::string> SegmentRows::meta_keys() const {
  std::vector<std::string> keys;
  auto rows = db_.prepare("SELECT key FROM meta");
  while (rows && rows->step() == Statement::Step::Row) keys.push_back(rows->text(0));
  std::sort(keys.begin(), keys.end());
  return keys;
}

std::string SegmentRows::meta_fault() const {
  auto rows = db_.prepare("SELECT key, value, checksum FROM meta ORDER BY key");
  while (rows && rows->step() == Statement::Step::Row) {
    const std::uint64_t found = meta_checksum(rows->text(0), rows->text(1)), wanted = rows->unsigned_integer(2);
    if (found != wanted)
      return fmt::format("damaged run description '{}': checksum {:016x} instead of {:016x}", rows->text(0), found, wanted);
  }
  return {};
}

bool SegmentRows::find_snapshot(base::SimTime time, base::Seq last, std::int64_t version, log::Position& at,
                                Bytes& body) const {
  const Use use(snapshot_);
  snapshot_.bind(1, time.ns).bind(2, last).bind(3, version);
  while (snapshot_.step() == Statement::Step::Row) {
    if (!unpack(snapshot_, 3, body)) continue;  // a cache: the one before serves too
    at = {snapshot_.unsigned_integer(0), {snapshot_.integer(1)}, snapshot_.unsigned_integer(2)};
    return true;
  }
  return false;
}

std::vector<std::string> SegmentRows::damaged_snapshots() const {
  std::vector<std::string> found;
  auto rows = db_.prepare("SELECT seq, raw_size, compression, checksum, body FROM snapshot ORDER BY seq");
  if (!rows) return {rows.error()};
  Bytes room;
  Statement::Step step = rows->step();
  for (; step == Statement::Step::Row; step = rows->step()) {
    if (const auto unpacked = unpack(*rows, 1, room); !unpacked) {
      found.push_back(fmt::format("damaged snapshot after event {}: {}", rows->integer(0), unpacked.error()));
    }
  }
  if (step == Statement::Step::Failed) found.push_back(fmt::format("snapshots: {}", rows->error()));
  return found;
}

}  // namespace wavetank::store
