#include "sim/serve/table.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace spotkeeper::sim::serve {
namespace {

const Instant kNow = parse_rfc3339("2026-01-01T01:00:00Z").value();

std::string cells(std::string_view kind, std::string_view object) {
  const boost::json::value parsed = boost::json::parse(object);
  const boost::json::value table = to_table(kind, std::span(&parsed, 1), boost::json::object{}, kNow);
  return boost::json::serialize(table.at("rows").at(0).at("cells"));
}

TEST(Table, ShowsACordonedNode) {
  EXPECT_EQ(
      cells("Node", R"({"metadata":{"name":"n1","creationTimestamp":"2026-01-01T00:00:00Z"},
    "spec":{"unschedulable":true},"status":{"conditions":[{"type":"Ready","status":"True"}],
    "addresses":[{"type":"InternalIP","address":"10.0.0.1"}],"nodeInfo":{"kubeletVersion":"v1.34.0","osImage":"Sim","kernelVersion":"6.1.0",
    "containerRuntimeVersion":"containerd://2.0.0"}}})"),
      R"(["n1","Ready,SchedulingDisabled","<none>","60m","v1.34.0","10.0.0.1","<none>","Sim","6.1.0","containerd://2.0.0"])");
}

TEST(Table, ShowsATerminatingPod) {
  EXPECT_EQ(
      cells(
          "Pod",
          R"({"metadata":{"name":"p","creationTimestamp":"2026-01-01T00:59:30Z","deletionTimestamp":"2026-01-01T01:00:30Z"},
    "spec":{"nodeName":"n1","containers":[{"name":"c"}]},
    "status":{"phase":"Running","podIP":"10.1.1.1","containerStatuses":[{"ready":true,"restartCount":2}]}})"),
      R"(["p","1/1","Terminating","2","30s","10.1.1.1","n1"])");
}

TEST(Table, ShowsBudgetsAndUnknownKinds) {
  EXPECT_EQ(cells("PodDisruptionBudget",
                  R"({"metadata":{"name":"b"},"spec":{"minAvailable":"80%"},"status":{"disruptionsAllowed":2}})"),
            R"(["b","80%","N/A","2","<unknown>"])");
  EXPECT_EQ(cells("Gizmo", R"({"metadata":{"name":"g"}})"), R"(["g","<unknown>"])");
}

TEST(Table, ShowsServicesAndEndpointSlicesAsTheServerDoes) {
  EXPECT_EQ(cells("Service", R"({"metadata":{"name":"web"},"spec":{"type":"ClusterIP","clusterIP":"10.96.0.7",
    "selector":{"app":"web"},"ports":[{"port":80,"protocol":"TCP"},{"port":443}]}})"),
            R"(["web","ClusterIP","10.96.0.7","<none>","80/TCP,443/TCP","<unknown>","app=web"])");
  EXPECT_EQ(cells("EndpointSlice", R"({"metadata":{"name":"web-1"},"addressType":"IPv4","ports":[{"port":8080}],
    "endpoints":[{"addresses":["10.1.0.1"]},{"addresses":["10.1.0.2"]},{"addresses":["10.1.0.3"]},
    {"addresses":["10.1.0.4"]},{"addresses":["10.1.0.5"]}]})"),
            R"(["web-1","IPv4","8080","10.1.0.1,10.1.0.2,10.1.0.3 + 2 more...","<unknown>"])");
  EXPECT_EQ(cells("EndpointSlice", R"({"metadata":{"name":"none"},"addressType":"IPv4"})"),
            R"(["none","IPv4","<unset>","<unset>","<unknown>"])");
}

TEST(Table, PrintsANamespacesPhase) {
  EXPECT_EQ(cells("Namespace", R"({"metadata":{"name":"shop"},"status":{"phase":"Active"}})"),
            R"(["shop","Active","<unknown>"])");
}

TEST(Table, LeavesColumnsOutWhenAsked) {
  const boost::json::value table = to_table("Pod", {}, boost::json::object{}, kNow, false);
  EXPECT_TRUE(table.at("columnDefinitions").is_null());
}

TEST(HumanAge, ReadsAsKubectlWritesIt) {
  EXPECT_EQ(human_age(45s), "45s");
  EXPECT_EQ(human_age(200s), "3m20s");
  EXPECT_EQ(human_age(57min), "57m");
  EXPECT_EQ(human_age(5h + 12min), "5h12m");
  EXPECT_EQ(human_age(51h), "2d3h");
  EXPECT_EQ(human_age(24h * 40), "40d");
  EXPECT_EQ(human_age(-5s), "0s");
}

}  // namespace
}  // namespace spotkeeper::sim::serve
