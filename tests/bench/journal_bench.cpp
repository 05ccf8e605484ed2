// The journal against what one would do without it: raw SQLite rows, one an event, and segments neither packed nor
// checked. Counters: events/s (of the CPU of the calling thread; the writer's thread is beside it), B/event on disk.

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>

#include "engine/log/memory_journal.h"
#include "runtime/store/sqlite_journal.h"
#include "tests/support/event_maker.h"
#include "tests/support/temp_dir.h"

using namespace wavetank;

namespace {

constexpr std::size_t kEvents = 1'000'000;

const std::vector<event::Event>& events() {
  static const std::vector<event::Event> all = [] {
    std::vector<event::Event> made;
    support::PodLives lives(1);
    for (std::size_t i = 0; i < kEvents; ++i) made.push_back(lives.next());
    return made;
  }();
  return all;
}

void count(benchmark::State& state, std::uint64_t bytes) {
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kEvents));
  if (bytes != 0) state.counters["B/event"] = static_cast<double>(bytes) / static_cast<double>(kEvents);
}

void append_memory(benchmark::State& state) {
  std::size_t bytes = 0;
  events();
  for (auto _ : state) {
    log::MemoryJournal journal;
    for (const event::Event& e : events()) journal.append(e);
    bytes = journal.bytes();
  }
  count(state, bytes);
}

/// Encoding and chaining alone: what every append costs.
void append_encode_only(benchmark::State& state) {
  events();
  for (auto _ : state) {
    log::SegmentBuilder builder;
    log::Bytes spare;
    for (const event::Event& e : events()) {
      if (builder.append(e)) spare = builder.take(std::move(spare));
    }
    benchmark::DoNotOptimize(builder.position());
  }
  count(state, 0);
}

/// The argument is zstd's level.
void append_sqlite_segments(benchmark::State& state) {
  const support::TempDir dir;
  store::CreateOptions options;
  options.overwrite = true;
  options.level = static_cast<int>(state.range(0));
  store::WriterStats stats;
  events();
  for (auto _ : state) {
    auto journal = store::SqliteJournal::create(dir / "run.wt", options).value();
    for (const event::Event& e : events()) journal->append(e);
    if (!journal->finish()) std::abort();
    stats = journal->stats();
  }
  count(state, std::filesystem::file_size(dir / "run.wt"));
  state.counters["pack ns/ev"] = static_cast<double>(stats.packing_ns) / static_cast<double>(kEvents);
  state.counters["write ns/ev"] = static_cast<double>(stats.writing_ns) / static_cast<double>(kEvents);
  state.counters["blocked"] = static_cast<double>(stats.blocked);
}

// ---- One row an event ----

void run(sqlite3* db, const char* sql) {
  if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) std::abort();
}

sqlite3* open_rows(const std::string& path) {
  sqlite3* db = nullptr;
  if (sqlite3_open(path.c_str(), &db) != SQLITE_OK) std::abort();
  run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL");
  return db;
}

void write_rows(const std::string& path) {
  sqlite3* db = open_rows(path);
  run(db,
      "DROP TABLE IF EXISTS event; CREATE TABLE event(seq INTEGER PRIMARY KEY, time INTEGER, cause INTEGER, payload "
      "BLOB)");
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(db, "INSERT INTO event VALUES(?1,?2,?3,?4)", -1, &insert, nullptr);
  log::Bytes bytes;
  for (const event::Event& e : events()) {
    if (e.seq % 4096 == 1) run(db, "BEGIN");
    bytes.clear();
    event::encode(e, e.time, bytes);
    sqlite3_bind_int64(insert, 1, static_cast<std::int64_t>(e.seq));
    sqlite3_bind_int64(insert, 2, e.time.ns);
    sqlite3_bind_int64(insert, 3, static_cast<std::int64_t>(e.cause));
    sqlite3_bind_blob64(insert, 4, bytes.data(), bytes.size(), SQLITE_STATIC);
    if (sqlite3_step(insert) != SQLITE_DONE) std::abort();
    sqlite3_reset(insert);
    if (e.seq % 4096 == 0 || e.seq == kEvents) run(db, "COMMIT");
  }
  sqlite3_finalize(insert);
  sqlite3_close(db);
}

