#include "control/agent.h"

#include <utility>

#include "net/signal.h"

namespace spotkeeper::control {

class Agent::Impl {
 public:
  Impl(AgentPorts ports, AgentConfig config) : ports_(ports), config_(std::move(config)), changed_(ports.runtime) {}

  net::Task<void> run() {
    while (!stopping_) co_await changed_.wait();
    status_.phase = AgentStatus::Phase::Stopped;
  }
  void stop() {
    stopping_ = true;
    changed_.notify();
  }
  [[nodiscard]] const AgentStatus& status() const { return status_; }

 private:
  AgentPorts ports_;
  AgentConfig config_;
  net::Signal changed_;
  AgentStatus status_;
  bool stopping_ = false;
};

Agent::Agent(AgentPorts ports, AgentConfig config) : impl_(std::make_unique<Impl>(ports, std::move(config))) {}
Agent::~Agent() = default;
net::Task<void> Agent::run() { return impl_->run(); }
void Agent::stop() { impl_->stop(); }
AgentStatus Agent::status() const { return impl_->status(); }

}  // namespace spotkeeper::control
