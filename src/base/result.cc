#include "base/result.h"

namespace spotkeeper {

std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidInput: return "invalid_input";
    case ErrorCode::NotFound: return "not_found";
    case ErrorCode::Conflict: return "conflict";
    case ErrorCode::Unauthorized: return "unauthorized";
    case ErrorCode::Forbidden: return "forbidden";
    case ErrorCode::Throttled: return "throttled";
    case ErrorCode::Timeout: return "timeout";
    case ErrorCode::Unavailable: return "unavailable";
    case ErrorCode::Gone: return "gone";
    case ErrorCode::Unsupported: return "unsupported";
    case ErrorCode::Cancelled: return "cancelled";
    case ErrorCode::Internal: return "internal";
  }
  return "internal";
}

Error Error::within(std::string_view doing) const& { return Error(*this).within(doing); }

Error Error::within(std::string_view doing) && {
  std::string text(doing);
  text += ": ";
  text += message;
  return Error{code, std::move(text)};
}

}  // namespace spotkeeper
