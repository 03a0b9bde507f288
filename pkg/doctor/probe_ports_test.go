package doctor

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/uber/jaeger-client-go/thrift"
	"github.com/uber/jaeger-client-go/thrift-gen/agent"
)

// inTrouble are findings after which the other ports and ways are looked at.
func inTrouble() map[string]outcome {
	return map[string]outcome{
		idUDP:   {finding: found(StatusFail, codeUDPRefused, "x")},
		idQuery: {finding: found(StatusOK, codeQueryAnswers, "x")},
	}
}

func methodNotAllowed(body string) http.HandlerFunc { return answer(405, "", body) }

func TestPortsAreLeftAloneWhenAllIsWell(t *testing.T) {
	t.Parallel()
	target := outside(load(t))
	target.Dial = func(_ context.Context, network, addr string) (net.Conn, error) {
		t.Errorf("dialled %s %s", network, addr)
		return nil, net.ErrClosed
	}
	f, _ := examine(t, portsProbe(), target, nil)
	if f.Status != StatusSkip {
		t.Errorf("got %s %q, want it skipped", f.Status, f.Fact)
	}
}

func TestPorts(t *testing.T) {
	t.Parallel()
	jaeger := map[string]string{
		"tcp 14268": hostport(serve(t, methodNotAllowed("")).URL),
		"tcp 16686": hostport(serve(t, answer(200, "Content-Type: application/json", `{"data":null}`)).URL),
	}
	with := func(name, addr string) map[string]string {
		return map[string]string{"tcp 14268": jaeger["tcp 14268"], "tcp 16686": jaeger["tcp 16686"], name: addr}
	}
	page := hostport(serve(t, answer(200, "Content-Type: text/html", homePage)).URL)
	tests := map[string]struct {
		to         map[string]string
		status     Status
		code       Code
		fact, hint string
	}{
		"two are open": {jaeger, StatusOK, codePortsScanned, "of Jaeger's ports these are open: tcp 14268 16686", ""},
		"gRPC beside": {
			with("tcp 4317", hostport(grpcServer(t))), StatusOK, codePortsScanned,
			"of Jaeger's ports these are open: tcp 4317 14268 16686", "",
		},
		"another program's page instead of the UI": {
			with("tcp 16686", page), StatusWarn, codePortsForeign,
			"another program than Jaeger holds tcp localhost:16686 (UI and query API): it answers 200 text/html",
			"ss -lntp 'sport = :16686' (on localhost)",
		},
		"another program instead of the collector": {
			with("tcp 14268", page), StatusWarn, codePortsForeign,
			"another program than Jaeger holds tcp localhost:14268 (thrift over HTTP): it answers 200 text/html",
			"ss -lntp 'sport = :14268' (on localhost)",
		},
		"a login may hide a Jaeger": {
			with("tcp 16686", hostport(serve(t, answer(302, "Location: /login", "")).URL)), StatusOK, codePortsScanned,
			"of Jaeger's ports these are open: tcp 14268 16686", "",
		},
		"a base path answers 404": {
			with("tcp 16686", hostport(serve(t, http.NotFound).URL)), StatusOK, codePortsScanned,
			"of Jaeger's ports these are open: tcp 14268 16686", "",
		},
		"TCP where it should be UDP": {
			with("tcp 6831", page), StatusWarn, codePortsTCPOnly,
			"tcp localhost:6831 is open, and Jaeger takes UDP there: published without /udp",
			`docker run -p 6831:6831/udp ... (in compose: "6831:6831/udp")`,
		},
		"none": {nil, StatusUnknown, codePortsNone, "no port of any Jaeger is open on localhost", hintAllInOne},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := outside(load(t))
			target.Dial = usualPorts(tt.to)
			f, _ := examine(t, portsProbe(), target, inTrouble())
			expect(t, f, tt.status, tt.code, tt.fact, tt.hint)
		})
	}
}

