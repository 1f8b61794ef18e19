#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/options.h"

namespace spotkeeper::cli {
namespace {

Result<Options> with(std::string_view name, std::string_view text) {
  Options options;
  SK_CHECK(store(*find_option(name), text, options));
  return options;
}

std::string error_of(std::string_view name, std::string_view text) {
  const Result<Options> options = with(name, text);
  return options ? "no error" : options.error().message;
}

TEST(OptionValue, StoresEachTypeInItsMember) {
  EXPECT_TRUE(with("dry-run", "true")->agent.dry_run);
  EXPECT_FALSE(with("exclude-from-load-balancers", "false")->drain.exclude_from_load_balancers);
  EXPECT_EQ(with("seed", "42")->simulate.seed, 42);
  EXPECT_EQ(with("speed", "2.5")->simulate.speed, 2.5);
  EXPECT_EQ(with("poll-interval", "1.5s")->agent.poll_interval, 1500ms);
  EXPECT_EQ(with("clock-epoch", "2026-01-31T12:00:00Z")->clock.epoch, parse_rfc3339("2026-01-31T12:00:00Z").value());
  EXPECT_EQ(with("node-name", "ip-10-0-0-1")->agent.node_name, "ip-10-0-0-1");
  EXPECT_EQ(with("kubeconfig", "/a/b")->kubernetes.kubeconfig, "/a/b");
  EXPECT_EQ(with("metadata-url", "http://[fd00:ec2::254]")->agent.metadata_url, "http://[fd00:ec2::254]");
  EXPECT_EQ(with("output", "yaml")->output, OutputFormat::Yaml);
  EXPECT_EQ(with("log-level", "warn")->log.level, log::Level::Warn);
  EXPECT_EQ(with("policy", "delete-all-now")->simulate.policy, sim::Policy::DeleteAllNow);
}

TEST(OptionValue, ReadsListsOfChoices) {
  using sim::Policy;
  EXPECT_EQ(with("compare", "none, spotkeeper")->simulate.compare, (std::vector{Policy::None, Policy::Spotkeeper}));
  EXPECT_EQ(with("compare", "true")->simulate.compare,
            (std::vector{Policy::None, Policy::CordonAndDrain, Policy::Spotkeeper}));
  EXPECT_TRUE(with("compare", "false")->simulate.compare.empty());
  EXPECT_EQ(error_of("compare", "none,none"),
            "'none,none' is not a list with commas, each name once; allowed: none, delete-all-now, cordon-and-drain, "
            "cordon-and-drain-controller, spotkeeper");
  EXPECT_EQ(
      error_of("compare", "none,spotkeper"),
      "'spotkeper' is none of none, delete-all-now, cordon-and-drain, cordon-and-drain-controller, spotkeeper; did "
      "you mean 'spotkeeper'?");
  EXPECT_FALSE(with("compare", ""));
}

TEST(OptionValue, ReadsPathsEachOnALine) {
  EXPECT_EQ(with("from", "a.yaml\nb c.yaml")->simulate.from, (std::vector<std::string>{"a.yaml", "b c.yaml"}));
  EXPECT_FALSE(with("from", ""));
}

TEST(OptionValue, ReadsAddressesToListenOn) {
  EXPECT_EQ(with("listen", "127.0.0.1:9464")->agent.listen.text(), "127.0.0.1:9464");
  EXPECT_EQ(with("listen", "[::1]:0")->agent.listen.text(), "[::1]:0");
  EXPECT_EQ(with("listen", ":80")->agent.listen.text(), "0.0.0.0:80");
  for (const std::string_view text :
       {"", "80", "localhost:80", "::1:80", "1.2.3.4", "1.2.3.4:", ":65536", ":-1", "[::1]80"}) {
    EXPECT_FALSE(with("listen", text).has_value()) << text;
  }
}

TEST(OptionValue, TakesBothEndsOfARangeAndNothingBeyond) {
  EXPECT_EQ(with("poll-interval", "100ms")->agent.poll_interval, 100ms);
  EXPECT_EQ(with("poll-interval", "1m")->agent.poll_interval, 1min);
  EXPECT_EQ(error_of("poll-interval", "99ms"), "'99ms' is out of range; allowed: 100ms to 1m");
  EXPECT_EQ(error_of("poll-interval", "1m0.1s"), "'1m0.1s' is out of range; allowed: 100ms to 1m");
  EXPECT_EQ(error_of("speed", "0"), "'0' is out of range; allowed: 0.1 to 100");
  EXPECT_EQ(error_of("seed", "-1"), "'-1' is out of range; allowed: 0 to 9223372036854775807");
  EXPECT_EQ(error_of("seed", "99999999999999999999"),
            "'99999999999999999999' is out of range; allowed: 0 to 9223372036854775807");
}

TEST(OptionValue, SaysWhatWouldBeRight) {
  EXPECT_EQ(error_of("dry-run", "yes"), "'yes' is not a truth value; allowed: true, false");
  EXPECT_EQ(error_of("poll-interval", "5"),
            "'5' is not a duration with its unit, such as 1.5s or 2m; allowed: 100ms to 1m");
  EXPECT_EQ(error_of("output", "xml"), "'xml' is none of table, json, yaml, csv");
  EXPECT_EQ(error_of("output", "jsno"), "'jsno' is none of table, json, yaml, csv; did you mean 'json'?");
  EXPECT_EQ(error_of("metadata-url", "169.254.169.254"),
            "'169.254.169.254' is not a URL such as http://169.254.169.254");
  EXPECT_EQ(error_of("clock-epoch", "noon"), "'noon' is not an instant such as 2026-01-31T12:00:00Z");
  EXPECT_EQ(error_of("node-name", ""), "'' is not text");
}

TEST(OptionValue, NeverShowsASecret) {
  Option secret = *find_option("metadata-url");
  secret.secret = true;
  Options options;
  const Result<void> stored = store(secret, "hunter2", options);
  ASSERT_FALSE(stored.has_value());
  EXPECT_EQ(stored.error().message, "the value is not a URL such as http://169.254.169.254");
}

TEST(OptionValue, HasAVariableNamedAfterTheFlag) {
  EXPECT_EQ(find_option("poll-interval")->environment(), "SPOTKEEPER_POLL_INTERVAL");
  EXPECT_EQ(find_option("scenario")->environment(), "");
  EXPECT_EQ(find_option("licences")->environment(), "");
}

}  // namespace
}  // namespace spotkeeper::cli
