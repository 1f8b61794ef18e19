// `spotkeeper simulate` as its caller sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/log.h"
#include "cli/program.h"
#include "format/json.h"

namespace spotkeeper::cli {
namespace {

using testing::HasSubstr;

struct Outcome {
  int code = 0;
  std::string out;
};

std::string taken(std::FILE* file) {
  std::string text(static_cast<std::size_t>(std::ftell(file)), '\0');
  EXPECT_EQ(std::fseek(file, 0, SEEK_SET), 0);
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

Outcome simulate(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"simulate", "one-node"});
  const Streams streams{std::tmpfile(), std::tmpfile()};
  Outcome outcome;
  outcome.code = run(arguments, {}, streams);
  outcome.out = taken(streams.out);
  std::fclose(streams.err);
  return outcome;
}

TEST(Simulate, EndsWithOneWhenTheNamedPolicyLostARequestAndThatWasAskedFor) {
  const Outcome lost = simulate({"--policy", "none", "--fail-on-loss", "-o", "json"});
  EXPECT_EQ(lost.code, 1);
  const auto report = format::parse_json(lost.out).value();
  EXPECT_GT(format::JsonField(report)["requests"]["lost"].as<std::int64_t>().value(), 0) << "the report is printed";
  EXPECT_EQ(simulate({"--policy", "none"}).code, 0) << "losing is no failure of the simulation";
}

TEST(Simulate, EndsWithZeroWhenTheNamedPolicyLostNothing) { EXPECT_EQ(simulate({"--fail-on-loss"}).code, 0); }

TEST(Simulate, RefusesWhatIsAssumedOfAnOwnWorldWhereAScenarioSaysIt) {
  EXPECT_EQ(simulate({"--rate", "5"}).code, 2);
  EXPECT_EQ(simulate({"--share", "0.5"}).code, 2);
}

TEST(Simulate, TakesARunWithoutARequestForNoProofThatNoneIsLost) {
  const std::string path = testing::TempDir() + "idle.yaml";
  ASSERT_TRUE(write_file(path,
                         "scenario: idle\nduration: 1s\ncluster: {nodes: [{count: 1, name: machine, zone: us-east-1a, "
                         "type: m5.large}]}\n"));
  const Streams streams{std::tmpfile(), std::tmpfile()};
  const std::vector<std::string> arguments = {"simulate", path};
  EXPECT_EQ(run(arguments, {}, streams), 0);
  const std::vector<std::string> judged = {"simulate", path, "--fail-on-loss"};
  EXPECT_EQ(run(judged, {}, streams), 1);
  std::fclose(streams.out);
  std::fclose(streams.err);
}

TEST(Simulate, JudgesOnlyTheNamedPolicyOfAComparison) {
  EXPECT_EQ(simulate({"--compare", "--fail-on-loss"}).code, 0) << "spotkeeper loses nothing, whatever the others do";
  EXPECT_EQ(simulate({"--compare", "--policy", "none", "--fail-on-loss"}).code, 1);
}

TEST(Simulate, RefusesATraceThatCannotBeReadOrHasNothingToDrive) {
  EXPECT_EQ(simulate({"--trace", testing::TempDir() + "no-such-folder"}).code, 2);
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "simulate_trace";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "us-east-1a_x_1.json") << R"({"metadata":{"gap_seconds":60},"data":[1,0]})";
  EXPECT_EQ(simulate({"--trace", folder.string()}).code, 2) << "one-node has no group";
  std::filesystem::remove_all(folder);
}

// ---- flags that have no place in the run that is asked for

/// The exit code and what the log says of it.
struct Refusal {
  int code = 0;
  std::string said;
};

Refusal refusal_of(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "simulate");
  const Streams streams{std::tmpfile(), std::tmpfile()};
  Refusal refusal;
  log::capture(&refusal.said);
  refusal.code = run(arguments, {}, streams);
  log::capture(nullptr);
  std::fclose(streams.out);
  std::fclose(streams.err);
  return refusal;
}

void expect_refused(const std::vector<std::string>& arguments, const std::string& why) {
  const Refusal refusal = refusal_of(arguments);
  EXPECT_EQ(refusal.code, 2) << testing::PrintToString(arguments);
  EXPECT_THAT(refusal.said, HasSubstr(why)) << testing::PrintToString(arguments);
}

TEST(SimulateFlags, AreRefusedWhereNobodyWouldBeJudged) {
  expect_refused({"one-node", "--fail-on-loss", "--compare", "none,cordon-and-drain"},
                 "--fail-on-loss judges --policy spotkeeper, which does not run here (none,cordon-and-drain would)");
  expect_refused({"remedies", "--fail-on-loss", "--policy", "delete-all-now"}, "which does not run here");
}

TEST(SimulateFlags, AreRefusedWhereAPolicyWouldBePassedOver) {
  expect_refused({"one-node", "--policy", "none", "--compare"}, "--compare none runs that one");
  expect_refused({"remedies", "--policy", "none"}, "--policy chooses who handles the notices where one policy runs");
}

TEST(SimulateFlags, OfOneRunComeBeforeThePolicyOfAFile) {
  const std::string path = testing::TempDir() + "spotkeeper-policy.yaml";
  ASSERT_TRUE(write_file(path, "policy: none\n"));
  EXPECT_EQ(refusal_of({"one-node", "--compare", "none", "--config", path}).code, 0);
}

