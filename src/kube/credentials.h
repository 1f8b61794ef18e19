// Who we are to the API server, kept fresh: tokens that rotate on disk, certificates that are renewed, programs that
// print either.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "kube/config.h"
#include "net/event_loop.h"
#include "net/http.h"
#include "net/runtime.h"
#include "net/task.h"

namespace spotkeeper::kube {

/// A certificate chain and its key, both PEM; both empty: none.
struct ClientCertificate {
  std::string chain;
  std::string key;
  friend bool operator==(const ClientCertificate&, const ClientCertificate&) = default;
};

struct Credentials {
  net::HttpHeaders headers;       // Authorization and Impersonate-*: to be sent over TLS alone
  ClientCertificate certificate;  // a change of it needs new connections
  std::uint64_t generation = 0;   // tells one answer of the source from the next
};

/// Single-threaded, as everything here. Several callers may ask at once.
class CredentialSource {
 public:
  CredentialSource() = default;
  CredentialSource(const CredentialSource&) = delete;
  CredentialSource& operator=(const CredentialSource&) = delete;
  virtual ~CredentialSource() = default;

  /// What to send with the next request. Cheap but for the first call and after an expiry.
  virtual net::Task<Result<Credentials>> current() = 0;
  /// The server answered 401 to what `current` gave as that generation: the next call gets fresh ones where there is a
  /// way. True: it is worth asking once more.
  virtual bool refused(std::uint64_t generation) = 0;
};

/// What a plugin prints is `status` of an ExecCredential (client.authentication.k8s.io).
struct ExecCredential {
  std::string token;
  ClientCertificate certificate;
  std::optional<Instant> expires;  // none: until it is refused
};

/// Runs a plugin: gives its standard output. `info` is the value of KUBERNETES_EXEC_INFO.
using PluginRunner = std::function<net::Task<Result<std::string>>(ExecPlugin plugin, std::string info)>;

/// Starts the program itself, without a shell, with this process's environment and an empty standard input. An error if
/// it does not exist (with the plugin's install hint), exits with anything but 0, prints more than 1 MiB or is not done
/// within `limit` (it is then killed); with the last 1 KiB of what it wrote to standard error.
PluginRunner process_runner(net::EventLoop& loop, Duration limit = 60s);

/// The value of KUBERNETES_EXEC_INFO for this plugin; `authority` is the PEM text of the cluster's CA.
[[nodiscard]] std::string exec_info(const ExecPlugin& plugin, const ClientConfig& config, const std::string& authority);
/// Reads what a plugin printed. Its apiVersion must be the one configured.
Result<ExecCredential> parse_exec_credential(const std::string& output, const ExecPlugin& plugin);

/// The source that `config` asks for. `runner` is used where it names a plugin. The runtime must outlive the source.
std::unique_ptr<CredentialSource> make_credential_source(net::Runtime& runtime, ClientConfig config,
                                                         PluginRunner runner);

}  // namespace spotkeeper::kube
