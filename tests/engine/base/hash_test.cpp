#include "engine/base/hash.h"

#include <catch2/catch.hpp>

#include <string>

using namespace wavetank::base;

// These values are written into journals and object names: they may never change.

TEST_CASE("FNV-1a: the published vectors") {
  CHECK(fnv1a32("") == 0x811c9dc5U);
  CHECK(fnv1a32("a") == 0xe40c292cU);
  CHECK(fnv1a32("foobar") == 0xbf9cf968U);
  CHECK(fnv1a32("\xff") != fnv1a32("\x7f"));
  CHECK(fnv1a64("") == 0xcbf29ce484222325ULL);
  CHECK(fnv1a64("a") == 0xaf63dc4c8601ec8cULL);
  CHECK(fnv1a64("foobar") == 0x85944171f73967e8ULL);
  CHECK(fnv1a64("bar", fnv1a64("foo")) == fnv1a64("foobar"));
}

TEST_CASE("mix64 is SplitMix64: the first outputs for seed 0") {
  CHECK(mix64(0) == 0xe220a8397b1dcdafULL);
  CHECK(mix64(0x9e3779b97f4a7c15ULL) == 0x6e789e6aa1b965f4ULL);
  CHECK(mix64(2 * 0x9e3779b97f4a7c15ULL) == 0x06c45d188009454fULL);
}

TEST_CASE("XXH3: published values, and every length class of it") {
  CHECK(hash_bytes("", 0, 0) == 0x2d06800538d394c2ULL);
  CHECK(hash_bytes("a", 1, 0) == 0xe6c632b61e964e1fULL);
  CHECK(hash_bytes("abc", 3, 0) == 0x78af5f94892f3950ULL);
  std::uint64_t chain = 0;
  for (const std::size_t size : {0, 1, 3, 4, 8, 9, 16, 17, 128, 129, 240, 241, 1024, 5000}) {
    const std::string text(size, 'w');
    chain = hash_bytes(text.data(), text.size(), chain);
  }
  CHECK(chain == 0x115752f640195379ULL);
}

TEST_CASE("a chain depends on every link and on their order") {
  const auto link = [](const std::string& text, std::uint64_t before) {
    return hash_bytes(text.data(), text.size(), before);
  };
  CHECK(link("b", link("a", 1)) != link("a", link("b", 1)));
  CHECK(link("b", link("a", 1)) != link("b", link("a", 2)));
  CHECK(link("", link("a", 1)) != link("a", 1));
}
