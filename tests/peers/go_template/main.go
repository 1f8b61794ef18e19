// Renders templates with Go's text/template and sprig, as AWS Node Termination Handler does, for a test that holds our
// own renderer against it. One JSON object a line in ({"template", "event"}), one a line out ({"ok", "text", "error"}).
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/template"
	"time"

	"github.com/Masterminds/sprig/v3"
)

// What a template sees there: two structs in one, whose names are part of the interface.
type NodeMetadata struct {
	AccountId         string `json:"accountId"`
	InstanceID        string `json:"instanceId"`
	InstanceLifeCycle string `json:"instanceLifeCycle"`
	InstanceType      string `json:"instanceType"`
	PublicHostname    string `json:"publicHostname"`
	PublicIP          string `json:"publicIp"`
	LocalHostname     string `json:"localHostname"`
	LocalIP           string `json:"privateIp"`
	AvailabilityZone  string `json:"availabilityZone"`
	Region            string `json:"region"`
}

type InterruptionEvent struct {
	EventID              string
	Kind                 string
	Monitor              string
	Description          string
	State                string
	AutoScalingGroupName string
	NodeName             string
	NodeLabels           map[string]string
	Pods                 []string
	InstanceID           string
	ProviderID           string
	InstanceType         string
	IsManaged            bool
	StartTime            time.Time
	EndTime              time.Time
	NodeProcessed        bool
	InProgress           bool
	PreDrainTask         func() `json:"-"`
	PostDrainTask        func() `json:"-"`
	CancelDrainTask      func() `json:"-"`
}

type drainData struct {
	NodeMetadata
	InterruptionEvent
	InstanceID   string
	InstanceType string
}

type request struct {
	Template string
	Metadata NodeMetadata
	Event    InterruptionEvent
}

type answer struct {
	OK    bool   `json:"ok"`
	Text  string `json:"text"`
	Error string `json:"error"`
}

func render(r request) (out answer) {
	defer func() {
		if problem := recover(); problem != nil {
			out = answer{Error: fmt.Sprint(problem)}
		}
	}()
	parsed, err := template.New("message").Funcs(sprig.TxtFuncMap()).Parse(r.Template)
	if err != nil {
		return answer{Error: err.Error()}
	}
	data := drainData{r.Metadata, r.Event, r.Metadata.InstanceID, r.Metadata.InstanceType}
	if r.Event.InstanceID != "" {
		data.InstanceID = r.Event.InstanceID
	}
	if r.Event.InstanceType != "" {
		data.InstanceType = r.Event.InstanceType
	}
	var text strings.Builder
	if err := parsed.Execute(&text, data); err != nil {
		return answer{Error: err.Error()}
	}
	return answer{OK: true, Text: text.String()}
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<24)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		var r request
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		line, err := json.Marshal(render(r))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Fprintln(out, string(line))
	}
}
