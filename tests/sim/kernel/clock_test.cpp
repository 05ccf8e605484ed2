#include "sim/kernel/clock.h"

#include <catch2/catch.hpp>

#include <type_traits>
#include <vector>

#include "engine/base/codec.h"

using namespace wavetank;
using kernel::SimClock;

TEST_CASE("the clock stands until it is moved, and may be moved to now") {
  SimClock clock;
  CHECK(clock.now().ns == 0);
  clock.advance_to({5});
  clock.advance_to({5});
  CHECK(clock.now().ns == 5);
  CHECK(SimClock({7}).now().ns == 7);
}

TEST_CASE("the clock is part of a snapshot") {
  SimClock clock({1'234});
  std::vector<std::uint8_t> bytes;
  base::Writer{bytes}(clock);
  SimClock back;
  base::Reader reader(bytes.data(), bytes.size());
  reader(back);
  CHECK(reader.ok());
  CHECK(back.now() == clock.now());
}
