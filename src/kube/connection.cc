#include "kube/connection.h"

#include <optional>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "net/http_client.h"
#include "net/url.h"

namespace spotkeeper::kube {
namespace {

class SocketConnection final : public Connection {
 public:
  SocketConnection(net::EventLoop& loop, ClientConfig config)
      : loop_(loop), config_(std::move(config)), authority_check_(loop, net::Runtime::CallId::None) {}

  Result<void> open(const ConnectOptions& options) {
    SK_TRY(const net::Url url, net::parse_url(config_.server).within("server"));
    SK_CHECK(check_security(url));
    authority_age_ = options.authority_age;
    SK_TRY(authority_, config_.authority.read().within("certificate authority"));
    net::HttpClientOptions http;
    http.tls = tls();
    http.user_agent = options.user_agent;
    http.max_connections = 256;  // each watch holds one; how many requests run at once is the pipeline's to limit
    if (!config_.proxy.empty()) {
      SK_TRY(http.proxy, net::parse_url(config_.proxy).within("proxy"));
    }
    SK_TRY(transport_, net::make_http_transport(loop_, url.origin, http));
    SK_TRY(lease_transport_, net::make_http_transport(loop_, url.origin, http));
    const Random random(options.seed);
    credentials_ = make_credential_source(loop_, config_, process_runner(loop_));
    Pipeline::Parts parts;
    parts.transport = transport_.get();
    parts.lease_transport = lease_transport_.get();
    parts.credentials = credentials_.get();
    parts.use_certificate = [this](const ClientCertificate& certificate) { use(certificate); };
    parts.base_path = url.path;
    parts.user_agent = options.user_agent;
    pipeline_.emplace(loop_, std::move(parts), random.fork(1));
    client_.emplace(*pipeline_, options.client);
    for (const std::string& warning : config_.warnings) log::warn("kubeconfig", {{"warning", warning}});
    schedule_authority_check();
    return {};
  }

  [[nodiscard]] Client& client() override { return *client_; }
  [[nodiscard]] Pipeline& pipeline() override { return *pipeline_; }

 private:
  /// Credentials never leave over a connection that is not encrypted.
  [[nodiscard]] Result<void> check_security(const net::Url& url) const {
    const bool secret =
        !config_.token.empty() || !config_.token_file.empty() || !config_.username.empty() || config_.exec;
    if (!url.origin.tls() && secret)
      return fail(ErrorCode::InvalidInput, config_.origin + ": credentials are sent to https servers only, and " +
                                               quote(config_.server) + " is not one");
    return {};
  }

  [[nodiscard]] net::TlsClientConfig tls() const {
    net::TlsClientConfig out;
    if (!authority_.empty()) out.ca_pem = authority_;
    out.certificate_pem = certificate_.chain;
    out.key_pem = certificate_.key;
    out.server_name = config_.tls_server_name;
    out.insecure = config_.insecure;
    return out;
  }

  void use(const ClientCertificate& certificate) {
    certificate_ = certificate;
    replace_tls();
  }
  void replace_tls() {
    transport_->replace_tls(tls());
    lease_transport_->replace_tls(tls());
  }

  void schedule_authority_check() {
    if (config_.authority.file.empty() || !config_.authority.data.empty()) return;
    authority_check_ =
        net::ScopedCall(loop_, loop_.call_at(loop_.steady() + authority_age_, [this] { check_authority(); }));
  }
  void check_authority() {
    auto fresh = config_.authority.read();
    if (!fresh) log::warn("keeping the old certificate authority", {{"error", fresh.error().message}});
    if (fresh && *fresh != authority_) {
      log::info("the certificate authority was renewed");
      authority_ = std::move(*fresh);
      replace_tls();
    }
    schedule_authority_check();
  }

  net::EventLoop& loop_;
  ClientConfig config_;
  std::string authority_;
  Duration authority_age_{};
  ClientCertificate certificate_;
  std::unique_ptr<net::HttpClient> transport_;
  std::unique_ptr<net::HttpClient> lease_transport_;
  std::unique_ptr<CredentialSource> credentials_;
  std::optional<Pipeline> pipeline_;
  std::optional<Client> client_;
  net::ScopedCall authority_check_;
};

}  // namespace

Result<std::unique_ptr<Connection>> connect(net::EventLoop& loop, ClientConfig config, const ConnectOptions& options) {
  auto connection = std::make_unique<SocketConnection>(loop, std::move(config));
  SK_CHECK(connection->open(options).within("Kubernetes API"));
  return connection;
}

}  // namespace spotkeeper::kube
