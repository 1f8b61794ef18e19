// How a request ended. Exactly one of these for each; all but Answered and Unsent are losses.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace spotkeeper::tools {

enum class Outcome : std::uint8_t {
  Answered,     // 200 with the request's own id, whole, within the deadline
  Refused,      // the connection was refused
  Unreachable,  // no connection: no route, or nobody answered until the deadline
  ResetFresh,   // the connection broke before any byte of an answer, and this was its first request
  ResetReused,  // the same on a connection that had carried an answer before
  Cut,          // it broke within the answer
  ServerError,  // 5xx: a balancer's word that it had nobody to ask, or a server's own
  Late,         // no whole answer within the deadline, which counts from the time the request was due
  Wrong,        // an answer that is not the one to this request: another status or id, or bytes that are not HTTP
  Unsent,       // this program could not even try (no source port left, no descriptor): its own fault, not a loss
};
inline constexpr std::size_t kOutcomes = 10;
[[nodiscard]] const std::array<Outcome, kOutcomes>& all_outcomes();
/// "answered", "refused", "unreachable", "reset-fresh", "reset-reused", "cut", "5xx", "late", "wrong", "unsent".
[[nodiscard]] std::string_view name_of(Outcome outcome);
[[nodiscard]] constexpr bool is_loss(Outcome outcome) {
  return outcome != Outcome::Answered && outcome != Outcome::Unsent;
}

/// What was seen of a request when it was over.
struct Ending {
  enum class Stage {
    Connecting,
    Waiting,    // connected; no byte of an answer has come
    Receiving,  // some have
  };
  enum class Why {
    Complete,  // the whole answer is there
    Closed,    // the peer has ended the connection in order
    Error,     // a system call failed with `error`
    Deadline,
    Garbled,  // what came is no HTTP
  };
  Stage stage = Stage::Connecting;
  Why why = Why::Complete;
  int error = 0;        // errno of Why::Error
  bool reused = false;  // the connection had carried an answer before
  int status = 0;       // of Why::Complete
  bool own_id = false;  // of Why::Complete: the answer names this request
};
[[nodiscard]] Outcome classify(const Ending& ending);

}  // namespace spotkeeper::tools
