// The Helm values of AWS Node Termination Handler's chart, and its command line: whatever is in them, a manifest comes
// out whose environment `agent --compat=nth` takes, or errors that name their places.
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "cli/compat_nth.h"
#include "cli/migrate_nth.h"
#include "format/yaml.h"
#include "tests/fuzz/fuzz_input.h"

extern const char spotkeeper_embedded_manifest_begin[];
extern const char spotkeeper_embedded_manifest_end[];

using namespace spotkeeper;
using fuzz::require;

namespace {

/// What is written out in the first container of the DaemonSet.
kube::Environment environment_of(const cli::NthMigration& made) {
  kube::Environment environment = {{"NODE_NAME", "node"}};
  const auto container = format::find_json(made.manifest.back(), "/spec/template/spec/containers/0/env");
  require(container.has_value());
  for (const format::JsonValue& entry : (*container)->as_array()) {
    const auto* const value = entry.as_object().if_contains("value");
    if (value == nullptr || !value->is_string()) continue;
    environment[std::string(entry.as_object().at("name").as_string())] = std::string(value->as_string());
  }
  return environment;
}

void migrate(std::string_view values) {
  static const std::string_view base(
      spotkeeper_embedded_manifest_begin,
      static_cast<std::size_t>(spotkeeper_embedded_manifest_end - spotkeeper_embedded_manifest_begin));
  const auto made = cli::migrate_nth_values(values, "values.yaml", base);
  if (!made) {
    require(made.error().message.starts_with("values.yaml"));
    return;
  }
  for (const format::JsonValue& object : made->manifest) {
    const auto again = format::parse_yaml(format::write_yaml(object));
    require(again.has_value());
  }
  // A person's own variables may be anything, and files are not here to be read.
  const bool checked =
      values.find("extraEnv") == std::string_view::npos && values.find("Key") == std::string_view::npos;
  if (checked) require(cli::parse_nth({}, environment_of(*made)).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const std::size_t cut = text.find("\n---\n");
  migrate(text.substr(0, cut));
  if (cut == std::string_view::npos) return 0;
  std::vector<std::string> arguments;
  for (const std::string_view argument : split(text.substr(cut + 5), '\n')) {
    // A file that is named would be opened.
    if (argument.find("file") == std::string_view::npos) arguments.emplace_back(argument);
  }
  const auto read = cli::parse_nth(arguments, {{"NODE_NAME", "node"}});
  require(read.has_value() || !read.error().message.empty());
  return 0;
}
