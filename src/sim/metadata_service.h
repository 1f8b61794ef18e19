// One EC2 instance metadata service per machine: IMDSv2 tokens, instance data, and the notices of its end.
//
// Sources: Amazon EC2 User Guide ("Access instance metadata", "Spot Instance interruption notices", "EC2 instance
// rebalance recommendations", "Scheduled events"); Amazon EC2 Auto Scaling User Guide (target lifecycle state).
#pragma once

#include <string>
#include <string_view>

#include "sim/state.h"

namespace spotkeeper::sim {

class MetadataService {
 public:
  explicit MetadataService(World::State& world) : world_(world) {}

  Result<net::HttpResponse> answer(MachineId id, const net::HttpRequest& request);
  void notice(MachineId id, const Notice& notice);
  void withdraw(MachineId id, InterruptionKind kind);
  void complete_maintenance(MachineId id);

 private:
  /// As the service's clock has it; made once a second.
  const std::string& date();
  [[nodiscard]] net::HttpResponse respond(int status, std::string body, std::string_view type = "text/plain");
  net::HttpResponse issue_token(Machine& machine, const net::HttpRequest& request);
  [[nodiscard]] net::HttpResponse document(const Machine& machine, std::string_view path);
  [[nodiscard]] std::string scheduled_events(const Machine& machine) const;
  [[nodiscard]] std::string event_history(const Machine& machine) const;
  /// Appends one event to the JSON array `list`, whose bracket is still open.
  void append_event(std::string& list, const Notice& notice, std::string_view state) const;

  World::State& world_;
  std::string date_;
  Instant dated_;
};

}  // namespace spotkeeper::sim
