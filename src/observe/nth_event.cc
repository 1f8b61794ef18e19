#include "observe/nth_event.h"

#include <utility>

namespace spotkeeper::observe {
namespace {

GoField field(std::string name, TemplateValue value, std::string json = {}) {
  return {.name = std::move(name), .json = std::move(json), .value = std::move(value)};
}

GoField embedded(std::string name, GoStruct fields) {
  return {.name = std::move(name), .json = {}, .value = std::move(fields), .embedded = true};
}

GoField function(std::string name) {
  return {.name = std::move(name), .json = "-", .value = {}, .embedded = false, .function = true};
}

GoStruct machine_fields(const NthMachine& machine) {
  return {.type = "ec2metadata.NodeMetadata",
          .fields = {field("AccountId", machine.account_id, "accountId"),
                     field("InstanceID", machine.instance_id, "instanceId"),
                     field("InstanceLifeCycle", machine.life_cycle, "instanceLifeCycle"),
                     field("InstanceType", machine.instance_type, "instanceType"),
                     field("PublicHostname", machine.public_hostname, "publicHostname"),
                     field("PublicIP", machine.public_ip, "publicIp"),
                     field("LocalHostname", machine.local_hostname, "localHostname"),
                     field("LocalIP", machine.local_ip, "privateIp"),
                     field("AvailabilityZone", machine.availability_zone, "availabilityZone"),
                     field("Region", machine.region, "region")}};
}

GoStruct event_fields(const NthEvent& event) {
  return {.type = "monitor.InterruptionEvent",
          .fields = {field("EventID", event.event_id),
                     field("Kind", event.kind),
                     field("Monitor", event.monitor),
                     field("Description", event.description),
                     field("State", event.state),
                     field("AutoScalingGroupName", event.auto_scaling_group),
                     field("NodeName", event.node_name),
                     field("NodeLabels", TemplateValue::string_map(event.node_labels)),
                     field("Pods", TemplateValue::strings(event.pods)),
                     field("InstanceID", event.machine.instance_id),
                     field("ProviderID", event.provider_id),
                     field("InstanceType", event.machine.instance_type),
                     field("IsManaged", event.managed),
                     field("StartTime", GoTime{event.start}),
                     field("EndTime", GoTime{event.end}),
                     field("NodeProcessed", event.node_processed),
                     field("InProgress", event.in_progress),
                     function("PreDrainTask"),
                     function("PostDrainTask"),
                     function("CancelDrainTask")}};
}

}  // namespace

TemplateValue template_value(const NthEvent& event) {
  return GoStruct{
      .type = "webhook.combinedDrainData",
      .fields = {embedded("NodeMetadata", machine_fields(event.machine)),
                 embedded("InterruptionEvent", event_fields(event)), field("InstanceID", event.machine.instance_id),
                 field("InstanceType", event.machine.instance_type)}};
}

std::string_view default_nth_template() {
  return R"({"text":"[NTH][Instance Interruption] EventID: {{ .EventID }} - Kind: {{ .Kind }} - Instance: {{ .InstanceID }} - )"
         R"(Node: {{ .NodeName }} - Description: {{ .Description }} - Start Time: {{ .StartTime }}"})";
}

}  // namespace spotkeeper::observe
