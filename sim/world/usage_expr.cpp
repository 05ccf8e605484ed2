#include "sim/world/usage_expr.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "engine/base/quantity.h"

namespace wavetank::world {
namespace {

constexpr double kMost = 4611686018427387904.0;  // 2^62
constexpr std::int64_t kNoisePeriod = 15'000'000'000;
constexpr std::size_t kDeepest = 64;

std::optional<double> to_number(std::string_view word) {
  const auto q = base::Quantity::parse(word);
  if (!q) return std::nullopt;
  // Below 2^50 in thousandths, so that 1m is exactly a thousandth of 1; else whole units.
  const std::int64_t milli = q->milli_value();
  if (milli < (std::int64_t{1} << 50)) return static_cast<double>(milli) / 1000;
  return static_cast<double>(q->value());
}

/// sin(2π · phase/period) by a polynomial on a quarter of the wave; exact operations only, error below 1e-8.
double sine(std::int64_t phase, std::int64_t period) {
  double x = static_cast<double>(phase) / static_cast<double>(period);  // [0, 1)
  double sign = 1;
  if (x >= 0.5) {
    x -= 0.5;
    sign = -1;
  }
  if (x > 0.25) x = 0.5 - x;
  const double y = x * 6.283185307179586;
  const double y2 = y * y;
  const double series = 1 - y2 / 6 * (1 - y2 / 20 * (1 - y2 / 42 * (1 - y2 / 72 * (1 - y2 / 110 * (1 - y2 / 156)))));
  return sign * y * series;
}

double drawn_around_one(const base::Stream& stream, std::int64_t percent, std::uint64_t n) {
  return 1 + (stream.unit(n) * 2 - 1) * static_cast<double>(percent) / 100;
}

}  // namespace

// ---- Reading ----

class UsageReader {
 public:
  explicit UsageReader(std::string_view text) : text_(text) {}

  base::Result<UsageExpr> read() {
    sum(0);
    skip();
    if (problem_.empty() && (cut("±") || cut("+-"))) {
      const std::optional<std::int64_t> percent = whole();
      if (!percent || *percent > 100 || !cut("%")) return fail_at("a spread is written ±20%");
      out_.spread_percent_ = static_cast<std::int32_t>(*percent);
    }
    skip();
    if (problem_.empty() && at_ < text_.size()) complain("an operator or the end");
    if (!problem_.empty()) return base::failure(problem_);
    return std::move(out_);
  }

 private:
  using Op = UsageExpr::Op;
  using Code = UsageExpr::Code;

  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool cut(std::string_view word) {
    skip();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void complain(std::string_view wanted) {
    if (!problem_.empty()) return;
    const std::string_view rest = text_.substr(std::min(at_, text_.size()));
    problem_ = "want " + std::string(wanted) + " " +
               (rest.empty() ? std::string("after the end") : "at \"" + std::string(rest.substr(0, 20)) + "\"");
  }
  base::Result<UsageExpr> fail_at(std::string_view message) { return base::failure(std::string(message)); }
  void emit(Op op, double number = 0, std::int64_t a = 0, std::int64_t b = 0) {
    out_.code_.push_back({op, number, a, b});
  }

  void sum(std::size_t depth) {
    product(depth);
    while (problem_.empty()) {
      skip();
      if (text_.substr(at_).starts_with("+-")) return;  // a spread
      if (cut("+")) {
        product(depth);
        emit(Op::Add);
      } else if (cut("-")) {
        product(depth);
        emit(Op::Subtract);
      } else {
        return;
      }
    }
  }
  void product(std::size_t depth) {
    value(depth);
    while (problem_.empty()) {
      if (cut("*")) {
        value(depth);
        emit(Op::Multiply);
      } else if (cut("/")) {
        value(depth);
        emit(Op::Divide);
      } else {
        return;
      }
    }
  }
  void value(std::size_t depth) {
    skip();
    if (depth > kDeepest) return complain("fewer parentheses");
    if (cut("(")) {
      sum(depth + 1);
      if (!cut(")")) complain("\")\"");
      return;
    }
    if (cut("-")) {
      value(depth + 1);
      return emit(Op::Negate);
    }
    const std::string_view word = take_word();
    if (word.empty()) return complain("a quantity, a variable or a function");
    if (std::isdigit(static_cast<unsigned char>(word.front())) != 0 || word.front() == '.') return quantity(word);
    if (cut("(")) return function(word, depth);
    variable(word);
  }
  /// A number with its suffix, or a name.
  std::string_view take_word() {
    skip();
    word_at_ = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '.'))
      ++at_;
    return text_.substr(word_at_, at_ - word_at_);
  }
  void quantity(std::string_view word) {
    if (const auto number = to_number(word)) return emit(Op::Number, *number);
    at_ = word_at_;
    complain("a quantity such as 250m, 1.5 or 64Mi");
  }
  void variable(std::string_view word) {
    static constexpr std::pair<std::string_view, Op> kNames[] = {
        {"age", Op::Age}, {"limit", Op::Limit}, {"request", Op::Request}, {"rps", Op::Rps}, {"t", Op::Time}};
    for (const auto& [name, op] : kNames) {
      if (word != name) continue;
      if (op != Op::Limit && op != Op::Request) out_.constant_ = false;
      if (op == Op::Rps) out_.uses_load_ = true;
      return emit(op);
    }
    at_ = word_at_;
    complain(
        "one of age, limit, request, rps, t or a function (after, max, min, noise, points, pulse, ramp, sine, step, "
        "steps)");
  }

