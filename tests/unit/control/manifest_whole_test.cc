// deploy/agent.yaml as a whole: what it says, and nothing else. Why it says so: manifest_test.cc and docs/agent.md.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "format/json.h"
#include "format/yaml.h"

namespace spotkeeper::control {
namespace {

using format::JsonArray;
using format::JsonValue;

constexpr const char* kExpected = R"([
  {
    "apiVersion": "v1",
    "kind": "ServiceAccount",
    "metadata": {
      "name": "spotkeeper-agent",
      "namespace": "kube-system",
      "labels": {
        "app.kubernetes.io/name": "spotkeeper",
        "app.kubernetes.io/component": "agent"
      }
    }
  },
  {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRole",
    "metadata": {
      "name": "spotkeeper-agent",
      "labels": {
        "app.kubernetes.io/name": "spotkeeper",
        "app.kubernetes.io/component": "agent"
      }
    },
    "rules": [
      {
        "apiGroups": [""],
        "resources": ["nodes"],
        "verbs": ["get", "list", "watch", "patch"]
      },
      {
        "apiGroups": [""],
        "resources": ["pods"],
        "verbs": ["list", "watch", "delete"]
      },
      {"apiGroups": [""], "resources": ["pods/eviction"], "verbs": ["create"]},
      {
        "apiGroups": ["policy"],
        "resources": ["poddisruptionbudgets"],
        "verbs": ["list", "watch"]
      },
      {
        "apiGroups": ["admissionregistration.k8s.io"],
        "resources": ["validatingwebhookconfigurations", "mutatingwebhookconfigurations"],
        "verbs": ["list"]
      },
      {"apiGroups": [""], "resources": ["services"], "verbs": ["get"]},
      {
        "apiGroups": ["events.k8s.io"],
        "resources": ["events"],
        "verbs": ["create", "patch"]
      }
    ]
  },
  {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {
      "name": "spotkeeper-agent",
      "labels": {
        "app.kubernetes.io/name": "spotkeeper",
        "app.kubernetes.io/component": "agent"
      }
    },
    "roleRef": {
      "apiGroup": "rbac.authorization.k8s.io",
      "kind": "ClusterRole",
      "name": "spotkeeper-agent"
    },
    "subjects": [
      {
        "kind": "ServiceAccount",
        "name": "spotkeeper-agent",
        "namespace": "kube-system"
      }
    ]
  },
  {
    "apiVersion": "apps/v1",
    "kind": "DaemonSet",
    "metadata": {
      "name": "spotkeeper-agent",
      "namespace": "kube-system",
      "labels": {
        "app.kubernetes.io/name": "spotkeeper",
        "app.kubernetes.io/component": "agent"
      }
    },
    "spec": {
      "selector": {
        "matchLabels": {
          "app.kubernetes.io/name": "spotkeeper",
          "app.kubernetes.io/component": "agent"
        }
      },
      "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%"}},
      "template": {
        "metadata": {
          "labels": {
            "app.kubernetes.io/name": "spotkeeper",
            "app.kubernetes.io/component": "agent"
          },
          "annotations": {
            "prometheus.io/scrape": "true",
            "prometheus.io/port": "9464",
            "prometheus.io/path": "/metrics"
          }
        },
        "spec": {
          "serviceAccountName": "spotkeeper-agent",
          "priorityClassName": "system-node-critical",
          "hostNetwork": true,
          "dnsPolicy": "ClusterFirstWithHostNet",
          "terminationGracePeriodSeconds": 150,
          "nodeSelector": {"kubernetes.io/os": "linux"},
          "affinity": {
            "nodeAffinity": {
              "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [
                  {
                    "matchExpressions": [
                      {
                        "key": "eks.amazonaws.com/compute-type",
                        "operator": "NotIn",
                        "values": ["fargate"]
                      }
                    ]
                  }
                ]
              }
            }
          },
          "tolerations": [{"operator": "Exists"}],
          "securityContext": {
            "runAsNonRoot": true,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"}
          },
          "containers": [
            {
              "name": "agent",
              "image": "spotkeeper:latest",
              "imagePullPolicy": "IfNotPresent",
              "args": ["agent"],
              "env": [
                {
                  "name": "NODE_NAME",
                  "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}
                },
                {
                  "name": "POD_NAME",
                  "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}
                },
                {
                  "name": "POD_NAMESPACE",
                  "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}
                },
                {"name": "SPOTKEEPER_LOG_FORMAT", "value": "json"}
              ],
              "ports": [{"name": "http", "containerPort": 9464, "protocol": "TCP"}],
              "resources": {
                "requests": {"cpu": "10m", "memory": "16Mi"},
                "limits": {"cpu": "100m", "memory": "128Mi"}
              },
              "securityContext": {
                "allowPrivilegeEscalation": false,
                "readOnlyRootFilesystem": true,
                "privileged": false,
                "capabilities": {"drop": ["ALL"]}
              },
              "livenessProbe": {
                "httpGet": {"path": "/healthz", "port": "http"},
                "initialDelaySeconds": 10,
                "periodSeconds": 10,
                "timeoutSeconds": 5,
                "failureThreshold": 3
              },
              "readinessProbe": {
                "httpGet": {"path": "/readyz", "port": "http"},
                "periodSeconds": 5,
                "timeoutSeconds": 5
              }
            }
          ]
        }
      }
    }
  }
])";

