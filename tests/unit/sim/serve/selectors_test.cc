#include "sim/serve/selectors.h"

#include <gtest/gtest.h>

namespace spotkeeper::sim::serve {
namespace {

bool selects(std::string_view text, const Labels& labels) { return parse_label_selector(text).value().matches(labels); }

TEST(LabelSelectorText, ReadsEveryForm) {
  const Labels web{{"app", "web"}, {"tier", "front"}};
  EXPECT_TRUE(selects("", web));
  EXPECT_TRUE(selects("app=web", web));
  EXPECT_TRUE(selects("app==web, tier != back", web));
  EXPECT_TRUE(selects("app in (web,api),tier", web));
  EXPECT_TRUE(selects("!gone", web));
  EXPECT_TRUE(selects("app notin (db)", web));
  EXPECT_FALSE(selects("app=api", web));
  EXPECT_FALSE(selects("!app", web));
  EXPECT_FALSE(selects("app notin (web)", web));
  EXPECT_FALSE(selects("tier,gone", web));
}

TEST(LabelSelectorText, RefusesWhatItCannotRead) {
  for (const char* text : {"app in web", "in (a)", "app in ()", "=x", "! ", "a b"})
    EXPECT_FALSE(parse_label_selector(text)) << text;
}

TEST(FieldSelectorText, ReadsEqualAndUnequal) {
  const auto fields = parse_field_selector("spec.nodeName=n1,status.phase!=Failed,a==b").value();
  ASSERT_EQ(fields.size(), 3U);
  EXPECT_EQ(fields[0].field, "spec.nodeName");
  EXPECT_EQ(fields[0].value, "n1");
  EXPECT_TRUE(fields[0].equal);
  EXPECT_FALSE(fields[1].equal);
  EXPECT_EQ(fields[2].value, "b");
  EXPECT_FALSE(parse_field_selector("nonsense"));
}

}  // namespace
}  // namespace spotkeeper::sim::serve