  std::int64_t time() {
    skip();
    const std::size_t begin = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '.'))
      ++at_;
    const auto duration = base::parse_duration(text_.substr(begin, at_ - begin));
    if (duration && duration->ns >= 0) return duration->ns;
    at_ = begin;
    complain("a time such as 90s or 5m");
    return 0;
  }
  std::optional<std::int64_t> whole() {
    skip();
    std::int64_t n = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), n);
    if (error != std::errc() || n < 0) return std::nullopt;
    at_ = static_cast<std::size_t>(end - text_.data());
    return n;
  }
  bool next() {
    if (cut(",")) return true;
    complain("\",\"");
    return false;
  }
  void close() {
    if (!cut(")")) complain("\")\"");
  }

  void function(std::string_view word, std::size_t depth) {
    const std::size_t name_at = word_at_;
    if (word == "min" || word == "max") {
      sum(depth + 1);
      if (next()) sum(depth + 1);
      emit(word == "min" ? Op::Min : Op::Max);
      return close();
    }
    out_.constant_ = false;
    if (word == "steps" || word == "points") return curve(word == "steps" ? Op::Steps : Op::Points);
    if (word == "step" || word == "after" || word == "sine") {
      const std::int64_t t = time();
      if (word == "sine" && t == 0) complain("a period longer than 0");
      emit(word == "step" ? Op::Step : word == "after" ? Op::After : Op::Sine, 0, t);
      return close();
    }
    if (word == "ramp" || word == "pulse") {
      const std::int64_t a = time();
      const std::int64_t b = next() ? time() : 0;
      if (word == "ramp" && b < a) complain("an end that is not before the beginning");
      if (word == "pulse" && a == 0) complain("a period longer than 0");
      emit(word == "ramp" ? Op::Ramp : Op::Pulse, 0, a, b);
      return close();
    }
    if (word == "noise") {
      const std::optional<std::int64_t> percent = whole();
      if (!percent || *percent > 100) complain("a percentage from 0 to 100");
      emit(Op::Noise, 0, percent.value_or(0));
      cut("%");
      return close();
    }
    at_ = name_at;
    complain("one of the functions after, max, min, noise, points, pulse, ramp, sine, step, steps");
  }
  void curve(Op op) {
    const std::size_t first = out_.points_.size();
    do {
      UsageExpr::Point point;
      point.ns = time();
      if (!cut(":")) return complain("\":\" and the value from that time on");
      const std::string_view word = take_word();
      const auto number = word.empty() ? std::nullopt : to_number(word);
      if (!number) return complain("a quantity");
      point.value = *number;
      if (out_.points_.size() > first && out_.points_.back().ns >= point.ns) return complain("times that rise");
      out_.points_.push_back(point);
    } while (problem_.empty() && cut(","));
    emit(op, 0, static_cast<std::int64_t>(first), static_cast<std::int64_t>(out_.points_.size()));
    close();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t word_at_ = 0;  ///< Where the last word began.
  std::string problem_;
  UsageExpr out_;
};

base::Result<UsageExpr> UsageExpr::parse(std::string_view text) { return UsageReader(text).read(); }

