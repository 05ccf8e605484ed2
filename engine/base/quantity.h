#pragma once
// Kubernetes quantities, exact. Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace wavetank::base {

/// A fixed-point decimal: value = mantissa × 10^exponent (decimal forms) or mantissa (binary forms), kept with the format it was
/// written in so that it prints as Kubernetes prints it ("1500m", "1Gi", "1e3", "0.5" → "500m").
class Quantity {
 public:
  enum class Format : std::uint8_t { DecimalSI, BinarySI, DecimalExponent };

  Quantity() = default;
  Quantity(std::int64_t value, Format format);

  /// All suffixes: n u m "" k M G T P E, Ki Mi Gi Ti Pi Ei, e3/E3. Precision finer than a nano is rounded up, values beyond
  /// ±(2^63−1) are capped, both as the API server does. Error: Kubernetes' message (quantities must match the regular expression …).
  static Result<Quantity> parse(std::string_view text);

  /// Whole units, rounded up (Quantity.Value()).
  [[nodiscard]] std::int64_t value() const;
  /// Thousandths, rounded up (Quantity.MilliValue()); saturates.
  [[nodiscard]] std::int64_t milli_value() const;
  /// Canonical form as Kubernetes prints it.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] Format format() const { return format_; }
  [[nodiscard]] bool is_negative() const { return mantissa_ < 0; }
  /// Compares values, whatever the formats: <0, 0, >0.
  [[nodiscard]] int compare(const Quantity& other) const;

 private:
  // Value = mantissa_ × 10^(-9) when nano_ holds a fraction, else whole units; see quantity.cpp.
  std::int64_t mantissa_ = 0;
  std::int8_t scale_ = 0;  // power of ten, -9 … 0
  Format format_ = Format::DecimalSI;
};

}  // namespace wavetank::base
