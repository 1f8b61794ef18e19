// Writes the heads of HTTP/1.1 messages, for the client and the server.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace spotkeeper::net {

/// Appends "Name: value\r\n" for every field but Host, Content-Length, Transfer-Encoding and Connection, which are the
/// transport's. InvalidInput for a name or value that would break out of its line.
Result<void> append_fields(std::string& out, const HttpHeaders& headers);

/// Whether `text` may be a method or a field's name (RFC 9110's token).
[[nodiscard]] bool is_token(std::string_view text);
/// Whether `text` may be what a request asks for: visible characters only.
[[nodiscard]] bool is_target(std::string_view text);
/// The words for the well-known status codes; empty for others.
[[nodiscard]] std::string_view reason_of(int status);

}  // namespace spotkeeper::net
