// An API server that says what the test wrote down, in virtual time.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kube/credentials.h"
#include "kube/pipeline.h"
#include "net/http.h"
#include "tests/unit/support/virtual_runtime.h"

namespace spotkeeper::kube {

/// One thing that comes over a stream, `after` the one before.
struct Step {
  std::string bytes;  // empty: the end of the body
  Duration after{};
  bool cut = false;  // the connection breaks instead
};

/// One answer. As a stream its body is the first step; with neither end nor cut among the steps it hangs after the
/// last.
struct Answer {
  int status = 200;
  std::string body;
  net::HttpHeaders headers;
  std::vector<Step> steps;
  Duration after{};            // until the head comes
  std::optional<Error> error;  // instead of an answer
};

class FakeServer final : public net::HttpTransport {
 public:
  explicit FakeServer(testing::VirtualRuntime& runtime) : runtime_(runtime) {}

  std::deque<Answer> answers;  // in order; without one a request hangs
  std::vector<net::HttpRequest> requests;
  std::vector<Steady> times;
  int under_way = 0;
  int most_under_way = 0;

  net::Task<Result<net::HttpResponse>> send(net::HttpRequest request, Duration limit) override {
    Answer answer = take(std::move(request));
    const struct Counted {
      FakeServer* server;
      explicit Counted(FakeServer* of) : server(of) {
        server->most_under_way = std::max(server->most_under_way, ++server->under_way);
      }
      Counted(const Counted&) = delete;
      Counted& operator=(const Counted&) = delete;
      ~Counted() { --server->under_way; }
    } counted(this);
    co_await net::sleep_for(runtime_, std::min(answer.after, limit));
    if (answer.after >= limit) co_return fail(ErrorCode::Timeout, "no answer in time");
    if (answer.error) co_return fail(*answer.error);
    co_return net::HttpResponse{answer.status, answer.headers, answer.body};
  }

  net::Task<Result<std::unique_ptr<net::HttpStream>>> open(net::HttpRequest request, Duration limit) override {
    Answer answer = take(std::move(request));
    co_await net::sleep_for(runtime_, std::min(answer.after, limit));
    if (answer.after >= limit) co_return fail(ErrorCode::Timeout, "no answer in time");
    if (answer.error) co_return fail(*answer.error);
    if (!answer.body.empty()) answer.steps.insert(answer.steps.begin(), Step{answer.body, {}, false});
    co_return std::make_unique<Stream>(runtime_, std::move(answer));
  }

  void answer(int status, std::string body = "{}", net::HttpHeaders headers = {}) {
    Answer next;
    next.status = status;
    next.body = std::move(body);
    next.headers = std::move(headers);
    answers.push_back(std::move(next));
  }
  void fails(ErrorCode code) {
    Answer next;
    next.error = Error{code, "scripted"};
    answers.push_back(std::move(next));
  }
  void stream(std::vector<Step> steps, net::HttpHeaders headers = {}) {
    Answer next;
    next.headers = std::move(headers);
    next.steps = std::move(steps);
    answers.push_back(std::move(next));
  }
  [[nodiscard]] std::string header(std::size_t request, std::string_view name) const {
    return std::string(requests.at(request).headers.find(name).value_or(""));
  }

 private:
  class Stream final : public net::HttpStream {
   public:
    Stream(testing::VirtualRuntime& runtime, Answer answer) : runtime_(runtime), answer_(std::move(answer)) {}
    [[nodiscard]] int status() const override { return answer_.status; }
    [[nodiscard]] const net::HttpHeaders& headers() const override { return answer_.headers; }
    net::Task<Result<std::string>> read(Duration idle) override {
      const bool more = next_ < answer_.steps.size();
      if (!more && answer_.status != 200) co_return std::string();  // refusals are short
      const Duration wait = more ? answer_.steps[next_].after : idle;
      co_await net::sleep_for(runtime_, std::min(wait, idle));
      if (!more || wait > idle) co_return fail(ErrorCode::Timeout, "no byte");
      Step& step = answer_.steps[next_++];
      if (step.cut) co_return fail(ErrorCode::Unavailable, "cut");
      co_return std::move(step.bytes);
    }

   private:
    testing::VirtualRuntime& runtime_;
    Answer answer_;
    std::size_t next_ = 0;
  };

  Answer take(net::HttpRequest request) {
    requests.push_back(std::move(request));
    times.push_back(runtime_.steady());
    if (answers.empty()) {
      Answer never;
      never.after = 24h * 365;
      return never;
    }
    Answer next = std::move(answers.front());
    answers.pop_front();
    return next;
  }

  testing::VirtualRuntime& runtime_;
};

class FakeCredentials final : public CredentialSource {
 public:
  std::uint64_t generation = 1;
  bool renewable = true;
  net::Task<Result<Credentials>> current() override {
    Credentials out;
    out.generation = generation;
    out.headers.set("Authorization", "Bearer token-" + std::to_string(generation));
    co_return out;
  }
  bool refused(std::uint64_t of) override {
    if (of == generation) ++generation;
    return renewable;
  }
};

/// A pipeline to a FakeServer.
struct FakeApi {
  testing::VirtualRuntime runtime;
  FakeServer server{runtime};
  FakeServer leases{runtime};
  FakeCredentials credentials;
  Pipeline pipeline{runtime, parts(), Random(1)};

 private:
  Pipeline::Parts parts() {
    Pipeline::Parts out;
    out.transport = &server;
    out.lease_transport = &leases;
    out.credentials = &credentials;
    return out;
  }
};

}  // namespace spotkeeper::kube
