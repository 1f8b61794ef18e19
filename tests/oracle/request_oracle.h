// The fewest requests that can be lost when pods of one service end: found by trying every start time, as in
// drain_oracle.h, but counted in requests and with proxies and balancers that hear late.
//
// A pod's end begins at its start time s: from then on its endpoint is on its way out of every path, and its successor
// is made. It takes new requests for `answers` seconds more (its preStop and what it lingers), and is cut off at the
// end of its grace or with its machine, whichever is first. Requests arrive evenly, and a path spreads them evenly over
// the endpoints that it has. One is lost when the pod that it is sent to takes no new requests any more, or is cut off
// before the answer; and when the path has no endpoint at all. Connections that are kept count as if each request chose
// anew.
//
// Every pod's end begins at its last safe start or earlier (drain_oracle.h). Seconds from the notice.
#pragma once

#include <string>
#include <vector>

namespace spotkeeper::oracle {

/// A way to the pods.
struct Path {
  std::string name{};
  double rate = 0;             // requests a second
  double takes = 0;            // until a request is answered
  std::vector<double> leaves;  // from the k-th start until that pod's endpoint is gone; the last one counts for more
  std::vector<double> joins;   // from when the k-th successor is Ready until it is an endpoint
  bool terminating = false;    // without endpoints it takes pods that end and still answer, as kube-proxy does
};

struct RequestWorld {
  int staying = 0;  // pods on machines that live
  int leaving = 0;  // pods on those that die, all alike; at most 8
  int desired = 0;  // the budget allows a start while more than so many are healthy
  double notice = 0;
  double until = 0;  // requests are sent until then
  double first = 0;  // nothing starts earlier: nobody hears of a notice at once
  double margin = 2;
  double step = 1;         // of start times
  double ready_after = 0;  // from a start until the successor is Ready
  double grace = 0;
  double answers = 0;
  std::vector<Path> paths;
};

struct FewestLost {
  double lost = 0;
  std::vector<double> by_path{};  // in the order of `paths`
  std::vector<double> starts{};   // of one way to lose no more
};

/// Budgets are obeyed where that loses nothing; else they may be overridden.
[[nodiscard]] FewestLost fewest_requests_lost(const RequestWorld& world);

/// What these starts lose; as many as `leaving`, in order.
[[nodiscard]] FewestLost requests_lost(const RequestWorld& world, std::vector<double> starts);

}  // namespace spotkeeper::oracle
