#include "engine/conformance/controllers.h"

#include <fmt/format.h>

#include "engine/conformance/tables.h"
#include "engine/conformance/trace_player.h"

namespace wavetank::conformance {
namespace {

using model::Doc;

constexpr std::size_t kMaxCaseBytes = 32U << 20;
constexpr std::size_t kMaxCases = 100'000;

struct Reader {
  const Doc& doc;
  std::string_view file;
  int line;
  base::Diagnostics problems{};

  void complain(const Doc& at, std::string message) {
    base::Position position = at.position;
    if (line > 0) position.line = line;
    problems.push_back({std::string(file), position, std::move(message)});
  }
  const Doc* want_array(const char* key) {
    const Doc* list = doc.find(key);
    if (list == nullptr || !list->is_array()) {
      complain(list == nullptr ? doc : *list, fmt::format("{}: a list is expected", key));
      return nullptr;
    }
    return list;
  }
  void check_steps() {
    const Doc* steps = want_array("steps");
    if (steps == nullptr) return;
    for (const Doc& step : steps->items) {
      const Doc* action = step.is_object() ? step.find("do") : nullptr;
      if (action == nullptr || !action->is_object() || action->string_or("op").empty())
        complain(step, "a step needs an action: {\"do\": {\"op\": …}}");
      for (const char* key : {"then", "state"}) {
        const Doc* part = step.is_object() ? step.find(key) : nullptr;
        if (part != nullptr && !part->is_object() && !part->is_null())
          complain(*part, fmt::format("{}: an object is expected", key));
      }
    }
  }
};

}  // namespace

base::Result<ControllerCase> read_controller_case(std::string_view text, std::string_view file, int line) {
  ControllerCase out;
  out.file = file;
  out.line = line;
  if (text.size() > kMaxCaseBytes)
    return base::failure(
        {out.file, {line, 0}, fmt::format("{} bytes; at most {} are read", text.size(), kMaxCaseBytes)});
  auto doc = model::parse_json(text, file);
  if (!doc) {
    for (base::Diagnostic& d : doc.error()) {
      if (line > 0) d.position.line = line;
    }
    return tl::unexpected(std::move(doc.error()));
  }
  out.doc = std::move(*doc);
  Reader reader{out.doc, file, line};
  const std::string_view format = out.doc.is_object() ? out.doc.string_or("format") : "";
  if (format == "kcp-trace/1") {
    out.format = ControllerFormat::Trace;
    out.name = out.doc.string_or("name");
    out.area = out.doc.string_or("area");
    if (out.doc.find("timeline") == nullptr || out.doc.find("steps") != nullptr) reader.check_steps();
    if (out.doc.find("timeline") != nullptr) {
      for (const char* key : {"timeline", "actions", "nodes", "manifests"}) reader.want_array(key);
    }
  } else if (format == "kcp-table/1") {
    out.format = ControllerFormat::Table;
    out.name = out.doc.string_or("table");
    out.area = "table " + out.name.substr(0, out.name.find('-'));
    reader.want_array("rows");
  } else {
    reader.complain(out.doc, fmt::format("format \"{}\": kcp-trace/1 and kcp-table/1 are known", format));
  }
  if (reader.problems.empty() && out.name.empty()) reader.complain(out.doc, "a case needs a name");
  if (!reader.problems.empty()) return tl::unexpected(std::move(reader.problems));
  return out;
}

void for_each_controller_case(std::string_view text, std::string_view file,
                              const std::function<void(ControllerCase&&)>& take, base::Diagnostics& problems) {
  const auto one = [&](std::string_view part, int line) {
    auto c = read_controller_case(part, file, line);
    if (c) {
      take(std::move(*c));
    } else {
      problems.insert(problems.end(), c.error().begin(), c.error().end());
    }
  };
  if (!file.ends_with(".jsonl")) return one(text, 0);
  int line = 0;
  std::size_t cases = 0;
  while (!text.empty()) {
    ++line;
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (++cases > kMaxCases) {
      problems.push_back({std::string(file), {line, 0}, fmt::format("at most {} cases are read", kMaxCases)});
      return;
    }
    one(part, line);
  }
}

base::Result<ControllerOutcome> run_controller_case(const ControllerCase& test_case) {
  return test_case.format == ControllerFormat::Table ? run_table(test_case) : play_trace(test_case);
}

}  // namespace wavetank::conformance
