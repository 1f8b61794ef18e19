#include "tests/tools/imds_server/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sim/state.h"

namespace spotkeeper::tools {
namespace {

using Verb = ControlCommand::Verb;

constexpr std::string_view kSpot = "/latest/meta-data/spot/instance-action";
constexpr std::string_view kRebalance = "/latest/meta-data/events/recommendations/rebalance";
constexpr std::string_view kScheduled = "/latest/meta-data/events/maintenance/scheduled";
constexpr std::string_view kLifecycle = "/latest/meta-data/autoscaling/target-lifecycle-state";
constexpr std::string_view kToken = "/latest/api/token";

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kCounted{{{kToken, "token"},
                                                                                 {kSpot, "spot"},
                                                                                 {kRebalance, "rebalance"},
                                                                                 {kScheduled, "scheduled"},
                                                                                 {kLifecycle, "lifecycle"}}};

std::string_view counted_as(std::string_view path) {
  const auto* const found =
      std::find_if(kCounted.begin(), kCounted.end(), [path](const auto& each) { return each.first == path; });
  return found == kCounted.end() ? std::string_view("other") : found->second;
}

sim::WorldConfig world_config(const ImdsServerConfig& config, Instant now) {
  sim::WorldConfig world;
  world.start = now;
  world.metadata_faults.token_life = config.token_life;
  world.metadata_faults.date_skew = config.date_skew;
  return world;
}

format::JsonValue time_or_null(const std::optional<Instant>& time) {
  return time ? format::JsonValue(format_rfc3339_micro(*time)) : format::JsonValue(nullptr);
}

}  // namespace

ImdsServer::ImdsServer(net::EventLoop& loop, const ImdsServerConfig& config)
    : loop_(loop), world_(world_config(config, loop.now())), node_(config.node.name) {
  world_.add_node(config.node);
}

Result<std::unique_ptr<ImdsServer>> ImdsServer::start(net::EventLoop& loop, const net::SocketAddress& address,
                                                      const std::string& control_path, const ImdsServerConfig& config) {
  std::unique_ptr<ImdsServer> made(new ImdsServer(loop, config));
  ImdsServer* const self = made.get();
  SK_TRY(made->server_, net::HttpServer::listen(loop, address,
                                                [self](const net::ServerRequest& request, net::ResponseWriter& writer) {
                                                  return self->answer(request, writer);
                                                },
                                                {}));
  SK_TRY(made->control_,
         ControlSocket::open(loop, control_path, [self](std::string_view line) { return self->control(line); }));
  return made;
}

// ---- Control

std::string ImdsServer::control(std::string_view line) {
  const auto command = parse_control(line);
  if (!command) return "error: " + command.error().message;
  world_.advance_to(std::max(loop_.now(), world_.now()));
  if (command->verb == Verb::Status) return format::write_json(status());
  if (command->verb == Verb::Help) return control_help();
  if (command->verb == Verb::Reset) {
    reset();
  } else if (command->after > Duration::zero()) {
    const std::uint64_t number = ++last_waiting_;
    waiting_[number] =
        net::ScopedCall(loop_, loop_.call_at(loop_.steady() + command->after, [this, number, later = *command] {
          world_.advance_to(std::max(loop_.now(), world_.now()));
          carry_out(later);
          waiting_.erase(number);
        }));
  } else {
    carry_out(*command);
  }
  return "ok";
}

void ImdsServer::carry_out(const ControlCommand& command) {
  switch (command.verb) {
    case Verb::Notice: return tell(InterruptionKind::Kill, command);
    case Verb::CancelNotice: return withdraw(InterruptionKind::Kill);
    case Verb::Rebalance: return tell(InterruptionKind::Maybe, command);
    case Verb::CancelRebalance: return withdraw(InterruptionKind::Maybe);
    case Verb::Maintenance: return tell(InterruptionKind::Maintenance, command);
    case Verb::CancelMaintenance: return withdraw(InterruptionKind::Maintenance);
    case Verb::CompleteMaintenance:
      world_.complete_maintenance(node_);
      told_.erase(InterruptionKind::Maintenance);
      return;
    case Verb::Lifecycle: lifecycle_ = command.word; return;
    case Verb::Fault: return faults_.set(command, loop_.steady());
    case Verb::ExpireTokens: world_.parts().machines.front().tokens.clear(); return;
    case Verb::Reset:
    case Verb::Status:
    case Verb::Help: return;
  }
}

void ImdsServer::tell(InterruptionKind kind, const ControlCommand& command) {
  sim::Notice notice;
  notice.kind = kind;
  notice.effect = command.effect;
  if (kind != InterruptionKind::Maybe) notice.at = command.at.value_or(world_.now() + command.in);
  if (kind == InterruptionKind::Maintenance) notice.code = command.word;
  // A second event of the same machine is another one.
  if (kind == InterruptionKind::Maintenance) notice.id = fmt::format("instance-event-{:017x}", ++last_event_);
  world_.notice(node_, notice);
  const std::string what = kind == InterruptionKind::Maintenance ? command.word : std::string(name_of(command.effect));
  told_[kind] = {.what = what, .time = notice.at, .since = loop_.now(), .served = {}};
}

void ImdsServer::withdraw(InterruptionKind kind) {
  world_.withdraw(node_, kind);
  told_.erase(kind);
}

void ImdsServer::reset() {
  waiting_.clear();
  faults_.clear();
  lifecycle_.clear();
  told_.clear();
  sim::Machine& machine = world_.parts().machines.front();
  machine.notices.clear();
  machine.withdrawn.clear();
  machine.completed.clear();
}

format::JsonValue ImdsServer::told(InterruptionKind kind) const {
  const auto found = told_.find(kind);
  if (found == told_.end()) return nullptr;
  format::JsonObject object;
  if (kind == InterruptionKind::Kill) object["action"] = found->second.what;
  if (kind == InterruptionKind::Maintenance) object["code"] = found->second.what;
  if (found->second.time) object["time"] = format_rfc3339_micro(*found->second.time);
  object["since"] = format_rfc3339_micro(found->second.since);
  object["served"] = time_or_null(found->second.served);
  return object;
}

format::JsonValue ImdsServer::status() {
  format::JsonArray standing;
  for (const std::string_view name : faults_.standing(loop_.steady())) standing.emplace_back(name);
  format::JsonObject requests;
  for (const auto& [path, name] : kCounted) requests[name] = 0;
  for (const auto& [name, count] : requests_) requests[name] = count;
  const sim::Machine& machine = world_.parts().machines.front();
  format::JsonObject object;
  object["now"] = format_rfc3339_micro(loop_.now());
  object["node"] = node_.str();
  object["instance_id"] = machine.instance_id;
  object["spot"] = told(InterruptionKind::Kill);
  object["rebalance"] = told(InterruptionKind::Maybe);
  object["maintenance"] = told(InterruptionKind::Maintenance);
  object["lifecycle"] = lifecycle_.empty() ? "InService" : lifecycle_;
  object["faults"] = std::move(standing);
  object["waiting"] = waiting_.size();
  object["tokens"] = machine.token_count;
  object["requests"] = std::move(requests);
  return object;
}

// ---- Requests

void ImdsServer::note_served(std::string_view path) {
  constexpr std::array<std::pair<std::string_view, InterruptionKind>, 3> places{
      {{kSpot, InterruptionKind::Kill},
       {kRebalance, InterruptionKind::Maybe},
       {kScheduled, InterruptionKind::Maintenance}}};
  for (const auto& [place, kind] : places) {
    const auto found = told_.find(kind);
    if (path == place && found != told_.end() && !found->second.served) found->second.served = loop_.now();
  }
}

net::Task<void> ImdsServer::fail_as_told(Faults::Hit hit, net::ResponseWriter& writer) {
  net::HttpResponse response;
  switch (hit.kind) {
    case FaultKind::Hang:
      while (!writer.peer_gone()) co_await net::sleep_for(loop_, 100ms);
      writer.abort();
      co_return;
    case FaultKind::Half: {
      auto begun = co_await writer.start(200, {});
      if (begun) begun = co_await writer.write(R"({"action":"termi)");
      writer.abort();
      co_return;
    }
    case FaultKind::Errors: response.status = hit.status; break;
    case FaultKind::Garbage:
      response.status = 200;
      response.body = world_.faults().garbage();
      break;
    case FaultKind::NoEvents:
      response.status = 404;
      response.body = "404 - Not Found\n";
      break;
  }
  (void)(co_await writer.send(std::move(response)));  // a client that has gone needs no answer
}

net::Task<void> ImdsServer::answer(const net::ServerRequest& request, net::ResponseWriter& writer) {
  world_.advance_to(std::max(loop_.now(), world_.now()));
  ++requests_[std::string(counted_as(request.target))];
  if (const auto hit = faults_.meet(request.target, loop_.steady())) {
    co_await fail_as_told(*hit, writer);
    co_return;
  }
  auto answer = world_.metadata(
      node_, {.method = request.method, .target = request.target, .headers = request.headers, .body = request.body});
  if (!answer) {
    writer.abort();
    co_return;
  }
  net::HttpResponse response = std::move(*answer);
  if (response.status == 200 && request.target == kLifecycle && !lifecycle_.empty()) response.body = lifecycle_;
  if (response.status == 200 && request.target == kLifecycle && lifecycle_ == "none") {
    response.status = 404;
    response.body = "404 - Not Found\n";
  }
  const bool found = response.status == 200;
  auto sent = co_await writer.send(std::move(response));
  if (sent && found) note_served(request.target);
}

}  // namespace spotkeeper::tools
