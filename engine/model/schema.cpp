#include "engine/model/schema.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "engine/model/schema_table.h"

namespace wavetank::model {
namespace {

enum class Base : std::uint8_t { String, Bool, Int32, Int64, Quantity, IntOrString, Number, Time, Any, Struct };
enum class Wrap : std::uint8_t { None, List, Map };

struct FieldType {
  std::string_view name;
  Base base = Base::String;
  Wrap wrap = Wrap::None;
  int structure = -1;  // index, for Base::Struct
};
struct Structure {
  std::string_view name;
  std::vector<FieldType> fields;  // sorted by name
};

/// The table in memory, read from its text once.
class Schema {
 public:
  Schema() {
    std::string_view text = kSchemaText;
    while (!text.empty()) {
      const std::string_view line = take(text, '\n');
      const std::size_t colon = line.find(": ");
      if (colon != std::string_view::npos) structures_.push_back({line.substr(0, colon), {}});
    }
    text = kSchemaText;
    while (!text.empty()) {
      std::string_view line = take(text, '\n');
      const std::size_t colon = line.find(": ");
      if (colon == std::string_view::npos) continue;
      Structure& s = structures_[static_cast<std::size_t>(index_of(line.substr(0, colon)))];
      line.remove_prefix(colon + 2);
      while (!line.empty()) {
        const std::string_view word = take(line, ' ');
        if (!word.empty()) s.fields.push_back(field(word));
      }
      std::sort(s.fields.begin(), s.fields.end(),
                [](const FieldType& a, const FieldType& b) { return a.name < b.name; });
    }
  }

  [[nodiscard]] int index_of(std::string_view name) const {
    for (std::size_t i = 0; i < structures_.size(); ++i) {
      if (structures_[i].name == name) return static_cast<int>(i);
    }
    return -1;
  }
  [[nodiscard]] const Structure& structure(int index) const { return structures_[static_cast<std::size_t>(index)]; }

 private:
  static std::string_view take(std::string_view& text, char separator) {
    const std::size_t end = text.find(separator);
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return part;
  }

  [[nodiscard]] FieldType field(std::string_view word) const {
    FieldType f;
    const std::size_t colon = word.find(':');
    f.name = word.substr(0, colon);
    if (colon == std::string_view::npos) return f;
    std::string_view type = word.substr(colon + 1);
    if (type.substr(0, 2) == "[]" || type.substr(0, 2) == "{}") {
      f.wrap = type[0] == '[' ? Wrap::List : Wrap::Map;
      type.remove_prefix(2);
    }
    constexpr std::pair<std::string_view, Base> kBases[] = {
        {"s", Base::String},      {"b", Base::Bool},   {"i", Base::Int32}, {"l", Base::Int64}, {"q", Base::Quantity},
        {"x", Base::IntOrString}, {"n", Base::Number}, {"t", Base::Time},  {"any", Base::Any}};
    for (const auto& [name, base] : kBases) {
      if (type == name) {
        f.base = base;
        return f;
      }
    }
    f.base = Base::Struct;
    f.structure = index_of(type);
    if (f.structure < 0) f.base = Base::Any;
    return f;
  }

  std::vector<Structure> structures_;
};

const Schema& schema() {
  static const Schema instance;
  return instance;
}

/// Where we are, as a chain on the stack: written out only for a message.
struct Path {
  const Path* parent = nullptr;
  std::string_view key;
  int index = -1;
  bool whole = false;  // key is a path already

