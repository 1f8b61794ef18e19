// sprig's functions of lists, dictionaries and defaults, and of JSON.
#include <algorithm>

#include "base/text.h"
#include "observe/template/functions.h"
#include "observe/template/print.h"

namespace spotkeeper::observe {
namespace {

using R = Result<TemplateValue>;

Result<const GoList*> list_of(const Call& call, std::size_t i, std::string_view what) {
  if (call.at(i).list() == nullptr) {
    return call_error("cannot find " + std::string(what) + " of type " + call.at(i).type_name());
  }
  return call.at(i).list();
}

TemplateValue made_of(std::vector<TemplateValue> items) {
  return GoList{.element = GoElement::Any, .nil = false, .items = std::move(items)};
}

/// What sprig's list functions give for an empty list: Go's nil.
TemplateValue no_list() { return GoList{.element = GoElement::Any, .nil = true, .items = {}}; }

enum class Piece { First, Last, Rest, Initial };

R piece(const Call& call, Piece which) {
  SK_TRY(const GoList* const list, list_of(call, 0, "that piece"));
  const auto& items = list->items;
  switch (which) {
    case Piece::First: return items.empty() ? TemplateValue() : items.front();
    case Piece::Last: return items.empty() ? TemplateValue() : items.back();
    case Piece::Rest: return items.empty() ? no_list() : made_of({items.begin() + 1, items.end()});
    case Piece::Initial: return items.empty() ? no_list() : made_of({items.begin(), items.end() - 1});
  }
  return TemplateValue();
}

/// sprig's strslice: the texts of what is not nil.
std::vector<std::string> texts_of(const TemplateValue& value, std::size_t room, bool& full) {
  std::vector<std::string> texts;
  const auto put = [&](const TemplateValue& item) {
    if (item.is_nil() || full) return;
    BoundedText text(room);
    print_value(text, item);
    full = full || text.full();
    texts.push_back(text.take());
  };
  if (value.list() == nullptr) {
    put(value);
  } else {
    for (const TemplateValue& item : value.list()->items) put(item);
  }
  return texts;
}

R join_texts(const Call& call) {
  bool full = false;
  const std::vector<std::string> texts = texts_of(call.at(1), call.room, full);
  return bounded(call, [&](BoundedText& out) {
    if (full) out.put(out.room() + 1, ' ');
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (i > 0) out.put(call.text(0));
      out.put(texts[i]);
    }
  });
}

R texts(const Call& call, bool sorted) {
  bool full = false;
  std::vector<std::string> found = texts_of(call.at(0), call.room, full);
  if (full) return call_error("a text that is too long");
  if (sorted && call.at(0).list() == nullptr && call.at(0).is_nil()) found.emplace_back("<nil>");
  if (sorted) std::sort(found.begin(), found.end());
  return TemplateValue::strings(found);
}

R split_list(const Call& call) {
  const std::string& separator = call.text(0);
  std::string_view rest = call.text(1);
  std::vector<std::string> parts;
  if (separator.empty()) {
    for (; !rest.empty(); rest.remove_prefix(first_rune(rest).bytes))
      parts.emplace_back(rest.substr(0, first_rune(rest).bytes));
    return TemplateValue::strings(parts);
  }
  for (std::size_t found = rest.find(separator); found != std::string_view::npos; found = rest.find(separator)) {
    parts.emplace_back(rest.substr(0, found));
    rest.remove_prefix(found + separator.size());
  }
  parts.emplace_back(rest);
  return TemplateValue::strings(parts);
}

R split_map(const Call& call) {
  SK_TRY(const TemplateValue parts, split_list(call));
  std::map<std::string, std::string> found;
  for (std::size_t i = 0; i < parts.list()->items.size(); ++i) {
    found.emplace("_" + std::to_string(i), *parts.list()->items[i].text());
  }
  return TemplateValue::string_map(found);
}

R slice(const Call& call) {
  SK_TRY(const GoList* const list, list_of(call, 0, "a slice"));
  const auto size = static_cast<std::int64_t>(list->items.size());
  if (size == 0) return TemplateValue();
  const auto bound = [&](std::size_t i, std::int64_t otherwise) -> std::int64_t {
    if (call.arguments.size() <= i) return otherwise;
    return call.at(i).integer().value_or(0);
  };
  const std::int64_t begin = bound(1, 0);
  const std::int64_t end = bound(2, size);
  if (begin < 0 || end < begin || end > size) return call_error("slice bounds out of range");
  return TemplateValue(GoList{
      .element = list->element, .nil = false, .items = {list->items.begin() + begin, list->items.begin() + end}});
}

R unique(const Call& call) {
  SK_TRY(const GoList* const list, list_of(call, 0, "uniq"));
  if (list->items.size() > 1000) return call_error("a list of more than 1000 elements");
  std::vector<TemplateValue> kept;
  for (const TemplateValue& item : list->items) {
    if (std::none_of(kept.begin(), kept.end(), [&](const TemplateValue& other) { return deep_equal(other, item); })) {
      kept.push_back(item);
    }
  }
  return made_of(std::move(kept));
}

R without(const Call& call) {
  SK_TRY(const GoList* const list, list_of(call, 0, "without"));
  if (list->items.size() * call.arguments.size() > 100'000) return call_error("a list of too many elements");
  std::vector<TemplateValue> kept;
  for (const TemplateValue& item : list->items) {
    const auto excluded = call.arguments.subspan(1);
    if (std::none_of(excluded.begin(), excluded.end(),
                     [&](const TemplateValue& other) { return deep_equal(other, item); })) {
      kept.push_back(item);
    }
  }
  return made_of(std::move(kept));
}

R has(const Call& call) {
  if (call.at(1).is_nil()) return TemplateValue(false);
  SK_TRY(const GoList* const list, list_of(call, 1, "has"));
  return TemplateValue(std::any_of(list->items.begin(), list->items.end(),
                                   [&](const TemplateValue& item) { return deep_equal(item, call.at(0)); }));
}

R concat(const Call& call) {
  std::vector<TemplateValue> all;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    SK_TRY(const GoList* const list, list_of(call, i, "concat"));
    all.insert(all.end(), list->items.begin(), list->items.end());
  }
  if (all.empty()) return no_list();
  return made_of(std::move(all));
}

R push(const Call& call, bool front) {
  SK_TRY(const GoList* const list, list_of(call, 0, "append"));
  std::vector<TemplateValue> all = list->items;
  all.insert(front ? all.begin() : all.end(), call.at(1));
  return made_of(std::move(all));
}

R dictionary(const Call& call) {
  GoMap map;
  for (std::size_t i = 0; i < call.arguments.size(); i += 2) {
    BoundedText key(call.room);
    print_value(key, call.at(i));
    if (key.full()) return call_error("a key that is too long");
    map.items.insert_or_assign(key.take(), i + 1 < call.arguments.size() ? call.at(i + 1) : TemplateValue(""));
  }
  return TemplateValue(std::move(map));
}

const GoMap& map_of(const Call& call, std::size_t i) {
  static const GoMap none;
  return call.at(i).map() != nullptr ? *call.at(i).map() : none;
}

R keys(const Call& call) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    for (const auto& [key, item] : map_of(call, i).items) all.push_back(key);
  }
  return TemplateValue::strings(all);
}

