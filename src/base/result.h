// Errors are values: what every function that can fail returns.
//
// `Result<T>` is a `tl::expected<T, Error>` that must not be dropped. An `Error` says what went wrong in words for
// the person who has to act on it, and carries a code for the program that has to decide (retry, give up, ask again).
// Context is added on the way up, outermost first: "reading kubeconfig /a/b: line 3: unknown key 'clustr'".
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace spotkeeper {

/// What a caller may do about an error. Everything else about it is in the message.
enum class ErrorCode {
  InvalidInput,  // the bytes or the request are wrong; the same again will fail again
  NotFound,      // the thing does not exist (any more)
  Conflict,      // somebody else changed it first: read again, then try again
  Unauthorized,  // credentials missing or refused; fresh ones may help
  Forbidden,     // understood and refused; trying again does not help
  Throttled,     // asked to come back later
  Timeout,       // no answer within the time given; it may or may not have been carried out
  Unavailable,   // no connection, or the server is not able to answer now
  Gone,          // the position asked for has been compacted away: list anew
  Unsupported,   // the other side does not know this request
  Cancelled,     // we stopped it ourselves
  Internal,      // a defect of ours
};

[[nodiscard]] std::string_view name_of(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::Internal;
  std::string message;

  /// The same error with what was being done put before it: "`doing`: `message`".
  [[nodiscard]] Error within(std::string_view doing) const&;
  [[nodiscard]] Error within(std::string_view doing) &&;

  friend bool operator==(const Error&, const Error&) = default;
};

/// A value or an `Error`. `[[nodiscard]]`, because an error that nobody looks at is swallowed.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result(tl::expected<T, Error> other)
      : tl::expected<T, Error>(std::move(other)) {}  // NOLINT(google-explicit-constructor)

  /// This result, with `doing` put before the message if it is an error.
  [[nodiscard]] Result within(std::string_view doing) && {
    if (!this->has_value()) return tl::unexpected(std::move(this->error()).within(doing));
    return std::move(*this);
  }
};

/// `return fail(ErrorCode::NotFound, "no such node");` from any function that returns a Result.
[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected(Error{code, std::move(message)});
}
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) { return tl::unexpected(std::move(error)); }

}  // namespace spotkeeper

// The two steps that otherwise repeat after every call: leave with the error, or go on with the value.
#define SK_CONCAT_INNER(a, b) a##b
#define SK_CONCAT(a, b) SK_CONCAT_INNER(a, b)
#define SK_TRY_IMPL(tmp, decl, expr, ret)                   \
  auto tmp = (expr);                                        \
  if (!tmp) ret ::spotkeeper::fail(std::move(tmp).error()); \
  decl = std::move(*tmp)
#define SK_CHECK_IMPL(tmp, expr, ret) \
  if (auto tmp = (expr); !tmp) ret ::spotkeeper::fail(std::move(tmp).error())

/// SK_TRY(const auto port, parse_port(text));
#define SK_TRY(decl, expr) SK_TRY_IMPL(SK_CONCAT(sk_result_, __LINE__), decl, expr, return)
/// SK_CHECK(write(bytes));   for Result<void>
#define SK_CHECK(expr) SK_CHECK_IMPL(SK_CONCAT(sk_result_, __LINE__), expr, return)
/// The same inside coroutines.
#define SK_CO_TRY(decl, expr) SK_TRY_IMPL(SK_CONCAT(sk_result_, __LINE__), decl, expr, co_return)
#define SK_CO_CHECK(expr) SK_CHECK_IMPL(SK_CONCAT(sk_result_, __LINE__), expr, co_return)
