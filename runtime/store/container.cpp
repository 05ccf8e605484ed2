#include "runtime/store/container.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <charconv>

#include "engine/base/hash.h"

namespace wavetank::store {

namespace {

constexpr const char* kTables = R"sql(
CREATE TABLE segment(
  id INTEGER PRIMARY KEY,
  first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  base_time INTEGER NOT NULL,
  last_time INTEGER NOT NULL,
  chain_before INTEGER NOT NULL,
  chain_after INTEGER NOT NULL,
  raw_size INTEGER NOT NULL,
  compression INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE TABLE snapshot(
  seq INTEGER PRIMARY KEY,
  time INTEGER NOT NULL,
  fingerprint INTEGER NOT NULL,
  version INTEGER NOT NULL,
  raw_size INTEGER NOT NULL,
  compression INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE TABLE meta(
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  checksum INTEGER NOT NULL
) STRICT;
)sql";

}  // namespace

OrFault<void> make_container(Database& db, bool full_sync) {
  // Not synced: a file that a power cut spoils before its first event is no loss.
  return db.run("PRAGMA synchronous=OFF")
      .and_then([&] {
        return db.run(fmt::format("BEGIN; PRAGMA application_id={}; PRAGMA user_version={}; {} COMMIT", kApplicationId,
                                  kContainerVersion, kTables));
      })
      .and_then([&] { return db.run("PRAGMA journal_mode=WAL"); })
      .and_then([&] { return db.run(full_sync ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL"); });
}

std::uint64_t meta_checksum(std::string_view key, std::string_view value) {
  return base::hash_bytes(value.data(), value.size(), base::hash_bytes(key.data(), key.size(), 0));
}

std::string check_container(Database& db) {
  const auto id = db.integer("PRAGMA application_id");
  if (!id) return is_foreign(db) ? "is not a Wavetank journal" : id.error();
  if (*id == 0) {
    const auto tables = db.integer("SELECT count(*) FROM sqlite_master");
    if (!tables) return tables.error();
    if (*tables == 0) return "is empty: the run was stopped before its journal was made";
  }
  if (*id != kApplicationId) return "is not a Wavetank journal but another SQLite file";
  const auto version = db.integer("PRAGMA user_version");
  if (!version) return version.error();
  if (*version > kContainerVersion) {
    return fmt::format("was written by a newer Wavetank: its format is {}, this program reads up to {}", *version,
                       kContainerVersion);
  }
  if (*version < 1) return fmt::format("has the format {}, which never was", *version);
  return {};
}

std::string ended_text(const log::Position& end) {
  return fmt::format("{} {} {:016x}", end.seq, end.time.ns, end.fingerprint);
}

std::optional<log::Position> parse_ended(std::string_view text) {
  log::Position end;
  const char* at = text.data();
  const char* const stop = at + text.size();
  const auto number = [&at, stop](auto& value, int number_base) {
    const auto [next, error] = std::from_chars(at, stop, value, number_base);
    at = next == stop ? next : next + 1;
    return error == std::errc();
  };
  if (!number(end.seq, 10) || !number(end.time.ns, 10) || !number(end.fingerprint, 16) || at != stop)
    return std::nullopt;
  return end;
}

bool is_damage(const Database& db) {
  return (db.code() & 0xff) == SQLITE_CORRUPT || (db.code() & 0xff) == SQLITE_NOTADB;
}
bool is_foreign(const Database& db) { return (db.code() & 0xff) == SQLITE_NOTADB; }

}  // namespace wavetank::store
