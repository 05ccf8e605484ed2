#include <algorithm>

#include <fmt/format.h>

#include "engine/model/validate.h"

namespace wavetank::model {

Place::Place(const Place& parent, std::string path, const Doc* doc, base::Position position)
    : doc_(doc == nullptr || doc->is_null() ? nullptr : doc),
      path_(std::move(path)),
      position_(position),
      file_(parent.file_),
      out_(parent.out_) {
  if (position_ == base::Position{}) position_ = parent.position_;  // made, not read: point to what holds it
}

Place Place::operator[](std::string_view key) const {
  std::string path = path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
  if (doc_ != nullptr) {
    for (const Doc::Member& m : doc_->members) {
      if (m.key == key) {
        const bool scalar = !m.value.is_object() && !m.value.is_array();
        return {*this, std::move(path), &m.value, scalar && m.value.position.line != 0 ? m.value.position : m.position};
      }
    }
  }
  return {*this, std::move(path), nullptr, position_};
}

Place Place::entry(const Doc::Member& m) const {
  return {*this, fmt::format("{}[{}]", path_, m.key), &m.value, m.position.line != 0 ? m.position : m.value.position};
}

Place Place::renamed(std::string path) const { return {*this, std::move(path), doc_, position_}; }

std::vector<Place> Place::items() const {
  std::vector<Place> out;
  if (doc_ == nullptr) return out;
  out.reserve(doc_->items.size());
  for (std::size_t i = 0; i < doc_->items.size(); ++i) {
    out.push_back({*this, fmt::format("{}[{}]", path_, i), &doc_->items[i], doc_->items[i].position});
  }
  return out;
}

const std::vector<Doc::Member>& Place::members() const {
  static const std::vector<Doc::Member> none;
  return doc_ == nullptr ? none : doc_->members;
}

const std::string& Place::text() const {
  static const std::string none;
  return doc_ == nullptr ? none : doc_->text;
}

std::int64_t Place::number() const {
  std::int64_t n = 0;
  if (doc_ != nullptr && doc_->type == Doc::Type::Int)
    std::from_chars(doc_->text.data(), doc_->text.data() + doc_->text.size(), n);
  return n;
}

void Place::complain(std::string_view kind, std::string_view shown_value, std::string_view detail) const {
  std::string message = fmt::format("{}: {}", path_, kind);
  if (!shown_value.empty()) message.append(": ").append(shown_value);
  if (!detail.empty()) message.append(": ").append(detail);
  out_->push_back({std::string(file_), position_, std::move(message)});
}

void Place::say(std::string_view text) const { complain(text, "", ""); }
void Place::bare(std::string_view text) const { out_->push_back({std::string(file_), position_, std::string(text)}); }
void Place::required(std::string_view detail) const { complain("Required value", "", detail); }
void Place::invalid(std::string_view detail) const {
  complain("Invalid value", doc_ == nullptr ? "\"\"" : shown(*doc_), detail);
}
void Place::invalid_value(std::string_view value, std::string_view detail) const {
  complain("Invalid value", value, detail);
}
void Place::forbidden(std::string_view detail) const { complain("Forbidden", "", detail); }
void Place::duplicate() const { complain("Duplicate value", doc_ == nullptr ? "\"\"" : shown(*doc_), ""); }
void Place::duplicate_value(std::string_view value, std::string_view detail) const {
  complain("Duplicate value", value, detail);
}
void Place::not_found() const { complain("Not found", shown(*doc_), ""); }
void Place::not_found_value(std::string_view value, std::string_view detail) const {
  complain("Not found", value, detail);
}
void Place::too_long(std::string_view detail) const { complain("Too long", "", detail); }
void Place::too_many(std::size_t count, std::size_t most) const {
  complain("Too many", std::to_string(count), fmt::format("must have at most {} items", most));
}

void Place::unsupported(const std::vector<std::string_view>& allowed) const {
  unsupported_value(doc_ == nullptr ? "\"\"" : shown(*doc_), allowed);
}
void Place::unsupported_value(std::string_view value, const std::vector<std::string_view>& allowed) const {
  std::string list;
  for (const std::string_view word : allowed) list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", word);
  complain("Unsupported value", value, "supported values: " + list);
}

void Place::each_invalid(const Messages& messages) const {
  for (const std::string& m : messages) invalid(m);
}

bool Place::one_of(const std::vector<std::string_view>& allowed) const {
  if (doc_ == nullptr || std::find(allowed.begin(), allowed.end(), doc_->text) != allowed.end()) return true;
  unsupported(allowed);
  return false;
}

void Place::not_negative() const {
  if (number() < 0) invalid(kNotNegative);
}

void Place::in_range(std::int64_t low, std::int64_t high) const {
  if (doc_ != nullptr && (number() < low || number() > high))
    invalid(fmt::format("must be between {} and {}, inclusive", low, high));
}

std::string shown(const Doc& doc) {
  if (doc.is_object() || doc.is_array()) return to_canonical_json(doc);
  if (doc.is_null()) return "null";
  std::string out;
  if (doc.is_string()) {
    append_json_string(out, doc.text);
  } else {
    out = doc.text;
  }
  return out;
}

}  // namespace wavetank::model