  [[nodiscard]] std::string text() const {
    std::string out = parent == nullptr ? "" : parent->text();
    if (whole) return std::string(key);
    if (index >= 0) return out + "[" + std::to_string(index) + "]";
    if (key.find_first_of("./") != std::string_view::npos) return out + "[" + std::string(key) + "]";
    return out.append(out.empty() ? "" : ".").append(key);
  }
};

const char* what_is(const Doc& doc) {
  switch (doc.type) {
    case Doc::Type::Null:
      return "null";
    case Doc::Type::Bool:
      return "a boolean";
    case Doc::Type::Int:
    case Doc::Type::Float:
      return "a number";
    case Doc::Type::String:
      return "a string";
    case Doc::Type::Array:
      return "a list";
    case Doc::Type::Object:
      return "a map";
  }
  return "";
}

std::string shown(const Doc& doc) {
  if (doc.is_string()) return "\"" + doc.text.substr(0, 60) + "\"";
  if (doc.is_object() || doc.is_array()) return doc.is_object() ? "{…}" : "[…]";
  return doc.text;
}

/// RFC 3339, as Go's time.RFC3339 reads it.
bool is_time(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  const auto fits = [](std::string_view part, std::string_view shape) {
    for (std::size_t i = 0; i < shape.size(); ++i)
      if (i >= part.size() || (shape[i] == '0' ? part[i] < '0' || part[i] > '9' : part[i] != shape[i])) return false;
    return true;
  };
  const auto number = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  if (!fits(text, kShape)) return false;
  const int month = number(5), day = number(8), year = number(0) * 100 + number(2);
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12 || day < 1 || day > kDays[month - 1] + (month == 2 && leap ? 1 : 0)) return false;
  if (number(11) > 23 || number(14) > 59 || number(17) > 59) return false;
  std::string_view rest = text.substr(kShape.size());
  if (rest.starts_with('.')) {
    const std::size_t end = rest.find_first_not_of("0123456789", 1);
    if (end == 1 || end == std::string_view::npos) return false;
    rest.remove_prefix(end);
  }
  return rest == "Z" || (rest.size() == 6 && (rest[0] == '+' || rest[0] == '-') && fits(rest.substr(1), "00:00"));
}

class Checker {
 public:
  Checker(std::string_view file, base::Diagnostics& errors, std::vector<std::string>* unknown, bool strict = false)
      : file_(file), errors_(errors), unknown_(unknown), strict_(strict) {}

  void object(const Doc& doc, int index, const Path* path) {
    if (doc.is_null()) return;
    if (!doc.is_object()) return wrong(doc, path == nullptr ? Path{} : *path, "a map");
    structure(doc, index, path);
  }

  void structure(const Doc& doc, int index, const Path* path) {
    const Structure& s = schema().structure(index);
    for (const Doc::Member& m : doc.members) {
      const Path here{path, m.key, -1};
      const auto at = std::lower_bound(s.fields.begin(), s.fields.end(), m.key,
                                       [](const FieldType& f, const std::string& key) { return f.name < key; });
      if (at == s.fields.end() || at->name != m.key) {
        if (unknown_ != nullptr) unknown_->push_back(here.text());
        if (strict_) unknown_field(m, s, here);
        continue;
      }
      field(m.value, *at, here);
    }
  }

 private:
  void unknown_field(const Doc::Member& m, const Structure& s, const Path& path) {
    std::vector<std::string_view> names;
    for (const FieldType& f : s.fields) names.push_back(f.name);
    const std::string_view near = base::nearest_word(m.key, names);
    errors_.push_back({std::string(file_), m.position,
                       fmt::format("{}: unknown field \"{}\"{}", path.text(), m.key,
                                   near.empty() ? fmt::format("; known are {}", fmt::join(names, ", "))
                                                : fmt::format("; did you mean \"{}\"?", near))});
  }

  void wrong(const Doc& doc, const Path& path, std::string_view wanted) {
    std::string hint;
    if (wanted == "a string" &&
        (doc.type == Doc::Type::Bool || doc.type == Doc::Type::Int || doc.type == Doc::Type::Float)) {
      hint = " (put it in quotes)";
    }
    errors_.push_back({std::string(file_), doc.position,
                       fmt::format("{}: Invalid value: {}: must be {}, not {}{}", path.text(), shown(doc), wanted,
                                   what_is(doc), hint)});
  }

