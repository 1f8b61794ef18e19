#include "plan/provision/relaxation.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

#include "model/quantity.h"

namespace spotkeeper::plan {
namespace {

constexpr std::size_t kMostPlaces = 4;
constexpr std::size_t kFewItems = 600;    // that the program tells apart even if it need not: they are divided better
constexpr double kLeastForPlace = 0.005;  // of all that is spent, below which a place makes nothing dearer
constexpr double kWorthAPlace = 0.05;  // of what everything costs, that those who need one spend at least on machines

/// For a dollar, no less of anything.
bool is_as_dense(const Amounts& a, Money price_of_a, const Amounts& b, Money price_of_b) {
  for (std::size_t k = 0; k < a.size(); ++k)
    if (Int128{a[k]} * price_of_b.micros < Int128{b[k]} * price_of_a.micros) return false;
  return true;
}

/// The part of a machine that one takes up, by the resource of which it takes up most.
double share_of(const Amounts& wants, const Amounts& room) {
  double share = 0;
  for (std::size_t k = 0; k < wants.size(); ++k)
    if (wants[k] > 0) share = std::max(share, static_cast<double>(wants[k]) / static_cast<double>(room[k]));
  return share;
}

/// What each part of the wants costs on a machine whose price is borne by its resources so.
std::vector<double> costs_of(const Amounts& wants, const Amounts& room, const std::vector<double>& weights,
                             Money price) {
  std::vector<double> out(wants.size(), 0);
  for (std::size_t k = 0; k < wants.size(); ++k)
    if (wants[k] > 0)
      out[k] =
          static_cast<double>(price.micros) * weights[k] * static_cast<double>(wants[k]) / static_cast<double>(room[k]);
  return out;
}

double sum_of(const std::vector<double>& amounts) { return std::accumulate(amounts.begin(), amounts.end(), 0.0); }

}  // namespace

Relaxation::Relaxation(const Purchase& purchase, std::span<const Demand> items, const Takes& takes)
    : purchase_(purchase), items_(items), takes_(takes) {
  for (const Demand& item : items) wants_.push_back(amounts_of(purchase.board(), item.wanted));
  machines_ = densest();
  for (std::size_t item = 0; item < items.size(); ++item)
    if (std::ranges::any_of(machines_, [&](CandidateId id) { return takes.takes(id, item); })) known_.push_back(item);
  keep_scarce(find_places());
  find_alike();
}

bool Relaxation::takes_place(std::size_t item, const Place& place) const {
  const Wanted& wanted = items_[item].wanted;
  if (place.of_lone_sets) return wanted.alone;
  const Topology& topology = purchase_.board().topology();
  return std::ranges::any_of(wanted.pods, [&](const auto& pods) {
    const auto counters = topology.counters_of_loner(pods.first);
    return std::ranges::find(counters, place.counter) != counters.end();
  });
}

/// Those with most pods, first.
std::vector<Relaxation::Place> Relaxation::find_places() const {
  std::map<std::uint32_t, std::int64_t> by_counter;
  Place lone{true, 0, 0};
  for (const std::size_t item : known_) {
    if (items_[item].wanted.alone) lone.pods += items_[item].count;
    for (const auto& [shape, pods] : items_[item].wanted.pods)
      for (const std::uint32_t counter : purchase_.board().topology().counters_of_loner(shape))
        by_counter[counter] += items_[item].count;
  }
  std::vector<Place> out;
  if (lone.pods > 0) out.push_back(lone);
  for (const auto& [counter, pods] : by_counter) out.push_back({false, counter, pods});
  std::ranges::sort(out, [](const Place& a, const Place& b) {
    return std::tuple(-a.pods, !a.of_lone_sets, a.counter) < std::tuple(-b.pods, !b.of_lone_sets, b.counter);
  });
  if (out.size() > kMostPlaces) out.resize(kMostPlaces);
  return out;
}

/// A place makes the program larger: only those stay that may make it dearer.
void Relaxation::keep_scarce(const std::vector<Place>& places) {
  if (places.empty()) return;
  double all = 0;
  for (const std::size_t item : known_) {
    double least = std::numeric_limits<double>::infinity();
    for (const CandidateId id : machines_) {
      const Candidate& candidate = purchase_.candidates()[id];
      if (takes_.takes(id, item))
        least = std::min(least, share_of(wants_[item], candidate.room) * static_cast<double>(candidate.price.micros));
    }
    all += least * static_cast<double>(items_[item].count);
  }
  for (const Place& place : places) {
    double spent = 0;
    for (const std::size_t item : known_) {
      if (!takes_place(item, place)) continue;
      CandidateId cheapest = 0;
      while (!takes_.takes(cheapest, item)) ++cheapest;
      spent += static_cast<double>(purchase_.candidates()[cheapest].price.micros * items_[item].count);
    }
    if (spent >= kWorthAPlace * all) places_.push_back(place);
  }
  if (places_.empty()) return;
  for (std::size_t item = 0; item < items_.size(); ++item)
    for (const Place& place : places_) wants_[item].push_back(takes_place(item, place) ? 1 : 0);
  machines_ = densest();
}

Amounts Relaxation::room(CandidateId id) const {
  return room(purchase_.candidates()[id].room, purchase_.candidates()[id].domains);
}

Amounts Relaxation::room(Amounts free, const DomainsOfNode& domains) const {
  const Topology& topology = purchase_.board().topology();
  for (const Place& place : places_)
    free.push_back(place.of_lone_sets || topology.has_domain(place.counter, domains) ? 1 : place.pods);
  return free;
}

std::vector<CandidateId> Relaxation::densest() const {
  const auto& all = purchase_.candidates();
  std::vector<CandidateId> order;
  for (CandidateId id = 0; id < all.size(); ++id)
    if (takes_.takes_any(id)) order.push_back(id);
  // The densest come first, so that most others meet the one that takes their place soon.
  std::ranges::sort(order, [&](CandidateId a, CandidateId b) {
    const Int128 mine = Int128{all[a].room[ResourceNames::kCpu]} * all[b].price.micros;
    const Int128 theirs = Int128{all[b].room[ResourceNames::kCpu]} * all[a].price.micros;
    return mine != theirs ? mine > theirs : a < b;
  });
  std::vector<CandidateId> kept;
  std::vector<Amounts> rooms;
  for (const CandidateId id : order) {
    const Amounts mine = room(id);
    bool replaced = false;
    for (std::size_t i = 0; i < kept.size() && !replaced; ++i)
      replaced = is_as_dense(rooms[i], all[kept[i]].price, mine, all[id].price) && takes_.covers(kept[i], id);
    if (replaced) continue;
    kept.push_back(id);
    rooms.push_back(mine);
  }
  return kept;
}

void Relaxation::find_alike() {
  std::map<std::pair<std::size_t, Amounts>, std::size_t> numbers;
  const bool tells_apart = known_.size() <= kFewItems;
  for (const std::size_t item : known_) {
    const auto [at, added] = numbers.try_emplace({takes_.sort_of(item), wants_[item]}, alike_.size());
    if (tells_apart) at->second = alike_.size();
    if (added || tells_apart) alike_.push_back({item, 0});
    alike_[at->second].count += items_[item].count;
    alike_of_.push_back(at->second);
  }
}

DualPrices Relaxation::solve(SearchEnd end) const {
  std::vector<LinearItem> items;
  items.reserve(alike_.size());
  for (const auto& [item, count] : alike_)
    items.push_back({{wants_[item].begin(), wants_[item].end()}, static_cast<double>(count)});
  std::vector<LinearMachine> machines;
  machines.reserve(machines_.size());
  for (const CandidateId id : machines_) {
    const Amounts has = room(id);
    LinearMachine machine{{has.begin(), has.end()}, static_cast<double>(purchase_.candidates()[id].price.micros), {}};
    for (const Alike& each : alike_) machine.takes.push_back(takes_.takes(id, each.item) ? 1 : 0);
    machines.push_back(std::move(machine));
  }
  return find_prices(items, machines, end);
}

std::vector<std::size_t> Relaxation::kept_apart(const DualPrices& prices) const {
  const std::size_t resources = purchase_.board().resources().size();
  std::vector<Amounts> rooms;
  rooms.reserve(machines_.size());
  for (const CandidateId id : machines_) rooms.push_back(room(id));
  std::vector<double> spent(places_.size(), 0);  // for the place alone
  double all = 0;
  for (std::size_t i = 0; i < alike_.size() && !places_.empty(); ++i) {
    const Amounts& wants = wants_[alike_[i].item];
    std::vector<double> least;  // by resource, on the machine where one costs least
    for (std::size_t c = 0; c < machines_.size(); ++c) {
      if (!takes_.takes(machines_[c], alike_[i].item)) continue;
      std::vector<double> cost =
          costs_of(wants, rooms[c], prices.weights[c], purchase_.candidates()[machines_[c]].price);
      if (least.empty() || sum_of(cost) < sum_of(least)) least = std::move(cost);
    }
    const auto count = static_cast<double>(alike_[i].count);
    all += sum_of(least) * count;
    for (std::size_t place = 0; place < places_.size(); ++place) spent[place] += least[resources + place] * count;
  }
  std::vector<std::size_t> out;
  const auto most = std::ranges::max_element(spent);
  if (most == spent.end() || *most < kLeastForPlace * all) return out;
  const Place& place = places_[static_cast<std::size_t>(most - spent.begin())];
  std::ranges::copy_if(known_, std::back_inserter(out), [&](std::size_t item) { return takes_place(item, place); });
  return out;
}

}  // namespace spotkeeper::plan
