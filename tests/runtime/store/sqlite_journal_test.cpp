#include "runtime/store/sqlite_journal.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "engine/log/memory_journal.h"
#include "runtime/store/sqlite.h"
#include "tests/support/event_maker.h"
#include "tests/support/temp_dir.h"

using namespace wavetank;
using namespace wavetank::store;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using event::Event;
namespace fs = std::filesystem;

namespace {

constexpr CreateOptions small_segments() {
  CreateOptions options;
  options.segments = {10, 1U << 20};
  return options;
}

std::unique_ptr<SqliteJournal> created(const std::string& path, const CreateOptions& options = small_segments()) {
  auto journal = SqliteJournal::create(path, options);
  INFO((journal ? "" : base::to_text(journal.error())));
  REQUIRE(journal);
  return std::move(*journal);
}

/// Writes a whole journal of events a second apart, ten to a segment.
log::Position write_run(const std::string& path, base::Seq count) {
  const auto journal = created(path);
  journal->put_meta("scenario", "test");
  for (base::Seq seq = 1; seq <= count; ++seq) {
    journal->append({seq, base::SimTime{static_cast<std::int64_t>(seq) * 1'000'000'000}, seq - 1,
                     event::MachineUp{event::NodeId(static_cast<std::uint32_t>(seq))}});
  }
  journal->put_snapshot(journal->position(), {1, 2, 3});
  REQUIRE(journal->finish());
  return journal->position();
}

std::string open_error(const std::string& path) {
  const auto journal = SqliteJournal::open(path);
  return journal ? "" : base::to_text(journal.error());
}

/// Opens and reads to the end: the error of either, without the path.
std::string read_error(const std::string& path) {
  const auto journal = SqliteJournal::open(path);
  std::string error;
  if (!journal) {
    error = base::to_text(journal.error());
  } else if (const auto scanned = (*journal)->scan(1, 1'000'000'000, [](const Event&) { return true; }); !scanned) {
    error = base::to_text(scanned.error());
  }
  return error.starts_with(path + ": ") ? error.substr(path.size() + 2) : error;
}

base::Seq count_events(const log::Journal& journal) {
  base::Seq count = 0;
  const auto scanned = journal.scan(1, journal.position().seq, [&count](const Event&) { return ++count != 0; });
  INFO((scanned ? "" : base::to_text(scanned.error())));
  REQUIRE(scanned);
  return count;
}

void put_byte(const std::string& path, std::size_t at, char byte) {
  std::fstream(path, std::ios::binary | std::ios::in | std::ios::out).seekp(static_cast<std::streamoff>(at)).put(byte);
}

void change(const std::string& path, const std::string& sql) {
  auto db = Database::open(path, Database::Mode::Write);
  REQUIRE(db);
  const auto done = db->run(sql);
  INFO((done ? "" : done.error()));
  REQUIRE(done);
}

}  // namespace

TEST_CASE("a journal on disk gives back what was written") {
  const support::TempDir dir;
  const std::string path = dir / "run.wt";
  const std::vector<Event> events = support::random_events(11, 1000);
  log::MemoryJournal memory;
  {
    const auto journal = created(path);
    for (const Event& e : events) {
      journal->append(e);
      memory.append(e);
    }
    journal->put_meta("seed", "5");
    journal->put_meta("files", std::string(100'000, 'x'));
    journal->put_snapshot({500, events[499].time, 7}, {9, 8, 7});
    CHECK_FALSE(journal->ended());
    REQUIRE(journal->finish());
    CHECK(journal->ended());
    CHECK(count_events(*journal) == 1000);  // can be read on
  }
  const auto opened = SqliteJournal::open(path);
  REQUIRE(opened);
  const SqliteJournal& journal = **opened;
  CHECK(journal.ended());
  CHECK(journal.position() == memory.position());
  std::size_t next = 0;
  REQUIRE(journal.scan(1, 1000, [&](const Event& e) {
    REQUIRE(support::bytes_of(e) == support::bytes_of(events[next]));
    return ++next != 0;
  }));
  CHECK(next == 1000);
  for (const base::Seq seq : {0, 1, 10, 11, 999, 1000}) {
    CHECK(journal.position_at(base::Seq{seq}).value() == memory.position_at(base::Seq{seq}).value());
    const base::SimTime time = seq == 0 ? base::SimTime{} : events[seq - 1].time;
    CHECK(journal.position_at(time).value() == memory.position_at(time).value());
  }
  CHECK(journal.meta("seed") == "5");
  CHECK(journal.meta("files").size() == 100'000);
  CHECK(journal.meta("none").empty());
  CHECK(journal.meta_keys() == std::vector<std::string>{"ended", "files", "seed"});
  log::Position at;
  Bytes body;
  REQUIRE(journal.find_snapshot(events[600].time, at, body));
  CHECK(at == log::Position{500, events[499].time, 7});
  CHECK(body == Bytes{9, 8, 7});
  CHECK_FALSE(journal.find_snapshot(base::SimTime{-1}, at, body));
}

TEST_CASE("a finished journal is one file; one not finished opens too, but has not ended") {
  const support::TempDir dir;
  const std::string path = dir / "run.wt";
  const bool finish = GENERATE(true, false);
  {
    const auto journal = created(path);
    for (const Event& e : support::random_events(1, 25)) journal->append(e);
    if (finish) REQUIRE(journal->finish());
  }
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(dir.path())) names.push_back(entry.path().filename());
  CHECK(names == std::vector<std::string>{"run.wt"});
  const auto journal = SqliteJournal::open(path);
  REQUIRE(journal);
  CHECK((*journal)->ended() == finish);
  CHECK(count_events(**journal) == 25);
}

TEST_CASE("a reader sees what is flushed while the run goes on") {
  const support::TempDir dir;
  const std::string path = dir / "run.wt";
  const auto journal = created(path);
  const std::vector<Event> events = support::random_events(1, 105);
  base::Seq next = 0;
  for (const base::Seq until : {0, 7, 60, 105}) {
    while (next < until) journal->append(events[next++]);
    REQUIRE(journal->flush());
    const auto reader = SqliteJournal::open(path);
    REQUIRE(reader);
    CHECK((*reader)->position() == journal->position());
    CHECK(count_events(**reader) == until);
    CHECK(count_events(*journal) == until);  // the writer can read too
  }
}

TEST_CASE("what is there is not overwritten unless asked, and nothing but a journal ever is") {
  const support::TempDir dir;
  const std::string path = dir / "run.wt";
  CreateOptions overwrite = small_segments();
  overwrite.overwrite = true;
  const auto error = [&path](const CreateOptions& options) {
    const auto journal = SqliteJournal::create(path, options);
    return journal ? "" : base::to_text(journal.error());
  };
  SECTION("a journal") {
    write_run(path, 50);
    CHECK(error(small_segments()) == path + ": is there already");
    CHECK(error(overwrite).empty());
    CHECK(SqliteJournal::open(path).value()->position().seq == 0);
  }
  SECTION("another file") {
    std::ofstream(path) << "dear diary\n";
    CHECK_THAT(error(overwrite),
               StartsWith(path + ": is there already, and is not a journal that could be overwritten"));
    CHECK(fs::file_size(path) == 11);
  }
  SECTION("another database") {
    auto db = Database::open(path, Database::Mode::Create);
    REQUIRE(db->run("CREATE TABLE t(x)"));
    CHECK_THAT(error(overwrite), Contains("is not a Wavetank journal but another SQLite file"));
  }
  SECTION("a folder") {
    fs::create_directory(path);
    CHECK(error(overwrite) == path + ": is a directory");
  }
  SECTION("a log left behind by another file") {
    std::ofstream(path + "-wal") << "rubbish";
    CHECK(error(small_segments()).empty());
  }
}

TEST_CASE("a run that is dropped leaves nothing") {
  const support::TempDir dir;
  const auto journal = created(dir / "run.wt");
  for (const Event& e : support::random_events(1, 25)) journal->append(e);
  journal->discard();
  CHECK(fs::is_empty(dir.path()));
}

TEST_CASE("what is not a journal is called what it is") {
  const support::TempDir dir;
  const std::string path = dir / "run.wt";
  SECTION("missing") { CHECK(open_error(path) == path + ": there is no such file"); }
  SECTION("folder") {
    fs::create_directory(path);
    CHECK(open_error(path) == path + ": is a directory, not a journal");
  }
  SECTION("empty") {
    std::ofstream{path};
    CHECK(open_error(path) == path + ": is empty: not a journal, or its run was stopped before it was made");
  }
  SECTION("text") {
    std::ofstream(path) << std::string(10'000, 'x');
    CHECK(open_error(path) == path + ": is not a Wavetank journal");
  }
  SECTION("short") {
    std::ofstream(path) << "x";
    CHECK(open_error(path) == path + ": is not a Wavetank journal");
  }
  SECTION("newer") {
    write_run(path, 5);
    change(path, "PRAGMA user_version=2");
    CHECK(open_error(path) == path + ": was written by a newer Wavetank: its format is 2, this program reads up to 1");
  }
  SECTION("a folder that does not exist") {
    const auto journal = SqliteJournal::create(dir / "no/run.wt");
    REQUIRE_FALSE(journal);
    CHECK_THAT(base::to_text(journal.error()), StartsWith((dir / "no/run.wt: the journal cannot be written: ")));
    CHECK_FALSE(fs::exists(dir / "no"));
  }
}

TEST_CASE("damage in a row names the segment and what can be read before it") {
  struct Row {
    const char* what;
    const char* sql;
    const char* error;
  };
  const Row rows[] = {
      {"a changed byte", "UPDATE segment SET body=CAST(substr(body,1,20)||x'00'||substr(body,22) AS BLOB) WHERE id=3",
       "damaged segment 3 (events 21–30): checksum *; readable up to event 20 at 00:00:20"},
      {"a changed checksum", "UPDATE segment SET checksum=1 WHERE id=3",
       "damaged segment 3 (events 21–30): checksum *; readable up to event 20 at 00:00:20"},
      {"another segment's bytes",
       "UPDATE segment SET (body,checksum,raw_size)=(SELECT body,checksum,raw_size FROM segment WHERE id=4) WHERE id=3",
       "damaged segment 3 (events 21–30): the row's columns do not agree with the segment in it; readable up to event "
       "20 "
       "at 00:00:20"},
      {"a changed column", "UPDATE segment SET chain_after=5 WHERE id=3",
       "damaged segment 3 (events 21–30): the row's columns do not agree with the segment in it; readable up to event "
       "20 "
       "at 00:00:20"},
      {"a wrong size", "UPDATE segment SET raw_size=raw_size+1 WHERE id=3",
       "damaged segment 3 (events 21–30): not * compressed bytes; readable up to event 20 at 00:00:20"},
      {"a size beyond reason", "UPDATE segment SET raw_size=1000000000000 WHERE id=3",
       "damaged segment 3 (events 21–30): 1000000000000 bytes are too many; readable up to event 20 at 00:00:20"},
      {"a lost row", "DELETE FROM segment WHERE id=3",
       "damaged segment 3 (events from 21): its row is missing; readable up to event 20 at 00:00:20"},
      {"the first row lost", "DELETE FROM segment WHERE id=1",
       "damaged segment 1: its row is missing; nothing is readable"},
      {"the end lost", "DELETE FROM segment WHERE id>3", "events 31–45 are missing at the end"},
      {"everything lost", "DELETE FROM segment", "events 1–45 are missing at the end"},
      {"a changed mark of the end", "UPDATE meta SET value='44 44000000000 0' WHERE key='ended'",
       "damaged run description 'ended': checksum *"},
      {"a changed name of a value", "UPDATE meta SET key='begun' WHERE key='ended'",
       "damaged run description 'begun': checksum *"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const support::TempDir dir;
    const std::string path = dir / "run.wt";
    write_run(path, 45);
    change(path, row.sql);
    const std::string error = read_error(path);
    const std::string expected = row.error;
    const std::size_t star = expected.find('*');
    if (star == std::string::npos) {
      CHECK(error == expected);
    } else {
      CHECK_THAT(error, StartsWith(expected.substr(0, star)) && EndsWith(expected.substr(star + 1)));
    }
    const auto salvaged = SqliteJournal::open(path, {true});
    REQUIRE(salvaged);
    CHECK_FALSE((*salvaged)->damage().empty());
    CHECK(count_events(**salvaged) == (*salvaged)->position().seq);
    if (expected.find("up to event 20") != std::string::npos) CHECK((*salvaged)->position().seq == 20);
  }
}

TEST_CASE("a damaged snapshot is passed over, and told of when asked") {
  const support::TempDir dir;
  const std::string path = dir / "run.wt";
  write_run(path, 45);
  change(path, "INSERT INTO snapshot SELECT 20,20000000000,1,version,raw_size,compression,checksum,body FROM snapshot");
  change(path, "UPDATE snapshot SET checksum=1 WHERE seq=45");
  const auto journal = SqliteJournal::open(path);
  REQUIRE(journal);
  log::Position at;
  Bytes body;
  REQUIRE((*journal)->find_snapshot(base::SimTime::never(), at, body));
  CHECK(at.seq == 20);
  REQUIRE((*journal)->damaged_snapshots().size() == 1);
  CHECK_THAT((*journal)->damaged_snapshots()[0], StartsWith("damaged snapshot after event 45: checksum "));
}

TEST_CASE("a file cut anywhere says up to where it can be read, and salvage reads up to there") {
  const support::TempDir dir;
  const std::string path = dir / "run.wt", cut = dir / "cut.wt";
  CreateOptions options;
  options.segments = {100, 1U << 20};
  {
    const auto journal = created(path, options);
    for (const Event& e : support::random_events(5, 3000)) journal->append(e);
    REQUIRE(journal->finish());
  }
  const std::uintmax_t whole = fs::file_size(path);
  base::Seq best = 0;
  for (std::uintmax_t size = 1; size < whole; size += 1361) {
    INFO(size << " of " << whole << " bytes");
    fs::copy_file(path, cut, fs::copy_options::overwrite_existing);
    fs::resize_file(cut, size);
    const std::string error = read_error(cut);
    CHECK_FALSE(error.empty());
    CHECK(fs::file_size(cut) == size);  // left as it was
    const auto salvaged = SqliteJournal::open(cut, {true});
    if (!salvaged) continue;
    const base::Seq end = (*salvaged)->position().seq;
    CHECK(count_events(**salvaged) == end);
    if (end > 0 && end < 3000) CHECK_THAT(error, Contains(fmt::format("readable up to event {}", end)));
    best = std::max(best, end);
  }
  CHECK(best > 2000);
}

TEST_CASE("a flipped byte anywhere in the file is either told of or of no consequence") {
  const support::TempDir dir;
  const std::string path = dir / "run.wt";
  const log::Position end = write_run(path, 45);
  std::ifstream in(path, std::ios::binary);
  const std::string good{std::istreambuf_iterator<char>(in), {}};
  std::size_t told = 0, named = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    // Where nothing but zeros lies there is only free room: look at some of it.
    if (good[at] == 0 && at % 97 != 0) continue;
    INFO("byte " << at);
    put_byte(path, at, static_cast<char>(good[at] ^ 0x10));
    const std::string error = read_error(path);
    if (error.empty()) {
      const auto journal = SqliteJournal::open(path);
      REQUIRE((*journal)->position() == end);
      REQUIRE(count_events(**journal) == 45);
    } else {
      ++told;
      if (error.starts_with("damaged segment ")) ++named;
    }
    put_byte(path, at, good[at]);
  }
  CHECK(told > 300);
  CHECK(named > 200);
}

TEST_CASE("a disk that is full is told of by flush, and what was written before stays readable") {
  const support::TempDir dir;
  const std::string path = dir / "run.wt";
  const auto journal = created(path);
  const std::vector<Event> events = support::random_events(3, 60'000);
  for (std::size_t i = 0; i < 1000; ++i) journal->append(events[i]);
  REQUIRE(journal->flush());

  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto old = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit tight{400'000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &tight);
  for (std::size_t i = 1000; i < events.size(); ++i) journal->append(events[i]);  // does not hang
  const auto flushed = journal->flush();
  const auto again = journal->flush();
  const auto finished = journal->finish();
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old);

  REQUIRE_FALSE(flushed);
  CHECK_THAT(base::to_text(flushed.error()), StartsWith(path + ": the journal cannot be written: "));
  CHECK_FALSE(again);
  CHECK_FALSE(finished);
  const auto reader = SqliteJournal::open(path);
  REQUIRE(reader);
  CHECK_FALSE((*reader)->ended());
  CHECK((*reader)->position().seq >= 1000);
  CHECK(count_events(**reader) == (*reader)->position().seq);
}

TEST_CASE("a run faster than the disk waits, and it shows") {
  const support::TempDir dir;
  CreateOptions options;
  options.segments = {50, 1U << 20};
  options.level = 19;
  options.queue.items = 2;
  const auto journal = created(dir / "run.wt", options);
  for (const Event& e : support::random_events(3, 5000)) journal->append(e);
  REQUIRE(journal->finish());
  const WriterStats stats = journal->stats();
  CHECK(stats.segments == 100);
  CHECK(stats.deepest_queue <= 2);
  CHECK(stats.blocked > 0);
  CHECK(stats.blocked_ns > 0);
  CHECK(stats.stored_bytes < stats.raw_bytes);
}
