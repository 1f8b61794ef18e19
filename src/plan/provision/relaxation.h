// The linear program of a purchase: fractions of machines for fractions of pods.
//
// Beside the resources that pods request, machines give places that only few pods may have: where anti-affinity lets at
// most one of some pods be in a domain, at most one is on a machine, so each of them takes the machine's one place for
// them. Such pods need as many machines as there are of them; without the places the program would not see it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plan/provision/duals.h"
#include "plan/provision/takes.h"

namespace spotkeeper::plan {

/// How many of something that is wanted there are.
struct Demand {
  Wanted wanted;
  std::int64_t count = 0;
};

class Relaxation {
 public:
  /// `takes` is of `items`.
  Relaxation(const Purchase& purchase, std::span<const Demand> items, const Takes& takes);

  /// What an item wants, resources first, then places.
  [[nodiscard]] const Amounts& wants(std::size_t item) const { return wants_[item]; }
  /// What a machine has of both.
  [[nodiscard]] Amounts room(CandidateId candidate) const;
  /// What a node has of both that is there and has `free` of the resources.
  [[nodiscard]] Amounts room(Amounts free, const DomainsOfNode& domains) const;

  /// Items that some machine takes: those of the program.
  [[nodiscard]] const std::vector<std::size_t>& known() const { return known_; }
  /// The machines of the program: of the others each is taken the place of by one of these that takes all that it takes
  /// and has no less of anything for a dollar.
  [[nodiscard]] const std::vector<CandidateId>& machines() const { return machines_; }

  /// Known items that are one to the program, for they want the same and the same machines take them.
  struct Alike {
    std::size_t item = 0;    // the first of them
    std::int64_t count = 0;  // of all together
  };
  [[nodiscard]] const std::vector<Alike>& alike() const { return alike_; }
  /// Of a known item, which of alike().
  [[nodiscard]] std::size_t alike_of(std::size_t known) const { return alike_of_[known]; }

  /// Worths and shares by alike(), weights by machine.
  [[nodiscard]] DualPrices solve(SearchEnd end) const;
  /// Known items of which a machine holds one at most, where that alone makes the program dearer: every machine that it
  /// buys has one of them.
  [[nodiscard]] std::vector<std::size_t> kept_apart(const DualPrices& prices) const;

 private:
  struct Place {
    bool of_lone_sets = false;  // of what is to be alone, rather than of a counter
    std::uint32_t counter = 0;
    std::int64_t pods = 0;
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  [[nodiscard]] std::vector<Place> find_places() const;
  [[nodiscard]] bool takes_place(std::size_t item, const Place& place) const;
  void keep_scarce(const std::vector<Place>& places);
  void find_alike();
  [[nodiscard]] std::vector<CandidateId> densest() const;

  const Purchase& purchase_;
  std::span<const Demand> items_;
  const Takes& takes_;
  std::vector<Amounts> wants_;  // by item
  std::vector<Place> places_;
  std::vector<std::size_t> known_;
  std::vector<Alike> alike_;
  std::vector<std::size_t> alike_of_;  // by known item
  std::vector<CandidateId> machines_;
};

}  // namespace spotkeeper::plan
