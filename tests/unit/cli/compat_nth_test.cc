// NTH's environment and flags, row by row.
#include "cli/compat_nth.h"

#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "observe/nth_event.h"

namespace spotkeeper::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Result<NthConfiguration> parsed(const std::vector<std::string>& arguments, kube::Environment environment = {}) {
  environment.try_emplace("NODE_NAME", "n1");
  return parse_nth(arguments, environment);
}

NthSettings settings(const std::vector<std::string>& arguments, const kube::Environment& environment = {}) {
  auto made = parsed(arguments, environment);
  EXPECT_TRUE(made) << made.error().message;
  return made ? made->settings : NthSettings();
}

std::string refusal(const std::vector<std::string>& arguments, const kube::Environment& environment = {}) {
  const auto made = parsed(arguments, environment);
  return made ? "accepted" : made.error().message;
}

TEST(NthCompat, KnowsEveryFlagAndVariableOnce) {
  std::set<std::string_view> flags;
  std::set<std::string_view> variables;
  for (const NthOption& option : nth_options()) {
    EXPECT_TRUE(flags.insert(option.flag).second) << option.flag;
    EXPECT_TRUE(variables.insert(option.environment).second) << option.environment;
    EXPECT_THAT(option.meaning, Not(IsEmpty())) << option.flag;
  }
  EXPECT_THAT(nth_options(), SizeIs(57));
}

/// Every row: its default is accepted without a word, by flag and by variable, and something else has its fate.
TEST(NthCompat, EveryRowIsInTheDocument) {
  const std::string page = read_file(SPOTKEEPER_SOURCE_DIR "/docs/nth.md").value();
  for (const NthOption& option : nth_options()) {
    const std::string_view fate = option.fate == NthFate::Honoured   ? "yes"
                                  : option.fate == NthFate::NoEffect ? "no effect"
                                                                     : "refused";
    std::string fallback = option.fallback.empty() ? "" : "`" + std::string(option.fallback) + "`";
    if (option.flag == "webhook-template") fallback = "NTH's";
    const std::string row = "| `--" + std::string(option.flag) + "` | `" + std::string(option.environment) + "` | " +
                            fallback + " | " + std::string(fate) + " | " + std::string(option.meaning) + " |\n";
    EXPECT_THAT(page, HasSubstr(row)) << option.flag;
  }
}

TEST(NthCompat, EveryRowHasItsFate) {
  for (const NthOption& option : nth_options()) {
    const std::string flag(option.flag);
    const std::string variable(option.environment);
    if (flag != "node-name") {
      const auto by_default = parsed({"--" + flag + "=" + std::string(option.fallback)});
      ASSERT_TRUE(by_default) << flag << ": " << by_default.error().message;
      if (flag != "grace-period") {
        EXPECT_THAT(by_default->notes, IsEmpty()) << flag;
      }
    }
    const std::string other = option.type == NthType::Flag      ? option.fallback == "true" ? "false" : "true"
                              : option.type == NthType::Integer ? "77"
                                                                : "other";
    if (option.fate == NthFate::Honoured) continue;
    const auto made = parsed({}, {{variable, other}});
    const std::string setting = fmt::format("{}={}: ", variable, other);
    if (option.fate == NthFate::Refused) {
      ASSERT_FALSE(made) << flag;
      EXPECT_THAT(made.error().message, HasSubstr(setting + "not supported: "));
    } else {
      ASSERT_TRUE(made) << flag;
      if (flag != "uptime-from-file") {
        EXPECT_THAT(made->notes, ElementsAre(HasSubstr(setting + "no effect: ")));
      }
    }
  }
}

