#include "engine/model/doc.h"

#include <algorithm>
#include <charconv>

namespace wavetank::model {

Doc Doc::string(std::string_view v) {
  Doc d;
  d.type = Type::String;
  d.text = v;
  return d;
}

Doc Doc::integer(std::int64_t v) {
  Doc d;
  d.type = Type::Int;
  d.text = std::to_string(v);
  return d;
}

Doc Doc::boolean(bool v) {
  Doc d;
  d.type = Type::Bool;
  d.text = v ? "true" : "false";
  return d;
}

Doc Doc::array() {
  Doc d;
  d.type = Type::Array;
  return d;
}

Doc Doc::object() {
  Doc d;
  d.type = Type::Object;
  return d;
}

const Doc* Doc::find(std::string_view key) const {
  for (const Member& m : members) {
    if (m.key == key) return &m.value;
  }
  return nullptr;
}

Doc* Doc::find(std::string_view key) { return const_cast<Doc*>(static_cast<const Doc*>(this)->find(key)); }

const Doc* Doc::at(std::initializer_list<std::string_view> path) const {
  const Doc* d = this;
  for (const std::string_view key : path) {
    d = d->find(key);
    if (d == nullptr) return nullptr;
  }
  return d;
}

Doc& Doc::operator[](std::string_view key) {
  if (Doc* found = find(key)) return *found;
  if (type == Type::Null) type = Type::Object;
  members.push_back({std::string(key), {}, Doc()});
  return members.back().value;
}

void Doc::erase(std::string_view key) {
  members.erase(std::remove_if(members.begin(), members.end(), [&](const Member& m) { return m.key == key; }),
                members.end());
}

std::string_view Doc::string_or(std::string_view key, std::string_view fallback) const {
  const Doc* d = find(key);
  return d != nullptr && d->type == Type::String ? std::string_view(d->text) : fallback;
}

std::int64_t Doc::int_or(std::string_view key, std::int64_t fallback) const {
  const Doc* d = find(key);
  if (d == nullptr || d->type != Type::Int) return fallback;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(d->text.data(), d->text.data() + d->text.size(), value);
  return error == std::errc() ? value : fallback;
}

bool Doc::bool_or(std::string_view key, bool fallback) const {
  const Doc* d = find(key);
  return d != nullptr && d->type == Type::Bool ? d->text == "true" : fallback;
}

bool Doc::same_as(const Doc& other) const {
  if (type != other.type || text != other.text) return false;
  if (items.size() != other.items.size() || members.size() != other.members.size()) return false;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!items[i].same_as(other.items[i])) return false;
  }
  for (std::size_t i = 0; i < members.size(); ++i) {
    // Most documents keep their order: look in the same place first.
    const Member& mine = members[i];
    const Doc* theirs = other.members[i].key == mine.key ? &other.members[i].value : other.find(mine.key);
    if (theirs == nullptr || !mine.value.same_as(*theirs)) return false;
  }
  return true;
}

}  // namespace wavetank::model
