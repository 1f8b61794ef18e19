#include "tests/tools/web_client/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spotkeeper::tools {
namespace {

using testing::HasSubstr;

std::string refusal_of(std::string_view text) {
  const auto target = parse_target(text);
  return target ? "none" : target.error().message;
}

TEST(Target, IsReadFromItsKeys) {
  const auto target = parse_target("name=l7,url=http://10.0.0.5:81,rate=12.5,style=kept,takes=2s,deadline=30s,kept=8");
  ASSERT_TRUE(target) << target.error().message;
  EXPECT_EQ(target->name, "l7");
  EXPECT_EQ(target->address.text(), "10.0.0.5:81");
  EXPECT_EQ(target->authority, "10.0.0.5:81");
  EXPECT_EQ(target->rate, 12.5);
  EXPECT_FALSE(target->new_style);
  EXPECT_TRUE(target->kept_style);
  EXPECT_EQ(target->takes, 2s);
  EXPECT_EQ(target->deadline, 30s);
  EXPECT_EQ(target->kept, 8U);
}

TEST(Target, UsesBothStylesUnlessToldOtherwise) {
  const auto target = parse_target("name=l4,url=http://10.0.0.5");
  ASSERT_TRUE(target) << target.error().message;
  EXPECT_TRUE(target->new_style);
  EXPECT_TRUE(target->kept_style);
  EXPECT_EQ(target->address.port(), 80);
}

TEST(Target, NamesWhatIsWrong) {
  EXPECT_THAT(refusal_of("url=http://10.0.0.5"), HasSubstr("name=NAME"));
  EXPECT_THAT(refusal_of("name=a"), HasSubstr("url=URL"));
  EXPECT_THAT(refusal_of("name=a,url=http://example.org"), HasSubstr("IP address"));
  EXPECT_THAT(refusal_of("name=a,url=https://10.0.0.5"), HasSubstr("http://"));
  EXPECT_THAT(refusal_of("name=a,url=http://10.0.0.5,rate=0"), HasSubstr("rate"));
  EXPECT_THAT(refusal_of("name=a,url=http://10.0.0.5,rtae=5"), HasSubstr("did you mean 'rate'"));
  EXPECT_THAT(refusal_of("name=a,url=http://10.0.0.5,style=old"), HasSubstr("style"));
  EXPECT_THAT(refusal_of("name=a,url=http://10.0.0.5,takes=20s"), HasSubstr("deadline"));
  EXPECT_THAT(refusal_of("name=a,url=http://10.0.0.5,kept=0"), HasSubstr("kept"));
  EXPECT_THAT(refusal_of("name"), HasSubstr("KEY=VALUE"));
}

}  // namespace
}  // namespace spotkeeper::tools
