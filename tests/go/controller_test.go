package clients

import (
	"context"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const finalizer = "go.example.com/clean-up"

// Makes a Deployment of every ConfigMap with the label `image`, keeps it as it should be, reports its
// readiness in an annotation, and cleans up behind a finalizer.
type imageReconciler struct{ client.Client }

func (r *imageReconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var config corev1.ConfigMap
	if err := r.Get(ctx, request.NamespacedName, &config); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	image := config.Labels["image"]
	if image == "" {
		return ctrl.Result{}, nil
	}
	if !config.DeletionTimestamp.IsZero() {
		if controllerutil.RemoveFinalizer(&config, finalizer) {
			return ctrl.Result{}, r.Update(ctx, &config)
		}
		return ctrl.Result{}, nil
	}
	if controllerutil.AddFinalizer(&config, finalizer) {
		if err := r.Update(ctx, &config); err != nil {
			return ctrl.Result{}, err
		}
	}
	web := deployment(config.Name, 2)
	web.Namespace = config.Namespace
	_, err := controllerutil.CreateOrUpdate(ctx, r.Client, web, func() error {
		replicas := int32(2)
		web.Spec.Replicas = &replicas
		web.Spec.Template.Spec.Containers[0].Image = image
		return controllerutil.SetControllerReference(&config, web, r.Scheme())
	})
	if err != nil {
		return ctrl.Result{}, err
	}
	if web.Status.AvailableReplicas == 2 && config.Annotations["ready"] != "yes" {
		before := config.DeepCopy()
		config.Annotations = map[string]string{"ready": "yes"}
		return ctrl.Result{}, r.Patch(ctx, &config, client.MergeFrom(before))
	}
	return ctrl.Result{}, nil
}

// A manager of controller-runtime: cache, leader election, a controller with owned objects.
func TestManagerWithAController(t *testing.T) {
	log.SetLogger(zap.New(zap.WriteTo(testWriter{t})))
	ns := namespace(t, clientset(t))
	ctx, cancel := context.WithCancel(t.Context())
	manager, err := ctrl.NewManager(config(t), ctrl.Options{
		Scheme:                        scheme.Scheme,
		Metrics:                       server.Options{BindAddress: "0"},
		LeaderElection:                true,
		LeaderElectionID:              "images",
		LeaderElectionNamespace:       ns,
		LeaderElectionReleaseOnCancel: true,
		Cache:                         cache.Options{DefaultNamespaces: map[string]cache.Config{ns: {}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err = manager.GetFieldIndexer().IndexField(ctx, &corev1.ConfigMap{}, "image", func(object client.Object) []string {
		return []string{object.GetLabels()["image"]}
	}); err != nil {
		t.Fatal(err)
	}
	if err = ctrl.NewControllerManagedBy(manager).For(&corev1.ConfigMap{}).Owns(&appsv1.Deployment{}).Complete(&imageReconciler{manager.GetClient()}); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- manager.Start(ctx) }()
	<-manager.Elected()

	kube := manager.GetClient()
	web := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "shop", Namespace: ns, Labels: map[string]string{"image": "nginx"}}}
	if err = kube.Create(ctx, web); err != nil {
		t.Fatal(err)
	}
	key := types.NamespacedName{Namespace: ns, Name: "shop"}
	eventually(t, "the controller tells that it is ready", func(ctx context.Context) (bool, error) {
		err := kube.Get(ctx, key, web)
		return err == nil && web.Annotations["ready"] == "yes", client.IgnoreNotFound(err)
	})
	// Drift is repaired: the owned object is watched.
	var made appsv1.Deployment
	if err = kube.Get(ctx, key, &made); err != nil {
		t.Fatal(err)
	}
	before := made.DeepCopy()
	none := int32(0)
	made.Spec.Replicas = &none
	if err = kube.Patch(ctx, &made, client.StrategicMergeFrom(before)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "drift is repaired", func(ctx context.Context) (bool, error) {
		err := kube.Get(ctx, key, &made)
		return err == nil && *made.Spec.Replicas == 2 && made.Generation >= 3, err
	})
	var listed corev1.ConfigMapList
	if err = kube.List(ctx, &listed, client.InNamespace(ns), client.MatchingFields{"image": "nginx"}); err != nil || len(listed.Items) != 1 {
		t.Fatalf("by the index: %d %v", len(listed.Items), err)
	}
	if err = kube.Delete(ctx, web); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the finalizer is taken off and the owned object collected", func(ctx context.Context) (bool, error) {
		one := kube.Get(ctx, key, &corev1.ConfigMap{})
		two := kube.Get(ctx, key, &appsv1.Deployment{})
		return apierrors.IsNotFound(one) && apierrors.IsNotFound(two), nil
	})
	cancel()
	if err = <-ended; err != nil {
		t.Fatalf("the manager's end: %v", err)
	}
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(bytes []byte) (int, error) {
	if testing.Verbose() && w.t.Context().Err() == nil {
		w.t.Logf("%s", bytes)
	}
	return len(bytes), nil
}
