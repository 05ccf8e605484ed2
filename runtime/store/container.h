#pragma once
// The file that holds a journal: its marks and tables. Truth is in `segment` and `meta`; `snapshot` may be emptied at
// any time.
//
//   segment   one row some thousand events, ids 1, 2, 3 … without a gap; `body` is log/segment.h's bytes, compressed.
//   The columns before
//             it repeat the segment's header, so that one can search without unpacking; times in ns, hashes as signed
//             64-bit numbers.
//   snapshot  state::save's bytes, compressed, after event `seq`; one of another `version` is not looked at.
//   meta      named values of the run; 'ended' = "seq time_ns fingerprint" is there when the run came to its end.
//   checksum  XXH3 (seed 0) of `body` as it lies there.

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/store/sqlite.h"

namespace wavetank::store {

inline constexpr std::int64_t kApplicationId = 0x57544e4b;  // "WTNK"
/// PRAGMA user_version. Raised when a program of before could not read the file.
inline constexpr std::int64_t kContainerVersion = 1;
/// segment.compression, snapshot.compression: how `body` is packed.
inline constexpr std::int64_t kZstd = 1;
inline constexpr const char* kEndedKey = "ended";

/// Makes marks and tables in an empty file, all or nothing, then switches it to WAL.
OrFault<void> make_container(Database& db, bool full_sync);

/// Whether this is a container that this program reads: "" or what else it is.
std::string check_container(Database& db);

/// What the column checksum of a meta row holds: XXH3 of the value, seeded with that of the key.
std::uint64_t meta_checksum(std::string_view key, std::string_view value);

/// The value of meta 'ended', and back.
std::string ended_text(const log::Position& end);
std::optional<log::Position> parse_ended(std::string_view text);

/// "database disk image is malformed" and its like: the file is damaged, as opposed to the system being unable to read
/// it.
bool is_damage(const Database& db);
/// It does not begin as an SQLite file does.
bool is_foreign(const Database& db);

}  // namespace wavetank::store
