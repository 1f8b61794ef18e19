// deploy/agent.yaml, line by line: what each one is for is in docs/agent.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include <fmt/format.h>

#include "base/file.h"
#include "base/metrics.h"
#include "control/agent_metrics.h"
#include "format/yaml.h"
#include "model/quantity.h"

namespace spotkeeper::control {
namespace {

using format::JsonField;
using ::testing::ElementsAre;

std::string file(const std::string& name) { return read_file(std::string(SPOTKEEPER_SOURCE_DIR) + "/" + name).value(); }

// By value: what a range-for walks over must outlive the expression that made it.
std::vector<JsonField> list(const JsonField& field) { return field.elements().value(); }
std::vector<std::string> words(const JsonField& field) { return field.strings().value(); }

class AgentManifest : public ::testing::Test {
 protected:
  AgentManifest() : documents_(format::parse_yaml_stream(file("deploy/agent.yaml")).value()) {}

  [[nodiscard]] JsonField of_kind(const std::string& kind) const {
    for (const auto& document : documents_)
      if (document.root()["kind"].as<std::string>().value() == kind) return document.root();
    ADD_FAILURE() << "no " << kind;
    return documents_.front().root();
  }
  [[nodiscard]] JsonField pod() const { return of_kind("DaemonSet")["spec"]["template"]["spec"]; }
  [[nodiscard]] JsonField container() const { return pod()["containers"].elements().value().at(0); }
  static std::string text(const JsonField& field) { return field.as<std::string>().value(); }
  static bool flag(const JsonField& field) { return field.as<bool>().value(); }

