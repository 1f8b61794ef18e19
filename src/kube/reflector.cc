#include "kube/reflector.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/log.h"

namespace spotkeeper::kube {
namespace {

constexpr Duration kVeryShortWatch = 1s;
constexpr std::size_t kLargestPage = 5000;
constexpr Duration kFreshList = 1s;

bool is_expired(const ApiStatus& status) {
  return status.code == 410 || status.reason == "Expired" || status.reason == "Gone";
}

/// How servers without streaming lists answer to one: the parameters are invalid (422, 400), or not known.
bool lacks_watch_list(const ApiStatus& status) {
  return status.code == 422 || status.code == 400 || status.code == 405 || status.code == 501;
}

}  // namespace

Query selectors_of(const WatchScope& scope) {
  Query query;
  if (!scope.field_selector.empty()) query.emplace_back("fieldSelector", scope.field_selector);
  if (!scope.label_selector.empty()) query.emplace_back("labelSelector", scope.label_selector);
  return query;
}

Reflector::Reflector(Pipeline& pipeline, Resource resource, WatchScope scope, ReflectorSink& sink,
                     ReflectorOptions options, Random random)
    : pipeline_(pipeline),
      resource_(resource),
      scope_(std::move(scope)),
      sink_(sink),
      options_(options),
      random_(random),
      backoff_(options.backoff, random.fork(1)),
      watch_list_(options.watch_list),
      heard_at_(pipeline.runtime().steady()),
      step_by_(heard_at_) {}

net::Task<void> Reflector::run() {
  for (;;) {
    Outcome outcome;
    if (!position_.empty()) {
      outcome = co_await watch(false);
    } else if (watch_list_) {
      outcome = co_await watch(true);
    } else {
      outcome = co_await list();
    }
    if (outcome.next == Next::Relist) {
      ++stats_.expired;
      position_.clear();
      // A server that refuses the version of its own fresh list would otherwise be listed as fast as the network goes.
      const bool fresh = pipeline_.runtime().steady() - listed_at_ < kFreshList;
      fresh_expired_ = fresh ? fresh_expired_ + 1 : 0;
      if (fresh_expired_ > 1) outcome = {Next::Backoff, {}, "the position expires again and again"};
    }
    if (outcome.next == Next::Backoff) co_await wait(std::move(outcome));
  }
}

net::Task<void> Reflector::wait(Outcome outcome) {
  net::Runtime& runtime = pipeline_.runtime();
  ++stats_.failures;
  if (runtime.steady() - last_failure_ > options_.backoff_reset) backoff_.reset();
  if (outcome.why != trouble_)
    log::warn("watching is interrupted", {{"resource", resource_.plural}, {"why", outcome.why}});
  trouble_ = std::move(outcome.why);
  const Duration pause = std::max(outcome.at_least, backoff_.next());
  expect_step_within(pause);
  co_await net::sleep_for(runtime, pause);
  last_failure_ = runtime.steady();
}

void Reflector::unreadable(const WireMeta& meta, const Error& error) {
  ++stats_.unreadable;
  log::error("an object can't be read and is left out",
             {{"resource", resource_.plural}, {"namespace", meta.ns}, {"name", meta.name}, {"error", error.message}});
}

void Reflector::stage(const WireObject& object, const WireMeta& meta) {
  ++stats_.events;
  if (auto staged = sink_.stage(object, meta); !staged) unreadable(meta, staged.error());
}

void Reflector::complete(std::string version) {
  position_ = std::move(version);
  listed_at_ = pipeline_.runtime().steady();
  synced_ = true;
  trouble_.clear();
  sink_.commit();
}

// ---- LIST -------------------------------------------------------------------------------------------------------

net::Task<Result<ListMeta>> Reflector::page(std::string token, std::size_t size) {
  Query query = selectors_of(scope_);
  query.emplace_back("limit", std::to_string(size));
  if (!token.empty()) query.emplace_back("continue", token);
  ApiRequest request;
  request.target = target_of(resource_, scope_.ns, {}, {}, query);
  request.accept = kAcceptProtobuf;
  request.limit = 60s;
  expect_step_within(request.limit);
  auto answer = co_await pipeline_.send(std::move(request));
  if (!answer) co_return fail(std::move(answer).error());
  heard_at_ = pipeline_.runtime().steady();
  if (answer->status != 200) co_return fail(error_of(status_of(*answer)));
  co_return read_list(answer->body, [this](const WireObject& object) -> Result<void> {
    auto meta = meta_of(object);
    if (meta) {
      stage(object, *meta);
    } else {
      unreadable({}, meta.error());
    }
    return {};
  });
}

net::Task<Reflector::Outcome> Reflector::list() {
  ++stats_.lists;
  std::size_t size = options_.page;
  sink_.begin_list();
  std::string token;
  for (;;) {
    auto got = co_await page(token, size);
    if (!got && got.error().code == ErrorCode::Gone && !token.empty() && size < kLargestPage) {
      // The snapshot that the pages come from is gone: begin anew, in fewer steps.
      size = std::min(size * 2, kLargestPage);
      token.clear();
      sink_.begin_list();
      continue;
    }
    if (!got) co_return Outcome{Next::Backoff, {}, got.error().message};
    token = got->next;
    if (!token.empty()) continue;
    complete(std::move(got->version));
    co_return Outcome{};
  }
}

// ---- WATCH ------------------------------------------------------------------------------------------------------

ApiRequest Reflector::watch_request(bool initial) {
  Query query = selectors_of(scope_);
  const Duration length = random_.between(options_.least_watch, options_.most_watch);
  query.emplace_back("watch", "1");
  query.emplace_back("allowWatchBookmarks", "true");
  query.emplace_back("timeoutSeconds",
                     std::to_string(std::chrono::duration_cast<std::chrono::seconds>(length).count()));
  if (initial) {
    query.emplace_back("sendInitialEvents", "true");
    query.emplace_back("resourceVersionMatch", "NotOlderThan");
  }
  query.emplace_back("resourceVersion", position_);
  ApiRequest request;
  request.target = target_of(resource_, scope_.ns, {}, {}, query);
  request.accept = kAcceptProtobuf;
  request.lane = Lane::Unlimited;
  return request;
}

net::Task<Reflector::Outcome> Reflector::watch(bool initial) {
  if (initial) ++stats_.lists;
  ApiRequest request = watch_request(initial);
  expect_step_within(2 * request.limit);  // credentials, then the exchange
  auto stream = co_await pipeline_.open(std::move(request));
  if (!stream) co_return Outcome{Next::Backoff, {}, stream.error().message};
  heard_at_ = pipeline_.runtime().steady();
  if ((*stream)->status() != 200) {
    auto outcome = co_await refused(**stream, initial);
    co_return outcome;
  }
  ++stats_.watches;
  auto outcome = co_await consume(**stream, initial);
  co_return outcome;
}

net::Task<Reflector::Outcome> Reflector::refused(net::HttpStream& stream, bool initial) {
  net::HttpResponse answer;
  answer.status = stream.status();
  answer.headers = stream.headers();
  while (answer.body.size() < (1U << 16U)) {
    expect_step_within(10s);
    auto more = co_await stream.read(10s);
    if (!more || more->empty()) break;
    answer.body += *more;
  }
  co_return ended_by(status_of(answer), initial);
}

Reflector::Outcome Reflector::ended_by(const ApiStatus& status, bool initial) {
  if (initial && lacks_watch_list(status)) {
    log::debug("the server has no streaming lists", {{"resource", resource_.plural}});
    watch_list_ = false;
    return {};
  }
  if (is_expired(status)) return {Next::Relist, {}, {}};
  if (!initial && status.code != 429 && status.code < 500) position_.clear();  // an error we know nothing of: list anew
  return {Next::Backoff, status.retry_after.value_or(0s), error_of(status).message};
}

void Reflector::take(const WatchEvent& event, bool& initial, std::optional<Outcome>& end) {
  switch (event.type) {
    case WatchType::Unknown: return;
    case WatchType::Error: end = ended_by(event.status, initial); return;
    case WatchType::Bookmark:
      ++stats_.bookmarks;
      if (initial && event.meta.initial_events_end) {
        initial = false;
        complete(event.meta.version);
      } else if (!initial && !event.meta.version.empty()) {
        position_ = event.meta.version;
      }
      return;
    default: break;
  }
  if (initial) {  // not in the order of versions: no position is taken from these
    if (event.type != WatchType::Deleted) stage(event.object, event.meta);
    return;
  }
  ++stats_.events;
  if (auto applied = sink_.apply(event.type, event.object, event.meta); !applied)
    unreadable(event.meta, applied.error());
  if (!event.meta.version.empty()) position_ = event.meta.version;
}

net::Task<Reflector::Outcome> Reflector::consume(net::HttpStream& stream, bool initial) {
  const net::Runtime& runtime = pipeline_.runtime();
  const Steady opened = runtime.steady();
  const std::uint64_t before = stats_.events + stats_.bookmarks;
  if (initial) sink_.begin_list();
  std::optional<Outcome> end;
  WatchDecoder decoder(stream.headers().find("Content-Type").value_or(""),
                       [&](const WatchEvent& event) -> Result<void> {
                         if (!end) take(event, initial, end);
                         return {};
                       });
  while (!end) {
    const Duration idle = initial ? options_.initial_idle : options_.idle;
    expect_step_within(idle);
    auto bytes = co_await stream.read(idle);
    if (bytes && !bytes->empty()) {
      heard_at_ = runtime.steady();
      auto fed = decoder.feed(*bytes);
      if (!fed && !end) end = Outcome{Next::Backoff, {}, fed.error().message};
      if (!initial) {
        trouble_.clear();
        sink_.settled();
      }
      continue;
    }
    const bool hung = !bytes && bytes.error().code == ErrorCode::Timeout;
    if (hung) ++stats_.hung;
    if (initial) {  // never completed: what was staged is worth nothing, and a plain list may fare better
      watch_list_ = !hung && watch_list_;
      end = Outcome{Next::Backoff, {}, "the initial events were cut short"};
    } else if (stats_.events + stats_.bookmarks == before && runtime.steady() - opened < kVeryShortWatch) {
      end = Outcome{Next::Backoff, {}, "a very short watch: it ended within a second without an event"};
    } else {
      end = Outcome{};
    }
  }
  co_return *std::move(end);
}

}  // namespace spotkeeper::kube
