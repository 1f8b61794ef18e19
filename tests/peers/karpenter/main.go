// Karpenter's scheduler, as a library, on pods and machines that it is given: its plan as a document in the form of
// `spotkeeper plan -o json`, each machine priced at the cheapest offering that its NodeClaim allows.
//
//	karpenter [--ignore-preferences] CASE.json
//
// CASE.json: {"documents": […], "types": […], "offerings": […]}, what the benchmark bench_plan writes.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"sort"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/clock"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/log"
	karpenter "sigs.k8s.io/karpenter/pkg/apis/v1"
	"sigs.k8s.io/karpenter/pkg/cloudprovider"
	"sigs.k8s.io/karpenter/pkg/controllers/provisioning/scheduling"
	"sigs.k8s.io/karpenter/pkg/controllers/state"
	"sigs.k8s.io/karpenter/pkg/events"
	"sigs.k8s.io/karpenter/pkg/operator/injection"
	"sigs.k8s.io/karpenter/pkg/operator/logging"
	"sigs.k8s.io/karpenter/pkg/operator/options"
	requirements "sigs.k8s.io/karpenter/pkg/scheduling"
)

type machineType struct {
	Name              string `json:"name"`
	Arch              string `json:"arch"`
	VCPU              int64  `json:"vcpu"`
	MemoryMiB         int64  `json:"memory_mib"`
	AllocatableMillis int64  `json:"allocatable_cpu_millis"`
	AllocatableMiB    int64  `json:"allocatable_memory_mib"`
	MaxPods           int64  `json:"max_pods"`
}

type offering struct {
	Type         string `json:"type"`
	Zone         string `json:"zone"`
	CapacityType string `json:"capacity_type"`
	Micros       int64  `json:"micros"`
}

type caseFile struct {
	Documents []json.RawMessage `json:"documents"`
	Types     []machineType     `json:"types"`
	Offerings []offering        `json:"offerings"`
}

type plannedNode struct {
	Type         string   `json:"type"`
	Zone         string   `json:"zone"`
	CapacityType string   `json:"capacity_type"`
	Price        string   `json:"price_per_hour"`
	NodePool     string   `json:"node_pool"`
	Alternatives []string `json:"alternatives"`
	Pods         []string `json:"pods"`
}

type unplacedPod struct {
	Pod    string `json:"pod"`
	Reason string `json:"reason"`
}

type answer struct {
	Cost       string        `json:"cost_per_hour"`
	LowerBound string        `json:"lower_bound_per_hour"`
	Gap        float64       `json:"gap"`
	Seconds    float64       `json:"seconds"`
	CPUSeconds float64       `json:"cpu_seconds"` // on all cores
	Nodes      []plannedNode `json:"nodes"`
	Existing   []string      `json:"existing"`
	Unplaced   []unplacedPod `json:"unplaced"`
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "karpenter:", err)
		os.Exit(1)
	}
}

