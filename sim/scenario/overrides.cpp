#include "sim/scenario/overrides.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>

namespace wavetank::scenario {
namespace {

using model::Doc;

void mark(Doc& doc, int line) {
  doc.position = {line, 0};
  for (Doc& item : doc.items) mark(item, line);
  for (Doc::Member& member : doc.members) {
    member.position = {line, 0};
    mark(member.value, line);
  }
}

// A path's part: a key, and after it the indexes in brackets.
struct Part {
  std::string key;
  std::vector<std::size_t> indexes;
};

std::optional<Part> read_part(std::string_view text) {
  Part part;
  std::size_t open = text.find('[');
  part.key = std::string(text.substr(0, open));
  while (open != std::string_view::npos) {
    const std::size_t close = text.find(']', open);
    if (close == std::string_view::npos) return std::nullopt;
    std::size_t index = 0;
    const char* end = text.data() + close;
    const auto [stop, error] = std::from_chars(text.data() + open + 1, end, index);
    if (error != std::errc() || stop != end) return std::nullopt;
    part.indexes.push_back(index);
    if (close + 1 == text.size()) break;
    if (text[close + 1] != '[') return std::nullopt;
    open = close + 1;
  }
  if (part.key.empty()) return std::nullopt;
  return part;
}

// The end of the first part: a '.' outside of brackets, so that a pattern in brackets may hold dots.
std::size_t part_end(std::string_view path) {
  int open = 0;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '[') ++open;
    if (path[i] == ']') --open;
    if (path[i] == '.' && open <= 0) return i;
  }
  return std::string_view::npos;
}

// The '=' that ends the path: outside of brackets.
std::size_t path_end(std::string_view set) {
  int open = 0;
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (set[i] == '[') ++open;
    if (set[i] == ']') --open;
    if (set[i] == '=' && open <= 0) return i;
  }
  return std::string_view::npos;
}

base::Diagnostic problem(std::string_view set, std::string message) {
  return {fmt::format("--set {}", set), {}, std::move(message)};
}

std::optional<base::Diagnostic> apply(Doc& root, std::string_view set, int line) {
  const std::size_t equals = path_end(set);
  if (equals == std::string_view::npos || equals == 0) {
    return problem(set, "want path=value, such as cluster.nodes[0].count=20");
  }
  base::Result<std::vector<Doc>> values = model::parse_yaml(set.substr(equals + 1), fmt::format("--set {}", set));
  if (!values.has_value()) return values.error().front();
  Doc value;
  if (!values->empty()) value = std::move(values->front());
  std::string_view path = set.substr(0, equals);
  Doc* at = &root;
  std::string walked;
  while (!path.empty()) {
    const std::size_t end = part_end(path);
    const std::string_view text = path.substr(0, end);
    path = end == std::string_view::npos ? std::string_view() : path.substr(end + 1);
    std::optional<Part> part = read_part(text);
    if (!part.has_value()) part = Part{std::string(text), {}};  // a pattern in brackets belongs to the key
    if (part->key.empty()) return problem(set, "the path has an empty part");
    if (!at->is_object() && !at->is_null()) {
      return problem(set, fmt::format("{} is not a mapping, so it has no {}", walked.empty() ? "the scenario" : walked,
                                      part->key));
    }
    walked += (walked.empty() ? "" : ".") + part->key;
    const bool is_new = at->find(part->key) == nullptr;
    Doc& next = (*at)[part->key];
    if (is_new) at->members.back().position = {line, 0};
    at = &next;
    for (const std::size_t index : part->indexes) {
      if (!at->is_array() || index >= at->items.size()) {
        return problem(set, fmt::format("{} has {}", walked,
                                        at->is_array() ? fmt::format("{} entries, the first is [0]", at->items.size())
                                                       : std::string("no entries: it is not a list")));
      }
      walked += fmt::format("[{}]", index);
      at = &at->items[index];
    }
  }
  mark(value, line);
  *at = std::move(value);
  return std::nullopt;
}

}  // namespace

base::Result<void> apply_overrides(Doc& doc, const std::vector<std::string>& sets) {
  base::Diagnostics problems;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    if (auto failed = apply(doc, sets[i], -1 - static_cast<int>(i))) problems.push_back(std::move(*failed));
  }
  if (!problems.empty()) return base::failure(std::move(problems));
  return {};
}

}  // namespace wavetank::scenario
