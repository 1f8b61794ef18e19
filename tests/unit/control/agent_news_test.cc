// What people are told, and when.
#include <string>
#include <vector>

#include "observe/notify.h"
#include "tests/unit/control/agent_fixture.h"

namespace spotkeeper::control {
namespace {

using observe::Moment;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FakeMessenger final : public Messenger {
 public:
  explicit FakeMessenger(net::Runtime& runtime) : runtime_(runtime) {}
  void tell(const observe::Notification& news) override {
    if (news.moment != Moment::Ended) told.push_back(news);  // that is for NTH's webhook alone
  }
  net::Task<void> flush(Duration limit) override {
    flushed_within = limit;
    co_await net::sleep_for(runtime_, std::min(limit, takes));
  }
  [[nodiscard]] std::vector<Moment> moments() const {
    std::vector<Moment> all;
    all.reserve(told.size());
    for (const auto& news : told) all.push_back(news.moment);
    return all;
  }

  std::vector<observe::Notification> told;
  std::optional<Duration> flushed_within;
  Duration takes{};

 private:
  net::Runtime& runtime_;
};

class AgentNews : public ::spotkeeper::testing::AgentWorld {
 protected:
  AgentNews() { messenger = &people; }
  FakeMessenger people{runtime};
};

TEST_F(AgentNews, SaysNothingWhileNothingIsWrong) {
  cluster.add_pod("web-1", "n1", "web");
  start();
  runtime.advance(1h);
  EXPECT_THAT(people.told, IsEmpty());
}

TEST_F(AgentNews, TellsTheNoticeAndThatTheNodeIsDrained) {
  cluster.add_pod("web-1", "n1", "web");
  cluster.edit_node("n1", [](Node& node) {
    node.provider_id = "aws:///use1-az1/i-1";
    node.labels.set("team", "web");
  });
  start();
  runtime.advance(2s);
  spot_notice();
  const Instant dies = runtime.now() + 120s;
  runtime.advance(20s);
  ASSERT_THAT(people.moments(), ElementsAre(Moment::Notice, Moment::Done));
  const observe::Notification& notice = people.told[0];
  EXPECT_EQ(notice.key, people.told[1].key);
  EXPECT_THAT(notice.key, HasSubstr("n1"));
  EXPECT_THAT(notice.what, HasSubstr("its machine is about to end: terminate in 1"));
  EXPECT_EQ(notice.deadline, dies);
  EXPECT_EQ(notice.event.node_name, "n1");
  EXPECT_EQ(notice.event.kind, "SPOT_ITN");
  EXPECT_EQ(notice.event.provider_id, "aws:///use1-az1/i-1");
  EXPECT_EQ(notice.event.node_labels.at("team"), "web");
  EXPECT_EQ(people.told[1].what, "it is drained");
  EXPECT_THAT(people.told[1].event.pods, ElementsAre("app/web-1"));
}

TEST_F(AgentNews, TellsOfAPodThatCantHaveItsGraceWhileThereIsTime) {
  cluster.add_pod("slow-1", "n1", "slow", 300s);
  cluster.pods_end_after.reset();
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(10s);
  ASSERT_THAT(people.moments(), ElementsAre(Moment::Notice, Moment::Trouble));
  EXPECT_THAT(people.told[1].what, HasSubstr("pod app/slow-1 can't have its grace period of 5m"));
}

TEST_F(AgentNews, TellsOfADrainThatIsNotFinishedAtItsEnd) {
  cluster.add_pod("web-1", "n1", "web", 30s);
  cluster.pods_end_after.reset();
  config.notices.lifecycle = 60s;
  start();
  runtime.advance(2s);
  imds.put(::spotkeeper::testing::FakeImds::kLifecycle, "Terminated");
  cluster.evict_hook = [](const PodRef&) -> std::optional<kube::EvictAnswer> {
    return kube::EvictAnswer{kube::EvictOutcome::Forbidden, "no", std::nullopt};
  };
  cluster.delete_hook = [](const PodRef&) -> std::optional<Result<kube::DeleteOutcome>> {
    return Result<kube::DeleteOutcome>(fail(ErrorCode::Forbidden, "no"));
  };
  runtime.advance(50s);
  EXPECT_THAT(people.moments(), ElementsAre(Moment::Notice));
  runtime.advance(12s);
  ASSERT_GE(people.told.size(), 2U);
  EXPECT_EQ(people.told[1].moment, Moment::Trouble);
  EXPECT_THAT(people.told[1].what, HasSubstr("its time is over; pods still on it: 1"));
}

TEST_F(AgentNews, TellsANoticeForWhichTheNodeCantBeMarkedAllTheSame) {
  cluster.patch_hook = [](const NodeChange&) -> std::optional<Error> {
    return Error{ErrorCode::Unavailable, "the API server is away"};
  };
  cluster.add_pod("web-1", "n1", "web");
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(4s);
  EXPECT_THAT(people.told, IsEmpty());
  runtime.advance(3s);
  ASSERT_FALSE(people.told.empty());
  EXPECT_EQ(people.told[0].moment, Moment::Notice);
}

TEST_F(AgentNews, TellsNothingAgainAfterAKillInMidDrain) {
  cluster.add_pod("web-1", "n1", "web");
  cluster.add_budget("strict", "web", 0);
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(20s);
  ASSERT_THAT(people.moments(), ElementsAre(Moment::Notice));
  kill();
  people.told.clear();
  start();
  runtime.advance(15s);
  EXPECT_THAT(people.told, IsEmpty());
  runtime.advance(100s);
  EXPECT_THAT(people.moments(), ElementsAre(Moment::Done));
}

TEST_F(AgentNews, TellsThatARecommendationWasFollowedByNothing) {
  start();
  runtime.advance(2s);
  imds.rebalance(runtime.now());
  runtime.advance(11min);
  ASSERT_THAT(people.moments(), ElementsAre(Moment::Notice, Moment::Done));
  EXPECT_EQ(people.told[0].event.kind, "REBALANCE_RECOMMENDATION");
  EXPECT_THAT(people.told[1].what, HasSubstr("the notice is over: "));
  EXPECT_EQ(people.told[1].key, people.told[0].key);
}

TEST_F(AgentNews, ANoticeThatTakesAnothersPlaceEndsIt) {
  start();
  runtime.advance(2s);
  imds.rebalance(runtime.now());
  runtime.advance(30s);
  spot_notice();
  runtime.advance(10s);
  ASSERT_THAT(people.moments(), ElementsAre(Moment::Notice, Moment::Done, Moment::Notice, Moment::Done));
  EXPECT_EQ(people.told[1].key, people.told[0].key);
  EXPECT_EQ(people.told[2].event.kind, "SPOT_ITN");
  EXPECT_EQ(people.told[3].what, "there was nothing to move");
}

TEST_F(AgentNews, AMessengerThatHangsHoldsUpTheEndNoLongerThanTheGraceAllows) {
  people.takes = 1h;
  config.own_grace = 12s;
  start();
  runtime.advance(2s);
  agent->stop();
  ASSERT_TRUE(runtime.run_until([&] { return ended; }, 30s));
  ASSERT_TRUE(people.flushed_within);
  EXPECT_LE(*people.flushed_within, 12s);
  EXPECT_GE(*people.flushed_within, 11s);
}

TEST_F(AgentNews, AnEndInMidDrainIsTrouble) {
  cluster.add_pod("web-1", "n1", "web");
  cluster.add_budget("strict", "web", 0);
  config.own_grace = 10s;
  start();
  runtime.advance(2s);
  spot_notice();
  runtime.advance(10s);
  agent->stop();
  ASSERT_TRUE(runtime.run_until([&] { return ended; }, 30s));
  ASSERT_THAT(people.moments(), ElementsAre(Moment::Notice, Moment::Trouble));
  EXPECT_THAT(people.told[1].what, HasSubstr("the agent ends before its drain; pods left: 1"));
  EXPECT_EQ(people.flushed_within, 1s);
}

}  // namespace
}  // namespace spotkeeper::control
