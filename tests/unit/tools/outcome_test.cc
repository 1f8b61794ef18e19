#include "tests/tools/web_client/outcome.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>

namespace spotkeeper::tools {
namespace {

using Stage = Ending::Stage;
using Why = Ending::Why;

Outcome failed(Stage stage, int error, bool reused = false) {
  return classify({.stage = stage, .why = Why::Error, .error = error, .reused = reused});
}
Outcome answered(int status, bool own_id) {
  return classify({.stage = Stage::Receiving, .why = Why::Complete, .status = status, .own_id = own_id});
}

TEST(Outcome, IsAnsweredOnlyForA200WithTheRequestsOwnId) {
  EXPECT_EQ(answered(200, true), Outcome::Answered);
  EXPECT_EQ(answered(200, false), Outcome::Wrong);
  EXPECT_EQ(answered(404, true), Outcome::Wrong);
  EXPECT_EQ(answered(204, true), Outcome::Wrong);
}

TEST(Outcome, IsAServerErrorForEvery5xxWhoeverSentIt) {
  EXPECT_EQ(answered(500, true), Outcome::ServerError);
  EXPECT_EQ(answered(503, false), Outcome::ServerError);
  EXPECT_EQ(answered(504, false), Outcome::ServerError);
}

TEST(Outcome, TellsARefusalFromNobodyThere) {
  EXPECT_EQ(failed(Stage::Connecting, ECONNREFUSED), Outcome::Refused);
  EXPECT_EQ(failed(Stage::Connecting, EHOSTUNREACH), Outcome::Unreachable);
  EXPECT_EQ(failed(Stage::Connecting, ENETUNREACH), Outcome::Unreachable);
  EXPECT_EQ(failed(Stage::Connecting, ETIMEDOUT), Outcome::Unreachable);
  EXPECT_EQ(classify({.stage = Stage::Connecting, .why = Why::Deadline}), Outcome::Unreachable);
}

TEST(Outcome, TellsAResetOfAFreshConnectionFromThatOfAReusedOne) {
  EXPECT_EQ(failed(Stage::Waiting, ECONNRESET, false), Outcome::ResetFresh);
  EXPECT_EQ(failed(Stage::Waiting, ECONNRESET, true), Outcome::ResetReused);
  EXPECT_EQ(failed(Stage::Waiting, EPIPE, true), Outcome::ResetReused);
  EXPECT_EQ(classify({.stage = Stage::Waiting, .why = Why::Closed, .reused = true}), Outcome::ResetReused);
  EXPECT_EQ(classify({.stage = Stage::Waiting, .why = Why::Closed}), Outcome::ResetFresh);
}

TEST(Outcome, IsCutOnceAByteOfTheAnswerHasCome) {
  EXPECT_EQ(failed(Stage::Receiving, ECONNRESET), Outcome::Cut);
  EXPECT_EQ(failed(Stage::Receiving, ECONNRESET, true), Outcome::Cut);
  EXPECT_EQ(classify({.stage = Stage::Receiving, .why = Why::Closed}), Outcome::Cut);
}

TEST(Outcome, IsLateWhenTheDeadlinePassesOnAConnectionThatStands) {
  EXPECT_EQ(classify({.stage = Stage::Waiting, .why = Why::Deadline}), Outcome::Late);
  EXPECT_EQ(classify({.stage = Stage::Waiting, .why = Why::Deadline, .reused = true}), Outcome::Late);
  EXPECT_EQ(classify({.stage = Stage::Receiving, .why = Why::Deadline}), Outcome::Late);
}

TEST(Outcome, IsWrongForBytesThatAreNoHttp) {
  EXPECT_EQ(classify({.stage = Stage::Receiving, .why = Why::Garbled}), Outcome::Wrong);
}

TEST(Outcome, CountsWhatCouldNotBeTriedAgainstNobody) {
  for (const int error : {EADDRINUSE, EADDRNOTAVAIL, EMFILE, ENFILE}) {
    EXPECT_EQ(failed(Stage::Connecting, error), Outcome::Unsent) << error;
  }
  EXPECT_FALSE(is_loss(Outcome::Unsent));
  EXPECT_FALSE(is_loss(Outcome::Answered));
}

TEST(Outcome, HasADifferentNameForEach) {
  std::set<std::string_view> names;
  std::size_t losses = 0;
  for (const Outcome outcome : all_outcomes()) {
    names.insert(name_of(outcome));
    losses += is_loss(outcome) ? 1U : 0U;
  }
  EXPECT_EQ(names.size(), kOutcomes);
  EXPECT_EQ(losses, kOutcomes - 2);
}

}  // namespace
}  // namespace spotkeeper::tools
