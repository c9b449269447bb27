// Package clients holds the tests of weft's API server with the clients that Go programs use.
//
// They run against the server that $KUBECONFIG names (`weft serve`, see tests/clients/go.sh).
package clients

import (
	"context"
	"os"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	applyv1 "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/util/retry"
)

func config(t *testing.T) *rest.Config {
	t.Helper()
	path := os.Getenv("KUBECONFIG")
	if path == "" {
		t.Skip("KUBECONFIG is not set: run tests/clients/go.sh")
	}
	c, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	c.QPS, c.Burst = 1000, 1000
	return c
}

func clientset(t *testing.T) *kubernetes.Clientset {
	return kubernetes.NewForConfigOrDie(config(t))
}

func namespace(t *testing.T, client *kubernetes.Clientset) string {
	t.Helper()
	made, err := client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "go-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = client.CoreV1().Namespaces().Delete(context.Background(), made.Name, metav1.DeleteOptions{})
	})
	return made.Name
}

func eventually(t *testing.T, what string, condition func(context.Context) (bool, error)) {
	t.Helper()
	if err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, 30*time.Second, true, condition); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func deployment(name string, replicas int32) *appsv1.Deployment {
	labels := map[string]string{"app": name}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "nginx:1.27"}}},
			},
		},
	}
}

