#pragma once
// What a driver writes down: each field compared, attempt by attempt. Inside the room only.

#include <string>
#include <string_view>

#include "engine/conformance/conformance.h"

namespace wavetank::conformance {

class Record {
 public:
  explicit Record(std::string case_name) : case_name_(std::move(case_name)) {}

  /// An attempt or a step begins; what is compared until the next is about it.
  void begin(std::string subject);
  /// Equal texts match. Both empty: the field is not there and does not count.
  void compare(std::string_view field, std::string_view expected, std::string_view got);
  void compare(std::string_view field, std::int64_t expected, std::int64_t got);
  void compare(std::string_view field, bool expected, bool got);
  void tell(schedule::Explanation explanation, std::string_view golden_choice) {
    outcome_.told.push_back({subject_, std::move(explanation), std::string(golden_choice)});
  }
  void leave_out() { ++outcome_.left_out; }
  /// Something of the case as a whole, counted as a field but as no decision.
  void compare_whole(std::string_view field, std::string_view expected, std::string_view got);
  [[nodiscard]] Outcome take();

 private:
  void end();
  void note(std::string_view field, std::string_view expected, std::string_view got);

  std::string case_name_, subject_;
  bool open_ = false;
  std::size_t before_ = 0;  // differences when the attempt began
  Outcome outcome_;
};

/// The count of `field`, made in its place if new.
Count& count_of(std::vector<std::pair<std::string, Count>>& fields, std::string_view field);

/// "b a" → "a b": lists that are compared as sets.
std::string joined(std::vector<std::string> words);
/// The same of a list in a document; `drop` is left out.
std::string words(const model::Doc* list, std::string_view drop = "");

}  // namespace wavetank::conformance
