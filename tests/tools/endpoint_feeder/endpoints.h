// Which pods stand behind a service, as its EndpointSlices say.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "kube/reflector.h"
#include "kube/wire.h"

namespace spotkeeper::tools {

/// Two are the same when they have the same place and pod: an address that another pod has got is another endpoint.
struct Endpoint {
  std::string address;
  std::uint16_t port = 0;
  std::string pod;
  std::string node;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};
using Endpoints = std::set<Endpoint>;

/// The ready endpoints of one EndpointSlice that do not terminate, at the port called `port` (or the only one, where
/// `port` is empty). What a controller of a load balancer with IP targets registers.
Result<Endpoints> endpoints_of(const kube::WireObject& slice, std::string_view port);

/// The endpoints of all slices that it is shown.
class EndpointSink final : public kube::ReflectorSink {
 public:
  /// `heard` is called after each change, and once for the first list, with all there are.
  EndpointSink(std::string port, std::function<void(const Endpoints&)> heard)
      : port_(std::move(port)), heard_(std::move(heard)) {}

  void begin_list() override { staged_.clear(); }
  Result<void> stage(const kube::WireObject& object, const kube::WireMeta& meta) override;
  void commit() override;
  Result<void> apply(kube::WatchType type, const kube::WireObject& object, const kube::WireMeta& meta) override;
  void settled() override { tell(); }

 private:
  void tell();
  std::string port_;
  std::function<void(const Endpoints&)> heard_;
  std::map<std::string, Endpoints> staged_;
  std::map<std::string, Endpoints> slices_;  // by their names
};

}  // namespace spotkeeper::tools
