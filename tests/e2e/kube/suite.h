// What the tests of the client against a server share. The server is the one of $KUBECONFIG; each test works in a
// namespace of its own, so that tests neither see each other nor need an empty server.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "format/json.h"
#include "kube/client.h"
#include "kube/connection.h"
#include "net/event_loop.h"

namespace spotkeeper::kube {

using format::JsonArray;
using format::JsonObject;
using format::JsonValue;

class Suite : public ::testing::Test {
 public:
  net::EventLoop loop;
  ClientConfig config;
  std::unique_ptr<Connection> connection;
  NamespaceName ns;

  Suite();
  [[nodiscard]] Client& client() { return connection->client(); }
  /// Another client with a changed configuration.
  std::unique_ptr<Connection> connect_as(const std::function<void(ClientConfig&)>& change,
                                         const ConnectOptions& options = {});

  template <class T>
  T await(net::Task<T> task) {
    return loop.run_until(std::move(task));
  }
  /// The value, or a failed test and a default value.
  template <class T>
  T value_of(net::Task<Result<T>> task) {
    auto result = await(std::move(task));
    EXPECT_TRUE(result) << result.error().message;
    return result ? std::move(*result) : T{};
  }
  /// Turns the loop until `done`, at most 30 s; whether it came true.
  bool turn_until(const std::function<bool()>& done);

  // ---- Objects ----------------------------------------------------------------------------------------------------

  struct PodSpec {
    std::string node;
    std::int64_t grace = 30;
    std::string app = "web";
    bool ready = true;       // status Running and Ready; else it stays Pending
    bool with_owner = true;  // a ReplicaSet that does not exist
  };
  PodRef make_pod(const std::string& name, const PodSpec& spec, const NamespaceName& in);
  PodRef make_pod(const std::string& name, const PodSpec& spec) { return make_pod(name, spec, ns); }
  PodRef make_pod(const std::string& name) { return make_pod(name, PodSpec()); }
  /// A budget over app=`app` whose status allows `allowed` disruptions.
  void make_budget(const std::string& name, const std::string& app, int allowed, const NamespaceName& in);
  void make_budget(const std::string& name, const std::string& app, int allowed) {
    make_budget(name, app, allowed, ns);
  }
  NodeName make_node(const std::string& name);
  NamespaceName make_namespace(const std::string& name);
  /// What the kubelet does when the containers have ended.
  void finish(const PodRef& pod);
  [[nodiscard]] std::string unique(const std::string& name) const { return name + "-" + suffix_; }
  [[nodiscard]] JsonValue pod_document(const std::string& name, const PodSpec& spec, const NamespaceName& in) const;

 private:
  std::string suffix_;
};

}  // namespace spotkeeper::kube
