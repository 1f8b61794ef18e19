// The metadata service of one simulated machine as the transport that the real client speaks through.
#pragma once

#include <memory>

#include "model/names.h"
#include "net/http.h"
#include "net/runtime.h"
#include "sim/world.h"

namespace spotkeeper::sim {

class SimMetadata final : public net::HttpTransport {
 public:
  SimMetadata(net::Runtime& runtime, World& world, NodeName node)
      : runtime_(runtime), world_(world), node_(std::move(node)), machine_(world.machine_number(node_)) {}

  net::Task<Result<net::HttpResponse>> send(net::HttpRequest request, Duration limit) override;
  /// Unsupported: the metadata service has nothing to stream.
  net::Task<Result<std::unique_ptr<net::HttpStream>>> open(net::HttpRequest request, Duration limit) override;

 private:
  net::Runtime& runtime_;
  World& world_;
  NodeName node_;
  std::optional<std::uint32_t> machine_;
};

}  // namespace spotkeeper::sim
