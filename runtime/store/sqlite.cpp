#include "runtime/store/sqlite.h"

#include <sqlite3.h>

#include <fmt/format.h>

namespace wavetank::store {

namespace {

/// A path as SQLite's URI wants it: everything but letters, digits and a few marks as %xx.
std::string uri_of(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
                       c == '.' || c == '-' || c == '_';
    if (plain) {
      uri += c;
    } else {
      uri += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    }
  }
  return uri;
}

int flags_of(Database::Mode mode) {
  const int common = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_URI;
  switch (mode) {
    case Database::Mode::Create:
      return common | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    case Database::Mode::Write:
      return common | SQLITE_OPEN_READWRITE;
    case Database::Mode::Read:
    case Database::Mode::Immutable:
      break;
  }
  return common | SQLITE_OPEN_READONLY;
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
void Database::Close::operator()(sqlite3* db) const { sqlite3_close_v2(db); }

Statement& Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
  return *this;
}
Statement& Statement::bind(int index, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), index, text.data() == nullptr ? "" : text.data(), text.size(), SQLITE_STATIC,
                      SQLITE_UTF8);
  return *this;
}
Statement& Statement::bind(int index, ByteSpan blob) {
  sqlite3_bind_blob64(statement_.get(), index, blob.data(), blob.size(), SQLITE_STATIC);
  return *this;
}

Statement::Step Statement::step() {
  switch (sqlite3_step(statement_.get())) {
    case SQLITE_ROW:
      return Step::Row;
    case SQLITE_DONE:
      return Step::Done;
    default:
      return Step::Failed;
  }
}
void Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
std::string Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  return text == nullptr ? std::string()
                         : std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)));
}
ByteSpan Statement::blob(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
  return {data, data == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}
std::string Statement::error() const { return sqlite3_errmsg(sqlite3_db_handle(statement_.get())); }

OrFault<Database> Database::open(const std::string& path, Mode mode) {
  Database database;
  sqlite3* raw = nullptr;
  const std::string uri = uri_of(path) + (mode == Mode::Immutable ? "?immutable=1" : "");
  const int code = sqlite3_open_v2(uri.c_str(), &raw, flags_of(mode), nullptr);
  database.db_.reset(raw);
  if (code != SQLITE_OK)
    return tl::unexpected(std::string(raw == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(raw)));
  sqlite3_busy_timeout(raw, 10'000);
  // A file that somebody sent is data: no functions or virtual tables out of its schema.
  if (const auto set = database.run("PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON"); !set)
    return tl::unexpected(set.error());
  return database;
}

OrFault<void> Database::run(const std::string& sql) {
  if (sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return tl::unexpected(error());
  return {};
}

OrFault<Statement> Database::prepare(std::string_view sql) {
  Statement statement;
  sqlite3_stmt* raw = nullptr;
  const int code =
      sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  statement.statement_.reset(raw);
  if (code != SQLITE_OK) return tl::unexpected(error());
  return statement;
}

OrFault<std::int64_t> Database::integer(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return tl::unexpected(statement.error());
  switch (statement->step()) {
    case Statement::Step::Row:
      return statement->integer(0);
    case Statement::Step::Done:
      return tl::unexpected(std::string("no row"));
    case Statement::Step::Failed:
      break;
  }
  return tl::unexpected(error());
}

std::string Database::error() const { return sqlite3_errmsg(db_.get()); }
int Database::code() const { return sqlite3_extended_errcode(db_.get()); }

}  // namespace wavetank::store