TEST(NthCompat, HasNthsDefaults) {
  const NthSettings made = settings({});
  EXPECT_TRUE(made.spot);
  EXPECT_TRUE(made.scheduled_events);
  EXPECT_FALSE(made.asg_lifecycle);
  EXPECT_FALSE(made.rebalance_monitoring);
  EXPECT_FALSE(made.rebalance_draining);
  EXPECT_FALSE(made.taint_node);
  EXPECT_FALSE(made.cordon_only);
  EXPECT_FALSE(made.exclude_from_load_balancers);
  EXPECT_EQ(made.pod_grace_seconds, std::nullopt);
  EXPECT_EQ(made.prometheus_port, std::nullopt);
  EXPECT_EQ(made.probes_port, std::nullopt);
  EXPECT_EQ(made.metadata_url, "http://169.254.169.254");
  EXPECT_EQ(made.webhook_template, observe::default_nth_template());
}

TEST(NthCompat, AFlagWinsOverItsVariableAndAnEmptyVariableIsUnset) {
  EXPECT_TRUE(settings({"-cordon-only"}, {{"CORDON_ONLY", "false"}}).cordon_only);
  EXPECT_FALSE(settings({"--cordon-only=false"}, {{"CORDON_ONLY", "true"}}).cordon_only);
  EXPECT_TRUE(settings({}, {{"ENABLE_SPOT_INTERRUPTION_DRAINING", ""}}).spot);
  EXPECT_EQ(settings({"--node-name", "other"}).node_name, "other");
}

TEST(NthCompat, ReadsBooleansAndNumbersAsGoDoes) {
  for (const std::string yes : {"1", "t", "T", "TRUE", "true", "True"}) {
    EXPECT_TRUE(settings({}, {{"TAINT_NODE", yes}}).taint_node) << yes;
  }
  for (const std::string no : {"0", "f", "F", "FALSE", "false", "False"}) {
    EXPECT_FALSE(settings({}, {{"TAINT_NODE", no}}).taint_node) << no;
  }
  EXPECT_THAT(refusal({}, {{"TAINT_NODE", "yes"}}), HasSubstr("TAINT_NODE: 'yes' is neither true nor false"));
  EXPECT_THAT(refusal({}, {{"METADATA_TRIES", "3s"}}), HasSubstr("METADATA_TRIES: "));
  EXPECT_EQ(settings({}, {{"POD_TERMINATION_GRACE_PERIOD", "+30"}}).pod_grace_seconds, 30);
}

TEST(NthCompat, RebalanceDrainingAlsoWatches) {
  EXPECT_TRUE(settings({"--enable-rebalance-draining"}).rebalance_monitoring);
  EXPECT_FALSE(settings({"--enable-rebalance-monitoring"}).rebalance_draining);
}

TEST(NthCompat, TheOldGracePeriodGivesWayToTheNewOne) {
  EXPECT_EQ(settings({"--grace-period=20"}).pod_grace_seconds, 20);
  EXPECT_EQ(settings({"--grace-period=20", "--pod-termination-grace-period=40"}).pod_grace_seconds, 40);
  EXPECT_EQ(settings({"--pod-termination-grace-period=-1"}).pod_grace_seconds, std::nullopt);
  EXPECT_THAT(parsed({"--grace-period=20"})->notes, SizeIs(1));
}

TEST(NthCompat, RefusesWhatItDoesNotSupportByName) {
  EXPECT_THAT(refusal({}, {{"ENABLE_SQS_TERMINATION_DRAINING", "true"}}),
              HasSubstr("ENABLE_SQS_TERMINATION_DRAINING=true: not supported: queue mode"));
  EXPECT_THAT(refusal({"--heartbeat-interval=60"}), HasSubstr("--heartbeat-interval=60: not supported"));
  EXPECT_THAT(refusal({"--ignore-daemon-sets=false"}), HasSubstr("not supported"));
  EXPECT_THAT(refusal({"--enable-spot-interuption-draining"}),
              HasSubstr("did you mean 'enable-spot-interruption-draining'?"));
  EXPECT_THAT(refusal({"drain"}), HasSubstr("'drain': an argument that is no flag"));
  EXPECT_THAT(refusal({"--taint-effect=NoExec"}), HasSubstr("is none of NoSchedule, PreferNoSchedule, NoExecute"));
  EXPECT_THAT(refusal({"--log-level=warn"}), HasSubstr("'warn' is none of debug, info, error"));
  EXPECT_THAT(refusal({"--node-name="}), HasSubstr("required"));
}

