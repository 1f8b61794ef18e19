#include "sim/serve/resources.h"

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

namespace spotkeeper::sim::serve {
namespace {

TEST(ResourcePath, NamesCollectionsObjectsAndSubresources) {
  const auto scale = parse_resource_path("/apis/apps/v1/namespaces/shop/deployments/web/scale");
  ASSERT_TRUE(scale);
  EXPECT_EQ(scale->resource->kind, "Deployment");
  EXPECT_EQ(scale->ns, "shop");
  EXPECT_EQ(scale->name, "web");
  EXPECT_EQ(scale->subresource, "scale");

  const auto nodes = parse_resource_path("/api/v1/nodes");
  ASSERT_TRUE(nodes);
  EXPECT_EQ(nodes->resource->plural, "nodes");
  EXPECT_TRUE(nodes->name.empty());
}

TEST(ResourcePath, TellsANamespaceFromWhatIsInIt) {
  EXPECT_EQ(parse_resource_path("/api/v1/namespaces")->resource->kind, "Namespace");
  EXPECT_EQ(parse_resource_path("/api/v1/namespaces/shop")->name, "shop");
  EXPECT_EQ(parse_resource_path("/api/v1/namespaces/shop/pods")->resource->kind, "Pod");
}

TEST(ResourcePath, RefusesWhatIsNotServed) {
  for (const char* path : {"", "/", "/api", "/api/v1", "/api/v2/pods", "/apis/apps/v1/pods", "/api/v1/gizmos",
                           "/api/v1/namespaces/shop/nodes", "/api/v1/nodes/a/b/c", "/metrics", "/apis//v1/pods"})
    EXPECT_FALSE(parse_resource_path(path)) << path;
}

TEST(Discovery, NamesEveryGroupOnceAndItsResources) {
  const std::string groups = boost::json::serialize(*discovery_document("/apis"));
  EXPECT_NE(groups.find("\"policy/v1\""), std::string::npos);
  EXPECT_EQ(groups.find("\"name\":\"apps\""), groups.rfind("\"name\":\"apps\""));
  const std::string core = boost::json::serialize(*discovery_document("/api/v1"));
  EXPECT_NE(core.find("pods/eviction"), std::string::npos);
  EXPECT_EQ(core.find("deployments"), std::string::npos);
  EXPECT_TRUE(discovery_document("/apis/apps"));
  EXPECT_FALSE(discovery_document("/apis/batch"));
  EXPECT_FALSE(discovery_document("/apis/apps/v2"));
}

TEST(Discovery, SaysWhatGetAllAsksFor) {
  const std::string core = boost::json::serialize(*discovery_document("/api/v1"));
  const std::string apps = boost::json::serialize(*discovery_document("/apis/apps/v1"));
  const std::string all = R"("categories":["all"])";
  const auto count = [&](const std::string& text) {
    std::size_t found = 0;
    for (std::size_t at = text.find(all); at != std::string::npos; at = text.find(all, at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count(core), 2U);  // pods and services
  EXPECT_EQ(count(apps), 4U);  // deployments, replica sets, stateful sets, daemon sets
}

}  // namespace
}  // namespace spotkeeper::sim::serve
