// Webhook templates as people write them: restated from public charts, documentation and issues for Slack, Microsoft
// Teams, Discord, Google Chat, PagerDuty, Opsgenie, Chime, Datadog, Pushgateway and endpoints of their own, and from
// what they ask how to do. Each must be accepted, and render as Go renders it.
#pragma once

#include <string_view>

namespace spotkeeper::testing {

inline constexpr std::string_view
    webhook_templates
        [] =
            {
                // The default of AWS Node Termination Handler, of now and of earlier versions.
                R"T({"text":"[NTH][Instance Interruption] EventID: {{ .EventID }} - Kind: {{ .Kind }} - Instance: {{ .InstanceID }} - Node: {{ .NodeName }} - Description: {{ .Description }} - Start Time: {{ .StartTime }}"})T",
                R"T({"text":"[NTH][Instance Interruption] EventID: {{ .EventID }} - Kind: {{ .Kind }} - Description: {{ .Description }} - State: {{ .State }} - Start Time: {{ .StartTime }}"})T",
                R"T({"Content":"[NTH][Instance Interruption] InstanceId: {{ .InstanceID }} - InstanceType: {{ .InstanceType }} - Kind: {{ .Kind }} - Start Time: {{ .StartTime }}"})T",
                // Labels and pods.
                R"T({"text":"Kind: {{ .Kind }} - NodeLabels: {{ .NodeLabels }} - Pods: {{ .Pods }} - Start Time: {{ .StartTime }}"})T",
                R"T({"text":"{{ .EventID }} {{ range $key, $value := .NodeLabels }}{{ $key }}:{{ $value }} {{ end }}- {{ .Description }}"})T",
                R"T({"text":"{{ range $i, $pod := .Pods }}{{ if $i }}, {{ end }}{{ $pod }}{{ else }}no pods{{ end }}"})T",
                R"T({"text":"{{ index .NodeLabels "eks.amazonaws.com/nodegroup" }} {{ index .NodeLabels "no-such-label" }}|"})T",
                R"T({"text":"{{ index .NodeLabels "topology.kubernetes.io/zone" | default .AvailabilityZone | default "?" }}"})T",
                R"T({"pods":{{ .Pods | toJson }},"labels":{{ .NodeLabels | toJson }}})T",
                R"T({{ toJson . }})T",
                R"T({{ . | toPrettyJson }})T",
                R"T({{ .NodeMetadata | toJson }} {{ .InterruptionEvent.Kind }})T",
                // Slack.
                R"T({"text":":warning: *[NTH] [Instance Interruption]*
  *Kind:* `{{ .Kind }}`
  *Node:* `{{ .NodeName }}`
  *InstanceType:* `{{ .InstanceType }}`
  *InstanceLifeCycle*: `{{.InstanceLifeCycle}}`
  *Description:* {{ .Description }}
  *Start Time:* `{{ .StartTime }}`
"})T",
                R"T({"channel":"#spot","username":"nth","icon_emoji":":aws:","text":"*{{ .Kind | replace "_" " " | title }}* on {{ .NodeName }} ({{ .InstanceType }}, {{ .AvailabilityZone }})"})T",
                R"T({"blocks":[{"type":"header","text":{"type":"plain_text","text":{{ printf "%s: %s" .Kind .NodeName | toJson }}}},{"type":"section","fields":[{"type":"mrkdwn","text":"*Instance*\n{{ .InstanceID }}"},{"type":"mrkdwn","text":"*Type*\n{{ .InstanceType }}"}{{ if .Pods }},{"type":"mrkdwn","text":{{ .Pods | join ", " | printf "*Pods*\n%s" | toJson }}}{{ end }}]}]})T",
                R"T({"attachments":[{"color":"{{ if eq .Kind "SPOT_ITN" }}danger{{ else if eq .Kind "REBALANCE_RECOMMENDATION" "SCHEDULED_EVENT" }}warning{{ else }}good{{ end }}","title":"{{ .Kind }}","text":{{ .Description | trim | toJson }},"ts":{{ .StartTime.Unix }}}]})T",
                R"T({{- /* Slack, for the platform team */ -}}
{
  "text": {{ printf "%s is going away: %s" .NodeName .Description | quote }}
}
)T",
                // Microsoft Teams.
                R"T({"@type":"MessageCard","@context":"http://schema.org/extensions","themeColor":"{{ if eq .Kind "SPOT_ITN" }}FF0000{{ else }}FFA500{{ end }}","summary":"{{ .Kind }}","sections":[{"activityTitle":"{{ .Kind }} {{ .NodeName }}","facts":[{"name":"Account","value":"{{ .AccountId }}"},{"name":"Zone","value":"{{ .AvailabilityZone }}"},{"name":"Start","value":"{{ .StartTime.Format "2006-01-02 15:04:05 MST" }}"}],"markdown":true}]})T",
                R"T({"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","content":{"type":"AdaptiveCard","version":"1.4","body":[{"type":"TextBlock","text":{{ toJson .Description }}},{"type":"FactSet","facts":[{{ range $i, $k := list "app" "team" }}{{ if $i }},{{ end }}{"title":{{ $k | quote }},"value":{{ index $.NodeLabels $k | default "-" | quote }}}{{ end }}]}]}}]})T",
                // Discord.
                R"T({"username":"Spot","embeds":[{"title":"{{ .Kind | lower | replace "_" " " }}","description":{{ .Description | trunc 200 | toJson }},"color":{{ if eq .Kind "SPOT_ITN" }}15158332{{ else }}15844367{{ end }},"timestamp":"{{ .StartTime.Format "2006-01-02T15:04:05Z07:00" }}","fields":[{"name":"Node","value":"{{ .NodeName | default "unknown" }}","inline":true},{"name":"Pods","value":"{{ len .Pods }}","inline":true}]}]})T",
                R"T({"content":"**{{ .Kind }}** `{{ .InstanceID | trunc -8 }}`{{ with .AutoScalingGroupName }} in {{ . }}{{ end }}"})T",
                // Google Chat.
                R"T({"text":"*{{ .Kind }}*\n{{ range .Pods }}- {{ . }}\n{{ end }}"})T",
                R"T({"cards":[{"header":{"title":"{{ .Kind }}","subtitle":"{{ .Region | upper }}"},"sections":[{"widgets":[{"keyValue":{"topLabel":"Node","content":"{{ .NodeName }}"}}]}]}]})T",
                // PagerDuty, Opsgenie, Datadog.
                R"T({"routing_key":"{{ env "ROUTING_KEY_THAT_IS_NOT_SET" | default "R0" }}","event_action":"trigger","dedup_key":"{{ .EventID }}","payload":{"summary":"{{ .Kind }} on {{ .NodeName }}","source":"{{ .InstanceID }}","severity":"{{ ternary "critical" "warning" (eq .Kind "SPOT_ITN") }}","component":"{{ .InstanceType }}","group":"{{ .AutoScalingGroupName | default "none" }}","custom_details":{{ dict "pods" .Pods "zone" .AvailabilityZone | toJson }}}})T",
                R"T({"message":{{ cat .Kind "on" .NodeName | toJson }},"alias":"{{ .InstanceID | trimPrefix "i-" }}","priority":"P{{ if hasPrefix "SPOT" .Kind }}2{{ else }}4{{ end }}","tags":[{{ range $i, $e := (keys (dict "kind" 1 "node" 2) | sortAlpha) }}{{ if $i }},{{ end }}"{{ $e }}"{{ end }}]})T",
                R"T({"title":"NTH","text":{{ .Description | toRawJson }},"alert_type":"{{ if and .IsManaged (ne .Kind "SCHEDULED_EVENT") }}error{{ else }}info{{ end }}","date_happened":{{ unixEpoch .StartTime }}})T",
                // Not JSON.
                "node_termination_event{node=\"{{ .NodeName }}\",kind=\"{{ .Kind }}\"} 1\n",
                "{{ .NodeName }}\t{{ .Kind | printf \"%-25s|\" }}\t{{ len .Pods | printf \"%03d\" }}",
                "<b>{{ .Description | html }}</b> <a href=\"/?node={{ .NodeName | urlquery }}\">{{ .NodeName }}</a>",
                "var text = '{{ js .Description }}';",
                // What the language has.
                R"T({{ define "pod" }}<{{ . }}>{{ end }}{{ range .Pods }}{{ template "pod" . }}{{ end }})T",
                "{{ block \"title\" . }}{{ .Kind }}{{ end }}: {{ .NodeName }}",
                R"T({{ $team := "none" }}{{ range $k, $v := .NodeLabels }}{{ if eq $k "team" }}{{ $team = $v }}{{ end }}{{ end }}{{ $team }})T",
                R"T({{ range $i, $p := .Pods }}{{ if ge $i 2 }}… and {{ sub (len $.Pods) 2 }} more{{ break }}{{ end }}{{ $p }} {{ end }})T",
                "{{ range .Pods }}{{ if hasPrefix \"kube-proxy\" . }}{{ continue }}{{ end }}{{ . }};{{ end }}",
                "{{ with $n := .NodeName }}{{ $n }}{{ else with .InstanceID }}{{ . }}{{ else }}nothing{{ end }}",
                "{{ if not .Pods }}empty{{ else if gt (len .Pods) 2 }}many{{ else }}few{{ end }}",
                R"T({{ (split "/" .ProviderID)._4 }} {{ splitList "/" .ProviderID | last }} {{ (index .Pods 0) | upper }})T",
                R"T({{ .EndTime }} {{ if .EndTime.IsZero }}no end{{ else }}{{ .EndTime.UTC.Format "Jan _2 3:04PM" }}{{ end }})T",
                "{{ .StartTime | date \"Mon, 02 Jan 2006 15:04:05 -0700\" }} {{ htmlDate .StartTime }}",
                R"T({{ printf "%q %v %t %d %x %5.1f|%-6s|%6s|%c" .Kind .Pods .IsManaged 42 "hi" 3.14159 "ab" "cd" 'x' }})T",
                "{{ print .Kind 1 2 true .NodeName }} {{ println .Kind 1 }}",
                R"T({{ `raw "string"` }} {{ "esc\t\u00e9\x41" }} {{ 0x1F }} {{ 1_000 }} {{ 'a' }} {{ 1.50 }} {{ 1e3 }})T",
                "{{ .NodeLabels.team }} {{ .NodeLabels.missing }} {{ $.NodeLabels.team }}",
                "{{ range 3 }}{{ . }}{{ end }}{{ range $i := 2 }}{{ $i }}{{ end }}",
                R"T({{ list 1 "a" true nil | toJson }} {{ list "b" "a" | sortAlpha | join "-" }} {{ coalesce "" .State "x" }})T",
                R"T({{ add 1 2 3 }} {{ mul 2 3 }} {{ div 7 2 }} {{ mod 7 2 }} {{ max 1 5 3 }} {{ min 4 2 }} {{ add1 1 }} {{ int "12" }})T",
                R"T({{ "  x " | trim | quote }} {{ squote 1 "b" }} {{ indent 2 "a\nb" }}{{ nindent 1 "c" }} {{ repeat 3 "ab" }} {{ substr 1 3 "hello" }})T",
                "a {{- 1 -}} b {{- /* c */ -}} d\n{{ if true }}\n  x\n{{- end }}\n",
};

}  // namespace spotkeeper::testing
