#include "cli/migrate_nth.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/compat_nth.h"
#include "cli/migrate_nth_keys.h"
#include "format/yaml.h"

namespace spotkeeper::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::string base_manifest() { return read_file(SPOTKEEPER_SOURCE_DIR "/deploy/agent.yaml").value(); }

Result<NthMigration> migrated(std::string_view values) {
  return migrate_nth_values(values, "values.yaml", base_manifest());
}

std::string problem_of(std::string_view values) {
  const auto made = migrated(values);
  return made ? "migrated" : made.error().message;
}

/// The DaemonSet among the objects.
const format::JsonValue& daemon_set(const NthMigration& made) {
  for (const format::JsonValue& object : made.manifest) {
    if (object.as_object().at("kind") == "DaemonSet") return object;
  }
  throw std::runtime_error("no DaemonSet");
}

std::string variables(const NthMigration& made) {
  std::string out;
  const auto container = format::find_json(daemon_set(made), "/spec/template/spec/containers/0/env");
  for (const format::JsonValue& entry : (*container)->as_array()) {
    const auto* const value = entry.as_object().if_contains("value");
    out += std::string(entry.as_object().at("name").as_string()) + "=" +
           (value != nullptr ? std::string(value->as_string()) : std::string("from")) + "\n";
  }
  return out;
}

std::string at(const NthMigration& made, std::string_view pointer) {
  const auto found = format::find_json(daemon_set(made), pointer);
  return found ? format::write_json(**found) : "nothing";
}

TEST(MigrateNth, ValuesThatAreTheChartsOwnGiveTheAgentInNthsMode) {
  for (const std::string_view values : {"", "{}", "dryRun: false\n"}) {
    const auto made = migrated(values);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_THAT(made->unsupported, IsEmpty());
    EXPECT_THAT(made->notes, IsEmpty());
    EXPECT_EQ(at(*made, "/spec/template/spec/containers/0/args"), R"(["agent","--compat=nth"])");
    // The chart's default, which is not the program's.
    EXPECT_THAT(variables(*made), HasSubstr("ENABLE_ASG_LIFECYCLE_DRAINING=true\n"));
    EXPECT_THAT(variables(*made), Not(HasSubstr("SPOTKEEPER_LOG_FORMAT")));
  }
}

TEST(MigrateNth, TakesWhatIsSetIntoTheEnvironment) {
  const auto made = migrated(R"(
enableSpotInterruptionDraining: true
enableRebalanceMonitoring: true
taintNode: true
cordonOnly: true
podTerminationGracePeriod: 45
kubernetesEventsExtraAnnotations: team=web
webhookURL: https://hooks.slack.test/x
webhookTemplate: '{"text":"{{ .NodeName }}"}'
enablePrometheusServer: true
enableProbesServer: true
probes:
  httpGet:
    port: 8181
)");
  ASSERT_TRUE(made) << made.error().message;
  const std::string set = variables(*made);
  EXPECT_THAT(set, HasSubstr("ENABLE_REBALANCE_MONITORING=true\n"));
  EXPECT_THAT(set, HasSubstr("TAINT_NODE=true\n"));
  EXPECT_THAT(set, HasSubstr("CORDON_ONLY=true\n"));
  EXPECT_THAT(set, HasSubstr("POD_TERMINATION_GRACE_PERIOD=45\n"));
  EXPECT_THAT(set, HasSubstr("KUBERNETES_EVENTS_EXTRA_ANNOTATIONS=team=web\n"));
  EXPECT_THAT(set, HasSubstr("WEBHOOK_URL=https://hooks.slack.test/x\n"));
  EXPECT_THAT(set, HasSubstr("PROBES_SERVER_PORT=8181\n"));
  EXPECT_THAT(at(*made, "/spec/template/spec/containers/0/ports"), HasSubstr("\"containerPort\":8181"));
  EXPECT_THAT(at(*made, "/spec/template/spec/containers/0/ports"), HasSubstr("\"containerPort\":9092"));
}

