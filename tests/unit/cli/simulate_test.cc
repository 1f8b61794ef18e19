// `spotkeeper simulate` as its caller sees it.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "cli/program.h"
#include "format/json.h"

namespace spotkeeper::cli {
namespace {

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
  ASSERT_EQ(variants.size(), 7U);
  EXPECT_EQ(variants[0]["name"].as<std::string>().value(), "as-it-is");
  const auto runs = variants[0]["runs"].elements().value();
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0]["scenario"].as<std::string>().value(), "remedies/as-it-is");
  EXPECT_EQ(runs[0]["policy"].as<std::string>().value(), "none");
}

TEST(SimulateVariants, RefuseWhatIsAboutOneRunAndOneOfThemTakesIt) {
  for (const char* flag : {"--html=x.html", "--explain-lost", "--serve", "--output=csv"})
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
