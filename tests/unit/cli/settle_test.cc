#include "cli/settle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace spotkeeper::cli {
namespace {

using testing::HasSubstr;

Result<Options> settled(Command command, const std::vector<std::pair<std::string, std::string>>& flags,
                        const kube::Environment& environment = {}) {
  std::vector<Given> given;
  given.reserve(flags.size());
  for (const auto& [name, text] : flags) given.push_back({find_option(name), text});
  return settle(command, given, environment);
}

TEST(Settle, RefusesAVariableThatIsNoOptionsAndNamesTheNearest) {
  const std::vector<std::pair<std::string, std::string>> node = {{"node-name", "n1"}};
  const auto options = settled(Command::Agent, node, {{"SPOTKEEPER_POLL_INTERVALL", "2s"}});
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().code, ErrorCode::InvalidInput);
  EXPECT_THAT(options.error().message,
              HasSubstr("SPOTKEEPER_POLL_INTERVALL in the environment is no option's; did you mean "
                        "'SPOTKEEPER_POLL_INTERVAL'?"));
  EXPECT_FALSE(settled(Command::Version, {}, {{"SPOTKEEPER_PORT", "80"}}));
  EXPECT_TRUE(settled(Command::Version, {}, {{"SPOTKEEPER_POLL_INTERVAL", "2s"}}));  // another command's
}

TEST(Settle, RefusesHalfAClock) {
  using Flags = std::vector<std::pair<std::string, std::string>>;
  const std::pair<std::string, std::string> node = {"node-name", "n1"};
  const std::pair<std::string, std::string> epoch = {"clock-epoch", "2026-01-01T00:00:00Z"};
  const std::pair<std::string, std::string> origin = {"clock-origin", "2026-01-01T00:00:00Z"};
  const std::pair<std::string, std::string> rate = {"clock-rate", "2"};
  for (const Flags& flags : {Flags{node, rate}, Flags{node, epoch}, Flags{node, origin, rate}}) {
    const auto options = settled(Command::Agent, flags);
    ASSERT_FALSE(options) << flags.back().first;
    EXPECT_THAT(options.error().message, HasSubstr("--clock-origin"));
  }
  EXPECT_TRUE(settled(Command::Agent, Flags{node, epoch, origin, rate}));
  EXPECT_TRUE(settled(Command::Agent, Flags{node, epoch, origin}));
}

TEST(Settle, TakesNoServiceLinkOfKubernetesForAnOption) {
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"SPOTKEEPER_SERVICE_HOST", "10.0.0.7"},
                                                        {"SPOTKEEPER_CONTROLLER_SERVICE_HOST", "10.0.0.7"},
                                                        {"SPOTKEEPER_CONTROLLER_SERVICE_PORT", "443"},
                                                        {"SPOTKEEPER_CONTROLLER_SERVICE_PORT_HTTPS", "443"},
                                                        {"SPOTKEEPER_CONTROLLER_PORT", "tcp://10.0.0.7:443"},
                                                        {"SPOTKEEPER_CONTROLLER_PORT_443_TCP", "tcp://10.0.0.7:443"},
                                                        {"SPOTKEEPER_CONTROLLER_PORT_443_TCP_PROTO", "tcp"},
                                                        {"SPOTKEEPER_CONTROLLER_PORT_443_TCP_ADDR", "10.0.0.7"}})
    EXPECT_TRUE(settled(Command::Version, {}, {{name, value}})) << name;
}

