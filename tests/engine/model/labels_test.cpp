// Label selectors in both forms. Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
#include "engine/model/labels.h"

#include <catch2/catch.hpp>

#include "tests/engine/model/support.h"

using namespace wavetank::model;

TEST_CASE("labels stay sorted and unique") {
  Labels labels;
  set_label(labels, "b", "1");
  set_label(labels, "a", "2");
  set_label(labels, "b", "3");
  CHECK(labels == Labels{{"a", "2"}, {"b", "3"}});
  erase_label(labels, "a");
  erase_label(labels, "missing");
  CHECK(labels == Labels{{"b", "3"}});
  CHECK(find_label(labels, "a") == nullptr);
  CHECK(*find_label(labels, "b") == "3");
}

TEST_CASE("which of three pods a selector matches") {
  const Labels web = {{"app", "web"}, {"size", "10"}, {"tier", "front"}};
  const Labels db = {{"app", "db"}, {"size", "9"}};
  const Labels bare = {};
  struct Row {
    const char* selector;
    bool web, db, bare;
    const char* printed;
  };
  const Row rows[] = {
      {"", true, true, true, "<none>"},
      {"app=web", true, false, false, "app=web"},
      {"app==web", true, false, false, "app=web"},
      {"app!=web", false, true, true, "app notin (web)"},
      {"app in (web,db)", true, true, false, "app in (db,web)"},
      {"app notin (web)", false, true, true, "app notin (web)"},
      {"tier", true, false, false, "tier"},
      {"!tier", false, true, true, "!tier"},
      {"app=web,tier=front", true, false, false, "app=web,tier=front"},
      {"tier=front,app=db", false, false, false, "app=db,tier=front"},
      {"app=web,app=db", false, false, false, "app=web,app in (db)"},
      {"size>9", true, false, false, "size>9"},
      {"size<10", false, true, false, "size<10"},
      {"app>1", false, false, false, "app>1"},
      {" app = web , !x ", true, false, false, "app=web,!x"},
      {"app=", false, false, false, "app="},
  };
  for (const Row& row : rows) {
    INFO("selector: " << row.selector);
    const auto s = parse_selector(row.selector);
    REQUIRE(s);
    CHECK(s->matches(web) == row.web);
    CHECK(s->matches(db) == row.db);
    CHECK(s->matches(bare) == row.bare);
    CHECK(s->text() == row.printed);
  }
}

TEST_CASE("a selector that is none says where it stopped") {
  const std::pair<const char*, const char*> rows[] = {
      {"app=web,", "found the end, expected a label key or '!'"},
      {"app in web", "found 'web', expected '('"},
      {"app in (web", "found the end, expected ',' or ')'"},
      {"app of (web)", "found 'of (web)', expected one of '=', '==', '!=', 'in', 'notin', '<', '>'"},
      {"a=b c", "found 'c', expected ',' or the end"},
      {"!", "found the end, expected a label key"},
      {"a>x", "found the end, expected an integer"},
  };
  for (const auto& [text, message] : rows) {
    const auto s = parse_selector(text);
    REQUIRE_FALSE(s);
    CHECK(s.error()[0].message == "unable to parse selector \"" + std::string(text) + "\": " + message);
  }
}

TEST_CASE("both forms of a manifest's selector, and-ed") {
  const auto object = decode(yaml(R"(
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: r}
spec:
  selector:
    matchLabels: {app: web}
    matchExpressions:
    - {key: tier, operator: In, values: [front, back]}
    - {key: old, operator: DoesNotExist}
)"),
                             "");
  REQUIRE(object);
  const LabelSelector& s = std::get<ReplicaSet>(object->spec).selector;
  CHECK(s.text() == "app=web,!old,tier in (back,front)");
  CHECK(s.matches({{"app", "web"}, {"tier", "back"}}));
  CHECK_FALSE(s.matches({{"app", "web"}, {"old", ""}, {"tier", "back"}}));
  CHECK_FALSE(s.matches({{"app", "web"}}));
}
