#include "tests/tools/web_client/outcome.h"

#include <cerrno>

namespace spotkeeper::tools {
namespace {

/// Nothing was sent because of this machine or process.
bool own_fault(int error) {
  return error == EADDRINUSE || error == EADDRNOTAVAIL || error == EMFILE || error == ENFILE || error == ENOBUFS ||
         error == ENOMEM || error == EINVAL;
}

Outcome without_connection(const Ending& ending) {
  if (ending.why != Ending::Why::Error) return Outcome::Unreachable;
  if (ending.error == ECONNREFUSED || ending.error == ECONNRESET) return Outcome::Refused;
  return own_fault(ending.error) ? Outcome::Unsent : Outcome::Unreachable;
}

Outcome without_answer(const Ending& ending) {
  if (ending.why == Ending::Why::Error && (ending.error == EHOSTUNREACH || ending.error == ENETUNREACH))
    return Outcome::Unreachable;
  return ending.reused ? Outcome::ResetReused : Outcome::ResetFresh;
}

Outcome with_answer(const Ending& ending) {
  if (ending.status >= 500) return Outcome::ServerError;
  return ending.status == 200 && ending.own_id ? Outcome::Answered : Outcome::Wrong;
}

}  // namespace

const std::array<Outcome, kOutcomes>& all_outcomes() {
  static constexpr std::array all{Outcome::Answered,    Outcome::Refused, Outcome::Unreachable, Outcome::ResetFresh,
                                  Outcome::ResetReused, Outcome::Cut,     Outcome::ServerError, Outcome::Late,
                                  Outcome::Wrong,       Outcome::Unsent};
  return all;
}

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::Answered: return "answered";
    case Outcome::Refused: return "refused";
    case Outcome::Unreachable: return "unreachable";
    case Outcome::ResetFresh: return "reset-fresh";
    case Outcome::ResetReused: return "reset-reused";
    case Outcome::Cut: return "cut";
    case Outcome::ServerError: return "5xx";
    case Outcome::Late: return "late";
    case Outcome::Wrong: return "wrong";
    case Outcome::Unsent: return "unsent";
  }
  return "unknown";
}

Outcome classify(const Ending& ending) {
  if (ending.why == Ending::Why::Complete) return with_answer(ending);
  if (ending.why == Ending::Why::Garbled) return Outcome::Wrong;
  if (ending.stage == Ending::Stage::Connecting) return without_connection(ending);
  if (ending.why == Ending::Why::Deadline) return Outcome::Late;
  return ending.stage == Ending::Stage::Waiting ? without_answer(ending) : Outcome::Cut;
}

}  // namespace spotkeeper::tools
