#include "sim/serve/table.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace spotkeeper::sim::serve {
namespace {

namespace json = boost::json;

// The value at a path of member names, or nullptr; numbers in the path are array indices.
const json::value* at(const json::value& from, std::initializer_list<std::string_view> path) {
  const json::value* here = &from;
  for (const std::string_view key : path) {
    const json::object* object = here->if_object();
    if (object == nullptr) return nullptr;
    here = object->if_contains(key);
    if (here == nullptr) return nullptr;
  }
  return here;
}

std::string text(const json::value& from, std::initializer_list<std::string_view> path,
                 std::string_view otherwise = "") {
  const json::value* found = at(from, path);
  if (found == nullptr || found->is_null()) return std::string(otherwise);
  if (const json::string* string = found->if_string()) return std::string(*string);
  return json::serialize(*found);
}

std::int64_t number(const json::value& from, std::initializer_list<std::string_view> path) {
  const json::value* found = at(from, path);
  if (found == nullptr) return 0;
  if (const std::int64_t* value = found->if_int64()) return *value;
  if (const std::uint64_t* value = found->if_uint64()) return static_cast<std::int64_t>(*value);
  return 0;
}

const json::array& list(const json::value& from, std::initializer_list<std::string_view> path) {
  static const json::array kNone;
  const json::value* found = at(from, path);
  const json::array* array = found == nullptr ? nullptr : found->if_array();
  return array == nullptr ? kNone : *array;
}

std::string age_of(const json::value& object, Instant now) {
  const auto created = parse_rfc3339(text(object, {"metadata", "creationTimestamp"}));
  return created ? human_age(now - *created) : "<unknown>";
}

struct Column {
  std::string_view name;
  std::string_view type = "string";
  int priority = 0;  // 1: only with -o wide
};

using Cells = json::array;

// --- Node

std::string node_status(const json::value& node) {
  std::string status = "Unknown";
  for (const json::value& condition : list(node, {"status", "conditions"}))
    if (text(condition, {"type"}) == "Ready") status = text(condition, {"status"}) == "True" ? "Ready" : "NotReady";
  if (const json::value* cordoned = at(node, {"spec", "unschedulable"});
      cordoned != nullptr && cordoned->is_bool() && cordoned->get_bool())
    status += ",SchedulingDisabled";
  return status;
}

std::string node_address(const json::value& node, std::string_view type) {
  for (const json::value& address : list(node, {"status", "addresses"}))
    if (text(address, {"type"}) == type) return text(address, {"address"});
  return "<none>";
}

std::vector<Column> node_columns() {
  return {{"Name"},
          {"Status"},
          {"Roles"},
          {"Age"},
          {"Version"},
          {"Internal-IP", "string", 1},
          {"External-IP", "string", 1},
          {"OS-Image", "string", 1},
          {"Kernel-Version", "string", 1},
          {"Container-Runtime", "string", 1}};
}
Cells node_cells(const json::value& node, Instant now) {
  return {text(node, {"metadata", "name"}),
          node_status(node),
          "<none>",
          age_of(node, now),
          text(node, {"status", "nodeInfo", "kubeletVersion"}),
          node_address(node, "InternalIP"),
          node_address(node, "ExternalIP"),
          text(node, {"status", "nodeInfo", "osImage"}, "<unknown>"),
          text(node, {"status", "nodeInfo", "kernelVersion"}, "<unknown>"),
          text(node, {"status", "nodeInfo", "containerRuntimeVersion"}, "<unknown>")};
}

// --- Pod

std::string pod_status(const json::value& pod) {
  if (at(pod, {"metadata", "deletionTimestamp"}) != nullptr) return "Terminating";
  for (const json::value& status : list(pod, {"status", "containerStatuses"})) {
    const std::string waiting = text(status, {"state", "waiting", "reason"});
    if (!waiting.empty()) return waiting;
  }
  const std::string reason = text(pod, {"status", "reason"});
  const std::string phase = text(pod, {"status", "phase"}, "Unknown");
  if (phase == "Succeeded") return "Completed";
  return reason.empty() ? phase : reason;
}

std::vector<Column> pod_columns() {
  return {{"Name"}, {"Ready"}, {"Status"}, {"Restarts"}, {"Age"}, {"IP", "string", 1}, {"Node", "string", 1}};
}
Cells pod_cells(const json::value& pod, Instant now) {
  std::int64_t ready = 0;
  std::int64_t restarts = 0;
  for (const json::value& status : list(pod, {"status", "containerStatuses"})) {
    const json::value* is_ready = at(status, {"ready"});
    ready += is_ready != nullptr && is_ready->is_bool() && is_ready->get_bool() ? 1 : 0;
    restarts += number(status, {"restartCount"});
  }
  return {text(pod, {"metadata", "name"}),
          fmt::format("{}/{}", ready, list(pod, {"spec", "containers"}).size()),
          pod_status(pod),
          std::to_string(restarts),
          age_of(pod, now),
          text(pod, {"status", "podIP"}, "<none>"),
          text(pod, {"spec", "nodeName"}, "<none>")};
}

// --- the others

std::vector<Column> deployment_columns() { return {{"Name"}, {"Ready"}, {"Up-to-date"}, {"Available"}, {"Age"}}; }
Cells deployment_cells(const json::value& object, Instant now) {
  return {text(object, {"metadata", "name"}),
          fmt::format("{}/{}", number(object, {"status", "readyReplicas"}), number(object, {"spec", "replicas"})),
          std::to_string(number(object, {"status", "updatedReplicas"})),
          std::to_string(number(object, {"status", "availableReplicas"})), age_of(object, now)};
}

std::vector<Column> replicas_columns() { return {{"Name"}, {"Desired"}, {"Current"}, {"Ready"}, {"Age"}}; }
Cells replicas_cells(const json::value& object, Instant now) {
  return {text(object, {"metadata", "name"}), std::to_string(number(object, {"spec", "replicas"})),
          std::to_string(number(object, {"status", "replicas"})),
          std::to_string(number(object, {"status", "readyReplicas"})), age_of(object, now)};
}

std::vector<Column> budget_columns() {
  return {{"Name"}, {"Min Available"}, {"Max Unavailable"}, {"Allowed Disruptions"}, {"Age"}};
}
Cells budget_cells(const json::value& object, Instant now) {
  return {text(object, {"metadata", "name"}), text(object, {"spec", "minAvailable"}, "N/A"),
          text(object, {"spec", "maxUnavailable"}, "N/A"),
          std::to_string(number(object, {"status", "disruptionsAllowed"})), age_of(object, now)};
}

std::vector<Column> event_columns() { return {{"Last Seen"}, {"Type"}, {"Reason"}, {"Object"}, {"Message"}}; }
Cells event_cells(const json::value& object, Instant now) {
  // core/v1 and events.k8s.io/v1 name the same things differently.
  const bool core = at(object, {"involvedObject"}) != nullptr;
  const std::string_view about = core ? "involvedObject" : "regarding";
  std::string last = text(object, {"lastTimestamp"});
  if (last.empty()) last = text(object, {"eventTime"});
  const auto seen = parse_rfc3339(last);
  std::string kind = text(object, {about, "kind"});
  std::transform(kind.begin(), kind.end(), kind.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return {seen ? human_age(now - *seen) : age_of(object, now), text(object, {"type"}), text(object, {"reason"}),
          kind + "/" + text(object, {about, "name"}), text(object, {core ? "message" : "note"})};
}

std::vector<Column> namespace_columns() { return {{"Name"}, {"Status"}, {"Age"}}; }
Cells namespace_cells(const json::value& object, Instant now) {
  return {text(object, {"metadata", "name"}), text(object, {"status", "phase"}), age_of(object, now)};
}

std::vector<Column> lease_columns() { return {{"Name"}, {"Holder"}, {"Age"}}; }
Cells lease_cells(const json::value& object, Instant now) {
  return {text(object, {"metadata", "name"}), text(object, {"spec", "holderIdentity"}), age_of(object, now)};
}

// --- Service, EndpointSlice

/// "a,b,c + 2 more...", or "<unset>".
std::string first_three(const std::vector<std::string>& all) {
  constexpr std::size_t kShown = 3;
  if (all.empty()) return "<unset>";
  const std::size_t shown = std::min(all.size(), kShown);
  std::string out = fmt::format("{}", fmt::join(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(shown), ","));
  return all.size() > shown ? fmt::format("{} + {} more...", out, all.size() - shown) : out;
}

std::vector<Column> service_columns() {
  return {{"Name"}, {"Type"}, {"Cluster-IP"}, {"External-IP"}, {"Port(s)"}, {"Age"}, {"Selector", "string", 1}};
}
Cells service_cells(const json::value& object, Instant now) {
  std::vector<std::string> ports;
  for (const json::value& port : list(object, {"spec", "ports"}))
    ports.push_back(fmt::format("{}/{}", number(port, {"port"}), text(port, {"protocol"}, "TCP")));
  std::vector<std::string> selector;
  if (const json::value* labels = at(object, {"spec", "selector"}); labels != nullptr && labels->is_object())
    for (const auto& entry : labels->get_object())
      selector.push_back(fmt::format("{}={}", std::string_view(entry.key()), text(entry.value(), {})));
  return {text(object, {"metadata", "name"}),
          text(object, {"spec", "type"}, "ClusterIP"),
          text(object, {"spec", "clusterIP"}, "<none>"),
          "<none>",
          ports.empty() ? "<none>" : fmt::format("{}", fmt::join(ports, ",")),
          age_of(object, now),
          selector.empty() ? "<none>" : fmt::format("{}", fmt::join(selector, ","))};
}

std::vector<Column> slice_columns() { return {{"Name"}, {"AddressType"}, {"Ports"}, {"Endpoints"}, {"Age"}}; }
Cells slice_cells(const json::value& object, Instant now) {
  std::vector<std::string> ports;
  for (const json::value& port : list(object, {"ports"})) ports.push_back(std::to_string(number(port, {"port"})));
  std::vector<std::string> addresses;
  for (const json::value& endpoint : list(object, {"endpoints"}))
    for (const json::value& address : list(endpoint, {"addresses"})) addresses.push_back(text(address, {}));
  return {text(object, {"metadata", "name"}), text(object, {"addressType"}), first_three(ports), first_three(addresses),
          age_of(object, now)};
}

std::vector<Column> plain_columns() { return {{"Name"}, {"Age"}}; }
Cells plain_cells(const json::value& object, Instant now) {
  return {text(object, {"metadata", "name"}), age_of(object, now)};
}

struct Printer {
  std::string_view kind;
  std::vector<Column> (*columns)();
  Cells (*cells)(const json::value&, Instant);
};
constexpr Printer kPrinters[] = {
    {"Namespace", namespace_columns, namespace_cells},
    {"Node", node_columns, node_cells},
    {"Pod", pod_columns, pod_cells},
    {"Deployment", deployment_columns, deployment_cells},
    {"ReplicaSet", replicas_columns, replicas_cells},
    {"StatefulSet", replicas_columns, replicas_cells},
    {"PodDisruptionBudget", budget_columns, budget_cells},
    {"Event", event_columns, event_cells},
    {"Lease", lease_columns, lease_cells},
    {"Service", service_columns, service_cells},
    {"EndpointSlice", slice_columns, slice_cells},
};
constexpr Printer kPlain{"", plain_columns, plain_cells};

json::array column_definitions(const std::vector<Column>& columns) {
  json::array definitions;
  for (const Column& column : columns)
    definitions.emplace_back(json::object{{"name", column.name},
                                          {"type", column.type},
                                          {"format", column.name == "Name" ? "name" : ""},
                                          {"description", ""},
                                          {"priority", column.priority}});
  return definitions;
}

}  // namespace

std::string human_age(Duration age) {
  const std::int64_t seconds = std::max<std::int64_t>(0, age / 1s);
  const std::int64_t minutes = seconds / 60;
  const std::int64_t hours = minutes / 60;
  const std::int64_t days = hours / 24;
  const auto two = [](std::int64_t large, char a, std::int64_t small, char b) {
    return small == 0 ? fmt::format("{}{}", large, a) : fmt::format("{}{}{}{}", large, a, small, b);
  };
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
  if (hours < 3) return fmt::format("{}m", minutes);
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (days < 2) return fmt::format("{}h", hours);
  if (days < 8) return two(days, 'd', hours % 24, 'h');
  if (days < 730) return fmt::format("{}d", days);
  return two(days / 365, 'y', days % 365, 'd');
}

json::value to_table(std::string_view kind, std::span<const json::value> objects, const json::value& list_metadata,
                     Instant now, bool columns) {
  const auto* const found =
      std::find_if(std::begin(kPrinters), std::end(kPrinters), [&](const Printer& p) { return p.kind == kind; });
  const Printer& printer = found == std::end(kPrinters) ? kPlain : *found;
  json::array rows;
  rows.reserve(objects.size());
  for (const json::value& object : objects) {
    const json::value* metadata = at(object, {"metadata"});
    rows.emplace_back(json::object{
        {"cells", printer.cells(object, now)},
        {"object", json::object{{"kind", "PartialObjectMetadata"},
                                {"apiVersion", "meta.k8s.io/v1"},
                                {"metadata", metadata == nullptr ? json::value(json::object{}) : *metadata}}}});
  }
  return json::object{
      {"kind", "Table"},
      {"apiVersion", "meta.k8s.io/v1"},
      {"metadata", list_metadata},
      {"columnDefinitions", columns ? json::value(column_definitions(printer.columns())) : json::value(nullptr)},
      {"rows", std::move(rows)}};
}

}  // namespace spotkeeper::sim::serve
