// Which folder of src/ may include what: the table of docs/architecture.md as code.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace spotkeeper::tree {

/// One sentence for each include of `text` that breaks a rule: "src/plan/x.cc:12: plan may not include kube/client.h".
/// `path` is the file's place below the root, with forward slashes.
[[nodiscard]] std::vector<std::string> broken_includes(std::string_view path, std::string_view text);

}  // namespace spotkeeper::tree
