#include "observe/template/template.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "observe/nth_event.h"
#include "tests/e2e/go_template/templates.h"

namespace spotkeeper::observe {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

NthEvent an_event() {
  NthEvent event;
  event.machine.instance_id = "i-1";
  event.machine.availability_zone = "eu-west-1a";
  event.kind = "SPOT_ITN";
  event.node_name = "n1";
  event.node_labels = {{"team", "web"}, {"app", "x"}};
  event.pods = {"a", "b"};
  event.start = Instant(1795363394s);
  return event;
}

std::string rendered(std::string_view source) {
  const auto made = Template::parse(source);
  if (!made) return "refused: " + made.error().message;
  const auto fits = made->check(template_value({}));
  if (!fits) return "refused: " + fits.error().message;
  const auto text = made->render(template_value(an_event()),
                                 {.now = Instant(1'800'000'000s), .environment = [](std::string_view name) {
                                    return name == "CLUSTER" ? "prod" : "";
                                  }});
  return text ? *text : "failed: " + text.error().message;
}

TEST(WebhookTemplate, AcceptsEveryOneThatPeopleWrite) {
  for (const std::string_view source : testing::webhook_templates) {
    const auto made = Template::parse(source);
    ASSERT_TRUE(made) << source << "\n" << made.error().message;
    const auto fits = made->check(template_value({}));
    EXPECT_TRUE(fits) << source << "\n" << fits.error().message;
    const auto text = made->render(template_value(an_event()), {.now = Instant(1'800'000'000s)});
    EXPECT_TRUE(text) << source << "\n" << text.error().message;
  }
}

TEST(WebhookTemplate, RendersTheDefaultOne) {
  EXPECT_EQ(rendered(default_nth_template()),
            "{\"text\":\"[NTH][Instance Interruption] EventID:  - Kind: SPOT_ITN - Instance: i-1 - Node: n1 - "
            "Description:  - "
            "Start Time: 2026-11-22 16:03:14 +0000 UTC\"}");
}

TEST(WebhookTemplate, RangesOverMapsInTheOrderOfTheirKeys) {
  EXPECT_EQ(rendered("{{ range $k, $v := .NodeLabels }}{{ $k }}={{ $v }};{{ end }}"), "app=x;team=web;");
  EXPECT_EQ(rendered("{{ range $i, $p := .Pods }}{{ if $i }},{{ end }}{{ $p }}{{ else }}none{{ end }}"), "a,b");
}

TEST(WebhookTemplate, ReadsTheEnvironmentAndTheClockThroughItsContext) {
  EXPECT_EQ(rendered("{{ env \"CLUSTER\" }}{{ env \"OTHER\" }} {{ now | date \"2006\" }}"), "prod 2027");
}

TEST(WebhookTemplate, NamesWhatItDoesNotKnowWithItsPlaceAndTheNearest) {
  EXPECT_EQ(rendered("ab\n  {{ .Kind | uper }}"),
            "refused: line 2, column 14: no function is named 'uper'; did you mean 'upper'?");
  EXPECT_EQ(rendered("{{ .Knd }}"), "refused: line 1, column 4: no field is named '.Knd'; did you mean 'Kind'?");
  EXPECT_EQ(rendered("{{ if false }}{{ .InstanceId }}{{ end }}"),
            "refused: line 1, column 18: no field is named '.InstanceId'; did you mean 'InstanceID'?");
}

TEST(WebhookTemplate, NamesWhatGoHasAndItHasNot) {
  EXPECT_EQ(rendered("{{ regexMatch \"a\" .Kind }}"),
            "refused: line 1, column 4: the function 'regexMatch' is not supported");
  EXPECT_THAT(rendered("{{ printf \"%#v\" .Kind }}"), HasSubstr("line 1, column 11: printf: the flag #"));
  EXPECT_THAT(rendered("{{ printf \"%U\" 1 }}"), HasSubstr("the verb %U"));
  EXPECT_THAT(rendered("{{ .StartTime.Weekday }}"), HasSubstr("no method 'Weekday' that is supported"));
}

TEST(WebhookTemplate, FindsAtTheStartWhatGoFindsWhileItRenders) {
  EXPECT_THAT(rendered("{{ if false }}{{ upper }}{{ end }}"), HasSubstr("upper takes 1 argument, not 0"));
  EXPECT_THAT(rendered("{{ trunc \"a\" .Kind }}"), HasSubstr("trunc takes a whole number here"));
  EXPECT_THAT(rendered("{{ range .Pods }}{{ .Name }}{{ end }}"),
              HasSubstr("no field 'Name' in a value of type string"));
  EXPECT_THAT(rendered("{{ .Kind \"x\" }}"), HasSubstr("is no method but has arguments"));
  EXPECT_THAT(rendered("{{ $x = 1 }}"), HasSubstr("undefined variable '$x'"));
  EXPECT_THAT(rendered("{{ template \"t\" }}"), HasSubstr("template 't' is not defined"));
}

TEST(WebhookTemplate, KnowsTheDotOfADefinitionAfterItsVariables) {
  // As many variables as make their list grow several times.
  EXPECT_EQ(
      rendered("{{ define \"t\" }}{{ $a := 1 }}{{ $b := 2 }}{{ $c := 3 }}{{ .Kind }}{{ end }}{{ template \"t\" . }}"),
      rendered("{{ .Kind }}"));
  EXPECT_THAT(
      rendered("{{ define \"t\" }}{{ $a := 1 }}{{ $b := 2 }}{{ $c := 3 }}{{ .Knd }}{{ end }}{{ template \"t\" . }}"),
      HasSubstr("no field is named '.Knd'"));
}

TEST(WebhookTemplate, CountsColumnsInCharacters) {
  EXPECT_THAT(rendered("üü{{ nope }}"), StartsWith("refused: line 1, column 6:"));
}

TEST(WebhookTemplate, TrimsBlanksAndNewlinesAtItsMarks) {
  EXPECT_EQ(rendered("a \n {{- 1 -}} \n b {{- /* note */ -}} c"), "a1bc");
  EXPECT_EQ(rendered("{{-3}}"), "-3");
}

TEST(WebhookTemplate, FailsWithAPlaceWhereTheDataIsNotAsItHoped) {
  EXPECT_EQ(rendered("{{ index .Pods 5 }}"), "failed: line 1, column 4: index: index out of range: 5");
  EXPECT_THAT(rendered("{{ lt .Kind 1 }}"), HasSubstr("incompatible types for comparison: string and int"));
}

TEST(WebhookTemplate, IsBounded) {
  EXPECT_THAT(rendered("{{ repeat 999999999 \"ab\" }}"), HasSubstr("a text of more than"));
  EXPECT_THAT(rendered("{{ range 99999999 }}{{ end }}"), HasSubstr("takes too long"));
  EXPECT_THAT(rendered("{{ define \"t\" }}{{ template \"t\" }}{{ end }}{{ template \"t\" }}"), HasSubstr("too deep"));
  EXPECT_THAT(rendered("{{ printf \"%999999d\" 1 }}"), HasSubstr("a text of more than"));
  EXPECT_THAT(rendered("{{ range 1000 }}{{ repeat 1000 \"x\" }}{{ end }}"), HasSubstr("longer than 256 KiB"));
  EXPECT_THAT(rendered("{{ $x := list 1 }}{{ range 60 }}{{ $x = list $x $x }}{{ end }}{{ toJson $x }}"),
              HasSubstr("too large"));
  EXPECT_THAT(rendered(std::string(200, '(')), HasSubstr("((("));
  EXPECT_THAT(rendered("{{ " + std::string(100, '(') + "1" + std::string(100, ')') + " }}"), HasSubstr("more than 64"));
  EXPECT_FALSE(Template::parse(std::string((64U << 10U) + 1, 'x')));
}

}  // namespace
}  // namespace spotkeeper::observe
