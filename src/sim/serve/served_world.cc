#include "sim/serve/served_world.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "net/certificate.h"
#include "sim/serve/store_port.h"

namespace spotkeeper::sim::serve {
namespace {

constexpr Duration kDay = 24h;
// Nobody looks at a world without asking it something; this is how often it moves by itself at the least (of its time).
constexpr Duration kLongestStep = 1s;

Result<std::string> random_token() {
  std::array<unsigned char, 24> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return fail(ErrorCode::Unavailable, "the system has no random numbers");
  std::string token;
  for (const unsigned char byte : bytes) token += fmt::format("{:02x}", byte);
  return token;
}

Result<void> write_private_file(const std::string& path, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return fail(ErrorCode::Unavailable, fmt::format("can't write {}: {}", path, std::strerror(errno)));
  const ssize_t written = ::write(file, text.data(), text.size());
  const bool whole = written == static_cast<ssize_t>(text.size());
  if (::close(file) != 0 || !whole) return fail(ErrorCode::Unavailable, fmt::format("{} was not written whole", path));
  return {};
}

net::HttpRequest request_of(const net::ServerRequest& request) {
  return {request.method, request.target, request.headers, request.body};
}

}  // namespace

ServedWorld::ServedWorld(net::EventLoop& loop, World& world, std::string token)
    : loop_(loop), world_(world), token_(std::move(token)), api_(world, token_), leases_(world), changed_(loop) {
  subscription_ = world_.store().subscribe([this](const Change&) { dirty_ = true; });
}

ServedWorld::~ServedWorld() = default;

Result<std::unique_ptr<ServedWorld>> ServedWorld::start(net::EventLoop& loop, World& world,
                                                        const std::string& directory) {
  SK_TRY(auto token, random_token());
  std::unique_ptr<ServedWorld> served(new ServedWorld(loop, world, std::move(token)));
  SK_CHECK(served->listen(directory).within("serving the simulated world"));
  served->advance();
  return served;
}

Result<void> ServedWorld::listen(const std::string& directory) {
  const auto loopback = net::SocketAddress::parse("127.0.0.1", 0);
  const Instant from = loop_.now() - kDay;
  const Instant until = loop_.now() + 3650 * kDay;
  SK_TRY(const auto ca, net::make_ca("spotkeeper simulated cluster", from, until));
  SK_TRY(const auto own,
         net::issue_certificate(
             ca, {"kube-apiserver", {}, {"127.0.0.1", "localhost", "kubernetes.default.svc"}, from, until}));
  SK_TRY(const auto admin, net::issue_certificate(ca, {"kubernetes-admin", {"system:masters"}, {}, from, until}));
  net::HttpServerOptions secure;
  secure.tls.emplace();
  secure.tls->certificate_pem = own.certificate_pem;
  secure.tls->key_pem = own.key_pem;
  secure.tls->client_ca_pem = ca.certificate_pem;
  SK_TRY(api_server_, net::HttpServer::listen(
                          loop_, *loopback,
                          [this](const net::ServerRequest& request, net::ResponseWriter& writer) {
                            return answer_api(request, writer);
                          },
                          secure));
  SK_TRY(store_server_, net::HttpServer::listen(loop_, *loopback,
                                                [this](const net::ServerRequest& request, net::ResponseWriter& writer) {
                                                  return answer_store_port(request, writer);
                                                },
                                                {}));
  for (const auto& [name, object] : world_.store().all(Kind::Node)) SK_CHECK(serve_metadata(NodeName(name.name)));
  world_.on_machine_change([self = std::weak_ptr<ServedWorld*>(self_)](const NodeName& node, bool alive) {
    const auto served = self.lock();
    if (!served || !alive) return;
    if (const auto listening = (*served)->serve_metadata(node); !listening)
      log::error(listening.error().message, {{"node", node.str()}});
  });
  SK_CHECK(write_ways_in(directory, ca.certificate_pem, admin));
  return write_kubeconfig(directory + "/kubeconfig", ca.certificate_pem);
}

Result<void> ServedWorld::serve_metadata(const NodeName& node) {
  if (metadata_servers_.contains(node)) return {};
  SK_TRY(auto server,
         net::HttpServer::listen(loop_, *net::SocketAddress::parse("127.0.0.1", 0),
                                 [this, node](const net::ServerRequest& request, net::ResponseWriter& writer) {
                                   return answer_metadata(node, request, writer);
                                 },
                                 {}));
  metadata_servers_.emplace(node, std::move(server));
  return {};
}

Result<void> ServedWorld::write_ways_in(const std::string& directory, const std::string& ca_pem,
                                        const net::CertificatePem& admin) {
  const std::string pki = directory + "/pki";
  if (::mkdir(pki.c_str(), S_IRWXU) != 0 && errno != EEXIST)
    return fail(ErrorCode::Unavailable, fmt::format("can't make {}: {}", pki, std::strerror(errno)));
  SK_CHECK(write_private_file(pki + "/ca.crt", ca_pem));
  SK_CHECK(write_private_file(pki + "/client.crt", admin.certificate_pem));
  SK_CHECK(write_private_file(pki + "/client.key", admin.key_pem));
  return write_private_file(directory + "/etcd", "http://" + store_server_->address().text() + "\n");
}

Result<void> ServedWorld::write_kubeconfig(const std::string& path, const std::string& ca_pem) {
  kubeconfig_ = path;
  return write_private_file(path, fmt::format(R"(apiVersion: v1
kind: Config
clusters:
- name: simulated
  cluster:
    server: {}
    certificate-authority-data: {}
users:
- name: admin
  user:
    token: {}
contexts:
- name: simulated
  context:
    cluster: simulated
    user: admin
current-context: simulated
)",
                                              api_url(), base64_encode(ca_pem), token_));
}

