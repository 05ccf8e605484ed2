#include "engine/base/codec.h"

#include <catch2/catch.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/prng.h"

using namespace wavetank::base;

namespace {

enum class Colour : std::uint8_t { Red, Green, Blue };
struct Ship;
using ShipId = Id<Ship>;

struct Inner {
  std::int32_t depth = 0;
  std::string name;
  bool operator==(const Inner&) const = default;
  template <class A>
  void fields(A& a) {
    a(depth, name);
  }
};

struct Everything {
  bool flag = false;
  std::uint8_t small = 0;
  std::uint32_t medium = 0;
  std::uint64_t large = 0;
  std::int64_t offset = 0;
  Colour colour = Colour::Red;
  ShipId ship;
  SimTime at;
  Duration took;
  std::string text;
  std::vector<std::int64_t> numbers;
  std::vector<Inner> inners;
  std::optional<std::string> maybe;
  std::pair<std::uint32_t, Inner> both;
  bool operator==(const Everything&) const = default;
  template <class A>
  void fields(A& a) {
    a(flag, small, medium, large, offset, colour, ship, at, took, text, numbers, inners, maybe, both);
  }
};

using Bytes = std::vector<std::uint8_t>;

template <class T>
Bytes encode(const T& value) {
  Bytes out;
  Writer{out}(value);
  return out;
}

Everything sample() {
  Everything e;
  e.flag = true;
  e.small = 255;
  e.medium = std::numeric_limits<std::uint32_t>::max();
  e.large = std::numeric_limits<std::uint64_t>::max();
  e.offset = std::numeric_limits<std::int64_t>::min();
  e.colour = Colour::Blue;
  e.ship = ShipId(7U);
  e.at = SimTime::never();
  e.took = milliseconds(-250);
  e.text = std::string("a\0b", 3);
  e.numbers = {0, -1, 1, std::numeric_limits<std::int64_t>::max()};
  e.inners = {{-3, "keel"}, {4, ""}};
  e.maybe = "maybe";
  e.both = {9, {1, "x"}};
  return e;
}

}  // namespace

TEST_CASE("the encoding is fixed: these bytes lie in journals") {
  CHECK(encode(std::uint64_t{0}) == Bytes{0});
  CHECK(encode(std::uint64_t{127}) == Bytes{0x7f});
  CHECK(encode(std::uint64_t{128}) == Bytes{0x80, 0x01});
  CHECK(encode(std::uint64_t{300}) == Bytes{0xac, 0x02});
  CHECK(encode(~std::uint64_t{0}) == Bytes{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01});
  CHECK(encode(std::int64_t{-1}) == Bytes{1});
  CHECK(encode(std::int64_t{1}) == Bytes{2});
  CHECK(encode(std::int64_t{-64}) == Bytes{0x7f});
  CHECK(encode(true) == Bytes{1});
  CHECK(encode(Colour::Blue) == Bytes{2});
  CHECK(encode(ShipId()) == Bytes{0});
  CHECK(encode(ShipId(0U)) == Bytes{1});
  CHECK(encode(SimTime{64}) == Bytes{0x80, 0x01});
  CHECK(encode(std::string("ab")) == Bytes{2, 'a', 'b'});
  CHECK(encode(std::vector<std::uint32_t>{5, 6}) == Bytes{2, 5, 6});
  CHECK(encode(std::optional<std::uint32_t>{}) == Bytes{0});
  CHECK(encode(std::optional<std::uint32_t>{5}) == Bytes{1, 5});
  CHECK(encode(std::pair<std::uint32_t, bool>{5, true}) == Bytes{5, 1});
  CHECK(encode(Inner{-1, "x"}) == Bytes{1, 1, 'x'});
}

TEST_CASE("what is written is what is read") {
  for (const Everything& value : {Everything{}, sample()}) {
    const Bytes bytes = encode(value);
    Reader reader(bytes.data(), bytes.size());
    Everything back;
    reader(back);
    CHECK(reader.ok());
    CHECK(reader.at_end());
    CHECK(back == value);
  }
}

