// The configuration file: one YAML mapping, each key the name of a flag.
//
//   node-name: ip-10-0-0-1.ec2.internal
//   poll-interval: 500ms
//   dry-run: true
//
// One file may serve every command: keys that belong to another command are checked all the same.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/options.h"

namespace spotkeeper::cli {

struct FileSetting {
  const Option* option = nullptr;
  std::string text;   // as a flag would give it
  std::string place;  // "/etc/spotkeeper.yaml:3:16: poll-interval"
};

/// `file` names the text in errors. The error (InvalidInput) has one line for each unknown key (with the nearest right
/// one), duplicate key, value of the wrong YAML type, and value out of range.
Result<std::vector<FileSetting>> parse_config(std::string_view text, std::string_view file);
Result<std::vector<FileSetting>> read_config_file(const std::string& path);

}  // namespace spotkeeper::cli
