// Reading and writing documents: YAML as sigs.k8s.io/yaml, JSON as encoding/json.
#include <catch2/catch.hpp>

#include "tests/engine/model/support.h"

using namespace wavetank::model;
using wavetank::base::to_text;

TEST_CASE("what a plain YAML value means") {
  const std::pair<const char*, const char*> rows[] = {
      // YAML 1.1 booleans and nulls
      {"yes", "true"},
      {"No", "false"},
      {"on", "true"},
      {"OFF", "false"},
      {"y", "true"},
      {"N", "false"},
      {"true", "true"},
      {"~", "null"},
      {"null", "null"},
      {"", "null"},
      {"yEs", "\"yEs\""},
      {"\"yes\"", "\"yes\""},
      {"'no'", "\"no\""},
      // numbers
      {"12", "12"},
      {"-3", "-3"},
      {"+7", "7"},
      {"0x1F", "31"},
      {"0o17", "15"},
      {"017", "15"},
      {"0b101", "5"},
      {"1_000", "1000"},
      {"08", "8"},
      {"1.5", "1.5"},
      {".5", "0.5"},
      {"1.0", "1"},
      {"1e3", "1000"},
      {"1e-7", "1e-7"},
      {"6.02e23", "6.02e+23"},
      {"18446744073709551615", "18446744073709551615"},
      {"18446744073709551616", "18446744073709552000"},
      {"-0", "0"},
      // and what looks like one but is not
      {"1.2.3", "\"1.2.3\""},
      {"10m", "\"10m\""},
      {"1Gi", "\"1Gi\""},
      {"+", "\"+\""},
      {"0x", "\"0x\""},
      {"1e", "\"1e\""},
      {"2024-01-02", "\"2024-01-02\""},
      {"12:30", "\"12:30\""},
      {"0.0.0.0", "\"0.0.0.0\""},
      {"_1", "\"_1\""},
      // tags
      {"!!str 5", "\"5\""},
      {"!!int \"5\"", "5"},
      {"!!bool yes", "true"},
      {"!own x", "\"x\""},
      {"! 5", "\"5\""},
  };
  for (const auto& [text, json] : rows) {
    INFO("value: " << text);
    CHECK(to_json(yaml(std::string("k: ") + text + "\n")) == std::string("{\"k\":") + json + "}");
  }
}

