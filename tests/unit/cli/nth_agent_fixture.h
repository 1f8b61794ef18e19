// One agent with AWS Node Termination Handler's settings, on the fixture of all agents' tests.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "cli/nth_agent.h"
#include "control/nth_report.h"
#include "observe/notify.h"
#include "tests/unit/control/agent_fixture.h"

namespace spotkeeper::testing {

/// The people.
class Told final : public control::Messenger {
 public:
  void tell(const observe::Notification& news) override { told.push_back(news); }
  net::Task<void> flush(Duration /*limit*/) override { co_return; }
  /// As NTH's webhook is: the same moment of an interruption once.
  [[nodiscard]] std::vector<std::string> ended() const {
    std::vector<std::string> keys;
    for (const auto& news : told) {
      const bool again = std::find(keys.begin(), keys.end(), news.key) != keys.end();
      if (news.moment == observe::Moment::Ended && !again) keys.push_back(news.key);
    }
    return keys;
  }
  std::vector<observe::Notification> told;
};

class NthCompatAgent : public AgentWorld {
 public:
  ~NthCompatAgent() override { kill(); }

 protected:
  /// Starts the agent as `agent --compat=nth` with these arguments does.
  void with(const std::vector<std::string>& arguments, kube::Environment environment = {}) {
    environment.emplace("NODE_NAME", "n1");
    const auto options = cli::settle_nth(arguments, environment);
    ASSERT_TRUE(options.has_value()) << options.error().message;
    settings = options->nth->settings;
    cli::apply_nth(settings, config);
    config.node = NodeName(settings.node_name);
    report = std::make_unique<control::NthReport>(
        cluster, &people, metrics,
        control::NthReportConfig{
            .node = config.node, .emit_events = settings.emit_events, .annotations = settings.event_annotations});
    config.metadata_answer = [this](std::string_view place, aws::AnswerKind kind) {
      report->on_metadata_answer(place, kind);
    };
    messenger = report.get();
    through = report.get();
    start();
    runtime.advance(2s);
  }
  [[nodiscard]] const Taint* taint(const std::string& key) const {
    for (const Taint& one : cluster.node("n1").taints)
      if (one.key == "aws-node-termination-handler/" + key) return &one;
    return nullptr;
  }
  [[nodiscard]] std::string label(const std::string& key) const {
    const std::string* const found = cluster.node("n1").labels.find(key);
    return found == nullptr ? "none" : *found;
  }
  /// Of `actions_total`.
  [[nodiscard]] double actions(const std::string& action, const std::string& status = "success") const {
    return metric(R"(actions_total{node_action=")" + action + R"(",node_status=")" + status +
                  R"(",otel_scope_name="aws.node.termination.handler",otel_scope_version=""})");
  }
  cli::NthSettings settings;
  Told people;
  std::unique_ptr<control::NthReport> report;
};

}  // namespace spotkeeper::testing