  void field(const Doc& doc, const FieldType& type, const Path& path) {
    if (doc.is_null()) return;
    if (type.wrap == Wrap::None) return value(doc, type, path);
    if (type.wrap == Wrap::List) {
      if (!doc.is_array()) return wrong(doc, path, "a list");
      for (std::size_t i = 0; i < doc.items.size(); ++i)
        value(doc.items[i], type, Path{&path, {}, static_cast<int>(i)});
      return;
    }
    if (!doc.is_object()) return wrong(doc, path, "a map");
    for (const Doc::Member& m : doc.members) value(m.value, type, Path{&path, m.key, -1});
  }

  void value(const Doc& doc, const FieldType& type, const Path& path) {
    if (doc.is_null()) return;
    const bool is_number = doc.type == Doc::Type::Int || doc.type == Doc::Type::Float;
    switch (type.base) {
      case Base::Any:
        return;
      case Base::Struct:
        if (!doc.is_object()) return wrong(doc, path, "a map");
        return structure(doc, type.structure, &path);
      case Base::String:
        if (!doc.is_string()) wrong(doc, path, "a string");
        return;
      case Base::Bool:
        if (doc.type != Doc::Type::Bool) wrong(doc, path, "true or false");
        return;
      case Base::Int32:
        return integer<std::int32_t>(doc, path, "an integer (int32)");
      case Base::Int64:
        return integer<std::int64_t>(doc, path, "an integer (int64)");
      case Base::IntOrString:
        if (!doc.is_string()) integer<std::int32_t>(doc, path, "an integer or a string");
        return;
      case Base::Number:
        if (!is_number) wrong(doc, path, "a number");
        return;
      case Base::Time:
        if (!doc.is_string()) return wrong(doc, path, "a time such as 2006-01-02T15:04:05Z");
        if (!is_time(doc.text))
          errors_.push_back({std::string(file_), doc.position,
                             fmt::format("{}: Invalid value: {}: must be a time such as 2006-01-02T15:04:05Z",
                                         path.text(), shown(doc))});
        return;
      case Base::Quantity:
        if (!doc.is_string() && !is_number) return wrong(doc, path, "a quantity such as 500m or 1Gi");
        if (auto q = base::Quantity::parse(doc.text); !q) {
          errors_.push_back({std::string(file_), doc.position,
                             fmt::format("{}: Invalid value: {}: {}", path.text(), shown(doc), q.error()[0].message)});
        }
        return;
    }
  }

  template <class T>
  void integer(const Doc& doc, const Path& path, std::string_view wanted) {
    T number{};
    const char* end = doc.text.data() + doc.text.size();
    if (doc.type == Doc::Type::Int && std::from_chars(doc.text.data(), end, number).ec == std::errc()) return;
    if (doc.type != Doc::Type::Int && doc.type != Doc::Type::Float) return wrong(doc, path, wanted);
    errors_.push_back({std::string(file_), doc.position,
                       fmt::format("{}: Invalid value: {}: must be {} between {} and {}", path.text(), doc.text, wanted,
                                   std::numeric_limits<T>::min(), std::numeric_limits<T>::max())});
  }

  std::string_view file_;
  base::Diagnostics& errors_;
  std::vector<std::string>* unknown_;
  bool strict_;
};

}  // namespace

void check_fields(const Doc& doc, Kind kind, std::string_view file, base::Diagnostics& errors,
                  std::vector<std::string>* unknown) {
  const int index = schema().index_of(kind == Kind::Other ? "Other" : kind_info(kind).name);
  Checker(file, errors, kind == Kind::Other ? nullptr : unknown).structure(doc, index, nullptr);
}

bool check_structure(const Doc& doc, std::string_view structure, std::string_view path, std::string_view file,
                     base::Diagnostics& errors) {
  const int index = schema().index_of(structure);
  if (index < 0) return false;
  Checker checker(file, errors, nullptr, true);
  const Path root{nullptr, path, -1, true};
  checker.object(doc, index, path.empty() ? nullptr : &root);
  return true;
}

}  // namespace wavetank::model
