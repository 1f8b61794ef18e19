#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>

#include "net/address.h"
#include "net/openssl.h"
#include "net/signal.h"

namespace spotkeeper::net {

struct TlsContext::Impl {
  Owned<SSL_CTX, SSL_CTX_free> ctx;
  std::string server_name;
  bool insecure = false;
};

namespace {

constexpr std::size_t kReadSize = 65536;
constexpr std::size_t kWritePiece = std::size_t{256} * 1024;  // of plain text that is encrypted before it is sent

Result<void> trust(SSL_CTX* ctx, std::string_view pem) {
  SK_TRY(const auto certificates, read_certificates(pem));
  X509_STORE* store = SSL_CTX_get_cert_store(ctx);
  for (const auto& certificate : certificates) X509_STORE_add_cert(store, certificate.get());
  return {};
}

Result<void> identify(SSL_CTX* ctx, std::string_view certificate_pem, std::string_view key_pem) {
  SK_TRY(const auto chain, read_certificates(certificate_pem));
  SK_TRY(const auto key, read_private_key(key_pem));
  if (SSL_CTX_use_certificate(ctx, chain.front().get()) != 1) return fail(openssl_error("using the certificate"));
  for (std::size_t i = 1; i < chain.size(); ++i) SSL_CTX_add1_chain_cert(ctx, chain[i].get());
  if (SSL_CTX_use_PrivateKey(ctx, key.get()) != 1) {
    return fail(openssl_error("using the private key with its certificate"));
  }
  return {};
}

Result<Owned<SSL_CTX, SSL_CTX_free>> make_context(const SSL_METHOD* method) {
  // The host's openssl.cnf could ask for providers, which a static binary can't load.
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  ERR_clear_error();
  Owned<SSL_CTX, SSL_CTX_free> ctx(SSL_CTX_new(method));
  if (!ctx) return fail(openssl_error("setting up TLS"));
  SSL_CTX_set_min_proto_version(ctx.get(), TLS1_2_VERSION);
  // Idle connections hold no record buffers; pieces of a write may be retried from elsewhere.
  SSL_CTX_set_mode(ctx.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
  return ctx;
}

}  // namespace

Result<TlsContext> TlsContext::client(const TlsClientConfig& config) {
  auto impl = std::make_shared<Impl>();
  SK_TRY(impl->ctx, make_context(TLS_client_method()));
  SSL_CTX* ctx = impl->ctx.get();
  impl->server_name = config.server_name;
  impl->insecure = config.insecure;
  SSL_CTX_set_verify(ctx, config.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  if (config.ca_pem) {
    SK_CHECK(trust(ctx, *config.ca_pem).within("reading the certificate authorities"));
  } else if (!config.insecure) {
    SSL_CTX_set_default_verify_paths(ctx);
  }
  if (!config.certificate_pem.empty()) {
    SK_CHECK(identify(ctx, config.certificate_pem, config.key_pem).within("reading the client certificate"));
  }
  return TlsContext(std::move(impl));
}

Result<TlsContext> TlsContext::server(const TlsServerConfig& config) {
  auto impl = std::make_shared<Impl>();
  SK_TRY(impl->ctx, make_context(TLS_server_method()));
  SSL_CTX* ctx = impl->ctx.get();
  SK_CHECK(identify(ctx, config.certificate_pem, config.key_pem).within("reading the server certificate"));
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(ctx, 0);
  SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  if (config.client_ca_pem) {
    SK_CHECK(trust(ctx, *config.client_ca_pem).within("reading the clients' certificate authorities"));
    const int required = config.require_client_certificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | required, nullptr);
  }
  return TlsContext(std::move(impl));
}

namespace {

// OpenSSL works on two memory buffers; this class carries what is in them to and from the stream below.
class Stream final : public TlsStream {
 public:
  Stream(Runtime& runtime, TlsContext context, std::unique_ptr<ByteStream> under)
      : context_(std::move(context)), under_(std::move(under)), sent_(runtime) {
    ERR_clear_error();
    ssl_.reset(SSL_new(context_.impl().ctx.get()));
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_.get(), in_, out_);  // owns both
    const auto seconds = std::chrono::floor<std::chrono::seconds>(runtime.now()).time_since_epoch().count();
    X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl_.get()), seconds);
  }