std::string file(const std::string& name) { return read_file(std::string(SPOTKEEPER_SOURCE_DIR) + "/" + name).value(); }

/// The documents of the manifest as one list.
JsonValue manifest() {
  JsonArray all;
  const auto documents = format::parse_yaml_stream(file("deploy/agent.yaml"));
  for (const format::YamlDocument& document : documents.value()) all.push_back(document.value());
  return all;
}

JsonValue expected() { return format::parse_json(kExpected).value(); }

using Visit = std::function<void(JsonValue& leaf, const std::string& path)>;

void each_leaf(JsonValue& value, const std::string& path, const Visit& visit) {
  if (value.is_object() && !value.get_object().empty()) {
    for (auto& member : value.get_object()) each_leaf(member.value(), path + "/" + std::string(member.key()), visit);
  } else if (value.is_array() && !value.get_array().empty()) {
    for (std::size_t i = 0; i < value.get_array().size(); ++i)
      each_leaf(value.get_array()[i], path + "/" + std::to_string(i), visit);
  } else {
    visit(value, path);
  }
}

TEST(WholeManifest, SaysThisAndNothingElse) {
  EXPECT_TRUE(manifest() == expected()) << format::write_json(manifest(), format::JsonStyle::Pretty);
}

// The comparison sees every leaf: another word, another number, the opposite, or nothing.
TEST(WholeManifest, IsNotItselfWithAnyLineChanged) {
  JsonValue changed = manifest();
  const JsonValue right = expected();
  int leaves = 0;
  each_leaf(changed, "", [&](JsonValue& leaf, const std::string& path) {
    ++leaves;
    const JsonValue original = leaf;
    std::vector<JsonValue> others{nullptr, "another", 7};
    if (original.is_bool()) others.emplace_back(!original.get_bool());
    for (const JsonValue& other : others) {
      leaf = other;
      EXPECT_FALSE(changed == right) << path << " may be " << format::write_json(other);
    }
    leaf = original;
  });
  EXPECT_GT(leaves, 100);
  EXPECT_TRUE(changed == right);
}

TEST(WholeManifest, HasTheResourcesThatThePageNames) {
  const JsonValue documents = manifest();
  const format::JsonField daemons(documents.get_array().back());
  const auto containers = daemons["spec"]["template"]["spec"]["containers"].elements().value();
  const auto amount = [&](const char* which, const char* what) {
    return containers.at(0)["resources"][which][what].as<std::string>().value();
  };
  const std::string sentence =
      fmt::format("requests of {} and {}, limits of {} and {}", amount("requests", "cpu"), amount("requests", "memory"),
                  amount("limits", "cpu"), amount("limits", "memory"));
  EXPECT_NE(file("docs/agent.md").find(sentence), std::string::npos) << sentence;
}

}  // namespace
}  // namespace spotkeeper::control
