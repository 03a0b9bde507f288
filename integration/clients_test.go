package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/integration/jaegers"
	"github.com/otdemo/otdemo/integration/process"
	"github.com/otdemo/otdemo/integration/wire"
	"github.com/otdemo/otdemo/pkg/trace"
)

// Two workers of a generator make this many traces each, with these child spans.
const (
	generatedWorkers  = 2
	generatedTraces   = 50
	generatedChildren = 3
)

// clientTimeout bounds the time until all that a client sent can be read.
const clientTimeout = 20 * time.Second

// TestGeneratorsOfOthers runs the load generators of OpenTelemetry and of Jaeger
// unchanged against the embedded Jaeger, and expects every trace of theirs whole.
func TestGeneratorsOfOthers(t *testing.T) {
	t.Parallel()
	_, addrs := start(t, "all-in-one", "--free-ports")
	count := []string{fmt.Sprintf("--workers=%d", generatedWorkers), fmt.Sprintf("--traces=%d", generatedTraces)}
	// telemetrygen's own queue drops spans when it goes at full speed.
	telemetrygen := slices.Concat([]string{"traces", "--otlp-insecure", "--rate=500"}, count,
		[]string{fmt.Sprintf("--child-spans=%d", generatedChildren)})
	tracegen := slices.Concat(count, []string{fmt.Sprintf("--spans=%d", generatedChildren)})
	tests := []struct {
		name    string
		program jaegers.Program
		args    []string
		env     []string
	}{
		{
			"telemetrygen-grpc", jaegers.Telemetrygen(),
			append(slices.Clip(telemetrygen), "--otlp-endpoint="+addrs["otlp-grpc"]), nil,
		},
		{
			"telemetrygen-http", jaegers.Telemetrygen(),
			append(slices.Clip(telemetrygen), "--otlp-endpoint="+addrs["otlp-http"], "--otlp-http"), nil,
		},
		{
			"tracegen-grpc", jaegers.Tracegen(),
			append(slices.Clip(tracegen), "--trace-exporter=otlp-grpc"),
			[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + addrs["otlp-grpc"]},
		},
		{
			"tracegen-http", jaegers.Tracegen(),
			append(slices.Clip(tracegen), "--trace-exporter=otlp-http"),
			[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + addrs["otlp-http"]},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ended := process.Run(t, runTimeout, process.Command{
				Path: test.program.Need(t),
				// One service a test tells the traces apart.
				Args: append(test.args, "--service="+test.name),
				Env:  test.env,
				Dir:  t.TempDir(),
			})
			if ended.Code != 0 {
				t.Fatalf("got exit code %d, want 0\n%s", ended.Code, ended.Stderr)
			}
			// The program has ended, so that nothing comes after this.
			found := tracesOf(t, addrs["query"], test.name, func(found []trace.Trace) bool {
				return len(found) >= generatedWorkers*generatedTraces
			})
			if got, want := len(found), generatedWorkers*generatedTraces; got != want {
				t.Errorf("got %d traces, want %d", got, want)
			}
			for _, tr := range found {
				if got, want := len(tr.Spans), 1+generatedChildren; got != want {
					t.Errorf("trace %s: got %d spans, want %d", tr.ID, got, want)
				}
				if roots, orphans := shape(tr); roots != 1 || orphans != 0 {
					t.Errorf("trace %s: got %d roots and %d orphans, want 1 and 0", tr.ID, roots, orphans)
				}
			}
		})
	}
}

// hotrodSpans are the spans of one dispatch by service and operation, but for
// redis-manual's GetDriver: some of the ten fail at random and are tried again.
func hotrodSpans() map[string]int {
	return map[string]int{
		"frontend /dispatch":                        1,
		"frontend HTTP GET":                         11,
		"frontend driver.DriverService/FindNearest": 1,
		"customer /customer":                        1,
		"mysql SQL SELECT":                          1,
		"driver driver.DriverService/FindNearest":   1,
		"redis-manual FindDriverIDs":                1,
		"route /route":                              10,
	}
}

