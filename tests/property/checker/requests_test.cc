// What a pod asks for, by the worked examples of KEP-753 (sidecars), KEP-2837 (pod-level resources) and the API
// server's defaults.
#include <gtest/gtest.h>

#include "tests/property/checker/hand_made.h"

namespace spotkeeper::checker {
namespace {

Amounts requests_of(const std::string& spec) { return HandMade().pod("p", spec).problem().pods.front().requests; }

std::string cpu(const std::string& amount) { return "{resources: {requests: {cpu: " + amount + "}}}"; }
std::string sidecar(const std::string& amount) {
  return "{restartPolicy: Always, resources: {requests: {cpu: " + amount + "}}}";
}

TEST(Requests, AddUpContainers) {
  EXPECT_EQ(requests_of("{containers: [" + cpu("1") + ", " + cpu("250m") + "]}").at("cpu"), 1250);
  EXPECT_EQ(requests_of("{containers: [{resources: {requests: {memory: 1.5Gi}}}]}").at("memory"), 1536LL << 20);
  EXPECT_EQ(requests_of("{containers: [{resources: {requests: {memory: 1e9}}}]}").at("memory"), 1'000'000'000);
}

TEST(Requests, AreRoundedUpOnceForThePod) {
  EXPECT_EQ(requests_of("{containers: [" + cpu("0.0001") + ", " + cpu("0.0001") + "]}").at("cpu"), 1);
  EXPECT_EQ(requests_of("{containers: [{resources: {requests: {memory: 100m}}}]}").at("memory"), 1);
}

TEST(Requests, OfInitContainersCountOnlyWhereTheyAreMore) {
  EXPECT_EQ(requests_of("{initContainers: [" + cpu("3") + "], containers: [" + cpu("1") + "]}").at("cpu"), 3000);
  EXPECT_EQ(requests_of("{initContainers: [" + cpu("500m") + "], containers: [" + cpu("1") + "]}").at("cpu"), 1000);
}

TEST(Requests, OfSidecarsCountBesideWhatComesAfterThem) {
  EXPECT_EQ(requests_of("{initContainers: [" + sidecar("1") + "], containers: [" + cpu("1") + "]}").at("cpu"), 2000);
  EXPECT_EQ(requests_of("{initContainers: [" + sidecar("1") + ", " + cpu("2") + "], containers: [" + cpu("1") + "]}")
                .at("cpu"),
            3000);
  EXPECT_EQ(requests_of("{initContainers: [" + cpu("2") + ", " + sidecar("1") + "], containers: [" + cpu("500m") + "]}")
                .at("cpu"),
            2000);
}

TEST(Requests, OfThePodReplaceTheSum) {
  const Amounts out = requests_of(
      "{resources: {requests: {cpu: 500m}}, containers: [{resources: {requests: {cpu: 1, memory: 1Gi}}}], "
      "overhead: {cpu: 100m}}");
  EXPECT_EQ(out.at("cpu"), 600);
  EXPECT_EQ(out.at("memory"), 1LL << 30);
}

TEST(Requests, ComeFromLimitsWhereThereAreNone) {
  EXPECT_EQ(requests_of("{containers: [{resources: {limits: {cpu: 2}}}]}").at("cpu"), 2000);
  EXPECT_EQ(requests_of("{containers: [{resources: {limits: {cpu: 2}, requests: {cpu: 1}}}]}").at("cpu"), 1000);
}

TEST(Requests, OfARunningPodAreTheLargestOfWhatIsKnown) {
  HandMade made;
  made.add(
      "{kind: Pod, metadata: {name: p}, spec: {nodeName: n1, containers: [{name: c, resources: {requests: {cpu: "
      "1}}}]}, "
      "status: {containerStatuses: [{name: c, allocatedResources: {cpu: 2}, resources: {requests: {cpu: 1500m}}}]}}");
  EXPECT_EQ(made.problem().pods.front().requests.at("cpu"), 2000);
}

TEST(Requests, LeaveOutWhatNobodyCounts) {
  EXPECT_TRUE(requests_of("{containers: [{resources: {requests: {kubernetes.io/x: 1, storage: 1}}}]}").empty());
  EXPECT_EQ(requests_of("{containers: [{resources: {requests: {hugepages-2Mi: 4Mi}}}]}").at("hugepages-2Mi"),
            4LL << 20);
}

TEST(Workloads, AreExpandedToNumberedPods) {
  HandMade made;
  made.add(
          "{kind: StatefulSet, metadata: {name: db}, spec: {replicas: 2, volumeClaimTemplates: [{metadata: {name: d}, "
          "spec: {storageClassName: fast}}], template: {spec: {}}}}")
      .add("{kind: Job, metadata: {name: j}, spec: {parallelism: 5, completions: 3, template: {spec: {}}}}")
      .add("{kind: Deployment, metadata: {name: w}, spec: {template: {spec: {}}}}");
  const Problem problem = made.problem();
  ASSERT_EQ(problem.pods.size(), 6U);
  EXPECT_EQ(problem.pods[1].name, "default/db-1");
  EXPECT_EQ(problem.pods[1].claims.front(), "default/d-db-1");
  EXPECT_TRUE(problem.pods[1].too_slow_for_spot);
  EXPECT_EQ(problem.pods[4].name, "default/j-2");
  EXPECT_EQ(problem.pods[5].name, "default/w-0");
}

TEST(Priorities, ComeFromTheirClass) {
  HandMade made;
  made.add("{kind: PriorityClass, metadata: {name: high}, value: 7}")
      .add("{kind: PriorityClass, metadata: {name: usual}, value: 3, globalDefault: true}")
      .pod("p", "{priorityClassName: high}")
      .pod("q")
      .pod("r", "{priority: 5}");
  const Problem problem = made.problem();
  EXPECT_EQ(problem.pods[0].priority, 7);
  EXPECT_EQ(problem.pods[1].priority, 3);
  EXPECT_EQ(problem.pods[2].priority, 5);
}

}  // namespace
}  // namespace spotkeeper::checker
