#include "tests/oracle/request_oracle.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "tests/oracle/drain_oracle.h"

namespace spotkeeper::oracle {
namespace {

constexpr double kNothing = 1e-9;

double at(const std::vector<double>& delays, std::size_t index) {
  return delays.empty() ? 0 : delays[std::min(index, delays.size() - 1)];
}

// One pod that leaves, as a path sees it.
struct Life {
  double good = 0;   // a request that comes until then is answered
  double out = 0;    // its endpoint is gone
  double joins = 0;  // its successor is an endpoint
};

std::vector<Life> lives_on(const Path& path, const RequestWorld& world, const std::vector<double>& starts) {
  std::vector<Life> lives;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const double cut = std::min(starts[i] + world.grace, world.notice);
    lives.push_back({.good = std::min(starts[i] + world.answers, cut - path.takes),
                     .out = starts[i] + at(path.leaves, i),
                     .joins = starts[i] + world.ready_after + at(path.joins, i)});
  }
  return lives;
}

// The share of a path's requests that is lost around `when`, where nothing changes.
double share_lost(const Path& path, int staying, const std::vector<Life>& lives, double when) {
  int endpoints = staying;
  int bad = 0;
  bool answers = false;
  for (const Life& life : lives) {
    endpoints += (when < life.out ? 1 : 0) + (when >= life.joins ? 1 : 0);
    if (when < life.out && when >= life.good) ++bad;
    answers = answers || when < life.good;
  }
  if (endpoints == 0) return path.terminating && answers ? 0 : 1;
  return static_cast<double>(bad) / endpoints;
}

double lost_on(const Path& path, const RequestWorld& world, const std::vector<double>& starts) {
  const std::vector<Life> lives = lives_on(path, world, starts);
  std::vector<double> changes{0, world.until};
  for (const Life& life : lives) {
    for (const double change : {life.good, life.out, life.joins})
      if (change > 0 && change < world.until) changes.push_back(change);
  }
  std::ranges::sort(changes);
  double lost = 0;
  for (std::size_t i = 1; i < changes.size(); ++i) {
    const double length = changes[i] - changes[i - 1];
    if (length > 0) lost += length * share_lost(path, world.staying, lives, changes[i - 1] + length / 2);
  }
  return lost * path.rate;
}

class Search {
 public:
  Search(const RequestWorld& world, Budgets budgets) : world_(world), obey_(budgets == Budgets::Obeyed) {
    const Ending ending{.grace = static_cast<Seconds>(std::ceil(world.grace)),
                        .requests = static_cast<Seconds>(std::ceil(world.answers))};
    const auto notice = static_cast<Seconds>(world.notice);
    const Seconds latest = last_safe_start(ending, notice, static_cast<Seconds>(world.margin), Grace::Whole);
    latest_ = std::max(world.first, static_cast<double>(latest));
    best_.lost = std::numeric_limits<double>::infinity();
  }

  FewestLost run() {
    try_from(world_.first);
    return best_;
  }

 private:
  // All are alike, so that only the order of their starts matters.
  void try_from(double first) {
    if (std::ssize(starts_) == world_.leaving) {
      FewestLost found = requests_lost(world_, starts_);
      if (found.lost < best_.lost) best_ = std::move(found);
      return;
    }
    for (int i = 0; first + i * world_.step < latest_ && best_.lost > kNothing; ++i)
      if (const double when = first + i * world_.step; allowed(when)) try_with(when);
    if (best_.lost > kNothing) try_with(latest_);
  }

  void try_with(double when) {
    starts_.push_back(when);
    try_from(when);
    starts_.pop_back();
  }

  [[nodiscard]] bool allowed(double when) const {
    if (!obey_) return true;
    int healthy = world_.staying + world_.leaving;
    for (const double start : starts_)
      if (start + world_.ready_after > when) --healthy;
    return healthy > world_.desired;
  }

  const RequestWorld& world_;
  bool obey_;
  double latest_ = 0;
  std::vector<double> starts_;
  FewestLost best_;
};

}  // namespace

FewestLost requests_lost(const RequestWorld& world, std::vector<double> starts) {
  FewestLost found;
  for (const Path& path : world.paths) {
    found.by_path.push_back(lost_on(path, world, starts));
    found.lost += found.by_path.back();
  }
  found.starts = std::move(starts);
  return found;
}

FewestLost fewest_requests_lost(const RequestWorld& world) {
  FewestLost obeyed = Search(world, Budgets::Obeyed).run();
  return obeyed.lost <= kNothing ? obeyed : Search(world, Budgets::Ignored).run();
}

}  // namespace spotkeeper::oracle
