// The simulated world as a Kubernetes API server: requests in, answers out. Speaks what our own client uses and what
// everyday kubectl needs (get, describe, cordon, drain, delete, scale); everything else is refused with the Status that
// a real server would send. Transport, TLS and time are the caller's (serve/served_world.h).
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "net/http.h"
#include "net/tls.h"
#include "sim/serve/query.h"
#include "sim/serve/render.h"
#include "sim/serve/resources.h"
#include "sim/serve/watch_session.h"
#include "sim/world.h"

namespace spotkeeper::sim::serve {

/// The beginning of a watch: status 200 with this type, then what the session gives.
struct WatchReply {
  std::string content_type;
  std::unique_ptr<WatchSession> session;
};

class ApiServer {
 public:
  /// `token`: the administrator's bearer token; empty: none is asked for. Who else may ask: serve/identity.h.
  ApiServer(World& world, std::string token) : world_(world), token_(std::move(token)) {}

  /// The answer at the world's present moment (advance it first). `certificate`: the verified one of the client.
  [[nodiscard]] std::variant<net::HttpResponse, WatchReply> handle(
      const net::HttpRequest& request, const std::optional<net::TlsStream::PeerSubject>& certificate = {});

 private:
  using Reply = std::variant<net::HttpResponse, WatchReply>;
  struct Call;

  Reply dispatch(const Call& call);
  Reply read(const Call& call);
  Reply watch(const Call& call);
  net::HttpResponse list(const Call& call);
  net::HttpResponse get(const Call& call);
  net::HttpResponse get_scale(const Call& call);

  net::HttpResponse create(const Call& call);
  net::HttpResponse create_deployment(const Call& call, const format::JsonValue& body);
  net::HttpResponse create_budget(const Call& call, const format::JsonValue& body);
  net::HttpResponse create_namespace(const Call& call, const format::JsonValue& body);
  net::HttpResponse create_node(const Call& call, const format::JsonValue& body);
  net::HttpResponse create_pod(const Call& call, const format::JsonValue& body);
  net::HttpResponse create_config_map(const Call& call, const format::JsonValue& body);
  template <class T>
  net::HttpResponse create_webhooks(const Call& call, const format::JsonValue& body);
  net::HttpResponse create_event(const Call& call, const format::JsonValue& body);
  net::HttpResponse put_lease(const Call& call, const format::JsonValue& body);
  net::HttpResponse evict(const Call& call, const format::JsonValue& body);

  net::HttpResponse replace(const Call& call);
  net::HttpResponse patch(const Call& call);
  net::HttpResponse change(const Call& call, const format::JsonValue& before, const format::JsonValue& after,
                           bool versioned);
  net::HttpResponse change_node(const Call& call, const format::JsonValue& before, const format::JsonValue& after,
                                bool versioned);
  net::HttpResponse change_pod(const Call& call, const format::JsonValue& before, const format::JsonValue& after,
                               bool versioned);
  net::HttpResponse change_budget(const Call& call, const format::JsonValue& after, bool versioned);
  net::HttpResponse change_event(const Call& call, const format::JsonValue& after, bool versioned);
  net::HttpResponse change_scale(const Call& call, const format::JsonValue& scale, bool versioned);
  net::HttpResponse remove(const Call& call);

  net::HttpResponse answer(const Call& call, const Answer<ObjectRef>& result, int status = 200);

  World& world_;
  std::string token_;
};

}  // namespace spotkeeper::sim::serve
