#include "net/http.h"

#include "base/text.h"

namespace spotkeeper::net {

void HttpHeaders::set(std::string_view name, std::string_view value) {
  std::erase_if(fields_, [&](const auto& field) { return equal_ignoring_case(field.first, name); });
  add(name, value);
}

void HttpHeaders::add(std::string_view name, std::string_view value) {
  constexpr std::size_t kUsual = 4;
  if (fields_.empty()) fields_.reserve(kUsual);
  fields_.emplace_back(name, value);
}

std::optional<std::string_view> HttpHeaders::find(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (equal_ignoring_case(key, name)) return value;
  }
  return std::nullopt;
}

}  // namespace spotkeeper::net
