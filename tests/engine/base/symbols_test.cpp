#include "engine/base/symbols.h"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace wavetank::base;

TEST_CASE("symbols are numbered in order of first appearance") {
  SymbolPool pool;
  CHECK(pool.size() == 1);
  CHECK(pool.intern("").value == 0);
  CHECK(pool.intern("web").value == 1);
  CHECK(pool.intern("db").value == 2);
  CHECK(pool.intern("web").value == 1);
  CHECK(pool.size() == 3);
  CHECK(pool.text(Sym(1U)) == "web");
  CHECK(pool.text(Sym()).empty());
}

TEST_CASE("finding makes nothing") {
  SymbolPool pool;
  CHECK_FALSE(pool.find("web").valid());
  CHECK(pool.size() == 1);
  const Sym web = pool.intern("web");
  CHECK(pool.find("web") == web);
  CHECK(pool.find("").value == 0);
}

TEST_CASE("texts are any bytes") {
  SymbolPool pool;
  const Sym with_zero = pool.intern(std::string_view("a\0b", 3));
  CHECK(pool.intern("a") != with_zero);
  CHECK(pool.text(with_zero).size() == 3);
}

TEST_CASE("texts stay where they are while the pool grows and moves") {
  SymbolPool pool;
  std::vector<std::string_view> early;
  for (int i = 0; i < 10; ++i) early.push_back(pool.text(pool.intern("early-" + std::to_string(i))));
  for (int i = 0; i < 20'000; ++i) pool.intern("late-" + std::to_string(i));
  SymbolPool moved = std::move(pool);
  for (int i = 0; i < 10; ++i) {
    const std::string text = "early-" + std::to_string(i);
    CHECK(early[static_cast<std::size_t>(i)] == text);
    CHECK(moved.find(text).value == static_cast<unsigned>(i) + 1);
    CHECK(moved.text(moved.find(text)).data() == early[static_cast<std::size_t>(i)].data());
  }
  CHECK(moved.size() == 20'011);
}
