#include "net/http_writer.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace spotkeeper::net {
namespace {

bool is_value(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

constexpr std::array<std::string_view, 4> kTransportFields = {"host", "content-length", "transfer-encoding",
                                                              "connection"};

}  // namespace

bool is_token(std::string_view text) {
  constexpr std::string_view kSeparators = "\"(),/:;<=>?@[\\]{}";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return c > ' ' && c <= '~' && kSeparators.find(c) == std::string_view::npos;
  });
}

bool is_target(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

Result<void> append_fields(std::string& out, const HttpHeaders& headers) {
  for (const auto& [name, value] : headers) {
    if (!is_token(name)) return fail(ErrorCode::InvalidInput, "not the name of a header field: " + quote(name));
    if (!is_value(value)) return fail(ErrorCode::InvalidInput, "the header field " + name + " holds a line break");
    if (std::ranges::any_of(kTransportFields, [&](auto own) { return equal_ignoring_case(own, name); })) continue;
    out.append(name).append(": ").append(value).append("\r\n");
  }
  return {};
}

std::string_view reason_of(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "";
  }
}

}  // namespace spotkeeper::net
