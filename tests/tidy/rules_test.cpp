// Each rule on small samples: what it must find and what it must leave alone.
#include <catch2/catch.hpp>

#include "tests/tidy/layers.h"
#include "tests/tidy/rules.h"

namespace wavetank::tidy {
namespace {

const std::set<std::string> kFiles = {"engine/base/ids.h", "engine/model/pod.h", "engine/state/state.h",
                                      "sim/kernel/clock.h", "tests/support/tables.h"};

// The messages a check gives for a file of this text.
template <typename Check>
std::string found(Check check, const std::string& path, const std::string& text) {
  const Source source(path, text);
  Findings findings;
  check(source, findings);
  std::string messages;
  for (const Finding& finding : findings) messages += format_finding(finding) + "\n";
  return messages;
}

std::string includes(const std::string& path, const std::string& text) {
  return found([](const Source& s, Findings& out) { check_includes(s, kFiles, out); }, path, text);
}
std::string banned(const std::string& path, const std::string& text) {
  return found([](const Source& s, Findings& out) { check_banned(s, out); }, path, text);
}
std::string hash_order(const std::string& text) {
  return found([](const Source& s, Findings& out) { check_hash_order(s, nullptr, out); }, "engine/state/a.cpp", text);
}
std::string shape(const std::string& path, const std::string& text) {
  return found([](const Source& s, Findings& out) { check_shape(s, out); }, path, text);
}

using Catch::Matchers::Contains;

}  // namespace

TEST_CASE("layer: a room includes what lies below it and nothing else") {
  CHECK(includes("engine/state/a.cpp", "#include \"engine/base/ids.h\"\n").empty());
  CHECK(includes("engine/state/a.cpp", "#include \"engine/state/state.h\"\n").empty());
  CHECK(includes("sim/world/a.cpp", "#include \"engine/state/state.h\"\n").empty());
  CHECK(includes("tests/engine/state/a_test.cpp", "#include \"sim/kernel/clock.h\"\n").empty());

  CHECK_THAT(includes("engine/model/a.cpp", "\n#include \"engine/state/state.h\"\n"),
             Contains("engine/model/a.cpp:2: [layer] engine/model may not include engine/state"));
  CHECK_THAT(includes("engine/loop/a.cpp", "#include \"sim/kernel/clock.h\"\n"),
             Contains("may not include sim/kernel"));
  CHECK_THAT(includes("runtime/store/a.cpp", "#include \"sim/kernel/clock.h\"\n"), Contains("may not include"));
  CHECK_THAT(includes("engine/model/a.cpp", "#include \"tests/support/tables.h\"\n"),
             Contains("may not include tests"));
  CHECK_THAT(includes("engine/model/a.cpp", "#include \"pod.h\"\n"), Contains("include paths start at the root"));
}

TEST_CASE("layer: a library's header stays in its room") {
  CHECK(includes("runtime/store/a.cpp", "#include <sqlite3.h>\n").empty());
  CHECK(includes("tests/runtime/store/a_test.cpp", "#include <sqlite3.h>\n").empty());
  CHECK_THAT(includes("engine/log/a.cpp", "#include <sqlite3.h>\n"), Contains("belongs to runtime/store"));
}

TEST_CASE("layer: sim and live do not know each other, and nothing knows the program") {
  CHECK_FALSE(may_include("sim/world", "runtime/live"));
  CHECK_FALSE(may_include("runtime/live", "sim/world"));
  for (const Layer& layer : layers()) {
    if (layer.room != "runtime/cli") CHECK_FALSE(may_include(layer.room, "runtime/cli"));
  }
}

TEST_CASE("layer: DEPS of CMakeLists.txt obey the same table") {
  Findings findings;
  check_deps("engine/event/CMakeLists.txt", "wavetank_room(engine/event DEPS engine/model LIBS lib::fmt)\n", findings);
  CHECK(findings.empty());
  check_deps("engine/event/CMakeLists.txt", "wavetank_room(engine/event DEPS engine/state)\n", findings);
  CHECK(findings.size() == 1);
}

TEST_CASE("banned: what would make a run depend on more than its input") {
  const char* const samples[] = {
      "#include <chrono>",
      "#include <mutex>",
      "auto now = std::chrono::steady_clock::now();",
      "long t = time(nullptr);",
      "long t = ::time(nullptr);",
      "return std::time(nullptr);",
      "int x = rand() % 6;",
      "std::random_device device;",
      "std::uniform_int_distribution<int> die(1, 6);",
      "std::shuffle(v.begin(), v.end(), rng);",
      "std::thread worker(run);",
      "std::ofstream out(path);",
      "FILE* f = fopen(path, \"r\");",
      "throw std::runtime_error(message);",
      "double d = strtod(text, nullptr);",
      "setlocale(LC_ALL, \"\");",
  };
  for (const char* sample : samples) {
    INFO(sample);
    CHECK_THAT(banned("engine/state/a.cpp", sample), Contains("[banned]"));
    CHECK_THAT(banned("sim/world/a.cpp", sample), Contains("[banned]"));
    CHECK(banned("runtime/store/a.cpp", sample).empty());
  }
}

TEST_CASE("banned: words that only look alike are left alone") {
  const char* const samples[] = {
      "// never throw; rand() is banned",
      "/* std::thread */ int x = 1'000;",
      "const char* text = \"throw rand() \\\" time(nullptr)\";",
      "auto raw = R\"(throw std::thread)\";",
      "SimTime time() const;",
      "SimTime t = event.time();",
      "SimTime t = header->time();",
      "text = time(event.at);",
      "int random_devices = 3;",
      "int time = 0;",
      "throw Oops();  // tidy: allow(banned) sample of an excuse",
  };
  for (const char* sample : samples) {
    INFO(sample);
    CHECK(banned("engine/state/a.cpp", sample).empty());
  }
}

TEST_CASE("banned: an excuse needs its reason") {
  CHECK_THAT(banned("engine/state/a.cpp", "throw Oops();  // tidy: allow(banned)"), Contains("[banned]"));
  CHECK_THAT(banned("engine/state/a.cpp", "throw Oops();  // tidy: allow(layer) wrong rule"), Contains("[banned]"));
}

TEST_CASE("hash-order: no loop over a hash container, no order by address") {
  const std::string decl = "std::unordered_map<Key, std::vector<int>> index_;\n";
  CHECK_THAT(hash_order(decl + "for (const auto& [k, v] : index_) use(k);"), Contains("a.cpp:2: [hash-order]"));
  CHECK_THAT(hash_order(decl + "for (auto& x : self.index_) use(x);"), Contains("[hash-order]"));
  CHECK_THAT(hash_order(decl + "auto first = index_.begin();"), Contains("[hash-order]"));
  CHECK_THAT(hash_order("using Set = std::unordered_set<int>;\nSet seen;\nfor (int x : seen) use(x);"),
             Contains("a.cpp:3: [hash-order]"));
  CHECK_THAT(hash_order("void f(const std::unordered_set<int>& ids) { for (int id : ids) use(id); }"),
             Contains("[hash-order]"));
  CHECK_THAT(hash_order("std::map<const Pod*, int> order;"), Contains("ordered by address"));

  CHECK(hash_order(decl + "for (int x : index_[key]) use(x);").empty());
  CHECK(hash_order(decl + "for (int i = 0; i < 3; ++i) index_[i];").empty());
  CHECK(hash_order(decl + "if (index_.find(k) != index_.end()) use(k);").empty());
  CHECK(hash_order("std::map<PodId, Pod*> pods;\nfor (auto& [id, pod] : pods) use(id);").empty());
}

TEST_CASE("hash-order: members declared in the file's own header count") {
  const Source header("engine/state/a.h", "class A { std::unordered_set<int> ids_; };");
  const Source source("engine/state/a.cpp", "void A::f() { for (int id : ids_) use(id); }");
  Findings findings;
  check_hash_order(source, &header, findings);
  CHECK(findings.size() == 1);
}

TEST_CASE("shape: folder = namespace, headers guard themselves and open no namespace") {
  CHECK(shape("engine/state/a.h", "#pragma once\nnamespace wavetank::state {}\n").empty());
  CHECK(shape("engine/schedule/plugins/a.cpp", "namespace wavetank::schedule {}\n").empty());
  CHECK_THAT(shape("engine/state/a.h", "namespace wavetank::state {}\n"), Contains("#pragma once"));
  CHECK_THAT(shape("engine/state/a.cpp", "namespace wavetank::model {}\n"), Contains("folder = namespace"));
  CHECK_THAT(shape("engine/state/a.h", "#pragma once\nusing namespace std;\nnamespace wavetank::state {}\n"),
             Contains("using namespace"));
}

TEST_CASE("room: every file has a room, every room its two files") {
  Findings findings;
  check_rooms({"engine/state/a.cpp", "engine/state/CMakeLists.txt", "engine/state/README.md", "tests/CMakeLists.txt",
               "tests/tidy/CMakeLists.txt", "tests/tidy/a.cpp", "tests/support/main.cpp"},
              findings);
  CHECK(findings.empty());

  const auto count = [](const std::set<std::string>& files) {
    Findings out;
    check_rooms(files, out);
    return out.size();
  };
  CHECK(count({"engine/cellar/a.cpp"}) == 1);
  CHECK(count({"helpers/a.cpp"}) == 1);
  CHECK(count({"tests/CMakeLists.txt", "tests/attic/a_test.cpp"}) == 1);
  CHECK(count({"engine/state/a.cpp"}) == 2);
  CHECK(count({"engine/state/a.cpp", "engine/state/CMakeLists.txt"}) == 1);
}

TEST_CASE("link: a relative link leads somewhere") {
  const auto count = [](std::string_view markdown) {
    Findings out;
    check_links("engine/README.md", markdown, {"LICENSE", "engine/base/README.md"}, out);
    return out.size();
  };
  CHECK(count("[base](base/README.md) [folder](base/) [root](../LICENSE#top) [web](https://example.org)") == 0);
  CHECK(count("[gone](base/GONE.md)") == 1);
}

TEST_CASE("mutant: it finds its line, once, and something that can see it") {
  const std::set<std::string> files = {"engine/control/a.cpp", "scenarios/a.yaml",
                                       "tests/engine/control/CMakeLists.txt"};
  const auto messages = [&](std::string_view text) {
    Findings out;
    const auto text_of = [](const std::string&) { return std::string("if (ready) go();\nif (late) stop();\n"); };
    check_mutants("tests/mutants/a.txt", text, files, text_of, out);
    std::string all;
    for (const Finding& finding : out) all += format_finding(finding) + "\n";
    return all;
  };
  const std::string good =
      "# gates\nmutant goes unready\nfile engine/control/a.cpp\nfrom if (ready)\nto   if (true)\nseen "
      "scenarios/a.yaml\n"
      "seen test engine/control\n";
  CHECK(messages(good).empty());
  CHECK(messages(good + "\n" + good).empty());
  CHECK(messages("mutant never stops\nfile engine/control/a.cpp\nfrom stop();\nto\nseen scenarios/a.yaml").empty());

  CHECK_THAT(messages("\nmutant no lines\n"), Contains("tests/mutants/a.txt:2: [mutant] 'no lines' needs the lines"));
  CHECK_THAT(messages("mutant m\nfile engine/control/a.cpp\nfrom if\nto\nseen scenarios/a.yaml\n"),
             Contains("stands 2 times in engine/control/a.cpp, not once: if"));
  CHECK_THAT(messages("mutant m\nfile engine/control/a.cpp\nfrom gone\nto\nseen scenarios/a.yaml\n"),
             Contains("stands 0"));
  CHECK_THAT(messages("mutant m\nfile engine/b.cpp\nfrom if\nto\nseen scenarios/a.yaml\n"), Contains("no such file"));
  CHECK_THAT(messages("mutant m\nfile engine/control/a.cpp\nfrom stop\nto\nseen scenarios/b.yaml\nseen test x\n"),
             Contains("as: scenarios/b.yaml") && Contains("as: test x"));
  CHECK_THAT(messages("mutnat m\n"), Contains("'mutnat' is none of"));
}

TEST_CASE("long files are told from short ones") {
  CHECK_FALSE(is_long(Source("a.cpp", std::string(600, '\n'))));
  CHECK(is_long(Source("a.cpp", std::string(601, '\n'))));
}

}  // namespace wavetank::tidy
