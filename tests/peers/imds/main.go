// Reads an instance metadata service with the AWS SDK for Go, for a test that holds our metadata server against clients
// that this project did not write. Prints one JSON object. An argument is the service's address ("http://127.0.0.1:1");
// without one it is the SDK's own, 169.254.169.254. Further lines on standard input ask for the same again, with the same
// client and so with its token.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// What each place said: its text, or the status of its refusal.
type answer struct {
	Text   string `json:"text,omitempty"`
	Status int    `json:"status,omitempty"`
	Error  string `json:"error,omitempty"`
}

func refusal(err error) answer {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		return answer{Status: response.HTTPStatusCode()}
	}
	return answer{Error: err.Error()}
}

func text(client *imds.Client, ctx context.Context, path string) answer {
	out, err := client.GetMetadata(ctx, &imds.GetMetadataInput{Path: path})
	if err != nil {
		return refusal(err)
	}
	defer out.Content.Close()
	body, err := io.ReadAll(out.Content)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Text: string(body)}
}

func look(client *imds.Client) map[string]any {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	seen := map[string]any{}
	for name, path := range map[string]string{
		"instance_id": "instance-id",
		"spot":        "spot/instance-action",
		"rebalance":   "events/recommendations/rebalance",
		"scheduled":   "events/maintenance/scheduled",
		"lifecycle":   "autoscaling/target-lifecycle-state",
	} {
		seen[name] = text(client, ctx, path)
	}
	if out, err := client.GetRegion(ctx, &imds.GetRegionInput{}); err != nil {
		seen["region"] = refusal(err)
	} else {
		seen["region"] = answer{Text: out.Region}
	}
	if out, err := client.GetInstanceIdentityDocument(ctx, &imds.GetInstanceIdentityDocumentInput{}); err != nil {
		seen["identity"] = refusal(err)
	} else {
		seen["identity"] = out.InstanceIdentityDocument
	}
	if out, err := client.GetIAMInfo(ctx, &imds.GetIAMInfoInput{}); err != nil {
		seen["iam"] = refusal(err)
	} else {
		seen["iam"] = out.IAMInfo
	}
	return seen
}

func main() {
	options := imds.Options{}
	if len(os.Args) > 1 {
		options.Endpoint = strings.TrimRight(os.Args[1], "/")
	}
	client := imds.New(options)
	lines := bufio.NewScanner(os.Stdin)
	for again := true; again; again = lines.Scan() {
		line, err := json.Marshal(look(client))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(string(line))
	}
}
