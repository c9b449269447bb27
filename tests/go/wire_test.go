package clients

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	openapi_v2 "github.com/google/gnostic-models/openapiv2"
	openapi_v3 "github.com/google/gnostic-models/openapiv3"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	utilproto "k8s.io/kube-openapi/pkg/util/proto"
	"sigs.k8s.io/yaml"
)

const protobufType = "application/vnd.kubernetes.protobuf"

// A client that takes nothing but protobuf.
func protobufClient(t *testing.T) *kubernetes.Clientset {
	c := rest.CopyConfig(config(t))
	c.AcceptContentTypes = protobufType
	c.ContentType = protobufType
	return kubernetes.NewForConfigOrDie(c)
}

// get sends one request as it is.
func get(t *testing.T, path string, headers map[string]string) (*http.Response, []byte) {
	t.Helper()
	c := config(t)
	client, err := rest.HTTPClientFor(c)
	if err != nil {
		t.Fatal(err)
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.Host+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, body
}

func TestAnswersInProtobufAlone(t *testing.T) {
	client := protobufClient(t)
	ns := namespace(t, client)
	made, err := client.AppsV1().Deployments(ns).Create(t.Context(), deployment("web", 1), metav1.CreateOptions{})
	if err != nil || made.Spec.Template.Spec.Containers[0].Image != "nginx:1.27" {
		t.Fatalf("create: %v", err)
	}
	list, err := client.AppsV1().Deployments(ns).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(list.Items) != 1 || list.Items[0].UID != made.UID || list.ResourceVersion == "" {
		t.Fatalf("list: %v %v", list, err)
	}
	_, err = client.AppsV1().Deployments(ns).Get(t.Context(), "none", metav1.GetOptions{})
	if !apierrors.IsNotFound(err) || err.Error() != `deployments.apps "none" not found` {
		t.Fatalf("an error is a Status, too: %v", err)
	}
	version := made.ResourceVersion
	watcher, err := client.AppsV1().Deployments(ns).Watch(t.Context(), metav1.ListOptions{ResourceVersion: version, AllowWatchBookmarks: true})
	if err != nil {
		t.Fatal(err)
	}
	defer watcher.Stop()
	eventually(t, "it is available", func(ctx context.Context) (bool, error) {
		now, err := client.AppsV1().Deployments(ns).Get(ctx, "web", metav1.GetOptions{})
		return err == nil && now.Status.AvailableReplicas == 1, err
	})
	select {
	case event := <-watcher.ResultChan():
		if seen, ok := event.Object.(*appsv1.Deployment); event.Type != watch.Modified || !ok || seen.UID != made.UID {
			t.Fatalf("the first event: %+v", event)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("no event")
	}
	if err = client.AppsV1().Deployments(ns).Delete(t.Context(), "web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
}

// What client-go sends by itself names protobuf first.
func TestProtobufIsTheAnswerWhereItComesFirst(t *testing.T) {
	accept := map[string]string{"Accept": protobufType + ",application/json"}
	for _, path := range []string{"/api/v1/namespaces/default", "/api/v1/namespaces", "/api/v1/namespaces/none",
		"/apis/apps/v1/deployments", "/api", "/apis", "/apis/apps", "/apis/apps/v1"} {
		response, body := get(t, path, accept)
		if response.Header.Get("Content-Type") != protobufType || !strings.HasPrefix(string(body), "k8s\x00") {
			t.Errorf("%s: %s %q", path, response.Header.Get("Content-Type"), body[:min(len(body), 20)])
			continue
		}
		serializer := protobuf.NewSerializer(scheme.Scheme, scheme.Scheme)
		if _, _, err := serializer.Decode(body, nil, nil); err != nil && !runtime.IsNotRegisteredError(err) && !runtime.IsMissingVersion(err) {
			t.Errorf("%s: %v", path, err)
		}
	}
	// Nothing of a custom kind but its metadata has such a form, and no table has.
	for _, query := range []struct {
		path, accept string
		code         int
	}{
		{"/apis/kro.run/v1alpha1/resourcegraphdefinitions", protobufType, 406},
		{"/apis/kro.run/v1alpha1/resourcegraphdefinitions", protobufType + ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", 200},
		{"/api/v1/namespaces", protobufType + ";as=Table;g=meta.k8s.io;v=v1", 406},
		{"/api/v1/namespaces?watch=1&timeoutSeconds=1", "application/yaml", 406},
	} {
		if response, body := get(t, query.path, map[string]string{"Accept": query.accept}); response.StatusCode != query.code {
			t.Errorf("%s as %s: %d %s", query.path, query.accept, response.StatusCode, body[:min(len(body), 300)])
		}
	}
}

func TestMetadataInformersSpeakProtobuf(t *testing.T) {
	client := clientset(t)
	ns := namespace(t, client)
	c := metadata.ConfigFor(config(t))
	c.AcceptContentTypes = protobufType
	objects := metadata.NewForConfigOrDie(c).Resource(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}).Namespace(ns)
	if _, err := client.CoreV1().ConfigMaps(ns).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "a", Labels: map[string]string{"x": "y"}}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	list, err := objects.List(t.Context(), metav1.ListOptions{LabelSelector: "x=y"})
	if err != nil || len(list.Items) != 1 || list.Items[0].Labels["x"] != "y" {
		t.Fatalf("%+v %v", list, err)
	}
	watcher, err := objects.Watch(t.Context(), metav1.ListOptions{ResourceVersion: "0"})
	if err != nil {
		t.Fatal(err)
	}
	defer watcher.Stop()
	for {
		event := <-watcher.ResultChan()
		seen, ok := event.Object.(*metav1.PartialObjectMetadata)
		if !ok {
			t.Fatalf("%+v", event)
		}
		if seen.Name == "a" {
			return
		}
	}
}

// WatchList in every form a client takes it.
func TestWatchListInEveryEncoding(t *testing.T) {
	client := clientset(t)
	ns := namespace(t, client)
	for i := range 3 {
		name := string(rune('a' + i))
		if _, err := client.CoreV1().ConfigMaps(ns).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, accept := range []string{"application/json", protobufType} {
		c := rest.CopyConfig(config(t))
		c.AcceptContentTypes = accept
		sends := true
		watcher, err := kubernetes.NewForConfigOrDie(c).CoreV1().ConfigMaps(ns).Watch(t.Context(), metav1.ListOptions{
			SendInitialEvents: &sends, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan, AllowWatchBookmarks: true})
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for event := range watcher.ResultChan() {
			if event.Type == watch.Added {
				seen++
				continue
			}
			object := event.Object.(*corev1.ConfigMap)
			if event.Type != watch.Bookmark || object.Annotations[metav1.InitialEventsAnnotationKey] != "true" {
				t.Fatalf("%s: %+v", accept, event)
			}
			break
		}
		watcher.Stop()
		if seen < 3 {
			t.Fatalf("%s: %d objects before the bookmark", accept, seen)
		}
	}
	informer := cache.NewSharedIndexInformer(cache.NewListWatchFromClient(protobufClient(t).CoreV1().RESTClient(), "configmaps", ns, fields.Everything()), &corev1.ConfigMap{}, 0, nil)
	go informer.RunWithContext(t.Context())
	if !cache.WaitForCacheSync(t.Context().Done(), informer.HasSynced) || len(informer.GetStore().List()) < 3 {
		t.Fatal("an informer that takes protobuf alone does not fill")
	}
}

// Texts of YAML inside a message say the same whatever their style.
func normalize(t *testing.T, message protoreflect.Message) {
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Name() == "yaml":
			var any any
			if err := yaml.Unmarshal([]byte(value.String()), &any); err != nil {
				t.Fatalf("%q: %v", value.String(), err)
			}
			text, _ := json.Marshal(any)
			message.Set(field, protoreflect.ValueOfString(string(text)))
		case field.IsList() && field.Kind() == protoreflect.MessageKind:
			for i := range value.List().Len() {
				normalize(t, value.List().Get(i).Message())
			}
		case field.Kind() == protoreflect.MessageKind:
			normalize(t, value.Message())
		}
		return true
	})
}