TEST_CASE("reading overwrites what was there") {
  const Bytes bytes = encode(Everything{});
  Reader reader(bytes.data(), bytes.size());
  Everything back = sample();
  reader(back);
  CHECK(back == Everything{});
}

TEST_CASE("every whole number survives: powers of two and their neighbours, both signs") {
  for (unsigned shift = 0; shift < 64; ++shift) {
    for (const std::uint64_t delta : {~std::uint64_t{0}, std::uint64_t{0}, std::uint64_t{1}}) {
      const std::uint64_t u = (std::uint64_t{1} << shift) + delta;
      const auto s = static_cast<std::int64_t>(u);
      Bytes bytes;
      Writer{bytes}(u, s);
      Reader reader(bytes.data(), bytes.size());
      std::uint64_t u_back = 0;
      std::int64_t s_back = 0;
      reader(u_back, s_back);
      REQUIRE(reader.ok());
      REQUIRE(u_back == u);
      REQUIRE(s_back == s);
    }
  }
}

TEST_CASE("an input cut anywhere is noticed") {
  const Bytes bytes = encode(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Bytes cut(bytes.begin(),
                    bytes.begin() + static_cast<std::ptrdiff_t>(size));  // own buffer: sanitizers see overruns
    Reader reader(cut.data(), cut.size());
    Everything back;
    reader(back);
    CAPTURE(size);
    CHECK_FALSE(reader.ok());
    CHECK(reader.at_end());
  }
}

TEST_CASE("hostile inputs are refused without large allocations") {
  const auto read_fails = [](const Bytes& bytes, auto value) {
    Reader reader(bytes.data(), bytes.size());
    reader(value);
    return !reader.ok();
  };
  const Bytes huge = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
  CHECK(read_fails(huge, std::string()));
  CHECK(read_fails(huge, std::vector<std::uint8_t>()));
  CHECK(read_fails(huge, std::vector<Inner>()));
  CHECK(read_fails(Bytes(11, 0xff), std::uint64_t{}));  // a varint that never ends
  CHECK(read_fails({}, std::uint64_t{}));
  CHECK(read_fails({2}, false));
  CHECK(read_fails({2, 0}, std::optional<std::uint8_t>()));
  CHECK(read_fails({3, 'a', 'b'}, std::string()));
}

TEST_CASE("a failed reader gives defaults and stays failed") {
  const Bytes bytes = {3, 'a', 'b', 7, 7, 7};
  Reader reader(bytes.data(), 3);
  std::string text;
  std::uint64_t number = 5;
  reader(text);
  CHECK_FALSE(reader.ok());
  reader(number);
  CHECK(number == 0);
  CHECK(reader.left() == 0);
  CHECK_FALSE(reader.ok());
}

TEST_CASE("random bytes never break the reader") {
  const Stream stream(5, "codec-fuzz");
  const Bytes good = encode(sample());
  for (std::uint64_t round = 0; round < 20'000; ++round) {
    const Stream draws = stream.of(round);
    Bytes bytes = good;
    for (std::uint64_t i = 0, flips = 1 + draws.below(4, 0); i < flips; ++i) {
      bytes[draws.below(bytes.size(), 1 + 2 * i)] = static_cast<std::uint8_t>(draws.bits(2 + 2 * i));
    }
    bytes.resize(draws.below(bytes.size() + 1, 99));
    bytes.shrink_to_fit();
    Reader reader(bytes.data(), bytes.size());
    Everything back;
    reader(back);
    if (!reader.ok()) continue;
    REQUIRE(reader.left() <= bytes.size());
    REQUIRE(back.numbers.size() + back.inners.size() + back.text.size() <= bytes.size());
    const Bytes again = encode(back);  // what was accepted is a value like any other
    Reader second(again.data(), again.size());
    Everything twice;
    second(twice);
    REQUIRE(second.ok());
    REQUIRE(twice == back);
  }
}
