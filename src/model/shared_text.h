// Text that many values hold: one pointer each, one copy of the characters for all who got it from each other.
//
// 150,000 pods name 5,000 nodes and a few hundred namespaces; with a std::string each, these names alone would take as
// much memory as all the rest of a pod. Copying is counting; equality and order are those of the text.
#pragma once

#include <atomic>
#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace spotkeeper {

/// An immutable text with shared ownership; safe to copy and drop on any thread. Default: empty.
class SharedText {
 public:
  SharedText() = default;
  explicit SharedText(std::string text) : block_(text.empty() ? nullptr : new Block{{1}, std::move(text)}) {}
  SharedText(const SharedText& other) : block_(other.block_) { retain(); }
  SharedText(SharedText&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  SharedText& operator=(const SharedText& other) {
    SharedText copy(other);
    std::swap(block_, copy.block_);
    return *this;
  }
  SharedText& operator=(SharedText&& other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~SharedText() { release(); }

  [[nodiscard]] const std::string& str() const { return block_ != nullptr ? block_->text : empty_text(); }
  [[nodiscard]] bool empty() const { return block_ == nullptr; }
  /// The only holder of its text: nobody else would miss it.
  [[nodiscard]] bool sole() const { return block_ != nullptr && block_->holders.load(std::memory_order_acquire) == 1; }

  friend bool operator==(const SharedText& a, const SharedText& b) {
    return a.block_ == b.block_ || (a.block_ != nullptr && b.block_ != nullptr && a.block_->text == b.block_->text);
  }
  friend std::strong_ordering operator<=>(const SharedText& a, const SharedText& b) {
    return a.block_ == b.block_ ? std::strong_ordering::equal : a.str() <=> b.str();
  }

 private:
  struct Block {
    std::atomic<std::size_t> holders;
    std::string text;
  };
  static const std::string& empty_text();
  void retain() const {
    if (block_ != nullptr) block_->holders.fetch_add(1, std::memory_order_relaxed);
  }
  void release() {
    if (block_ != nullptr && block_->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) delete block_;
  }

  Block* block_ = nullptr;
};

/// Like `Name` (base/strong.h), held in one pointer: for names that many values share.
template <class Tag>
class SharedName {
 public:
  SharedName() = default;
  explicit SharedName(std::string text) : text_(std::move(text)) {}
  explicit SharedName(std::string_view text) : text_(std::string(text)) {}
  explicit SharedName(const char* text) : text_(std::string(text)) {}

  [[nodiscard]] const std::string& str() const { return text_.str(); }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  [[nodiscard]] bool sole() const { return text_.sole(); }

  friend auto operator<=>(const SharedName&, const SharedName&) = default;
  friend bool operator==(const SharedName&, const SharedName&) = default;

 private:
  SharedText text_;
};

}  // namespace spotkeeper

template <class Tag>
struct std::hash<spotkeeper::SharedName<Tag>> {
  std::size_t operator()(const spotkeeper::SharedName<Tag>& name) const noexcept {
    return std::hash<std::string_view>{}(name.str());
  }
};
