#include "engine/base/result.h"

#include <catch2/catch.hpp>

using namespace wavetank::base;

TEST_CASE("a diagnostic leaves out what it does not know") {
  CHECK(Diagnostic{"app.yaml", {3, 7}, "no such field"}.text() == "app.yaml:3:7: no such field");
  CHECK(Diagnostic{"app.yaml", {3, 0}, "no such field"}.text() == "app.yaml:3: no such field");
  CHECK(Diagnostic{"app.yaml", {}, "is empty"}.text() == "app.yaml: is empty");
  CHECK(Diagnostic{"", {3, 7}, "no such field"}.text() == "3:7: no such field");
  CHECK(Diagnostic{"", {}, "no such field"}.text() == "no such field");
}

TEST_CASE("diagnostics print one a line, in order") {
  CHECK(to_text({}).empty());
  CHECK(to_text({{"a", {1, 1}, "x"}, {"a", {2, 1}, "y"}}) == "a:1:1: x\na:2:1: y");
}

TEST_CASE("a failure carries its diagnostics") {
  const Result<int> one = failure("went wrong");
  REQUIRE_FALSE(one.has_value());
  CHECK(to_text(one.error()) == "went wrong");
  const Result<int> two = failure(Diagnostics{{"f", {}, "x"}, {"f", {}, "y"}});
  CHECK(two.error().size() == 2);
}

TEST_CASE("the nearest known word") {
  struct Row {
    const char* word;
    const char* nearest;
  };
  const Row row = GENERATE(values<Row>({
      {"replicas", "replicas"},
      {"replica", "replicas"},
      {"repilcas", "replicas"},  // two neighbours swapped count once
      {"Replicas", "replicas"},
      {"replcias", "replicas"},
      {"relpicsa", "replicas"},
      {"maniftests", "manifests"},
      {"manifests:", "manifests"},
      {"sed", "seed"},
      {"sd", ""},  // one of two letters is no hint any more
      {"timeline", "timeline"},
      {"timer", ""},  // "timeline" is three away
      {"entirely other", ""},
      {"", ""},
      {"rode", "node"},  // "node" and "mode" are equally near: the first listed
  }));
  CAPTURE(row.word);
  CHECK(nearest_word(row.word, {"replicas", "manifests", "seed", "timeline", "node", "mode"}) == row.nearest);
}

TEST_CASE("a very long unknown word is refused without work") {
  CHECK(nearest_word(std::string(5'000'000, 'x'), {"replicas"}).empty());
}
