#include "kube/codec/translate.h"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <iterator>
#include <limits>
#include <ranges>
#include <type_traits>

#include "base/text.h"

namespace spotkeeper::kube {
namespace {

using format::JsonArray;
using format::JsonObject;
using format::JsonValue;
using format::ProtoReader;
using format::ProtoWriter;
using wire::Arena;
using wire::IntOrString;
using wire::Map;
using wire::MicroTime;
using wire::Quantities;
using wire::Text;
using wire::Time;
using wire::Times;

template <class T>
concept Message = requires(const T* message) { fields(message); };

/// The way to a field that could not be read, outermost last.
using Trail = std::vector<std::string>;

std::string pointer_of(const Trail& trail) {
  std::string out;
  for (const std::string& step : std::views::reverse(trail)) out += "/" + format::escape_pointer_token(step);
  return out;
}

// ---- protobuf -> structs ------------------------------------------------------------------------------------------

class ProtoDecoder {
 public:
  template <Message T>
  Result<T> run(std::string_view message) {
    T out;
    ProtoReader reader(message);
    read(reader, out);
    if (auto status = reader.status(); !status) {
      const std::string where = pointer_of(trail_);
      return fail(where.empty() ? std::move(status).error() : std::move(status).error().within(where));
    }
    return out;
  }

 private:
  template <Message T>
  void read(ProtoReader& reader, T& out) {
    while (reader.next()) {
      const std::uint32_t number = reader.field();
      std::apply(
          [&](const auto&... field) {
            (void)((field.number == number && (read_field(reader, out.*field.member, field.name), true)) || ...);
          },
          fields(&out));
    }
  }

  template <class M>
  void read_field(ProtoReader& reader, M& out, std::string_view name) {
    get(reader, out);
    if (!reader.status() && !name.empty()) trail_.emplace_back(name);
  }

  template <Message T>
  void get(ProtoReader& reader, T& out) {
    ProtoReader nested = reader.message();
    read(nested, out);
  }
  template <class T>
  void get(ProtoReader& reader, std::vector<T>& out) {
    get(reader, out.emplace_back());
    if (!reader.status()) trail_.push_back(std::to_string(out.size() - 1));
  }
  template <class T>
  void get(ProtoReader& reader, std::optional<T>& out) {
    if (!out) out.emplace();  // a message that comes in two parts is one message
    get(reader, *out);
  }
  static void get(ProtoReader& reader, Text& out) { out = reader.text(); }
  static void get(ProtoReader& reader, bool& out) { out = reader.boolean(); }
  static void get(ProtoReader& reader, std::int32_t& out) { out = reader.int32(); }
  static void get(ProtoReader& reader, std::int64_t& out) { out = reader.int64(); }
  static void get(ProtoReader& reader, Time& out) {
    out.at = reader.time();
    if (out.at) out.at = std::chrono::floor<std::chrono::seconds>(*out.at);
  }
  static void get(ProtoReader& reader, MicroTime& out) { out.at = reader.time(); }
  static void get(ProtoReader& reader, IntOrString& out) { out = reader.int_or_string(); }
  static void get(ProtoReader& reader, Map& out) { out.push_back(reader.string_entry()); }
  static void get(ProtoReader& reader, Quantities& out) { out.entries.push_back(reader.quantity_entry()); }
  static void get(ProtoReader& reader, Times& out) {
    auto& [key, value] = out.entries.emplace_back();
    ProtoReader entry = reader.message();
    while (entry.next()) {
      if (entry.field() == 1) key = entry.text();
      if (entry.field() == 2) get(entry, value);
    }
  }

  Trail trail_;
};

// ---- JSON -> structs ----------------------------------------------------------------------------------------------

class JsonDecoder {
 public:
  explicit JsonDecoder(Arena& arena) : arena_(arena) {}

  template <Message T>
  Result<T> run(const JsonValue& document) {
    T out;
    if (!get(document, out))
      return fail(ErrorCode::InvalidInput, trail_.empty() ? problem_ : pointer_of(trail_) + ": " + problem_);
    return out;
  }

 private:
  bool reject(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }
  bool expected(std::string_view what, const JsonValue& value) {
    return reject("expected " + std::string(what) + ", got " + std::string(format::kind_of(value)));
  }

