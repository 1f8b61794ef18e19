// The program as its caller sees it: arguments in; two streams and an exit code out.
#include "cli/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "format/json.h"
#include "format/yaml.h"
#include "run_program.h"

namespace spotkeeper::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(Program, PrintsHelpAsDataWhenAskedForIt) {
  const Outcome outcome = run_with({"--help"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("Usage: spotkeeper COMMAND"));
  EXPECT_THAT(outcome.err, IsEmpty());
  EXPECT_THAT(run_with({"simulate", "--help"}).out, StartsWith("Usage: spotkeeper simulate SCENARIO [flags]\n"));
}

TEST(Program, PrintsHelpAsAnErrorWhenNothingWasAsked) {
  const Outcome outcome = run_with({});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(outcome.err, HasSubstr("Usage: spotkeeper COMMAND"));
}

TEST(Program, EndsWithTwoOnBadUsage) {
  const Outcome outcome = run_with({"agent", "--poll-interval", "5m"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(outcome.err, HasSubstr("--poll-interval: '5m' is out of range; allowed: 100ms to 1m\n"));
  EXPECT_THAT(outcome.err, HasSubstr("`spotkeeper agent --help` shows what can be given.\n"));
  EXPECT_THAT(run_with({"agent", "--frob"}).err, HasSubstr("`spotkeeper agent --help`"));
}

TEST(Version, SaysWhatThisBuildIs) {
  const Outcome outcome = run_with({"version", "-o", "json"});
  EXPECT_EQ(outcome.code, 0);
  const auto document = format::parse_json(outcome.out).value();
  const format::JsonField field(document);
  EXPECT_EQ(field["version"].as<std::string>().value(), "0.1.0");
  EXPECT_THAT(field["compiler"].as<std::string>().value(), testing::AnyOf(HasSubstr("GCC"), HasSubstr("lang")));
  EXPECT_FALSE(field["commit"].as<std::string>()->empty());
  EXPECT_EQ(field["libraries"]["Boost"].as<std::string>().value(), "1.81.0");
  EXPECT_EQ(run_with({"--version"}).out, run_with({"version"}).out);
}

TEST(Version, CarriesTheLicencesOfWhatIsLinkedIn) {
  const std::string text = run_with({"version", "--licences"}).out;
  for (const char* part : {"Boost Software License", "OpenSSL", "CLI11", "tl::expected", "Mapbox", "fmt",
                           "Kirill Simonov", "GNU C Library", "GCC RUNTIME LIBRARY EXCEPTION"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(CatalogCommand, PrintsTheSameDataForPeopleAndPrograms) {
  const auto json = format::parse_json(run_with({"catalog", "-o", "json"}).out).value();
  const auto yaml = format::parse_yaml(run_with({"catalog", "-o", "yaml"}).out).value();
  EXPECT_EQ(json, yaml.value());
  const auto types = format::JsonField(json)["types"].elements().value();
  EXPECT_EQ(types.size(), 1345U);
  EXPECT_EQ(types.front()["name"].as<std::string>().value(), "a1.2xlarge");
  EXPECT_EQ(types.front()["on_demand_usd_per_hour"].as<std::string>().value(), "0.204");
  const std::string table = run_with({"catalog"}).out;
  EXPECT_THAT(table, StartsWith("TYPE "));
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 1346);
}

TEST(CatalogCommand, WritesCsvThatItReadsItself) {
  const std::string csv = run_with({"catalog", "-o", "csv"}).out;
  const std::string path = testing::TempDir() + "types.csv";
  ASSERT_TRUE(write_file(path, csv));
  const Outcome again = run_with({"catalog", "--catalog", path, "-o", "csv"});
  EXPECT_EQ(again.code, 0);
  EXPECT_EQ(again.out, csv);
  EXPECT_EQ(run_with({"catalog", "--catalog", path, "-o", "json"}).out, run_with({"catalog", "-o", "json"}).out);
}

TEST(CatalogCommand, EndsWithTwoOnABadFile) {
  const Outcome outcome = run_with({"catalog", "--catalog", SPOTKEEPER_SOURCE_DIR "/Makefile"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(outcome.err, HasSubstr("/Makefile:2:1: unknown column"));
}

TEST(AgentCommand, EndsWithTwoOnAKubeconfigThatIsMissingOrBad) {
  const std::string missing = "/nonexistent/kubeconfig";
  for (const std::string& kubeconfig : {missing, std::string(SPOTKEEPER_SOURCE_DIR "/Makefile"), std::string("/")}) {
    const Outcome outcome = run_with(
        {"agent", "--node-name", "n1", "--kubeconfig", kubeconfig, "--listen", "127.0.0.1:0", "--log-level", "error"});
    EXPECT_EQ(outcome.code, 2) << kubeconfig;
    EXPECT_THAT(outcome.out, IsEmpty());
  }
}

TEST(AgentCommand, EndsWithTwoWhereARebalanceWouldDrainBeforeAReplacement) {
  std::string logged;
  log::capture(&logged);
  const Outcome outcome = run_with({"agent", "--node-name", "n", "--kubeconfig", "/nonexistent", "--log-level", "error",
                                    "--rebalance=drain-after-replacement", "--wait-for-room=false"});
  log::capture(nullptr);
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(logged, HasSubstr("needs --wait-for-room"));
}

TEST(AgentCommand, EndsWithTwoOnANodeNameThatIsNone) {
  for (const std::string& name : {std::string("Node-1"), std::string("a/b"), std::string("a b"), std::string("-a"),
                                  std::string("a..b"), std::string("a."), std::string(254, 'a')}) {
    std::string logged;
    log::capture(&logged);
    const Outcome outcome =
        run_with({"agent", "--node-name", name, "--kubeconfig", "/nonexistent", "--log-level", "error"});
    log::capture(nullptr);
    EXPECT_EQ(outcome.code, 2) << name;
    EXPECT_THAT(logged, HasSubstr("is no name of a Node"));
  }
}

std::string written(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + "spotkeeper-" + name;
  std::FILE* file = std::fopen(path.c_str(), "w");
  std::fwrite(text.data(), 1, text.size(), file);
  std::fclose(file);
  return path;
}

TEST(MigrateCommand, PrintsTheManifestAndBesideItWhatChanges) {
  const std::string path = written("values.yaml", "taintNode: true\nworkers: 20\n");
  const Outcome outcome = run_with({"migrate", "nth-values", path});
  EXPECT_EQ(outcome.code, 0);
  const auto objects = format::parse_yaml_stream(outcome.out).value();
  ASSERT_EQ(objects.size(), 4U);
  EXPECT_EQ(objects[3].value().as_object().at("kind"), "DaemonSet");
  EXPECT_THAT(outcome.out, HasSubstr("--compat=nth"));
  EXPECT_THAT(outcome.out, HasSubstr("name: TAINT_NODE\n"));
  EXPECT_THAT(outcome.err, StartsWith("What changes:\n  - "));
  EXPECT_THAT(outcome.err, HasSubstr(path + ":2:1: workers: no effect: "));
}

TEST(MigrateCommand, EndsWithOneWhereSomethingIsNotSupported) {
  const std::string path = written("queue.yaml", "enableSqsTerminationDraining: true\n");
  const Outcome outcome = run_with({"migrate", "nth-values", path, "-o", "json"});
  EXPECT_EQ(outcome.code, 1);
  const auto document = format::parse_json(outcome.out).value();
  const format::JsonField field(document);
  EXPECT_EQ(field["unsupported"].elements()->at(0)["place"].as<std::string>().value(), path + ":1:1");
  EXPECT_FALSE(field["changes"].elements()->empty());
  EXPECT_EQ(field["manifest"].elements()->size(), 4U);
  EXPECT_THAT(run_with({"migrate", "nth-values", path, "-o", "csv"}).out, HasSubstr("not supported," + path + ":1:1,"));
}

TEST(MigrateCommand, EndsWithTwoOnAKeyThatTheChartHasNot) {
  const std::string path = written("wrong.yaml", "dryRun: true\ndeleteLocalDataOnDrain: true\n");
  const Outcome outcome = run_with({"migrate", "nth-values", path});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_EQ(outcome.err, path +
                             ":2:1: deleteLocalDataOnDrain: the chart has no such value; did you mean "
                             "'deleteLocalData'?\n");
  EXPECT_EQ(run_with({"migrate", "nth-values", "/nonexistent"}).code, 2);
  EXPECT_THAT(run_with({"migrate", "nth-values"}).err, HasSubstr("FILE is missing: the file to read"));
  EXPECT_THAT(run_with({"migrate", "chart", path}).err, HasSubstr("'chart' is none of nth-values"));
}

TEST(CompatNth, EndsWithTwoAndNamesEverythingThatIsNotSupported) {
  const Outcome outcome =
      run_with({"agent", "--compat=nth", "--node-name=n1", "--enable-sqs-termination-draining", "--dry-rn"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("--enable-sqs-termination-draining=true: not supported: queue mode"));
  EXPECT_THAT(outcome.err, HasSubstr("--dry-rn: NTH has no such flag; did you mean 'dry-run'?"));
  EXPECT_THAT(run_with({"agent", "--compat=nth", "--help"}).out, HasSubstr("--compat nth"));
}

TEST(CompatNth, MayBeAskedForByTheEnvironmentAloneButNotInAFile) {
  const Outcome bare = run_with({}, {{"SPOTKEEPER_COMPAT", "nth"}});
  EXPECT_EQ(bare.code, 2);
  EXPECT_THAT(bare.err, HasSubstr("NODE_NAME or --node-name: the Node's name is required"));
  EXPECT_EQ(run_with({"version"}, {{"SPOTKEEPER_COMPAT", "nth"}}).code, 0);
  EXPECT_THAT(run_with({"agent", "--node-name=n"}, {{"SPOTKEEPER_COMPAT", "other"}}).err,
              HasSubstr("'other' is none of nth"));
  const std::string path = written("compat.yaml", "compat: nth\n");
  EXPECT_THAT(run_with({"agent", "--node-name=n", "--config", path}).err, HasSubstr("not in a file"));
}

TEST(Program, EndsWithOneWhenItsDataCouldNotBeWritten) {
  std::FILE* full = std::fopen("/dev/full", "w");
  std::FILE* err = std::tmpfile();
  EXPECT_EQ(run(std::vector<std::string>{"version", "--log-level", "off"}, {}, {full, err}), 1);
  std::fclose(full);
  std::fclose(err);
}

}  // namespace
}  // namespace spotkeeper::cli
