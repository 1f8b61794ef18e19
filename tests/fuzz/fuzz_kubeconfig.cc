// Any kubeconfig is read or refused with words; what is read can be used: its server is a URL with a scheme that we
// speak, and what must not stand together does not.
// Links: spotkeeper_kube
#include <string>

#include "kube/config.h"
#include "tests/fuzz/fuzz_input.h"

using namespace spotkeeper;  // NOLINT(google-build-using-namespace)
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::text_of(data, size));
  const auto config = kube::resolve_kubeconfig({{"/folder/config", text}, {"/other/config", text}}, "", {});
  if (!config) {
    require(!config.error().message.empty());
    return 0;
  }
  require(config->server.starts_with("https://") || config->server.starts_with("http://"));
  require(!config->insecure || (config->authority.empty() && !config->warnings.empty()));
  require(config->certificate.empty() == config->key.empty());
  require(!config->exec || (config->token.empty() && config->token_file.empty() && config->username.empty()));
  // The second file, equal to the first, adds nothing: the first wins.
  const auto alone = kube::resolve_kubeconfig({{"/folder/config", text}}, "", {});
  require(alone && alone->server == config->server && alone->token_file == config->token_file);
  return 0;
}
