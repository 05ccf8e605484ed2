#include "runtime/store/open_rows.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "runtime/store/container.h"

namespace wavetank::store {

namespace {

namespace fs = std::filesystem;

tl::unexpected<base::Diagnostics> failed(const std::string& path, const std::string& what) {
  return base::failure(base::Diagnostic{path, {}, what});
}

/// What is wrong with the file before looking into it.
std::string file_fault(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) return "there is no such file";
  if (error) return error.message();
  if (status.type() == fs::file_type::directory) return "is a directory, not a journal";
  if (status.type() != fs::file_type::regular) return "is not a file";
  const std::uintmax_t size = fs::file_size(path, error);
  if (error) return error.message();
  if (size == 0) return "is empty: not a journal, or its run was stopped before it was made";
  if (size < 512) return "is not a Wavetank journal";  // SQLite would take it for an empty database
  return {};
}

/// A connection to read with. A reader must be able to take part in the write-ahead log, which means to write beside
/// the file; where the file system forbids that, the file can be read if it stands alone.
OrFault<Database> connect(const std::string& path) {
  OrFault<Database> db;
  for (const auto mode : {Database::Mode::Write, Database::Mode::Read, Database::Mode::Immutable}) {
    if (mode == Database::Mode::Immutable && fs::exists(path + "-wal")) break;
    db = Database::open(path, mode);
    if (!db) continue;
    const auto readable = db->integer("PRAGMA schema_version");
    if (readable || is_damage(*db)) {
      static_cast<void>(db->run("PRAGMA query_only=ON"));
      return db;
    }
    db = tl::unexpected(readable.error());
  }
  return db;
}

/// A connection to a damaged file that leaves it as it is and does not insist on the file being whole.
OrFault<Database> connect_to_damaged(const std::string& path) {
  const bool alone = !fs::exists(path + "-wal");
  OrFault<Database> db = Database::open(path, alone ? Database::Mode::Immutable : Database::Mode::Read);
  if (!db) return db;
  // The one setting under which SQLite opens a file that is shorter than it says.
  if (auto set = db->run("PRAGMA writable_schema=ON; PRAGMA query_only=ON"); !set) return tl::unexpected(set.error());
  return db;
}

/// Whether the run's description is whole, and the journal's end the one it was said to have.
std::string end_fault(const SegmentRows& rows, const log::Position& end) {
  if (std::string fault = rows.meta_fault(); !fault.empty()) return fault;
  const std::string text = rows.meta(kEndedKey);
  if (text.empty()) return {};
  const std::optional<log::Position> said = parse_ended(text);
  if (!said) return "the mark of its end is damaged";
  if (*said == end) return {};
  if (said->seq > end.seq) return fmt::format("events {}–{} are missing at the end", end.seq + 1, said->seq);
  return fmt::format("ends with event {}, chain {:016x}, but its run ended with event {}, chain {:016x}", end.seq,
                     end.fingerprint, said->seq, said->fingerprint);
}

void check_every_segment(OpenedRows& opened) {
  const log::Extent extent = log::readable_extent(*opened.rows);
  opened.end = extent.end;
  opened.damage = extent.damage;
  if (opened.damage.empty()) opened.damage = end_fault(*opened.rows, opened.end);
  opened.rows->limit(extent.segments);
}

/// Up to where a damaged journal can be read.
base::Result<OpenedRows> open_damaged(const std::string& path, const std::string& fault) {
  OrFault<Database> db = connect_to_damaged(path);
  if (!db) return failed(path, db.error());
  if (const std::string other = check_container(*db); !other.empty()) return failed(path, other);
  auto rows = SegmentRows::make(std::move(*db), path);
  if (!rows) return failed(path, fmt::format("is damaged so that nothing can be read: {}", rows.error()));
  OpenedRows opened;
  opened.rows = std::move(*rows);
  opened.rows->count_reachable();
  check_every_segment(opened);
  if (opened.damage.empty()) {
    opened.damage = fmt::format("damaged after segment {}: {}", opened.rows->count(), fault);
    if (opened.end.seq > 0) {
      opened.damage +=
          fmt::format("; readable up to event {} at {}", opened.end.seq, base::format_time(opened.end.time));
    }
  }
  return opened;
}

}  // namespace

base::Result<OpenedRows> open_rows(const std::string& path, bool check_all) {
  if (const std::string fault = file_fault(path); !fault.empty()) return failed(path, fault);
  OrFault<Database> db = connect(path);
  if (!db) return failed(path, db.error());
  if (const std::string other = check_container(*db); !other.empty()) {
    return is_damage(*db) && !is_foreign(*db) ? open_damaged(path, other) : failed(path, other);
  }
  auto rows = SegmentRows::make(std::move(*db), path);
  if (!rows) return open_damaged(path, rows.error());
  OpenedRows opened;
  opened.rows = std::move(*rows);
  if (const auto fresh = opened.rows->refresh(); !fresh) {
    opened.rows.reset();
    return open_damaged(path, fresh.error());
  }
  if (check_all) {
    check_every_segment(opened);
    return opened;
  }
  if (const std::size_t last = opened.rows->count(); last > 0) {
    const auto header = opened.rows->header(last);
    opened.end = header ? header->after : log::Position{};
    if (!header || !end_fault(*opened.rows, opened.end).empty()) check_every_segment(opened);
  } else {
    opened.damage = end_fault(*opened.rows, opened.end);
  }
  return opened;
}

base::Result<void> make_way(const std::string& path, bool overwrite) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    remove_files(path);  // a log without its file would be taken for the new one's
    return {};
  }
  if (status.type() == fs::file_type::directory) return failed(path, "is a directory");
  if (!overwrite) return failed(path, "is there already");
  const bool empty = status.type() == fs::file_type::regular && fs::file_size(path, error) == 0 && !error;
  if (!empty) {
    const auto opened = open_rows(path, false);
    if (!opened)
      return failed(
          path, "is there already, and is not a journal that could be overwritten: " + base::to_text(opened.error()));
  }
  remove_files(path);
  return {};
}

void remove_files(const std::string& path) {
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) fs::remove(path + suffix, ignored);
}

}  // namespace wavetank::store
