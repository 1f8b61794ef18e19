#include "base/time.h"

#include <gtest/gtest.h>

namespace spotkeeper {
namespace {

Instant at(std::int64_t seconds, std::int64_t nanos = 0) { return Instant(Duration(seconds * 1'000'000'000 + nanos)); }

TEST(Rfc3339, ReadsWhatItWrites) {
  for (const Instant t : {at(0), at(-1), at(1'795'363'274), at(1'795'363'274, 120'000'000), at(-86'401, 1)})
    EXPECT_EQ(parse_rfc3339(format_rfc3339(t)).value(), t) << format_rfc3339(t);
}

TEST(Rfc3339, KnowsOffsetsFractionsAndLeapSeconds) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T01:00:00+01:00").value(), at(0));
  EXPECT_EQ(parse_rfc3339("1970-01-01t00:00:00.5z").value(), at(0, 500'000'000));
  EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:60Z").value(), parse_rfc3339("2017-01-01T00:00:00Z").value());
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2026", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx", "9999-01-01T00:00:00Z", "2026-01-01T00:00:00+24:00"})
    EXPECT_FALSE(parse_rfc3339(text)) << text;
}

TEST(Rfc3339, MicroTimeHasExactlySixDecimals) { EXPECT_EQ(format_rfc3339_micro(at(0)), "1970-01-01T00:00:00.000000Z"); }

TEST(DurationText, ReadsWhatItWrites) {
  for (const Duration d : {Duration(0), Duration(1), Duration(1500), Duration(2'500'000), Duration(-90s),
                           Duration(1h + 2s), Duration(1h + 2min + 3500ms), Duration(36h)})
    EXPECT_EQ(parse_duration(format_duration(d)).value(), d) << format_duration(d);
  EXPECT_EQ(format_duration(Duration(90s)), "1m30s");
}

TEST(DurationText, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "-", "5", "s", "1x", "1.2.3s", "400000h0", "99999999h"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

}  // namespace
}  // namespace spotkeeper
