#pragma once
// The tables that say which fields a scenario may have. The reader checks a document against them, the JSON Schema in
// scenarios/ is printed from them, and messages name the nearest field they hold: one list for all three.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/time.h"
#include "engine/model/doc.h"

namespace wavetank::scenario {

/// What a field holds.
enum class Type : std::uint8_t {
  Text,     ///< A string; a number is taken as written.
  Whole,    ///< A whole number within Field::least and Field::most.
  Flag,     ///< true or false.
  Span,     ///< A duration, not negative: "90s".
  Share,    ///< A part of a whole: "5%" or a number between 0 and 1, kept in millionths.
  Amount,   ///< A Kubernetes quantity, not negative: "4", "16Gi".
  Texts,    ///< One string or a list of them.
  Map,      ///< String to string, as labels are.
  Amounts,  ///< String to quantity, as capacity is.
  Object,   ///< Field::shape.
  Objects,  ///< A list of Field::shape.
  Tree,     ///< Anything: looked at by its reader.
};

struct Shape;

struct Field {
  std::string_view name;
  Type type = Type::Text;
  std::string_view help;  ///< One line, also the schema's description.
  bool required = false;
  const Shape* shape = nullptr;
  std::int64_t least = 0;
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
  std::vector<std::string_view> words{};  ///< Text: the values allowed; empty: any.
};

/// The fields of one object.
struct Shape {
  std::string name;
  std::vector<Field> fields;
  std::string_view
      shorthand;  ///< The field that a bare value stands for: `drain: n1` is `drain: {node: n1}`. Empty: none.

  [[nodiscard]] const Field* find(std::string_view field) const;
  [[nodiscard]] std::vector<std::string_view> names() const;
};

/// Gathers all that is wrong with one file.
class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}
  /// A value that came from `--set` has a negative line: its index in `overrides`, counted from −1 down.
  void name_overrides(std::vector<std::string> overrides) { overrides_ = std::move(overrides); }

  void add(base::Position at, std::string message);
  void add_all(base::Diagnostics others);
  [[nodiscard]] bool empty() const { return all_.empty(); }
  [[nodiscard]] std::size_t count() const { return all_.size(); }
  [[nodiscard]] const std::string& file() const { return file_; }
  /// By place, at most 100 of them.
  [[nodiscard]] base::Diagnostics take();

 private:
  std::string file_;
  std::vector<std::string> overrides_;
  base::Diagnostics all_;
};

/// "; did you mean \"count\"?" or, when nothing is near, "; allowed are …" (a short list) or nothing.
std::string suggestion(std::string_view word, const std::vector<std::string_view>& candidates);

/// Checks `doc` against `shape`, with all objects below it: unknown fields, missing ones, types, ranges. Writes
/// shorthands out in full. `path` is where the document stands, "timeline[3].drain".
void check(model::Doc& doc, const Shape& shape, const std::string& path, Problems& problems);

/// "a number", "a list": what was read, for messages.
std::string describe(const model::Doc& doc);

// ---- Readings of checked documents: what is missing or was reported as wrong gives the fallback ----

std::string text(const model::Doc& doc, std::string_view field, std::string_view fallback = "");
std::int64_t whole(const model::Doc& doc, std::string_view field, std::int64_t fallback);
bool flag(const model::Doc& doc, std::string_view field, bool fallback);
std::optional<base::Duration> span(const model::Doc& doc, std::string_view field);
/// In millionths.
std::optional<std::int64_t> share(const model::Doc& doc, std::string_view field);
/// Whole units, as Quantity::value(); `milli`: thousandths.
std::optional<std::int64_t> amount(const model::Doc& doc, std::string_view field, bool milli = false);
std::vector<std::string> texts(const model::Doc& doc, std::string_view field);
std::vector<std::pair<std::string, std::string>> pairs(const model::Doc& doc, std::string_view field);
/// Where the field's value stands, or the document where there is none.
base::Position place(const model::Doc& doc, std::string_view field);

/// "5%", "0.05" in millionths; nullopt when it is not between 0 and 1.
std::optional<std::int64_t> parse_share(std::string_view text);

}  // namespace wavetank::scenario
