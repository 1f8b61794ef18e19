#include "base/text.h"

#include <array>
#include <cstdint>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spotkeeper {
namespace {

using testing::ElementsAre;

TEST(Text, TrimsBlanksAtBothEnds) {
  EXPECT_EQ(trim(" \t a b \r\n"), "a b");
  EXPECT_EQ(trim(" \n "), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Text, SplitKeepsEmptyPieces) {
  EXPECT_THAT(split("a,,b", ','), ElementsAre("a", "", "b"));
  EXPECT_THAT(split("", ','), ElementsAre(""));
  EXPECT_THAT(split(",", ','), ElementsAre("", ""));
}

TEST(Text, SplitsOnceAtTheFirstSeparator) {
  EXPECT_EQ(split_once("a=b=c", '='), (std::pair<std::string_view, std::string_view>("a", "b=c")));
  EXPECT_EQ(split_once("abc", '='), std::nullopt);
}

TEST(Text, JoinsWhatSplitTookApart) {
  for (const std::string_view text : {"a,,b", "", "x"}) EXPECT_EQ(join(split(text, ','), ","), text);
}

TEST(Text, FoldsAsciiOnly) {
  EXPECT_EQ(lower("AbC-Ä"), "abc-Ä");
  EXPECT_TRUE(equal_ignoring_case("Content-Type", "content-type"));
  EXPECT_FALSE(equal_ignoring_case("a", "ab"));
}

TEST(Text, QuotesForMessages) {
  EXPECT_EQ(quote("plain é"), "'plain é'");
  EXPECT_EQ(quote("it's\n\x01\x7f\xff\\"), R"('it\'s\n\x01\x7f\xff\\')");
  EXPECT_EQ(quote("abcdef", 3), "'abc…'");
  EXPECT_EQ(quote("abé", 3), "'ab…'") << "a character must not be torn";
  EXPECT_EQ(quote(std::string(10, '\x80'), 5).substr(0, 5), "'\\x80");
}

TEST(Text, ReplacesBrokenUtf8) {
  EXPECT_EQ(to_valid_utf8("aé€😀"), "aé€😀");
  EXPECT_EQ(to_valid_utf8("a\xffz"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(to_valid_utf8("\xC0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD") << "overlong";
  EXPECT_EQ(to_valid_utf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD") << "a surrogate";
  EXPECT_EQ(to_valid_utf8("\xF4\x90\x80\x80").substr(0, 3), "\xEF\xBF\xBD") << "above U+10FFFF";
  EXPECT_EQ(to_valid_utf8("\xE2\x82"), "\xEF\xBF\xBD\xEF\xBF\xBD") << "cut short";
}

TEST(ParseInt, TakesWholeNumbersWithinTheRange) {
  EXPECT_EQ(parse_int<int>("-12").value(), -12);
  EXPECT_EQ(parse_int<std::uint64_t>("18446744073709551615").value(), UINT64_MAX);
  EXPECT_EQ(parse_int<int>("5", 1, 5).value(), 5);
}

TEST(ParseInt, SaysWhatIsWrong) {
  for (const std::string_view text : {"", " 1", "1 ", "+1", "1.0", "0x1", "-", "a"})
    EXPECT_FALSE(parse_int<int>(text)) << text;
  EXPECT_EQ(parse_int<int>("six").error().message, "expected a whole number, got 'six'");
  EXPECT_EQ(parse_int<int>("6", 1, 5).error().message, "'6' is not between 1 and 5");
  EXPECT_EQ(parse_int<std::int16_t>("40000").error().message, "'40000' is not between -32768 and 32767");
  EXPECT_FALSE(parse_int<unsigned>("-1"));
}

TEST(ParseDouble, TakesFiniteNumbersOnly) {
  EXPECT_EQ(parse_double("0.0374").value(), 0.0374);
  EXPECT_EQ(parse_double("-1e-3").value(), -0.001);
  for (const std::string_view text : {"", "inf", "nan", "-inf", "1e999", "1,5", "1.5 ", "+1"})
    EXPECT_FALSE(parse_double(text)) << text;
}

TEST(Nearest, FindsWhatWasMeant) {
  constexpr std::array<std::string_view, 3> words = {"cluster", "context", "current-context"};
  EXPECT_EQ(nearest("clustr", words), "cluster");
  EXPECT_EQ(nearest("Contxet", words), "context") << "swapped neighbours are one edit, case is none";
  EXPECT_EQ(nearest("user", words), std::nullopt);
  EXPECT_EQ(nearest("", words), std::nullopt);
  constexpr std::array<std::string_view, 1> one = {"b"};
  EXPECT_EQ(nearest("a", one), std::nullopt) << "nothing in common is not near";
  EXPECT_EQ(did_you_mean("clustr", words), "; did you mean 'cluster'?");
  EXPECT_EQ(did_you_mean("zzz", words), "");
}

TEST(Base64, IsThatOfRfc4648) {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(base64_encode(bytes), text);
    EXPECT_EQ(base64_decode(text).value(), bytes);
  }
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(base64_decode(base64_encode(all)).value(), all);
}

TEST(Base64, RefusesWhatIsNot) {
  for (const std::string_view text :
       {"Zg", "Zg=", "Zg===", "Z", "Zh==", "Zm9=", "Z=g=", "Zm9v!", "Zm 9v", "====", "Zm8=Zm8="})
    EXPECT_FALSE(base64_decode(text)) << text;
  EXPECT_EQ(base64_decode("Zm9v\nYmFy\r\n").value(), "foobar") << "line breaks are skipped";
}

TEST(Hex, ReadsWhatItWrites) {
  EXPECT_EQ(hex_encode(std::string_view("\x00\xff\x1a", 3)), "00ff1a");
  EXPECT_EQ(hex_decode("00FF1a").value(), std::string_view("\x00\xff\x1a", 3));
  for (const std::string_view text : {"0", "0g", "g0", " 00"}) EXPECT_FALSE(hex_decode(text)) << text;
}

}  // namespace
}  // namespace spotkeeper
