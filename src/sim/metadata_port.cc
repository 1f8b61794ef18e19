#include "sim/metadata_port.h"

#include <algorithm>
#include <utility>

namespace spotkeeper::sim {

net::Task<Result<net::HttpResponse>> SimMetadata::send(net::HttpRequest request, Duration limit) {
  const Steady sent = runtime_.steady();
  co_await net::sleep_for(runtime_, std::min(world_.faults().metadata().latency, limit));
  if (!machine_) co_return fail(ErrorCode::Unavailable, "no machine " + node_.str());
  auto answer = world_.metadata(*machine_, request);
  // Silence is only known to be silence when the time is over.
  if (!answer && answer.error().code == ErrorCode::Timeout) co_await net::sleep_until(runtime_, sent + limit);
  co_return answer;
}

net::Task<Result<std::unique_ptr<net::HttpStream>>> SimMetadata::open(net::HttpRequest /*request*/,
                                                                      Duration /*limit*/) {
  co_return fail(ErrorCode::Unsupported, "the metadata service has no streams");
}

}  // namespace spotkeeper::sim
