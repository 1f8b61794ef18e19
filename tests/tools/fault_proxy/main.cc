// fault_proxy: stands before an API server and disturbs calls as it is told over a socket. Exit code: 0 after SIGTERM
// or SIGINT, 1 if it can't listen or a file can't be read, 2 for a wrong command line.
#include <fmt/format.h>

#include <string>

#include "base/file.h"
#include "net/event_loop.h"
#include "tests/tools/command_line.h"
#include "tests/tools/fault_proxy/proxy.h"
#include "tests/tools/until_signal.h"

namespace spotkeeper::tools {
namespace {

struct Given {
  std::string listen = "127.0.0.1:0";
  std::string control;
  std::string to;
  std::string ca;
  std::string certificate;
  std::string key;
  std::string serve_certificate;
  std::string serve_key;
  std::uint64_t seed = 1;
};

Result<FaultProxyConfig> config_of(const Given& given) {
  FaultProxyConfig config;
  config.seed = given.seed;
  SK_TRY(const net::Url url, net::parse_url(given.to).within("--to"));
  config.server = url.origin;
  SK_TRY(config.as_client.ca_pem, read_file(given.ca));
  SK_TRY(config.as_client.certificate_pem, read_file(given.certificate));
  SK_TRY(config.as_client.key_pem, read_file(given.key));
  net::TlsServerConfig serve;
  SK_TRY(serve.certificate_pem, read_file(given.serve_certificate));
  SK_TRY(serve.key_pem, read_file(given.serve_key));
  config.as_server = std::move(serve);
  return config;
}

int failed(std::string_view why) {
  fmt::print(stderr, "fault_proxy: {}\n", why);
  return kFailed;
}

int run(int argc, char** argv) {
  Given given;
  CommandLine line("fault_proxy",
                   "Stands before a Kubernetes API server, with TLS on both sides, and disturbs calls. Commands come "
                   "over the control socket, one a line:\n" +
                       proxy_help() + "\nPrints \"listening on ADDRESS:PORT\" to standard error.");
  line.value("listen", "ADDRESS:PORT", "default 127.0.0.1:0; port 0: the kernel chooses", &given.listen);
  line.value("control", "PATH", "the control socket", &given.control);
  line.value("to", "URL", "the API server, https://…", &given.to);
  line.value("ca", "FILE", "who vouches for the API server", &given.ca);
  line.value("certificate", "FILE", "whom calls come from, to the API server", &given.certificate);
  line.value("key", "FILE", "that certificate's key", &given.key);
  line.value("serve-certificate", "FILE", "what clients are shown", &given.serve_certificate);
  line.value("serve-key", "FILE", "that certificate's key", &given.serve_key);
  line.value("seed", "N", "of what happens by chance", &given.seed);
  if (const auto end = line.read(argc, argv)) return *end;

  const auto where = parse_host_and_port(given.listen);
  const auto address = where ? net::SocketAddress::parse(where->host, where->port) : std::nullopt;
  if (!address || given.control.empty()) {
    fmt::print(stderr, "fault_proxy: {}\n",
               address ? "--control is missing" : "--listen must be an IP address and a port");
    return kBadUsage;
  }
  const auto config = config_of(given);
  if (!config) return failed(config.error().message);
  net::EventLoop loop;
  const auto proxy = FaultProxy::start(loop, *address, given.control, *config);
  if (!proxy) return failed(proxy.error().message);
  fmt::print(stderr, "listening on {}\n", (*proxy)->address().text());
  loop.run_until(until_signal(loop));
  return kDone;
}

}  // namespace
}  // namespace spotkeeper::tools

int main(int argc, char** argv) { return spotkeeper::tools::run(argc, argv); }
