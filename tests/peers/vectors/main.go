// Prints Kubernetes objects with every field filled, each as the official Go types write it in JSON and in protobuf.
// The referee of src/kube/codec: what we read from both must be the same (tests/e2e/kube/vectors_test.cc).
//
// Output: records of three parts (kind, JSON, protobuf with its envelope), each behind its length as four bytes,
// big-endian. The same seed prints the same bytes.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"reflect"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	eventsv1 "k8s.io/api/events/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const perKind = 200

var words = []string{"", "a", "web", "In", "NotIn", "Exists", "Equal", "NoSchedule", "NoExecute", "Always", "true",
	"False", "True", "Ready", "Running", "DoNotSchedule", "60%", "30s", "ReplicaSet", "apps/v1", "grün"}
var quantities = []string{"0", "100m", "1", "1.5Gi", "512Mi", "2k", "3n", "0.1", "9E", "7Ei", "250u", "1e3"}

type filler struct{ random *rand.Rand }

func (f *filler) chance(p float64) bool { return f.random.Float64() < p }

// fill sets everything in v, leaving out pointers, lists and maps now and then and more often further down.
func (f *filler) fill(v reflect.Value, depth int) {
	switch v.Interface().(type) {
	case metav1.Time:
		if f.chance(0.8) {
			v.Set(reflect.ValueOf(metav1.NewTime(time.Unix(f.random.Int63n(4e9), 0).UTC())))
		}
		return
	case metav1.MicroTime:
		if f.chance(0.8) {
			v.Set(reflect.ValueOf(metav1.NewMicroTime(time.UnixMicro(f.random.Int63n(4e15)).UTC())))
		}
		return
	case resource.Quantity:
		v.Set(reflect.ValueOf(resource.MustParse(quantities[f.random.Intn(len(quantities))])))
		return
	case intstr.IntOrString:
		value := intstr.FromInt32(f.random.Int31n(100))
		if f.chance(0.5) {
			value = intstr.FromString("50%")
		}
		v.Set(reflect.ValueOf(value))
		return
	case metav1.FieldsV1:
		v.Set(reflect.ValueOf(metav1.FieldsV1{Raw: []byte(`{"f:spec":{}}`)}))
		return
	case metav1.TypeMeta:
		return
	}
	keep := 0.9 - float64(depth)*0.07
	switch v.Kind() {
	case reflect.String:
		v.SetString(words[f.random.Intn(len(words))])
	case reflect.Bool:
		v.SetBool(f.chance(0.5))
	case reflect.Int32, reflect.Int64:
		v.SetInt([]int64{0, 1, -1, 30, 1 << 30, -(1 << 30)}[f.random.Intn(6)])
	case reflect.Pointer:
		if f.chance(keep) {
			v.Set(reflect.New(v.Type().Elem()))
			f.fill(v.Elem(), depth+1)
		}
	case reflect.Struct:
		for i := 0; i < v.NumField(); i++ {
			f.fill(v.Field(i), depth+1)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 || !f.chance(keep) {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1+f.random.Intn(2), 2))
		for i := 0; i < v.Len(); i++ {
			f.fill(v.Index(i), depth+1)
		}
	case reflect.Map:
		if !f.chance(keep) {
			return
		}
		v.Set(reflect.MakeMap(v.Type()))
		for i := 0; i < 1+f.random.Intn(3); i++ {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			key.SetString([]string{"cpu", "memory", "pods", "app", "example.com/x", "spotkeeper.dev/min-serving",
				"karpenter.sh/do-not-disrupt", "pod-template-hash"}[f.random.Intn(8)])
			f.fill(value, depth+1)
			v.SetMapIndex(key, value)
		}
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "vectors:", err)
		os.Exit(1)
	}
}

func main() {
	seed := int64(1)
	if len(os.Args) > 1 {
		var err error
		seed, err = strconv.ParseInt(os.Args[1], 10, 64)
		check(err)
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, appsv1.AddToScheme, policyv1.AddToScheme,
		coordinationv1.AddToScheme, discoveryv1.AddToScheme, eventsv1.AddToScheme} {
		check(add(scheme))
	}
	encoder := protobuf.NewSerializer(scheme, scheme)
	out := bufio.NewWriter(os.Stdout)
	part := func(data []byte) {
		check(binary.Write(out, binary.BigEndian, uint32(len(data))))
		_, err := out.Write(data)
		check(err)
	}
	objects := []runtime.Object{&corev1.Pod{}, &corev1.Node{}, &corev1.Namespace{}, &corev1.Event{}, &eventsv1.Event{},
		&policyv1.PodDisruptionBudget{}, &coordinationv1.Lease{}, &discoveryv1.EndpointSlice{}, &appsv1.Deployment{},
		&appsv1.ReplicaSet{}, &appsv1.StatefulSet{}, &appsv1.DaemonSet{}, &metav1.Status{}}
	f := &filler{rand.New(rand.NewSource(seed))}
	for _, prototype := range objects {
		kinds, _, err := scheme.ObjectKinds(prototype)
		check(err)
		for i := 0; i < perKind; i++ {
			object := prototype.DeepCopyObject()
			f.fill(reflect.ValueOf(object).Elem(), 0)
			object.GetObjectKind().SetGroupVersionKind(kinds[0])
			var wire bytes.Buffer
			check(encoder.Encode(object, &wire))
			text, err := json.Marshal(object)
			check(err)
			part([]byte(kinds[0].GroupVersion().String() + " " + kinds[0].Kind))
			part(text)
			part(wire.Bytes())
		}
	}
	check(out.Flush())
}
