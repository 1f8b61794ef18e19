// Sockets in the file system, for control: lines there and back.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/event_loop.h"
#include "net/task.h"

namespace spotkeeper::tools {

/// One connection. A Task of it may be destroyed while it waits.
class LineStream {
 public:
  static Result<std::unique_ptr<LineStream>> connect(net::EventLoop& loop, const std::string& path);
  LineStream(net::EventLoop& loop, int fd) : socket_(loop, fd) {}

  net::Task<Result<void>> write(std::string text);
  /// The next line without its end; NotFound when the peer has ended, InvalidInput for one of more than 64 KiB.
  net::Task<Result<std::string>> line();
  /// Everything until the peer ends.
  net::Task<Result<std::string>> rest();

 private:
  net::Task<Result<bool>> fill();  // false: the peer has ended
  net::Descriptor socket_;
  std::string come_;
};

class LineListener {
 public:
  /// A socket that an ended process has left at `path` is replaced. Only its owner may connect.
  static Result<std::unique_ptr<LineListener>> open(net::EventLoop& loop, const std::string& path);
  ~LineListener();
  LineListener(const LineListener&) = delete;
  LineListener& operator=(const LineListener&) = delete;

  net::Task<Result<std::unique_ptr<LineStream>>> accept();

 private:
  LineListener(net::EventLoop& loop, int fd, std::string path)
      : loop_(loop), socket_(loop, fd), path_(std::move(path)) {}
  net::EventLoop& loop_;
  net::Descriptor socket_;
  std::string path_;
};

}  // namespace spotkeeper::tools
