// Events, in the form of core/v1 that kubectl describe reads and that of events.k8s.io/v1. See objects.h.
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "kube/codec/wire_meta.h"

namespace spotkeeper::kube::wire {

struct EventSource {
  Text component;
  Text host;
};
constexpr auto fields(const EventSource*) {
  return std::tuple{Field{1, "component", &EventSource::component}, Field{2, "host", &EventSource::host}};
}

struct EventSeries {
  std::int32_t count = 0;
  MicroTime last_observed_time;
};
constexpr auto fields(const EventSeries*) {
  return std::tuple{Field{1, "count", &EventSeries::count},
                    Field{2, "lastObservedTime", &EventSeries::last_observed_time}};
}

struct CoreEvent {
  ObjectMeta metadata;
  ObjectReference involved_object;
  Text reason;
  Text message;
  EventSource source;
  Time first_timestamp;
  Time last_timestamp;
  std::int32_t count = 0;
  Text type;
  MicroTime event_time;
  std::optional<EventSeries> series;
  Text action;
  Text reporting_component;
  Text reporting_instance;
};
constexpr auto fields(const CoreEvent*) {
  return std::tuple{Field{1, "metadata", &CoreEvent::metadata},
                    Field{2, "involvedObject", &CoreEvent::involved_object},
                    Field{3, "reason", &CoreEvent::reason},
                    Field{4, "message", &CoreEvent::message},
                    Field{5, "source", &CoreEvent::source},
                    Field{6, "firstTimestamp", &CoreEvent::first_timestamp},
                    Field{7, "lastTimestamp", &CoreEvent::last_timestamp},
                    Field{8, "count", &CoreEvent::count},
                    Field{9, "type", &CoreEvent::type},
                    Field{10, "eventTime", &CoreEvent::event_time},
                    Field{11, "series", &CoreEvent::series},
                    Field{12, "action", &CoreEvent::action},
                    Field{14, "reportingComponent", &CoreEvent::reporting_component},
                    Field{15, "reportingInstance", &CoreEvent::reporting_instance}};
}

struct Event {
  ObjectMeta metadata;
  MicroTime event_time;
  std::optional<EventSeries> series;
  Text reporting_controller;
  Text reporting_instance;
  Text action;
  Text reason;
  ObjectReference regarding;
  Text note;
  Text type;
  EventSource deprecated_source;
  Time deprecated_first_timestamp;
  Time deprecated_last_timestamp;
  std::int32_t deprecated_count = 0;
};
constexpr auto fields(const Event*) {
  return std::tuple{Field{1, "metadata", &Event::metadata},
                    Field{2, "eventTime", &Event::event_time},
                    Field{3, "series", &Event::series},
                    Field{4, "reportingController", &Event::reporting_controller},
                    Field{5, "reportingInstance", &Event::reporting_instance},
                    Field{6, "action", &Event::action},
                    Field{7, "reason", &Event::reason},
                    Field{8, "regarding", &Event::regarding},
                    Field{10, "note", &Event::note},
                    Field{11, "type", &Event::type},
                    Field{12, "deprecatedSource", &Event::deprecated_source},
                    Field{13, "deprecatedFirstTimestamp", &Event::deprecated_first_timestamp},
                    Field{14, "deprecatedLastTimestamp", &Event::deprecated_last_timestamp},
                    Field{15, "deprecatedCount", &Event::deprecated_count}};
}

}  // namespace spotkeeper::kube::wire
