// The JSON Schema of the scenario file, from the field tables.
#include <fmt/format.h>

#include "sim/scenario/scenario.h"
#include "sim/scenario/shapes.h"

namespace wavetank::scenario {
namespace {

using model::Doc;

Doc shape_schema(const Shape& shape);

Doc typed(std::string_view type) {
  Doc out = Doc::object();
  out["type"] = Doc::string(type);
  return out;
}

Doc either(Doc a, Doc b) {
  Doc out = Doc::object();
  Doc& list = out["anyOf"];
  list = Doc::array();
  list.items.push_back(std::move(a));
  list.items.push_back(std::move(b));
  return out;
}

Doc list_of(Doc item) {
  Doc out = typed("array");
  out["items"] = std::move(item);
  return out;
}

Doc pattern(std::string_view expression) {
  Doc out = typed("string");
  out["pattern"] = Doc::string(expression);
  return out;
}

Doc text_schema(const Field& field) {
  if (field.words.empty()) return either(typed("string"), typed("number"));
  Doc out = Doc::object();
  Doc& list = out["enum"];
  list = Doc::array();
  for (const std::string_view word : field.words) list.items.push_back(Doc::string(word));
  return out;
}

Doc map_of(Doc value) {
  Doc out = typed("object");
  out["additionalProperties"] = std::move(value);
  return out;
}

Doc value_schema(const Field& field) {
  const Doc quantity =
      either(typed("number"), pattern(R"(^\+?[0-9]*\.?[0-9]*([numkMGTPE]|[KMGTPE]i|[eE][-+]?[0-9]+)?$)"));
  switch (field.type) {
    case Type::Text:
      return text_schema(field);
    case Type::Whole: {
      Doc out = typed("integer");
      out["minimum"] = Doc::integer(field.least);
      if (field.most != std::numeric_limits<std::int64_t>::max()) out["maximum"] = Doc::integer(field.most);
      return out;
    }
    case Type::Flag:
      return typed("boolean");
    case Type::Span:
      return either(pattern(R"(^([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$)"), pattern("^0$"));
    case Type::Share:
      return either(typed("number"), pattern(R"(^[0-9]+(\.[0-9]+)?%?$)"));
    case Type::Amount:
      return quantity;
    case Type::Texts:
      return either(text_schema(field), list_of(text_schema(field)));
    case Type::Map:
      return map_of(either(typed("string"), typed("number")));
    case Type::Amounts:
      return map_of(quantity);
    case Type::Object:
      return shape_schema(*field.shape);
    case Type::Objects:
      return list_of(shape_schema(*field.shape));
    case Type::Tree:
      break;
  }
  return Doc::object();
}

Doc shape_schema(const Shape& shape) {
  Doc out = typed("object");
  out["additionalProperties"] = Doc::boolean(false);
  Doc& properties = out["properties"];
  properties = Doc::object();
  Doc required = Doc::array();
  for (const Field& field : shape.fields) {
    Doc& property = properties[field.name];
    property = value_schema(field);
    property["description"] = Doc::string(field.help);
    if (field.required) required.items.push_back(Doc::string(field.name));
  }
  if (!required.items.empty()) out["required"] = std::move(required);
  if (shape.shorthand.empty()) return out;
  return either(value_schema(*shape.find(shape.shorthand)), std::move(out));
}

}  // namespace

std::string scenario_schema() {
  Doc out = shape_schema(scenario_shape());
  out["$schema"] = Doc::string("https://json-schema.org/draft/2020-12/schema");
  out["title"] = Doc::string("Wavetank scenario");
  return model::to_pretty_json(out);
}

}  // namespace wavetank::scenario
