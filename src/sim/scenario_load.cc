// Reads what a scenario says about its clients: one of "load".
#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "sim/scenario_fields.h"
#include "sim/scenario_parts.h"

namespace spotkeeper::sim {
namespace {

using format::JsonField;

constexpr double kLongMean = 0.75;  // of LongRequests::time: they are spread evenly over its upper half

bool behind(const ScenarioService& service, const ScenarioWorkload& workload) {
  const Labels& labels = *workload.workload.blueprint.labels;
  return workload.workload.name.ns == service.name.ns &&
         std::all_of(service.selector.begin(), service.selector.end(), [&](const Labels::Entry& wanted) {
           const auto* value = labels.find(wanted.first);
           return value != nullptr && *value == wanted.second;
         });
}

/// Seconds of a request in the mean.
double mean_time(const Behaviour& behaviour, const LongRequests& longs) {
  const double usual =
      seconds_of(behaviour.service_time) * std::exp(behaviour.service_sigma * behaviour.service_sigma / 2);
  if (longs.share == 0) return usual;
  return (1 - longs.share) * usual + longs.share * kLongMean * seconds_of(longs.time);
}

/// Requests a second that all replicas behind the service can serve together, as their service time stands.
double capacity(const Scenario& scenario, const ScenarioService& service, const LongRequests& longs) {
  double sum = 0;
  for (const auto& workload : scenario.workloads) {
    if (!behind(service, workload) || workload.kind == Kind::DaemonSet || workload.kind == Kind::Job) continue;
    const Behaviour& b = *workload.workload.blueprint.behaviour;
    sum += static_cast<double>(workload.workload.replicas) * static_cast<double>(b.concurrency) / mean_time(b, longs);
  }
  return sum;
}

/// Makes requests longer or shorter so that `rate` is `share` of what the replicas can serve; the long ones stay as
/// they are. False: they alone are more than that.
bool fit_service_time(Scenario& scenario, const ScenarioService& service, const Load& load, double share) {
  const double factor = capacity(scenario, service, load.longs) * share / load.rate;
  for (auto& workload : scenario.workloads) {
    if (!behind(service, workload) || workload.kind == Kind::DaemonSet) continue;
    Behaviour fitted = *workload.workload.blueprint.behaviour;
    double of_usual = factor;
    if (load.longs.share > 0) {
      const double wanted = mean_time(fitted, load.longs) * factor;
      const double left = wanted - load.longs.share * kLongMean * seconds_of(load.longs.time);
      of_usual = left / (1 - load.longs.share) / mean_time(fitted, {});
      if (!(of_usual > 0)) return false;
    }
    fitted.service_time = std::max<Duration>(duration_of_seconds(seconds_of(fitted.service_time) * of_usual), 1us);
    workload.workload.blueprint.behaviour = std::make_shared<const Behaviour>(fitted);
  }
  return true;
}

/// Absent: through the load balancer where there is one.
Result<bool> from_outside(const JsonField& field, const ScenarioService& service) {
  enum class From { Usual, Outside, Inside };
  SK_TRY(const auto from, one_of<From>(field, From::Usual, {{"outside", From::Outside}, {"inside", From::Inside}}));
  if (from == From::Outside && !service.load_balancer) {
    return fail(field.error("the service " + quote(service.name.str()) + " has no load-balancer"));
  }
  return from != From::Inside && service.load_balancer.has_value();
}

Result<RetrySettings> retries_in(const JsonField& field) {
  SK_CHECK(keys_in(field, {"most", "budget", "after", "connect-limit", "idempotent"}));
  RetrySettings retries;
  SK_TRY(retries.most, number_in<std::uint32_t>(field["most"], field.present() ? 2 : 0, 0, 10));
  SK_TRY(retries.budget, share_in(field["budget"], retries.budget));
  SK_TRY(retries.after, duration_in(field["after"], retries.after, 1ms, 1min));
  SK_TRY(retries.connect_limit, duration_in(field["connect-limit"], retries.connect_limit, 0s, 1min));
  SK_TRY(retries.idempotent, flag_in(field["idempotent"], retries.idempotent));
  return retries;
}

/// Longer than the client waits makes no sense: none would be answered.
Result<LongRequests> longs_in(const JsonField& field, Duration time_limit) {
  SK_CHECK(keys_in(field, {"share", "time"}));
  LongRequests longs;
  SK_TRY(longs.share, share_in(field["share"], longs.share));
  SK_TRY(longs.time, duration_in(field["time"], longs.time, 0s, 1h));
  if (longs.share == 0) return LongRequests{};
  if (longs.share >= 1) return fail(field["share"].error("all requests: set the workload's service-time instead"));
  if (longs.time <= Duration{}) return fail(field.error("expected time: how long the longest of them takes"));
  if (longs.time >= time_limit) {
    return fail(field["time"].error("clients wait no longer than time-limit, which is " + format_duration(time_limit)));
  }
  return longs;
}

}  // namespace

Result<void> read_load(const JsonField& field, Scenario& into) {
  SK_CHECK(field.is_object());
  SK_CHECK(keys_in(field, {"service", "namespace", "rate", "share", "kept", "connections", "requests-per-connection",
                           "time-limit", "from", "retries", "long"}));
  Load load;
  SK_TRY(load.service.name, name_in(field["service"]));
  SK_TRY(const auto ns, text_in(field["namespace"], "default"));
  load.service.ns = NamespaceName(ns);
  const auto service = std::find_if(into.services.begin(), into.services.end(),
                                    [&](const ScenarioService& known) { return known.name == load.service; });
  if (service == into.services.end()) {
    return fail(field["service"].error("no service " + quote(load.service.str()) + " in this scenario"));
  }
  SK_TRY(load.time_limit, duration_in(field["time-limit"], load.time_limit, 1ms, 1h));
  SK_TRY(load.longs, longs_in(field["long"], load.time_limit));
  const double can_serve = capacity(into, *service, load.longs);
  SK_TRY(const auto rate, maybe_number_in(field["rate"], 0.0, 1e6));
  SK_TRY(const auto share, share_in(field["share"], 0));
  load.rate = rate.value_or(0);
  if (can_serve <= 0) return fail(field["service"].error("no workload is behind this service"));
  if (load.rate == 0 && share == 0) return fail(field.error("expected rate, or share, or both"));
  if (load.rate == 0) load.rate = can_serve * share;
  if (load.rate > 1e6) return fail(field["share"].error("more than 1000000 requests a second"));
  if (rate && share > 0 && !fit_service_time(into, *service, load, share)) {
    return fail(field["long"].error("these requests alone are more than the share"));
  }
  SK_TRY(load.kept_share, share_in(field["kept"], load.kept_share));
  SK_TRY(load.connections, number_in<std::uint32_t>(field["connections"], load.connections, 1, 1'000'000));
  SK_TRY(load.requests_per_connection,
         number_in<std::uint32_t>(field["requests-per-connection"], load.requests_per_connection, 1, 1'000'000'000));
  SK_TRY(load.retries, retries_in(field["retries"]));
  SK_TRY(load.from_outside, from_outside(field["from"], *service));
  into.loads.push_back(std::move(load));
  return {};
}

}  // namespace spotkeeper::sim
