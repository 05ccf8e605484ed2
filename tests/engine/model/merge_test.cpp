// kubectl apply's three-way merge and RFC 7386 patches.
#include <catch2/catch.hpp>

#include "tests/engine/model/support.h"

using namespace wavetank::model;

TEST_CASE("apply changes what the manifest says and leaves what others set") {
  struct Row {
    const char* what;
    const char* live;
    const char* last;  // "" for none
    const char* wanted;
    const char* result;
  };
  const Row rows[] = {
      {"a value changes, another's stays", "{spec: {replicas: 3, paused: false}}", "{spec: {replicas: 3}}",
       "{spec: {replicas: 5}}", "{spec: {replicas: 5, paused: false}}"},
      {"what is no longer wanted goes", "{m: {a: 1, b: 2, c: 3}}", "{m: {a: 1, b: 2}}", "{m: {a: 1}}",
       "{m: {a: 1, c: 3}}"},
      {"without a last one nothing goes", "{m: {a: 1, b: 2}}", "", "{m: {a: 1}}", "{m: {a: 1, b: 2}}"},
      {"null removes", "{m: {a: 1, b: 2}}", "", "{m: {b: null}}", "{m: {a: 1}}"},
      {"a scalar becomes a map", "{m: 1}", "{m: 1}", "{m: {a: 1}}", "{m: {a: 1}}"},
      {"plain lists are replaced", "{args: [a, b]}", "{args: [a]}", "{args: [c]}", "{args: [c]}"},
      {"containers merge by name", "{containers: [{name: a, image: \"1\", pull: x}, {name: side, image: s}]}",
       "{containers: [{name: a, image: \"1\"}]}", "{containers: [{name: a, image: \"2\"}]}",
       "{containers: [{name: a, image: \"2\", pull: x}, {name: side, image: s}]}"},
      {"a container that is no longer wanted goes", "{containers: [{name: a}, {name: b}]}",
       "{containers: [{name: a}, {name: b}]}", "{containers: [{name: b}]}", "{containers: [{name: b}]}"},
      {"env by name, in the wanted order", "{env: [{name: A, value: \"1\"}, {name: B, value: \"2\"}]}",
       "{env: [{name: A, value: \"1\"}, {name: B, value: \"2\"}]}",
       "{env: [{name: C, value: \"3\"}, {name: A, value: \"4\"}]}",
       "{env: [{name: C, value: \"3\"}, {name: A, value: \"4\"}]}"},
      {"ports of a service by number and protocol",
       "{ports: [{port: 53, protocol: UDP, nodePort: 30001}, {port: 53, protocol: TCP, nodePort: 30002}]}",
       "{ports: [{port: 53, protocol: UDP}, {port: 53}]}", "{ports: [{port: 53, protocol: UDP}, {port: 53}]}",
       "{ports: [{port: 53, protocol: UDP, nodePort: 30001}, {port: 53, protocol: TCP, nodePort: 30002}]}"},
      {"one strategy drives out the other", "{strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}}",
       "{strategy: {type: RollingUpdate}}", "{strategy: {type: Recreate}}", "{strategy: {type: Recreate}}"},
      {"one volume source drives out the other, defaults stay",
       "{volumes: [{name: v, emptyDir: {}}, {name: w, configMap: {name: c, defaultMode: 420}}]}", "",
       "{volumes: [{name: v, secret: {secretName: s}}, {name: w, configMap: {name: d}}]}",
       "{volumes: [{name: v, secret: {secretName: s}}, {name: w, configMap: {name: d, defaultMode: 420}}]}"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const Doc live = yaml(row.live);
    const Doc wanted = yaml(row.wanted);
    Doc last;
    if (*row.last != '\0') last = yaml(row.last);
    CHECK(to_canonical_json(merge_apply(live, *row.last == '\0' ? nullptr : &last, wanted)) ==
          to_canonical_json(yaml(row.result)));
  }
}

TEST_CASE("JSON merge patches, the examples of RFC 7386") {
  const std::tuple<const char*, const char*, const char*> rows[] = {
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b"})", R"({"a":null})", R"({})"},
      {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
      {R"({"a":"b"})", R"(["c"])", R"(["c"])"},
      {R"({"a":"foo"})", R"(null)", R"(null)"},
      {R"({"e":null})", R"({"a":1})", R"({"a":1,"e":null})"},
      {R"([1,2])", R"({"a":"b","c":null})", R"({"a":"b"})"},
      {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
  };
  for (const auto& [target, patch, result] : rows) {
    CHECK(to_canonical_json(merge_patch(*parse_json(target, ""), *parse_json(patch, ""))) == result);
  }
}
