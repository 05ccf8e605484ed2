#pragma once
// Kubernetes quantities, exact. Source:
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace wavetank::base {

/// A fixed-point decimal with nine decimal places, kept with the format it was written in so that it prints as
/// Kubernetes prints it ("1500m", "1Gi", "1e3", "0.5" → "500m").
class Quantity {
 public:
  enum class Format : std::uint8_t { DecimalSI, BinarySI, DecimalExponent };

  Quantity() = default;
  Quantity(std::int64_t value, Format format);

  /// All suffixes: n u m "" k M G T P E, Ki Mi Gi Ti Pi Ei, e3/E3. Precision finer than a nano is rounded up, values
  /// beyond ±(2^63−1) are capped, both as the API server does. Error: Kubernetes' message (quantities must match the
  /// regular expression …).
  static Result<Quantity> parse(std::string_view text);

  /// Whole units, rounded up (Quantity.Value()).
  [[nodiscard]] std::int64_t value() const;
  /// Thousandths, rounded up (Quantity.MilliValue()); saturates.
  [[nodiscard]] std::int64_t milli_value() const;
  /// Canonical form as Kubernetes prints it.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] Format format() const { return format_; }
  [[nodiscard]] bool is_negative() const { return whole_ < 0 || nanos_ < 0; }
  [[nodiscard]] bool is_zero() const { return whole_ == 0 && nanos_ == 0; }
  /// The same rounded up (away from zero) to whole thousandths, as the API server stores resource lists.
  [[nodiscard]] Quantity rounded_to_milli() const;
  /// Compares values, whatever the formats: <0, 0, >0.
  [[nodiscard]] int compare(const Quantity& other) const;
  /// Sums and differences keep this one's format, unless this is zero. They saturate.
  [[nodiscard]] Quantity plus(const Quantity& other) const;
  [[nodiscard]] Quantity minus(const Quantity& other) const;
  /// The same value and format.
  bool operator==(const Quantity&) const = default;

  template <class A>
  void fields(A& a) {
    a(whole_, nanos_, format_);
  }

 private:
  // Value = whole_ + nanos_ × 10^(-9); both have the sign of the value, |nanos_| < 10^9.
  std::int64_t whole_ = 0;
  std::int32_t nanos_ = 0;
  Format format_ = Format::DecimalSI;
};

}  // namespace wavetank::base
