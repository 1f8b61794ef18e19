#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "format/json.h"
#include "observe/notify.h"

namespace spotkeeper::observe {
namespace {

using format::JsonArray;
using format::JsonObject;

/// Of a Moment, in a Slack message.
std::string_view sign_of(Moment moment) {
  switch (moment) {
    case Moment::Notice: return ":warning:";
    case Moment::Done: return ":white_check_mark:";
    case Moment::Trouble: return ":rotating_light:";
    case Moment::Ended: return "";
  }
  return "";
}

/// <, > and & mean something to Slack.
std::string slack_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      default: out += c;
    }
  }
  return out;
}

JsonObject facts(const Notification& of) {
  const NthEvent& event = of.event;
  const NthMachine& machine = event.machine;
  JsonObject out{{"moment", name_of(of.moment)},
                 {"message", of.what},
                 {"key", of.key},
                 {"at", format_rfc3339(of.at)},
                 {"deadline", of.deadline ? format::JsonValue(format_rfc3339(*of.deadline)) : format::JsonValue()},
                 {"kind", event.kind},
                 {"eventId", event.event_id},
                 {"description", event.description},
                 {"node", event.node_name},
                 {"instanceId", machine.instance_id},
                 {"instanceType", machine.instance_type},
                 {"lifeCycle", machine.life_cycle},
                 {"availabilityZone", machine.availability_zone},
                 {"region", machine.region},
                 {"accountId", machine.account_id}};
  out["pods"] = JsonArray(event.pods.begin(), event.pods.end());
  return out;
}

net::HttpHeaders json_headers() { return {{"Content-Type", "application/json"}}; }

class Slack final : public Channel {
 public:
  explicit Slack(Secret url) : url_(std::move(url)) {}
  [[nodiscard]] std::string_view name() const override { return "slack"; }
  Result<Message> message(const Notification& of) override {
    SK_TRY(const std::string url, url_.read());
    const NthEvent& event = of.event;
    std::string text =
        std::string(sign_of(of.moment)) + " *" + slack_text(event.node_name) + "*: " + slack_text(of.what);
    const auto add = [&](std::string_view title, std::string_view value) {
      if (!value.empty()) text += "\n" + std::string(title) + ": `" + slack_text(value) + "`";
    };
    add("Kind", event.kind);
    add("Instance", event.machine.instance_id);
    add("Type", event.machine.instance_type);
    add("Zone", event.machine.availability_zone);
    if (of.deadline) add("Ends", format_rfc3339(*of.deadline));
    return Message{.url = url,
                   .headers = json_headers(),
                   .body = format::write_json(JsonObject{{"text", text}}),
                   .secrets = {url}};
  }

 private:
  Secret url_;
};

class Webhook final : public Channel {
 public:
  Webhook(Secret url, std::optional<MessageTemplate> text) : url_(std::move(url)), text_(std::move(text)) {}
  [[nodiscard]] std::string_view name() const override { return "webhook"; }
  Result<Message> message(const Notification& of) override {
    SK_TRY(const std::string url, url_.read());
    Message made{.url = url, .headers = json_headers(), .body = {}, .secrets = {url}};
    if (text_) {
      SK_TRY(made.body, text_->render(template_value(of), {.now = of.at}));
    } else {
      made.body = format::write_json(facts(of));
    }
    return made;
  }

 private:
  Secret url_;
  std::optional<MessageTemplate> text_;
};

class PagerDuty final : public Channel {
 public:
  PagerDuty(Secret key, std::string url) : key_(std::move(key)), url_(std::move(url)) {}
  [[nodiscard]] std::string_view name() const override { return "pagerduty"; }
  Result<Message> message(const Notification& of) override {
    SK_TRY(const std::string key, key_.read());
    const bool resolves = of.moment == Moment::Done;
    JsonObject body{{"routing_key", key},
                    {"event_action", resolves ? "resolve" : "trigger"},
                    {"dedup_key", of.key.substr(0, 255)}};  // the API's limit
    if (!resolves) {
      const NthMachine& machine = of.event.machine;
      body["payload"] = JsonObject{{"summary", (of.event.node_name + ": " + of.what).substr(0, 1024)},
                                   {"source", machine.instance_id.empty() ? of.event.node_name : machine.instance_id},
                                   {"severity", of.moment == Moment::Trouble ? "critical" : "warning"},
                                   {"timestamp", format_rfc3339(of.at)},
                                   {"component", machine.instance_type},
                                   {"group", machine.availability_zone},
                                   {"class", of.event.kind},
                                   {"custom_details", facts(of)}};
    }
    return Message{.url = url_, .headers = json_headers(), .body = format::write_json(body), .secrets = {key}};
  }

 private:
  Secret key_;
  std::string url_;
};

class Nth final : public Channel {
 public:
  explicit Nth(NthWebhook webhook) : webhook_(std::move(webhook)) {}
  [[nodiscard]] std::string_view name() const override { return "nth-webhook"; }
  [[nodiscard]] bool wants(Moment moment) const override { return moment == Moment::Ended; }
  [[nodiscard]] std::optional<net::Url> proxy() const override { return webhook_.proxy; }
  Result<Message> message(const Notification& of) override {
    SK_TRY(const std::string url, webhook_.url.read());
    Message made{.url = url, .headers = {}, .body = {}, .secrets = {url}};
    for (const auto& [key, value] : webhook_.headers) {
      made.headers.set(key, value);
      if (!equal_ignoring_case(key, "content-type")) made.secrets.push_back(value);
    }
    SK_TRY(made.body,
           webhook_.text.render(template_value(of.event), {.now = of.at, .environment = webhook_.environment}));
    return made;
  }

