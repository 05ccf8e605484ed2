#pragma once
// How much a container uses, or what a metric is, as an expression over time:
//
//   sum     = product { ("+" | "-") product } [ "±" percent "%" ]     the spread: one factor a pod, uniform
//   product = value { ("*" | "/") value }
//   value   = quantity | VARIABLE | FUNCTION "(" arguments ")" | "(" sum ")" | "-" value
//
// quantity: as in Kubernetes ("250m", "1.5", "64Mi"); times in arguments: as in Go ("90s", "5m").
//   t        seconds since the start of the run        request, limit   the container's, 0 if it has none
//   age      seconds since the container's start       rps              requests a second that reach it: each Service's
//                                                                       load shared by its ready endpoints
//   step(T)         0 before T, then 1                 ramp(T, T2)      0 before T, rising to 1 at T2
//   sine(P)         from -1 to 1 in the period P       pulse(P, D)      1 for the first D of each period P, else 0
//   after(D)        0 until the container is D old     noise(N)         1 ± N %, drawn anew every 15 s for each pod
//   steps(T:V, …)   V from T on (0 before the first)   points(T:V, …)   the same, joined by straight lines
//   min(A, B), max(A, B)
//
// Examples: "200m ±20%", "50m + rps * 4m", "100Mi + age * 1Mi", "request * (0.5 + 0.3 * sine(24h))". Only + - * / on
// doubles: the same bits everywhere.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/prng.h"
#include "engine/base/result.h"
#include "engine/base/time.h"

namespace wavetank::world {

class UsageExpr {
 public:
  struct Inputs {
    base::SimTime now;
    base::SimTime started;  ///< Of the container.
    double rps = 0, request = 0, limit = 0;
    /// The pod's own stream, for spread and noise.
    base::Stream stream{0, ""};
  };

  /// Nothing: 0.
  UsageExpr() = default;
  /// Error: what was read, where, and what is allowed.
  static base::Result<UsageExpr> parse(std::string_view text);

  /// The value now; never negative, at most 2^62. O(length).
  [[nodiscard]] double at(const Inputs& in) const;
  /// The same in thousandths (milli-cores, metrics) or whole units (bytes), rounded to the nearest.
  [[nodiscard]] std::int64_t milli_at(const Inputs& in) const;
  [[nodiscard]] std::int64_t whole_at(const Inputs& in) const;

  /// Whether it is the same at all times (for one container).
  [[nodiscard]] bool constant() const { return constant_; }
  [[nodiscard]] bool uses_load() const { return uses_load_; }

 private:
  friend class UsageReader;
  enum class Op : std::uint8_t {
    Number,
    Time,
    Age,
    Rps,
    Request,
    Limit,
    Add,
    Subtract,
    Multiply,
    Divide,
    Negate,
    Min,
    Max,
    Step,
    Ramp,
    Sine,
    Pulse,
    After,
    Noise,
    Steps,
    Points,
  };
  struct Point {
    std::int64_t ns = 0;
    double value = 0;
  };
  /// Postfix. `a`, `b`: times in ns, or the range in `points_`.
  struct Code {
    Op op = Op::Number;
    double number = 0;
    std::int64_t a = 0, b = 0;
  };
  [[nodiscard]] double value_of(const Code& code, const Inputs& in) const;
  [[nodiscard]] double curve(const Code& code, std::int64_t t) const;

  std::vector<Code> code_;
  std::vector<Point> points_;
  std::int32_t spread_percent_ = 0;
  bool constant_ = true, uses_load_ = false;
};

/// A trace, lines of "time,value" ("90,250m", "1m30s,64Mi"; plain times are seconds; empty lines, comments behind # and
/// one line of headings are left out), as the expression "steps(90s:250m, …)". Error: the line that is none of these.
base::Result<std::string> steps_of_trace(std::string_view text, std::string_view file);

}  // namespace wavetank::world
