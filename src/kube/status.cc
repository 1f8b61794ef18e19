#include "kube/status.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "format/json.h"
#include "format/protobuf.h"

namespace spotkeeper::kube {
namespace {

constexpr std::size_t kLongestText = 1024;

std::optional<Duration> seconds_if_any(std::int64_t seconds) {
  if (seconds <= 0 || seconds > 86'400) return std::nullopt;
  return std::chrono::seconds(seconds);
}

StatusCause read_cause(format::ProtoReader message) {
  StatusCause cause;
  while (message.next()) {
    switch (message.field()) {
      case 1: cause.reason = message.text(); break;
      case 2: cause.message = message.text(); break;
      case 3: cause.field = message.text(); break;
      default: break;
    }
  }
  return cause;
}

void read_details(format::ProtoReader message, ApiStatus& out) {
  while (message.next()) {
    switch (message.field()) {
      case 4: out.causes.push_back(read_cause(message.message())); break;
      case 5: out.retry_after = seconds_if_any(message.int64()); break;
      default: break;
    }
  }
}

Result<ApiStatus> parse_protobuf(std::string_view body) {
  SK_TRY(const auto envelope, format::read_envelope(body));
  if (envelope.type.kind != "Status")
    return fail(ErrorCode::InvalidInput, "a Status was expected, not a " + quote(envelope.type.kind));
  ApiStatus out;
  out.structured = true;
  format::ProtoReader message(envelope.raw);
  while (message.next()) {
    switch (message.field()) {
      case 2: out.success = message.text() == "Success"; break;
      case 3: out.message = to_valid_utf8(message.text()); break;
      case 4: out.reason = to_valid_utf8(message.text()); break;
      case 5: read_details(message.message(), out); break;
      case 6: out.code = message.int32(); break;
      default: break;
    }
  }
  SK_CHECK(message.status());
  return out;
}

Result<ApiStatus> parse_text(std::string_view body) {
  SK_TRY(const auto document, format::parse_json(body));
  const format::JsonField root(document);
  SK_TRY(const auto kind, root["kind"].get_or(""));
  if (kind != "Status") return fail(ErrorCode::InvalidInput, "a Status was expected, not a " + quote(kind));
  ApiStatus out;
  out.structured = true;
  SK_TRY(const auto status, root["status"].get_or(""));
  out.success = status == "Success";
  SK_TRY(out.message, root["message"].get_or(""));
  SK_TRY(out.reason, root["reason"].get_or(""));
  SK_TRY(out.code, root["code"].get_or<std::int32_t>(0));
  SK_TRY(const auto wait, root["details"]["retryAfterSeconds"].get_or<std::int64_t>(0));
  out.retry_after = seconds_if_any(wait);
  SK_TRY(const auto causes, root["details"]["causes"].elements());
  for (const format::JsonField& cause : causes) {
    StatusCause next;
    SK_TRY(next.reason, cause["reason"].get_or(""));
    SK_TRY(next.message, cause["message"].get_or(""));
    SK_TRY(next.field, cause["field"].get_or(""));
    out.causes.push_back(std::move(next));
  }
  return out;
}

ErrorCode code_of(const ApiStatus& status) {
  switch (status.code) {
    case 401: return ErrorCode::Unauthorized;
    case 403: return ErrorCode::Forbidden;
    case 404: return ErrorCode::NotFound;
    case 409: return ErrorCode::Conflict;
    case 410: return ErrorCode::Gone;
    case 405:
    case 406:
    case 415: return ErrorCode::Unsupported;
    case 408:
    case 504: return ErrorCode::Timeout;
    case 429: return ErrorCode::Throttled;
    default: break;
  }
  return status.code >= 500 ? ErrorCode::Unavailable : ErrorCode::InvalidInput;
}

}  // namespace

bool ApiStatus::has_cause(std::string_view cause) const {
  return std::any_of(causes.begin(), causes.end(), [&](const StatusCause& each) { return each.reason == cause; });
}

Result<ApiStatus> parse_status(std::string_view body) {
  return format::is_envelope(body) ? parse_protobuf(body) : parse_text(body);
}

std::optional<Duration> retry_after_of(const net::HttpHeaders& headers) {
  const auto value = headers.find("Retry-After");
  if (!value) return std::nullopt;
  const auto seconds = parse_int<std::int64_t>(trim(*value));
  return seconds ? seconds_if_any(*seconds) : std::nullopt;
}

ApiStatus status_of(const net::HttpResponse& response) {
  ApiStatus out;
  if (auto parsed = parse_status(response.body); parsed) {
    out = std::move(*parsed);
  } else {
    const std::string_view text = trim(response.body);
    const std::string_view line = trim(text.substr(0, text.find('\n')));
    out.message = to_valid_utf8(line.substr(0, kLongestText));
  }
  out.code = response.status;
  out.success = response.status >= 200 && response.status < 300;
  if (const auto wait = retry_after_of(response.headers)) out.retry_after = wait;
  return out;
}

Error error_of(const ApiStatus& status) {
  std::string message = fmt::format("the API server answered {}", status.code);
  if (!status.reason.empty()) message += " " + status.reason;
  if (!status.message.empty()) message += ": " + status.message;
  return {code_of(status), std::move(message)};
}

}  // namespace spotkeeper::kube
