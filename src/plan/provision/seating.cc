#include "plan/provision/seating.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>

namespace spotkeeper::plan {
namespace {

constexpr std::size_t kMostPods = 8;
constexpr std::size_t kMostNodes = 8;
constexpr std::size_t kMostStates = 20'000;
constexpr std::int32_t kLastRank = std::numeric_limits<std::int32_t>::max();

/// Without giving up anything, and without using up a limit.
bool can_be_bought(const Purchase& purchase, ShapeId shape) {
  const Problem& problem = purchase.board().problem();
  for (CandidateId id = 0; id < purchase.candidates().size(); ++id) {
    const bool limited = !problem.pools[purchase.candidates()[id].pool].limits.empty();
    if (!limited && purchase.allows_new(shape, id, Leniency()) == Refusal::None) return true;
  }
  return false;
}

class Search {
 public:
  Search(Purchase& purchase, const std::vector<PodId>& pods, SeatingRules rules)
      : purchase_(purchase), nodes_(purchase.board().nodes()), leniency_(rules.leniency) {
    const Problem& problem = purchase.board().problem();
    for (const PodId pod : pods) {
      const ShapeId shape = problem.pods[pod].shape;
      const auto known = std::ranges::find(shapes_, shape);
      if (known == shapes_.end()) {
        shapes_.push_back(shape);
        left_.push_back(1);
        const bool last = rules.new_machines && can_be_bought(purchase, shape);
        rank_.push_back(last ? kLastRank : -problem.shapes[shape].spec->priority);
      } else {
        ++left_[static_cast<std::size_t>(known - shapes_.begin())];
      }
    }
    total_ = pods.size();
    seated_.assign(shapes_.size() * nodes_, 0);
  }

  void run() { step(0); }
  [[nodiscard]] std::int32_t rank(ShapeId shape) const {
    return rank_[static_cast<std::size_t>(std::ranges::find(shapes_, shape) - shapes_.begin())];
  }
  /// How many of each shape are on each node in the best seating, shape by shape.
  [[nodiscard]] const std::vector<std::uint8_t>& best() const { return best_; }
  [[nodiscard]] const std::vector<ShapeId>& shapes() const { return shapes_; }
  /// More is better: pods seated, by priority.
  [[nodiscard]] const std::map<std::int32_t, std::int32_t>& score() const { return best_score_; }

  static bool better(const std::map<std::int32_t, std::int32_t>& a, const std::map<std::int32_t, std::int32_t>& b) {
    auto at = a.begin();
    for (auto other = b.begin(); at != a.end() || other != b.end();) {
      if (other == b.end()) return true;
      if (at == a.end()) return false;
      if (at->first != other->first) return at->first < other->first;
      if (at->second != other->second) return at->second > other->second;
      ++at;
      ++other;
    }
    return false;
  }

 private:
  void step(std::size_t seated) {
    if (best_count_ == total_ || seen_.size() >= kMostStates || !seen_.insert(seated_).second) return;
    if (best_.empty() || better(score_, best_score_)) {
      best_ = seated_;
      best_score_ = score_;
      best_count_ = seated;
    }
    for (std::size_t i = 0; i < shapes_.size(); ++i) {
      for (NodeId node = 0; left_[i] != 0 && node < nodes_; ++node) {
        const Leniency leniency = rank_[i] == kLastRank ? Leniency() : leniency_;
        if (purchase_.allows(shapes_[i], node, leniency) != Refusal::None) continue;
        purchase_.place(shapes_[i], node);
        --left_[i];
        ++seated_[i * nodes_ + node];
        ++score_[rank_[i]];
        step(seated + 1);
        if (--score_[rank_[i]] == 0) score_.erase(rank_[i]);
        --seated_[i * nodes_ + node];
        ++left_[i];
        purchase_.remove(shapes_[i], node);
      }
    }
  }

  Purchase& purchase_;
  std::size_t nodes_;
  Leniency leniency_;
  std::vector<ShapeId> shapes_;
  std::vector<std::int32_t> left_;
  std::vector<std::int32_t> rank_;  // by shape: less is more important
  std::vector<std::uint8_t> seated_;
  std::map<std::int32_t, std::int32_t> score_;
  std::vector<std::uint8_t> best_;
  std::map<std::int32_t, std::int32_t> best_score_;
  std::size_t best_count_ = 0;
  std::size_t total_ = 0;
  std::set<std::vector<std::uint8_t>> seen_;
};

}  // namespace

std::optional<std::vector<std::optional<NodeId>>> seat_all(Purchase& purchase, const std::vector<PodId>& pods,
                                                           const std::vector<std::optional<NodeId>>& now,
                                                           SeatingRules rules) {
  const Problem& problem = purchase.board().problem();
  const std::size_t nodes = purchase.board().nodes();
  const bool all = std::ranges::all_of(pods, [&](PodId pod) { return now[pod].has_value(); });
  if (all || pods.size() > kMostPods || nodes > kMostNodes) return std::nullopt;
  Search search(purchase, pods, rules);
  std::map<std::int32_t, std::int32_t> score;
  for (const PodId pod : pods) {
    if (!now[pod]) continue;
    ++score[search.rank(problem.pods[pod].shape)];
    purchase.remove(problem.pods[pod].shape, *now[pod]);
  }
  search.run();
  for (const PodId pod : pods)
    if (now[pod]) purchase.place(problem.pods[pod].shape, *now[pod]);
  if (!Search::better(search.score(), score)) return std::nullopt;
  std::vector<std::optional<NodeId>> out(now.size());
  std::vector<std::uint8_t> open = search.best();
  for (const PodId pod : pods) {
    const auto at = std::ranges::find(search.shapes(), problem.pods[pod].shape) - search.shapes().begin();
    for (NodeId node = 0; node < nodes && !out[pod]; ++node) {
      auto& seats = open[static_cast<std::size_t>(at) * nodes + node];
      if (seats == 0) continue;
      --seats;
      out[pod] = node;
    }
  }
  return out;
}

}  // namespace spotkeeper::plan