// Typed clients send protobuf (client-go 1.32 and later); there is no fallback.
func TestTypedClientsSpeakProtobuf(t *testing.T) {
	client := clientset(t)
	ns := namespace(t, client)
	made, err := client.AppsV1().Deployments(ns).Create(t.Context(), deployment("web", 2), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if made.UID == "" || made.ResourceVersion == "" || made.Generation != 1 {
		t.Fatalf("metadata is not filled in: %+v", made.ObjectMeta)
	}
	if made.Spec.Strategy.Type != appsv1.RollingUpdateDeploymentStrategyType || made.Spec.Template.Spec.RestartPolicy != corev1.RestartPolicyAlways {
		t.Fatalf("defaults are not filled in: %+v", made.Spec)
	}
	if _, err = client.AppsV1().Deployments(ns).Create(t.Context(), deployment("web", 2), metav1.CreateOptions{}); !apierrors.IsAlreadyExists(err) {
		t.Fatalf("a second create: %v", err)
	}
	eventually(t, "the deployment is available", func(ctx context.Context) (bool, error) {
		now, err := client.AppsV1().Deployments(ns).Get(ctx, "web", metav1.GetOptions{})
		return err == nil && now.Status.AvailableReplicas == 2, err
	})
	scale, err := client.AppsV1().Deployments(ns).GetScale(t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	scale.Spec.Replicas = 1
	if _, err = client.AppsV1().Deployments(ns).UpdateScale(t.Context(), "web", scale, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	err = retry.RetryOnConflict(retry.DefaultRetry, func() error {
		now, err := client.AppsV1().Deployments(ns).Get(t.Context(), "web", metav1.GetOptions{})
		if err != nil {
			return err
		}
		now.Labels = map[string]string{"changed": "yes"}
		_, err = client.AppsV1().Deployments(ns).Update(t.Context(), now, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	patched, err := client.AppsV1().Deployments(ns).Patch(t.Context(), "web", types.StrategicMergePatchType,
		[]byte(`{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"nginx:1.29"}]}}}}`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(patched.Spec.Template.Spec.Containers) != 1 || patched.Spec.Template.Spec.Containers[0].Image != "nginx:1.29" {
		t.Fatalf("strategic merge: %+v", patched.Spec.Template.Spec.Containers)
	}
	background := metav1.DeletePropagationBackground
	if err = client.AppsV1().Deployments(ns).Delete(t.Context(), "web", metav1.DeleteOptions{PropagationPolicy: &background}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "its pods are collected", func(ctx context.Context) (bool, error) {
		pods, err := client.CoreV1().Pods(ns).List(ctx, metav1.ListOptions{})
		return err == nil && len(pods.Items) == 0, err
	})
}

func TestApplyOwnsFieldsAndTellsConflicts(t *testing.T) {
	client := clientset(t)
	ns := namespace(t, client)
	apply := func(manager, value string, force bool) error {
		_, err := client.CoreV1().ConfigMaps(ns).Apply(t.Context(),
			applyv1.ConfigMap("settings", ns).WithData(map[string]string{"key": value}),
			metav1.ApplyOptions{FieldManager: manager, Force: force})
		return err
	}
	if err := apply("one", "a", false); err != nil {
		t.Fatal(err)
	}
	if err := apply("two", "b", false); !apierrors.IsConflict(err) {
		t.Fatalf("a second owner: %v", err)
	}
	if err := apply("two", "b", true); err != nil {
		t.Fatal(err)
	}
}

// An informer of client-go 0.36 starts with WatchList.
func TestInformersSeeWhatIsThereAndWhatComes(t *testing.T) {
	client := clientset(t)
	ns := namespace(t, client)
	create := func(name string) {
		if _, err := client.CoreV1().ConfigMaps(ns).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	create("before")
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(ns))
	informer := factory.Core().V1().ConfigMaps().Informer()
	factory.Start(t.Context().Done())
	if !cache.WaitForCacheSync(t.Context().Done(), informer.HasSynced) {
		t.Fatal("the cache does not fill")
	}
	has := func(name string) bool {
		_, found, _ := informer.GetStore().GetByKey(ns + "/" + name)
		return found
	}
	if !has("before") {
		t.Fatal("what was there is not in the cache")
	}
	create("after")
	eventually(t, "what comes is seen", func(context.Context) (bool, error) { return has("after"), nil })
	if err := client.CoreV1().ConfigMaps(ns).Delete(t.Context(), "before", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what goes is forgotten", func(context.Context) (bool, error) { return !has("before"), nil })
}

func TestLeaderElection(t *testing.T) {
	client := clientset(t)
	ns := namespace(t, client)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	leading := make(chan struct{})
	go leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Name: "lease", Namespace: ns},
			Client:     client.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: "me"},
		},
		LeaseDuration: 3 * time.Second, RenewDeadline: 2 * time.Second, RetryPeriod: 200 * time.Millisecond,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) { close(leading) },
			OnStoppedLeading: func() {},
		},
	})
	select {
	case <-leading:
	case <-ctx.Done():
		t.Fatal("did not lead in time")
	}
}

func TestDiscoveryAndDynamicClient(t *testing.T) {
	c := config(t)
	client := clientset(t)
	version, err := client.Discovery().ServerVersion()
	if err != nil || version.GitVersion != "v1.36.3+weft" {
		t.Fatalf("version %v: %v", version, err)
	}
	_, resources, err := client.Discovery().ServerGroupsAndResources()
	if err != nil || len(resources) < 15 {
		t.Fatalf("%d group versions: %v", len(resources), err)
	}
	crds := dynamic.NewForConfigOrDie(c).Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	crd := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": "widgets.go.example.com"},
		"spec": map[string]any{
			"group": "go.example.com", "scope": "Namespaced",
			"names": map[string]any{"plural": "widgets", "kind": "Widget"},
			"versions": []any{map[string]any{
				"name": "v1", "served": true, "storage": true,
				"schema": map[string]any{"openAPIV3Schema": map[string]any{
					"type": "object",
					"properties": map[string]any{"spec": map[string]any{
						"type": "object",
						"properties": map[string]any{
							"size": map[string]any{"type": "integer", "default": int64(3), "maximum": int64(10)},
						}}}}}}},
		}}}
	if _, err = crds.Create(t.Context(), crd, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = crds.Delete(context.Background(), crd.GetName(), metav1.DeleteOptions{}) }()
	widgets := dynamic.NewForConfigOrDie(c).Resource(schema.GroupVersionResource{Group: "go.example.com", Version: "v1", Resource: "widgets"}).Namespace("default")
	widget := func(name string, spec map[string]any) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "go.example.com/v1", "kind": "Widget", "metadata": map[string]any{"name": name}, "spec": spec}}
	}
	// Established in the same write: the first object needs no wait.
	made, err := widgets.Create(t.Context(), widget("one", map[string]any{"unknown": "pruned"}), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	spec := made.Object["spec"].(map[string]any)
	if spec["size"] != int64(3) || spec["unknown"] != nil {
		t.Fatalf("defaulting and pruning: %v", spec)
	}
	if _, err = widgets.Create(t.Context(), widget("two", map[string]any{"size": int64(11)}), metav1.CreateOptions{}); !apierrors.IsInvalid(err) {
		t.Fatalf("a size over the maximum: %v", err)
	}
}