base::Result<std::string> steps_of_trace(std::string_view text, std::string_view file) {
  constexpr std::string_view kBlank = " \t\r";
  std::string out;
  int number = 0;
  bool may_be_heading = true;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    ++number;
    line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
    line = line.substr(0, line.find_last_not_of(kBlank) + 1);
    if (line.empty() || line.front() == '#') continue;
    const std::size_t comma = line.find_first_of(",;\t");
    const bool begins_with_time = std::isdigit(static_cast<unsigned char>(line.front())) != 0;
    if (!begins_with_time && comma != std::string_view::npos && std::exchange(may_be_heading, false)) continue;
    may_be_heading = false;
    std::string time(line.substr(0, comma));
    std::string_view value = comma == std::string_view::npos ? std::string_view() : line.substr(comma + 1);
    value.remove_prefix(std::min(value.find_first_not_of(kBlank), value.size()));
    value = value.substr(0, value.find_first_of(",;\t \r"));
    while (!time.empty() && time.back() == ' ') time.pop_back();
    if (begins_with_time && std::isdigit(static_cast<unsigned char>(time.back())) != 0) time += "s";
    if (!begins_with_time || !base::parse_duration(time) || value.empty() || !to_number(value))
      return base::failure({std::string(file),
                            {number, 1},
                            fmt::format("a line \"time,value\" is wanted, such as 90,250m or 1m30s,64Mi; found \"{}\"",
                                        line.substr(0, 60))});
    out += (out.empty() ? "steps(" : ", ") + time + ":" + std::string(value);
  }
  if (out.empty()) return base::failure({std::string(file), {}, "a trace with no line \"time,value\""});
  return out + ")";
}

// ---- Values ----

double UsageExpr::curve(const Code& code, std::int64_t t) const {
  const auto begin = points_.begin() + code.a;
  const auto end = points_.begin() + code.b;
  const auto after = std::upper_bound(begin, end, t, [](std::int64_t at, const Point& p) { return at < p.ns; });
  if (after == begin) return code.op == Op::Steps ? 0 : begin->value;
  const Point& before = *(after - 1);
  if (code.op == Op::Steps || after == end) return before.value;
  const double share = static_cast<double>(t - before.ns) / static_cast<double>(after->ns - before.ns);
  return before.value + (after->value - before.value) * share;
}

double UsageExpr::value_of(const Code& code, const Inputs& in) const {
  const std::int64_t t = in.now.ns;
  const std::int64_t age = std::max<std::int64_t>(0, (in.now - in.started).ns);
  switch (code.op) {
    case Op::Number:
      return code.number;
    case Op::Time:
      return static_cast<double>(t) / 1e9;
    case Op::Age:
      return static_cast<double>(age) / 1e9;
    case Op::Rps:
      return in.rps;
    case Op::Request:
      return in.request;
    case Op::Limit:
      return in.limit;
    case Op::Step:
      return t >= code.a ? 1 : 0;
    case Op::Ramp:
      if (t < code.a) return 0;
      return t >= code.b ? 1 : static_cast<double>(t - code.a) / static_cast<double>(code.b - code.a);
    case Op::Sine:
      return sine(t % code.a, code.a);
    case Op::Pulse:
      return t % code.a < code.b ? 1 : 0;
    case Op::After:
      return age >= code.a ? 1 : 0;
    case Op::Noise:
      return drawn_around_one(in.stream, code.a, static_cast<std::uint64_t>(t / kNoisePeriod) + 1);
    case Op::Steps:
    case Op::Points:
      return curve(code, t);
    default:
      return 0;
  }
}

double UsageExpr::at(const Inputs& in) const {
  std::vector<double> stack;
  stack.reserve(8);
  const auto pop = [&] {
    const double top = stack.back();
    stack.pop_back();
    return top;
  };
  for (const Code& code : code_) {
    switch (code.op) {
      case Op::Add:
      case Op::Subtract:
      case Op::Multiply:
      case Op::Divide:
      case Op::Min:
      case Op::Max: {
        const double b = pop();
        const double a = pop();
        stack.push_back(code.op == Op::Add        ? a + b
                        : code.op == Op::Subtract ? a - b
                        : code.op == Op::Multiply ? a * b
                        : code.op == Op::Divide   ? (b == 0 ? 0 : a / b)
                        : code.op == Op::Min      ? std::min(a, b)
                                                  : std::max(a, b));
        break;
      }
      case Op::Negate:
        stack.push_back(-pop());
        break;
      default:
        stack.push_back(value_of(code, in));
    }
  }
  double value = stack.empty() ? 0 : stack.back();
  if (spread_percent_ != 0) value *= drawn_around_one(in.stream, spread_percent_, 0);
  if (!(value > 0)) return 0;  // negative and not a number
  return std::min(value, kMost);
}

std::int64_t UsageExpr::milli_at(const Inputs& in) const {
  return static_cast<std::int64_t>(std::min(at(in) * 1000 + 0.5, kMost));
}
std::int64_t UsageExpr::whole_at(const Inputs& in) const {
  return static_cast<std::int64_t>(std::min(at(in) + 0.5, kMost));
}

}  // namespace wavetank::world
