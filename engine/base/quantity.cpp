#include "engine/base/quantity.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

namespace wavetank::base {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int32_t kNano = 1'000'000'000;
constexpr const char* kFormatWrong =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
constexpr const char* kSuffixWrong = "unable to parse quantity's suffix";

struct Suffix {
  std::string_view text;
  Quantity::Format format;
  int exponent;  // of ten, or of two for BinarySI
};
constexpr std::array<Suffix, 16> kSuffixes = {{
    {"", Quantity::Format::DecimalSI, 0},
    {"n", Quantity::Format::DecimalSI, -9},
    {"u", Quantity::Format::DecimalSI, -6},
    {"m", Quantity::Format::DecimalSI, -3},
    {"k", Quantity::Format::DecimalSI, 3},
    {"M", Quantity::Format::DecimalSI, 6},
    {"G", Quantity::Format::DecimalSI, 9},
    {"T", Quantity::Format::DecimalSI, 12},
    {"P", Quantity::Format::DecimalSI, 15},
    {"E", Quantity::Format::DecimalSI, 18},
    {"Ki", Quantity::Format::BinarySI, 10},
    {"Mi", Quantity::Format::BinarySI, 20},
    {"Gi", Quantity::Format::BinarySI, 30},
    {"Ti", Quantity::Format::BinarySI, 40},
    {"Pi", Quantity::Format::BinarySI, 50},
    {"Ei", Quantity::Format::BinarySI, 60},
}};

std::string_view suffix_of(Quantity::Format format, int exponent) {
  for (const Suffix& s : kSuffixes) {
    if (s.exponent == exponent && (exponent == 0 || s.format == format)) return s.text;
  }
  return {};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t skip_digits(std::string_view text, std::size_t from) {
  while (from < text.size() && is_digit(text[from])) ++from;
  return from;
}

/// The text cut into its parts, all views into it.
struct Parts {
  bool negative = false;
  std::string_view whole, fraction, suffix;
};

/// False when the text has not the form of a quantity. The whole part may be missing (".5"), and both: Kubernetes reads
/// "m" as 0.
bool cut(std::string_view text, Parts& out) {
  std::size_t at = 0;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    out.negative = text[0] == '-';
    at = 1;
  }
  std::size_t end = skip_digits(text, at);
  out.whole = text.substr(at, end - at);
  if (end < text.size() && text[end] == '.') {
    const std::size_t start = end + 1;
    end = skip_digits(text, start);
    out.fraction = text.substr(start, end - start);
  }
  out.suffix = text.substr(end);
  at = 0;
  while (at < out.suffix.size() && std::string_view("eEinumkKMGTP").find(out.suffix[at]) != std::string_view::npos)
    ++at;
  if (at < out.suffix.size() && (out.suffix[at] == '-' || out.suffix[at] == '+')) ++at;
  return skip_digits(out.suffix, at) == out.suffix.size();
}

/// Reads "e3", "E-6", "+"-signed too; a huge exponent is clamped to where every value is capped or vanishes.
bool decimal_exponent(std::string_view suffix, int& out) {
  if (suffix.size() < 2 || (suffix[0] != 'e' && suffix[0] != 'E')) return false;
  std::size_t at = 1;
  const bool negative = suffix[at] == '-';
  if (suffix[at] == '-' || suffix[at] == '+') ++at;
  if (at == suffix.size()) return false;
  std::int64_t value = 0;
  for (; at < suffix.size(); ++at) {
    if (!is_digit(suffix[at])) return false;
    value = std::min<std::int64_t>(value * 10 + (suffix[at] - '0'), 1'000'000'000);
  }
  out = static_cast<int>(negative ? -value : value);
  return true;
}

/// A magnitude: whole (capped at kMax) and nanos, anything finer rounded up to the next nano.
struct Magnitude {
  std::int64_t whole = 0;
  std::int32_t nanos = 0;

  void push_whole(int digit) {
    whole = whole > (kMax - digit) / 10 ? kMax : whole * 10 + digit;
    capped = capped || whole == kMax;
  }
  void round_up_nano() {
    if (++nanos < kNano) return;
    nanos = 0;
    if (whole < kMax) ++whole;
  }
  void finish() {
    if (whole == kMax) nanos = 0;
  }
  bool capped = false;
};

/// digits(whole, fraction) × 10^exponent.
Magnitude decimal_magnitude(std::string_view whole, std::string_view fraction, int exponent) {
  Magnitude m;
  const auto size = static_cast<std::int64_t>(whole.size() + fraction.size());
  const auto digit = [&](std::int64_t i) {
    const auto u = static_cast<std::size_t>(i);
    return (u < whole.size() ? whole[u] : fraction[u - whole.size()]) - '0';
  };
  const std::int64_t point = static_cast<std::int64_t>(whole.size()) + exponent;
  std::int64_t i = 0;
  while (i < size && digit(i) == 0) ++i;
  if (i == size) return m;  // zero, whatever the exponent
  for (std::int64_t at = i; at < point && !m.capped; ++at) m.push_whole(at < size ? digit(at) : 0);
  for (std::int64_t at = std::max<std::int64_t>(point, -kNano); at < point + 9; ++at) {
    m.nanos = m.nanos * 10 + (at >= i && at < size ? digit(at) : 0);
  }
  for (std::int64_t at = std::max(point + 9, i); at < size; ++at) {
    if (digit(at) != 0) {
      m.round_up_nano();
      break;
    }
  }
  m.finish();
  return m;
}

/// Multiplies the decimal fraction 0.digits by 2^bits (at most 2^10) in place and returns the whole part carried out.
std::int64_t shift_fraction(std::vector<std::uint8_t>& digits, int bits) {
  std::uint64_t carry = 0;
  for (std::size_t i = digits.size(); i-- > 0;) {
    const std::uint64_t v = (static_cast<std::uint64_t>(digits[i]) << bits) + carry;
    digits[i] = static_cast<std::uint8_t>(v % 10);
    carry = v / 10;
  }
  return static_cast<std::int64_t>(carry);
}

/// (whole.fraction) × 2^exponent, exponent a multiple of ten.
Magnitude binary_magnitude(std::string_view whole, std::string_view fraction, int exponent) {
  Magnitude m;
  for (const char c : whole) m.push_whole(c - '0');
  std::vector<std::uint8_t> digits;
  digits.reserve(fraction.size());
  for (const char c : fraction) digits.push_back(static_cast<std::uint8_t>(c - '0'));
  for (int left = exponent; left > 0; left -= 10) {
    const std::int64_t carry = shift_fraction(digits, 10);
    if (m.whole > (kMax - carry) / 1024) {
      m.whole = kMax;
    } else {
      m.whole = m.whole * 1024 + carry;
    }
  }
  std::size_t at = 0;
  for (; at < 9; ++at) m.nanos = m.nanos * 10 + (at < digits.size() ? digits[at] : 0);
  if (std::any_of(digits.begin() + static_cast<std::ptrdiff_t>(std::min(at, digits.size())), digits.end(),
                  [](std::uint8_t d) { return d != 0; })) {
    m.round_up_nano();
  }
  m.finish();
  return m;
}

/// The digits of |whole| and nine of |nanos|, without leading zeros: the value in nanos, which may exceed 64 bits.
std::string nano_digits(std::int64_t whole, std::int32_t nanos) {
  const std::uint64_t w =
      whole < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(whole) : static_cast<std::uint64_t>(whole);
  // Never more than nine digits, whatever a damaged journal says.
  const std::uint32_t n = std::min<std::uint32_t>(static_cast<std::uint32_t>(nanos < 0 ? -nanos : nanos), 999'999'999);
  std::string digits = std::to_string(w);
  const std::string small = std::to_string(n);
  digits.append(9 - small.size(), '0').append(small);
  const std::size_t first = digits.find_first_not_of('0');
  return first == std::string::npos ? "0" : digits.substr(first);
}

}  // namespace

Quantity::Quantity(std::int64_t value, Format format) : whole_(std::max(value, -kMax)), format_(format) {}

Result<Quantity> Quantity::parse(std::string_view text) {
  Parts parts;
  if (text.empty() || !cut(text, parts)) return failure(kFormatWrong);
  Quantity q;
  int exponent = 0;
  const auto* suffix =
      std::find_if(kSuffixes.begin(), kSuffixes.end(), [&](const Suffix& s) { return s.text == parts.suffix; });
  if (suffix != kSuffixes.end()) {
    q.format_ = suffix->format;
    exponent = suffix->exponent;
  } else if (decimal_exponent(parts.suffix, exponent)) {
    q.format_ = Format::DecimalExponent;
  } else {
    return failure(kSuffixWrong);
  }
  const Magnitude m = q.format_ == Format::BinarySI ? binary_magnitude(parts.whole, parts.fraction, exponent)
                                                    : decimal_magnitude(parts.whole, parts.fraction, exponent);
  q.whole_ = parts.negative ? -m.whole : m.whole;
  q.nanos_ = parts.negative ? -m.nanos : m.nanos;
  return q;
}

std::int64_t Quantity::value() const {
  if (nanos_ > 0 && whole_ < kMax) return whole_ + 1;
  if (nanos_ < 0 && whole_ > -kMax) return whole_ - 1;
  return whole_;
}

std::int64_t Quantity::milli_value() const {
  constexpr std::int32_t kMilli = 1'000'000;
  const std::int64_t part = nanos_ / kMilli + (nanos_ % kMilli > 0 ? 1 : 0) - (nanos_ % kMilli < 0 ? 1 : 0);
  if (whole_ > (kMax - 1000) / 1000) return kMax;
  if (whole_ < -((kMax - 1000) / 1000)) return -kMax;
  return whole_ * 1000 + part;
}

Quantity Quantity::rounded_to_milli() const {
  if (nanos_ % 1'000'000 == 0) return *this;
  Quantity q = *this;
  q.nanos_ = nanos_ / 1'000'000 * 1'000'000 + (nanos_ > 0 ? 1'000'000 : -1'000'000);
  if (q.nanos_ == kNano || q.nanos_ == -kNano) {
    q.nanos_ = 0;
    q.whole_ += whole_ < kMax && whole_ > -kMax ? (nanos_ > 0 ? 1 : -1) : 0;
  }
  return q;
}

int Quantity::compare(const Quantity& other) const {
  if (whole_ != other.whole_) return whole_ < other.whole_ ? -1 : 1;
  if (nanos_ != other.nanos_) return nanos_ < other.nanos_ ? -1 : 1;
  return 0;
}

Quantity Quantity::plus(const Quantity& other) const {
  Quantity sum = is_zero() ? other : *this;
  if (is_zero() || other.is_zero()) return sum;
  if (other.whole_ > 0 && whole_ > kMax - other.whole_) {
    sum.whole_ = kMax;
    sum.nanos_ = 0;
    return sum;
  }
  if (other.whole_ < 0 && whole_ < -kMax - other.whole_) {
    sum.whole_ = -kMax;
    sum.nanos_ = 0;
    return sum;
  }
  sum.whole_ = whole_ + other.whole_;
  sum.nanos_ = nanos_ + other.nanos_;
  if (sum.nanos_ >= kNano || (sum.nanos_ > 0 && sum.whole_ < 0)) {
    sum.nanos_ -= kNano;
    ++sum.whole_;
  } else if (sum.nanos_ <= -kNano || (sum.nanos_ < 0 && sum.whole_ > 0)) {
    sum.nanos_ += kNano;
    --sum.whole_;
  }
  return sum;
}

Quantity Quantity::minus(const Quantity& other) const {
  Quantity negative = other;
  negative.whole_ = -other.whole_;
  negative.nanos_ = -other.nanos_;
  return plus(negative);
}

// Source: k8s.io/apimachinery resource.Quantity.CanonicalizeBytes: binary form only for whole values of at least 1024,
// the largest suffix that keeps the mantissa whole, decimal exponents in steps of three.
std::string Quantity::text() const {
  if (is_zero()) return "0";
  std::string out = is_negative() ? "-" : "";
  const bool small = whole_ > -1024 && whole_ < 1024;
  if (format_ == Format::BinarySI && !small && nanos_ == 0) {
    std::int64_t mantissa = whole_;
    int exponent = 0;
    for (; mantissa % 1024 == 0 && exponent < 60; mantissa /= 1024) exponent += 10;
    return std::to_string(mantissa).append(suffix_of(Format::BinarySI, exponent));
  }
  std::string digits = nano_digits(whole_, nanos_);
  int exponent = -9;
  for (; exponent < 18 && digits.size() > 3 && digits.compare(digits.size() - 3, 3, "000") == 0; exponent += 3) {
    digits.resize(digits.size() - 3);
  }
  out += digits;
  if (format_ == Format::DecimalExponent) {
    return exponent == 0 ? out : out.append("e").append(std::to_string(exponent));
  }
  return out.append(suffix_of(Format::DecimalSI, exponent));
}

}  // namespace wavetank::base