  template <Message T>
  bool get(const JsonValue& value, T& out) {
    const JsonObject* object = value.if_object();
    if (object == nullptr) return expected("an object", value);
    return std::apply([&](const auto&... field) { return (get_field(value, *object, field, out) && ...); },
                      fields(&out));
  }
  template <class F, class T>
  bool get_field(const JsonValue& value, const JsonObject& object, const F& field, T& out) {
    auto& member = out.*field.member;
    if constexpr (Message<std::remove_cvref_t<decltype(member)>>) {
      if (field.name.empty()) return get(value, member);
    }
    const JsonValue* found = object.if_contains(field.name);
    if (found == nullptr || found->is_null() || get(*found, member)) return true;
    trail_.emplace_back(field.name);
    return false;
  }

  template <class T>
  bool get(const JsonValue& value, std::vector<T>& out) {
    const JsonArray* array = value.if_array();
    if (array == nullptr) return expected("an array", value);
    out.reserve(array->size());
    for (const JsonValue& element : *array) {
      // null among the elements is the zero value, as in Go.
      if (element.is_null()) {
        out.emplace_back();
      } else if (!get(element, out.emplace_back())) {
        trail_.push_back(std::to_string(out.size() - 1));
        return false;
      }
    }
    return true;
  }
  template <class T>
  bool get(const JsonValue& value, std::optional<T>& out) {
    return get(value, out.emplace());
  }
  bool get(const JsonValue& value, Text& out) {
    const auto* text = value.if_string();
    if (text == nullptr) return expected("a string", value);
    out = *text;
    return true;
  }
  bool get(const JsonValue& value, bool& out) {
    const bool* flag = value.if_bool();
    if (flag == nullptr) return expected("true or false", value);
    out = *flag;
    return true;
  }
  template <std::signed_integral T>
  bool get(const JsonValue& value, T& out) {
    std::int64_t number = 0;
    if (const auto* whole = value.if_int64()) {
      number = *whole;
    } else if (const auto* real = value.if_double();
               real != nullptr && *real == std::trunc(*real) && std::abs(*real) < 9e18) {
      number = static_cast<std::int64_t>(*real);
    } else {
      return expected("a whole number", value);
    }
    if (number < std::numeric_limits<T>::min() || number > std::numeric_limits<T>::max())
      return reject("the number " + std::to_string(number) + " is out of range");
    out = static_cast<T>(number);
    return true;
  }
  /// A JSON number is the amount that it says, too: people write `cpu: 2`.
  bool get_quantity(const JsonValue& value, Text& out) {
    if (!value.is_number()) return get(value, out);
    out = arena_.keep(format::write_json(value));
    return true;
  }
  bool get_time(const JsonValue& value, std::optional<Instant>& out) {
    Text text;
    if (!get(value, text)) return false;
    if (text == "0001-01-01T00:00:00Z") return true;  // Go's zero time: unset
    auto parsed = parse_rfc3339(text);
    if (!parsed) return reject(std::move(parsed).error().message);
    out = *parsed;
    return true;
  }
  bool get(const JsonValue& value, Time& out) {
    if (!get_time(value, out.at)) return false;
    if (out.at) out.at = std::chrono::floor<std::chrono::seconds>(*out.at);
    return true;
  }
  bool get(const JsonValue& value, MicroTime& out) {
    if (!get_time(value, out.at)) return false;
    if (out.at) out.at = std::chrono::floor<std::chrono::microseconds>(*out.at);
    return true;
  }
  bool get(const JsonValue& value, IntOrString& out) {
    if (value.is_string()) return get(value, out.emplace<std::string_view>());
    return value.is_number() ? get(value, out.emplace<std::int32_t>()) : expected("a number or a string", value);
  }
  template <class Entry, class Get>
  bool get_entries(const JsonValue& value, std::vector<std::pair<Text, Entry>>& out, Get get_value) {
    const JsonObject* object = value.if_object();
    if (object == nullptr) return expected("an object", value);
    out.reserve(object->size());
    for (const auto& [key, each] : *object) {
      auto& entry = out.emplace_back(Text(key), Entry());
      if (each.is_null() || get_value(each, entry.second)) continue;
      trail_.emplace_back(key);
      return false;
    }
    return true;
  }
  bool get(const JsonValue& value, Map& out) {
    return get_entries(value, out, [this](const JsonValue& each, Text& text) { return get(each, text); });
  }
  bool get(const JsonValue& value, Quantities& out) {
    return get_entries(value, out.entries,
                       [this](const JsonValue& each, Text& text) { return get_quantity(each, text); });
  }
  bool get(const JsonValue& value, Times& out) {
    return get_entries(value, out.entries, [this](const JsonValue& each, Time& time) { return get(each, time); });
  }