func checkDocument(t *testing.T, path string, sent, wanted proto.Message) {
	t.Helper()
	normalize(t, sent.ProtoReflect())
	normalize(t, wanted.ProtoReflect())
	if !proto.Equal(sent, wanted) {
		a := strings.Split(prototext.Format(sent), "\n")
		b := strings.Split(prototext.Format(wanted), "\n")
		at := 0
		for at < min(len(a), len(b)) && strings.Join(strings.Fields(a[at]), " ") == strings.Join(strings.Fields(b[at]), " ") {
			at++
		}
		t.Errorf("%s: the protobuf form is not that of the JSON form:\n%s\n-- wanted --\n%s", path,
			strings.Join(a[max(at-10, 0):min(at+10, len(a))], "\n"), strings.Join(b[max(at-10, 0):min(at+10, len(b))], "\n"))
	}
}

// A kind whose schema has everything that a schema can have.
func richKind(t *testing.T) {
	crds := dynamic.NewForConfigOrDie(config(t)).Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	var object map[string]any
	if err := yaml.Unmarshal([]byte(`
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: riches.wire.example.com}
spec:
  group: wire.example.com
  scope: Namespaced
  names: {plural: riches, kind: Rich}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}, scale: {specReplicasPath: .spec.count, statusReplicasPath: .status.count}}
    schema:
      openAPIV3Schema:
        type: object
        description: "Text: with a colon"
        required: [spec]
        properties:
          spec:
            type: object
            required: [name, maybe]
            x-kubernetes-validations: [{rule: "self.count < 10", message: "too many: {}"}]
            properties:
              name: {type: string, minLength: 1, maxLength: 63, pattern: "^[a-z]+$", default: "fine"}
              count: {type: integer, format: int32, minimum: 0, maximum: 10, exclusiveMaximum: true, multipleOf: 2, default: 0}
              ratio: {type: number, minimum: -1.5, default: 0.5}
              maybe: {type: string, nullable: true}
              flag: {type: boolean, default: false}
              choice: {type: string, enum: ["a", "true", "1"]}
              port: {x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]}
              free: {type: object, x-kubernetes-preserve-unknown-fields: true}
              labels: {type: object, additionalProperties: {type: string}, maxProperties: 5}
              list:
                type: array
                maxItems: 4
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [key]
                items: {type: object, required: [key], properties: {key: {type: string}}, default: {key: x}}
              either:
                type: object
                properties: {a: {type: string}, b: {type: string}}
                oneOf: [{required: [a]}, {required: [b]}]
                not: {required: [a, b]}
          status: {type: object, properties: {count: {type: integer}}}
`), &object); err != nil {
		t.Fatal(err)
	}
	if _, err := crds.Create(t.Context(), &unstructured.Unstructured{Object: object}, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = crds.Delete(context.Background(), "riches.wire.example.com", metav1.DeleteOptions{}) })
}

