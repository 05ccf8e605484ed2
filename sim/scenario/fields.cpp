#include "sim/scenario/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/base/quantity.h"

namespace wavetank::scenario {
namespace {

using base::Position;
using model::Doc;

constexpr std::size_t kMostProblems = 100;

bool is_text(const Doc& doc) {
  return doc.type == Doc::Type::String || doc.type == Doc::Type::Int || doc.type == Doc::Type::Float;
}

std::optional<std::int64_t> read_whole(const Doc& doc) {
  if (doc.type != Doc::Type::Int) return std::nullopt;
  std::int64_t value = 0;
  const char* end = doc.text.data() + doc.text.size();
  const auto [stop, error] = std::from_chars(doc.text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

void check_text(const Doc& doc, const Field& field, const std::string& path, Problems& problems) {
  if (doc.type == Doc::Type::Bool) {
    problems.add(doc.position,
                 fmt::format("{}: want text, found {} (put it in quotes if it is meant as text)", path, describe(doc)));
    return;
  }
  if (!is_text(doc)) {
    problems.add(doc.position, fmt::format("{}: want text, found {}", path, describe(doc)));
    return;
  }
  if (doc.text.empty()) {
    problems.add(doc.position, fmt::format("{}: is empty", path));
    return;
  }
  if (field.words.empty()) return;
  if (std::find(field.words.begin(), field.words.end(), doc.text) != field.words.end()) return;
  problems.add(doc.position,
               fmt::format("{}: \"{}\" is not known{}", path, doc.text, suggestion(doc.text, field.words)));
}

void check_whole(const Doc& doc, const Field& field, const std::string& path, Problems& problems) {
  const std::optional<std::int64_t> value = read_whole(doc);
  if (!value.has_value()) {
    problems.add(doc.position, fmt::format("{}: want a whole number, found {}", path, describe(doc)));
  } else if (*value < field.least) {
    problems.add(doc.position, fmt::format("{}: {} is too small, the least is {}", path, *value, field.least));
  } else if (*value > field.most) {
    problems.add(doc.position, fmt::format("{}: {} is too large, the most is {}", path, *value, field.most));
  }
}

void check_span(const Doc& doc, const Field& field, const std::string& path, Problems& problems) {
  if (!is_text(doc)) {
    problems.add(doc.position, fmt::format("{}: want a duration such as 90s, found {}", path, describe(doc)));
    return;
  }
  const base::Result<base::Duration> value = base::parse_duration(doc.text);
  if (!value.has_value()) {
    problems.add(doc.position, fmt::format("{}: {}", path, value.error().front().message));
  } else if (value->ns < 0) {
    problems.add(doc.position, fmt::format("{}: {} is negative", path, doc.text));
  } else if (value->ns < field.least) {
    problems.add(doc.position, fmt::format("{}: {} is too short, the least is {}", path, doc.text,
                                           base::format_duration({field.least})));
  }
}

void check_amount(const Doc& doc, const std::string& path, Problems& problems) {
  if (!is_text(doc)) {
    problems.add(doc.position, fmt::format("{}: want a quantity such as 500m or 2Gi, found {}", path, describe(doc)));
    return;
  }
  const base::Result<base::Quantity> value = base::Quantity::parse(doc.text);
  if (!value.has_value()) {
    problems.add(doc.position, fmt::format("{}: \"{}\" is not a quantity (such as 500m or 2Gi)", path, doc.text));
  } else if (value->is_negative()) {
    problems.add(doc.position, fmt::format("{}: {} is negative", path, doc.text));
  }
}

void check_map(const Doc& doc, bool amounts, const std::string& path, Problems& problems) {
  if (!doc.is_object()) {
    problems.add(doc.position, fmt::format("{}: want a mapping of names to values, found {}", path, describe(doc)));
    return;
  }
  for (const Doc::Member& member : doc.members) {
    const std::string where = fmt::format("{}.{}", path, member.key);
    if (amounts) {
      check_amount(member.value, where, problems);
    } else if (!is_text(member.value)) {
      problems.add(member.value.position,
                   fmt::format("{}: want text, found {}{}", where, describe(member.value),
                               member.value.type == Doc::Type::Bool ? " (put it in quotes)" : ""));
    }
  }
}

void check_value(Doc& doc, const Field& field, const std::string& path, Problems& problems) {
  switch (field.type) {
    case Type::Text:
      return check_text(doc, field, path, problems);
    case Type::Whole:
      return check_whole(doc, field, path, problems);
    case Type::Flag:
      if (doc.type != Doc::Type::Bool) {
        problems.add(doc.position, fmt::format("{}: want true or false, found {}", path, describe(doc)));
      }
      return;
    case Type::Span:
      return check_span(doc, field, path, problems);
    case Type::Share:
      if (!is_text(doc) || !parse_share(doc.text).has_value()) {
        problems.add(doc.position, fmt::format("{}: want a share such as 5% or 0.05, found {}", path, describe(doc)));
      }
      return;
    case Type::Amount:
      return check_amount(doc, path, problems);
    case Type::Texts:
      if (!doc.is_array()) return check_text(doc, field, path, problems);
      for (std::size_t i = 0; i < doc.items.size(); ++i) {
        check_text(doc.items[i], field, fmt::format("{}[{}]", path, i), problems);
      }
      return;
    case Type::Map:
      return check_map(doc, false, path, problems);
    case Type::Amounts:
      return check_map(doc, true, path, problems);
    case Type::Object:
      return check(doc, *field.shape, path, problems);
    case Type::Objects:
      if (!doc.is_array()) {
        problems.add(doc.position, fmt::format("{}: want a list, found {}", path, describe(doc)));
        return;
      }
      for (std::size_t i = 0; i < doc.items.size(); ++i) {
        check(doc.items[i], *field.shape, fmt::format("{}[{}]", path, i), problems);
      }
      return;
    case Type::Tree:
      return;
  }
}

void write_out_shorthand(Doc& doc, const Shape& shape) {
  if (shape.shorthand.empty() || doc.is_object() || doc.is_null()) return;
  Doc full = Doc::object();
  full.position = doc.position;
  const Position at = doc.position;
  full.members.push_back({std::string(shape.shorthand), at, std::move(doc)});
  doc = std::move(full);
}

}  // namespace

const Field* Shape::find(std::string_view field) const {
  for (const Field& f : fields) {
    if (f.name == field) return &f;
  }
  return nullptr;
}

std::vector<std::string_view> Shape::names() const {
  std::vector<std::string_view> out;
  for (const Field& f : fields) out.push_back(f.name);
  return out;
}

void Problems::add(Position at, std::string message) {
  base::Diagnostic d{file_, at, std::move(message)};
  if (at.line < 0) {
    const auto index = static_cast<std::size_t>(-at.line - 1);
    d.file = index < overrides_.size() ? "--set " + overrides_[index] : "--set";
    d.position = {};
  }
  all_.push_back(std::move(d));
}

void Problems::add_all(base::Diagnostics others) {
  for (base::Diagnostic& d : others) {
    if (d.file.empty()) d.file = file_;
    all_.push_back(std::move(d));
  }
}

base::Diagnostics Problems::take() {
  const auto first_of_file = [this](const base::Diagnostic& d) { return d.file != file_; };
  std::stable_sort(all_.begin(), all_.end(), [&](const base::Diagnostic& a, const base::Diagnostic& b) {
    const bool other_a = first_of_file(a);
    const bool other_b = first_of_file(b);
    if (other_a != other_b) return other_b;
    if (other_a) return false;
    if (a.position.line != b.position.line) return a.position.line < b.position.line;
    return a.position.column < b.position.column;
  });
  if (all_.size() > kMostProblems) {
    const std::size_t more = all_.size() - kMostProblems;
    all_.resize(kMostProblems);
    all_.push_back({file_, {}, fmt::format("and {} more", more)});
  }
  return std::move(all_);
}

std::string suggestion(std::string_view word, const std::vector<std::string_view>& candidates) {
  const std::string_view near = base::nearest_word(word, candidates);
  if (!near.empty()) return fmt::format("; did you mean \"{}\"?", near);
  if (candidates.empty() || candidates.size() > 24) return "";
  return fmt::format("; known are {}", fmt::join(candidates, ", "));
}

std::string describe(const Doc& doc) {
  switch (doc.type) {
    case Doc::Type::Null:
      return "nothing";
    case Doc::Type::Bool:
      return "the boolean " + doc.text;
    case Doc::Type::Int:
    case Doc::Type::Float:
      return "the number " + doc.text;
    case Doc::Type::String:
      return doc.text.size() > 40 ? "\"" + doc.text.substr(0, 40) + "...\"" : "\"" + doc.text + "\"";
    case Doc::Type::Array:
      return "a list";
    case Doc::Type::Object:
      return "a mapping";
  }
  return "";
}

void check(Doc& doc, const Shape& shape, const std::string& path, Problems& problems) {
  write_out_shorthand(doc, shape);
  const std::string at = path.empty() ? "the scenario" : path;
  if (!doc.is_object()) {
    problems.add(doc.position, fmt::format("{}: want a mapping with {}, found {}", at, fmt::join(shape.names(), ", "),
                                           describe(doc)));
    return;
  }
  for (Doc::Member& member : doc.members) {
    const Field* field = shape.find(member.key);
    if (field == nullptr) {
      problems.add(member.position,
                   fmt::format("unknown field \"{}\" in {}{}", member.key, at, suggestion(member.key, shape.names())));
      continue;
    }
    const std::string where = path.empty() ? member.key : fmt::format("{}.{}", path, member.key);
    if (member.value.is_null()) {
      if (field->type != Type::Tree && field->required) {
        problems.add(member.position, fmt::format("{}: has no value", where));
      }
      continue;
    }
    check_value(member.value, *field, where, problems);
  }
  for (const Field& field : shape.fields) {
    if (field.required && doc.find(field.name) == nullptr) {
      problems.add(doc.position, fmt::format("{}: the field \"{}\" is missing ({})", at, field.name, field.help));
    }
  }
}

std::string text(const Doc& doc, std::string_view field, std::string_view fallback) {
  const Doc* value = doc.find(field);
  return value != nullptr && is_text(*value) ? value->text : std::string(fallback);
}

std::int64_t whole(const Doc& doc, std::string_view field, std::int64_t fallback) {
  const Doc* value = doc.find(field);
  return value == nullptr ? fallback : read_whole(*value).value_or(fallback);
}

bool flag(const Doc& doc, std::string_view field, bool fallback) {
  const Doc* value = doc.find(field);
  return value != nullptr && value->type == Doc::Type::Bool ? value->text == "true" : fallback;
}

std::optional<base::Duration> span(const Doc& doc, std::string_view field) {
  const Doc* value = doc.find(field);
  if (value == nullptr || !is_text(*value)) return std::nullopt;
  const base::Result<base::Duration> read = base::parse_duration(value->text);
  if (!read.has_value() || read->ns < 0) return std::nullopt;
  return *read;
}

std::optional<std::int64_t> share(const Doc& doc, std::string_view field) {
  const Doc* value = doc.find(field);
  if (value == nullptr || !is_text(*value)) return std::nullopt;
  return parse_share(value->text);
}

std::optional<std::int64_t> amount(const Doc& doc, std::string_view field, bool milli) {
  const Doc* value = doc.find(field);
  if (value == nullptr || !is_text(*value)) return std::nullopt;
  const base::Result<base::Quantity> read = base::Quantity::parse(value->text);
  if (!read.has_value() || read->is_negative()) return std::nullopt;
  return milli ? read->milli_value() : read->value();
}

std::vector<std::string> texts(const Doc& doc, std::string_view field) {
  std::vector<std::string> out;
  const Doc* value = doc.find(field);
  if (value == nullptr) return out;
  if (is_text(*value)) out.push_back(value->text);
  for (const Doc& item : value->items) {
    if (is_text(item)) out.push_back(item.text);
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> pairs(const Doc& doc, std::string_view field) {
  std::vector<std::pair<std::string, std::string>> out;
  const Doc* value = doc.find(field);
  if (value == nullptr) return out;
  for (const Doc::Member& member : value->members) {
    if (is_text(member.value)) out.emplace_back(member.key, member.value.text);
  }
  return out;
}

Position place(const Doc& doc, std::string_view field) {
  const Doc* value = doc.find(field);
  return value != nullptr && value->position.line != 0 ? value->position : doc.position;
}

std::optional<std::int64_t> parse_share(std::string_view text) {
  constexpr std::int64_t kWhole = 1'000'000;
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  const base::Result<base::Quantity> value = base::Quantity::parse(text);
  if (!value.has_value() || value->is_negative() || text.empty()) return std::nullopt;
  const char last = text.back();
  if (last != '.' && (last < '0' || last > '9')) return std::nullopt;  // no suffixes: 5m is not a share
  const std::int64_t milli = value->milli_value();
  const std::int64_t part = percent ? milli * (kWhole / 100'000) : milli * (kWhole / 1'000);
  if (milli > 1'000'000 || part > kWhole) return std::nullopt;
  return part;
}

}  // namespace wavetank::scenario
