// Any bytes as a scenario file, and any text as an expression: an answer or an error, never a crash.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sim/scenario/scenario.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wavetank;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (size > 64 * 1024) return 0;
  scenario::MemoryFiles files;
  files.put("s.yaml", std::string(text));
  const auto loaded = scenario::load_scenario("s.yaml", files);
  if (!loaded.has_value() && loaded.error().empty()) __builtin_trap();  // a refusal says why
  std::vector<scenario::ExpressionProblem> problems;
  const scenario::Expression expression = scenario::parse_expression(text, problems);
  for (const scenario::ExpressionProblem& p : problems) {
    if (p.offset > size || p.message.empty()) __builtin_trap();
  }
  if (problems.empty() && expression.changed_by() == 0) __builtin_trap();  // it reads something
  return 0;
}
