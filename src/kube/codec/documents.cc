#include "kube/codec/documents.h"

#include <string_view>

namespace spotkeeper::kube {
namespace {

using format::JsonField;

Result<void> visit_within(const JsonField& object, std::string_view kind_of_list, const ObjectVisitor& visit) {
  SK_CHECK(object.is_object());
  SK_TRY(const auto said, object["kind"].maybe<std::string>());
  if (!said && kind_of_list.empty()) return fail(object["kind"].error("missing: what kind of object is this?"));
  const std::string kind = said.value_or(std::string(kind_of_list));
  if (kind != "List" && !(kind.ends_with("List") && object["items"].present())) return visit(object, kind);
  SK_TRY(const auto items, object["items"].elements());
  const std::string_view of = std::string_view(kind).substr(0, kind.size() - std::string_view("List").size());
  for (const JsonField& item : items) SK_CHECK(visit_within(item, of, visit));
  return {};
}

}  // namespace

Result<void> each_object(const JsonField& document, const ObjectVisitor& visit) {
  return visit_within(document, {}, visit);
}

Result<Quantity> amount_in(const JsonField& field) {
  const bool is_text = field.present() && field.value()->is_string();
  SK_TRY(const auto text, is_text || !field.present() ? field.as<std::string>()
                                                      : Result<std::string>(format::write_json(*field.value())));
  const auto parsed = Quantity::parse(text);
  if (!parsed) return fail(field.error(parsed.error().message));
  if (*parsed < Quantity()) return fail(field.error("expected 0 or more"));
  return *parsed;
}

Result<void> check_amounts(const JsonField& amounts) {
  SK_TRY(const auto members, amounts.members());
  for (const auto& [name, amount] : members) {
    if (!amount.present()) continue;
    SK_CHECK(amount_in(amount));
  }
  return {};
}

}  // namespace spotkeeper::kube
