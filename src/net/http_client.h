// The HTTP/1.1 client: an HttpTransport over real sockets.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "net/event_loop.h"
#include "net/http.h"
#include "net/http_parser.h"
#include "net/tls.h"
#include "net/url.h"

namespace spotkeeper::net {

struct HttpClientOptions {
  TlsClientConfig tls;       // for https origins
  std::optional<Url> proxy;  // an http:// URL; https origins are reached through it with CONNECT, others with
                             // absolute-form requests. Whether an origin goes through it (NO_PROXY) is the caller's.
  std::string user_agent = "spotkeeper";
  Duration connect_limit = 10s;      // for TCP, proxy and TLS together
  std::size_t max_connections = 64;  // further requests wait for one, within their own limits
  std::size_t max_idle = 8;          // connections kept for later
  Duration idle_expiry = 60s;        // and for how long
  HttpLimits limits;                 // of answers; body_bytes holds for send() alone
};

class HttpClient : public HttpTransport {
 public:
  /// From now on connections are made with `tls` (client certificates and authorities rotate). Idle connections are
  /// closed; exchanges that run go on. A certificate that can't be read is an error of the requests that need it.
  virtual void replace_tls(TlsClientConfig tls) = 0;
  /// Connections that are open now, in use or idle.
  [[nodiscard]] virtual std::size_t connections() const = 0;
};

/// InvalidInput for an origin without a host, an unknown scheme, or a proxy that is not http. Connects lazily.
/// Redirects are answers like any other. The loop outlives the client, and the client may be destroyed before its
/// streams.
Result<std::unique_ptr<HttpClient>> make_http_transport(EventLoop& loop, Origin origin, HttpClientOptions options);

}  // namespace spotkeeper::net
