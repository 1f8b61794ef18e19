#include "control/agent_health.h"

#include "tests/unit/control/agent_fixture.h"

namespace spotkeeper::control {
namespace {

using ::spotkeeper::testing::AgentWorld;
using ::spotkeeper::testing::FakeImds;

using AgentHealth = AgentWorld;

TEST_F(AgentHealth, IsReadyOnceItSeesItsNodeAndTheMetadataService) {
  start();
  EXPECT_EQ(agent_unready(agent->status()).size(), 2U);
  runtime.advance(5s);
  EXPECT_TRUE(agent_unready(agent->status()).empty());
}

TEST_F(AgentHealth, NoErrorOfTheMetadataServiceMakesItUnhealthyHoweverLong) {
  for (const FakeImds::Reply& bad :
       {FakeImds::Reply{503, ""}, FakeImds::Reply{401, ""}, FakeImds::Reply{404, ""},
        FakeImds::Reply{0, "", ErrorCode::Unavailable}, FakeImds::Reply{200, "", std::nullopt, 10s}}) {
    kill();
    imds.hook = [bad](const net::HttpRequest&) { return bad; };
    start();
    for (int i = 0; i < 360; ++i) {
      runtime.advance(10s);
      ASSERT_TRUE(agent_unhealthy(agent->status(), config, runtime.steady()).empty()) << bad.status << " " << i;
    }
  }
}

TEST_F(AgentHealth, APollThatNeverReturnsMakesItUnhealthy) {
  start();
  runtime.advance(5s);
  config.metadata.client.timeout = 1s;
  AgentStatus status = agent->status();
  status.last_poll = runtime.steady() - 31s;
  EXPECT_EQ(agent_unhealthy(status, config, runtime.steady()).size(), 1U);
  status.last_look = runtime.steady() - 31s;
  EXPECT_EQ(agent_unhealthy(status, config, runtime.steady()).size(), 2U);
}

TEST_F(AgentHealth, KeepsTurningThroughAnOutageOfTheApiServer) {
  cluster.patch_hook = [](const NodeChange&) -> std::optional<Error> { return Error{ErrorCode::Unavailable, "down"}; };
  cluster.get_hook = []() -> std::optional<Error> { return Error{ErrorCode::Unavailable, "down"}; };
  start();
  runtime.advance(2s);
  spot_notice();
  for (int i = 0; i < 60; ++i) {
    runtime.advance(10s);
    ASSERT_TRUE(agent_unhealthy(agent->status(), config, runtime.steady()).empty()) << i;
  }
}

}  // namespace
}  // namespace spotkeeper::control
