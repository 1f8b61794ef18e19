#include "control/agent_health.h"

#include "net/signal.h"

#include "tests/unit/control/agent_fixture.h"

namespace spotkeeper::control {
namespace {

using ::spotkeeper::testing::AgentWorld;
using ::spotkeeper::testing::FakeImds;

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

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

/// A transport that answers until it is told to hang: then not even its own time-out comes.
class HangingImds final : public net::HttpTransport {
 public:
  HangingImds(net::Runtime& runtime, FakeImds& inner) : never_(runtime), inner_(inner) {}
  bool hang = false;
  net::Task<Result<net::HttpResponse>> send(net::HttpRequest request, Duration limit) override {
    while (hang) co_await never_.wait();
    auto answer = co_await inner_.send(std::move(request), limit);
    co_return answer;
  }
  net::Task<Result<std::unique_ptr<net::HttpStream>>> open(net::HttpRequest request, Duration limit) override {
    return inner_.open(std::move(request), limit);
  }

 private:
  net::Signal never_;
  FakeImds& inner_;
};

TEST_F(AgentHealth, APollThatNeverReturnsMakesItUnhealthy) {
  HangingImds service(runtime, imds);
  Agent hung({machine, cluster, service, metrics}, config);
  net::TaskGroup tasks(runtime);
  tasks.start(hung.run());
  runtime.advance(5s);
  EXPECT_THAT(agent_unhealthy(hung.status(), config, runtime.steady()), IsEmpty());
  service.hang = true;
  runtime.advance(25s);
  EXPECT_THAT(agent_unhealthy(hung.status(), config, runtime.steady()), IsEmpty());
  runtime.advance(10s);
  EXPECT_THAT(agent_unhealthy(hung.status(), config, runtime.steady()),
              ElementsAre(HasSubstr("metadata service has not been asked")));
  tasks.cancel_all();
}

TEST_F(AgentHealth, AMainLoopThatHasEndedMakesItUnhealthy) {
  start();
  runtime.advance(5s);
  agent->stop();
  runtime.advance(40s);
  ASSERT_TRUE(ended);
  EXPECT_THAT(agent_unhealthy(agent->status(), config, runtime.steady()), Contains(HasSubstr("main loop")));
}

TEST_F(AgentHealth, AWatchThatIsStuckMakesItUnhealthy) {
  start();
  runtime.advance(5s);
  cluster.stuck = {"the watch of nodes has not made a step for 7m0s"};
  EXPECT_THAT(agent_unhealthy(agent->status(), config, runtime.steady()), ElementsAre(HasSubstr("watch of nodes")));
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
