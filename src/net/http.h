// HTTP/1.1 as values, and the port through which requests leave. The real transport is net/http_client.h; the simulator
// answers the same requests from its world.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/task.h"

namespace spotkeeper::net {

/// Header fields in the order given; names compare without regard to case.
class HttpHeaders {
 public:
  HttpHeaders() = default;
  HttpHeaders(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

  /// Replaces every field of that name.
  void set(std::string_view name, std::string_view value);
  void add(std::string_view name, std::string_view value);
  /// The first field of that name.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] auto begin() const { return fields_.begin(); }
  [[nodiscard]] auto end() const { return fields_.end(); }
  [[nodiscard]] std::size_t size() const { return fields_.size(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";  // path and query, already percent-encoded
  HttpHeaders headers;       // Host, Content-Length and Connection are the transport's
  std::string body;
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;
  std::string body;
};

/// A response whose body is read as it comes (watches, long lists). Destroying it ends the exchange.
class HttpStream {
 public:
  HttpStream() = default;
  HttpStream(const HttpStream&) = delete;
  HttpStream& operator=(const HttpStream&) = delete;
  virtual ~HttpStream() = default;

  [[nodiscard]] virtual int status() const = 0;
  [[nodiscard]] virtual const HttpHeaders& headers() const = 0;
  /// The next bytes of the body, whatever has come; empty at its end. A body cut short is an Unavailable error. No byte
  /// for `idle` is a Timeout error, after which the stream is unusable.
  virtual Task<Result<std::string>> read(Duration idle) = 0;
};

/// One origin (scheme, host, port) to which requests go. Connections are kept alive and reused; a request that failed
/// on a reused connection before any byte of an answer came is sent once more on a fresh one, if its method is
/// idempotent.
class HttpTransport {
 public:
  HttpTransport() = default;
  HttpTransport(const HttpTransport&) = delete;
  HttpTransport& operator=(const HttpTransport&) = delete;
  virtual ~HttpTransport() = default;

  /// The whole exchange within `limit`: connecting, sending, and the last byte of the body (at most 64 MiB, else an
  /// InvalidInput error). Any status is a response, not an error.
  virtual Task<Result<HttpResponse>> send(HttpRequest request, Duration limit) = 0;
  /// The head of the answer within `limit`; the body as a stream.
  virtual Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest request, Duration limit) = 0;
};

}  // namespace spotkeeper::net
