// Feeds a message whole and cut in several ways, and ends the process if that makes a difference.
//
// One difference is allowed: bytes that can't become a message may be refused at once or only when the line, or the
// header, is whole, for the parser reads a line's beginning once and then waits for its end. So a refusal that only
// some cuts got is held against the others: whatever comes after those bytes, they must not end in a message either.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http_parser.h"
#include "tests/fuzz/fuzz_input.h"

namespace spotkeeper::fuzz {

// The head's limit lies above every input: near it, it matters how much of a line has come.
inline constexpr net::HttpLimits kHttpLimits{.head_bytes = 1U << 20U, .head_fields = 16, .body_bytes = 64};

/// All that a user of the parser can see once its bytes were fed.
struct Outcome {
  bool accepted = false;  // no piece was refused
  int refusal = 0;
  bool head_done = false;
  bool done = false;      // before the peer's end
  bool complete = false;  // at the peer's end
  std::string method;
  std::string target;
  int status = 0;
  bool keep_alive = false;
  bool http_1_0 = false;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string rest;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

inline Outcome outcome_of(net::HttpParser parser, bool accepted) {
  Outcome outcome;
  outcome.accepted = accepted;
  outcome.body = parser.take_body();
  require(outcome.body.size() <= kHttpLimits.body_bytes);
  if (!accepted) {
    outcome.refusal = parser.refusal();
    require(outcome.refusal == 400 || outcome.refusal == 413 || outcome.refusal == 431);
    return outcome;
  }
  outcome.done = parser.done();
  if (outcome.done) outcome.rest = parser.take_rest();
  outcome.complete = parser.feed_end().has_value();
  require(outcome.complete || !outcome.done);
  outcome.head_done = parser.head_done();
  if (!outcome.head_done) return outcome;
  const net::HttpHead head = parser.take_head();
  require(head.headers.size() <= kHttpLimits.head_fields);
  outcome.method = head.method;
  outcome.target = head.target;
  outcome.status = head.status;
  outcome.keep_alive = head.keep_alive;
  outcome.http_1_0 = head.http_1_0;
  for (const auto& field : head.headers) outcome.headers.push_back(field);
  return outcome;
}

/// Feeds `bytes` in pieces whose lengths `next` gives, and then `after`.
template <class MakeParser, class Feed>
Outcome fed_by(MakeParser make_parser, Feed feed, std::string_view after) {
  net::HttpParser parser = make_parser();
  bool accepted = feed([&](std::string_view piece) { return parser.feed(piece).has_value(); });
  if (accepted && !after.empty()) accepted = parser.feed(after).has_value();
  return outcome_of(std::move(parser), accepted);
}

/// The same bytes at once, one by one, in two halves and in random pieces, each followed by `after`.
template <class MakeParser>
std::vector<Outcome> outcomes_of(MakeParser make_parser, std::string_view bytes, std::uint32_t seed,
                                 std::string_view after) {
  std::vector<Outcome> out;
  out.push_back(fed_by(make_parser, [&](auto feed) { return feed(bytes); }, after));
  out.push_back(fed_by(make_parser, [&](auto feed) { return in_pieces(bytes, seed, feed); }, after));
  const auto one_by_one = [&](auto feed) {
    for (std::size_t i = 0; i < bytes.size(); ++i)
      if (!feed(bytes.substr(i, 1))) return false;
    return true;
  };
  constexpr std::size_t kShort = 1024;  // what waits for a line's end is copied with every piece
  if (bytes.size() <= kShort) out.push_back(fed_by(make_parser, one_by_one, after));
  const std::size_t cut = bytes.empty() ? 0 : (std::size_t{seed} * 2'654'435'761U) % bytes.size();
  const auto in_two = [&](auto feed) { return feed(bytes.substr(0, cut)) && feed(bytes.substr(cut)); };
  out.push_back(fed_by(make_parser, in_two, after));
  return out;
}

template <class MakeParser>
void compare_cuts(MakeParser make_parser, std::string_view bytes, std::uint32_t seed) {
  const std::vector<Outcome> outcomes = outcomes_of(make_parser, bytes, seed, "");
  bool refused = false;
  std::optional<Outcome> accepted;
  for (const Outcome& outcome : outcomes) {
    refused = refused || !outcome.accepted;
    if (!outcome.accepted) continue;
    if (!accepted) accepted = outcome;
    require(outcome == *accepted);
  }
  if (!refused || !accepted) return;
  require(!accepted->complete);
  constexpr std::array<std::string_view, 4> kEndings{"\r\n\r\n", "\n\r\n\r\n", "\r\nContent-Length: 0\r\n\r\n",
                                                     "\r\n0\r\n\r\n"};
  for (const std::string_view ending : kEndings)
    for (const Outcome& outcome : outcomes_of(make_parser, bytes, seed, ending)) require(!outcome.complete);
}

}  // namespace spotkeeper::fuzz
