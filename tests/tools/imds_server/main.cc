// imds_server: one machine's metadata service, told over a socket what happens to the machine. Exit code: 0 after
// SIGTERM or SIGINT, 1 if it can't listen, 2 for a wrong command line.
#include <fmt/format.h>

#include <functional>
#include <string>

#include "net/event_loop.h"
#include "tests/tools/command_line.h"
#include "tests/tools/imds_server/server.h"
#include "tests/tools/until_signal.h"

namespace spotkeeper::tools {
namespace {

/// A time of day as the agent's flags of the same names have it.
std::function<Result<void>(std::string_view)> time_into(Instant& into) {
  return [&into](std::string_view text) -> Result<void> {
    SK_TRY(into, parse_rfc3339(text));
    return {};
  };
}

int run(int argc, char** argv) {
  std::string listen = "169.254.169.254:80";
  std::string control;
  ImdsServerConfig config;
  config.node.name = "node";
  CommandLine line(
      "imds_server",
      "The metadata service (IMDSv2) of one machine. Commands come over the control socket, one a line:\n" +
          control_help() + "\nPrints \"listening on ADDRESS:PORT\" to standard error.");
  line.value("listen", "ADDRESS:PORT", "default 169.254.169.254:80; port 0: the kernel chooses", &listen);
  line.value("control", "PATH", "the control socket", &control);
  line.value("node", "NAME", "the machine's host name", &config.node.name);
  line.value("instance-id", "ID", "made up if it is not given", &config.node.instance_id);
  line.value("private-ip", "ADDRESS", "default 10.0.0.1", &config.node.private_ip);
  line.value("zone", "NAME", "default us-east-1a", &config.node.zone);
  line.value("type", "NAME", "default m5.large", &config.node.instance_type);
  line.value("life-cycle", "NAME", "spot (the default) or on-demand", &config.node.capacity_type);
  line.value("token-life", "no token lives longer, whatever was asked for (default 6h)", &config.token_life);
  line.value("clock-ahead", "how far the service's clock is ahead of this machine's", &config.date_skew);
  net::TimeScale scale;
  std::uint64_t rate = 1;
  line.custom("clock-epoch", "TIME", "what its clock shows at the origin", time_into(scale.epoch));
  line.custom("clock-origin", "TIME", "when, by this machine's clock, its own shows the epoch",
              time_into(scale.origin));
  line.value("clock-rate", "N", "how many times faster it runs from there (default 1)", &rate);
  if (const auto end = line.read(argc, argv)) return *end;
  scale.rate = static_cast<double>(rate);

  const auto where = parse_host_and_port(listen);
  const auto address = where ? net::SocketAddress::parse(where->host, where->port) : std::nullopt;
  if (!address || control.empty() || config.node.zone.empty() || config.node.name.empty()) {
    fmt::print(stderr, "imds_server: {}\n",
               !address          ? "--listen must be an IP address and a port"
               : control.empty() ? "--control is missing"
                                 : "--zone and --node can't be empty");
    return kBadUsage;
  }
  net::EventLoop loop(scale);
  const auto server = ImdsServer::start(loop, *address, control, config);
  if (!server) {
    fmt::print(stderr, "imds_server: {}\n", server.error().message);
    return kFailed;
  }
  fmt::print(stderr, "listening on {}\n", (*server)->address().text());
  loop.run_until(until_signal(loop));
  return kDone;
}

}  // namespace
}  // namespace spotkeeper::tools

int main(int argc, char** argv) { return spotkeeper::tools::run(argc, argv); }
