// A market without a cluster: what it does is written down.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cloud/aws/embedded_catalog.h"
#include "sim/market/group.h"
#include "sim/market/market.h"
#include "sim/market/reader.h"

namespace spotkeeper::sim::market {

inline const Catalog& catalog() {
  static const Catalog parsed = *Catalog::parse(aws::embedded_catalog(), "catalogue");
  return parsed;
}

inline InstanceType type_of(const std::string& name) { return *catalog().find(InstanceTypeName(name)); }

/// 2026-01-01T00:00:00Z.
inline const Instant kStart{Duration{1'767'225'600s}};

/// One pool a zone, of one type; no chance but what the test asks for.
inline MarketSettings calm_market(const std::vector<std::string>& zones, const std::string& type = "m5.large") {
  MarketSettings settings;
  settings.prices.spread = 0;
  settings.rebalance.before = 0;
  for (const std::string& zone : zones) {
    PoolSettings pool;
    pool.zone = zone;
    pool.type = type_of(type);
    pool.mean_price = *pool.type.spot_price();
    settings.pools.push_back(std::move(pool));
  }
  return settings;
}

/// A group over all pools.
inline GroupSettings group_over(const MarketSettings& settings, std::uint32_t size, const std::string& name = "web") {
  GroupSettings group;
  group.name = name;
  group.size = size;
  for (std::size_t p = 0; p < settings.pools.size(); ++p) group.pools.push_back(p);
  return group;
}

inline SpotTracePtr trace_of(Duration gap, std::vector<std::uint32_t> units) {
  return std::make_shared<const SpotTrace>(SpotTrace{gap, std::move(units)});
}

/// Writes down what happens, as "12s notice web-3 120s".
class Diary final : public Ground {
 public:
  explicit Diary(const Instant& now) : now_(now) {}

  void join(NodeSpec node) override {
    write("join " + node.name + " " + node.zone + " " + node.capacity_type);
    joined.push_back(node);
    when_joined[node.name] = now_;
  }
  void notice(const NodeName& node, const Notice& notice) override {
    const bool maybe = notice.kind == InterruptionKind::Maybe;
    write((maybe ? "recommend " : "notice ") + node.str() + " " + format_duration(*notice.at - now_));
    (maybe ? recommended : noticed)[node.str()] = now_;
  }
  void kill(const NodeName& node) override {
    write("kill " + node.str());
    killed[node.str()] = now_;
  }

  std::vector<std::string> lines;
  std::vector<NodeSpec> joined;
  std::map<std::string, Instant> when_joined;
  std::map<std::string, Instant> noticed;
  std::map<std::string, Instant> recommended;
  std::map<std::string, Instant> killed;

 private:
  void write(const std::string& what) { lines.push_back(format_duration(now_ - kStart) + " " + what); }
  const Instant& now_;
};

/// A market with its clock.
class Stage {
 public:
  explicit Stage(MarketSettings with, std::uint64_t seed = 1, Duration length = 24h)
      : settings(std::move(with)), market(settings, seed, length, diary) {
    market.begin(now, first_nodes(settings));
  }
  /// Until so long after the start, one thing after the other; `looks` is called after each.
  template <class Looks>
  void run_to(Duration until, Looks looks) {
    while (true) {
      const auto due = market.next_due();
      if (!due || *due > kStart + until) break;
      now = *due;
      market.advance_to(now);
      looks();
    }
    now = kStart + until;
    market.advance_to(now);
  }
  void run_to(Duration until) {
    run_to(until, [] {});
  }
  [[nodiscard]] MarketReport report() const { return market.report(now); }

  MarketSettings settings;
  Instant now = kStart;
  Diary diary{now};
  Market market;
};

}  // namespace spotkeeper::sim::market
