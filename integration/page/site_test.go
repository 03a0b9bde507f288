package page

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/process"
	"github.com/otdemo/otdemo/integration/wire"
	"github.com/otdemo/otdemo/pkg/trace"
)

const (
	// runTimeout bounds a command that ends by itself.
	runTimeout = 60 * time.Second
	// startTimeout bounds the start of one that serves.
	startTimeout = 20 * time.Second
)

// command is otdemo in an empty home.
func command(t *testing.T, args ...string) process.Command {
	t.Helper()
	home := t.TempDir()
	return process.Command{Path: otdemoPath, Args: args, Env: []string{"HOME=" + home}, Dir: home}
}

// start runs an otdemo that serves and returns where it listens, by name.
func start(t *testing.T, args ...string) (*process.Process, map[string]string) {
	t.Helper()
	addrFile := filepath.Join(t.TempDir(), "addrs.json")
	p := process.Start(t, command(t, append(args, "--addr-file", addrFile)...))
	var addrs map[string]string
	until(t, startTimeout, "otdemo listens", func() bool {
		select {
		case <-p.Done():
			t.Fatalf("otdemo %q ended before it listened", args)
		default:
		}
		content, err := os.ReadFile(addrFile)
		if errors.Is(err, os.ErrNotExist) {
			return false
		}
		if err == nil {
			err = json.Unmarshal(content, &addrs)
		}
		if err != nil {
			t.Fatal(err)
		}
		return true
	})
	return p, addrs
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
	got := process.Run(t, runTimeout, command(t, args...))
	m := regexp.MustCompile(`(?m)^link:  (\S+)$`).FindStringSubmatch(got.Stdout)
	if got.Code != 0 || m == nil {
		t.Fatalf("call: exit code %d\n%s\n%s", got.Code, got.Stdout, got.Stderr)
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
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: runTimeout}
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
