#include "cli/migrate_nth.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/text.h"
#include "cli/compat_nth.h"
#include "cli/migrate_nth_keys.h"
#include "format/yaml.h"

namespace spotkeeper::cli {
namespace {

using format::JsonArray;
using format::JsonObject;
using format::JsonValue;

bool is_empty(const JsonValue& value) {
  if (value.is_null()) return true;
  if (value.is_bool()) return !value.get_bool();
  if (value.is_string()) return value.get_string().empty();
  if (value.is_array()) return value.get_array().empty();
  return value.is_object() && value.get_object().empty();
}

/// A scalar as the chart's `quote` writes it; nothing for a list or a map.
std::optional<std::string> text_of(const JsonValue& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_bool()) return value.get_bool() ? "true" : "false";
  if (value.is_int64()) return std::to_string(value.get_int64());
  if (value.is_uint64()) return std::to_string(value.get_uint64());
  return std::nullopt;
}

class Migration {
 public:
  Migration(std::string_view file, const format::YamlDocument& document) : file_(file), document_(document) {}

  Result<NthMigration> run(std::string_view base) {
    if (!document_.value().is_null() && !document_.value().is_object()) {
      return fail(ErrorCode::InvalidInput, std::string(file_) + ": the values are no mapping");
    }
    if (const JsonObject* const values = unwrapped(document_.value().if_object())) walk(*values, "");
    chart_defaults();
    windows();
    check_environment();
    if (!problems_.empty()) return fail(ErrorCode::InvalidInput, join(problems_, "\n"));
    SK_CHECK(manifest(base));
    return std::move(made_);
  }

 private:
  [[nodiscard]] std::string place(std::string_view key) const {
    std::string pointer = above_;
    for (const std::string_view part : split(key, '.')) pointer += "/" + format::escape_pointer_token(part);
    const format::YamlPlace at = document_.place_of(pointer);
    return std::string(file_) + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
  }
  void problem(const std::string& key, std::string_view what) {
    problems_.push_back(place(key) + ": " + key + ": " + std::string(what));
  }
  void note(const std::string& key, std::string_view what) {
    made_.notes.push_back({.key = key, .place = place(key), .text = std::string(what)});
  }
  void unsupported(const std::string& key, std::string_view what) {
    made_.unsupported.push_back({.key = key, .place = place(key), .text = std::string(what)});
  }

  /// A chart that has NTH's as a dependency has its values below its name, beside values of its own.
  const JsonObject* unwrapped(const JsonObject* values) {
    constexpr std::string_view kChart = "aws-node-termination-handler";
    const auto* const found = values != nullptr ? values->if_contains(kChart) : nullptr;
    if (found == nullptr || !found->is_object()) return values;
    note(std::string(kChart),
         "these are the values of a chart around NTH's: what stands below this key is read, and "
         "nothing else");
    above_ = "/" + std::string(kChart);
    return found->if_object();
  }
  /// The same below another name, as an alias of the dependency gives it.
  static std::string wrapper_hint(std::string_view key, const JsonValue& value) {
    if (!value.is_object()) return {};
    const bool inside = std::ranges::any_of(value.get_object(), [](const auto& each) {
      const std::string_view name(each.key().data(), each.key().size());
      return option_of(name) != nullptr || value_of(name) != nullptr;
    });
    if (!inside) return {};
    return "; are these the values of a chart around NTH's? Give what stands below " + quote(key);
  }

  static const NthOption* option_of(std::string_view key) {
    for (const NthOption& option : nth_options()) {
      if (option.chart == key) return &option;
    }
    return nullptr;
  }
  static const ChartValue* value_of(std::string_view key) {
    for (const ChartValue& value : chart_values()) {
      if (value.key == key) return &value;
    }
    return nullptr;
  }

  void walk(const JsonObject& object, const std::string& above) {
    for (const auto& [name, value] : object) {
      const std::string key = above + std::string(std::string_view(name.data(), name.size()));
      if (const NthOption* const option = option_of(key)) {
        take_option(*option, key, value);
      } else if (const ChartValue* const chart = value_of(key)) {
        take_value(*chart, key, value);
        if (key == "probes" && value.is_object()) probes(value.get_object());
      } else if (is_group(key)) {
        if (value.is_object()) {
          walk(value.get_object(), key + ".");
        } else if (!value.is_null()) {
          problem(key, "a mapping is expected");
        }
      } else {
        const std::string hint = above.empty() ? wrapper_hint(key, value) : std::string();
        problem(key, "the chart has no such value" + (hint.empty() ? did_you_mean(key, chart_keys()) : hint));
      }
    }
  }