TEST(MigrateNth, TakesPlacementAndLabelsAsTheChartPrefersThem) {
  const auto made = migrated(R"(
nodeSelector: {a: common}
linuxNodeSelector: {a: linux}
tolerations: [{operator: Exists, effect: NoSchedule}]
podLabels: {team: x, app.kubernetes.io/name: other}
podAnnotations: {note: "1"}
resources: {limits: {memory: 64Mi}}
useHostNetwork: false
extraEnv: [{name: CLUSTER, value: prod}]
)");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_THAT(at(*made, "/spec/template/spec/nodeSelector"), HasSubstr("\"a\":\"linux\""));
  EXPECT_EQ(at(*made, "/spec/template/spec/tolerations"), R"([{"operator":"Exists","effect":"NoSchedule"}])");
  EXPECT_EQ(at(*made, "/spec/template/metadata/labels/team"), R"("x")");
  EXPECT_EQ(at(*made, "/spec/template/metadata/labels/app.kubernetes.io~1name"), R"("spotkeeper")");
  EXPECT_EQ(at(*made, "/spec/template/metadata/annotations/note"), R"("1")");
  EXPECT_EQ(at(*made, "/spec/template/spec/containers/0/resources"), R"({"limits":{"memory":"64Mi"}})");
  EXPECT_EQ(at(*made, "/spec/template/spec/hostNetwork"), "false");
  EXPECT_THAT(variables(*made), HasSubstr("CLUSTER=prod\n"));
}

TEST(MigrateNth, KeepsSecretsWhereTheyAre) {
  const auto made =
      migrated("webhookURLSecretName: hook\nwebhookTemplateConfigMapName: t\nwebhookTemplateConfigMapKey: body\n");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_THAT(variables(*made), HasSubstr("WEBHOOK_URL=from\n"));
  EXPECT_THAT(variables(*made), HasSubstr("WEBHOOK_TEMPLATE_FILE=/config/body\n"));
  EXPECT_THAT(at(*made, "/spec/template/spec/volumes"), HasSubstr("\"configMap\":{\"name\":\"t\"}"));
}

TEST(MigrateNth, NamesAKeyThatTheChartHasNotAndTheNearest) {
  EXPECT_EQ(problem_of("dryRun: true\ndeleteLocalDataOnDrain: true\n"),
            "values.yaml:2:1: deleteLocalDataOnDrain: the chart has no such value; did you mean 'deleteLocalData'?");
  EXPECT_THAT(problem_of("image:\n  repo: x\n"), HasSubstr("values.yaml:2:3: image.repo: the chart has no such value"));
  EXPECT_THAT(problem_of("enableSpotInterruptionDraning: true\n"),
              HasSubstr("did you mean 'enableSpotInterruptionDraining'?"));
}

TEST(MigrateNth, NamesAValueOfAWrongKind) {
  EXPECT_EQ(problem_of("taintNode: maybe\n"), "values.yaml:1:1: taintNode: true or false is expected");
  EXPECT_EQ(problem_of("metadataTries: many\n"), "values.yaml:1:1: metadataTries: a whole number is expected");
  EXPECT_EQ(problem_of("webhookURL: [a]\n"), "values.yaml:1:1: webhookURL: a single value is expected");
  EXPECT_EQ(problem_of("image: x\n"), "values.yaml:1:1: image: a mapping is expected");
  EXPECT_THAT(problem_of("- a\n"), HasSubstr("no mapping"));
  EXPECT_THAT(problem_of("a: [\n"), HasSubstr("values.yaml: YAML: line 2"));
}

TEST(MigrateNth, FindsATemplateThatTheAgentWouldRefuse) {
  EXPECT_THAT(problem_of("webhookURLSecretName: s\nwebhookTemplate: '{{ .Nod }}'\n"),
              HasSubstr("values.yaml:2:1: webhookTemplate: line 1, column 4: no field is named '.Nod'"));
}

