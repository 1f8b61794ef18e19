// metadata.uid in 16 bytes.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "model/shared_text.h"

namespace spotkeeper {

/// The identity of an object: two objects never share one, over all time. The API server's uids are UUIDs in lower case
/// ("8d7f4b3e-…"), which are kept as their 16 bytes; any other text is kept as it is. Ordered as the text is.
class Uid {
 public:
  Uid() = default;
  explicit Uid(std::string_view text);
  explicit Uid(const std::string& text) : Uid(std::string_view(text)) {}
  explicit Uid(const char* text) : Uid(std::string_view(text)) {}
  Uid(const Uid& other);
  Uid(Uid&& other) noexcept : high_(std::exchange(other.high_, 0)), low_(std::exchange(other.low_, 0)) {}
  Uid& operator=(const Uid& other);
  Uid& operator=(Uid&& other) noexcept;
  ~Uid();

  /// By value: the text of a UUID is made anew each time.
  [[nodiscard]] std::string str() const;
  [[nodiscard]] bool empty() const { return high_ == 0 && low_ == 0; }
  [[nodiscard]] std::size_t hash() const noexcept;

  friend bool operator==(const Uid& a, const Uid& b);
  friend std::strong_ordering operator<=>(const Uid& a, const Uid& b);

 private:
  // A UUID as RFC 9562 has it carries its variant (binary 10) in the two upper bits of the ninth byte. Where these are
  // 00, `high_` is the address of an owned std::string, or 0.
  [[nodiscard]] bool is_uuid() const { return (low_ >> 62) == 0b10; }
  [[nodiscard]] const std::string* other_text() const;

  std::uint64_t high_ = 0;
  std::uint64_t low_ = 0;
};

}  // namespace spotkeeper

template <>
struct std::hash<spotkeeper::Uid> {
  std::size_t operator()(const spotkeeper::Uid& uid) const noexcept { return uid.hash(); }
};
