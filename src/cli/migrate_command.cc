// `spotkeeper migrate nth-values FILE`.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/migrate_nth.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "format/yaml.h"

extern const char spotkeeper_embedded_manifest_begin[];
extern const char spotkeeper_embedded_manifest_end[];

namespace spotkeeper::cli {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20U;

using Findings = std::vector<NthMigration::Finding>;

format::JsonArray json_of(const Findings& findings) {
  format::JsonArray out;
  for (const NthMigration::Finding& finding : findings) {
    out.push_back(format::JsonObject{{"key", finding.key}, {"place", finding.place}, {"text", finding.text}});
  }
  return out;
}

format::JsonObject document_of(const NthMigration& made) {
  format::JsonObject document;
  document["manifest"] = format::JsonArray(made.manifest.begin(), made.manifest.end());
  document["unsupported"] = json_of(made.unsupported);
  document["notes"] = json_of(made.notes);
  format::JsonArray changes;
  for (const std::string_view change : nth_differences()) changes.emplace_back(change);
  document["changes"] = std::move(changes);
  return document;
}

/// What there is to say about the values, for a spreadsheet.
TextTable table_of(const NthMigration& made) {
  TextTable table({{"finding"}, {"place"}, {"key"}, {"text"}});
  for (const auto& one : made.unsupported) table.add({"not supported", one.place, one.key, one.text});
  for (const auto& one : made.notes) table.add({"note", one.place, one.key, one.text});
  for (const std::string_view change : nth_differences()) table.add({"change", "", "", std::string(change)});
  return table;
}

void print_manifest(const NthMigration& made, Streams streams) {
  std::string text;
  for (const format::JsonValue& object : made.manifest) {
    if (!text.empty()) text += "---\n";
    text += format::write_yaml(object);
  }
  print(streams.out, text);
  std::string told = "What changes:\n";
  for (const std::string_view change : nth_differences()) told += "  - " + std::string(change) + "\n";
  for (const auto& note : made.notes) told += note.place + ": " + note.key + ": " + note.text + "\n";
  for (const auto& one : made.unsupported) told += one.place + ": " + one.key + ": not supported: " + one.text + "\n";
  print(streams.err, told);
}

}  // namespace

int run_migrate(const Options& options, Streams streams) {
  const bool piped = options.migrate.file == "-";
  const auto values = read_file(piped ? "/dev/stdin" : options.migrate.file, kMostBytes);
  if (!values) {
    print(streams.err, values.error().message + "\n");
    return kBadUsage;
  }
  const std::string_view base(
      spotkeeper_embedded_manifest_begin,
      static_cast<std::size_t>(spotkeeper_embedded_manifest_end - spotkeeper_embedded_manifest_begin));
  const auto made = migrate_nth_values(*values, piped ? "standard input" : options.migrate.file, base);
  if (!made) {
    print(streams.err, made.error().message + "\n");
    return kBadUsage;
  }
  if (options.output == OutputFormat::Table) {
    print_manifest(*made, streams);
  } else {
    print_data(document_of(*made), table_of(*made), options.output, streams);
  }
  return made->unsupported.empty() ? kDone : kFound;
}

}  // namespace spotkeeper::cli