R chosen(const Call& call, bool keep) {
  GoMap out;
  for (const auto& [key, item] : map_of(call, 0).items) {
    const auto names = call.arguments.subspan(1);
    const bool named =
        std::any_of(names.begin(), names.end(), [&](const TemplateValue& name) { return *name.text() == key; });
    if (named == keep) out.items.emplace(key, item);
  }
  return TemplateValue(std::move(out));
}

R fallback(const Call& call) { return call.arguments.size() < 2 || call.at(1).empty() ? call.at(0) : call.at(1); }

R coalesce(const Call& call) {
  const auto found =
      std::find_if(call.arguments.begin(), call.arguments.end(), [](const TemplateValue& v) { return !v.empty(); });
  return found == call.arguments.end() ? TemplateValue() : *found;
}

R json(const Call& call, JsonEscapes escapes, std::size_t indent) {
  return bounded(call, [&](BoundedText& out) { print_json(out, call.at(0), escapes, indent); });
}

}  // namespace

std::span<const Function> collection_functions() {
  constexpr auto any = Parameter::Any;
  constexpr auto text = Parameter::Text;
  constexpr auto map = Parameter::Dictionary;
  static const Function table[] = {
      {.name = "list",
       .parameters = {},
       .more = any,
       .call = [](const Call& c) -> R { return made_of({c.arguments.begin(), c.arguments.end()}); }},
      {.name = "tuple",
       .parameters = {},
       .more = any,
       .call = [](const Call& c) -> R { return made_of({c.arguments.begin(), c.arguments.end()}); }},
      {.name = "first", .parameters = {any}, .call = [](const Call& c) { return piece(c, Piece::First); }},
      {.name = "last", .parameters = {any}, .call = [](const Call& c) { return piece(c, Piece::Last); }},
      {.name = "rest", .parameters = {any}, .call = [](const Call& c) { return piece(c, Piece::Rest); }},
      {.name = "initial", .parameters = {any}, .call = [](const Call& c) { return piece(c, Piece::Initial); }},
      {.name = "append", .parameters = {any, any}, .call = [](const Call& c) { return push(c, false); }},
      {.name = "prepend", .parameters = {any, any}, .call = [](const Call& c) { return push(c, true); }},
      {.name = "concat", .parameters = {}, .more = any, .call = concat},
      {.name = "reverse",
       .parameters = {any},
       .call = [](const Call& c) -> R {
         SK_TRY(const GoList* const list, list_of(c, 0, "reverse"));
         return made_of({list->items.rbegin(), list->items.rend()});
       }},
      {.name = "compact",
       .parameters = {any},
       .call = [](const Call& c) -> R {
         SK_TRY(const GoList* const list, list_of(c, 0, "compact"));
         std::vector<TemplateValue> kept;
         std::copy_if(list->items.begin(), list->items.end(), std::back_inserter(kept),
                      [](const TemplateValue& v) { return !v.empty(); });
         return made_of(std::move(kept));
       }},
      {.name = "uniq", .parameters = {any}, .call = unique},
      {.name = "without", .parameters = {any}, .more = any, .call = without},
      {.name = "has", .parameters = {any, any}, .call = has},
      {.name = "slice", .parameters = {any}, .more = any, .call = slice},
      {.name = "join", .parameters = {text, any}, .call = join_texts},
      {.name = "sortAlpha", .parameters = {any}, .call = [](const Call& c) { return texts(c, true); }},
      {.name = "toStrings", .parameters = {any}, .call = [](const Call& c) { return texts(c, false); }},
      {.name = "splitList", .parameters = {text, text}, .call = split_list},
      {.name = "split", .parameters = {text, text}, .call = split_map},
      {.name = "dict", .parameters = {}, .more = any, .call = dictionary},
      {.name = "get",
       .parameters = {map, text},
       .call = [](const Call& c) -> R {
         const auto found = map_of(c, 0).items.find(c.text(1));
         return found == map_of(c, 0).items.end() ? TemplateValue("") : found->second;
       }},
      {.name = "hasKey",
       .parameters = {map, text},
       .call = [](const Call& c) -> R { return map_of(c, 0).items.contains(c.text(1)); }},
      {.name = "keys", .parameters = {}, .more = map, .call = keys},
      {.name = "values",
       .parameters = {map},
       .call = [](const Call& c) -> R {
         std::vector<TemplateValue> all;
         for (const auto& [key, item] : map_of(c, 0).items) all.push_back(item);
         return made_of(std::move(all));
       }},
      {.name = "pluck",
       .parameters = {text},
       .more = map,
       .call = [](const Call& c) -> R {
         std::vector<TemplateValue> all;
         for (std::size_t i = 1; i < c.arguments.size(); ++i) {
           const auto found = map_of(c, i).items.find(c.text(0));
           if (found != map_of(c, i).items.end()) all.push_back(found->second);
         }
         return made_of(std::move(all));
       }},
      {.name = "pick", .parameters = {map}, .more = text, .call = [](const Call& c) { return chosen(c, true); }},
      {.name = "omit", .parameters = {map}, .more = text, .call = [](const Call& c) { return chosen(c, false); }},
      {.name = "default", .parameters = {any}, .more = any, .call = fallback},
      {.name = "empty", .parameters = {any}, .call = [](const Call& c) -> R { return c.at(0).empty(); }},
      {.name = "coalesce", .parameters = {}, .more = any, .call = coalesce},
      {.name = "all",
       .parameters = {},
       .more = any,
       .call = [](const Call& c) -> R {
         return std::none_of(c.arguments.begin(), c.arguments.end(), [](const TemplateValue& v) { return v.empty(); });
       }},
      {.name = "any",
       .parameters = {},
       .more = any,
       .call = [](const Call& c) -> R {
         return std::any_of(c.arguments.begin(), c.arguments.end(), [](const TemplateValue& v) { return !v.empty(); });
       }},
      {.name = "ternary",
       .parameters = {any, any, Parameter::Flag},
       .call = [](const Call& c) -> R { return *c.at(2).boolean() ? c.at(0) : c.at(1); }},
      {.name = "toJson", .parameters = {any}, .call = [](const Call& c) { return json(c, JsonEscapes::Html, 0); }},
      {.name = "toRawJson", .parameters = {any}, .call = [](const Call& c) { return json(c, JsonEscapes::Plain, 0); }},
      {.name = "toPrettyJson",
       .parameters = {any},
       .call = [](const Call& c) { return json(c, JsonEscapes::Html, 2); }},
  };
  return table;
}

}  // namespace spotkeeper::observe
