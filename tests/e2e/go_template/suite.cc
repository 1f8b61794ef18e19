// Holds our templates against Go's text/template with sprig: $SPOTKEEPER_PEERS_BIN/go_template.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/text.h"
#include "format/json.h"
#include "observe/nth_event.h"
#include "observe/template/template.h"
#include "tests/e2e/go_template/generator.h"
#include "tests/e2e/go_template/templates.h"

namespace spotkeeper::observe {
namespace {

using format::JsonObject;
using format::JsonValue;

NthEvent rich_event() {
  NthEvent event;
  event.machine = {.account_id = "123456789012",
                   .instance_id = "i-0123456789abcdef0",
                   .life_cycle = "spot",
                   .instance_type = "m5.large",
                   .public_hostname = "",
                   .public_ip = "203.0.113.7",
                   .local_hostname = "ip-10-0-0-1.eu-west-1.compute.internal",
                   .local_ip = "10.0.0.1",
                   .availability_zone = "eu-west-1a",
                   .region = "eu-west-1"};
  event.event_id = "spot-itn-4f8c";
  event.kind = "SPOT_ITN";
  event.monitor = "SPOT_ITN_MONITOR";
  event.description = "Spot ITN received. Instance will be interrupted at 2026-11-22T16:03:14Z <now> & \"soon\" \n";
  event.node_name = "ip-10-0-0-1.eu-west-1.compute.internal";
  event.node_labels = {
      {"team", "búho"}, {"app", "web"}, {"eks.amazonaws.com/nodegroup", "spot-a"}, {"kubernetes.io/os", "linux"}};
  event.pods = {"a", "db-0", "kube-proxy-x7w8v",
                "web-5d9f-abcde"};  // sprig sorts in place, we do not: sorted it is the same
  event.provider_id = "aws:///eu-west-1a/i-0123456789abcdef0";
  event.start = Instant(1795363394s + 250ms);
  event.in_progress = true;
  return event;
}

NthEvent bare_event() {
  NthEvent event;
  event.kind = "SCHEDULED_EVENT";
  event.node_name = "n1";
  event.managed = true;
  event.pods = {"only"};
  event.end = Instant(1795363394s);
  return event;
}

/// The event as the peer reads it.
JsonObject peer_fields(const NthEvent& event) {
  const NthMachine& machine = event.machine;
  JsonObject labels;
  for (const auto& [key, text] : event.node_labels) labels[key] = text;
  JsonObject metadata{{"accountId", machine.account_id},
                      {"instanceId", machine.instance_id},
                      {"instanceLifeCycle", machine.life_cycle},
                      {"instanceType", machine.instance_type},
                      {"publicHostname", machine.public_hostname},
                      {"publicIp", machine.public_ip},
                      {"localHostname", machine.local_hostname},
                      {"privateIp", machine.local_ip},
                      {"availabilityZone", machine.availability_zone},
                      {"region", machine.region}};
  JsonObject fields{{"EventID", event.event_id},
                    {"Kind", event.kind},
                    {"Monitor", event.monitor},
                    {"Description", event.description},
                    {"State", event.state},
                    {"AutoScalingGroupName", event.auto_scaling_group},
                    {"NodeName", event.node_name},
                    {"NodeLabels", labels},
                    {"Pods", format::JsonArray(event.pods.begin(), event.pods.end())},
                    {"InstanceID", machine.instance_id},
                    {"ProviderID", event.provider_id},
                    {"InstanceType", machine.instance_type},
                    {"IsManaged", event.managed},
                    {"NodeProcessed", event.node_processed},
                    {"InProgress", event.in_progress}};
  if (event.start) fields["StartTime"] = format_rfc3339(*event.start);
  if (event.end) fields["EndTime"] = format_rfc3339(*event.end);
  return {{"Metadata", metadata}, {"Event", fields}};
}

struct Case {
  std::string source;
  const NthEvent* event;
};

struct GoAnswer {
  bool ok = false;
  std::string text;
  std::string error;
};

/// What Go makes of the templates, in their order.
std::vector<GoAnswer> ask_go(const std::vector<Case>& cases) {
  const char* const peers = std::getenv("SPOTKEEPER_PEERS_BIN");
  if (peers == nullptr) throw std::runtime_error("SPOTKEEPER_PEERS_BIN is not set");
  const auto folder = std::filesystem::temp_directory_path() / ("spotkeeper-templates-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  {
    std::ofstream requests(folder / "in");
    for (const Case& each : cases) {
      JsonObject request = peer_fields(*each.event);
      request["Template"] = each.source;
      requests << format::write_json(request) << "\n";
    }
  }
  const std::string command = "TZ=UTC '" + std::string(peers) + "/go_template' <'" + (folder / "in").string() + "' >'" +
                              (folder / "out").string() + "'";
  const int status = std::system(command.c_str());  // NOLINT(cert-env33-c,bugprone-command-processor)
  const auto output = read_file((folder / "out").string(), std::size_t{1} << 30);
  std::filesystem::remove_all(folder);
  if (status != 0 || !output) throw std::runtime_error("the peer failed");
  std::vector<GoAnswer> answers;
  for (const std::string_view line : split(trim(*output), '\n')) {
    const auto answer = format::parse_json(line);
    const format::JsonField field(answer.value());
    answers.push_back({.ok = field["ok"].get_or(false).value(),
                       .text = field["text"].get_or("").value(),
                       .error = field["error"].get_or("").value()});
  }
  return answers;
}

Result<std::string> ours(const Case& each) {
  SK_TRY(const Template made, Template::parse(each.source));
  return made.render(template_value(*each.event), {.now = Instant(1795363394s)});
}

struct Tally {
  std::size_t rendered = 0;
  std::size_t failed = 0;
  std::size_t unsupported = 0;  // by the values: %d of a time, which the source does not show
  std::vector<std::string> differences;
};

Tally compare(const std::vector<Case>& cases) {
  const std::vector<GoAnswer> answers = ask_go(cases);
  Tally tally;
  if (answers.size() != cases.size()) throw std::runtime_error("the peer gave another number of answers");
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto mine = ours(cases[i]);
    const bool same = mine.has_value() == answers[i].ok && (!mine || to_valid_utf8(*mine) == answers[i].text);
    if (!mine && mine.error().message.ends_with("is not supported")) {
      ++tally.unsupported;
      continue;
    }
    ++(answers[i].ok ? tally.rendered : tally.failed);
    if (!same && tally.differences.size() < 30) {
      tally.differences.push_back("template " + cases[i].source +
                                  "\n  Go:   " + (answers[i].ok ? answers[i].text : "error: " + answers[i].error) +
                                  "\n  ours: " + (mine ? *mine : "error: " + mine.error().message));
    }
  }
  return tally;
}

TEST(GoTemplates, ThoseThatPeopleWriteRenderTheSame) {
  const NthEvent rich = rich_event();
  const NthEvent bare = bare_event();
  std::vector<Case> cases;
  for (const std::string_view source : testing::webhook_templates) {
    cases.push_back({.source = std::string(source), .event = &rich});
    cases.push_back({.source = std::string(source), .event = &bare});
  }
  const Tally tally = compare(cases);
  EXPECT_THAT(tally.differences, ::testing::IsEmpty());
  EXPECT_EQ(tally.failed + tally.unsupported, 0U);
}

TEST(GoTemplates, RandomOnesRenderTheSame) {
  const char* const given = std::getenv("SPOTKEEPER_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20261122;
  const char* const many = std::getenv("SPOTKEEPER_TEMPLATES");
  const std::size_t count = many != nullptr ? std::strtoull(many, nullptr, 10) : 6000;
  const NthEvent rich = rich_event();
  const NthEvent bare = bare_event();
  testing::TemplateGenerator generator(seed);
  std::vector<Case> cases;
  cases.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    cases.push_back({.source = generator.make(), .event = i % 4 == 3 ? &bare : &rich});
  const Tally tally = compare(cases);
  EXPECT_THAT(tally.differences, ::testing::IsEmpty()) << "seed " << seed;
  // A generator whose templates nearly all fail would show nothing.
  EXPECT_GT(tally.rendered, count / 3);
  EXPECT_GT(tally.failed, 0U);
  EXPECT_LT(tally.unsupported, count / 50);
  RecordProperty("rendered", static_cast<int>(tally.rendered));
}

TEST(GoTemplates, WhatGoRefusesIsRefused) {
  const NthEvent rich = rich_event();
  std::vector<Case> cases;
  for (const std::string_view source : {"{{",
                                        "{{ .Kind",
                                        "{{ if }}{{ end }}",
                                        "{{ end }}",
                                        "{{ if true }}",
                                        "{{ range .Pods }}{{ else }}",
                                        "{{ nope }}",
                                        "{{ $x }}",

                                        "{{ \"a }}",
                                        "{{ 'ab' }}",
                                        "{{ (1 }}",
                                        "{{ 1) }}",
                                        "{{ break }}",
                                        "{{ template \"x\" }}",
                                        "{{ define \"x\" }}",
                                        "{{ . }} {{ else }}",
                                        "{{/* a",
                                        "{{/* a */ b }}",
                                        "{{ .Kind.Foo }}",
                                        "{{ .Nope }}",
                                        "{{ nil }}",
                                        "{{ 1 2 }}",
                                        "{{ upper }}",
                                        "{{ upper 1 }}",
                                        R"({{ trunc "a" "b" }})",
                                        "{{ index .Pods 9 }}",
                                        "{{ lt 1 \"a\" }}",
                                        "{{ len 3 }}",
                                        R"({{ "a\q" }})",
                                        "{{ 08 }}",
                                        "{{ 1x }}",
                                        "{{ $x := 1 }}{{ $y = 2 }}",
                                        "{{ range $a, $b, $c := .Pods }}{{ end }}",
                                        "{{ .Kind \"arg\" }}",
                                        "{{ \"a\".b }}"}) {
    cases.push_back({.source = std::string(source), .event = &rich});
  }
  const Tally tally = compare(cases);
  EXPECT_THAT(tally.differences, ::testing::IsEmpty());
  EXPECT_EQ(tally.rendered, 0U);
}

}  // namespace
}  // namespace spotkeeper::observe
