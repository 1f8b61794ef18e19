// The clusters that plans are judged on have everything that decides about a placement, and often enough.
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/property/checker/random_case.h"

namespace spotkeeper::checker {
namespace {

struct Feature {
  const char* name;
  const char* text;  // in the documents of such a case
};

constexpr std::size_t kCases = 3'000;
constexpr std::size_t kAtLeast = kCases / 100;  // of them have each feature

const std::vector<Feature> kFeatures = {
    {"NodePool", R"("kind":"NodePool")"},
    {"NodePool with a limit of CPU", R"("limits":{"cpu":)"},
    {"NodePool with a limit of nodes", R"("nodes":"1")"},
    {"NodePool with minValues", R"("minValues":2)"},
    {"NodePool with minValues that few types meet", R"("minValues":3)"},
    {"NodePool with a weight", R"("weight":)"},
    {"NodePool with start-up taints", R"("startupTaints":)"},
    {"NodePool with a bound that only NodePools have", R"("operator":"Gte")"},
    {"NodePool with an open label", R"("key":"team","operator":"In","values":["red","blue"])"},
    {"reserved capacity", " reserved "},
    {"an offering that can't be had", "(can't be had)"},
    {"Node", R"("kind":"Node",)"},
    {"cordoned Node", R"("unschedulable":true)"},
    {"tainted Node", R"("effect":"NoExecute")"},
    {"DaemonSet", R"("kind":"DaemonSet")"},
    {"StatefulSet with claims", R"("volumeClaimTemplates":)"},
    {"Job", R"("kind":"Job")"},
    {"pods that are not on Spot first", R"("spotkeeper.dev/on-demand-base":)"},
    {"share of pods on Spot", R"("spotkeeper.dev/spot-share":)"},
    {"workload of which a pod runs", R"("ownerReferences":)"},
    {"bound volume", R"("kind":"PersistentVolume",)"},
    {"attach limits", R"("kind":"CSINode")"},
    {"ReadWriteOncePod", "ReadWriteOncePod"},
    {"allowedTopologies", "allowedTopologies"},
    {"host port", R"("hostPort":)"},
    {"spread over zones", R"("topologyKey":"topology.kubernetes.io/zone","whenUnsatisfiable":"DoNotSchedule")"},
    {"spread over hosts", R"("topologyKey":"kubernetes.io/hostname","whenUnsatisfiable":"DoNotSchedule")"},
    {"spread that is only preferred", R"("whenUnsatisfiable":"ScheduleAnyway")"},
    {"minDomains", R"("minDomains":)"},
    {"nodeTaintsPolicy", R"("nodeTaintsPolicy":"Honor")"},
    {"nodeAffinityPolicy", R"("nodeAffinityPolicy":"Ignore")"},
    {"matchLabelKeys", R"("matchLabelKeys":)"},
    {"empty selector", R"("labelSelector":{})"},
    {"affinity", R"("podAffinity":{"required)"},
    {"anti-affinity", R"("podAntiAffinity":{"required)"},
    {"preferred affinity", R"("podAffinityTerm":)"},
    {"namespace selector", R"("namespaceSelector":)"},
    {"required node affinity", R"("nodeSelectorTerms":)"},
    {"preferred node affinity", R"("preference":)"},
    {"Gt", R"("operator":"Gt")"},
    {"NotIn", R"("operator":"NotIn")"},
    {"matchFields", R"("matchFields":)"},
    {"node selector", R"("nodeSelector":)"},
    {"tolerations", R"("tolerations":)"},
    {"sidecar", R"("restartPolicy":"Always")"},
    {"init container", R"("initContainers":)"},
    {"overhead", R"("overhead":)"},
    {"pod-level resources", R"(],"resources":{"requests":)"},
    {"limits without requests", R"("limits":{"cpu":"200m"})"},
    {"extended resource", "nvidia.com/gpu"},
    {"priority", R"("priority":200)"},
    {"PriorityClass", R"("priorityClassName":)"},
    {"PodDisruptionBudget", R"("kind":"PodDisruptionBudget")"},
    {"long grace", R"("terminationGracePeriodSeconds":300)"},
    {"long preStop", R"("preStop":)"},
    {"terminating pod", R"("deletionTimestamp":)"},
    {"finished pod", R"("phase":"Succeeded")"},
    {"maxSkew that is none", R"("maxSkew":0)"},
    {"operator that does not exist", R"("operator":"Like")"},
    {"amount that is none", R"("cpu":"much")"},
};

TEST(RandomCases, HaveEveryFeatureOften) {
  std::map<std::string, std::size_t> cases;
  for (std::uint64_t seed = 1; seed <= kCases; ++seed) {
    const std::string text = describe(random_case(seed));
    for (const Feature& each : kFeatures)
      if (text.find(each.text) != std::string::npos) ++cases[each.name];
  }
  for (const Feature& each : kFeatures) EXPECT_GE(cases[each.name], kAtLeast) << each.name;
}

}  // namespace
}  // namespace spotkeeper::checker