TEST(NthCompat, TellsEveryMistakeAtOnce) {
  const std::string all = refusal({"--dry-runn", "--metadata-tries=x"}, {{"HEARTBEAT_UNTIL", "60"}});
  EXPECT_THAT(all, HasSubstr("--dry-runn"));
  EXPECT_THAT(all, HasSubstr("--metadata-tries"));
  EXPECT_THAT(all, HasSubstr("HEARTBEAT_UNTIL"));
}

TEST(NthCompat, RefusesATemplateAtTheStartWithItsPlace) {
  EXPECT_THAT(refusal({}, {{"WEBHOOK_URL", "https://h.test/x"}, {"WEBHOOK_TEMPLATE", "{{ .NodeNam }}"}}),
              HasSubstr("WEBHOOK_TEMPLATE: line 1, column 4: no field is named '.NodeNam'; did you mean 'NodeName'?"));
  EXPECT_THAT(refusal({}, {{"WEBHOOK_URL", "https://h.test/x"}, {"WEBHOOK_TEMPLATE", "{{ regexMatch }}"}}),
              HasSubstr("'regexMatch' is not supported"));
  EXPECT_THAT(refusal({}, {{"WEBHOOK_URL", "https://h.test/x"}, {"WEBHOOK_TEMPLATE_FILE", "/no/such/file"}}),
              HasSubstr("/no/such/file"));
  // Without a URL nothing is sent, and NTH looks at no template.
  EXPECT_EQ(refusal({}, {{"WEBHOOK_TEMPLATE", "{{ .NodeNam }}"}}), "accepted");
}

TEST(NthCompat, NeverShowsASecret) {
  const std::string all = refusal({"--webhook-url=ftp://h/SECRET", R"(--webhook-headers={"Authorization":"SECRET")"});
  EXPECT_THAT(all, HasSubstr("--webhook-url: it is no http or https URL"));
  EXPECT_THAT(all, Not(HasSubstr("SECRET")));
}

TEST(NthCompat, ReadsPortsAndAnnotations) {
  const NthSettings made =
      settings({"--enable-prometheus-server", "--enable-probes-server", "--probes-server-port=9000"},
               {{"KUBERNETES_EVENTS_EXTRA_ANNOTATIONS", "a=b,c/d=e=f"}});
  EXPECT_EQ(made.prometheus_port, 9092);
  EXPECT_EQ(made.probes_port, 9000);
  EXPECT_EQ(made.probes_path, "/healthz");
  EXPECT_THAT(made.event_annotations, ElementsAre(::testing::Pair("a", "b"), ::testing::Pair("c/d", "e=f")));
  EXPECT_THAT(refusal({"--enable-probes-server", "--probes-server-port=0"}), HasSubstr("0 is no port"));
}

// Defects of NTH's that its configuration brings in.

TEST(NthDefects, D7D8TheApiServersCacheChangesNothingOfADrain) {
  const auto made = parsed({}, {{"USE_APISERVER_CACHE", "true"}, {"EMIT_KUBERNETES_EVENTS", "false"}});
  ASSERT_TRUE(made);
  EXPECT_THAT(made->notes, ElementsAre(HasSubstr("USE_APISERVER_CACHE=true: no effect")));
}

TEST(NthDefects, D14TheNodesGracePeriodNeitherDelaysNorCutsADrain) {
  for (const std::string seconds : {"30", "300"}) {
    const auto made = parsed({}, {{"NODE_TERMINATION_GRACE_PERIOD", seconds}});
    ASSERT_TRUE(made);
    EXPECT_THAT(made->notes, ElementsAre(HasSubstr("the notice's own deadline decides")));
  }
}

}  // namespace
}  // namespace spotkeeper::cli