  Result<void> as_client(const std::string& host) {
    SSL_set_connect_state(ssl_.get());
    const std::string& name = context_.impl().server_name.empty() ? host : context_.impl().server_name;
    const auto ip = SocketAddress::parse(name, 0);
    if (!ip) {  // what the macro SSL_set_tlsext_host_name does, without its C cast
      auto* sni = const_cast<char*>(name.c_str());
      const long asked = SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, sni);
      if (asked != 1) return fail(openssl_error("asking for " + name));
    }
    if (context_.impl().insecure) return {};
    X509_VERIFY_PARAM* param = SSL_get0_param(ssl_.get());
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const int set = ip ? X509_VERIFY_PARAM_set1_ip_asc(param, ip->ip().c_str())
                       : X509_VERIFY_PARAM_set1_host(param, name.data(), name.size());
    if (set != 1) return fail(openssl_error("verifying the name " + name));
    return {};
  }
  void as_server() { SSL_set_accept_state(ssl_.get()); }

  Task<Result<void>> handshake() {
    for (;;) {
      ERR_clear_error();
      const int done = SSL_do_handshake(ssl_.get());
      const int why = done == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), done);
      const Error error = done == 1 || why == SSL_ERROR_WANT_READ ? Error{} : handshake_error();
      auto flushed = co_await flush();  // also the alert that tells the peer why
      if (done == 1) co_return std::move(flushed);
      if (why != SSL_ERROR_WANT_READ) co_return fail(error);
      SK_CO_CHECK(std::move(flushed));
      auto more = co_await receive();
      SK_CO_TRY(const bool alive, std::move(more));
      if (!alive) co_return fail(ErrorCode::Unavailable, "the peer closed the connection during the TLS handshake");
    }
  }

  Task<Result<std::string>> read_some(std::size_t at_most) override {
    for (;;) {
      auto got = read_now(at_most);
      if (got) co_return std::move(*got);
      auto flushed = co_await flush();
      SK_CO_CHECK(std::move(flushed));
      auto more = co_await receive();
      SK_CO_TRY(const bool alive, std::move(more));
      if (!alive) {
        co_return fail(ErrorCode::Unavailable,
                       "the peer closed the connection without ending TLS: data may be missing");
      }
    }
  }

  Task<Result<void>> write_all(std::string_view bytes) override {
    while (!bytes.empty()) {
      std::size_t queued = 0;
      while (!bytes.empty() && queued < kWritePiece) {
        ERR_clear_error();
        const int piece = static_cast<int>(std::min(bytes.size(), kWritePiece));
        const int written = SSL_write(ssl_.get(), bytes.data(), piece);
        if (written <= 0) co_return fail(openssl_error("writing"));
        bytes.remove_prefix(static_cast<std::size_t>(written));
        queued += static_cast<std::size_t>(written);
      }
      auto flushed = co_await flush();
      SK_CO_CHECK(std::move(flushed));
    }
    co_return Result<void>{};
  }

  Task<Result<void>> shutdown() override {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    auto flushed = co_await flush();
    SK_CO_CHECK(std::move(flushed));
    auto ended = co_await under_->shutdown();
    co_return std::move(ended);
  }

  bool stale() override { return BIO_pending(in_) > 0 || SSL_pending(ssl_.get()) > 0 || under_->stale(); }
  std::string peer() const override { return under_->peer(); }

  std::optional<PeerSubject> peer_subject() const override {
    const X509* certificate = SSL_get0_peer_certificate(ssl_.get());
    if (certificate == nullptr || SSL_get_verify_result(ssl_.get()) != X509_V_OK) return std::nullopt;
    const X509_NAME* subject = X509_get_subject_name(certificate);
    PeerSubject result;
    for (const std::string& name : names_in(subject, NID_commonName)) result.common_name = name;
    result.organizations = names_in(subject, NID_organizationName);
    return result;
  }

 private:
  // What OpenSSL can decrypt without more from the peer; nothing if it needs more. Not a coroutine: see stream.cc.
  std::optional<Result<std::string>> read_now(std::size_t at_most) {
    std::array<char, kReadSize> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): OpenSSL fills what is used
    std::size_t used = 0;
    const std::size_t room = std::min(at_most, buffer.size());
    while (used < room) {
      ERR_clear_error();
      const int got = SSL_read(ssl_.get(), buffer.data() + used, static_cast<int>(room - used));
      if (got > 0) {
        used += static_cast<std::size_t>(got);
        continue;
      }
      const int why = SSL_get_error(ssl_.get(), got);
      if (used > 0) break;  // the same answer comes again at the next call
      if (why == SSL_ERROR_WANT_READ) return std::nullopt;
      if (why == SSL_ERROR_ZERO_RETURN) return std::string();
      return fail(handshake_error().within("reading"));  // TLS 1.3 tells of a refused certificate only here
    }
    return std::string(buffer.data(), used);
  }

  // Takes bytes from the stream below; false at its end.
  Task<Result<bool>> receive() {
    auto bytes = co_await under_->read_some(kReadSize);
    if (!bytes) co_return fail(std::move(bytes).error());
    if (bytes->empty()) co_return false;
    BIO_write(in_, bytes->data(), static_cast<int>(bytes->size()));
    co_return true;
  }

  // Sends what OpenSSL has produced. Only one caller at a time writes below; a second one waits for it.
  Task<Result<void>> flush() {
    while (sending_) co_await sent_.wait();
    if (broken_) co_return fail(ErrorCode::Unavailable, "a write was given up half-way");
    struct Sending {  // undone also when this coroutine is destroyed while it waits
      explicit Sending(Stream& s) : stream(s) { stream.sending_ = stream.broken_ = true; }
      Sending(const Sending&) = delete;
      Sending& operator=(const Sending&) = delete;
      ~Sending() {
        stream.sending_ = false;
        stream.sent_.notify();
      }
      Stream& stream;
    };
    if (BIO_pending(out_) == 0) co_return Result<void>{};
    const Sending sending(*this);
    while (BIO_pending(out_) > 0) {
      std::string bytes(static_cast<std::size_t>(BIO_pending(out_)), '\0');
      BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
      auto written = co_await under_->write_all(bytes);
      SK_CO_CHECK(std::move(written));
    }
    broken_ = false;
    co_return Result<void>{};
  }

  Error handshake_error() const {
    const long verdict = SSL_get_verify_result(ssl_.get());
    if (verdict != X509_V_OK && !context_.impl().insecure) {
      ERR_clear_error();
      return Error{ErrorCode::Unauthorized,
                   std::string("the peer's certificate is not accepted: ") + X509_verify_cert_error_string(verdict)};
    }
    return openssl_error("TLS");
  }

  TlsContext context_;
  std::unique_ptr<ByteStream> under_;
  Owned<SSL, SSL_free> ssl_;
  BIO* in_ = nullptr;   // from the peer
  BIO* out_ = nullptr;  // to the peer
  Signal sent_;
  bool sending_ = false;
  bool broken_ = false;
};

}  // namespace

Task<Result<std::unique_ptr<TlsStream>>> tls_connect(Runtime& runtime, TlsContext context,
                                                     std::unique_ptr<ByteStream> under, std::string host) {
  auto stream = std::make_unique<Stream>(runtime, std::move(context), std::move(under));
  SK_CO_CHECK(stream->as_client(host));
  auto done = co_await stream->handshake();
  SK_CO_CHECK(std::move(done));
  std::unique_ptr<TlsStream> result = std::move(stream);
  co_return std::move(result);
}

Task<Result<std::unique_ptr<TlsStream>>> tls_accept(Runtime& runtime, TlsContext context,
                                                    std::unique_ptr<ByteStream> under) {
  auto stream = std::make_unique<Stream>(runtime, std::move(context), std::move(under));
  stream->as_server();
  auto done = co_await stream->handshake();
  SK_CO_CHECK(std::move(done));
  std::unique_ptr<TlsStream> result = std::move(stream);
  co_return std::move(result);
}

}  // namespace spotkeeper::net
