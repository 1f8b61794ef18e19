#include "observe/template/value.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace spotkeeper::observe {
namespace {

std::size_t add(std::size_t a, std::size_t b) {
  return b > std::numeric_limits<std::size_t>::max() - a ? std::numeric_limits<std::size_t>::max() : a + b;
}

std::string_view element_name(GoElement element) {
  switch (element) {
    case GoElement::Any: return "interface {}";
    case GoElement::String: return "string";
    case GoElement::Int: return "int";
  }
  return "";
}

}  // namespace

TemplateValue::TemplateValue(std::string text) : weight_(text.size() + 8) {
  data_ = std::make_shared<const std::string>(std::move(text));
}

TemplateValue::TemplateValue(GoList list) {
  for (const TemplateValue& item : list.items) weight_ = add(weight_, item.weight());
  data_ = std::make_shared<const GoList>(std::move(list));
}

TemplateValue::TemplateValue(GoMap map) {
  for (const auto& [key, item] : map.items) weight_ = add(weight_, add(key.size(), item.weight()));
  data_ = std::make_shared<const GoMap>(std::move(map));
}

TemplateValue::TemplateValue(GoStruct fields) {
  for (const GoField& field : fields.fields) weight_ = add(weight_, add(field.name.size(), field.value.weight()));
  data_ = std::make_shared<const GoStruct>(std::move(fields));
}

TemplateValue TemplateValue::strings(const std::vector<std::string>& texts) {
  GoList list{.element = GoElement::String, .nil = false, .items = {}};
  for (const std::string& text : texts) list.items.emplace_back(text);
  return list;
}

TemplateValue TemplateValue::string_map(const std::map<std::string, std::string>& texts) {
  GoMap map{.element = GoElement::String, .nil = false, .items = {}};
  for (const auto& [key, text] : texts) map.items.emplace(key, text);
  return map;
}

std::optional<std::int64_t> TemplateValue::integer() const {
  const auto* const found = std::get_if<Integer>(&data_);
  return found != nullptr ? std::optional(found->value) : std::nullopt;
}

std::optional<GoInt> TemplateValue::integer_type() const {
  const auto* const found = std::get_if<Integer>(&data_);
  return found != nullptr ? std::optional(found->type) : std::nullopt;
}

const std::string* TemplateValue::text() const {
  const auto* const found = std::get_if<std::shared_ptr<const std::string>>(&data_);
  return found != nullptr ? found->get() : nullptr;
}

const GoList* TemplateValue::list() const {
  const auto* const found = std::get_if<std::shared_ptr<const GoList>>(&data_);
  return found != nullptr ? found->get() : nullptr;
}

const GoMap* TemplateValue::map() const {
  const auto* const found = std::get_if<std::shared_ptr<const GoMap>>(&data_);
  return found != nullptr ? found->get() : nullptr;
}

const GoStruct* TemplateValue::fields() const {
  const auto* const found = std::get_if<std::shared_ptr<const GoStruct>>(&data_);
  return found != nullptr ? found->get() : nullptr;
}

std::string TemplateValue::type_name() const {
  if (boolean() != nullptr) return "bool";
  if (const auto type = integer_type()) return *type == GoInt::Int ? "int" : *type == GoInt::Int64 ? "int64" : "uint8";
  if (real() != nullptr) return "float64";
  if (text() != nullptr) return "string";
  if (time() != nullptr) return "time.Time";
  if (const GoList* const found = list()) return "[]" + std::string(element_name(found->element));
  if (const GoMap* const found = map()) return "map[string]" + std::string(element_name(found->element));
  if (const GoStruct* const found = fields()) return found->type;
  return "nil";
}

bool TemplateValue::truth() const { return !empty(); }

bool TemplateValue::empty() const {
  if (is_nil()) return true;
  if (const bool* const found = boolean()) return !*found;
  if (const auto found = integer()) return *found == 0;
  if (const double* const found = real()) return *found == 0;
  if (const std::string* const found = text()) return found->empty();
  if (const GoList* const found = list()) return found->items.empty();
  if (const GoMap* const found = map()) return found->items.empty();
  return false;
}

const TemplateValue* find_field(const GoStruct& fields, std::string_view name) {
  for (const GoField& field : fields.fields) {
    if (field.name == name) return field.function ? nullptr : &field.value;
  }
  for (const GoField& field : fields.fields) {
    const GoStruct* const inner = field.embedded ? field.value.fields() : nullptr;
    if (const TemplateValue* const found = inner != nullptr ? find_field(*inner, name) : nullptr) return found;
  }
  return nullptr;
}

std::vector<std::string_view> field_names(const GoStruct& fields) {
  std::vector<std::string_view> names;
  for (const GoField& field : fields.fields) {
    if (field.function) continue;
    names.emplace_back(field.name);
    const GoStruct* const inner = field.embedded ? field.value.fields() : nullptr;
    if (inner == nullptr) continue;
    for (const std::string_view name : field_names(*inner)) names.push_back(name);
  }
  return names;
}

bool deep_equal(const TemplateValue& a, const TemplateValue& b) {
  if (a.type_name() != b.type_name()) return false;
  if (a.boolean() != nullptr) return *a.boolean() == *b.boolean();
  if (a.integer()) return *a.integer() == *b.integer();
  if (a.real() != nullptr) return *a.real() == *b.real();
  if (a.text() != nullptr) return *a.text() == *b.text();
  if (a.time() != nullptr) return *a.time() == *b.time();
  if (a.list() != nullptr) {
    const GoList& x = *a.list();
    const GoList& y = *b.list();
    return &x == &y ||
           (x.nil == y.nil && std::equal(x.items.begin(), x.items.end(), y.items.begin(), y.items.end(), deep_equal));
  }
  if (a.map() != nullptr) {
    const GoMap& x = *a.map();
    const GoMap& y = *b.map();
    return &x == &y || (x.nil == y.nil && std::equal(x.items.begin(), x.items.end(), y.items.begin(), y.items.end(),
                                                     [](const auto& p, const auto& q) {
                                                       return p.first == q.first && deep_equal(p.second, q.second);
                                                     }));
  }
  if (a.fields() != nullptr) {
    const auto& x = a.fields()->fields;
    const auto& y = b.fields()->fields;
    return &x == &y || std::equal(x.begin(), x.end(), y.begin(), y.end(), [](const GoField& p, const GoField& q) {
      return p.name == q.name && deep_equal(p.value, q.value);
    });
  }
  return true;
}

}  // namespace spotkeeper::observe
