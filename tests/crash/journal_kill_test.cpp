// Kills a process that writes a journal, at random moments, and looks at what it leaves. WAVETANK_KILLS sets how often
// (30).

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <csignal>
#include <cstdlib>

#include "runtime/store/sqlite_journal.h"
#include "tests/support/event_maker.h"
#include "tests/support/temp_dir.h"

using namespace wavetank;
using store::SqliteJournal;

namespace {

/// What the child tells after each flush, in one write: pipes keep it whole.
struct Flushed {
  base::Seq seq = 0;
  std::uint64_t fingerprint = 0;
};

/// The child: appends as fast as it can, flushes now and then, never ends by itself.
[[noreturn]] void write_forever(const std::string& path, std::uint64_t seed, int out) {
  store::CreateOptions options;
  options.segments.events = 512;
  auto journal = SqliteJournal::create(path, options);
  if (!journal) _exit(4);
  const base::Stream draws(seed, "flushes");
  support::PodLives events(seed);
  for (std::uint64_t round = 0;; ++round) {
    const std::uint64_t count = draws.below(round % 8 == 0 ? 30'000 : 300, round) + 1;
    for (std::uint64_t i = 0; i < count; ++i) (*journal)->append(events.next());
    if (round % 5 == 4) (*journal)->put_snapshot((*journal)->position(), log::Bytes(10'000, 7));
    if (!(*journal)->flush()) _exit(5);
    const Flushed flushed{(*journal)->position().seq, (*journal)->position().fingerprint};
    if (write(out, &flushed, sizeof flushed) != sizeof flushed) _exit(6);
  }
}

/// Starts the child, kills it `delay_us` after its start, and gives what it said last.
Flushed run_and_kill(const std::string& path, std::uint64_t seed, unsigned delay_us) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    close(ends[0]);
    write_forever(path, seed, ends[1]);
  }
  close(ends[1]);
  usleep(delay_us);
  kill(child, SIGKILL);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));  // else it failed by itself, with the exit status of write_forever
  Flushed last, read_now;
  while (read(ends[0], &read_now, sizeof read_now) == sizeof read_now) last = read_now;
  close(ends[0]);
  return last;
}

/// Everything that was flushed is there, bit for bit, and what is there can be read to its end. True if there was a
/// journal at all.
bool check_remains(const std::string& path, std::uint64_t seed, const Flushed& flushed) {
  auto journal = SqliteJournal::open(path);
  if (!journal) {
    INFO(base::to_text(journal.error()));
    REQUIRE(flushed.seq == 0);  // killed before the first event: said in words, see the store's tests
    return false;
  }
  const log::Position end = (*journal)->position();
  REQUIRE_FALSE((*journal)->ended());
  REQUIRE(end.seq >= flushed.seq);
  REQUIRE((*journal)->position_at(flushed.seq).value().fingerprint == flushed.fingerprint);
  log::SegmentBuilder chain;
  support::PodLives written(seed);
  base::Seq count = 0;
  const auto scanned = (*journal)->scan(1, end.seq, [&](const event::Event& event) {
    chain.append(written.next());
    return event.seq == ++count;
  });
  INFO((scanned ? "" : base::to_text(scanned.error())));
  REQUIRE(scanned);
  REQUIRE(count == end.seq);
  REQUIRE(chain.position() == end);
  return end.seq > 0;
}

}  // namespace

TEST_CASE("a process killed at any moment leaves a journal that opens, verifies and reads to its last segment") {
  const char* const asked = std::getenv("WAVETANK_KILLS");
  const int kills = asked == nullptr ? 30 : std::atoi(asked);
  const base::Stream delays(1, "kills");
  int with_events = 0;
  std::signal(SIGPIPE, SIG_IGN);
  for (int i = 0; i < kills; ++i) {
    const support::TempDir dir;
    const auto seed = static_cast<std::uint64_t>(i);
    // Every sixth is killed in its first milliseconds, while the file is being made.
    const auto delay = static_cast<unsigned>(delays.below(i % 6 == 0 ? 5'000 : 120'000, seed));
    INFO("kill " << i << " after " << delay << " us");
    const Flushed flushed = run_and_kill(dir / "run.wt", seed, delay);
    if (check_remains(dir / "run.wt", seed, flushed)) ++with_events;
  }
  CHECK(with_events > kills / 2);
}
