// `spotkeeper plan --kubeconfig`: a simulated cluster that another process serves over TLS, and what is said of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>

#include "format/json.h"
#include "run_program.h"
#include "sim/serve/served_world.h"

namespace spotkeeper::cli {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

sim::NewWorkload deployment(const std::string& name, std::int32_t replicas, std::int64_t milli_cpu) {
  sim::NewWorkload made;
  made.name = {NamespaceName("shop"), name};
  made.replicas = replicas;
  PodTemplate spec;
  spec.requests = Resources{.cpu = {milli_cpu}, .memory = {256LL << 20}, .other = {}};
  made.blueprint.spec = std::make_shared<const PodTemplate>(std::move(spec));
  made.blueprint.labels = std::make_shared<const Labels>(Labels{{"app", name}});
  made.blueprint.behaviour = std::make_shared<const sim::Behaviour>();
  return made;
}

/// Two m5.large on which three pods of web run; two of big have no room there.
void fill(sim::World& world) {
  world.add_namespace("shop");
  for (const char* const name : {"n1", "n2"}) {
    sim::NodeSpec node;
    node.name = name;
    world.add_node(node);
  }
  ASSERT_TRUE(world.create_deployment(deployment("web", 3, 500)));
  ASSERT_TRUE(world.create_deployment(deployment("big", 2, 3000)));
  world.advance_to(world.now() + 1min);
}

/// Until it is killed. `ready` hears when the cluster can be asked.
void serve(const std::string& directory, int ready) {
  net::EventLoop loop;
  sim::WorldConfig config;
  config.start = loop.now() - 1min;
  sim::World world(config);
  fill(world);
  const auto served = sim::serve::ServedWorld::start(loop, world, directory);
  if (!served || write(ready, "!", 1) != 1) return;
  for (;;) loop.run();
}

class PlanOfALiveCluster : public testing::Test {
 public:
  ~PlanOfALiveCluster() override {
    if (server_ > 0) {
      kill(server_, SIGKILL);
      waitpid(server_, nullptr, 0);
    }
    std::filesystem::remove_all(directory_);
  }

 protected:
  PlanOfALiveCluster() {
    std::filesystem::create_directories(directory_);
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe(ends.data()), 0);
    server_ = fork();
    if (server_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      serve(directory_, ends[1]);
      _exit(1);
    }
    close(ends[1]);
    char byte = 0;
    EXPECT_EQ(read(ends[0], &byte, 1), 1) << "the cluster is not served";
    close(ends[0]);
  }
  [[nodiscard]] Outcome plan(std::vector<std::string> more) const {
    std::vector<std::string> arguments = {"plan", "--kubeconfig", directory_ + "/kubeconfig", "--steps", "0",
                                          "-o",   "json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_with(std::move(arguments));
  }
  [[nodiscard]] std::string pool_file() const {
    const std::string path = directory_ + "/pool.yaml";
    std::ofstream(path)
        << "apiVersion: karpenter.sh/v1\nkind: NodePool\nmetadata: {name: any}\nspec: {template: {spec: "
           "{requirements: [{key: topology.kubernetes.io/zone, operator: In, values: [us-east-1a]}]}}}\n";
    return path;
  }

 private:
  std::string directory_ = testing::TempDir() + "/plan_of_a_live_cluster";
  pid_t server_ = -1;
};

std::vector<std::string> texts(const format::JsonValue& list) {
  std::vector<std::string> out;
  for (const auto& each : list.as_array()) out.emplace_back(each.as_string());
  return out;
}

TEST_F(PlanOfALiveCluster, BuysForThePodsThatHaveNoNodeThereAndForNobodyElse) {
  const Outcome outcome = plan({"-f", pool_file()});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const auto document = format::parse_json(outcome.out).value();
  std::vector<std::string> bought_for;
  for (const auto& node : document.at("nodes").as_array())
    for (std::string& pod : texts(node.at("pods"))) bought_for.push_back(std::move(pod));
  EXPECT_THAT(bought_for, AllOf(SizeIs(2), Each(StartsWith("shop/big-"))));
  EXPECT_THAT(document.at("existing").as_array(), IsEmpty());
  EXPECT_THAT(document.at("unplaced").as_array(), IsEmpty());
}

TEST_F(PlanOfALiveCluster, SaysWhatTheClusterHasNotAndGoesOn) {
  const Outcome outcome = plan({});
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  const auto document = format::parse_json(outcome.out).value();
  EXPECT_THAT(document.at("unplaced").as_array(), SizeIs(2));
  EXPECT_THAT(texts(document.at("remarks")),
              Contains(HasSubstr("nodepools could not be read (it has none): machines are bought for the NodePools of "
                                 "the files alone")));
}

}  // namespace
}  // namespace spotkeeper::cli
