// The virtual runtime as most tests want it: with a wall clock that stands somewhere in this century, and able to run a
// task to its end.
#pragma once

#include <optional>
#include <utility>

#include "net/task_group.h"
#include "net/virtual_runtime.h"

namespace spotkeeper::testing {

class VirtualRuntime final : public net::VirtualRuntime {
 public:
  explicit VirtualRuntime(Instant start = Instant(1'800'000'000s)) : net::VirtualRuntime(start) {}

  /// Runs `task` to its end, moving time as far as it needs.
  template <class T>
  T run(net::Task<T> task) {
    std::optional<T> result;
    net::TaskGroup group(*this);
    group.start([](net::Task<T> inner, std::optional<T>& out) -> net::Task<void> { out.emplace(co_await inner); }(
                                                                  std::move(task), result));
    while (!result && run_one(Steady::max())) {
    }
    return std::move(result).value();  // throws, and so fails the test, if nothing is left that could end it
  }
};

}  // namespace spotkeeper::testing