// What a controller makes of a workload, numbered as `spotkeeper plan` numbers them.
type workload struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`
	Spec struct {
		Replicas    *int                   `json:"replicas"`
		Parallelism *int                   `json:"parallelism"`
		Template    corev1.PodTemplateSpec `json:"template"`
	} `json:"spec"`
}

func podsOf(document json.RawMessage, of workload) ([]*corev1.Pod, error) {
	if of.Kind == "Pod" {
		pod := &corev1.Pod{}
		err := json.Unmarshal(document, pod)
		return []*corev1.Pod{pod}, err
	}
	count := 1
	if of.Spec.Replicas != nil {
		count = *of.Spec.Replicas
	} else if of.Spec.Parallelism != nil {
		count = *of.Spec.Parallelism
	}
	var pods []*corev1.Pod
	for i := range count {
		pod := &corev1.Pod{ObjectMeta: *of.Spec.Template.ObjectMeta.DeepCopy(), Spec: *of.Spec.Template.Spec.DeepCopy()}
		pod.Name = fmt.Sprintf("%s-%d", of.Metadata.Name, i)
		pods = append(pods, pod)
	}
	return pods, nil
}

func readDocuments(documents []json.RawMessage) (pods []*corev1.Pod, pools []*karpenter.NodePool) {
	for _, document := range documents {
		var known workload
		fail(json.Unmarshal(document, &known))
		if known.Kind == "NodePool" {
			pool := &karpenter.NodePool{}
			fail(json.Unmarshal(document, pool))
			pools = append(pools, pool)
			continue
		}
		made, err := podsOf(document, known)
		fail(err)
		for _, pod := range made {
			pod.UID = uuid.NewUUID()
			pod.Namespace = known.Metadata.Namespace
			if pod.Namespace == "" {
				pod.Namespace = "default"
			}
			pods = append(pods, pod)
		}
	}
	return pods, pools
}

func instanceTypes(given caseFile) []*cloudprovider.InstanceType {
	byType := map[string][]offering{}
	for _, each := range given.Offerings {
		byType[each.Type] = append(byType[each.Type], each)
	}
	var out []*cloudprovider.InstanceType
	for _, each := range given.Types {
		if len(byType[each.Name]) > 0 {
			out = append(out, instanceType(each, byType[each.Name]))
		}
	}
	return out
}

func instanceType(of machineType, offered []offering) *cloudprovider.InstanceType {
	var zones, capacityTypes []string
	var offerings cloudprovider.Offerings
	for _, each := range offered {
		zones = append(zones, each.Zone)
		capacityTypes = append(capacityTypes, each.CapacityType)
		offerings = append(offerings, &cloudprovider.Offering{
			Available: true,
			Price:     float64(each.Micros) / 1e6,
			Requirements: requirements.NewLabelRequirements(map[string]string{
				karpenter.CapacityTypeLabelKey: each.CapacityType,
				corev1.LabelTopologyZone:       each.Zone,
			}),
		})
	}
	in := corev1.NodeSelectorOpIn
	mebi := func(amount int64) resource.Quantity { return *resource.NewQuantity(amount<<20, resource.BinarySI) }
	return &cloudprovider.InstanceType{
		Name: of.Name,
		Requirements: requirements.NewRequirements(
			requirements.NewRequirement(corev1.LabelInstanceTypeStable, in, of.Name),
			requirements.NewRequirement(corev1.LabelArchStable, in, of.Arch),
			requirements.NewRequirement(corev1.LabelOSStable, in, "linux"),
			requirements.NewRequirement(corev1.LabelTopologyZone, in, zones...),
			requirements.NewRequirement(karpenter.CapacityTypeLabelKey, in, capacityTypes...),
		),
		Offerings: offerings,
		Capacity: corev1.ResourceList{
			corev1.ResourceCPU:              *resource.NewQuantity(of.VCPU, resource.DecimalSI),
			corev1.ResourceMemory:           mebi(of.MemoryMiB),
			corev1.ResourcePods:             *resource.NewQuantity(of.MaxPods, resource.DecimalSI),
			corev1.ResourceEphemeralStorage: mebi(17 << 10),
		},
		Overhead: &cloudprovider.InstanceTypeOverhead{KubeReserved: corev1.ResourceList{
			corev1.ResourceCPU:    *resource.NewMilliQuantity(of.VCPU*1000-of.AllocatableMillis, resource.DecimalSI),
			corev1.ResourceMemory: mebi(of.MemoryMiB - of.AllocatableMiB),
		}},
	}
}

// The cheapest that the claim allows; of equal prices, the first by name.
func cheapest(claim *scheduling.NodeClaim) (out plannedNode, price float64) {
	for _, each := range claim.InstanceTypeOptions {
		for _, offered := range each.Offerings.Available().Compatible(claim.Requirements) {
			better := out.Type == "" || offered.Price < price || (offered.Price == price && each.Name < out.Type)
			if !better {
				continue
			}
			out.Type, out.Zone, out.CapacityType = each.Name, offered.Zone(), offered.CapacityType()
			price = offered.Price
		}
	}
	return out, price
}

func name(pod *corev1.Pod) string { return pod.Namespace + "/" + pod.Name }

func cpuSeconds() float64 {
	var usage syscall.Rusage
	fail(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

func solve(ctx context.Context, given caseFile, opts ...scheduling.Options) (scheduling.Results, answer) {
	pods, pools := readDocuments(given.Documents)
	types := map[string][]*cloudprovider.InstanceType{}
	for _, pool := range pools {
		types[pool.Name] = instanceTypes(given)
	}
	client := fakeclient.NewFakeClient()
	cluster := state.NewCluster(clock.RealClock{}, client, nil)
	topology, err := scheduling.NewTopology(ctx, client, cluster, nil, pools, types, pods, opts...)
	fail(err)
	scheduler := scheduling.NewScheduler(ctx, client, pools, cluster, nil, topology, types, nil,
		events.NewRecorder(&record.FakeRecorder{}), clock.RealClock{}, nil, nil, opts...)
	runtime.GC()
	start, startCPU := time.Now(), cpuSeconds()
	results, err := scheduler.Solve(ctx, pods)
	took := answer{Seconds: time.Since(start).Seconds(), CPUSeconds: cpuSeconds() - startCPU}
	fail(err)
	return results, took
}

func report(results scheduling.Results, out answer) answer {
	out.LowerBound, out.Nodes, out.Existing, out.Unplaced = "0", []plannedNode{}, []string{}, []unplacedPod{}
	cost := 0.0
	for _, claim := range results.NewNodeClaims {
		node, price := cheapest(claim)
		node.Price = fmt.Sprintf("%.6f", price)
		node.NodePool = claim.NodePoolName
		node.Alternatives = []string{}
		for _, pod := range claim.Pods {
			node.Pods = append(node.Pods, name(pod))
		}
		cost += price
		out.Nodes = append(out.Nodes, node)
	}
	for pod, why := range results.PodErrors {
		out.Unplaced = append(out.Unplaced, unplacedPod{name(pod), why.Error()})
	}
	sort.Slice(out.Unplaced, func(i, j int) bool { return out.Unplaced[i].Pod < out.Unplaced[j].Pod })
	out.Cost = fmt.Sprintf("%.6f", cost)
	return out
}

func main() {
	arguments := os.Args[1:]
	var opts []scheduling.Options
	if len(arguments) == 2 && arguments[0] == "--ignore-preferences" {
		opts = append(opts, scheduling.IgnorePreferences)
		arguments = arguments[1:]
	}
	if len(arguments) != 1 {
		fmt.Fprintln(os.Stderr, "karpenter: [--ignore-preferences] CASE.json")
		os.Exit(2)
	}
	text, err := os.ReadFile(arguments[0])
	fail(err)
	var given caseFile
	fail(json.Unmarshal(text, &given))
	log.SetLogger(logging.NopLogger)
	// As its own benchmark has it: five threads, preferences respected, minValues strict.
	ctx := options.ToContext(injection.WithControllerName(context.Background(), "provisioner"), &options.Options{
		CPURequests:       5000,
		MemoryLimit:       -1,
		PreferencePolicy:  options.PreferencePolicyRespect,
		MinValuesPolicy:   options.MinValuesPolicyStrict,
		IgnoreDRARequests: true,
		FeatureGates:      options.FeatureGates{ReservedCapacity: true},
	})
	results, took := solve(ctx, given, append(opts, scheduling.NumConcurrentReconciles(5))...)
	fail(json.NewEncoder(os.Stdout).Encode(report(results, took)))
}
