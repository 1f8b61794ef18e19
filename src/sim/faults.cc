#include "sim/faults.h"

namespace spotkeeper::sim {

FaultDice::FaultDice(std::uint64_t seed, Instant start, ApiFaults api, MetadataFaults metadata)
    : random_(Random(seed).fork(0xFA17)), start_(start), api_(api), metadata_(metadata) {}

bool FaultDice::within(Instant now, const std::optional<Duration>& from, const std::optional<Duration>& until) const {
  return (!from || now >= start_ + *from) && (!until || now < start_ + *until);
}

Duration FaultDice::latency() { return random_.lognormal(api_.latency, api_.latency_sigma); }
Duration FaultDice::watch_lag() { return random_.lognormal(api_.watch_lag, api_.watch_lag_sigma); }

ApiFate FaultDice::fate(Instant now, bool locked_patch) {
  if (!within(now, api_.from, api_.until)) return ApiFate::Answered;
  if (random_.chance(api_.throttled)) return ApiFate::Throttled;
  if (random_.chance(api_.throttled_bare)) return ApiFate::ThrottledBare;
  if (random_.chance(api_.unavailable)) {
    return random_.chance(0.5) ? ApiFate::UnavailableBefore : ApiFate::UnavailableAfter;
  }
  if (random_.chance(api_.lost_answer)) return ApiFate::LostAnswer;
  if (locked_patch && random_.chance(api_.conflict)) return ApiFate::Conflict;
  return ApiFate::Answered;
}

bool FaultDice::watch_breaks(Instant now) {
  return within(now, api_.from, api_.until) && random_.chance(api_.watch_gap);
}

bool FaultDice::hides_pod(Instant now) {
  return within(now, api_.from, api_.until) && random_.chance(api_.partial_view);
}

FaultDice::MetadataFate FaultDice::metadata_fate(Instant now) {
  if (!within(now, metadata_.from, metadata_.until)) return MetadataFate::Answered;
  if (random_.chance(metadata_.unavailable)) return MetadataFate::Unavailable;
  if (random_.chance(metadata_.garbage)) return MetadataFate::Garbage;
  if (random_.chance(metadata_.half_answer)) return MetadataFate::Half;
  if (random_.chance(metadata_.unauthorized)) return MetadataFate::Unauthorized;
  if (random_.chance(metadata_.slow)) return MetadataFate::Silent;
  return MetadataFate::Answered;
}

std::string FaultDice::garbage() {
  std::string bytes;
  for (std::uint64_t left = random_.below(64) + 1; left > 0; --left) {
    bytes += static_cast<char>(random_.below(256));
  }
  return bytes;
}

}  // namespace spotkeeper::sim
