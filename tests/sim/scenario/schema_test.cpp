// The JSON Schema for editors is what the reader's tables say.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "sim/scenario/scenario.h"
#include "sim/scenario/shapes.h"

using namespace wavetank;

TEST_CASE("scenarios/scenario.schema.json is printed from the field tables") {
  const std::string path = "scenarios/scenario.schema.json";
  const std::string wanted = scenario::scenario_schema() + "\n";
  if (std::getenv("WAVETANK_UPDATE_SCHEMA") != nullptr) std::ofstream(path) << wanted;
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  INFO("run again with WAVETANK_UPDATE_SCHEMA=1 to write it");
  CHECK(text.str() == wanted);
  CHECK(model::parse_json(wanted, path).has_value());
}

TEST_CASE("every field has a name of its own and a help text that ends a sentence") {
  std::vector<const scenario::Shape*> open = {&scenario::scenario_shape()};
  while (!open.empty()) {
    const scenario::Shape& shape = *open.back();
    open.pop_back();
    CAPTURE(shape.name);
    for (const scenario::Field& field : shape.fields) {
      CAPTURE(field.name);
      CHECK(shape.find(field.name) == &field);
      CHECK(!field.help.empty());
      const bool nests = field.type == scenario::Type::Object || field.type == scenario::Type::Objects;
      CHECK(nests == (field.shape != nullptr));
      if (nests) open.push_back(field.shape);
    }
    if (!shape.shorthand.empty()) CHECK(shape.find(shape.shorthand) != nullptr);
  }
}
