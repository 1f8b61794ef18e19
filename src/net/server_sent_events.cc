#include "net/server_sent_events.h"

#include <string>

#include "base/text.h"

namespace spotkeeper::net {
namespace {

bool one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

}  // namespace

Task<Result<void>> ServerSentEvents::start() {
  HttpHeaders headers;
  headers.add("Content-Type", "text/event-stream");
  headers.add("Cache-Control", "no-store");
  auto started = co_await response_.start(200, std::move(headers));
  co_return std::move(started);
}

Task<Result<void>> ServerSentEvents::send(std::string event, std::string data, std::string id) {
  if (!one_line(event) || !one_line(id) || data.find('\r') != std::string::npos) {
    co_return fail(ErrorCode::InvalidInput, "a server-sent event holds a line break where none may be");
  }
  std::string message;
  if (!event.empty()) message += "event: " + event + "\n";
  if (!id.empty()) message += "id: " + id + "\n";
  for (const std::string_view line : split(data, '\n')) message.append("data: ").append(line).append("\n");
  message += "\n";
  auto written = co_await response_.write(message);
  co_return std::move(written);
}

Task<Result<void>> ServerSentEvents::ping() {
  auto written = co_await response_.write(":\n\n");
  co_return std::move(written);
}

}  // namespace spotkeeper::net
