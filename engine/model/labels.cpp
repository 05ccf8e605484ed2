#include "engine/model/labels.h"

#include <algorithm>
#include <charconv>

namespace wavetank::model {
namespace {

auto position_of(const Labels& labels, std::string_view key) {
  return std::lower_bound(labels.begin(), labels.end(), key,
                          [](const auto& entry, std::string_view k) { return entry.first < k; });
}

/// Go's strconv.ParseInt(text, 10, 64).
bool parse_int(std::string_view text, std::int64_t& out) {
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') return false;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

std::string join_sorted(std::vector<std::string> values) {
  std::sort(values.begin(), values.end());
  std::string out;
  for (const std::string& v : values) out.append(out.empty() ? "" : ",").append(v);
  return out;
}

std::string requirement_text(const Requirement& r) {
  switch (r.op) {
    case SelectorOp::In:
      return r.key + " in (" + join_sorted(r.values) + ")";
    case SelectorOp::NotIn:
      return r.key + " notin (" + join_sorted(r.values) + ")";
    case SelectorOp::Exists:
      return r.key;
    case SelectorOp::DoesNotExist:
      return "!" + r.key;
    case SelectorOp::Gt:
      return r.key + ">" + join_sorted(r.values);
    case SelectorOp::Lt:
      return r.key + "<" + join_sorted(r.values);
  }
  return {};
}

/// Reads `kubectl -l` text: words, operators and sets.
class SelectorReader {
 public:
  explicit SelectorReader(std::string_view text) : text_(text) {}

  base::Result<LabelSelector> read() {
    skip_space();
    if (at_ == text_.size()) return LabelSelector{};
    while (true) {
      if (!requirement()) return base::failure(error_);
      skip_space();
      if (at_ == text_.size()) break;
      if (text_[at_] != ',') return base::failure(problem("',' or the end"));
      ++at_;
    }
    return selector_;
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  std::string_view word() {
    skip_space();
    const std::size_t start = at_;
    while (at_ < text_.size() && std::string_view(" \t,()!=<>").find(text_[at_]) == std::string_view::npos) ++at_;
    return text_.substr(start, at_ - start);
  }
  bool take(std::string_view token) {
    skip_space();
    if (text_.substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }
  std::string problem(std::string_view allowed) const {
    std::string found = at_ < text_.size() ? "'" + std::string(text_.substr(at_)) + "'" : "the end";
    return "unable to parse selector \"" + std::string(text_) + "\": found " + found + ", expected " +
           std::string(allowed);
  }
  bool fail(std::string_view allowed) {
    error_ = problem(allowed);
    return false;
  }
  void add(std::string_view key, SelectorOp op, std::vector<std::string> values) {
    selector_.match_expressions.push_back({std::string(key), op, std::move(values)});
  }
  bool set_of(std::vector<std::string>& out) {
    if (!take("(")) return fail("'('");
    do {
      out.emplace_back(word());
    } while (take(","));
    return take(")") || fail("',' or ')'");
  }

  bool requirement() {
    if (take("!")) {
      const std::string_view key = word();
      if (key.empty()) return fail("a label key");
      add(key, SelectorOp::DoesNotExist, {});
      return true;
    }
    const std::string_view key = word();
    if (key.empty()) return fail("a label key or '!'");
    if (take("!=")) {
      add(key, SelectorOp::NotIn, {std::string(word())});
    } else if (take("==") || take("=")) {
      const std::string value(word());
      const std::string* earlier = find_label(selector_.match_labels, key);
      if (earlier != nullptr && *earlier != value) {
        add(key, SelectorOp::In, {value});  // both must hold: matches nothing
      } else {
        set_label(selector_.match_labels, key, value);
      }
    } else if (take(">") || take("<")) {
      const SelectorOp op = text_[at_ - 1] == '>' ? SelectorOp::Gt : SelectorOp::Lt;
      const std::string value(word());
      std::int64_t number = 0;
      if (!parse_int(value, number)) return fail("an integer");
      add(key, op, {value});
    } else {
      return set_requirement(key);
    }
    return true;
  }

  bool set_requirement(std::string_view key) {
    const std::size_t before = at_;
    const std::string_view op = word();
    if (op.empty()) {
      add(key, SelectorOp::Exists, {});
      return true;
    }
    if (op != "in" && op != "notin") {
      at_ = before;
      return fail("one of '=', '==', '!=', 'in', 'notin', '<', '>'");
    }
    std::vector<std::string> values;
    if (!set_of(values)) return false;
    add(key, op == "in" ? SelectorOp::In : SelectorOp::NotIn, std::move(values));
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  LabelSelector selector_;
  std::string error_;
};

}  // namespace

const std::string* find_label(const Labels& labels, std::string_view key) {
  const auto at = position_of(labels, key);
  return at != labels.end() && at->first == key ? &at->second : nullptr;
}

void set_label(Labels& labels, std::string_view key, std::string_view value) {
  const auto at = labels.begin() + (position_of(labels, key) - labels.begin());
  if (at != labels.end() && at->first == key) {
    at->second = value;
  } else {
    labels.emplace(at, key, value);
  }
}

void erase_label(Labels& labels, std::string_view key) {
  const auto at = position_of(labels, key);
  if (at != labels.end() && at->first == key) labels.erase(at);
}

// Source: k8s.io/apimachinery labels.Requirement.Matches.
bool Requirement::matches(const Labels& labels) const {
  const std::string* value = find_label(labels, key);
  switch (op) {
    case SelectorOp::Exists:
      return value != nullptr;
    case SelectorOp::DoesNotExist:
      return value == nullptr;
    case SelectorOp::In:
      return value != nullptr && std::find(values.begin(), values.end(), *value) != values.end();
    case SelectorOp::NotIn:
      return value == nullptr || std::find(values.begin(), values.end(), *value) == values.end();
    case SelectorOp::Gt:
    case SelectorOp::Lt: {
      std::int64_t have = 0;
      std::int64_t bound = 0;
      if (value == nullptr || values.size() != 1 || !parse_int(*value, have) || !parse_int(values[0], bound))
        return false;
      return op == SelectorOp::Gt ? have > bound : have < bound;
    }
  }
  return false;
}

bool LabelSelector::matches(const Labels& labels) const {
  for (const auto& [key, value] : match_labels) {
    const std::string* have = find_label(labels, key);
    if (have == nullptr || *have != value) return false;
  }
  return std::all_of(match_expressions.begin(), match_expressions.end(),
                     [&](const Requirement& r) { return r.matches(labels); });
}

std::string LabelSelector::text() const {
  std::vector<std::pair<std::string, std::string>> parts;  // key, text; sorted by key as Kubernetes does
  for (const auto& [key, value] : match_labels) parts.emplace_back(key, key + "=" + value);
  for (const Requirement& r : match_expressions) parts.emplace_back(r.key, requirement_text(r));
  std::stable_sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string out;
  for (const auto& [key, text] : parts) out.append(out.empty() ? "" : ",").append(text);
  return out.empty() ? "<none>" : out;
}

base::Result<LabelSelector> parse_selector(std::string_view text) { return SelectorReader(text).read(); }

}  // namespace wavetank::model
