#include "control/notices.h"

#include <algorithm>

#include "base/log.h"

namespace spotkeeper::control {

std::string describe(const Interruption& what) {
  std::string text = std::string(name_of(what.kind)) + " (" + what.source + ", " + what.id + ")";
  if (what.deadline) text += "; " + std::string(name_of(what.effect)) + " at " + format_rfc3339(what.deadline->at);
  return text;
}

bool Notices::told(std::string_view source) const {
  for (const aws::MetadataTopic topic : aws::kMetadataTopics)
    if (source == "imds/" + std::string(name_of(topic))) return monitor_.answered(topic);
  return true;
}

Interruption Notices::interruption_of(const aws::MetadataNotice& notice) const {
  const Instant received = clock_.at(notice.received);
  Interruption what;
  what.node = rules_.node;
  what.kind = notice.kind;
  what.effect = notice.effect;
  what.source = notice.source;
  what.id = notice.id;
  what.noticed = received;
  if (notice.kind == InterruptionKind::Maybe && rules_.rebalance_drains) {
    what.kind = InterruptionKind::Retire;  // without a deadline: no machine goes by itself
    return what;
  }
  switch (notice.kind) {
    case InterruptionKind::Maybe: what.confidence = 0.3; break;
    case InterruptionKind::Maintenance:
      if (notice.announced) what.deadline = Deadline{*notice.announced};
      break;
    case InterruptionKind::Retire: what.deadline = Deadline{received + rules_.lengths.lifecycle}; break;
    case InterruptionKind::Kill: {
      const Instant latest = received + rules_.lengths.spot;
      what.deadline = plan::settle_deadline(notice.announced.value_or(latest), received, rules_.lengths.spot);
      break;
    }
  }
  return what;
}

const Interruption& Notices::settle(const aws::MetadataNotice& notice) {
  const auto [entry, first] = settled_.try_emplace(notice.id);
  Settled& settled = entry->second;
  // The clocks are known better with every answer, but a deadline that moves with them would be written anew each time.
  if (!first && settled.announced == notice.announced) return settled.what;
  settled = {notice.announced, interruption_of(notice)};
  if (first) {
    metrics_.on_notice(settled.what.kind);
    log::warn("notice", {{"node", rules_.node.str()},
                         {"what", describe(settled.what)},
                         {"detail", notice.detail},
                         {"clock_ahead", format_duration(monitor_.skew().value_or(Duration(0)))}});
  }
  return settled.what;
}

void Notices::introduce() {
  if (introduced_ || !monitor_.identity()) return;
  introduced_ = true;
  const aws::InstanceIdentity& machine = *monitor_.identity();
  metrics_.set_instance(machine);
  log::info("this machine", {{"node", rules_.node.str()},
                             {"instance", machine.instance_id},
                             {"type", machine.instance_type},
                             {"zone", machine.zone},
                             {"life_cycle", machine.life_cycle}});
}

Signals Notices::gather() {
  introduce();
  Signals signals;
  signals.told = [this](std::string_view source) { return told(source); };
  for (const auto& [id, notice] : monitor_.notices()) {
    if (rules_.unheard.contains(notice.topic)) continue;
    signals.listed.push_back(id);
    const Interruption& what = settle(notice);
    if (what.kind == InterruptionKind::Maybe) {
      // The service shows a recommendation for as long as the machine lives; it counts for its hold time alone.
      const Instant received = clock_.at(notice.received);
      if (clock_.now() >= std::min(notice.announced.value_or(received), received) + rules_.rebalance_hold) continue;
    }
    signals.live.push_back(what);
  }
  std::erase_if(settled_, [&](const auto& entry) { return !monitor_.notices().contains(entry.first); });
  return signals;
}

}  // namespace spotkeeper::control
