package page

import (
	"encoding/json"
	"net"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/process"
	"github.com/otdemo/otdemo/integration/wire"
	"github.com/otdemo/otdemo/pkg/trace"
)

// readTimeout bounds a request to a backend.
const readTimeout = 60 * time.Second

// start runs an otdemo that serves and returns where it listens, by name.
func start(t *testing.T, args ...string) (*process.Process, map[string]string) {
	t.Helper()
	return program.Start(t, nil, args...)
}

// until waits for a condition.
func until(t *testing.T, limit time.Duration, what string, met func() bool) {
	t.Helper()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !met() {
		select {
		case <-deadline.C:
			t.Fatalf("not within %s: %s", limit, what)
		case <-tick.C:
		}
	}
}

// site is a backend with the page, and where to send spans to it.
type site struct {
	program *process.Process
	addrs   map[string]string
	// url is the page's origin.
	url string
}

// backend starts otdemo's own.
func backend(t *testing.T, flags ...string) *site {
	t.Helper()
	p, addrs := start(t, append([]string{"all-in-one", "--free-ports"}, flags...)...)
	return &site{p, addrs, "http://" + addrs["query"]}
}

// call makes a traced request through a server of its own and returns the link to
// its trace that call prints.
func (s *site) call(t *testing.T) (link string) {
	t.Helper()
	host, port, err := net.SplitHostPort(s.addrs["agent-compact"])
	if err != nil {
		t.Fatal(err)
	}
	to := []string{"--agent-host", host, "--agent-port", port}
	_, served := start(t, append([]string{"serve", "--port", "0"}, to...)...)
	args := append([]string{"call", "http://" + served["http"] + "/", "--show", "--query-url", s.url}, to...)
	got := program.Run(t, 0, args...)
	m := regexp.MustCompile(`(?m)^link:  (\S+)$`).FindStringSubmatch(got.Stdout)
	if m == nil {
		t.Fatalf("call printed no link:\n%s", got.Stdout)
	}
	return m[1]
}

// send puts a trace into the backend and waits until it is there.
func (s *site) send(t *testing.T, tr trace.Trace) {
	t.Helper()
	sendTo(t, "http://"+s.addrs["collector-http"]+"/api/traces", s.url, tr)
}

func sendTo(t *testing.T, collector, query string, tr trace.Trace) {
	t.Helper()
	if err := wire.SendHTTP(t.Context(), collector, tr); err != nil {
		t.Fatal(err)
	}
	if _, err := wire.ReadTrace(t.Context(), query, tr.ID, len(tr.Spans)); err != nil {
		t.Fatal(err)
	}
}

// sendUnread puts a trace into the backend, which may let it go again.
func (s *site) sendUnread(t *testing.T, tr trace.Trace) {
	t.Helper()
	if err := wire.SendHTTP(t.Context(), "http://"+s.addrs["collector-http"]+"/api/traces", tr); err != nil {
		t.Fatal(err)
	}
}

// read asks the backend for JSON.
func (s *site) read(t *testing.T, path string, into any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: readTimeout}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}

// spoil sends so many datagrams that are no spans.
func spoil(t *testing.T, hostPort string, n int) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "udp", hostPort)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for range n {
		if _, err := conn.Write([]byte("these are no spans")); err != nil {
			t.Fatal(err)
		}
	}
}