  /// The port and the path of the chart's probes are the program's, too.
  void probes(const JsonObject& object) {
    const auto* const found = object.if_contains("httpGet");
    if (found == nullptr || !found->is_object()) return;
    for (const auto& [name, value] : found->get_object()) {
      const std::string key = "probes.httpGet." + std::string(std::string_view(name.data(), name.size()));
      if (const NthOption* const option = option_of(key)) take_option(*option, key, value);
    }
  }

  static bool is_group(std::string_view key) {
    const std::string prefix = std::string(key) + ".";
    const std::vector<std::string_view> keys = chart_keys();
    return std::any_of(keys.begin(), keys.end(), [&](std::string_view known) { return known.starts_with(prefix); });
  }

  void take_option(const NthOption& option, const std::string& key, const JsonValue& value) {
    if (value.is_null()) return;
    const auto text = text_of(value);
    if (!text) return problem(key, "a single value is expected");
    if (option.type == NthType::Flag && !parse_go_bool(*text)) return problem(key, "true or false is expected");
    if (option.type == NthType::Integer && !parse_int<std::int64_t>(*text))
      return problem(key, "a whole number is expected");
    const bool as_default = *text == option.fallback || *text == option.chart_fallback || text->empty();
    switch (option.fate) {
      case NthFate::Refused:
        if (!as_default) unsupported(key, option.meaning);
        return;
      case NthFate::NoEffect:
        if (!as_default) note(key, "no effect: " + std::string(option.meaning));
        return;
      case NthFate::Honoured: set_.insert_or_assign(&option, Value{*text, key}); return;
    }
  }

  void take_value(const ChartValue& chart, const std::string& key, const JsonValue& value) {
    if (is_empty(value) && key != "useHostNetwork") return;
    switch (chart.fate) {
      case ChartFate::Unsupported: return unsupported(key, chart.why);
      case ChartFate::NoEffect: return note(key, "no effect: " + std::string(chart.why));
      case ChartFate::Taken: taken_[key] = &value;
    }
    if (!chart.open && !text_of(value)) problem(key, "a single value is expected");
  }

  /// Where the chart sets another value than the program's own default, it has to stand in the manifest.
  void chart_defaults() {
    for (const NthOption& option : nth_options()) {
      const bool differs =
          !option.chart_fallback.empty() && !equal_ignoring_case(option.chart_fallback, option.fallback);
      if (option.fate == NthFate::Honoured && differs) {
        set_.try_emplace(&option, Value{std::string(option.chart_fallback), std::string(option.chart)});
      }
    }
  }

  void windows() {
    const std::string systems = lower(taken_text("targetNodeOs").value_or("linux"));
    if (systems.find("windows") != std::string::npos) {
      unsupported("targetNodeOs", "there is no agent for Windows nodes: leave NTH's Windows DaemonSet in place");
    }
  }

  [[nodiscard]] const JsonValue* taken(const std::string& key) const {
    const auto found = taken_.find(key);
    return found == taken_.end() ? nullptr : found->second;
  }
  [[nodiscard]] std::optional<std::string> taken_text(const std::string& key) const {
    const JsonValue* const found = taken(key);
    return found == nullptr ? std::nullopt : text_of(*found);
  }

  /// What the agent would say to these variables at its start.
  void check_environment() {
    kube::Environment environment = {{"NODE_NAME", "node"}};
    std::map<std::string, std::string> keys;  // of variables
    for (const auto& [option, value] : set_) {
      environment[std::string(option->environment)] = value.text;
      keys[std::string(option->environment)] = value.key;
    }
    // The secret and the config map are not here to be looked at; a template of the values is checked all the same.
    if (taken("webhookURLSecretName") != nullptr) environment["WEBHOOK_URL"] = "https://webhook.invalid/";
    if (template_from_config_map()) environment.erase("WEBHOOK_TEMPLATE");
    look_at_what_is_off(environment);
    const auto read = parse_nth({}, environment);
    if (read) return;
    for (const std::string_view line : split(read.error().message, '\n')) {
      const auto parts = split_once(line, ':');
      const auto found = parts ? keys.find(std::string(parts->first)) : keys.end();
      if (found == keys.end()) {
        problems_.push_back(std::string(file_) + ": " + std::string(line));
      } else {
        problem(found->second, trim(parts->second));
      }
    }
  }

