// Streams of bytes between two peers: TCP here, TLS over any of them in net/tls.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/address.h"
#include "net/event_loop.h"
#include "net/task.h"

namespace spotkeeper::net {

/// A connected peer. Any Task of it may be destroyed while it waits: a read so ended has taken nothing from the stream;
/// a write so ended may have sent a part, after which the stream is good for nothing but being destroyed. One read and
/// one write may wait at the same time. Destroying the stream closes it.
class ByteStream {
 public:
  ByteStream() = default;
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;
  virtual ~ByteStream() = default;

  /// What has come, at least one byte and at most `at_most`; empty when the peer has ended its side. A connection that
  /// broke is an Unavailable error.
  virtual Task<Result<std::string>> read_some(std::size_t at_most) = 0;
  /// All of `bytes`, which must live as long as the Task.
  virtual Task<Result<void>> write_all(std::string_view bytes) = 0;
  /// Tells the peer that nothing more will be written. Reading goes on.
  virtual Task<Result<void>> shutdown() = 0;
  /// Of a stream on which nothing is expected: true if the peer has closed it or sent something all the same. Never
  /// waits.
  [[nodiscard]] virtual bool stale() = 0;
  /// "192.0.2.1:443".
  [[nodiscard]] virtual std::string peer() const = 0;
};

/// Connects to the first address of `host` that answers, each given its share of `limit`. Keep-alive is on (30 s, then
/// 3 probes 10 s apart), Nagle's algorithm off, and data that the peer has not acknowledged for 30 s breaks the
/// connection (TCP_USER_TIMEOUT).
Task<Result<std::unique_ptr<ByteStream>>> connect_tcp(EventLoop& loop, std::string host, std::uint16_t port,
                                                      Duration limit);

/// Accepts TCP connections.
class Listener {
 public:
  /// Port 0 lets the kernel choose. Several processes or loops can't share an address.
  static Result<std::unique_ptr<Listener>> open(EventLoop& loop, const SocketAddress& address);

  /// Where it listens, with the port that the kernel has chosen.
  [[nodiscard]] const SocketAddress& address() const { return address_; }
  /// The next connection. Errors that pass (too many open files, a peer that went away again) are errors here too: wait
  /// a little and call again.
  Task<Result<std::unique_ptr<ByteStream>>> accept();

 private:
  Listener(EventLoop& loop, int fd, SocketAddress address) : loop_(loop), socket_(loop, fd), address_(address) {}
  EventLoop& loop_;
  Descriptor socket_;
  SocketAddress address_;
};

}  // namespace spotkeeper::net
