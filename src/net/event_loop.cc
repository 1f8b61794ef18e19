#include "net/event_loop.h"

#ifdef __SANITIZE_THREAD__
#pragma GCC diagnostic ignored "-Wtsan"  // Asio's fences, which the thread sanitizer does not model
#endif

#include <sys/timerfd.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <cmath>
#include <ctime>
#include <deque>
#include <map>
#include <unordered_map>

namespace spotkeeper::net {

namespace asio = boost::asio;

namespace {

std::int64_t read_clock(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return t.tv_sec * std::int64_t{1'000'000'000} + t.tv_nsec;
}

// long double has the 64 bits of mantissa that nanoseconds since 1970 need.
std::int64_t scaled(std::int64_t nanoseconds, double rate) {
  if (rate == 1.0) return nanoseconds;
  return static_cast<std::int64_t>(static_cast<long double>(nanoseconds) * static_cast<long double>(rate));
}

// Readiness handlers that run between two looks at the timers: busy sockets must not keep a timer waiting.
constexpr int kHandlersPerTurn = 64;

}  // namespace

struct EventLoop::Impl {
  using Key = std::pair<Steady, std::uint64_t>;

  explicit Impl(TimeScale s) : scale(s), timer(io) {
    boost::system::error_code ignored;
    ignored = timer.assign(timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC), ignored);
    watch_timer();
  }

  void watch_timer() {
    timer.async_wait(asio::posix::descriptor_base::wait_read, [this](const boost::system::error_code& error) {
      if (error) return;
      std::uint64_t expirations = 0;
      [[maybe_unused]] const auto got = ::read(timer.native_handle(), &expirations, sizeof expirations);
      armed = Steady::max();
      watch_timer();
    });
  }

  // The timerfd counts in real nanoseconds of CLOCK_BOOTTIME; `when` is scaled.
  void arm(Steady when) {
    if (when == armed) return;
    armed = when;
    const long double rate = scale.rate;
    auto real = static_cast<std::int64_t>(std::ceil(static_cast<long double>(when.time_since_epoch().count()) / rate));
    if (real < 1) real = 1;  // zero would disarm it
    itimerspec spec{};
    spec.it_value.tv_sec = real / 1'000'000'000;
    spec.it_value.tv_nsec = real % 1'000'000'000;
    timerfd_settime(timer.native_handle(), TFD_TIMER_ABSTIME, &spec, nullptr);
  }

  TimeScale scale;
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  asio::posix::stream_descriptor timer;
  Steady armed = Steady::max();
  std::map<Key, std::function<void()>> calls;
  std::unordered_map<std::uint64_t, Steady> times;  // when each call of `calls` is due
  std::uint64_t last_id = 0;
  bool stopped = false;
};

EventLoop::EventLoop(TimeScale scale) : impl_(std::make_unique<Impl>(scale)) {}
EventLoop::~EventLoop() = default;

Instant EventLoop::now() const {
  const TimeScale& scale = impl_->scale;
  const std::int64_t wall = read_clock(CLOCK_REALTIME);
  return scale.epoch + Duration(scaled(wall - scale.origin.time_since_epoch().count(), scale.rate));
}

Steady EventLoop::steady() const { return Steady(Duration(scaled(read_clock(CLOCK_BOOTTIME), impl_->scale.rate))); }

Runtime::CallId EventLoop::post(std::function<void()> what) { return call_at(steady(), std::move(what)); }

Runtime::CallId EventLoop::call_at(Steady when, std::function<void()> what) {
  const Steady due = std::max(when, steady());
  const std::uint64_t id = ++impl_->last_id;
  impl_->calls.emplace(Impl::Key{due, id}, std::move(what));
  impl_->times.emplace(id, due);
  return CallId{id};
}

void EventLoop::cancel(CallId call) {
  const auto found = impl_->times.find(static_cast<std::uint64_t>(call));
  if (found == impl_->times.end()) return;
  // The function is destroyed last: its destructor may call back into this loop.
  auto node = impl_->calls.extract(Impl::Key{found->second, found->first});
  impl_->times.erase(found);
}

void EventLoop::run() {
  Impl& loop = *impl_;
  loop.stopped = false;
  while (!loop.stopped) {
    // Calls asked for from here on wait for the next turn, so that sockets get theirs.
    const std::uint64_t last_of_turn = loop.last_id;
    const Steady time = steady();
    while (!loop.stopped && !loop.calls.empty()) {
      const auto first = loop.calls.begin();
      if (first->first.first > time || first->first.second > last_of_turn) break;
      loop.times.erase(first->first.second);
      auto node = loop.calls.extract(first);
      node.mapped()();
    }
    if (loop.stopped) break;
    const bool due = !loop.calls.empty() && loop.calls.begin()->first.first <= steady();
    if (!due) {
      if (!loop.calls.empty()) loop.arm(loop.calls.begin()->first.first);
      loop.io.run_one();
    }
    for (int i = 0; i < kHandlersPerTurn && !loop.stopped && loop.io.poll_one() > 0; ++i) {
    }
  }
}

void EventLoop::stop() { impl_->stopped = true; }

// ---- Descriptor

struct Descriptor::State : std::enable_shared_from_this<State> {
  State(asio::io_context& io, int fd) : descriptor(io) {
    boost::system::error_code ignored;
    ignored = descriptor.assign(fd, ignored);
    ignored = descriptor.non_blocking(true, ignored);
  }

