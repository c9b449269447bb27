// Package testing starts an API server for a test and stops it with the test.
package testing

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Start runs `weft serve` until the test ends and returns the path of a kubeconfig for it. The
// program is $WEFT, or weft in the path. More flags may be given ("--workloads=off").
func Start(t *testing.T, flags ...string) string {
	t.Helper()
	program := os.Getenv("WEFT")
	if program == "" {
		program = "weft"
	}
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	command := exec.Command(program, append([]string{"serve", "--port=0", "--kubeconfig=" + kubeconfig}, flags...)...)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		t.Fatalf("starting %s: %v", program, err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
	})
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "weft: ready ") {
			return kubeconfig
		}
	}
	t.Fatal(fmt.Errorf("%s ended before it was ready", program))
	return ""
}
