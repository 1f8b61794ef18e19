// Feeds a message whole and in pieces, and ends the process if that makes a difference.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/http_parser.h"
#include "tests/fuzz/fuzz_input.h"

namespace spotkeeper::fuzz {

// The head's limit lies above every input: near it, it matters how much of a line has come.
inline constexpr net::HttpLimits kHttpLimits{.head_bytes = 1U << 20U, .head_fields = 16, .body_bytes = 64};

struct Outcome {
  bool accepted = false;
  bool complete = false;
  std::string body;
  net::HttpHead head;
};

// What has come of the message once its bytes were fed.
inline Outcome outcome_of(net::HttpParser& parser, bool accepted, std::size_t fed) {
  Outcome outcome;
  outcome.accepted = accepted;
  outcome.body = parser.take_body();
  require(outcome.body.size() <= kHttpLimits.body_bytes);
  if (!accepted) return outcome;
  if (parser.done()) require(parser.take_rest().size() <= fed);
  outcome.complete = parser.feed_end().has_value();
  if (parser.head_done()) outcome.head = parser.take_head();
  require(outcome.head.headers.size() <= kHttpLimits.head_fields);
  return outcome;
}

template <class MakeParser>
void compare_cuts(MakeParser make_parser, std::string_view bytes, std::uint32_t seed) {
  net::HttpParser at_once = make_parser();
  const Outcome whole = outcome_of(at_once, at_once.feed(bytes).has_value(), bytes.size());
  net::HttpParser by_and_by = make_parser();
  const bool fed = in_pieces(bytes, seed, [&](std::string_view piece) { return by_and_by.feed(piece).has_value(); });
  const Outcome pieces = outcome_of(by_and_by, fed, bytes.size());
  // What is malformed and cut short is an error either way; whether it is told before the end or at it depends on how
  // much of a line the parser has seen at once.
  require((whole.accepted && whole.complete) == (pieces.accepted && pieces.complete));
  if (!whole.accepted || !whole.complete) return;
  require(whole.body == pieces.body);
  require(whole.head.status == pieces.head.status && whole.head.target == pieces.head.target);
}

}  // namespace spotkeeper::fuzz
