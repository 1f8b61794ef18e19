#include "control/node_news.h"

#include <algorithm>
#include <utility>

#include "observe/notify.h"

namespace spotkeeper::control {
namespace {

constexpr Duration kMarkFirst = 5s;  // a notice is told when the Node is marked, or after this long

std::string sentence_of(const Interruption& what, Instant now) {
  std::string text;
  switch (what.kind) {
    case InterruptionKind::Maybe: return "AWS recommends to rebalance: its machine is likelier to be interrupted";
    case InterruptionKind::Maintenance: text = "maintenance is scheduled for its machine"; break;
    case InterruptionKind::Retire:
      if (what.source == "imds/rebalance") return "AWS recommends to rebalance, and it is drained";
      text = "Auto Scaling ends its machine";
      break;
    case InterruptionKind::Kill: text = "its machine is about to end"; break;
  }
  if (!what.deadline) return text;
  const Duration left = std::max(what.deadline->at - now, Duration(0));
  return text + ": " + std::string(name_of(what.effect)) + " in " +
         format_duration(std::chrono::round<std::chrono::seconds>(left));
}

/// AWS's handler's words for it.
std::string_view nth_kind(const Interruption& what) {
  if (what.source == "imds/rebalance") return "REBALANCE_RECOMMENDATION";
  switch (what.kind) {
    case InterruptionKind::Maybe: return "REBALANCE_RECOMMENDATION";
    case InterruptionKind::Maintenance: return "SCHEDULED_EVENT";
    case InterruptionKind::Retire: return "ASG_LIFECYCLE";
    case InterruptionKind::Kill: return "SPOT_ITN";
  }
  return "";
}

}  // namespace

void NodeNews::notice(const Interruption& what) {
  if (messenger_ == nullptr || std::exchange(noticed_, what.id) == what.id) return;
  tell(observe::Moment::Notice, what, sentence_of(what, clock_.now()), observe::Ending::Open);
  if (!drains_(what.kind)) tell(observe::Moment::Ended, what, "it is cordoned", observe::Ending::Cordoned);
}

void NodeNews::look(const std::optional<Interruption>& what, const std::optional<plan::NodeMark>& mark,
                    Agenda& agenda) {
  if (messenger_ == nullptr || !what) return;
  on_node_ = mark && mark->interruption.id == what->id;
  if (on_node_ || noticed_ == what->id) return;
  if (std::exchange(awaited_, what->id) != what->id) tell_at_ = clock_.steady() + kMarkFirst;
  agenda.consider(tell_at_);
  if (clock_.steady() >= tell_at_) notice(*what);
}

void NodeNews::notice_first(const Interruption& what) {
  if (!on_node_) notice(what);
}

void NodeNews::drained(const Interruption& what, bool moved) {
  if (messenger_ == nullptr || done_ == what.id || (!moved && noticed_ != what.id)) return;
  done_ = what.id;
  notice_first(what);
  const std::string sentence = moved ? "it is drained" : "there was nothing to move";
  tell(observe::Moment::Done, what, sentence, observe::Ending::Open);
  tell(observe::Moment::Ended, what, sentence, observe::Ending::Drained);
}

void NodeNews::over(const Interruption& what, std::string_view why) {
  tell(observe::Moment::Done, what, "the notice is over: " + std::string(why), observe::Ending::Open);
}

void NodeNews::trouble(const Interruption& what, std::string sentence) {
  notice_first(what);
  tell(observe::Moment::Trouble, what, std::move(sentence), observe::Ending::Open);
}

void NodeNews::not_drained(const Interruption& what, const std::string& sentence) {
  notice_first(what);
  tell(observe::Moment::Trouble, what, sentence, observe::Ending::Open);
  tell(observe::Moment::Ended, what, sentence, observe::Ending::NotDrained);
}

void NodeNews::tell(observe::Moment moment, const Interruption& what, std::string sentence, observe::Ending ending) {
  if (messenger_ == nullptr) return;
  observe::Notification news;
  news.moment = moment;
  news.ending = ending;
  news.key = node_.str() + " " + what.id;
  news.at = clock_.now();
  if (what.deadline) news.deadline = what.deadline->at;
  news.event.event_id = what.id;
  news.event.kind = nth_kind(what);
  news.event.monitor = news.event.kind + "_MONITOR";
  news.event.description = sentence;
  news.event.node_name = node_.str();
  news.event.start = what.deadline ? what.deadline->at : what.noticed;
  news.event.in_progress = moment == observe::Moment::Notice;
  news.event.node_processed = moment != observe::Moment::Notice;
  news.what = std::move(sentence);
  describe_(news.event);
  messenger_->tell(news);
}

}  // namespace spotkeeper::control