  struct Waiting {
    std::coroutine_handle<> caller;
    bool asked = false;  // Asio will tell us
  };
  Waiting& of(Side side) { return side == Side::Read ? read : write; }

  void ask(Side side) {
    if (of(side).asked) return;
    of(side).asked = true;
    const auto what =
        side == Side::Read ? asio::posix::descriptor_base::wait_read : asio::posix::descriptor_base::wait_write;
    descriptor.async_wait(what, [self = shared_from_this(), side](const boost::system::error_code&) {
      Waiting& waiting = self->of(side);
      waiting.asked = false;
      if (waiting.caller) std::exchange(waiting.caller, nullptr).resume();
    });
  }

  asio::posix::stream_descriptor descriptor;
  Waiting read;
  Waiting write;
};

Descriptor::Descriptor(EventLoop& loop, int fd) : state_(std::make_shared<State>(loop.impl().io, fd)) {}

Descriptor::~Descriptor() {
  boost::system::error_code ignored;
  ignored = state_->descriptor.close(ignored);
}

int Descriptor::fd() const { return state_->descriptor.native_handle(); }

void Descriptor::Wait::await_suspend(std::coroutine_handle<> caller) {
  state_->of(side_).caller = caller;
  state_->ask(side_);
}

Descriptor::Wait::~Wait() { state_->of(side_).caller = nullptr; }

// ---- SystemSignals

struct SystemSignals::State : std::enable_shared_from_this<State> {
  explicit State(EventLoop& loop) : set(loop.impl().io), came(loop) {}

  void listen() {
    set.async_wait([self = shared_from_this()](const boost::system::error_code& error, int number) {
      if (error) return;
      self->numbers.push_back(number);
      self->came.notify();
      self->listen();
    });
  }

  asio::signal_set set;
  Signal came;
  std::deque<int> numbers;
};

SystemSignals::SystemSignals(EventLoop& loop, std::initializer_list<int> numbers)
    : state_(std::make_shared<State>(loop)) {
  boost::system::error_code ignored;
  for (const int number : numbers) ignored = state_->set.add(number, ignored);
  state_->listen();
}

SystemSignals::~SystemSignals() {
  boost::system::error_code ignored;
  ignored = state_->set.cancel(ignored);
  ignored = state_->set.clear(ignored);
}

Task<int> SystemSignals::next() {
  const std::shared_ptr<State> state = state_;
  while (state->numbers.empty()) co_await state->came.wait();
  const int number = state->numbers.front();
  state->numbers.pop_front();
  co_return number;
}

// ---- Names

namespace {

struct Lookup {
  explicit Lookup(EventLoop& loop) : resolver(loop.impl().io), ended(loop) {}
  asio::ip::tcp::resolver resolver;
  Signal ended;
  bool done = false;
  boost::system::error_code error;
  std::vector<SocketAddress> addresses;
};

void start_lookup(const std::shared_ptr<Lookup>& lookup, const std::string& host, std::uint16_t port) {
  lookup->resolver.async_resolve(
      host, std::to_string(port), asio::ip::resolver_base::numeric_service,
      [lookup](const boost::system::error_code& error, const asio::ip::tcp::resolver::results_type& results) {
        lookup->done = true;
        lookup->error = error;
        for (const auto& entry : results) {
          const auto endpoint = entry.endpoint();
          const auto address = SocketAddress::from(endpoint.data(), static_cast<socklen_t>(endpoint.size()));
          if (address) lookup->addresses.push_back(*address);
        }
        lookup->ended.notify();
      });
}

}  // namespace

Task<Result<std::vector<SocketAddress>>> resolve(EventLoop& loop, std::string host, std::uint16_t port) {
  if (const auto literal = SocketAddress::parse(host, port)) co_return std::vector<SocketAddress>{*literal};
  const auto lookup = std::make_shared<Lookup>(loop);
  start_lookup(lookup, host, port);
  while (!lookup->done) co_await lookup->ended.wait();
  if (!lookup->error && !lookup->addresses.empty()) co_return std::move(lookup->addresses);
  const bool unknown = !lookup->error || lookup->error == asio::error::host_not_found;
  const std::string why = lookup->error ? lookup->error.message() : "it has no address";
  co_return fail(unknown ? ErrorCode::NotFound : ErrorCode::Unavailable, "looking up " + host + ": " + why);
}

}  // namespace spotkeeper::net