  /// The agent looks at a template, a proxy and headers where there is a URL, and at a port where its server is on.
  /// Here a mistake in them is one in any case: the day it is turned on is too late.
  void look_at_what_is_off(kube::Environment& environment) {
    if (!environment.contains("WEBHOOK_URL")) {
      for (const char* const variable : {"WEBHOOK_TEMPLATE", "WEBHOOK_HEADERS", "WEBHOOK_PROXY"}) {
        const auto found = environment.find(variable);
        if (found != environment.end() && !found->second.empty())
          environment["WEBHOOK_URL"] = "https://webhook.invalid/";
      }
    }
    for (const auto& [port, on] : {std::pair{"PROMETHEUS_SERVER_PORT", "ENABLE_PROMETHEUS_SERVER"},
                                   std::pair{"PROBES_SERVER_PORT", "ENABLE_PROBES_SERVER"}}) {
      if (environment.contains(port)) environment[on] = "true";
    }
  }

  [[nodiscard]] bool template_from_config_map() const {
    return taken("webhookTemplateConfigMapName") != nullptr && taken("webhookTemplateConfigMapKey") != nullptr;
  }

  // ---- The manifest ---------------------------------------------------------------------------------------------

  Result<void> manifest(std::string_view base) {
    SK_TRY(const std::vector<format::YamlDocument> documents, format::parse_yaml_stream(base));
    for (const format::YamlDocument& document : documents) {
      JsonValue object = document.value();
      if (const JsonValue* const labels = taken("customLabels"))
        merge(object.as_object(), {"metadata", "labels"}, *labels);
      if (object.as_object()["kind"] == "DaemonSet") SK_CHECK(daemon_set(object.as_object()));
      made_.manifest.push_back(std::move(object));
    }
    return {};
  }

  static JsonObject& child(JsonObject& object, std::string_view key) {
    JsonValue& value = object[key];
    if (!value.is_object()) value.emplace_object();
    return value.get_object();
  }
  static void merge(JsonObject& object, std::initializer_list<std::string_view> path, const JsonValue& with) {
    JsonObject* at = &object;
    for (const std::string_view key : path) at = &child(*at, key);
    if (!with.is_object()) return;
    for (const auto& [key, value] : with.get_object()) (*at)[key] = value;
  }

  Result<void> daemon_set(JsonObject& object) {
    JsonObject& spec = child(object, "spec");
    if (const JsonValue* const strategy = taken("updateStrategy")) spec["updateStrategy"] = *strategy;
    JsonObject& pods = child(spec, "template");
    for (const char* const key : {"customLabels", "podLabels", "linuxPodLabels"}) {
      if (const JsonValue* const labels = taken(key)) merge(pods, {"metadata", "labels"}, *labels);
    }
    // Whatever labels are set, the selector still has to find the pods.
    if (const auto* const match = child(spec, "selector").if_contains("matchLabels"))
      merge(pods, {"metadata", "labels"}, *match);
    for (const char* const key : {"podAnnotations", "linuxPodAnnotations"}) {
      if (const JsonValue* const annotations = taken(key)) merge(pods, {"metadata", "annotations"}, *annotations);
    }
    JsonObject& pod = child(pods, "spec");
    place_pod(pod);
    JsonValue* const containers = pod.if_contains("containers");
    if (containers == nullptr || !containers->is_array() || containers->get_array().empty()) {
      return fail(ErrorCode::Internal, "the manifest has no container");
    }
    container(containers->get_array().front().as_object());
    if (template_from_config_map()) mount_template(pod, containers->get_array().front().as_object());
    return {};
  }

  /// The first of them that is set, as the chart prefers them.
  [[nodiscard]] const JsonValue* first_of(std::initializer_list<const char*> keys) const {
    for (const char* const key : keys) {
      if (const JsonValue* const found = taken(key)) return found;
    }
    return nullptr;
  }

  void place_pod(JsonObject& pod) {
    const auto put = [&](std::string_view field, std::initializer_list<const char*> keys) {
      if (const JsonValue* const found = first_of(keys)) pod[field] = *found;
    };
    put("affinity", {"linuxAffinity", "affinity", "daemonsetAffinity"});
    put("tolerations", {"linuxTolerations", "tolerations", "daemonsetTolerations"});
    put("imagePullSecrets", {"image.pullSecrets"});
    put("priorityClassName", {"daemonsetPriorityClassName"});
    put("dnsPolicy", {"dnsPolicy", "linuxDnsPolicy"});
    put("dnsConfig", {"dnsConfig"});
    if (const JsonValue* const selector = first_of({"linuxNodeSelector", "nodeSelector", "daemonsetNodeSelector"})) {
      merge(pod, {"nodeSelector"}, *selector);
    }
    if (const JsonValue* const host = taken("useHostNetwork"); host != nullptr && is_empty(*host)) {
      pod["hostNetwork"] = false;
      if (first_of({"dnsPolicy", "linuxDnsPolicy"}) == nullptr) pod["dnsPolicy"] = "ClusterFirst";
      note("useHostNetwork", "without the host's network the metadata service answers only with a hop limit of 2");
    }
    if (const auto seconds = taken_text("terminationGracePeriodSeconds")) {
      const auto number = parse_int<std::int64_t>(*seconds).value_or(0);
      if (number >= 150) {
        pod["terminationGracePeriodSeconds"] = number;
      } else {
        note("terminationGracePeriodSeconds",
             "150 s stay: a drain that has begun is finished, and a notice gives 120 s");
      }
    }
  }