  std::vector<format::YamlDocument> documents_;
};

TEST_F(AgentManifest, RunsInKubeSystemUnderItsOwnAccount) {
  const JsonField daemons = of_kind("DaemonSet");
  EXPECT_EQ(text(daemons["apiVersion"]), "apps/v1");
  EXPECT_EQ(text(daemons["metadata"]["namespace"]), "kube-system");
  EXPECT_EQ(text(of_kind("ServiceAccount")["metadata"]["namespace"]), "kube-system");
  EXPECT_EQ(text(pod()["serviceAccountName"]), text(of_kind("ServiceAccount")["metadata"]["name"]));
  const JsonField binding = of_kind("ClusterRoleBinding");
  EXPECT_EQ(text(binding["roleRef"]["name"]), text(of_kind("ClusterRole")["metadata"]["name"]));
  const auto subjects = binding["subjects"].elements().value();
  ASSERT_EQ(subjects.size(), 1U);
  EXPECT_EQ(text(subjects[0]["name"]), "spotkeeper-agent");
  EXPECT_EQ(text(subjects[0]["namespace"]), "kube-system");
}

TEST_F(AgentManifest, SelectsTheLabelsOfItsTemplate) {
  const JsonField spec = of_kind("DaemonSet")["spec"];
  const auto labels = spec["template"]["metadata"]["labels"].string_map().value();
  EXPECT_EQ(spec["selector"]["matchLabels"].string_map().value(), labels);
}

TEST_F(AgentManifest, HasTheHostsNetwork) {
  EXPECT_TRUE(flag(pod()["hostNetwork"]));
  EXPECT_EQ(text(pod()["dnsPolicy"]), "ClusterFirstWithHostNet");
}

TEST_F(AgentManifest, ToleratesEveryTaint) {
  const auto tolerations = pod()["tolerations"].elements().value();
  ASSERT_EQ(tolerations.size(), 1U);
  EXPECT_EQ(text(tolerations[0]["operator"]), "Exists");
  EXPECT_FALSE(tolerations[0]["key"].present());
  EXPECT_FALSE(tolerations[0]["effect"].present());
}

TEST_F(AgentManifest, IsNodeCritical) { EXPECT_EQ(text(pod()["priorityClassName"]), "system-node-critical"); }

TEST_F(AgentManifest, GoesToLinuxNodesThatAreNotFargate) {
  EXPECT_EQ(text(pod()["nodeSelector"]["kubernetes.io/os"]), "linux");
  const auto terms =
      pod()["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
          .elements()
          .value();
  ASSERT_EQ(terms.size(), 1U);
  const auto rules = terms[0]["matchExpressions"].elements().value();
  ASSERT_EQ(rules.size(), 1U);
  EXPECT_EQ(text(rules[0]["key"]), "eks.amazonaws.com/compute-type");
  EXPECT_EQ(text(rules[0]["operator"]), "NotIn");
  EXPECT_THAT(rules[0]["values"].strings().value(), ElementsAre("fargate"));
}

TEST_F(AgentManifest, AsksForLittleAndIsHeldToLittle) {
  const auto amount = [&](const char* which, const char* what) {
    return Quantity::parse(text(container()["resources"][which][what])).value();
  };
  EXPECT_LE(amount("requests", "cpu"), Quantity::of_milli(50));
  EXPECT_LE(amount("requests", "memory"), Quantity::of(64LL << 20));
  EXPECT_LE(amount("limits", "cpu"), Quantity::of_milli(100));
  EXPECT_LE(amount("limits", "memory"), Quantity::of(128LL << 20));
  EXPECT_GE(amount("limits", "memory"), Quantity::of(64LL << 20));  // a drain lists pods
}

TEST_F(AgentManifest, RunsWithoutAnyPrivilege) {
  EXPECT_TRUE(flag(pod()["securityContext"]["runAsNonRoot"]));
  EXPECT_GT(pod()["securityContext"]["runAsUser"].as<std::int64_t>().value(), 0);
  EXPECT_GT(pod()["securityContext"]["runAsGroup"].as<std::int64_t>().value(), 0);
  EXPECT_EQ(text(pod()["securityContext"]["seccompProfile"]["type"]), "RuntimeDefault");
  const JsonField security = container()["securityContext"];
  EXPECT_FALSE(flag(security["allowPrivilegeEscalation"]));
  EXPECT_TRUE(flag(security["readOnlyRootFilesystem"]));
  EXPECT_FALSE(flag(security["privileged"]));
  EXPECT_THAT(security["capabilities"]["drop"].strings().value(), ElementsAre("ALL"));
  EXPECT_FALSE(security["capabilities"]["add"].present());
  EXPECT_FALSE(pod()["volumes"].present());
  EXPECT_FALSE(pod()["hostPID"].present());
}

TEST_F(AgentManifest, HasTheTimeToFinishADrain) {
  EXPECT_EQ(pod()["terminationGracePeriodSeconds"].as<std::int64_t>().value(), 150);
}

TEST_F(AgentManifest, LearnsItsNodeAndItselfFromTheDownwardApi) {
  std::map<std::string, std::string> paths;
  for (const JsonField& variable : list(container()["env"]))
    paths[text(variable["name"])] = variable["valueFrom"]["fieldRef"]["fieldPath"].get_or("").value();
  EXPECT_EQ(paths["NODE_NAME"], "spec.nodeName");
  EXPECT_EQ(paths["POD_NAME"], "metadata.name");
  EXPECT_EQ(paths["POD_NAMESPACE"], "metadata.namespace");
}

TEST_F(AgentManifest, IsProbedWhereItAnswers) {
  EXPECT_EQ(text(container()["livenessProbe"]["httpGet"]["path"]), "/healthz");
  EXPECT_EQ(text(container()["readinessProbe"]["httpGet"]["path"]), "/readyz");
  const auto ports = container()["ports"].elements().value();
  ASSERT_EQ(ports.size(), 1U);
  EXPECT_EQ(ports[0]["containerPort"].as<std::int64_t>().value(), 9464);
  EXPECT_EQ(text(container()["livenessProbe"]["httpGet"]["port"]), text(ports[0]["name"]));
  EXPECT_THAT(container()["args"].strings().value(), ElementsAre("agent"));
}

TEST_F(AgentManifest, MayDoExactlyWhatItDoes) {
  std::set<std::string> rights;
  for (const JsonField& rule : list(of_kind("ClusterRole")["rules"]))
    for (const std::string& group : words(rule["apiGroups"]))
      for (const std::string& resource : words(rule["resources"]))
        for (const std::string& verb : words(rule["verbs"]))
          rights.insert(fmt::format("{}{}{} {}", group, group.empty() ? "" : "/", resource, verb));
  const std::set<std::string> needed = {"nodes get",
                                        "nodes list",
                                        "nodes watch",
                                        "nodes patch",
                                        "pods list",
                                        "pods watch",
                                        "pods delete",
                                        "pods/eviction create",
                                        "policy/poddisruptionbudgets list",
                                        "policy/poddisruptionbudgets watch",
                                        "admissionregistration.k8s.io/validatingwebhookconfigurations list",
                                        "admissionregistration.k8s.io/mutatingwebhookconfigurations list",
                                        "services get",
                                        "events.k8s.io/events create",
                                        "events.k8s.io/events patch"};
  EXPECT_EQ(rights, needed);
}

// ---- deploy/alerts.yaml and the pages about it ----------------------------------------------------------------------

class Alerts : public ::testing::Test {
 protected:
  Alerts() : rules_(format::parse_yaml(file("deploy/alerts.yaml")).value()), instruments_(registry_) {
    // Series whose labels come with the first answer.
    instruments_.on_eviction(kube::EvictOutcome::Accepted);
    instruments_.on_delete("accepted");
    instruments_.on_node_patch("accepted");
    instruments_.set_instance({});
  }

  [[nodiscard]] std::vector<JsonField> all() const {
    std::vector<JsonField> found;
    for (const JsonField& group : list(rules_.root()["groups"]))
      for (const JsonField& rule : list(group["rules"])) found.push_back(rule);
    return found;
  }
  /// The words in a text that look like metrics of ours.
  static std::set<std::string> metrics_in(const std::string& text) {
    std::set<std::string> found;
    for (std::size_t at = text.find("spotkeeper_"); at != std::string::npos; at = text.find("spotkeeper_", at + 1)) {
      const std::size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_", at);
      found.insert(text.substr(at, end == std::string::npos ? end : end - at));
    }
    return found;
  }

  format::YamlDocument rules_;
  MetricsRegistry registry_;
  AgentMetrics instruments_;
};

TEST_F(Alerts, AskForMetricsThatExist) {
  const std::string page = registry_.text();
  EXPECT_TRUE(registry_.defects().empty());
  ASSERT_FALSE(all().empty());
  for (const JsonField& rule : all()) {
    for (const std::string& metric : metrics_in(rule["expr"].as<std::string>().value()))
      EXPECT_NE(page.find("\n" + metric), std::string::npos) << metric;
  }
}

TEST_F(Alerts, HaveAPlaceInTheRunbookEach) {
  const std::string runbook = file("docs/operations.md");
  for (const JsonField& rule : all()) {
    const std::string name = rule["alert"].as<std::string>().value();
    EXPECT_NE(runbook.find("\n### " + name + "\n"), std::string::npos) << name;
    std::string anchor;
    for (const char c : name) anchor += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    EXPECT_EQ(rule["annotations"]["runbook"].as<std::string>().value(), "docs/operations.md#" + anchor);
    EXPECT_FALSE(rule["annotations"]["summary"].as<std::string>().value().empty());
    EXPECT_FALSE(rule["labels"]["severity"].as<std::string>().value().empty());
  }
}

TEST_F(Alerts, TheMetricsPageDescribesEveryMetricAndNoOther) {
  const std::string described = file("docs/metrics.md");
  std::set<std::string> families;
  const std::string page = registry_.text();
  for (std::size_t at = page.find("# TYPE "); at != std::string::npos; at = page.find("# TYPE ", at + 1))
    families.insert(page.substr(at + 7, page.find(' ', at + 7) - at - 7));
  for (const std::string& family : families)
    EXPECT_NE(described.find("| `" + family + "`"), std::string::npos) << family;
  for (std::string word : metrics_in(described)) {
    if (word.ends_with("_bucket")) word.resize(word.size() - std::string_view("_bucket").size());
    const bool of_others = word == "spotkeeper_build_info" || word == "spotkeeper_notifications_total";
    EXPECT_TRUE(families.contains(word) || of_others) << word;
  }
}

}  // namespace
}  // namespace spotkeeper::control
