#include "model/uid.h"

#include <bit>
#include <memory>
#include <optional>

namespace spotkeeper {
namespace {

constexpr std::size_t kUuidLength = 36;
constexpr std::string_view kHexDigits = "0123456789abcdef";

constexpr bool is_hyphen_place(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

struct Halves {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
};

std::optional<Halves> halves_of(std::string_view text) {
  if (text.size() != kUuidLength) return std::nullopt;
  Halves out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_hyphen_place(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const std::size_t digit = kHexDigits.find(text[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    out.high = (out.high << 4) | (out.low >> 60);
    out.low = (out.low << 4) | digit;
  }
  return (out.low >> 62) == 0b10 ? std::optional(out) : std::nullopt;
}

std::uint64_t address_of(std::unique_ptr<std::string> text) { return std::bit_cast<std::uintptr_t>(text.release()); }

}  // namespace

Uid::Uid(std::string_view text) {
  if (text.empty()) return;
  if (const auto halves = halves_of(text)) {
    high_ = halves->high;
    low_ = halves->low;
  } else {
    high_ = address_of(std::make_unique<std::string>(text));
  }
}

Uid::Uid(const Uid& other) : high_(other.high_), low_(other.low_) {
  if (const std::string* text = other.other_text()) high_ = address_of(std::make_unique<std::string>(*text));
}

Uid& Uid::operator=(const Uid& other) {
  Uid copy(other);
  std::swap(high_, copy.high_);
  std::swap(low_, copy.low_);
  return *this;
}

Uid& Uid::operator=(Uid&& other) noexcept {
  std::swap(high_, other.high_);
  std::swap(low_, other.low_);
  return *this;
}

Uid::~Uid() { const std::unique_ptr<const std::string> owned(other_text()); }

const std::string* Uid::other_text() const {
  return is_uuid() ? nullptr : std::bit_cast<const std::string*>(static_cast<std::uintptr_t>(high_));
}

std::string Uid::str() const {
  if (empty()) return {};
  if (const std::string* text = other_text()) return *text;
  std::string out(kUuidLength, '-');
  unsigned shift = 128;
  for (std::size_t i = 0; i < kUuidLength; ++i) {
    if (is_hyphen_place(i)) continue;
    shift -= 4;
    out[i] = kHexDigits[(shift >= 64 ? high_ >> (shift - 64) : low_ >> shift) & 0xF];
  }
  return out;
}

std::size_t Uid::hash() const noexcept {
  if (const std::string* text = other_text()) return std::hash<std::string_view>{}(*text);
  return high_ ^ (low_ * 0x9E3779B97F4A7C15U);
}

bool operator==(const Uid& a, const Uid& b) {
  const std::string* left = a.other_text();
  const std::string* right = b.other_text();
  if (left != nullptr && right != nullptr) return *left == *right;
  return a.high_ == b.high_ && a.low_ == b.low_;
}

std::strong_ordering operator<=>(const Uid& a, const Uid& b) {
  if (a.is_uuid() && b.is_uuid()) return a.high_ != b.high_ ? a.high_ <=> b.high_ : a.low_ <=> b.low_;
  return a.str() <=> b.str();
}

}  // namespace spotkeeper
