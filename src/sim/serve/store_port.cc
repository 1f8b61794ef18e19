#include "sim/serve/store_port.h"

#include <string>

#include "format/json.h"
#include "sim/serve/api_call.h"

namespace spotkeeper::sim::serve {
namespace {

format::JsonValue header_of(const Store& store) {
  // etcd writes 64-bit numbers as text.
  return format::JsonObject{{"header", format::JsonObject{{"revision", std::to_string(store.version())}}}};
}

// gRPC's codes, as the gateway writes them.
net::HttpResponse refuse_call(int status, int code, std::string_view message) {
  return json_response(status, format::JsonObject{{"error", message}, {"code", code}, {"message", message}});
}

Result<std::uint64_t> revision_in(std::string_view body) {
  SK_TRY(const auto document, format::parse_json(body));
  SK_TRY(const auto text, format::JsonField(document)["revision"].as<std::string>());
  return parse_int<std::uint64_t>(text);
}

}  // namespace

net::HttpResponse answer_store(Store& store, const net::HttpRequest& request) {
  if (request.method != "POST") return refuse_call(405, 12, "Method Not Allowed");
  if (request.target == "/v3/kv/range") return json_response(200, header_of(store));
  if (request.target != "/v3/kv/compaction") return refuse_call(404, 5, "Not Found");
  const auto revision = revision_in(request.body);
  if (!revision) return refuse_call(400, 3, revision.error().message);
  if (*revision > store.version())
    return refuse_call(400, 11, "etcdserver: mvcc: required revision is a future revision");
  store.compact(*revision);
  return json_response(200, header_of(store));
}

}  // namespace spotkeeper::sim::serve
