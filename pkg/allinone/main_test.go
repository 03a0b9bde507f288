package allinone

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/otdemo/otdemo/pkg/loss"
	"github.com/otdemo/otdemo/pkg/trace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// deadline bounds every wait of these tests; it is far beyond what they need.
const deadline = 30 * time.Second

// within returns a context that outlives the test's own, for cleaning up.
func within(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	tb.Cleanup(cancel)
	return ctx
}

// start runs a backend on free ports until the test ends.
func start(tb testing.TB, opts Options) *Backend {
	tb.Helper()
	b, err := Start(opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { closeBackend(tb, b) })
	return b
}

// closeBackend closes b, which drains it: afterwards the counts are final.
func closeBackend(tb testing.TB, b *Backend) {
	tb.Helper()
	if err := b.Close(within(tb)); err != nil {
		tb.Errorf("close: %v", err)
	}
}

// dial connects a UDP socket to the agent's port.
func dial(tb testing.TB, b *Backend) net.Conn {
	tb.Helper()
	return dialTo(tb, b, "udp", AgentCompact)
}

// dialTo connects to a listener.
func dialTo(tb testing.TB, b *Backend, network, listener string) net.Conn {
	tb.Helper()
	var d net.Dialer
	conn, err := d.DialContext(within(tb), network, b.Addrs()[listener])
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return conn
}

func send(tb testing.TB, conn net.Conn, payload []byte) {
	tb.Helper()
	if _, err := conn.Write(payload); err != nil {
		tb.Fatal(err)
	}
}

// httpClient returns an HTTP client whose connections end with the test.
func httpClient(tb testing.TB) *http.Client {
	tb.Helper()
	transport := &http.Transport{}
	tb.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: deadline}
}

// answer is what an HTTP server said.
type answer struct {
	Status int
	Body   string
}

// request asks a listener over HTTP. Headers come as pairs of name and value.
func request(tb testing.TB, b *Backend, listener, method, path string, body io.Reader, headers ...string) answer {
	tb.Helper()
	req, err := http.NewRequestWithContext(within(tb), method, "http://"+b.Addrs()[listener]+path, body)
	if err != nil {
		tb.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := httpClient(tb).Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return answer{resp.StatusCode, string(content)}
}

// get returns status and body of a path of the query API.
func get(tb testing.TB, b *Backend, path string) (int, string) {
	tb.Helper()
	req, err := http.NewRequestWithContext(within(tb), http.MethodGet, "http://"+b.Addrs()[Query]+path, http.NoBody)
	if err != nil {
		tb.Fatal(err)
	}
	resp, err := httpClient(tb).Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// traces returns the traces of an answer of the query API.
func traces(tb testing.TB, b *Backend, path string) []trace.Trace {
	tb.Helper()
	status, body := get(tb, b, path)
	got, errs, err := trace.DecodeTraces(strings.NewReader(body))
	if status != http.StatusOK || err != nil || len(errs) > 0 {
		tb.Fatalf("%s: got %d, %v, %v", path, status, errs, err)
	}
	return got
}

// waitFor polls until done holds for the backend's stats.
func waitFor(tb testing.TB, b *Backend, done func(loss.Account) bool) {
	tb.Helper()
	ctx := within(tb)
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for !done(b.Stats()) {
		select {
		case <-ctx.Done():
			tb.Fatalf("waited in vain, stats %+v", b.Stats())
		case <-ticker.C:
		}
	}
}

// logBook collects log lines, as maps.
type logBook struct {
	mu  sync.Mutex
	buf strings.Builder
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBook) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(l, nil)) }

// lines returns the lines with that message.
func (l *logBook) lines(tb testing.TB, msg string) []map[string]any {
	tb.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []map[string]any
	for line := range strings.Lines(l.buf.String()) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			tb.Fatalf("log line %q: %v", line, err)
		}
		if entry["msg"] == msg {
			found = append(found, entry)
		}
	}
	return found
}
