#include "cli/config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "base/file.h"
#include "base/text.h"
#include "format/yaml.h"

namespace spotkeeper::cli {
namespace {

using format::JsonValue;

/// The YAML value as a flag would give it; nothing if it is of another type than the option's.
std::optional<std::string> flag_text(const Option& option, const JsonValue& value) {
  const bool number = value.is_int64() || value.is_uint64() || value.is_double();
  if (std::holds_alternative<FlagType>(option.type)) {
    if (!value.is_bool()) return std::nullopt;
    return value.get_bool() ? "true" : "false";
  }
  if (std::holds_alternative<IntegerType>(option.type) || std::holds_alternative<NumberType>(option.type)) {
    return number ? std::optional(format::write_json(value)) : std::nullopt;
  }
  // A plain `off` is a truth value in YAML 1.1, and a log level here.
  if (std::holds_alternative<ChoiceType>(option.type) && value == JsonValue(false)) return "off";
  const bool many = option.takes_many();
  if (many || std::holds_alternative<ListType>(option.type)) {
    if (!many && value.is_bool()) return value.get_bool() ? "true" : "false";
    if (value.is_array()) {
      std::vector<std::string_view> words;
      for (const JsonValue& word : value.get_array()) {
        if (!word.is_string()) return std::nullopt;
        words.emplace_back(word.get_string());
      }
      return join(words, many ? "\n" : ",");
    }
  }
  if (!value.is_string()) return std::nullopt;
  return std::string(value.get_string());
}

std::string unknown_key(std::string_view key) {
  std::vector<std::string_view> names;
  for (const Option& option : option_table()) {
    if (option.placement == Placement::Anywhere) names.push_back(option.name);
  }
  return fmt::format("unknown key {}{}", quote(key), did_you_mean(key, names));
}

std::string wrong_type(const Option& option, const JsonValue& value) {
  const std::string range = option.range();
  return fmt::format("expected {}, got {}{}{}", option.kind(), format::kind_of(value),
                     range.empty() ? "" : "; allowed: ", range);
}

}  // namespace

Result<std::vector<FileSetting>> parse_config(std::string_view text, std::string_view file) {
  Result<format::YamlDocument> document = format::parse_yaml(text);
  if (!document) return fail(ErrorCode::InvalidInput, format::in_file(file, document.error()));
  if (document->value().is_null()) return std::vector<FileSetting>();
  if (!document->value().is_object()) {
    const format::YamlPlace at = document->place_of("");
    return fail(ErrorCode::InvalidInput, fmt::format("{}:{}:{}: expected a mapping of options, got {}", file, at.line,
                                                     at.column, format::kind_of(document->value())));
  }

  std::vector<FileSetting> settings;
  std::vector<std::string> problems;
  Options scratch;
  for (const auto& [key, value] : document->value().get_object()) {
    const format::YamlPlace at = document->place_of("/" + format::escape_pointer_token(key));
    const std::string place = fmt::format("{}:{}:{}", file, at.line, at.column);
    const Option* option = find_option(key);
    if (option == nullptr || option->placement != Placement::Anywhere) {
      problems.push_back(fmt::format("{}: {}", place, unknown_key(key)));
      continue;
    }
    const std::optional<std::string> given = flag_text(*option, value);
    const Result<void> checked =
        given ? store(*option, *given, scratch) : fail(ErrorCode::InvalidInput, wrong_type(*option, value));
    if (!checked) {
      problems.push_back(fmt::format("{}: {}: {}", place, option->name, checked.error().message));
    } else {
      settings.push_back({option, *given, fmt::format("{}: {}", place, option->name)});
    }
  }
  if (!problems.empty()) return fail(ErrorCode::InvalidInput, join(problems, "\n"));
  return settings;
}

Result<std::vector<FileSetting>> read_config_file(const std::string& path) {
  SK_TRY(const std::string text, read_file(path));
  return parse_config(text, path);
}

}  // namespace spotkeeper::cli
