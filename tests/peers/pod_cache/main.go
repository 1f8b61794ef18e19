// Keeps pods as client-go's informers do: decoded by the official types, one *Pod each, in a map by namespace and name.
// The peer of bench/bench_kube_memory.cc, which says what it measures.
//
// Input: pages of nodes and then of pods, each behind its length as eight bytes in the machine's order; a length of zero
// ends either. Output: one line of numbers: bytes of pods received, pods kept, pages that could not be read, nanoseconds
// of CPU spent decoding and keeping, and VmRSS, RssAnon, RssFile and VmHWM in KiB after a forced collection.
//
// Arguments: protobuf or json; "trimmed" behind it drops managedFields, as an informer's transform can.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

type decoder func(page []byte, list interface{ Unmarshal([]byte) error }) error

func fromProtobuf(page []byte, list interface{ Unmarshal([]byte) error }) error {
	var envelope runtime.Unknown
	if err := envelope.Unmarshal(bytes.TrimPrefix(page, []byte("k8s\x00"))); err != nil {
		return err
	}
	return list.Unmarshal(envelope.Raw)
}

func fromJSON(page []byte, list interface{ Unmarshal([]byte) error }) error {
	return json.Unmarshal(page, list)
}

func nextPage(in io.Reader) []byte {
	var size uint64
	if binary.Read(in, binary.NativeEndian, &size) != nil || size == 0 {
		return nil
	}
	page := make([]byte, size)
	if _, err := io.ReadFull(in, page); err != nil {
		return nil
	}
	return page
}

func kib(status, field string) int64 {
	for _, line := range strings.Split(status, "\n") {
		if rest, found := strings.CutPrefix(line, field+":"); found {
			number, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return number
		}
	}
	return 0
}

// Of the whole process, and so with the collector's share.
func cpuTime() int64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func main() {
	decode := decoder(fromProtobuf)
	if os.Args[1] == "json" {
		decode = fromJSON
	}
	trimmed := len(os.Args) > 2 && os.Args[2] == "trimmed"
	in := bufio.NewReaderSize(os.Stdin, 1<<16)
	nodes := map[string]*corev1.Node{}
	pods := map[string]*corev1.Pod{}
	var received, failed, busy int64
	for page := nextPage(in); page != nil; page = nextPage(in) {
		var list corev1.NodeList
		if decode(page, &list) != nil {
			failed++
		}
		for i := range list.Items {
			node := list.Items[i]
			nodes[node.Name] = &node
		}
	}
	for page := nextPage(in); page != nil; page = nextPage(in) {
		received += int64(len(page))
		start := cpuTime()
		var list corev1.PodList
		if decode(page, &list) != nil {
			failed++
		}
		for i := range list.Items {
			pod := list.Items[i]
			if trimmed {
				pod.ManagedFields = nil
			}
			pods[pod.Namespace+"/"+pod.Name] = &pod
		}
		busy += cpuTime() - start
	}
	debug.FreeOSMemory()
	text, _ := os.ReadFile("/proc/self/status")
	status := string(text)
	fmt.Println(received, len(pods), failed, busy, kib(status, "VmRSS"), kib(status, "RssAnon"), kib(status, "RssFile"),
		kib(status, "VmHWM"))
	if len(nodes) == 0 {
		os.Exit(1)
	}
}
