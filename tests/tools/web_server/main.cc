// web_server: a service that behaves well when it is told to end, or (--abrupt) does not. Works as a container's first
// process. Exit code: 0 after SIGTERM or SIGINT, 1 if it can't listen or log, 2 for a wrong command line.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>

#include "net/event_loop.h"
#include "tests/tools/command_line.h"
#include "tests/tools/web_server/service.h"

namespace spotkeeper::tools {
namespace {

std::string own_name() {
  if (const char* pod = std::getenv("POD_NAME"); pod != nullptr) return pod;
  char host[256] = {};
  return gethostname(host, sizeof host - 1) == 0 ? std::string(host) : std::string("web_server");
}

int failed(const std::string& why) {
  fmt::print(stderr, "web_server: {}\n", why);
  return kFailed;
}

int run(int argc, char** argv) {
  std::string listen = "0.0.0.0:8080";
  std::string log = "-";
  ServiceConfig config;
  config.name = own_name();
  CommandLine line("web_server",
                   "Answers HTTP requests (X-Request-Id, X-Takes, X-Streams) and logs their ids; /ready and /live for "
                   "probes.\nAfter SIGTERM it goes on for --linger, each answer the last of its connection, and then "
                   "ends.\nPrints \"listening on ADDRESS:PORT\" to standard error.");
  line.value("listen", "ADDRESS:PORT", "port 0: the kernel chooses", &listen);
  line.value("name", "NAME", "X-Served-By of its answers; default: $POD_NAME, else the host's name", &config.name);
  line.value("log", "FILE", "ids received and answered, appended; \"-\" is standard output", &log);
  line.value("ready-after", "from the start until /ready says so", &config.ready_after);
  line.value("linger", "how long it goes on answering after SIGTERM", &config.linger);
  line.value("finish", "how long requests under way may still take after that", &config.finish);
  line.flag("abrupt", "SIGTERM ends it at once, whatever is under way", &config.abrupt);
  if (const auto end = line.read(argc, argv)) return *end;

  const auto where = parse_host_and_port(listen);
  const auto address = where ? net::SocketAddress::parse(where->host, where->port) : std::nullopt;
  if (!address) {
    fmt::print(stderr, "web_server: --listen: {} is no IP address and port\n", listen);
    return kBadUsage;
  }
  const int fd = log == "-" ? STDOUT_FILENO : ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) return failed(log + " can't be written");
  net::EventLoop loop;
  const auto service = Service::start(loop, *address, config, fd);
  if (!service) return failed(service.error().message);
  fmt::print(stderr, "listening on {}\n", (*service)->address().text());
  loop.run_until((*service)->run());
  return kDone;
}

}  // namespace
}  // namespace spotkeeper::tools

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return spotkeeper::tools::run(argc, argv);
}
