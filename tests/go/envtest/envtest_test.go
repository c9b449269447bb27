// Package envtest holds the tests of weft as a stand-in for envtest's binaries, and of the helper
// in examples/testing/go. They need $WEFT, the program (see tests/clients/testing.sh).
package envtest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	weft "weft.example.com/testing"
)

func program(t *testing.T) string {
	t.Helper()
	weft := os.Getenv("WEFT")
	if weft == "" {
		t.Skip("WEFT is not set: run tests/clients/testing.sh")
	}
	return weft
}

func assets(t *testing.T) string {
	t.Helper()
	folder, err := exec.Command(program(t), "envtest", "install", t.TempDir()).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(folder))
}

func TestEnvtestStartsWeft(t *testing.T) {
	environment := &envtest.Environment{BinaryAssetsDirectory: assets(t)}
	began := time.Now()
	config, err := environment.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("ready after %v", time.Since(began))
	defer func() {
		if err := environment.Stop(); err != nil {
			t.Error(err)
		}
	}()

	admin, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	made := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: "default"}, Data: map[string]string{"x": "1"}}
	if err := admin.Create(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	read := &corev1.ConfigMap{}
	if err := admin.Get(t.Context(), client.ObjectKeyFromObject(made), read); err != nil {
		t.Fatal(err)
	}
	if read.Data["x"] != "1" || read.UID == "" {
		t.Errorf("read %v", read)
	}

	// A user that envtest makes has the rights that RBAC gives it: none.
	user, err := environment.AddUser(envtest.User{Name: "nobody", Groups: []string{"strangers"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := client.New(user.Config(), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := stranger.Get(t.Context(), client.ObjectKeyFromObject(made), read); !apierrors.IsForbidden(err) {
		t.Errorf("a stranger's read: %v", err)
	}
}

func TestEnvtestWithWorkloads(t *testing.T) {
	environment := &envtest.Environment{BinaryAssetsDirectory: assets(t)}
	environment.ControlPlane.GetAPIServer().Configure().Set("weft-workloads", "instant")
	config, err := environment.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = environment.Stop() }()
	clients := kubernetes.NewForConfigOrDie(config)
	account := func() error {
		_, err := clients.CoreV1().ServiceAccounts("default").Get(t.Context(), "default", metav1.GetOptions{})
		return err
	}
	for end := time.Now().Add(20 * time.Second); account() != nil; {
		if time.Now().After(end) {
			t.Fatal(account())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestTheHelperOfTheExamples(t *testing.T) {
	program(t)
	config, err := clientcmd.BuildConfigFromFlags("", weft.Start(t, "--workloads=off"))
	if err != nil {
		t.Fatal(err)
	}
	version, err := kubernetes.NewForConfigOrDie(config).Discovery().ServerVersion()
	if err != nil || !strings.HasPrefix(version.GitVersion, "v1.36") {
		t.Errorf("version %v: %v", version, err)
	}
}