// TestHotROD runs Jaeger's demo unchanged against the embedded Jaeger, and expects
// one whole trace of its six services for one dispatch.
func TestHotROD(t *testing.T) {
	t.Parallel()
	_, addrs := start(t, "all-in-one", "--free-ports")
	frontend := startHotROD(t, addrs["otlp-http"])

	ctx, cancel := context.WithTimeout(t.Context(), clientTimeout)
	defer cancel()
	var driver struct{ Driver string }
	if err := json.Unmarshal(fetch(ctx, t, "http://"+frontend+"/dispatch?customer=123"), &driver); err != nil || driver.Driver == "" {
		t.Fatalf("dispatch: got %+v, %v, want a driver", driver, err)
	}
	const getDriver = "redis-manual GetDriver"
	found := tracesOf(t, addrs["query"], "frontend", func(found []trace.Trace) bool {
		if len(found) == 0 {
			return false
		}
		got := operations(found[0])
		// Each of its services sends by itself, within a second.
		enough := got[getDriver] >= 10
		for name, want := range hotrodSpans() {
			enough = enough && got[name] >= want
		}
		return enough
	})
	if len(found) != 1 {
		t.Fatalf("got %d traces, want 1", len(found))
	}
	if roots, orphans := shape(found[0]); roots != 1 || orphans != 0 {
		t.Errorf("got %d roots and %d orphans, want 1 and 0", roots, orphans)
	}
	got := operations(found[0])
	t.Logf("%d spans of %q", len(found[0].Spans), found[0].Services())
	delete(got, getDriver)
	if diff := gocmp.Diff(hotrodSpans(), got); diff != "" {
		t.Errorf("spans by service and operation (-want +got):\n%s", diff)
	}
}

// startHotROD runs all services of HotROD on free ports, waits until each listens,
// and returns the address of the one that takes requests.
func startHotROD(t *testing.T, otlp string) string {
	t.Helper()
	path := jaegers.HotROD().Need(t)
	return process.OnFreePorts(t, "hotrod", func() (string, error) {
		t.Helper()
		services := []string{"frontend", "customer", "driver", "route"}
		addrs := freeTCP(t, len(services))
		args := []string{"all"}
		for n, service := range services {
			host, port, err := net.SplitHostPort(addrs[n])
			if err != nil {
				return "", err
			}
			args = append(args, "--"+service+"-service-hostname="+host, "--"+service+"-service-port="+port)
		}
		p := process.Start(t, process.Command{
			Path: path,
			Args: args,
			Env:  []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + otlp},
			Dir:  t.TempDir(),
		})
		return addrs[0], awaitListeners(t, p, addrs)
	})
}

// awaitListeners returns nil once a program listens on all addresses.
func awaitListeners(t *testing.T, p *process.Process, addrs []string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for _, addr := range addrs {
		for {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp4", addr)
			if err == nil {
				conn.Close()
				break
			}
			select {
			case <-p.Done():
				return p.EndedEarly()
			case <-ctx.Done():
				return fmt.Errorf("it does not listen on %s: %w", addr, err)
			case <-tick.C:
			}
		}
	}
	return nil
}

// freeTCP returns n addresses of the loopback interface that were free a moment ago.
func freeTCP(t *testing.T, n int) []string {
	t.Helper()
	addrs := make([]string, n)
	for n := range addrs {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		// All stay open until the last is found, so that no two are the same.
		defer l.Close()
		addrs[n] = l.Addr().String()
	}
	return addrs
}

// tracesOf searches for the traces of a service until enough accepts them.
func tracesOf(t *testing.T, query, service string, enough func([]trace.Trace) bool) []trace.Trace {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), clientTimeout)
	defer cancel()
	found, err := wire.SearchTraces(ctx, "http://"+query, service, enough)
	if err != nil {
		for _, tr := range found[:min(len(found), 1)] {
			t.Logf("first trace: %v", operations(tr))
		}
		t.Fatal(err)
	}
	return found
}

// fetch reads a page and fails the test unless its status is 200.
func fetch(ctx context.Context, t *testing.T, url string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s, %v: %s", url, resp.Status, err, body)
	}
	return body
}

// operations counts the spans by service and operation.
func operations(tr trace.Trace) map[string]int {
	got := map[string]int{}
	for _, s := range tr.Spans {
		got[s.Service()+" "+s.Operation]++
	}
	return got
}

// shape counts the spans without a parent and those whose parent is missing.
func shape(tr trace.Trace) (roots, orphans int) {
	ids := map[trace.SpanID]bool{}
	for _, s := range tr.Spans {
		ids[s.SpanID] = true
	}
	for _, s := range tr.Spans {
		switch parent := s.ParentID(); {
		case parent == 0:
			roots++
		case !ids[parent]:
			orphans++
		}
	}
	return roots, orphans
}
