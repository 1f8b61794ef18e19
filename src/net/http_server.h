// The HTTP/1.1 server: for metrics, health and dashboard, and for the protocols of the served world.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/address.h"
#include "net/event_loop.h"
#include "net/http.h"
#include "net/http_parser.h"
#include "net/task.h"
#include "net/tls.h"

namespace spotkeeper::net {

struct ServerRequest {
  std::string method;
  std::string target;  // path and query as they came, percent-encoded
  HttpHeaders headers;
  std::string body;
  std::string peer;                              // "192.0.2.1:40000"
  std::optional<TlsStream::PeerSubject> client;  // of a verified client certificate
};

/// Answers one request: send() once, or start(), write() as often as wanted, and finish(). One call at a time, each
/// awaited. Errors mean that the peer is gone or does not read; nothing more can be said to it then.
class ResponseWriter {
 public:
  ResponseWriter() = default;
  ResponseWriter(const ResponseWriter&) = delete;
  ResponseWriter& operator=(const ResponseWriter&) = delete;
  virtual ~ResponseWriter() = default;

  /// A whole answer. Content-Length, Connection and, if it is missing, Date are added.
  virtual Task<Result<void>> send(HttpResponse response) = 0;
  /// The head of an answer whose body is streamed (chunked; until the end of the connection for HTTP/1.0).
  virtual Task<Result<void>> start(int status, HttpHeaders headers) = 0;
  /// Some bytes of the body, sent at once; must live as long as the Task.
  virtual Task<Result<void>> write(std::string_view bytes) = 0;
  /// The end of the body. The server does it for a handler that has ended without it.
  virtual Task<Result<void>> finish() = 0;
  /// Cuts the connection after what was written, so that the peer sees a broken answer. To be followed by the handler's
  /// end.
  virtual void abort() = 0;
  /// The peer has closed its side. A handler that streams is destroyed at that moment; one that has not answered yet
  /// may look here.
  [[nodiscard]] virtual bool peer_gone() const = 0;
};

/// Answers one request. The request and the writer live until the Task has ended. The Task is destroyed when the server
/// is, when the peer goes away while it streams, and when a graceful stop runs out of time. A handler that ends without
/// an answer gives status 500.
using HttpHandler = std::function<Task<void>(const ServerRequest&, ResponseWriter&)>;

struct HttpServerOptions {
  std::optional<TlsServerConfig> tls;
  HttpLimits limits{.body_bytes = std::uint64_t{4} << 20U};
  Duration idle_limit = 75s;             // between two requests
  Duration head_limit = 10s;             // for the TLS handshake, and for a request's head from its first byte
  Duration read_limit = 30s;             // without a byte of a request's body
  Duration write_limit = 30s;            // for one write to a peer that does not read
  std::size_t max_connections = 10'000;  // more wait in the kernel's queue
};

class HttpServer {
 public:
  struct Impl;

  /// Listens and serves from now on. Port 0 lets the kernel choose. The loop outlives the server.
  static Result<std::unique_ptr<HttpServer>> listen(EventLoop& loop, const SocketAddress& address, HttpHandler handler,
                                                    HttpServerOptions options);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  /// Cuts every connection. Not to be called from inside a handler.
  ~HttpServer();

  /// Where it listens, with the port that the kernel has chosen.
  [[nodiscard]] const SocketAddress& address() const;
  [[nodiscard]] std::size_t connections() const;
  /// From now on new connections are made with these settings (certificates rotate).
  Result<void> replace_tls(const TlsServerConfig& tls);
  /// From now on every answer says that its connection ends with it, and it does. Nothing else changes: new connections
  /// are accepted, and idle ones stay until their next request, so that no client's request meets a connection that is
  /// being closed.
  void close_after_answers();
  /// Accepts nothing more, closes idle connections, lets running handlers end within `limit` and then cuts them. Not to
  /// be called from inside a handler.
  Task<void> stop(Duration limit);

 private:
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace spotkeeper::net