TEST_CASE("YAML documents as JSON") {
  struct Row {
    const char* what;
    const char* yaml;
    const char* json;
  };
  const Row rows[] = {
      {"keys of other types become their text", "1: a\ntrue: b\n2.50: c\n", R"({"1":"a","true":"b","2.5":"c"})"},
      {"aliases are copies", "a: &x {p: 1}\nb: *x\n", R"({"a":{"p":1},"b":{"p":1}})"},
      {"merge: own keys win", "a: &x {p: 1, q: 2}\nb: {<<: *x, p: 3}\n", R"({"a":{"p":1,"q":2},"b":{"p":3,"q":2}})"},
      {"merge of several: the first wins", "b: {<<: [{p: 1}, {p: 2, q: 3}]}\n", R"({"b":{"p":1,"q":3}})"},
      {"a quoted << is a key", "\"<<\": 1\n", R"({"<<":1})"},
      {"block scalars", "a: |\n  x\n   y\n\nb: >-\n  p\n  q\n", R"({"a":"x\n y\n","b":"p q"})"},
      {"an anchor may be given again", "a: &x 1\nb: *x\nc: &x 2\nd: *x\n", R"({"a":1,"b":1,"c":2,"d":2})"},
      {"flow style, comments, CRLF", "{a: [1, 'x'], # note\r\n b: }\r\n", R"({"a":[1,"x"],"b":null})"},
      {"a byte order mark",
       "\xEF\xBB\xBF"
       "a: é\n",
       "{\"a\":\"é\"}"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    CHECK(to_json(yaml(row.yaml)) == row.json);
  }
  const auto several = parse_yaml("---\na: 1\n---\n# nothing\n---\nb: 2\n...\n---\n", "");
  REQUIRE(several);
  CHECK(several->size() == 2);
}

TEST_CASE("every value knows its line and column") {
  const Doc doc = yaml("a: 1\nb:\n  - x\n  - é: {c: 2}\n");
  CHECK(doc.find("a")->position == wavetank::base::Position{1, 4});
  CHECK(doc.at({"b"})->items[0].position == wavetank::base::Position{3, 5});
  CHECK(doc.at({"b"})->items[1].find("é")->find("c")->position == wavetank::base::Position{4, 12});
  const auto json = parse_json("{\n  \"a\": [1,\n    \"é\", {\"k\": true}]\n}", "");
  REQUIRE(json);
  CHECK(json->find("a")->position == wavetank::base::Position{2, 8});
  CHECK(json->find("a")->items[1].position == wavetank::base::Position{3, 5});
  CHECK(json->find("a")->items[2].find("k")->position == wavetank::base::Position{3, 16});
}

TEST_CASE("broken YAML: what is said, and where") {
  struct Row {
    const char* what;
    std::string text;
    const char* errors;
  };
  const Row rows[] = {
      {"every duplicate key", "a: 1\nb: {x: 1, x: 2}\na: 2\na: 3\n",
       "2:11: duplicate key \"x\": already set in line 2\n3:1: duplicate key \"a\": already set in line 1\n"
       "4:1: duplicate key \"a\": already set in line 1"},
      {"duplicate by meaning", "yes: 1\ntrue: 2\n", "2:1: duplicate key \"true\": already set in line 1"},
      {"no map here", "a: b: c\n", "1:5: yaml: mapping values are not allowed in this context"},
      {"a tab", "a:\n\tb: 1\n",
       "2:1: yaml: found character that cannot start any token (while scanning for the next token that begins in line "
       "2); indentation "
       "must be spaces, not tabs, and a value beginning with @, ` or % must be quoted"},
      {"unclosed", "a: [1, 2\n",
       "2:1: yaml: did not find expected ',' or ']' (while parsing a flow sequence that begins in line 1)"},
      {"unknown anchor", "a: *x\n", "1:4: unknown anchor 'x' referenced"},
      {"a cycle", "a: &x\n  b: *x\n", "2:6: anchor 'x' value contains itself"},
      {"a map as key", "? {a: 1}\n: 2\n", "1:3: a key must be a single value, not a list or a map"},
      {"null as key", "~: 2\n", "1:1: a key must not be null; quote it if a string is meant"},
      {"merge of a scalar", "<<: 5\n", "1:5: map merge (<<) requires a map or a list of maps as the value"},
      {"not a number", "a: .nan\nb: -.inf\n",
       "1:4: `.nan` is not a number JSON can hold; quote it if a string is meant\n"
       "2:4: `-.inf` is not a number JSON can hold; quote it if a string is meant"},
      {"a wrong tag", "a: !!int x\n", "1:4: cannot read `x` as a !!int"},
      {"a template", "a: {{ .Values.x }}\n",
       "1:5: a key must be a single value, not a list or a map; templates must be rendered first"},
      {"a control character YAML does not allow", "a: b\nc: \xC2\x80\n",
       "2:4: yaml: control characters are not allowed"},
      {"a zero byte", std::string("a: b\0c", 6), "1:5: not a text file: found the control character 0x00"},
      {"not UTF-8", "a: \xC3\x28\n", "1:4: not valid UTF-8: found the byte 0xc3"},
      {"UTF-16",
       "\xFF\xFE"
       "a",
       "1:1: not valid UTF-8: found the byte 0xff (it looks like UTF-16; save it as UTF-8)"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const auto docs = parse_yaml(row.text, "");
    REQUIRE_FALSE(docs);
    CHECK(to_text(docs.error()) == row.errors);
  }
}

TEST_CASE("broken JSON: what is said, and where") {
  struct Row {
    const char* what;
    const char* text;
    const char* where;
  };
  const Row rows[] = {
      {"empty", "", ""},
      {"cut", "{\"a\": [1, 2", "1:"},
      {"no comma", "{\"a\": 1 \"b\": 2}", "1:"},
      {"no quotes", "{\"a\": x}", "1:7"},
      {"trailing", "{} {}", "1:"},
      {"number", "[01]", "1:2"},
      {"open string", "[\"a]", "1:"},
      {"comma at the end", "[1,]", "1:"},
      {"wrong escape", "[\"\\x\"]", "1:"},
      {"nothing after the colon", "{\"a\":}", "1:"},
      {"only a brace", "{", "1:"},
      {"closing alone", "}", "1:"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const auto doc = parse_json(row.text, "f.json");
    REQUIRE_FALSE(doc);
    const std::string text = to_text(doc.error());
    INFO(text);
    CHECK(text.find("f.json:" + std::string(row.where)) == 0);
    CHECK(text.find("json: ") != std::string::npos);
  }
  const auto twice = parse_json("{\"a\": 1,\n \"b\": {\"c\": 1, \"c\": 2},\n \"a\": 2}", "");
  REQUIRE_FALSE(twice);
  CHECK(to_text(twice.error()) ==
        "2:16: duplicate key \"c\": already set in line 2\n3:2: duplicate key \"a\": already set in line 1");
}

TEST_CASE("limits hold against hostile input") {
  ReadLimits small;
  small.bytes = 100;
  CHECK(to_text(parse_yaml(std::string(101, 'a'), "f", small).error()) ==
        "f: too large: more than the limit of 100 bytes");
  CHECK(to_text(parse_json(std::string(101, '1'), "f", small).error()) ==
        "f: too large: more than the limit of 100 bytes");

  // A billion laughs: nine levels of ten aliases each.
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 1; k < 10; ++k) bomb += ", " + before;
    bomb += "]\n";
  }
  CHECK(
      to_text(parse_yaml(bomb, "").error()).find("aliases expand to too much: more than the limit of 1000000 values") !=
      std::string::npos);

  // Depth: by brackets, by indentation, by aliases of aliases, in JSON.
  std::string blocks;
  for (int i = 0; i < 200; ++i) blocks += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  std::string chain = "a0: &a0 [x]\n";
  for (int i = 1; i < 200; ++i)
    chain += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  const std::string brackets = std::string(100000, '[');
  CHECK(to_text(parse_yaml(brackets, "").error()) == "1:101: nested too deeply: more than the limit of 100 levels");
  CHECK(to_text(parse_yaml(blocks, "").error()).find("nested too deeply") != std::string::npos);
  CHECK(to_text(parse_yaml(chain, "").error()).find("aliases nest too deeply") != std::string::npos);
  CHECK(to_text(parse_json(brackets + std::string(100000, ']'), "").error()).find("nested too deeply") !=
        std::string::npos);
  CHECK_FALSE(parse_any(brackets, ""));

  small = {};
  small.nodes = 10;
  CHECK(to_text(parse_yaml("[1,2,3,4,5,6,7,8,9,10]", "", small).error()) ==
        "1:20: too many values: more than the limit of 10");
  CHECK(to_text(parse_json("[1,2,3,4,5,6,7,8,9,10]", "", small).error()) ==
        "1:20: too many values: more than the limit of 10");
}

TEST_CASE("JSON or YAML by the first character") {
  CHECK(to_json(parse_any("  {\"a\": 1.0}", "")->front()) == R"({"a":1})");
  CHECK(to_json(parse_any("{a: yes}", "")->front()) == R"({"a":true})");
  CHECK(to_json(parse_any("a: 1", "")->front()) == R"({"a":1})");
  const auto broken = parse_any("{\"a\": 1,\n\"b\": }", "");  // YAML would read b as null
  REQUIRE_FALSE(broken);
  CHECK(to_text(broken.error()) == "2:6: json: `}` is no value; strings need quotes");
  CHECK(parse_any("\n# only a comment\n", "")->empty());
}

TEST_CASE("JSON numbers and strings come back as Go writes them") {
  const std::pair<const char*, const char*> rows[] = {
      {"1.50", "1.5"},
      {"1e2", "100"},
      {"-0", "0"},
      {"0.0000001", "1e-7"},
      {"1e21", "1e+21"},
      {"123456789012345678", "123456789012345678"},
      {"\"\\u00e9\\n\\\"\\/\"", "\"é\\n\\\"/\""},
      {"\"\\u0001\"", "\"\\u0001\""},
      {"null", "null"},
      {"false", "false"},
      {"[]", "[]"},
      {"{}", "{}"},
      {"\"\\ud83d\\ude00\"", "\"😀\""},
  };
  for (const auto& [text, json] : rows) {
    INFO(text);
    const auto inside = parse_json(std::string("{\"k\":") + text + "}", "");
    REQUIRE(inside);
    CHECK(to_json(*inside) == std::string("{\"k\":") + json + "}");
    const auto alone = parse_json(text, "");
    REQUIRE(alone);
    CHECK(to_json(*alone) == json);
  }
}

TEST_CASE("documents print as kubectl prints them") {
  const Doc doc = yaml(R"(
b: {}
a:
- name: x
  args: ["--a", "", "yes", "8080", "1.5", "null", "a: b", "#no", "*", "it's", "x ", "12:30", "2024-01-02", "-", "- a", "\ttab", "é"]
- [1, [2]]
- []
text: "one\ntwo\n"
chomped: "one\ntwo"
kept: "one\n\n"
indented: "  one\ntwo\n"
odd: "one \ntwo"
k10: 1
k9: {"y": null, "a b": 0.5, "<&>": true}
)");
  CHECK(to_yaml(doc) == R"(a:
- args:
  - --a
  - ""
  - "yes"
  - "8080"
  - "1.5"
  - "null"
  - 'a: b'
  - '#no'
  - '*'
  - it's
  - 'x '
  - "12:30"
  - "2024-01-02"
  - '-'
  - '- a'
  - "\ttab"
  - é
  name: x
- - 1
  - - 2
- []
b: {}
chomped: |-
  one
  two
indented: |2
    one
  two
k9:
  <&>: true
  a b: 0.5
  "y": null
k10: 1
kept: |+
  one

odd: "one \ntwo"
text: |
  one
  two
)");
  CHECK(to_canonical_json(yaml("b: 1\na: {d: [], c: <x>}\n")) == R"({"a":{"c":"<x>","d":[]},"b":1})");
  CHECK(to_pretty_json(yaml("b: [1, {}]\na: <x>\n")) ==
        "{\n    \"a\": \"\\u003cx\\u003e\",\n    \"b\": [\n        1,\n        {}\n    ]\n}");
}

TEST_CASE("what is written is read back as the same document") {
  const char* texts[] = {
      "a: \"x: y\"\n",
      "a: \"- x\"\n",
      "a: \"\\u0085\\u2028\\uFEFF\\x7f\\u0080\\uFFFF\\x00\"\n",
      "a: \"\\n\"\n",
      "a: \"\\n\\nx\"\n",
      "a: \" \\n\"\n",
      "a: \"x\\n \"\n",
      "a: \"---\"\n",
      "a: \"? x\"\n",
      "a: \"%x\"\n",
      "a: \"@x\"\n",
      "a: \"`x\"\n",
      "a: \"x #y\"\n",
      "a: \"<<\"\n",
      "\"<<\": 1\n",
      "\"\": 1\n",
      "\"a\\nb\": 1\n",
      "a: \"tab\\there\"\n",
      "a: \"x:\"\n",
      "a: \":x\"\n",
      "a: \"!x\"\n",
      "a: \"&x\"\n",
      "a: \"0b1\"\n",
      "a: \".5\"\n",
      "a: [[], {}, [[1]], {b: [{c: d}]}]\n",
      "a: \"\\r\\n\"\n",
      "a: \"one\\n  two\\n\\n three\"\n",
      "a: \"trailing \\n\"\n",
      "a: \"1e3\"\n",
      "a: \"...\"\n",
      "a: \"\\tx\\ny\"\n",
      "a: \"x\\n\\ty\\n\"\n",
      "a: \"{x}\"\n",
      "a: \"x, y\"\n",
      "a: \"=\"\n",
      "a: \"~\"\n",
  };
  for (const char* text : texts) {
    INFO(text);
    const Doc doc = yaml(text);
    INFO(to_yaml(doc));
    CHECK(yaml(to_yaml(doc)).same_as(doc));
    CHECK(parse_json(to_json(doc), "")->same_as(doc));
    CHECK(parse_json(to_pretty_json(doc), "")->same_as(doc));
  }
}

TEST_CASE("documents are equal by content, not by order or place") {
  CHECK(yaml("a: 1\nb: 2\n").same_as(yaml("\nb: 2\na: 1\n")));
  CHECK_FALSE(yaml("a: 1\n").same_as(yaml("a: \"1\"\n")));
  CHECK_FALSE(yaml("a: [1, 2]\n").same_as(yaml("a: [2, 1]\n")));
  Doc doc;
  doc["a"]["b"] = Doc::integer(3);
  CHECK(to_json(doc) == R"({"a":{"b":3}})");
  CHECK(doc.find("a")->int_or("b", 0) == 3);
  CHECK(doc.find("a")->string_or("b", "none") == "none");
  doc.erase("a");
  CHECK(doc.find("a") == nullptr);
}