TEST(SimulateFlags, AreRefusedEvenWithTheirDefaults) {
  expect_refused({"one-node", "--share", "0.6"}, "--share is assumed of a world from --from");
  expect_refused({"one-node", "--rate", "100"}, "--rate is assumed of a world from --from");
  expect_refused({"one-node", "--speed", "1"}, "needs --serve");
}

TEST(SimulateFlags, AreRefusedWhereNothingCouldObeyThem) {
  expect_refused({"--from", "k8s", "--trace", "/nope"}, "--trace drives the Spot pools of a scenario's groups");
  expect_refused({"one-node", "--explain-lost", "-o", "csv"}, "--explain-lost has no place in --output csv");
  expect_refused({"one-node", "--explain-deaths", "-o", "csv"}, "--explain-deaths has no place in --output csv");
}

TEST(SimulateFlags, NameAPageThatCannotBeWrittenBeforeTheRun) {
  expect_refused({"one-node", "--html", "/nope/x.html"}, "--html: there is no folder /nope");
  expect_refused({"one-node", "--html", testing::TempDir()}, "is a folder");
}

// ---- a world of one's own

TEST(SimulateFrom, PutsItsAnswerOnThePage) {
  const std::string folder = testing::TempDir() + "simulate_from/";
  std::filesystem::create_directories(folder);
  ASSERT_TRUE(write_file(folder + "web.yaml",
                         "kind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3, selector: {matchLabels: {a: "
                         "web}}, template: {metadata: {labels: {a: web}}, spec: {containers: [{name: web}]}}}\n---\n"
                         "kind: Service\nmetadata: {name: web}\nspec: {selector: {a: web}}\n"));
  const std::string page = folder + "page.html";
  const Refusal done = refusal_of({"--from", folder + "web.yaml", "--compare", "none", "--html", page});
  EXPECT_EQ(done.code, 0) << done.said;
  const auto text = read_file(page);
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr("<h2 id=\"answer-title\">What if a storm takes 2 nodes of zone us-east-1a two minutes "
                               "after the notice?</h2>"));
  EXPECT_THAT(*text, HasSubstr("<p>What helps most with none (each change run again, 3 seeds; "));
  EXPECT_THAT(*text, HasSubstr("<ol>\n<li>default/web: "));
  EXPECT_THAT(*text, HasSubstr(" lost</li>"));
  EXPECT_THAT(*text, HasSubstr("<li>default/web: its pods take no room"));
  std::filesystem::remove_all(folder);
}

// ---- variants

Outcome simulate_remedies(std::vector<std::string> arguments, const std::string& scenario = "remedies") {
  arguments.insert(arguments.begin(), {"simulate", scenario});
  const Streams streams{std::tmpfile(), std::tmpfile()};
  Outcome outcome;
  outcome.code = run(arguments, {}, streams);
  outcome.out = taken(streams.out);
  std::fclose(streams.err);
  return outcome;
}

TEST(SimulateVariants, PrintsAllOfThemUnderThreePoliciesAsOneTable) {
  const Outcome table = simulate_remedies({});
  EXPECT_EQ(table.code, 0);
  for (const char* text : {"none", "cordon-and-drain", "spotkeeper", "as-it-is", "longer-grace", "pre-stop-15s",
                           "pods killed hard", "cost an hour", "overprovisioned: half more machines"}) {
    EXPECT_NE(table.out.find(text), std::string::npos) << text;
  }
}

TEST(SimulateVariants, HaveTheReportsOfEachAsData) {
  const Outcome data = simulate_remedies({"--compare", "none", "-o", "json"});
  EXPECT_EQ(data.code, 0);
  const auto document = format::parse_json(data.out).value();
  const auto variants = format::JsonField(document)["variants"].elements().value();
  ASSERT_EQ(variants.size(), 8U);
  EXPECT_EQ(variants[0]["name"].as<std::string>().value(), "as-it-is");
  const auto runs = variants[0]["runs"].elements().value();
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0]["scenario"].as<std::string>().value(), "remedies/as-it-is");
  EXPECT_EQ(runs[0]["policy"].as<std::string>().value(), "none");
}

TEST(SimulateVariants, RefuseWhatIsAboutOneRunAndOneOfThemTakesIt) {
  for (const char* flag : {"--html=x.html", "--explain-lost", "--explain-deaths", "--serve", "--output=csv"})
    EXPECT_EQ(simulate_remedies({flag}).code, 2) << flag;
  EXPECT_EQ(simulate_remedies({"--output=csv", "--policy=none"}, "remedies/budget").code, 0);
  EXPECT_EQ(simulate_remedies({}, "remedies/bugdet").code, 2);
}

TEST(SimulateVariants, AreJudgedTogether) {
  EXPECT_EQ(simulate_remedies({"--fail-on-loss"}).code, 1) << "without a preStop hook something is lost";
  EXPECT_EQ(simulate_remedies({"--fail-on-loss"}, "remedies/pre-stop-15s").code, 0);
}

}  // namespace
}  // namespace spotkeeper::cli
