// A world behind real protocols: a Kubernetes API over TLS and a metadata service for every node, on loopback, in the
// time of the event loop (whose rate makes it run faster than the clock on the wall).
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/result.h"
#include "net/certificate.h"
#include "net/event_loop.h"
#include "net/http_server.h"
#include "net/signal.h"
#include "sim/serve/api_server.h"
#include "sim/serve/node_leases.h"
#include "sim/world.h"

namespace spotkeeper::sim::serve {

class ServedWorld {
 public:
  /// Serves `world`, which has the loop's time from now on: it is advanced as time passes and before every request.
  /// `directory` exists. There are written: kubeconfig; pki/ca.crt and an administrator's certificate, pki/client.crt
  /// and pki/client.key; etcd, which holds the address of the store's port (serve/store_port.h). Loop and world outlive
  /// it.
  static Result<std::unique_ptr<ServedWorld>> start(net::EventLoop& loop, World& world, const std::string& directory);
  ServedWorld(const ServedWorld&) = delete;
  ServedWorld& operator=(const ServedWorld&) = delete;
  ~ServedWorld();

  /// Path of the kubeconfig that leads here; readable by its owner alone, since it holds a token.
  [[nodiscard]] const std::string& kubeconfig() const { return kubeconfig_; }
  /// "https://127.0.0.1:40123".
  [[nodiscard]] std::string api_url() const;
  /// "http://127.0.0.1:40124"; what the agent of that node takes for 169.254.169.254.
  [[nodiscard]] std::string metadata_url(const NodeName& node) const;
  /// Nodes whose metadata service has been asked for a notice: their agents watch.
  [[nodiscard]] const std::set<NodeName>& watched_nodes() const { return watched_; }

  /// Moves the world to the loop's present. To be called before the world is changed from outside.
  void advance();
  /// Notified after changes of the world.
  [[nodiscard]] net::Signal& changed() { return changed_; }

 private:
  ServedWorld(net::EventLoop& loop, World& world, std::string token);
  Result<void> listen(const std::string& directory);
  /// A machine that joins later gets one, too.
  Result<void> serve_metadata(const NodeName& node);
  Result<void> write_ways_in(const std::string& directory, const std::string& ca_pem, const net::CertificatePem& admin);
  Result<void> write_kubeconfig(const std::string& path, const std::string& ca_pem);
  net::Task<void> answer_api(const net::ServerRequest& request, net::ResponseWriter& writer);
  net::Task<void> answer_store_port(const net::ServerRequest& request, net::ResponseWriter& writer);
  net::Task<void> stream(WatchReply reply, net::ResponseWriter& writer);
  net::Task<void> answer_metadata(NodeName node, const net::ServerRequest& request, net::ResponseWriter& writer);
  void plan_next();

  net::EventLoop& loop_;
  World& world_;
  std::string token_;
  ApiServer api_;
  NodeLeases leases_;
  net::Signal changed_;
  bool dirty_ = false;
  Store::Subscription subscription_;
  net::ScopedCall next_;
  std::string kubeconfig_;
  std::set<NodeName> watched_;
  std::unique_ptr<net::HttpServer> api_server_;
  std::unique_ptr<net::HttpServer> store_server_;
  std::map<NodeName, std::unique_ptr<net::HttpServer>> metadata_servers_;
  std::shared_ptr<ServedWorld*> self_ = std::make_shared<ServedWorld*>(this);  // the world may outlive this
};

}  // namespace spotkeeper::sim::serve
