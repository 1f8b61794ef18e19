// A document with some of it written over: what a scenario's variants are made by.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "format/json.h"

namespace spotkeeper::sim {

/// A document that was put together from parts of another one, and says of each part where it stood there.
class OverriddenDocument : public format::JsonPlaces {
 public:
  /// `places` outlives this, and knows the pointers of `document`.
  OverriddenDocument(const format::JsonValue& document, const format::JsonPlaces& places)
      : value_(document), places_(places) {}

  /// Writes the value at `source` (a pointer into the original document) over this one. Maps are merged key by key; a
  /// null takes the key away. Lists of maps with a `name` (or a `service`) are merged too: an element changes the first
  /// one of that name (and of its `namespace`, if it has one), or is added behind them. Everything else is replaced.
  void write_over(const format::JsonValue& value, const std::string& source);
  void erase(std::string_view key);

  /// As long as this lives and is not moved.
  [[nodiscard]] format::JsonField root() const { return format::JsonField(value_, this); }
  [[nodiscard]] std::string describe_place(std::string_view pointer) const override;

 private:
  void merge(format::JsonValue& into, const std::string& at, const format::JsonValue& from, const std::string& source);
  void merge_object(format::JsonObject& into, const std::string& at, const format::JsonObject& from,
                    const std::string& source);
  void merge_array(format::JsonArray& into, const std::string& at, const format::JsonArray& from,
                   const std::string& source);
  void came_from(std::string at, std::string source) { moved_.emplace_back(std::move(at), std::move(source)); }

  format::JsonValue value_;
  const format::JsonPlaces& places_;
  std::vector<std::pair<std::string, std::string>> moved_;  // pointers here, and where they stood; the last one counts
};

}  // namespace spotkeeper::sim
