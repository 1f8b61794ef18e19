// Reads one HTTP/1.1 message from bytes that come in pieces of any size. Knows nothing of sockets: the client and the
// server feed it. Strict where leniency would let two readers disagree about where a message ends (RFC 9112 §6, §11).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace spotkeeper::net {

struct HttpLimits {
  std::uint32_t head_bytes = 64 * 1024;  // start line and header fields
  std::size_t head_fields = 256;
  std::uint64_t body_bytes = std::uint64_t{64} << 20U;
};

struct HttpHead {
  std::string method;  // of a request
  std::string target;
  int status = 0;  // of a response
  HttpHeaders headers;
  bool keep_alive = false;  // whether the connection can carry another message after this one
  bool http_1_0 = false;
};

class HttpParser {
 public:
  static HttpParser request(HttpLimits limits);
  /// `answers` is the method of the request: the answer to a HEAD has no body.
  static HttpParser response(std::string_view answers, HttpLimits limits);
  HttpParser(HttpParser&&) noexcept;
  HttpParser& operator=(HttpParser&&) noexcept;
  ~HttpParser();

  /// The next bytes from the peer. After the message's end they are kept for take_rest(). InvalidInput errors (bytes
  /// that are not HTTP, a limit passed) say what is wrong; the parser is of no use after one.
  Result<void> feed(std::string_view bytes);
  /// The peer has ended its side: an Unavailable error if the message is not complete.
  Result<void> feed_end();

  /// After an InvalidInput error: the status with which a server answers such a request: 400, 413 (the body is too
  /// large) or 431 (the header is).
  [[nodiscard]] int refusal() const;

  /// Any byte was fed.
  [[nodiscard]] bool started() const;
  [[nodiscard]] bool head_done() const;
  [[nodiscard]] bool done() const;
  /// Once head_done().
  [[nodiscard]] const HttpHead& head() const;
  [[nodiscard]] HttpHead take_head();
  /// The body's bytes that have come and were not taken yet.
  [[nodiscard]] std::string take_body();
  /// Once done(): the bytes after the message.
  [[nodiscard]] std::string take_rest();

 private:
  struct Impl;
  explicit HttpParser(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace spotkeeper::net
