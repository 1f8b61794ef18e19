// Text that means something, as a type of its own.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace spotkeeper {

/// A name of one kind: `struct NodeNameTag; using NodeName = Name<NodeNameTag>;`. Two kinds never compare or convert.
template <class Tag>
class Name {
 public:
  Name() = default;
  explicit Name(std::string text) : text_(std::move(text)) {}
  explicit Name(std::string_view text) : text_(text) {}
  explicit Name(const char* text) : text_(text) {}

  [[nodiscard]] const std::string& str() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

  friend auto operator<=>(const Name&, const Name&) = default;
  friend bool operator==(const Name&, const Name&) = default;

 private:
  std::string text_;
};

}  // namespace spotkeeper

template <class Tag>
struct std::hash<spotkeeper::Name<Tag>> {
  std::size_t operator()(const spotkeeper::Name<Tag>& name) const noexcept {
    return std::hash<std::string_view>{}(name.str());
  }
};
