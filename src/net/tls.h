// TLS over a ByteStream (OpenSSL). Nothing of OpenSSL is touched before the first connection is made: a process that
// never speaks TLS does not pay its 3 MiB.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/runtime.h"
#include "net/stream.h"
#include "net/task.h"

namespace spotkeeper::net {

/// How to speak to a server. TLS 1.2 or later. Certificates' times are judged by the Runtime's clock.
struct TlsClientConfig {
  std::optional<std::string> ca_pem;  // one or more certificates to trust; without it the system's roots
  std::string certificate_pem;        // client certificate and its chain, leaf first; empty: none
  std::string key_pem;                // its private key, unencrypted
  std::string server_name;            // name or IP to ask for and to verify instead of the host connected to
  bool insecure = false;              // verify nothing: anybody can be the server
  friend bool operator==(const TlsClientConfig&, const TlsClientConfig&) = default;
};

/// How to be a server.
struct TlsServerConfig {
  std::string certificate_pem;               // and its chain, leaf first
  std::string key_pem;                       // unencrypted
  std::optional<std::string> client_ca_pem;  // who may sign client certificates; without it none is asked for
  bool require_client_certificate = false;
};

/// Settings read once and used for many connections. Cheap to copy; immutable.
class TlsContext {
 public:
  struct Impl;
  /// InvalidInput if a PEM can't be read or the key does not belong to the certificate.
  static Result<TlsContext> client(const TlsClientConfig& config);
  static Result<TlsContext> server(const TlsServerConfig& config);

  [[nodiscard]] const Impl& impl() const { return *impl_; }

 private:
  explicit TlsContext(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

/// A stream with TLS on it.
class TlsStream : public ByteStream {
 public:
  /// The subject's common name and organisations (Kubernetes: user and groups) of a verified peer certificate; nothing
  /// if it showed none.
  struct PeerSubject {
    std::string common_name;
    std::vector<std::string> organizations;
  };
  [[nodiscard]] virtual std::optional<PeerSubject> peer_subject() const = 0;
};

/// The handshake as client. `host` is what was meant to be reached (a name, which is sent as SNI and verified, or an
/// IP, which is verified against the IP names of the certificate), unless the config names another. A certificate that
/// is not accepted, ours or theirs, is an Unauthorized error with OpenSSL's reason. Give it a time limit.
Task<Result<std::unique_ptr<TlsStream>>> tls_connect(Runtime& runtime, TlsContext context,
                                                     std::unique_ptr<ByteStream> under, std::string host);

/// The handshake as server. Give it a time limit.
Task<Result<std::unique_ptr<TlsStream>>> tls_accept(Runtime& runtime, TlsContext context,
                                                    std::unique_ptr<ByteStream> under);

}  // namespace spotkeeper::net
