#include "tests/tools/endpoint_feeder/endpoints.h"

#include <optional>
#include <utility>

#include "kube/codec/translate.h"

namespace spotkeeper::tools {
namespace {

Result<std::uint16_t> port_of(const kube::wire::EndpointSlice& slice, std::string_view name) {
  for (const kube::wire::EndpointPort& port : slice.ports) {
    const bool wanted = name.empty() ? slice.ports.size() == 1 : port.name == name;
    if (wanted && port.port && *port.port > 0 && *port.port <= 65'535) return static_cast<std::uint16_t>(*port.port);
  }
  return fail(ErrorCode::InvalidInput, "the slice has no port " + std::string(name.empty() ? "or several" : name));
}

Result<Endpoints> endpoints_from(const kube::wire::EndpointSlice& slice, std::string_view port_name) {
  Endpoints out;
  if (slice.endpoints.empty()) return out;
  SK_TRY(const std::uint16_t port, port_of(slice, port_name));
  for (const kube::wire::Endpoint& endpoint : slice.endpoints) {
    // Unknown readiness counts as ready (discovery/v1).
    if (!endpoint.conditions.ready.value_or(true) || endpoint.conditions.terminating.value_or(false)) continue;
    for (const kube::wire::Text address : endpoint.addresses) {
      out.insert({.address = std::string(address),
                  .port = port,
                  .pod = endpoint.target_ref ? std::string(endpoint.target_ref->name) : std::string(),
                  .node = std::string(endpoint.node_name.value_or(""))});
    }
  }
  return out;
}

}  // namespace

Result<Endpoints> endpoints_of(const kube::WireObject& slice, std::string_view port) {
  if (slice.json != nullptr) {
    kube::wire::Arena arena;
    SK_TRY(const auto decoded, kube::from_json<kube::wire::EndpointSlice>(*slice.json, arena));
    return endpoints_from(decoded, port);
  }
  SK_TRY(const auto decoded, kube::from_protobuf<kube::wire::EndpointSlice>(slice.message));
  return endpoints_from(decoded, port);
}

Result<void> EndpointSink::stage(const kube::WireObject& object, const kube::WireMeta& meta) {
  SK_TRY(staged_[meta.name], endpoints_of(object, port_));
  return {};
}

void EndpointSink::commit() {
  slices_ = std::exchange(staged_, {});
  tell();
}

Result<void> EndpointSink::apply(kube::WatchType type, const kube::WireObject& object, const kube::WireMeta& meta) {
  if (type == kube::WatchType::Deleted) {
    slices_.erase(meta.name);
    return {};
  }
  SK_TRY(slices_[meta.name], endpoints_of(object, port_));
  return {};
}

void EndpointSink::tell() {
  Endpoints all;
  for (const auto& [name, endpoints] : slices_) all.insert(endpoints.begin(), endpoints.end());
  heard_(all);
}

}  // namespace spotkeeper::tools
