// Resource amounts as types, and Kubernetes' Quantity text.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace spotkeeper {

/// CPU in thousandths of a core.
struct MilliCpu {
  std::int64_t value = 0;
  friend constexpr auto operator<=>(const MilliCpu&, const MilliCpu&) = default;
  constexpr MilliCpu& operator+=(MilliCpu other) { return value += other.value, *this; }
  constexpr MilliCpu& operator-=(MilliCpu other) { return value -= other.value, *this; }
  friend constexpr MilliCpu operator+(MilliCpu a, MilliCpu b) { return a += b; }
  friend constexpr MilliCpu operator-(MilliCpu a, MilliCpu b) { return a -= b; }
};

/// Memory or storage in bytes.
struct Bytes {
  std::int64_t value = 0;
  friend constexpr auto operator<=>(const Bytes&, const Bytes&) = default;
  constexpr Bytes& operator+=(Bytes other) { return value += other.value, *this; }
  constexpr Bytes& operator-=(Bytes other) { return value -= other.value, *this; }
  friend constexpr Bytes operator+(Bytes a, Bytes b) { return a += b; }
  friend constexpr Bytes operator-(Bytes a, Bytes b) { return a -= b; }
};

/// An exact resource amount in billionths of its unit, as Kubernetes keeps it: "100m", "1.5Gi", "2e3", "12E".
/// Grammar and rounding: apimachinery pkg/api/resource. Precision is nano, and finer input is rounded away from zero;
/// binary amounts end at 2^63-1, at which larger ones are clamped.
class Quantity {
 public:
  constexpr Quantity() = default;
  static Result<Quantity> parse(std::string_view text);
  static constexpr Quantity of_milli(std::int64_t milli) { return Quantity(__int128{milli} * 1'000'000); }
  static constexpr Quantity of(std::int64_t units) { return Quantity(__int128{units} * 1'000'000'000); }

  /// Whole units, rounded up (Go's Value()); saturates.
  [[nodiscard]] std::int64_t ceil() const;
  /// Thousandths, rounded up (Go's MilliValue()); saturates.
  [[nodiscard]] std::int64_t ceil_milli() const;
  /// Text that parses to the same amount.
  [[nodiscard]] std::string str() const;

  friend constexpr auto operator<=>(const Quantity&, const Quantity&) = default;
  constexpr Quantity& operator+=(Quantity other) { return nano_ += other.nano_, *this; }
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return a += b; }

 private:
  constexpr explicit Quantity(__int128 nano) : nano_(nano) {}
  __int128 nano_ = 0;
};

}  // namespace spotkeeper
