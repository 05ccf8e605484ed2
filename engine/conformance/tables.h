#pragma once
// Tables of golden rows: for each a function that computes what our controllers say to a row.

#include "engine/conformance/controllers.h"

namespace wavetank::conformance {

/// Compares the values of one row; inside the room only.
class RowRecord {
 public:
  void compare(std::string_view key, const model::Doc* expected, const model::Doc& got);
  void compare(std::string_view key, const model::Doc* expected, std::int64_t got);
  void compare(std::string_view key, const model::Doc* expected, bool got);
  void compare(std::string_view key, const model::Doc* expected, std::string_view got);
  /// 1.34 does otherwise than the table: `rule` says since when and what.
  void changed(std::string_view rule);
  /// The row cannot be read.
  void unreadable(std::string message) { problem_ = std::move(message); }

  struct Item {
    std::string key, expected, got;
  };
  std::vector<Item> differences;
  std::vector<std::string> changes;
  std::size_t compared = 0;
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  std::string problem_;
};

/// A table's name and what plays one of its rows. `row` is an object or an array, as the table has it.
struct TableRunner {
  const char* table;
  void (*row)(const model::Doc& row, RowRecord& record);
};

base::Result<ControllerOutcome> run_table(const ControllerCase& test_case);

// Readings of cells: 0, "" and the like for what is missing or null.
std::int64_t cell_int(const model::Doc* d);
bool cell_bool(const model::Doc* d);
std::string_view cell_text(const model::Doc* d);

}  // namespace wavetank::conformance