TEST(MigrateNth, FindsAMistakeInWhatIsTurnedOff) {
  EXPECT_THAT(problem_of("webhookTemplate: '{{ .Foo }}'\n"),
              HasSubstr("values.yaml:1:1: webhookTemplate: line 1, column 4: no field is named '.Foo'"));
  EXPECT_THAT(problem_of("taintNode: true\nprometheusServerPort: 99999999\n"),
              HasSubstr("values.yaml:2:1: prometheusServerPort: 99999999 is no port"));
  EXPECT_THAT(problem_of("probes: {httpGet: {port: 0}}\n"), HasSubstr("probes.httpGet.port: 0 is no port"));
  EXPECT_EQ(problem_of("webhookTemplate: '{{ .Kind }}'\nprometheusServerPort: 9092\n"), "migrated");
  EXPECT_EQ(problem_of("webhookTemplateConfigMapName: t\nwebhookTemplateConfigMapKey: k\n"), "migrated");
}

TEST(MigrateNth, ReadsTheValuesOfAChartAroundNths) {
  const auto made = migrated("global: {region: eu}\naws-node-termination-handler:\n  taintNode: true\n  workers: 20\n");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_THAT(variables(*made), HasSubstr("TAINT_NODE=true\n"));
  ASSERT_THAT(made->notes, SizeIs(2));
  EXPECT_THAT(made->notes[0].text, HasSubstr("the values of a chart around NTH's"));
  EXPECT_EQ(made->notes[0].place, "values.yaml:2:1");
  EXPECT_EQ(made->notes[1].place, "values.yaml:4:3");
  EXPECT_THAT(problem_of("aws-node-termination-handler:\n  taintNod: true\n"),
              HasSubstr("values.yaml:2:3: taintNod: the chart has no such value; did you mean 'taintNode'?"));
  EXPECT_THAT(problem_of("nth:\n  taintNode: true\n"),
              HasSubstr("values.yaml:1:1: nth: the chart has no such value; are these the values of a chart around "
                        "NTH's? Give what stands below 'nth'"));
}

TEST(MigrateNth, NamesWhatIsNotSupported) {
  const auto made =
      migrated("enableSqsTerminationDraining: true\ntargetNodeOs: linux windows\npodMonitor: {create: true}\n");
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_THAT(made->unsupported, SizeIs(3));
  EXPECT_EQ(made->unsupported[0].key, "enableSqsTerminationDraining");
  EXPECT_EQ(made->unsupported[0].place, "values.yaml:1:1");
  EXPECT_EQ(made->unsupported[1].key, "podMonitor.create");
  EXPECT_EQ(made->unsupported[2].key, "targetNodeOs");
}

TEST(MigrateNth, SaysWhatHasNoEffectHere) {
  const auto made = migrated("nodeTerminationGracePeriod: 90\nimage: {tag: v1.25.0}\nworkers: 20\n");
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_THAT(made->notes, SizeIs(3));
  EXPECT_THAT(made->notes[0].text, HasSubstr("the notice's own deadline decides"));
}

TEST(MigrateNth, TheManifestReadsBack) {
  const auto made = migrated("webhookURL: https://h.test/x\n");
  ASSERT_TRUE(made);
  for (const format::JsonValue& object : made->manifest) {
    const auto again = format::parse_yaml(format::write_yaml(object));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->value(), object);
  }
}

TEST(MigrateNth, EveryKeyOfTheChartIsKnownOnce) {
  std::vector<std::string_view> keys = chart_keys();
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(std::adjacent_find(keys.begin(), keys.end()), keys.end());
}

TEST(MigrateNth, TheDifferencesAreTheDocumentsList) {
  const std::string page = read_file(SPOTKEEPER_SOURCE_DIR "/docs/nth.md").value();
  const std::string_view heading = "## What is different on purpose\n";
  std::string list = page.substr(page.find(heading) + heading.size());
  list = list.substr(0, list.find("\n## "));
  // One sentence or more a bullet, over as many lines as they take.
  std::vector<std::string> bullets;
  for (const std::string_view line : split(list, '\n')) {
    if (line.starts_with("- ")) {
      bullets.emplace_back(line.substr(2));
    } else if (line.starts_with("  ") && !bullets.empty()) {
      bullets.back() += " " + std::string(line.substr(2));
    }
  }
  for (std::string& bullet : bullets) std::erase(bullet, '`');
  EXPECT_THAT(bullets, ::testing::ElementsAreArray(nth_differences()));
}

}  // namespace
}  // namespace spotkeeper::cli