void append_sqlite_rows(benchmark::State& state) {
  const support::TempDir dir;
  events();
  for (auto _ : state) write_rows(dir / "rows.db");
  count(state, std::filesystem::file_size(dir / "rows.db"));
}

void scan_sqlite_rows(benchmark::State& state) {
  const support::TempDir dir;
  write_rows(dir / "rows.db");
  for (auto _ : state) {
    sqlite3* db = open_rows(dir / "rows.db");
    sqlite3_stmt* select = nullptr;
    sqlite3_prepare_v2(db, "SELECT seq, time, cause, payload FROM event ORDER BY seq", -1, &select, nullptr);
    event::Event e;
    base::Seq sum = 0;
    while (sqlite3_step(select) == SQLITE_ROW) {
      base::Reader reader(static_cast<const std::uint8_t*>(sqlite3_column_blob(select, 3)),
                          static_cast<std::size_t>(sqlite3_column_bytes(select, 3)));
      if (!event::decode(reader, static_cast<base::Seq>(sqlite3_column_int64(select, 0)),
                         {sqlite3_column_int64(select, 1)}, e))
        std::abort();
      sum += e.seq;
    }
    if (sum != kEvents * (kEvents + 1) / 2) std::abort();
    sqlite3_finalize(select);
    sqlite3_close(db);
  }
  count(state, 0);
}

// ---- Reading segments ----

void scan_all(benchmark::State& state, const log::Journal& journal) {
  for (auto _ : state) {
    base::Seq sum = 0;
    const auto scanned = journal.scan(1, kEvents, [&sum](const event::Event& e) { return (sum += e.seq) != 0; });
    if (!scanned || sum != kEvents * (kEvents + 1) / 2) std::abort();
  }
  count(state, 0);
}

void scan_memory(benchmark::State& state) {
  log::MemoryJournal journal;
  for (const event::Event& e : events()) journal.append(e);
  scan_all(state, journal);
}

void scan_sqlite_segments(benchmark::State& state) {
  const support::TempDir dir;
  auto journal = store::SqliteJournal::create(dir / "run.wt").value();
  for (const event::Event& e : events()) journal->append(e);
  if (!journal->finish()) std::abort();
  scan_all(state, *journal);
}

/// Decoding alone, of segments neither packed nor checked.
void scan_decode_only(benchmark::State& state) {
  log::MemoryJournal journal;
  for (const event::Event& e : events()) journal.append(e);
  journal.cut();
  for (auto _ : state) {
    base::Seq sum = 0;
    for (const log::Bytes& bytes : journal.segments()) {
      const auto segment = log::split_segment(bytes);
      const auto read =
          log::visit_events(*segment, 1, kEvents, [&sum](const event::Event& e) { return (sum += e.seq) != 0; });
      if (!read) std::abort();
    }
    if (sum != kEvents * (kEvents + 1) / 2) std::abort();
  }
  count(state, 0);
}

}  // namespace

BENCHMARK(append_encode_only)->Unit(benchmark::kMillisecond);
BENCHMARK(append_memory)->Unit(benchmark::kMillisecond);
BENCHMARK(append_sqlite_segments)->Unit(benchmark::kMillisecond)->Arg(1)->Arg(3)->Arg(6)->Arg(9);
BENCHMARK(append_sqlite_rows)->Unit(benchmark::kMillisecond)->Iterations(2);
BENCHMARK(scan_decode_only)->Unit(benchmark::kMillisecond);
BENCHMARK(scan_memory)->Unit(benchmark::kMillisecond);
BENCHMARK(scan_sqlite_segments)->Unit(benchmark::kMillisecond);
BENCHMARK(scan_sqlite_rows)->Unit(benchmark::kMillisecond)->Iterations(2);
