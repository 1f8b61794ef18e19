// Labels and the selectors over them, with Kubernetes' meaning.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spotkeeper {

/// Key-value pairs, sorted by key, each key once. Also used for annotations and node selectors.
class Labels {
 public:
  using Entry = std::pair<std::string, std::string>;

  Labels() = default;
  Labels(std::initializer_list<Entry> entries);
  /// Takes entries in any order; of equal keys the last wins.
  explicit Labels(std::vector<Entry> entries);

  void set(std::string_view key, std::string_view value);
  void erase(std::string_view key);
  /// The value, or nullptr where the key is absent (an empty value is not absence).
  [[nodiscard]] const std::string* find(std::string_view key) const;
  [[nodiscard]] bool contains(std::string_view key) const { return find(key) != nullptr; }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] auto begin() const { return entries_.begin(); }
  [[nodiscard]] auto end() const { return entries_.end(); }

  friend auto operator<=>(const Labels&, const Labels&) = default;
  friend bool operator==(const Labels&, const Labels&) = default;

 private:
  std::vector<Entry> entries_;
};

enum class SelectorOperator { In, NotIn, Exists, DoesNotExist, Gt, Lt };  // Gt and Lt in node selectors only

struct SelectorRequirement {
  std::string key;
  SelectorOperator op = SelectorOperator::In;
  std::vector<std::string> values;

  /// In: present and one of the values. NotIn: absent, or none of them. Gt, Lt: both sides are integers (else no
  /// match).
  [[nodiscard]] bool matches(const Labels& labels) const;
  friend auto operator<=>(const SelectorRequirement&, const SelectorRequirement&) = default;
};

/// metav1.LabelSelector. One with no requirement matches everything; a selector that was absent matches nothing and is
/// a `std::nullopt` where it can occur. One with an operator or values that the API would refuse is `invalid`: it
/// matches nothing, and who uses it says so.
struct LabelSelector {
  std::vector<SelectorRequirement> requirements;  // all must match; matchLabels are In with one value
  std::optional<std::string> invalid;             // why it can't be evaluated

  [[nodiscard]] bool matches(const Labels& labels) const;
  friend auto operator<=>(const LabelSelector&, const LabelSelector&) = default;
};

}  // namespace spotkeeper