func TestPortsTellWhatTheyFound(t *testing.T) {
	t.Parallel()
	secure := quietTLS(t, http.HandlerFunc(http.NotFound))
	collector := serve(t, methodNotAllowed(""))
	silent := listenUDP(t)
	target := outside(load(t, "query.url", "http://127.0.0.1:16686", "reporter.agent.host", "127.0.0.1"))
	target.Dial = usualPorts(map[string]string{
		"tcp 4317": hostport(grpcServer(t)), "tcp 4318": strings.TrimPrefix(secure.URL, "https://"),
		"tcp 13133": hostport(tlsAlert(t)), "tcp 14268": hostport(collector.URL), "tcp 14250": "silent",
		"udp 6832": silent.LocalAddr().String(),
	})
	start := time.Now()
	f, _ := examine(t, portsProbe(), target, inTrouble())
	if took := time.Since(start); took > 2*scanTimeout {
		t.Errorf("took %s, want about one timeout of %s", took, scanTimeout)
	}
	want := []string{
		"tcp 127.0.0.1:4317 (OTLP over gRPC): open, speaks HTTP/2, as gRPC does",
		"tcp 127.0.0.1:4318 (OTLP over HTTP): open, speaks TLS",
		"tcp 127.0.0.1:13133 (health of Jaeger 2): open, speaks TLS",
		"tcp 127.0.0.1:14268 (thrift over HTTP): open, speaks HTTP; GET http://127.0.0.1:14268/api/traces: 405 Method Not Allowed",
		"127.0.0.1: closed: tcp 5778, tcp 5779, tcp 6831, tcp 6832, tcp 8888, tcp 9411, tcp 14269, tcp 14271, tcp 16685, tcp 16686, udp 5775",
		"127.0.0.1: silent: tcp 14250",
		"127.0.0.1: not refused (more is not to be known from UDP): udp 6832",
	}
	if diff := cmp.Diff(want, f.Evidence); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
}

// wholeBatch reports whether an agent that speaks protocol reads a process and
// one span from packet, and nothing is left.
func wholeBatch(t *testing.T, packet []byte, protocol func(thrift.TTransport) thrift.TProtocol) bool {
	t.Helper()
	got := &keeper{}
	buf := thrift.NewTMemoryBuffer()
	buf.Write(packet)
	in := protocol(buf)
	_, err := agent.NewAgentProcessor(got).Process(t.Context(), in, in)
	return err == nil && got.batch != nil && got.batch.Process != nil && len(got.batch.Spans) == 1 && buf.Len() == 0
}

// Jaegers crash on an empty datagram, on a batch without a process, and Jaeger 2
// on emitZipkinBatch. So each port gets a whole emitBatch in its own encoding.
func TestPortsSendNothingDeadly(t *testing.T) {
	t.Parallel()
	encodings := map[string]func(thrift.TTransport) thrift.TProtocol{
		"udp 6831": compactProtocol, "udp 6832": binaryProtocol, "udp 5775": compactProtocol,
	}
	to := make(map[string]string)
	conns := make(map[string]net.PacketConn)
	for name := range encodings {
		conns[name] = listenUDP(t)
		to[name] = conns[name].LocalAddr().String()
	}
	target := outside(load(t, "query.url", "http://127.0.0.1:16686", "reporter.collector.endpoint", "http://127.0.0.1:14268/api/traces"))
	target.Dial = usualPorts(to)
	examine(t, portsProbe(), target, inTrouble())
	for name, protocol := range encodings {
		if packet, _ := receive(t, conns[name]); !wholeBatch(t, packet, protocol) {
			t.Errorf("%s got %q", name, packet)
		}
	}
}

func TestPortsLookAtBothHostsOnce(t *testing.T) {
	t.Parallel()
	target := outside(load(t, "query.url", "http://ui.example:16686", "reporter.agent.host", "agent.example"))
	target.Lookup = nil // the names reach Dial
	var mu sync.Mutex
	var dialled []string
	target.Dial = func(_ context.Context, network, addr string) (net.Conn, error) {
		mu.Lock()
		defer mu.Unlock()
		dialled = append(dialled, network+" "+addr)
		return nil, &net.OpError{Op: "dial", Net: network, Err: context.DeadlineExceeded}
	}
	f, _ := examine(t, portsProbe(), target, inTrouble())
	slices.Sort(dialled)
	if got, want := len(slices.Compact(dialled)), 2*len(knownPorts())-1; got != want || len(dialled) != want {
		t.Errorf("dialled %d ports, %d of them different, want %d", len(dialled), got, want)
	}
	if slices.Contains(dialled, "udp agent.example:6831") {
		t.Error("the port that agent-udp looks at got another span")
	}
	if f.Code != codePortsNone || f.Fact != "no port of any Jaeger is open on agent.example or ui.example" {
		t.Errorf("got %s %q", f.Code, f.Fact)
	}
}
