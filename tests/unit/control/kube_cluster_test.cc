// The agent's view of the cluster over a Kubernetes client, against a server that says what the test wrote down.
#include "control/kube_cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/signal.h"
#include "tests/unit/kube/fake_server.h"

namespace spotkeeper::control {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// What a FakeServer hands out, with streams that can be made to hang without ever timing out: as a reflector sees a
/// defect of ours.
class Hanging final : public net::HttpTransport {
 public:
  Hanging(net::Runtime& runtime, net::HttpTransport& inner) : never_(runtime), inner_(inner) {}
  bool hang = false;

  net::Task<Result<net::HttpResponse>> send(net::HttpRequest request, Duration limit) override {
    return inner_.send(std::move(request), limit);
  }
  net::Task<Result<std::unique_ptr<net::HttpStream>>> open(net::HttpRequest request, Duration limit) override {
    auto stream = co_await inner_.open(std::move(request), limit);
    if (!stream) co_return fail(std::move(stream).error());
    co_return std::make_unique<Stream>(*this, *std::move(stream));
  }

 private:
  class Stream final : public net::HttpStream {
   public:
    Stream(Hanging& of, std::unique_ptr<net::HttpStream> inner) : of_(of), inner_(std::move(inner)) {}
    [[nodiscard]] int status() const override { return inner_->status(); }
    [[nodiscard]] const net::HttpHeaders& headers() const override { return inner_->headers(); }
    net::Task<Result<std::string>> read(Duration idle) override {
      while (of_.hang) co_await of_.never_.wait();
      auto bytes = co_await inner_->read(idle);
      co_return bytes;
    }

   private:
    Hanging& of_;
    std::unique_ptr<net::HttpStream> inner_;
  };
  net::Signal never_;
  net::HttpTransport& inner_;
};

class KubeViews : public ::testing::Test {
 protected:
  KubeViews() {
    kube::Pipeline::Parts parts;
    parts.transport = &transport;
    parts.lease_transport = &transport;
    parts.credentials = &credentials;
    pipeline.emplace(runtime, parts, Random(1));
    client.emplace(*pipeline);
    events.emplace(runtime, *client, kube::EventSource{.controller = "c", .instance = "i", .cluster_scoped_in = {}},
                   Random(2));
    KubeCluster::Options options;
    options.reflector.watch_list = false;
    cluster.emplace(runtime, *client, *events, options);
  }
  /// One list, and a watch that says nothing for ever.
  void list(const std::string& kind, const std::string& items = "") {
    server.answer(200, R"({"kind":")" + kind +
                           R"(List","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[)" + items + "]}");
  }
  void silent_watch() {
    kube::Answer answer;
    answer.headers.set("Content-Type", "application/json");
    server.answers.push_back(std::move(answer));
  }

  testing::VirtualRuntime runtime;
  kube::FakeServer server{runtime};
  Hanging transport{runtime, server};
  kube::FakeCredentials credentials;
  std::optional<kube::Pipeline> pipeline;
  std::optional<kube::Client> client;
  std::optional<kube::EventRecorder> events;
  std::optional<KubeCluster> cluster;
};

TEST_F(KubeViews, AWatchThatHangsForEverIsStuckOnceItsWatchdogShouldHaveActed) {
  list("Node");
  silent_watch();
  const auto view = cluster->view_node(NodeName("n1"));
  runtime.advance(1s);
  ASSERT_TRUE(view->synced());
  transport.hang = true;
  silent_watch();  // opened after the first one's time-out
  runtime.advance(10min + 30s);
  EXPECT_THAT(view->stuck(runtime.steady()), IsEmpty());
  runtime.advance(2min);
  EXPECT_THAT(view->stuck(runtime.steady()), ElementsAre(HasSubstr("watch of nodes has not made a step")));
}

TEST_F(KubeViews, AServerThatAcceptsWatchesAndSaysNothingIsNotOurStandstill) {
  list("Node");
  for (int i = 0; i < 40; ++i) silent_watch();
  const auto view = cluster->view_node(NodeName("n1"));
  for (int i = 0; i < 120; ++i) {
    runtime.advance(1min);
    ASSERT_THAT(view->stuck(runtime.steady()), IsEmpty()) << i;
  }
}

TEST_F(KubeViews, AServerThatIsDownOrHangsOrRefusesIsNotOurStandstill) {
  for (const auto& mishap : {std::optional<ErrorCode>(ErrorCode::Unavailable), std::optional<ErrorCode>()}) {
    server.answers.clear();
    list("Node");
    silent_watch();
    const auto view = cluster->view_node(NodeName("n1"));
    runtime.advance(1s);
    ASSERT_TRUE(view->synced());
    if (mishap)
      for (int i = 0; i < 2000; ++i) server.fails(*mishap);  // else every request hangs until its time-out
    for (int i = 0; i < 120; ++i) {
      runtime.advance(1min);
      ASSERT_THAT(view->stuck(runtime.steady()), IsEmpty()) << i;
    }
  }
}

constexpr const char* kPodOnN1 =
    R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"web-1","namespace":"app","uid":"u-1"},)"
    R"("spec":{"nodeName":"n1","containers":[{"name":"c","image":"i"}]},"status":{"phase":"Running"}})";

TEST_F(KubeViews, AMissingListIsWaitedForTenSecondsAndThenTheViewIsSyncedButNotComplete) {
  // The node's own pods are listed; Nodes, and the namespace's pods and budgets, are not.
  list("Pod", kPodOnN1);
  const auto view = cluster->view_around(NodeName("n1"));
  for (int i = 0; i < 100; ++i) server.answer(403, R"({"kind":"Status","code":403,"reason":"Forbidden"})");
  runtime.advance(9s);
  EXPECT_FALSE(view->synced());
  runtime.advance(2s);
  EXPECT_TRUE(view->synced());
  EXPECT_FALSE(view->complete());
  EXPECT_EQ(view->snapshot().pods_on(NodeName("n1")).size(), 1U);
}

}  // namespace
}  // namespace spotkeeper::control