// The OpenAPI documents as protobuf are what gnostic makes of the JSON.
func TestOpenAPIInProtobuf(t *testing.T) {
	richKind(t)
	client := clientset(t)
	sent, err := client.Discovery().OpenAPISchema() // what Argo CD and kubectl ask for
	if err != nil {
		t.Fatal(err)
	}
	models, err := utilproto.NewOpenAPIData(sent)
	if err != nil {
		t.Fatal(err)
	}
	if models.LookupModel("io.k8s.api.apps.v1.Deployment") == nil || models.LookupModel("com.example.wire.v1.Rich") == nil {
		t.Fatal("a model is missing")
	}
	_, body := get(t, "/openapi/v2", map[string]string{"Accept": "application/json"})
	wanted, err := openapi_v2.ParseDocument(body)
	if err != nil {
		t.Fatalf("the JSON document is none to gnostic: %.500s", err)
	}
	checkDocument(t, "/openapi/v2", sent, wanted)

	paths, err := client.Discovery().OpenAPIV3().Paths()
	if err != nil || len(paths) < 15 {
		t.Fatalf("%d documents: %v", len(paths), err)
	}
	for path, document := range paths {
		body, err := document.Schema("application/json")
		if err != nil {
			t.Fatal(err)
		}
		wanted, err := openapi_v3.ParseDocument(body)
		if err != nil {
			t.Fatalf("%s: the JSON document is none to gnostic: %.500s", path, err)
		}
		bytes, err := document.Schema("application/com.github.proto-openapi.spec.v3@v1.0+protobuf")
		if err != nil {
			t.Fatal(err)
		}
		sent := &openapi_v3.Document{}
		if err = proto.Unmarshal(bytes, sent); err != nil {
			t.Fatal(err)
		}
		checkDocument(t, path, sent, wanted)
	}
}

func TestOpenAPIIsCachedByItsHash(t *testing.T) {
	first, _ := get(t, "/openapi/v2", nil)
	tag := first.Header.Get("Etag")
	again, body := get(t, "/openapi/v2", map[string]string{"If-None-Match": tag})
	if len(tag) != 130 || again.StatusCode != 304 || len(body) != 0 {
		t.Errorf("v2: %s %d", tag, again.StatusCode)
	}
	_, index := get(t, "/openapi/v3", nil)
	var urls struct {
		Paths map[string]struct{ ServerRelativeURL string }
	}
	if err := json.Unmarshal(index, &urls); err != nil {
		t.Fatal(err)
	}
	url := urls.Paths["apis/apps/v1"].ServerRelativeURL
	hashed, _ := get(t, url, nil)
	if hashed.StatusCode != 200 || hashed.Header.Get("Cache-Control") != "public, immutable" || hashed.Header.Get("Expires") == "" {
		t.Errorf("by hash: %d %v", hashed.StatusCode, hashed.Header)
	}
	stale, _ := get(t, url[:len(url)-1]+"_", nil)
	if stale.StatusCode != 301 || stale.Header.Get("Location") != url {
		t.Errorf("by a stale hash: %d %v", stale.StatusCode, stale.Header)
	}
	refused, _ := get(t, "/openapi/v2", map[string]string{"Accept": "text/csv"})
	if refused.StatusCode != 406 {
		t.Errorf("as a table: %d", refused.StatusCode)
	}
}
