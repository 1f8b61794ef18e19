#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "format/json.h"

namespace spotkeeper::format {
namespace {

constexpr std::size_t kMostOperations = 10'000;             // the API server's limit
constexpr std::size_t kMostCopied = std::size_t{16} << 20;  // bytes, over all copy operations of a patch

using Tokens = std::span<const std::string>;

// Equal as RFC 6902 §4.6 has it: numbers by their value, whatever way they are written.
bool same(const JsonValue& a, const JsonValue& b) {
  if (a.is_double() != b.is_double() && a.is_number() && b.is_number())
    return a.to_number<double>() == b.to_number<double>();
  if (a.is_array() && b.is_array()) return std::ranges::equal(a.get_array(), b.get_array(), same);
  if (!a.is_object() || !b.is_object()) return a == b;
  const auto& left = a.get_object();
  const auto& right = b.get_object();
  return left.size() == right.size() && std::ranges::all_of(left, [&](const auto& member) {
           const JsonValue* other = right.if_contains(member.key());
           return other != nullptr && same(member.value(), *other);
         });
}

tl::unexpected<Error> nowhere(std::string_view token) {
  return fail(ErrorCode::NotFound, "there is no " + quote(token));
}

// An array index below `size`: digits without a leading zero.
Result<std::size_t> index_of(std::string_view token, std::size_t size) {
  const auto index = parse_int<std::size_t>(token);
  if (!index || (token.size() > 1 && token.front() == '0'))
    return fail(ErrorCode::InvalidInput, quote(token) + " is no index");
  if (*index >= size) return nowhere(token);
  return *index;
}

template <class Value>  // JsonValue or const JsonValue
Result<Value*> locate(Value& document, Tokens tokens) {
  Value* at = &document;
  for (const std::string& token : tokens) {
    if (auto* object = at->if_object()) {
      at = object->if_contains(token);
      if (at == nullptr) return nowhere(token);
    } else if (auto* array = at->if_array()) {
      SK_TRY(const std::size_t index, index_of(token, array->size()));
      at = &(*array)[index];
    } else {
      return nowhere(token);
    }
  }
  return at;
}

class Patcher {
 public:
  explicit Patcher(JsonValue& document) : document_(document) {}

  Result<void> apply(const JsonField& operation) {
    SK_TRY(const auto op, operation["op"].as<std::string>());
    SK_TRY(const auto path_text, operation["path"].as<std::string>());
    SK_TRY(const auto path, parse_pointer(path_text));
    if (op == "remove") return remove(path);
    if (op == "move" || op == "copy") {
      SK_TRY(const auto from_text, operation["from"].as<std::string>());
      SK_TRY(const auto from, parse_pointer(from_text));
      return op == "move" ? move(from, path) : copy(from, path);
    }
    if (op != "add" && op != "replace" && op != "test")
      return fail(ErrorCode::InvalidInput, "unknown operation " + quote(op));
    const auto* members = operation.value()->if_object();
    const JsonValue* value = members->if_contains("value");
    if (value == nullptr) return fail(ErrorCode::InvalidInput, "there is no 'value'");
    return op == "add" ? add(path, *value) : op == "replace" ? replace(path, *value) : test(path, *value);
  }

 private:
  Result<void> add(Tokens path, JsonValue value) {
    if (path.size() + depth_of(value) > kJsonDepth) return fail(ErrorCode::InvalidInput, "the result is too deep");
    if (path.empty()) {
      document_ = std::move(value);
      return {};
    }
    SK_TRY(JsonValue* const parent, locate(document_, path.first(path.size() - 1)));
    const std::string& token = path.back();
    if (auto* object = parent->if_object()) {
      object->insert_or_assign(token, std::move(value));
    } else if (auto* array = parent->if_array()) {
      std::size_t index = array->size();
      if (token != "-") {
        SK_TRY(index, index_of(token, array->size() + 1));
      }
      array->insert(array->begin() + index, std::move(value));
    } else {
      return nowhere(token);
    }
    return {};
  }

  Result<void> remove(Tokens path) {
    if (path.empty()) return fail(ErrorCode::InvalidInput, "the whole document cannot be removed");
    SK_TRY(JsonValue* const parent, locate(document_, path.first(path.size() - 1)));
    SK_CHECK(locate(*parent, path.last(1)));
    if (auto* object = parent->if_object()) {
      object->stable_erase(object->find(path.back()));
      return {};
    }
    auto& array = parent->get_array();
    SK_TRY(const std::size_t index, index_of(path.back(), array.size()));
    array.erase(array.begin() + index);
    return {};
  }

  Result<void> replace(Tokens path, const JsonValue& value) {
    SK_TRY(JsonValue* const at, locate(document_, path));
    if (path.size() + depth_of(value) > kJsonDepth) return fail(ErrorCode::InvalidInput, "the result is too deep");
    *at = value;
    return {};
  }

  Result<void> move(Tokens from, Tokens path) {
    SK_TRY(const JsonValue* const at, locate(document_, from));
    if (std::ranges::equal(from, path)) return {};
    if (from.size() < path.size() && std::ranges::equal(from, path.first(from.size())))
      return fail(ErrorCode::InvalidInput, "a value cannot be moved into itself");
    JsonValue value = *at;
    SK_CHECK(remove(from));
    return add(path, std::move(value));
  }

  Result<void> copy(Tokens from, Tokens path) {
    SK_TRY(const JsonValue* const at, locate(document_, from));
    copied_ += size_of(*at);
    if (copied_ > kMostCopied) return fail(ErrorCode::InvalidInput, "the patch copies too much");
    return add(path, *at);
  }

  Result<void> test(Tokens path, const JsonValue& value) {
    SK_TRY(const JsonValue* const at, locate(document_, path));
    if (!same(*at, value)) return fail(ErrorCode::Conflict, "the value is another");
    return {};
  }

  JsonValue& document_;
  std::size_t copied_ = 0;
};

}  // namespace

Result<const JsonValue*> find_json(const JsonValue& document, std::string_view pointer) {
  SK_TRY(const auto tokens, parse_pointer(pointer));
  return locate(document, tokens).within(pointer);
}

void apply_merge_patch(JsonValue& target, const JsonValue& patch) {
  if (!patch.is_object()) {
    target = patch;
    return;
  }
  if (!target.is_object()) target.emplace_object();
  auto& object = target.get_object();
  for (const auto& member : patch.get_object()) {
    if (member.value().is_null()) {
      if (const auto found = object.find(member.key()); found != object.end()) object.stable_erase(found);
    } else {
      apply_merge_patch(object[member.key()], member.value());
    }
  }
}

Result<void> apply_json_patch(JsonValue& target, const JsonValue& patch) {
  SK_TRY(const auto operations, JsonField(patch).elements());
  if (!patch.is_array()) return fail(ErrorCode::InvalidInput, "a JSON patch is an array of operations");
  if (operations.size() > kMostOperations)
    return fail(ErrorCode::InvalidInput, fmt::format("a JSON patch of more than {} operations", kMostOperations));
  JsonValue changed = target;
  Patcher patcher(changed);
  for (std::size_t i = 0; i < operations.size(); ++i)
    SK_CHECK(patcher.apply(operations[i]).within(fmt::format("operation {}", i)));
  target = std::move(changed);
  return {};
}

}  // namespace spotkeeper::format
