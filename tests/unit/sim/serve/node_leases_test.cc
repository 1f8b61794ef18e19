#include "sim/serve/node_leases.h"

#include <gtest/gtest.h>

#include <string>

namespace spotkeeper::sim::serve {
namespace {

const ObjectName kLease{NamespaceName("kube-node-lease"), "a"};

WorldConfig config() {
  WorldConfig config;
  config.start = *parse_rfc3339("2026-01-01T00:00:00Z");
  return config;
}

NodeSpec node_a() {
  NodeSpec node;
  node.name = "a";
  node.zone = "us-east-1a";
  return node;
}

TEST(NodeLeases, AreRenewedByTheKubeletOfALivingMachine) {
  World world(config());
  world.add_node(node_a());
  NodeLeases leases(world);
  leases.renew();
  const auto* lease = world.store().get<LeaseObject>(kLease);
  ASSERT_NE(lease, nullptr);
  EXPECT_EQ(lease->holder, "a");
  EXPECT_EQ(lease->duration_seconds, 40);
  const Uid uid = lease->meta.uid;
  const Instant first = *lease->renewed;
  world.advance_to(first + NodeLeases::kEvery - 1ms);
  leases.renew();
  EXPECT_EQ(world.store().get<LeaseObject>(kLease)->renewed, first);
  world.advance_to(first + NodeLeases::kEvery);
  leases.renew();
  EXPECT_EQ(world.store().get<LeaseObject>(kLease)->renewed, first + NodeLeases::kEvery);
  EXPECT_EQ(world.store().get<LeaseObject>(kLease)->meta.uid, uid);
}

TEST(NodeLeases, EndWithTheMachineAndThenWithTheNode) {
  World world(config());
  world.add_node(node_a());
  NodeLeases leases(world);
  leases.renew();
  const Instant last = *world.store().get<LeaseObject>(kLease)->renewed;
  world.kill_machine(NodeName("a"));
  world.advance_to(last + 20s);
  leases.renew();
  ASSERT_NE(world.store().get<LeaseObject>(kLease), nullptr);
  EXPECT_EQ(world.store().get<LeaseObject>(kLease)->renewed, last);
  world.advance_to(last + 2min);  // by then the cloud controller has removed the Node
  leases.renew();
  EXPECT_EQ(world.store().get<LeaseObject>(kLease), nullptr);
}

}  // namespace
}  // namespace spotkeeper::sim::serve
