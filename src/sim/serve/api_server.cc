#include "sim/serve/api_server.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "sim/serve/api_call.h"
#include "sim/serve/identity.h"

namespace spotkeeper::sim::serve {
namespace {

/// A page's continue token: the list's version and the last name that was given, in base64 as the real ones are.
struct Continue {
  std::uint64_t version = 0;
  ObjectName after;
};

std::string write_continue(const Continue& token) {
  return base64_encode(fmt::format("{}\n{}\n{}", token.version, token.after.ns.str(), token.after.name));
}

Result<Continue> read_continue(std::string_view text) {
  SK_TRY(const auto plain, base64_decode(text).within("continue"));
  const auto parts = split(plain, '\n');
  if (parts.size() != 3) return fail(ErrorCode::InvalidInput, "continue key is not valid");
  SK_TRY(const auto version, parse_int<std::uint64_t>(parts[0]).within("continue"));
  return Continue{version, {NamespaceName(parts[1]), std::string(parts[2])}};
}

std::string_view verb_of(std::string_view method, const ResourcePath& path, bool watch) {
  if (method == "POST") return "create";
  if (method == "PUT") return "update";
  if (method == "PATCH") return "patch";
  if (method == "DELETE") return path.name.empty() ? "deletecollection" : "delete";
  if (method != "GET") return "";
  if (!path.name.empty()) return "get";
  return watch ? "watch" : "list";
}

bool serves(const Resource& resource, std::string_view verb) {
  const auto verbs = split(resource.verbs, ' ');
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

net::HttpResponse text_response(int status, std::string body) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(body)};
}

}  // namespace

net::HttpResponse json_response(int status, const format::JsonValue& body) {
  return {status, {{"Content-Type", "application/json"}}, format::write_json(body)};
}

net::HttpResponse refuse(const StatusDetails& details) {
  net::HttpResponse response = json_response(details.code, status_json(details));
  if (details.retry_after) response.headers.set("Retry-After", std::to_string(details.retry_after->count()));
  return response;
}

net::HttpResponse refuse(const Refusal& refusal) {
  return refuse(StatusDetails{refusal.code, refusal.reason, refusal.message, refusal.cause, refusal.cause_message,
                              refusal.retry_after});
}

net::HttpResponse refuse_input(const Error& error) {
  return refuse(StatusDetails{400, "BadRequest", error.message, "", "", {}});
}

net::HttpResponse refuse_invalid(std::string message) {
  return refuse(StatusDetails{422, "Invalid", std::move(message), "", "", {}});
}

net::HttpResponse not_found(const Resource& resource, std::string_view name) {
  const std::string plural =
      resource.group.empty() ? std::string(resource.plural) : fmt::format("{}.{}", resource.plural, resource.group);
  return refuse(StatusDetails{404, "NotFound", fmt::format("{} \"{}\" not found", plural, name), "", "", {}});
}

net::HttpResponse not_allowed() {
  return refuse(StatusDetails{
      405, "MethodNotAllowed", "the server does not allow this method on the requested resource", "", "", {}});
}

std::variant<net::HttpResponse, WatchReply> ApiServer::handle(
    const net::HttpRequest& request, const std::optional<net::TlsStream::PeerSubject>& certificate) {
  auto query = parse_query(request.target);
  if (!query) return refuse_input(query.error());
  if (query->path == "/healthz" || query->path == "/readyz" || query->path == "/livez") return text_response(200, "ok");
  const auto caller = identify(request.headers, certificate, token_);
  if (!caller) return refuse(StatusDetails{401, "Unauthorized", "Unauthorized", "", "", {}});
  if (const auto document = discovery_document(query->path)) return json_response(200, *document);

  Call call{request, std::move(*query), {}, Kind::Pod, Encoding::Json, world_.now()};
  const auto path = parse_resource_path(call.query.path);
  if (!path)
    return refuse(StatusDetails{404, "NotFound", "the server could not find the requested resource", "", "", {}});
  call.path = *path;
  const std::string_view verb = verb_of(request.method, *path, call.query.watch);
  if (!caller->administrator) return refuse(forbidden(*caller, verb, *path));
  if (path->subresource.empty() && !serves(*path->resource, verb)) return not_allowed();
  if (!call.query.invalid.empty()) return refuse_invalid(call.query.invalid);
  call.kind = kind_of(*path->resource);
  call.encoding = negotiate(request.headers.find("Accept").value_or("application/json"), call.kind);
  if (const auto known = check_fields(call.query, call.kind); !known) return refuse_input(known.error());
  return dispatch(call);
}