std::string ServedWorld::api_url() const { return "https://" + api_server_->address().text(); }

std::string ServedWorld::metadata_url(const NodeName& node) const {
  const auto found = metadata_servers_.find(node);
  return found == metadata_servers_.end() ? std::string() : "http://" + found->second->address().text();
}

void ServedWorld::advance() {
  world_.advance_to(std::max(loop_.now(), world_.now()));  // the clock on the wall may have been set back
  leases_.renew();
  if (std::exchange(dirty_, false)) changed_.notify();
  plan_next();
}

void ServedWorld::plan_next() {
  const Instant latest = world_.now() + kLongestStep;
  const Instant due = std::min(world_.next_due().value_or(latest), latest);
  next_ = net::ScopedCall(loop_, loop_.call_at(loop_.steady() + (due - world_.now()), [this] { advance(); }));
}

net::Task<void> ServedWorld::answer_api(const net::ServerRequest& request, net::ResponseWriter& writer) {
  advance();
  auto reply = api_.handle(request_of(request), request.client);
  advance();  // what the request has set going, and who is to hear of it
  if (auto* response = std::get_if<net::HttpResponse>(&reply)) {
    net::HttpResponse whole = std::move(*response);
    // A peer that is gone needs no answer.
    (void)(co_await writer.send(std::move(whole)));
    co_return;
  }
  WatchReply watch = std::move(std::get<WatchReply>(reply));
  co_await stream(std::move(watch), writer);
}

net::Task<void> ServedWorld::answer_store_port(const net::ServerRequest& request, net::ResponseWriter& writer) {
  advance();
  net::HttpResponse response = answer_store(world_.store(), request_of(request));
  changed_.notify();  // watches that are behind learn that their past is gone
  (void)(co_await writer.send(std::move(response)));
}

net::Task<void> ServedWorld::stream(WatchReply reply, net::ResponseWriter& writer) {
  net::HttpHeaders headers;
  headers.set("Content-Type", reply.content_type);
  const auto begun = co_await writer.start(200, std::move(headers));
  if (!begun) co_return;
  while (!reply.session->ended()) {
    const std::string bytes = reply.session->poll(loop_.now());
    if (!bytes.empty()) {
      const auto written = co_await writer.write(bytes);
      if (!written) co_return;
      continue;  // more may have happened while the peer was reading
    }
    if (reply.session->ended()) break;
    const net::ScopedCall wake(loop_, loop_.call_at(loop_.steady() + (reply.session->next_due() - loop_.now()),
                                                    [this] { changed_.notify(); }));
    co_await changed_.wait();
  }
  (void)(co_await writer.finish());
}

net::Task<void> ServedWorld::answer_metadata(NodeName node, const net::ServerRequest& request,
                                             net::ResponseWriter& writer) {
  advance();
  if (request.target.find("/spot/instance-action") != std::string::npos) watched_.insert(node);
  auto answer = world_.metadata(node, request_of(request));
  if (answer) {
    net::HttpResponse whole = std::move(*answer);
    (void)(co_await writer.send(std::move(whole)));
    co_return;
  }
  if (answer.error().code == ErrorCode::Timeout) {
    // The service is silent: the connection stays until the client gives up.
    while (!writer.peer_gone()) co_await net::sleep_for(loop_, 1s);
  }
  writer.abort();
}

}  // namespace spotkeeper::sim::serve
