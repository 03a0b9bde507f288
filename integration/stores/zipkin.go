package stores

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/otdemo/otdemo/integration/process"
)

// ZipkinNode is a Zipkin server that holds its traces in memory: a restart forgets
// them.
type ZipkinNode struct {
	Node
	// URL is its HTTP address, without a slash at the end: the API, the UI and the
	// collector.
	URL string
}

// Zipkin runs Zipkin for a test and returns once it takes spans.
func Zipkin(t *testing.T) *ZipkinNode {
	t.Helper()
	return zipkinOn(t, freePort)
}

func zipkinOn(t *testing.T, free ports) *ZipkinNode {
	t.Helper()
	java, classpath := Need(t, Zipkin3())
	return process.OnFreePorts(t, Zipkin3().String(), func() (*ZipkinNode, error) {
		t.Helper()
		z := newZipkin(t, java, classpath, free(t))
		return z, z.Start()
	})
}

func newZipkin(t *testing.T, java, classpath string, port int) *ZipkinNode {
	t.Helper()
	home := t.TempDir()
	z := &ZipkinNode{URL: "http://" + at(port)}
	z.t, z.Addr, z.ready = t, at(port), z.healthy
	z.command = process.Command{
		Path: java, Dir: home,
		Args: append(jvmOptions(home), "-jar", classpath,
			// QUERY_PORT would listen on all interfaces.
			"--armeria.ports[0].ip="+loopback,
			"--armeria.ports[0].port="+strconv.Itoa(port),
			"--armeria.ports[0].protocols=http"),
		Env: []string{"STORAGE_TYPE=mem"},
	}
	return z
}

// SpansURL is where reporters post their spans.
func (z *ZipkinNode) SpansURL() string { return z.URL + "/api/v2/spans" }

// errUnhealthy is what Zipkin is while its storage is not ready.
var errUnhealthy = errors.New("it is not healthy")

func (z *ZipkinNode) healthy(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, z.URL+"/health", http.NoBody)
	if err != nil {
		return fmt.Errorf("make the request: %w", err)
	}
	// Kept-alive connections would outlive the test.
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return fmt.Errorf("ask for its health: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: status %d", errUnhealthy, resp.StatusCode)
	}
	return nil
}
