#include "plan/schedule/seating.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace spotkeeper::plan {
namespace {

constexpr std::size_t kMostPods = 8;
constexpr std::size_t kMostNodes = 8;
constexpr std::size_t kMostStates = 20'000;

class Search {
 public:
  Search(Board& board, const Problem& problem, const std::vector<PodId>& pods) : board_(board) {
    for (const PodId pod : pods) {
      const ShapeId shape = problem.pods[pod].shape;
      const auto known = std::ranges::find(shapes_, shape);
      if (known == shapes_.end()) {
        shapes_.push_back(shape);
        left_.push_back(1);
        rank_.push_back(-problem.shapes[shape].spec->priority);
      } else {
        ++left_[static_cast<std::size_t>(known - shapes_.begin())];
      }
    }
    total_ = pods.size();
    seated_.assign(shapes_.size() * board.nodes(), 0);
  }

  void run() { step(0); }
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
      for (NodeId node = 0; left_[i] != 0 && node < board_.nodes(); ++node) {
        if (board_.allows(shapes_[i], node) != Refusal::None) continue;
        board_.place(shapes_[i], node);
        --left_[i];
        ++seated_[i * board_.nodes() + node];
        ++score_[rank_[i]];
        step(seated + 1);
        if (--score_[rank_[i]] == 0) score_.erase(rank_[i]);
        --seated_[i * board_.nodes() + node];
        ++left_[i];
        board_.remove(shapes_[i], node);
      }
    }
  }

  Board& board_;
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

std::optional<std::vector<std::optional<NodeId>>> seat_all(Board& board, const Problem& problem,
                                                           const std::vector<PodId>& pods,
                                                           const std::vector<std::optional<NodeId>>& now) {
  std::map<std::int32_t, std::int32_t> score;
  std::size_t seated = 0;
  for (const PodId pod : pods) {
    if (!now[pod]) continue;
    ++score[-problem.shapes[problem.pods[pod].shape].spec->priority];
    ++seated;
  }
  if (seated == pods.size() || pods.size() > kMostPods || board.nodes() > kMostNodes) return std::nullopt;
  for (const PodId pod : pods)
    if (now[pod]) board.remove(problem.pods[pod].shape, *now[pod]);
  Search search(board, problem, pods);
  search.run();
  for (const PodId pod : pods)
    if (now[pod]) board.place(problem.pods[pod].shape, *now[pod]);
  if (!Search::better(search.score(), score)) return std::nullopt;
  std::vector<std::optional<NodeId>> out(now.size());
  std::vector<std::uint8_t> open = search.best();
  for (const PodId pod : pods) {
    const auto at = std::ranges::find(search.shapes(), problem.pods[pod].shape) - search.shapes().begin();
    for (NodeId node = 0; node < board.nodes() && !out[pod]; ++node) {
      auto& seats = open[static_cast<std::size_t>(at) * board.nodes() + node];
      if (seats == 0) continue;
      --seats;
      out[pod] = node;
    }
  }
  return out;
}

}  // namespace spotkeeper::plan