class ConfigFile : public testing::Test {
 protected:
  /// The path of a file with that text.
  std::string file(std::string_view text) {
    std::string path = testing::TempDir() + "spotkeeper-config-XXXXXX";
    const int descriptor = ::mkstemp(path.data());
    EXPECT_EQ(::write(descriptor, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::close(descriptor);
    paths_.push_back(path);
    return path;
  }
  void TearDown() override {
    for (const std::string& path : paths_) ::unlink(path.c_str());
  }

 private:
  std::vector<std::string> paths_;
};

TEST(Settle, GivesEveryOptionItsDefault) {
  const Result<Options> options = settled(Command::Agent, {{"node-name", "n1"}});
  ASSERT_TRUE(options.has_value()) << options.error().message;
  EXPECT_EQ(options->agent.node_name, "n1");
  EXPECT_EQ(options->agent.poll_interval, 1s);
  EXPECT_EQ(options->agent.metadata_url, "http://169.254.169.254");
  EXPECT_EQ(options->agent.listen.text(), "0.0.0.0:9464");
  EXPECT_EQ(options->drain.margin, 2s);
  EXPECT_TRUE(options->drain.exclude_from_load_balancers);
  EXPECT_EQ(options->clock.epoch, std::nullopt);
}

TEST_F(ConfigFile, IsWeakerThanTheEnvironmentWhichIsWeakerThanAFlag) {
  const std::string path = file("node-name: file\npoll-interval: 3s\ndrain-margin: 3s\nlog-level: debug\n");
  const Result<Options> options =
      settled(Command::Agent, {{"config", path}, {"node-name", "flag"}},
              {{"SPOTKEEPER_NODE_NAME", "environment"}, {"SPOTKEEPER_POLL_INTERVAL", "2s"}});
  ASSERT_TRUE(options.has_value()) << options.error().message;
  EXPECT_EQ(options->agent.node_name, "flag");
  EXPECT_EQ(options->agent.poll_interval, 2s);
  EXPECT_EQ(options->drain.margin, 3s);
  EXPECT_EQ(options->log.level, log::Level::Debug);
}

TEST_F(ConfigFile, MayBeNamedByTheEnvironment) {
  const std::string path = file("node-name: n7\n");
  EXPECT_EQ(settled(Command::Agent, {}, {{"SPOTKEEPER_CONFIG", path}})->agent.node_name, "n7");
}

TEST_F(ConfigFile, MayHoldWhatOtherCommandsUse) {
  const std::string path = file("node-name: n7\nseed: 3\n");
  const Result<Options> options = settled(Command::Agent, {{"config", path}});
  ASSERT_TRUE(options.has_value()) << options.error().message;
  EXPECT_EQ(options->simulate.seed, std::nullopt) << "an agent has no seed";
}

TEST(ConfigFileThatIsMissing, IsAnErrorThatNamesIt) {
  const Result<Options> options = settled(Command::Agent, {{"config", "/nowhere/c.yaml"}});
  ASSERT_FALSE(options.has_value());
  EXPECT_THAT(options.error().message, HasSubstr("/nowhere/c.yaml"));
}

TEST(Settle, ReadsASecondVariableWhereOthersSetItAlready) {
  EXPECT_EQ(settled(Command::Agent, {}, {{"NODE_NAME", "a"}})->agent.node_name, "a");
  EXPECT_EQ(settled(Command::Agent, {}, {{"NODE_NAME", "a"}, {"SPOTKEEPER_NODE_NAME", "b"}})->agent.node_name, "b");
}

TEST(Settle, TakesAnEmptyVariableForNone) {
  EXPECT_EQ(settled(Command::Agent, {{"node-name", "n"}}, {{"SPOTKEEPER_POLL_INTERVAL", ""}})->agent.poll_interval, 1s);
}

TEST(Settle, IgnoresVariablesThatKubernetesSetsForAService) {
  EXPECT_TRUE(settled(Command::Agent, {{"node-name", "n"}},
                      {{"SPOTKEEPER_SERVICE_HOST", "10.0.0.1"}, {"SPOTKEEPER_PORT", "tcp://10.0.0.1:80"}})
                  .has_value());
}

TEST(Settle, NamesEverythingThatIsWrongAndWhereItWasSaid) {
  const Result<Options> options =
      settled(Command::Agent, {{"poll-interval", "5m"}}, {{"SPOTKEEPER_DRAIN_MARGIN", "soon"}});
  ASSERT_FALSE(options.has_value());
  EXPECT_EQ(options.error().code, ErrorCode::InvalidInput);
  EXPECT_THAT(options.error().message,
              HasSubstr("--node-name is missing (or SPOTKEEPER_NODE_NAME in the environment)"));
  EXPECT_THAT(options.error().message, HasSubstr("\n--poll-interval: '5m' is out of range; allowed: 100ms to 1m"));
  EXPECT_THAT(options.error().message, HasSubstr("\nSPOTKEEPER_DRAIN_MARGIN: 'soon' is not a duration"));
}

TEST(Settle, NamesAMissingArgumentByItsPlaceholder) {
  EXPECT_THAT(settled(Command::Completion, {}).error().message, HasSubstr("bash|zsh|fish is missing: the shell"));
}

}  // namespace
}  // namespace spotkeeper::cli
