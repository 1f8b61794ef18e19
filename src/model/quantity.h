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

/// ISO C++ has no name for it.
__extension__ typedef __int128 Int128;  // NOLINT(modernize-use-using): an alias can't be marked

/// An exact resource amount in billionths of its unit, as Kubernetes keeps it: "100m", "1.5Gi", "2e3", "12E".
/// Grammar and rounding: apimachinery pkg/api/resource. Precision is nano, and finer input is rounded away from zero;
/// binary amounts end at 2^63-1, at which larger ones are clamped (decimal ones at 10^28, far beyond any use).
class Quantity {
 public:
  constexpr Quantity() = default;
  static Result<Quantity> parse(std::string_view text);
  static constexpr Quantity of_milli(std::int64_t milli) { return Quantity(Int128{milli} * 1'000'000); }
  static constexpr Quantity of(std::int64_t units) { return Quantity(Int128{units} * 1'000'000'000); }

  /// Whole units, rounded up (Go's Value()); saturates.
  [[nodiscard]] std::int64_t ceil() const;
  /// Thousandths, rounded up (Go's MilliValue()); saturates.
  [[nodiscard]] std::int64_t ceil_milli() const;
  /// Text that parses to the same amount: the API's canonical form of a decimal amount ("1500m", "2k").
  [[nodiscard]] std::string str() const;

  friend constexpr auto operator<=>(const Quantity&, const Quantity&) = default;
  Quantity& operator+=(Quantity other) { return add(other), *this; }
  friend Quantity operator+(Quantity a, Quantity b) { return a += b; }

 private:
  constexpr explicit Quantity(Int128 nano) : nano_(nano) {}
  void add(Quantity other);
  Int128 nano_ = 0;
};

}  // namespace spotkeeper
