#pragma once
// A document as it was written: the tree under YAML and JSON, with the place of every value. Typed objects are read
// from it; what we do not understand stays in it, so that a client reads back what it wrote.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"

namespace wavetank::model {

class Doc {
 public:
  enum class Type : std::uint8_t { Null, Bool, Int, Float, String, Array, Object };
  struct Member;

  Type type = Type::Null;
  std::string text;             ///< Scalars: "true", "-12", "1.5", or the string itself.
  std::vector<Doc> items;       ///< Array elements.
  std::vector<Member> members;  ///< Object members in the order written; keys are unique.
  base::Position position;      ///< Where the value begins; 0 when it was made, not read.

  Doc() = default;
  static Doc string(std::string_view v);
  static Doc integer(std::int64_t v);
  static Doc boolean(bool v);
  static Doc array();
  static Doc object();

  [[nodiscard]] bool is_null() const { return type == Type::Null; }
  [[nodiscard]] bool is_object() const { return type == Type::Object; }
  [[nodiscard]] bool is_array() const { return type == Type::Array; }
  [[nodiscard]] bool is_string() const { return type == Type::String; }

  /// The member, or null pointer. O(members).
  [[nodiscard]] const Doc* find(std::string_view key) const;
  Doc* find(std::string_view key);
  /// Nested members by path: at({"spec", "template"}).
  [[nodiscard]] const Doc* at(std::initializer_list<std::string_view> path) const;
  /// The member, made (null) if missing; turns a null into an object.
  Doc& operator[](std::string_view key);
  /// Removes a member if there.
  void erase(std::string_view key);

  /// Scalar readings with a fallback for missing or other types.
  [[nodiscard]] std::string_view string_or(std::string_view key, std::string_view fallback = "") const;
  [[nodiscard]] std::int64_t int_or(std::string_view key, std::int64_t fallback) const;
  [[nodiscard]] bool bool_or(std::string_view key, bool fallback) const;

  /// Same type and content; positions do not count, the order of members does not either.
  [[nodiscard]] bool same_as(const Doc& other) const;
};

struct Doc::Member {
  std::string key;
  base::Position position;
  Doc value;
};

/// Limits against hostile input; exceeding one is an error that names it.
struct ReadLimits {
  std::size_t bytes = 256U << 20;       ///< Of one input.
  int depth = 100;                      ///< Of nesting.
  std::size_t nodes = 20'000'000;       ///< Values after alias expansion.
  std::size_t alias_nodes = 1'000'000;  ///< Values that came from expanding aliases.
};

/// All documents of a YAML stream (YAML 1.2 core schema as sigs.k8s.io/yaml reads it: yes/no/on/off as YAML 1.1
/// booleans), empty ones left out. Reports every duplicate key and, at the first syntax error, that error. `file` is
/// for messages only.
base::Result<std::vector<Doc>> parse_yaml(std::string_view text, std::string_view file, const ReadLimits& limits = {});
/// One JSON document.
base::Result<Doc> parse_json(std::string_view text, std::string_view file, const ReadLimits& limits = {});
/// YAML or JSON, by the first non-blank character ('{' or '[' → JSON, and if that fails and it is not JSON at all,
/// YAML).
base::Result<std::vector<Doc>> parse_any(std::string_view text, std::string_view file, const ReadLimits& limits = {});

/// Compact JSON; members in the order kept.
std::string to_json(const Doc& doc);
/// JSON with members sorted by key: equal documents give equal text.
std::string to_canonical_json(const Doc& doc);
/// JSON indented by four, keys sorted, as `kubectl -o json` prints it.
std::string to_pretty_json(const Doc& doc);
/// YAML, keys sorted, as `kubectl -o yaml` prints it (ends with a newline).
std::string to_yaml(const Doc& doc);

/// Appends `text` as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);

}  // namespace wavetank::model