 private:
  NthWebhook webhook_;
};

}  // namespace

std::string_view name_of(Moment moment) {
  switch (moment) {
    case Moment::Notice: return "notice";
    case Moment::Done: return "done";
    case Moment::Trouble: return "trouble";
    case Moment::Ended: return "ended";
  }
  return "";
}

Secret Secret::given(std::string value) {
  Secret made;
  made.value_ = std::move(value);
  return made;
}

Secret Secret::in_file(std::string path) {
  Secret made;
  made.path_ = std::move(path);
  return made;
}

Result<std::string> Secret::read() {
  if (path_.empty()) return value_;
  const auto text = read_file(path_, std::size_t{64} << 10);
  if (text) {
    const std::string_view line = trim(split(*text, '\n').front());
    if (!line.empty()) {
      value_ = line;
      return value_;
    }
  }
  if (!value_.empty()) return value_;
  if (!text) return fail(text.error());
  return fail(ErrorCode::InvalidInput, path_ + ": its first line is empty");
}

std::string redacted(std::string message, const std::vector<std::string>& secrets) {
  const auto hide = [&](std::string_view part) {
    if (part.size() < 4) return;  // "/" and the like hide nothing
    for (std::size_t at = message.find(part); at != std::string::npos; at = message.find(part, at + 8)) {
      message.replace(at, part.size(), "[hidden]");
    }
  };
  for (const std::string& secret : secrets) {
    hide(secret);
    const auto url = net::parse_url(secret);
    if (!url) continue;
    hide(url->target());
    hide(url->path);
    hide(url->query);
    hide(url->user);
    hide(url->password);
    for (const std::string_view segment : split(url->path, '/')) hide(segment);
  }
  return message;
}

Result<MessageTemplate> MessageTemplate::given(std::string_view source, const TemplateValue& sample) {
  SK_TRY(Template made, Template::parse(source));
  SK_CHECK(made.check(sample));
  MessageTemplate out(std::move(made), sample);
  out.source_ = source;
  return out;
}

Result<MessageTemplate> MessageTemplate::in_file(std::string path, const TemplateValue& sample) {
  SK_TRY(const std::string source, read_file(path, Template::kLongestSource));
  auto out = given(source, sample).within(path);
  if (out) out->path_ = std::move(path);
  return out;
}

Result<std::string> MessageTemplate::render(const TemplateValue& data, const TemplateContext& context) {
  if (!path_.empty()) {
    auto now = read_file(path_, Template::kLongestSource);
    if (now && *now != source_) {
      auto changed = given(*now, sample_);
      if (changed) {
        made_ = std::move(changed->made_);
      } else {
        log::warn("the template file has changed and can't be used; the message is made as before",
                  {{"file", path_}, {"problem", changed.error().message}});
      }
      source_ = std::move(*now);
    }
  }
  return made_.render(data, context);
}

TemplateValue template_value(const Notification& of) {
  GoStruct made{.type = "spotkeeper.Notification", .fields = {}};
  made.fields.push_back({.name = "Moment", .json = "moment", .value = name_of(of.moment)});
  made.fields.push_back({.name = "Message", .json = "message", .value = of.what});
  made.fields.push_back({.name = "At", .json = "at", .value = of.at});
  made.fields.push_back({.name = "Deadline", .json = "deadline", .value = GoTime{of.deadline}});
  made.fields.push_back({.name = "Interruption", .json = {}, .value = template_value(of.event), .embedded = true});
  return made;
}

std::unique_ptr<Channel> slack_channel(Secret url) { return std::make_unique<Slack>(std::move(url)); }
std::unique_ptr<Channel> webhook_channel(Secret url, std::optional<MessageTemplate> text) {
  return std::make_unique<Webhook>(std::move(url), std::move(text));
}
std::unique_ptr<Channel> pagerduty_channel(Secret key, std::string url) {
  return std::make_unique<PagerDuty>(std::move(key), std::move(url));
}
std::unique_ptr<Channel> nth_channel(NthWebhook webhook) { return std::make_unique<Nth>(std::move(webhook)); }

Result<std::map<std::string, std::string>> parse_webhook_headers(std::string_view json) {
  const auto document = format::parse_json(json);
  if (!document) return fail(ErrorCode::InvalidInput, "the webhook's headers are no JSON object of strings");
  std::map<std::string, std::string> headers;
  if (!document->is_object())
    return fail(ErrorCode::InvalidInput, "the webhook's headers are no JSON object of strings");
  for (const auto& [key, value] : document->get_object()) {
    const std::string name(std::string_view(key.data(), key.size()));
    if (!value.is_string())
      return fail(ErrorCode::InvalidInput, "the webhook's header " + quote(name) + " is no string");
    headers[name] = std::string_view(value.get_string().data(), value.get_string().size());
  }
  return headers;
}

}  // namespace spotkeeper::observe
