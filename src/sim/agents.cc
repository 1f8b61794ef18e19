#include "sim/agents.h"

#include <utility>

#include "control/agent.h"
#include "net/task_group.h"
#include "sim/metadata_port.h"

namespace spotkeeper::sim {
namespace {

/// A machine whose clock is wrong by a constant.
class SkewedRuntime final : public net::Runtime {
 public:
  SkewedRuntime(net::Runtime& inner, Duration ahead) : inner_(inner), ahead_(ahead) {}
  [[nodiscard]] Instant now() const override { return inner_.now() + ahead_; }
  [[nodiscard]] Steady steady() const override { return inner_.steady(); }
  CallId post(std::function<void()> what) override { return inner_.post(std::move(what)); }
  CallId call_at(Steady when, std::function<void()> what) override { return inner_.call_at(when, std::move(what)); }
  void cancel(CallId call) override { inner_.cancel(call); }

 private:
  net::Runtime& inner_;
  Duration ahead_;
};

control::AgentConfig config_of(const NodeName& node, const Scenario& scenario, std::uint64_t seed) {
  control::AgentConfig config;
  config.node = node;
  config.seed = seed;
  config.metadata.seed = seed;
  config.drain.grace_may_yield = scenario.grace_may_yield;
  config.acknowledge_within = 0s;  // there is no controller in this world
  return config;
}

}  // namespace

class Agents::Process {
 public:
  Process(net::Runtime& runtime, MetricsRegistry& metrics, World& world, const NodeName& node, Duration ahead,
          const Scenario& scenario, std::uint64_t seed, Boundary boundary)
      : runtime_(runtime, ahead),
        metadata_(runtime_, world, node),
        cluster_(runtime_, world, node, std::move(boundary)),
        agent_({runtime_, cluster_, metadata_, metrics}, config_of(node, scenario, seed)),
        tasks_(runtime_) {
    tasks_.start(agent_.run());
  }

 private:
  SkewedRuntime runtime_;
  SimMetadata metadata_;
  SimCluster cluster_;
  control::Agent agent_;
  net::TaskGroup tasks_;  // last: its tasks go before what they use
};

Agents::Agents(net::VirtualRuntime& runtime, World& world, const Scenario& scenario, Boundary crash,
               Duration restart_after)
    : runtime_(runtime), world_(world), scenario_(scenario), crash_(std::move(crash)), restart_after_(restart_after) {}
Agents::~Agents() = default;

void Agents::start_all() {
  for (const auto& [name, object] : world_.store().all(Kind::Node)) start(std::get<NodeObject>(*object).node.name);
  world_.on_machine_change([this](const NodeName& node, bool alive) {
    if (!alive) return end_soon(node, false);
    calls_.emplace_back(runtime_, runtime_.post([this, node] { start(node); }));
  });
}

std::uint64_t Agents::plans() {
  return static_cast<std::uint64_t>(metrics_.counter("spotkeeper_drain_plans_total", "").value());
}

void Agents::start(const NodeName& node) {
  if (!world_.machine_alive(node)) return;
  std::uint64_t number = 0;
  for (const char c : node.str()) number = number * 31 + static_cast<unsigned char>(c);
  // Of three clocks, one is right, one ahead and one behind.
  const Duration ahead = scenario_.clock_skew * (static_cast<std::int64_t>(number % 3) - 1);
  Boundary boundary;
  if (crash_) {
    boundary = [this, node](const ActionPoint& point) {
      if (!crash_(point)) return false;
      end_soon(node, true);
      return true;
    };
  }
  processes_[node] = std::make_unique<Process>(runtime_, metrics_, world_, node, ahead, scenario_,
                                               world_.config().seed ^ number, boundary);
}

void Agents::end_soon(const NodeName& node, bool restart) {
  // From the queue: a process can't be taken apart from within one of its own calls.
  calls_.emplace_back(runtime_, runtime_.post([this, node] { processes_.erase(node); }));
  if (!restart) return;
  calls_.emplace_back(runtime_, runtime_.call_at(runtime_.steady() + restart_after_, [this, node] { start(node); }));
}

}  // namespace spotkeeper::sim
