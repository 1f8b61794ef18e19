// What stands on a Node about its end, as annotations:
//
//   spotkeeper.dev/interruption   what the machine was told and what was set because of it (a plan::NodeMark)
//   spotkeeper.dev/drain          a controller's word that it drains the node, and how far it is (a DrainClaim)
//   spotkeeper.dev/finished       the id of a notice that has been dealt with although the metadata service still shows
//   it
//
// Both JSON objects are read with tolerance: unknown members are skipped, so that versions can differ within a cluster.
// Writing gives members in a fixed order and times in RFC 3339, so that equal records are equal text.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/interruption.h"
#include "model/node.h"
#include "model/snapshot.h"
#include "plan/interruption/interruption.h"

namespace spotkeeper::control {

inline constexpr std::string_view kInterruptionAnnotation = "spotkeeper.dev/interruption";
inline constexpr std::string_view kDrainAnnotation = "spotkeeper.dev/drain";
inline constexpr std::string_view kFinishedAnnotation = "spotkeeper.dev/finished";
/// Where an interruption annotation that nobody could read is put before its place is used.
inline constexpr std::string_view kUnreadableAnnotation = "spotkeeper.dev/interruption-unreadable";

[[nodiscard]] std::string write_mark(const plan::NodeMark& mark);
/// `node` is whose annotation it is. InvalidInput with the place and the bytes that are wrong.
Result<plan::NodeMark> read_mark(std::string_view text, const NodeName& node);
/// The mark of a Node; nothing where it has none.
Result<std::optional<plan::NodeMark>> mark_of(const Node& node);

/// A controller drains this node.
struct DrainClaim {
  std::string holder;     // who, by its lease identity
  std::int64_t term = 0;  // how often the lease had changed hands: a later one wins
  Instant progress;       // when it last did or saw something about this node, on its own clock
  friend bool operator==(const DrainClaim&, const DrainClaim&) = default;
};
[[nodiscard]] std::string write_claim(const DrainClaim& claim);
Result<DrainClaim> read_claim(std::string_view text);
/// The claim on a Node; nothing where there is none or it can't be read (then nobody drains, and the agent does).
[[nodiscard]] std::optional<DrainClaim> claim_of(const Node& node);

/// Tells which nodes are marked, at every look at the cluster; a mark that has not changed is not read again.
class MarkedNodes {
 public:
  /// The interruptions of every marked node in the snapshot, by node; marks that can't be read are left out.
  [[nodiscard]] std::vector<Interruption> in(const Snapshot& cluster);

 private:
  struct Known {
    std::string text;  // of the annotation
    std::optional<Interruption> what;
  };
  std::map<NodeName, Known> known_;
};

}  // namespace spotkeeper::control