ApiServer::Reply ApiServer::dispatch(const Call& call) {
  const net::HttpRequest& request = call.request;
  if (request.method == "GET") return read(call);
  if (request.method == "POST") return create(call);
  if (request.method == "PUT") return replace(call);
  if (request.method == "PATCH") return patch(call);
  if (request.method == "DELETE") return remove(call);
  return not_allowed();
}

ApiServer::Reply ApiServer::read(const Call& call) {
  if (call.path.subresource == "scale") return get_scale(call);
  if (!call.path.subresource.empty() && call.path.subresource != "status") return not_allowed();
  if (!call.path.name.empty()) return get(call);
  if (call.query.watch) return watch(call);
  return list(call);
}

net::HttpResponse ApiServer::get(const Call& call) {
  const ObjectRef found = world_.store().find(call.kind, call.name());
  if (found == nullptr) return not_found(*call.path.resource, call.path.name);
  return answer(call, found);
}

net::HttpResponse ApiServer::answer(const Call& call, const Answer<ObjectRef>& result, int status) {
  if (!result) return refuse(result.error());
  net::HttpResponse response{status, {{"Content-Type", std::string(content_type(call.encoding, false))}}, ""};
  switch (call.encoding) {
    case Encoding::Protobuf: response.body = to_protobuf(**result).value_or(""); break;
    case Encoding::Json: response.body = format::write_json(to_json(**result, *call.path.resource)); break;
    case Encoding::Table:
      response.body = write_list(Encoding::Table, *call.path.resource, std::span(&*result, 1), {}, call.now);
      break;
  }
  return response;
}

net::HttpResponse ApiServer::list(const Call& call) {
  const Store& store = world_.store();
  if (!call.query.resource_version.empty() && call.query.continue_token.empty()) {
    const auto version = parse_int<std::uint64_t>(call.query.resource_version);
    if (!version) return refuse_input(version.error().within("invalid resource version"));
    if (*version > store.version())
      return refuse(
          StatusDetails{504, "Timeout",
                        fmt::format("Timeout: Too large resource version: {}, current: {}", *version, store.version()),
                        "ResourceVersionTooLarge", "Too large resource version", 1s});
    // Only what is can be listed, as on a server that has compacted all before.
    if (call.query.resource_version_match == "Exact" && *version < store.version())
      return refuse(StatusDetails{410, "Expired", "The resourceVersion for the provided list is too old.", "", "", {}});
  }
  ListPage page;
  page.version = store.version();
  ObjectName after;
  if (!call.query.continue_token.empty()) {
    const auto token = read_continue(call.query.continue_token);
    if (!token) return refuse_input(token.error());
    // The client watches from the list's version: as long as the changes since are remembered it misses none of them.
    if (!store.remembers(token->version))
      return refuse(StatusDetails{410, "Expired", "The provided continue parameter is too old", "", "", {}});
    page.version = token->version;
    after = token->after;
  }
  // What may be old comes from the watch cache, which knows no pages.
  const auto limit = call.query.resource_version == "0" ? std::nullopt : call.query.limit;
  std::vector<ObjectRef> chosen;
  for (const auto& [name, object] : store.all(call.kind)) {
    if (!call.query.continue_token.empty() && name <= after) continue;
    if (!call.path.ns.empty() && name.ns.str() != call.path.ns) continue;
    if (!selects(call.query, *object)) continue;
    if (limit && chosen.size() >= *limit) {
      ++page.remaining;
      continue;
    }
    chosen.push_back(object);
  }
  if (page.remaining > 0) page.continue_token = write_continue({page.version, key_of(*chosen.back())});
  return {200,
          {{"Content-Type", std::string(content_type(call.encoding, false))}},
          write_list(call.encoding, *call.path.resource, chosen, page, call.now)};
}

ApiServer::Reply ApiServer::watch(const Call& call) {
  const Query& query = call.query;
  std::optional<std::uint64_t> since;
  if (!query.initial_events && !query.resource_version.empty() && query.resource_version != "0") {
    const auto version = parse_int<std::uint64_t>(query.resource_version);
    if (!version) return refuse_input(version.error());
    since = *version;
  }
  auto writer = make_event_writer(call.encoding, *call.path.resource, [this] { return world_.now(); });
  return WatchReply{std::string(content_type(call.encoding, true)),
                    std::make_unique<WatchSession>(world_.store(), call.kind, std::string(call.path.ns), query, since,
                                                   std::move(writer), call.now)};
}

net::HttpResponse ApiServer::get_scale(const Call& call) {
  const auto* deployment = world_.store().get<DeploymentObject>(call.name());
  if (call.kind != Kind::Deployment || deployment == nullptr) return not_found(*call.path.resource, call.path.name);
  return json_response(200, scale_json(*deployment));
}

}  // namespace spotkeeper::sim::serve
