// Links: spotkeeper_sim
// Recorded capacity: whatever the bytes, a trace is read whole or refused with the file's name, and one that was read
// drives a market that never holds more machines than it says.
#include <algorithm>

#include "cloud/aws/embedded_catalog.h"
#include "sim/market/market.h"
#include "sim/market/reader.h"
#include "tests/fuzz/fuzz_input.h"

using namespace spotkeeper;               // NOLINT(google-build-using-namespace)
using namespace spotkeeper::sim::market;  // NOLINT(google-build-using-namespace)
using fuzz::require;

namespace {

class Nobody final : public Ground {
 public:
  void join(sim::NodeSpec) override {}
  void notice(const NodeName&, const sim::Notice&) override {}
  void kill(const NodeName&) override {}
};

MarketSettings market_of(const SpotTracePtr& trace) {
  static const Catalog catalog = *Catalog::parse(aws::embedded_catalog(), "catalogue");
  MarketSettings market;
  PoolSettings pool;
  pool.zone = "us-east-1a";
  pool.type = *catalog.find(InstanceTypeName("m5.large"));
  pool.mean_price = *pool.type.spot_price();
  pool.trace = trace;
  market.pools.push_back(pool);
  GroupSettings group;
  group.name = "g";
  group.size = 8;
  group.pools = {0};
  market.groups.push_back(group);
  return market;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto read = parse_spot_trace(fuzz::text_of(data, size), "fuzz.json");
  if (!read) {
    require(read.error().message.starts_with("fuzz.json: "));
    return 0;
  }
  require(!read->units.empty() && read->length() >= read->gap);
  const auto trace = std::make_shared<const SpotTrace>(std::move(*read));
  const MarketSettings settings = market_of(trace);
  Nobody nobody;
  Market market(settings, 1, 1h, nobody);
  const Instant start{Duration{1'767'225'600s}};
  market.begin(start, sim::market::first_nodes(settings));
  for (int step = 0; step < 200; ++step) {
    const auto due = market.next_due();
    if (!due || *due > start + 1h) break;
    market.advance_to(*due);
    require(market.holding(0) <= *market.pools()[0].capacity());
  }
  return 0;
}
