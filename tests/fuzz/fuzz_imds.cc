// Every body that the metadata service may send, through every reader of one: no input may do more than be refused.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cloud/aws/imds.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spotkeeper;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  if (const auto action = aws::parse_spot_action(body)) require(action->effect != InterruptionEffect::Reboot);
  (void)aws::parse_rebalance(body);
  if (const auto events = aws::parse_scheduled_events(body)) {
    for (const auto& event : events->events) require(!event.id.empty() && event.id.size() <= 128);
  }
  if (const auto state = aws::parse_lifecycle_state(body)) require(!state->empty() && state->size() <= 64);
  if (const auto identity = aws::parse_identity(body)) require(!identity->instance_id.empty());
  (void)aws::parse_event_time(body);
  return 0;
}
