#pragma once
// As much of SQLite as the store needs: connections and statements that close themselves, errors as text.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/log/segment.h"

struct sqlite3;
struct sqlite3_stmt;

namespace wavetank::store {

using log::Bytes;
using log::ByteSpan;
using log::OrFault;

class Database;

/// A prepared statement. Bind, step, read the columns, and again after reset(). Parameters count from 1, columns from
/// 0.
class Statement {
 public:
  enum class Step { Row, Done, Failed };

  Statement() = default;
  /// What binding takes must live until the next reset().
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::uint64_t value) { return bind(index, static_cast<std::int64_t>(value)); }
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, ByteSpan blob);
  Step step();
  void reset();

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::uint64_t unsigned_integer(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] ByteSpan blob(int column) const;  ///< Valid until the next step() or reset().
  /// What went wrong in the last call on this connection.
  [[nodiscard]] std::string error() const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// A connection, to be used by one thread at a time.
class Database {
 public:
  enum class Mode {
    Create,     ///< Read and write; made if missing.
    Write,      ///< Read and write, or only read where the file system allows no more.
    Read,       ///< Only read.
    Immutable,  ///< Only read, and nobody else writes: looks for no other file beside it.
  };
  static OrFault<Database> open(const std::string& path, Mode mode);

  /// Runs statements that give no rows.
  OrFault<void> run(const std::string& sql);
  OrFault<Statement> prepare(std::string_view sql);
  /// The first column of the first row as a number. No row is an error.
  OrFault<std::int64_t> integer(std::string_view sql);
  [[nodiscard]] std::string error() const;
  /// SQLite's extended result code of the last call.
  [[nodiscard]] int code() const;

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace wavetank::store