  void container(JsonObject& object) {
    object["args"] = JsonArray{"agent", "--compat=nth"};
    if (const JsonValue* const resources = taken("resources")) object["resources"] = *resources;
    JsonValue& list = object["env"];
    if (!list.is_array()) list.emplace_array();
    JsonArray& env = list.get_array();
    // JSON_LOGGING decides.
    for (auto entry = env.begin(); entry != env.end();) {
      const bool ours = entry->is_object() && entry->get_object()["name"] == "SPOTKEEPER_LOG_FORMAT";
      entry = ours ? env.erase(entry) : entry + 1;
    }
    env.push_back(JsonObject{{"name", "NAMESPACE"},
                             {"valueFrom", JsonObject{{"fieldRef", JsonObject{{"fieldPath", "metadata.namespace"}}}}}});
    for (const NthOption& option : nth_options()) {
      const auto found = set_.find(&option);
      if (found == set_.end() || (option.flag == "webhook-url" && taken("webhookURLSecretName") != nullptr)) continue;
      if (option.flag == "webhook-template" && template_from_config_map()) continue;
      if (found->second.text.empty()) continue;
      env.push_back(JsonObject{{"name", option.environment}, {"value", found->second.text}});
    }
    if (const auto secret = taken_text("webhookURLSecretName")) {
      env.push_back(JsonObject{
          {"name", "WEBHOOK_URL"},
          {"valueFrom", JsonObject{{"secretKeyRef", JsonObject{{"name", *secret}, {"key", "webhookurl"}}}}}});
    }
    if (const JsonValue* const extra = taken("extraEnv"); extra != nullptr && extra->is_array()) {
      for (const JsonValue& entry : extra->get_array()) env.push_back(entry);
    }
    ports(object);
  }

  void ports(JsonObject& object) {
    JsonValue& list = object["ports"];
    if (!list.is_array()) list.emplace_array();
    const auto add = [&](std::string_view on, std::string_view port, std::string_view name) {
      const auto enabled = set_.find(find_nth_option(on));
      if (enabled == set_.end() || !parse_go_bool(enabled->second.text).value_or(false)) return;
      const NthOption* const option = find_nth_option(port);
      const auto given = set_.find(option);
      const std::string text = given != set_.end() ? given->second.text : std::string(option->fallback);
      list.get_array().push_back(JsonObject{
          {"name", name}, {"containerPort", parse_int<std::int64_t>(text).value_or(0)}, {"protocol", "TCP"}});
    };
    add("enable-probes-server", "probes-server-port", "liveness-probe");
    add("enable-prometheus-server", "prometheus-server-port", "http-metrics");
  }

  void mount_template(JsonObject& pod, JsonObject& object) {
    const auto append = [](JsonObject& to, std::string_view key, JsonObject entry) {
      JsonValue& list = to[key];
      if (!list.is_array()) list.emplace_array();
      list.get_array().push_back(std::move(entry));
    };
    append(pod, "volumes",
           {{"name", "webhook-template"},
            {"configMap", JsonObject{{"name", *taken_text("webhookTemplateConfigMapName")}}}});
    append(object, "volumeMounts", {{"name", "webhook-template"}, {"mountPath", "/config/"}, {"readOnly", true}});
    append(object, "env",
           {{"name", "WEBHOOK_TEMPLATE_FILE"}, {"value", "/config/" + *taken_text("webhookTemplateConfigMapKey")}});
  }

  struct Value {
    std::string text;
    std::string key;
  };

  std::string_view file_;
  const format::YamlDocument& document_;
  std::string above_;  // the pointer of NTH's values in the document
  std::map<const NthOption*, Value> set_;
  std::map<std::string, const JsonValue*> taken_;
  std::vector<std::string> problems_;
  NthMigration made_;
};

}  // namespace

Result<NthMigration> migrate_nth_values(std::string_view values, std::string_view file, std::string_view base) {
  SK_TRY(const format::YamlDocument document, format::parse_yaml(values).within(file));
  return Migration(file, document).run(base);
}

}  // namespace spotkeeper::cli
