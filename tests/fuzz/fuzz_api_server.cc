// Links: spotkeeper_sim
// The served world's API server and its store port under any sequence of requests: every one is answered, what a
// refused request or a dry run asked for has not happened, and watches end or go on in words that can be read.
//
// Requests are separated by lines of one '%'. The first line of one is "METHOD TARGET [TYPE]", where TYPE stands for a
// content type: m, s, j (merge, strategic, JSON patch), p (protobuf), else JSON; the rest is its body. A target below
// /v3/ goes to the store port.
#include <string>
#include <variant>
#include <vector>

#include "base/text.h"
#include "sim/serve/api_server.h"
#include "sim/serve/store_port.h"
#include "tests/fuzz/fuzz_input.h"

using namespace spotkeeper;              // NOLINT(google-build-using-namespace)
using namespace spotkeeper::sim;         // NOLINT(google-build-using-namespace)
using namespace spotkeeper::sim::serve;  // NOLINT(google-build-using-namespace)
using fuzz::require;

namespace {

constexpr std::size_t kMostRequests = 12;
constexpr std::int32_t kMostReplicas = 20;  // more only costs time

constexpr std::string_view kDeployment = R"({"metadata":{"name":"web"},"spec":{"replicas":2,
  "selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},
  "spec":{"containers":[{"name":"c","image":"i"}]}}}})";

std::string content_type(std::string_view letter) {
  if (letter == "m") return "application/merge-patch+json";
  if (letter == "s") return "application/strategic-merge-patch+json";
  if (letter == "j") return "application/json-patch+json";
  if (letter == "p") return "application/vnd.kubernetes.protobuf";
  return "application/json";
}

net::HttpRequest request_of(std::string_view text) {
  const auto lines = split_once(text, '\n');
  const auto words = split(lines ? lines->first : text, ' ');
  net::HttpRequest request;
  request.method = words[0];
  request.target = words.size() > 1 ? std::string(words[1]) : "/";
  request.body = lines ? lines->second : std::string_view();
  const std::string type = content_type(words.size() > 2 ? words[2] : "");
  request.headers.set("Content-Type", type);
  request.headers.set("Accept", type.ends_with("json") ? "application/json" : type);
  return request;
}

std::vector<std::string_view> requests_in(std::string_view text) {
  std::vector<std::string_view> out;
  while (out.size() < kMostRequests && !text.empty()) {
    const std::size_t end = text.find("\n%\n");
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 3);
  }
  return out;
}

void check_answer(const net::HttpResponse& answer) {
  require(answer.status >= 200 && answer.status < 500);
  const std::string_view type = answer.headers.find("Content-Type").value_or("");
  if (type != "application/json") return;
  const auto body = format::parse_json(answer.body);
  require(body.has_value());
  if (answer.status < 400) return;
  const auto code = format::JsonField(*body)["code"].as<int>();
  require(code.has_value());
}

class Server {
 public:
  Server() : world_(WorldConfig{}), api_(world_, "") {
    world_.add_namespace("shop");
    NodeSpec node;
    node.name = "n1";
    world_.add_node(node);
    net::HttpRequest made{"POST", "/apis/apps/v1/namespaces/shop/deployments", {}, std::string(kDeployment)};
    require(std::get<net::HttpResponse>(api_.handle(made)).status == 201);
    pass(5s);
  }

  void ask(const net::HttpRequest& request) {
    if (request.target.starts_with("/v3/")) return check_store_port(answer_store(world_.store(), request));
    const std::uint64_t before = world_.store().version();
    auto reply = api_.handle(request);
    if (auto* watch = std::get_if<WatchReply>(&reply)) {
      require(request.method == "GET" && world_.store().version() == before);
      sessions_.push_back(std::move(watch->session));
      return;
    }
    const auto& answer = std::get<net::HttpResponse>(reply);
    check_answer(answer);
    const bool eviction = request.target.find("/eviction") != std::string::npos;  // may have charged a budget
    const auto query = parse_query(request.target);
    const bool dry = query && query->dry_run;
    if (request.method == "GET" || ((answer.status >= 400 || dry) && !eviction))
      require(world_.store().version() == before);
  }

  /// False: the world has become larger than is worth the time.
  bool small() {
    std::int64_t replicas = 0;
    for (const auto& [name, object] : world_.store().all(Kind::Deployment))
      replicas += std::get<DeploymentObject>(*object).replicas;
    return replicas <= kMostReplicas;
  }

  void pass(Duration time) {
    world_.advance_to(world_.now() + time);
    for (auto& session : sessions_)
      if (!session->ended()) (void)session->poll(world_.now());
  }

 private:
  static void check_store_port(const net::HttpResponse& answer) {
    require(answer.status >= 200 && answer.status < 500 && format::parse_json(answer.body).has_value());
  }

  World world_;
  ApiServer api_;
  std::vector<std::unique_ptr<WatchSession>> sessions_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Server server;
  for (const std::string_view text : requests_in(fuzz::text_of(data, size))) {
    server.ask(request_of(text));
    if (!server.small()) return 0;
    server.pass(700ms);
  }
  return 0;
}