  Arena& arena_;
  Trail trail_;
  std::string problem_;
};

// ---- structs -> protobuf ------------------------------------------------------------------------------------------

template <Message T>
void write_fields(ProtoWriter& out, const T& message);
template <Message T>
bool blank(const T& value);

void put(ProtoWriter& out, std::uint32_t number, Text value) { out.text(number, value); }
void put(ProtoWriter& out, std::uint32_t number, bool value) { out.boolean(number, value); }
void put(ProtoWriter& out, std::uint32_t number, std::int32_t value) { out.int64(number, value); }
void put(ProtoWriter& out, std::uint32_t number, std::int64_t value) { out.int64(number, value); }
void put(ProtoWriter& out, std::uint32_t number, const Time& value) { out.time(number, value.at); }
void put(ProtoWriter& out, std::uint32_t number, const MicroTime& value) { out.micro_time(number, value.at); }
void put(ProtoWriter& out, std::uint32_t number, const IntOrString& value) { out.int_or_string(number, value); }
void put(ProtoWriter& out, std::uint32_t number, const Map& value) {
  for (const auto& [key, each] : value) out.string_entry(number, key, each);
}
void put(ProtoWriter& out, std::uint32_t number, const Quantities& value) {
  for (const auto& [key, each] : value.entries) out.quantity_entry(number, key, each);
}
void put(ProtoWriter& out, std::uint32_t number, const Times& value) {
  for (const auto& each : value.entries)
    out.message(number, [&each](ProtoWriter& entry) {
      entry.text(1, each.first);
      entry.time(2, each.second.at);
    });
}
template <Message T>
void put(ProtoWriter& out, std::uint32_t number, const T& value) {
  // Protozero takes an empty nested message back, but an empty LabelSelector is not an absent one.
  if (blank(value)) return out.bytes(number, {});
  out.message(number, [&value](ProtoWriter& nested) { write_fields(nested, value); });
}
template <class T>
void put(ProtoWriter& out, std::uint32_t number, const std::vector<T>& value) {
  for (const T& each : value) put(out, number, each);
}
template <class T>
void put(ProtoWriter& out, std::uint32_t number, const std::optional<T>& value) {
  if (value) put(out, number, *value);
}

// What is left out: zero and empty, but never a pointer that points to something.
bool blank(Text value) { return value.empty(); }
bool blank(bool value) { return !value; }
bool blank(std::int32_t value) { return value == 0; }
bool blank(std::int64_t value) { return value == 0; }
bool blank(const Time& value) { return !value.at; }
bool blank(const MicroTime& value) { return !value.at; }
bool blank(const Quantities& value) { return value.entries.empty(); }
bool blank(const Times& value) { return value.entries.empty(); }
template <class T>
bool blank(const std::optional<T>& value) {
  return !value;
}
template <class T>
bool blank(const std::vector<T>& value) {
  return value.empty();
}
template <Message T>
bool blank(const T& value) {
  return std::apply([&](const auto&... field) { return (blank(value.*field.member) && ...); }, fields(&value));
}

template <Message T>
void write_fields(ProtoWriter& out, const T& message) {
  std::apply(
      [&](const auto&... field) {
        (
            [&] {
              if (!blank(message.*field.member)) put(out, field.number, message.*field.member);
            }(),
            ...);
      },
      fields(&message));
}

// ---- structs -> JSON ----------------------------------------------------------------------------------------------

template <Message T>
JsonObject object_of(const T& message);

JsonValue text_value(std::string_view text) {
  JsonValue out;
  out.emplace_string() = text;
  return out;
}
JsonValue value_of(Text value) { return text_value(to_valid_utf8(value)); }
JsonValue value_of(bool value) { return value; }
JsonValue value_of(std::int32_t value) { return value; }
JsonValue value_of(std::int64_t value) { return value; }
JsonValue value_of(const Time& value) {
  if (!value.at) return nullptr;
  return text_value(format_rfc3339(std::chrono::floor<std::chrono::seconds>(*value.at)));
}
JsonValue value_of(const MicroTime& value) {
  if (!value.at) return nullptr;
  return text_value(format_rfc3339_micro(*value.at));
}
JsonValue value_of(const IntOrString& value) {
  return std::visit([](const auto& each) { return value_of(each); }, value);
}
template <class Entry>
JsonValue entries_of(const std::vector<std::pair<Text, Entry>>& entries) {
  JsonObject out;
  for (const auto& [key, each] : entries) out[to_valid_utf8(key)] = value_of(each);
  return out;
}
JsonValue value_of(const Map& value) { return entries_of(value); }
JsonValue value_of(const Quantities& value) { return entries_of(value.entries); }
JsonValue value_of(const Times& value) { return entries_of(value.entries); }
template <Message T>
JsonValue value_of(const T& value) {
  return object_of(value);
}
template <class T>
JsonValue value_of(const std::vector<T>& value) {
  JsonArray out;
  out.reserve(value.size());
  for (const T& each : value) out.push_back(value_of(each));
  return out;
}
template <class T>
JsonValue value_of(const std::optional<T>& value) {
  return value ? value_of(*value) : JsonValue(nullptr);
}

template <class F, class T>
void write_field(JsonObject& out, const F& field, const T& message) {
  const auto& member = message.*field.member;
  if (blank(member)) return;
  if constexpr (Message<std::remove_cvref_t<decltype(member)>>) {
    if (field.name.empty()) {
      for (auto& [key, value] : object_of(member)) out[key] = std::move(value);
      return;
    }
  }
  out[field.name] = value_of(member);
}

template <Message T>
JsonObject object_of(const T& message) {
  JsonObject out;
  std::apply([&](const auto&... field) { (write_field(out, field, message), ...); }, fields(&message));
  return out;
}

}  // namespace

std::string KindName::prefix() const {
  return (api_version.find('/') == std::string_view::npos ? "/api/" : "/apis/") + std::string(api_version);
}

template <class T>
Result<T> from_protobuf(std::string_view message) {
  return ProtoDecoder().run<T>(message);
}

template <class T>
Result<T> from_json(const JsonValue& document, Arena& arena) {
  return JsonDecoder(arena).run<T>(document);
}

template <class T>
std::string to_protobuf(const T& object) {
  std::string out;
  ProtoWriter writer(out);
  write_fields(writer, object);
  return out;
}

template <class T>
JsonObject to_json(const T& object) {
  return object_of(object);
}

#define SPOTKEEPER_TRANSLATE(T)                              \
  template Result<T> from_protobuf<T>(std::string_view);     \
  template Result<T> from_json<T>(const JsonValue&, Arena&); \
  template std::string to_protobuf<T>(const T&);             \
  template JsonObject to_json<T>(const T&)
#define SPOTKEEPER_KIND(T, api_version, resource, namespaced) \
  SPOTKEEPER_TRANSLATE(wire::T);                              \
  template <>                                                 \
  KindName kind_name_of<wire::T>() {                          \
    return {api_version, #T, resource, namespaced};           \
  }

SPOTKEEPER_TRANSLATE(wire::ListMeta);
SPOTKEEPER_TRANSLATE(wire::CoreEvent);
SPOTKEEPER_KIND(Status, "v1", "", false)
SPOTKEEPER_KIND(Node, "v1", "nodes", false)
SPOTKEEPER_KIND(Namespace, "v1", "namespaces", false)
SPOTKEEPER_KIND(Pod, "v1", "pods", true)
SPOTKEEPER_KIND(Event, "events.k8s.io/v1", "events", true)
SPOTKEEPER_KIND(PodDisruptionBudget, "policy/v1", "poddisruptionbudgets", true)
SPOTKEEPER_KIND(Lease, "coordination.k8s.io/v1", "leases", true)
SPOTKEEPER_KIND(EndpointSlice, "discovery.k8s.io/v1", "endpointslices", true)
SPOTKEEPER_KIND(Deployment, "apps/v1", "deployments", true)
SPOTKEEPER_KIND(ReplicaSet, "apps/v1", "replicasets", true)
SPOTKEEPER_KIND(StatefulSet, "apps/v1", "statefulsets", true)
SPOTKEEPER_KIND(DaemonSet, "apps/v1", "daemonsets", true)
template <>
KindName kind_name_of<wire::CoreEvent>() {
  return {"v1", "Event", "events", true};
}

}  // namespace spotkeeper::kube
