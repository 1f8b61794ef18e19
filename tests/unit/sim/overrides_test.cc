#include "sim/overrides.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/aws/embedded_catalog.h"
#include "format/yaml.h"
#include "sim/scenario.h"

namespace spotkeeper::sim {
namespace {

using testing::HasSubstr;

const Catalog& catalog() {
  static const Catalog parsed = *Catalog::parse(aws::embedded_catalog(), "catalogue");
  return parsed;
}

/// What `set` of the document makes of the rest of it.
std::string overridden(const std::string& yaml) {
  const auto document = format::parse_yaml(yaml);
  EXPECT_TRUE(document);
  OverriddenDocument made(document->value(), *document);
  made.erase("set");
  made.write_over(*document->root()["set"].value(), "/set");
  return format::write_json(*made.root().value());
}

TEST(Overrides, ChangeWhatTheyNameAndNothingElse) {
  EXPECT_EQ(overridden("{a: {x: 1, z: 2}, b: 3, set: {a: {z: 4}, c: 5}}"), R"({"a":{"x":1,"z":4},"b":3,"c":5})");
}

TEST(Overrides, TakeAKeyAwayWithNull) { EXPECT_EQ(overridden("{a: 1, b: 2, set: {a: null}}"), R"({"b":2})"); }

TEST(Overrides, ChangeTheElementOfTheirNameAndAddOthersBehind) {
  EXPECT_EQ(overridden("{w: [{name: a, x: 1}, {name: b, x: 2}], set: {w: [{name: b, x: 3}, {name: c}]}}"),
            R"({"w":[{"name":"a","x":1},{"name":"b","x":3},{"name":"c"}]})");
  EXPECT_EQ(overridden("{load: [{service: a, rate: 1}], set: {load: [{service: a, rate: 2}]}}"),
            R"({"load":[{"service":"a","rate":2}]})");
}

TEST(Overrides, TellOneNamespaceFromAnother) {
  EXPECT_EQ(overridden("{w: [{name: a}, {name: a, namespace: ns}], set: {w: [{name: a, namespace: ns, x: 1}]}}"),
            R"({"w":[{"name":"a"},{"name":"a","namespace":"ns","x":1}]})");
  EXPECT_EQ(overridden("{w: [{name: a, namespace: ns}, {name: a}], set: {w: [{name: a, namespace: default, x: 1}]}}"),
            R"({"w":[{"name":"a","namespace":"ns"},{"name":"a","namespace":"default","x":1}]})");
}

TEST(Overrides, ReplaceListsWithoutNames) {
  EXPECT_EQ(overridden("{l: [1, 2], m: [{name: a}], set: {l: [3], m: []}}"), R"({"l":[3],"m":[]})");
}

TEST(Overrides, KnowWhereEachPartStood) {
  const auto document = format::parse_yaml("w:\n- name: a\n  x: 1\nset:\n  w:\n  - name: a\n    z: 2\n  - name: b\n");
  ASSERT_TRUE(document);
  OverriddenDocument made(document->value(), *document);
  made.write_over(*document->root()["set"].value(), "/set");
  EXPECT_EQ(made.describe_place("/w/0/x"), "line 3, column 3");
  EXPECT_EQ(made.describe_place("/w/0/z"), "line 7, column 5");
  EXPECT_EQ(made.describe_place("/w/1/name"), "line 8, column 5");
}

// ---- variants

constexpr std::string_view kBase =
    "scenario: base\n"
    "description: as it is\n"
    "cluster: {nodes: [{name: m, count: 2}]}\n"
    "workloads: [{name: web, replicas: 2}]\n"
    "variants:\n"
    "  - name: same\n"
    "  - name: more\n"
    "    description: more of it\n"
    "    set:\n"
    "      workloads: [{name: web, replicas: 3}]\n";

TEST(Variants, AreTheScenarioWithWhatTheySet) {
  const auto base = parse_scenario(kBase, "base.yaml", catalog());
  ASSERT_TRUE(base) << base.error().message;
  ASSERT_EQ(base->variants.size(), 2U);
  const Scenario& same = *base->variants[0].scenario;
  const Scenario& more = *base->variants[1].scenario;
  EXPECT_EQ(same.name, "base/same");
  EXPECT_EQ(same.description, "as it is");
  EXPECT_EQ(same.workloads[0].workload.replicas, 2);
  EXPECT_EQ(more.description, "more of it");
  EXPECT_EQ(more.workloads[0].workload.replicas, 3);
  EXPECT_EQ(more.nodes.size(), 2U);
  EXPECT_TRUE(more.variants.empty());
}

std::string error_of(const std::string& last) {
  const auto read = parse_scenario(std::string(kBase) + last, "base.yaml", catalog());
  EXPECT_FALSE(read) << last;
  return read ? std::string() : read.error().message;
}

TEST(Variants, SayWhereAMistakeStandsAndWhichKeyWasMeant) {
  EXPECT_EQ(error_of("      cluster: {nodes: [{name: m, cuont: 3}]}\n"),
            "base.yaml: line 11, column 35: /cluster/nodes/0: unknown key 'cuont'; did you mean 'count'? (in variant "
            "'more')");
  EXPECT_THAT(error_of("      clutser: {}\n"), HasSubstr("line 11, column 7: unknown key 'clutser'"));
  EXPECT_THAT(error_of("  - {name: x, sett: {}}\n"), HasSubstr("unknown key 'sett'; did you mean 'set'?"));
  EXPECT_THAT(error_of("  - {name: same}\n"), HasSubstr("a second one called 'same'"));
  EXPECT_THAT(error_of("  - {name: x, set: {variants: []}}\n"), HasSubstr("a variant can't set it"));
  EXPECT_THAT(error_of("  - {name: x, set: {scenario: y}}\n"), HasSubstr("a variant can't set it"));
  EXPECT_THAT(error_of("  - {name: x, set: 5}\n"), HasSubstr("expected an object"));
}

TEST(Variants, AreLoadedByTheScenariosNameAndTheirs) {
  const auto budget = load_scenario("remedies/budget", catalog());
  ASSERT_TRUE(budget) << budget.error().message;
  EXPECT_EQ(budget->name, "remedies/budget");
  EXPECT_EQ(budget->budgets.size(), 1U);
  const auto wrong = load_scenario("remedies/bugdet", catalog());
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, HasSubstr("no variant 'bugdet'; did you mean 'budget'?"));
  const auto none = load_scenario("one-node/budget", catalog());
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, "one-node has no variants");
  const auto nowhere = load_scenario("no/such/file.yaml", catalog());
  ASSERT_FALSE(nowhere);
  EXPECT_THAT(nowhere.error().message, HasSubstr("no/such/file.yaml"));
}

}  // namespace
}  // namespace spotkeeper::sim
