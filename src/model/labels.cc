#include "model/labels.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <utility>

namespace spotkeeper {
namespace {

bool key_before(const Labels::Entry& entry, std::string_view key) { return entry.first < key; }

std::optional<std::int64_t> integer_of(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool compares(const std::string* label, const std::vector<std::string>& values, bool greater) {
  if (label == nullptr || values.size() != 1) return false;
  const auto left = integer_of(*label);
  const auto right = integer_of(values.front());
  return left && right && (greater ? *left > *right : *left < *right);
}

}  // namespace

Labels::Labels(std::initializer_list<Entry> entries) : Labels(std::vector<Entry>(entries)) {}

Labels::Labels(std::vector<Entry> entries) : entries_(std::move(entries)) {
  const auto not_before = [](const Entry& a, const Entry& b) { return a.first >= b.first; };
  if (std::ranges::adjacent_find(entries_, not_before) == entries_.end()) return;  // as the API server sends them
  std::map<std::string, std::string> sorted;
  for (auto& [key, value] : entries_) sorted.insert_or_assign(std::move(key), std::move(value));
  entries_.clear();
  while (!sorted.empty()) {
    auto first = sorted.extract(sorted.begin());
    entries_.emplace_back(std::move(first.key()), std::move(first.mapped()));
  }
}

void Labels::set(std::string_view key, std::string_view value) {
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), key, key_before);
  if (at != entries_.end() && at->first == key) {
    at->second = value;
  } else {
    entries_.emplace(at, key, value);
  }
}

void Labels::erase(std::string_view key) {
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), key, key_before);
  if (at != entries_.end() && at->first == key) entries_.erase(at);
}

const std::string* Labels::find(std::string_view key) const {
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), key, key_before);
  return at != entries_.end() && at->first == key ? &at->second : nullptr;
}

bool SelectorRequirement::matches(const Labels& labels) const {
  const std::string* label = labels.find(key);
  const auto listed = [&] { return label != nullptr && std::ranges::find(values, *label) != values.end(); };
  switch (op) {
    case SelectorOperator::In: return listed();
    case SelectorOperator::NotIn: return !listed();
    case SelectorOperator::Exists: return label != nullptr;
    case SelectorOperator::DoesNotExist: return label == nullptr;
    case SelectorOperator::Gt: return compares(label, values, true);
    case SelectorOperator::Lt: return compares(label, values, false);
  }
  return false;
}

bool LabelSelector::matches(const Labels& labels) const {
  return !invalid && std::ranges::all_of(requirements, [&](const auto& each) { return each.matches(labels); });
}

}  // namespace spotkeeper
