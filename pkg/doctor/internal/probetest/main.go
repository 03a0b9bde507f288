package probetest

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// Load makes a configuration of pairs of key and value, as flags would.
func Load(t *testing.T, pairs ...string) *config.Loaded {
	t.Helper()
	var src config.Source
	for i := 0; i+1 < len(pairs); i += 2 {
		src.Flags = append(src.Flags, config.Flag{Name: "--flag", Key: pairs[i], Value: pairs[i+1]})
	}
	src.Dir = t.TempDir()
	loaded, err := config.Load(src)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// Outside is a Target that is not in a container, whatever the tests run in, and
// sees none of the machine's own.
func Outside(loaded *config.Loaded) probe.Target {
	return probe.Target{
		Loaded: loaded, Service: "shop",
		Environ:  []string{"DOCKER_HOST=unix:///nonexistent/docker.sock"},
		ReadFile: func(string) ([]byte, error) { return nil, errors.New("no such file") },
		Lookup:   lookupHere,
	}
}

// lookupHere is that of a machine whose resolver has no name below .invalid
// (RFC 6761), whether or not the tests have a resolver.
func lookupHere(ctx context.Context, host string) ([]netip.Addr, error) {
	if strings.HasSuffix(host, ".invalid") {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// Examine runs one probe with the findings of those before it, and checks that
// it keeps to its codes.
func Examine(t *testing.T, p probe.Probe, target probe.Target, earlier map[string]probe.Outcome) (probe.Finding, *probe.Env) {
	t.Helper()
	return ExamineWithin(t, probe.DefaultTimeout, p, target, earlier)
}

// ExamineWithin is Examine with a timeout for the probe.
func ExamineWithin(t *testing.T, d time.Duration, p probe.Probe, target probe.Target, earlier map[string]probe.Outcome) (probe.Finding, *probe.Env) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	env := &probe.Env{Target: target.WithDefaults(), Probe: &p, Earlier: map[string]*probe.Outcome{}}
	for id, o := range earlier {
		env.Earlier[id] = &o
	}
	f := p.Run(ctx, env)
	if !slices.Contains(append(p.Codes, probe.CodeNotUsed), f.Code) {
		t.Errorf("%s found %q, which is not among its codes", p.ID, f.Code)
	}
	if f.Fact == "" || strings.Contains(f.Fact, "\n") {
		t.Errorf("fact of %s is not one line: %q", f.Code, f.Fact)
	}
	for _, line := range slices.Concat([]string{f.Fact}, f.Evidence, f.Hints) {
		if strings.Contains(line, "secret") {
			t.Errorf("%s contains the password: %s", f.Code, line)
		}
	}
	return f, env
}

// Expect compares what a table expects of a finding.
func Expect(t *testing.T, f probe.Finding, status probe.Status, code probe.Code, fact, hint string) {
	t.Helper()
	if f.Status != status || f.Code != code {
		t.Errorf("got %s %s, want %s %s (%s %q)", f.Status, f.Code, status, code, f.Fact, f.Evidence)
	}
	if f.Fact != fact {
		t.Errorf("fact:\n got %q\nwant %q", f.Fact, fact)
	}
	if got := probe.First(f.Hints); got != hint {
		t.Errorf("hint:\n got %q\nwant %q", got, hint)
	}
}

// ClosedAddr returns an address of this machine that refuses TCP and UDP, and
// keeps doing so until the test ends: both ports are held by sockets that are
// connected to somewhere else.
func ClosedAddr(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	elsewhere := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9}
	for range 10 {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}}
		tcp, err := dialer.DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = tcp.Close() })
		here := tcp.LocalAddr().(*net.TCPAddr)
		udp, err := net.DialUDP("udp", &net.UDPAddr{IP: here.IP, Port: here.Port}, elsewhere)
		if err != nil {
			continue
		}
		t.Cleanup(func() { _ = udp.Close() })
		return here.String()
	}
	t.Fatal("no free port for both UDP and TCP")
	return ""
}

// PortFrom returns the port of host:port.
func PortFrom(t *testing.T, addr string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// Serve runs an HTTP server until the test ends.
func Serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv
}

// Answer returns a handler with one response to everything. Header is "Name:
// value".
func Answer(status int, header, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if name, value, ok := strings.Cut(header, ": "); ok {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// RedirectDial dials elsewhere what has a fixed port.
func RedirectDial(elsewhere map[string]string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		addr = cmp.Or(elsewhere[addr], addr)
		var d net.Dialer
		return d.DialContext(ctx, network, addr)
	}
}
