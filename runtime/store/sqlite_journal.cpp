#include "runtime/store/sqlite_journal.h"

#include <fmt/format.h>

#include <utility>

#include "engine/state/cluster_state.h"
#include "runtime/store/container.h"
#include "runtime/store/open_rows.h"
#include "runtime/store/segment_rows.h"

namespace wavetank::store {

namespace {

tl::unexpected<base::Diagnostics> cannot_write(const std::string& path, const std::string& what) {
  return base::failure(base::Diagnostic{path, {}, "the journal cannot be written: " + what});
}

}  // namespace

base::Result<std::unique_ptr<SqliteJournal>> SqliteJournal::create(const std::string& path,
                                                                   const CreateOptions& options) {
  if (auto free = make_way(path, options.overwrite); !free) return tl::unexpected(free.error());
  OrFault<Database> db = Database::open(path, Database::Mode::Create);
  if (!db) return cannot_write(path, db.error());
  if (auto made = make_container(*db, options.full_sync); !made) {
    const std::string error = made.error();
    db = tl::unexpected(error);
    remove_files(path);
    return cannot_write(path, error);
  }
  std::unique_ptr<SqliteJournal> journal(new SqliteJournal(path, {}, options.segments));
  journal->writer_ = std::make_unique<Writer>(std::move(*db), options.level, options.queue);
  return journal;
}

base::Result<std::unique_ptr<SqliteJournal>> SqliteJournal::open(const std::string& path, const OpenOptions& options) {
  auto opened = open_rows(path, options.salvage);
  if (!opened) return tl::unexpected(opened.error());
  if (!opened->damage.empty() && !options.salvage) return base::failure(base::Diagnostic{path, {}, opened->damage});
  std::unique_ptr<SqliteJournal> journal(new SqliteJournal(path, opened->end, {}));
  journal->rows_ = std::move(opened->rows);
  journal->damage_ = std::move(opened->damage);
  return journal;
}

SqliteJournal::SqliteJournal(std::string path, log::Position at, log::SegmentLimits limits)
    : path_(std::move(path)), builder_(at, limits) {}

SqliteJournal::~SqliteJournal() {
  if (writer_ && !builder_.empty()) cut();
}

void SqliteJournal::cut() {
  WT_ASSERT(writer_ != nullptr, "a journal opened to read takes no events");
  const log::SegmentHeader header = builder_.header();
  writer_->put_segment(header, builder_.take(writer_->spare()));
}

base::Result<void> SqliteJournal::flush() {
  if (!writer_) return {};
  if (!builder_.empty()) cut();
  if (const auto flushed = writer_->flush(); !flushed) return cannot_write(path_, flushed.error());
  return {};
}

base::Result<void> SqliteJournal::close_writer() {
  rows_.reset();  // the last to close brings the log into the file
  const auto closed = writer_->close();
  final_stats_ = writer_->stats();
  writer_.reset();
  if (!closed) return cannot_write(path_, closed.error());
  return {};
}

base::Result<void> SqliteJournal::finish() {
  if (!writer_) return {};
  if (!builder_.empty()) cut();
  put_meta(kEndedKey, ended_text(builder_.position()));
  return close_writer();
}

void SqliteJournal::discard() {
  if (writer_) static_cast<void>(close_writer());
  rows_.reset();
  remove_files(path_);
}

base::Result<SegmentRows*> SqliteJournal::rows() const {
  if (!rows_) {
    auto opened = open_rows(path_, false);
    if (!opened) return tl::unexpected(opened.error());
    rows_ = std::move(opened->rows);
  } else if (writer_) {
    if (auto fresh = rows_->refresh(); !fresh) return base::failure(base::Diagnostic{path_, {}, fresh.error()});
  }
  return rows_.get();
}

base::Result<void> SqliteJournal::scan(base::Seq from, base::Seq to, const log::Visitor& visit) const {
  const auto source = rows();
  if (!source) return tl::unexpected(source.error());
  return log::scan(**source, from, to, visit);
}

base::Result<log::Position> SqliteJournal::position_at(base::Seq seq) const {
  const auto source = rows();
  if (!source) return tl::unexpected(source.error());
  return log::position_at(**source, seq);
}

base::Result<log::Position> SqliteJournal::position_at(base::SimTime time) const {
  const auto source = rows();
  if (!source) return tl::unexpected(source.error());
  return log::position_at(**source, time);
}

void SqliteJournal::put_meta(std::string_view key, std::string_view value) {
  WT_ASSERT(writer_ != nullptr, "a journal opened to read takes no values");
  meta_.insert_or_assign(std::string(key), value);
  writer_->put_meta(key, value);
}

std::string SqliteJournal::meta(std::string_view key) const {
  if (const auto found = meta_.find(key); found != meta_.end()) return found->second;
  if (writer_ || !rows()) return {};
  return rows_->meta(key);
}

std::vector<std::string> SqliteJournal::meta_keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, value] : meta_) keys.push_back(key);
  if (!keys.empty() || writer_ || !rows()) return keys;
  return rows_->meta_keys();
}

void SqliteJournal::put_snapshot(log::Position at, const Bytes& body) {
  WT_ASSERT(writer_ != nullptr, "a journal opened to read takes no snapshots");
  writer_->put_snapshot(at, body);
}

bool SqliteJournal::find_snapshot(base::SimTime time, log::Position& at, Bytes& body) const {
  const auto source = rows();
  return source && (*source)->find_snapshot(time, position().seq, state::kSnapshotVersion, at, body);
}

bool SqliteJournal::ended() const { return !meta(kEndedKey).empty(); }

std::vector<std::string> SqliteJournal::damaged_snapshots() const {
  const auto source = rows();
  return source ? (*source)->damaged_snapshots() : std::vector<std::string>();
}

WriterStats SqliteJournal::stats() const { return writer_ ? writer_->stats() : final_stats_.value_or(WriterStats{}); }

}  // namespace wavetank::store
