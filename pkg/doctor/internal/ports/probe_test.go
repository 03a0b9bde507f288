package ports

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

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
)

func methodNotAllowed(body string) http.HandlerFunc { return probetest.Answer(405, "", body) }

func TestPortsAreNotScannedWithoutNeed(t *testing.T) {
	t.Parallel()
	target := probetest.Outside(probetest.Load(t))
	target.Dial = func(_ context.Context, network, addr string) (net.Conn, error) {
		t.Errorf("dialled %s %s", network, addr)
		return nil, net.ErrClosed
	}
	f, _ := probetest.Examine(t, Probe(), target, nil)
	if f.Status != probe.StatusSkip {
		t.Errorf("got %s %q, want it skipped", f.Status, f.Fact)
	}
}

func TestPorts(t *testing.T) {
	t.Parallel()
	jaeger := map[string]string{
		"tcp 14268": probetest.Hostport(probetest.Serve(t, methodNotAllowed("")).URL),
		"tcp 16686": probetest.Hostport(probetest.Serve(t, probetest.Answer(200, "Content-Type: application/json", `{"data":null}`)).URL),
	}
	with := func(name, addr string) map[string]string {
		return map[string]string{"tcp 14268": jaeger["tcp 14268"], "tcp 16686": jaeger["tcp 16686"], name: addr}
	}
	page := probetest.Hostport(probetest.Serve(t, probetest.Answer(200, "Content-Type: text/html", probetest.HomePage)).URL)
	tests := map[string]struct {
		to         map[string]string
		status     probe.Status
		code       probe.Code
		fact, hint string
	}{
		"two are open": {jaeger, probe.StatusOK, codeScanned, "open Jaeger ports: tcp 14268 16686", ""},
		"gRPC beside": {
			with("tcp 4317", probetest.Hostport(probetest.GRPCServer(t))), probe.StatusOK, codeScanned,
			"open Jaeger ports: tcp 4317 14268 16686", "",
		},
		"another program's page instead of the UI": {
			with("tcp 16686", page), probe.StatusWarn, codeForeign,
			"a program other than Jaeger uses tcp localhost:16686 (UI and query API): it returned 200 text/html",
			"ss -lntp 'sport = :16686' (on localhost)",
		},
		"another program instead of the collector": {
			with("tcp 14268", page), probe.StatusWarn, codeForeign,
			"a program other than Jaeger uses tcp localhost:14268 (thrift over HTTP): it returned 200 text/html",
			"ss -lntp 'sport = :14268' (on localhost)",
		},
		"a login may hide a Jaeger": {
			with("tcp 16686", probetest.Hostport(probetest.Serve(t, probetest.Answer(302, "Location: /login", "")).URL)), probe.StatusOK, codeScanned,
			"open Jaeger ports: tcp 14268 16686", "",
		},
		"a base path returned 404": {
			with("tcp 16686", probetest.Hostport(probetest.Serve(t, http.NotFound).URL)), probe.StatusOK, codeScanned,
			"open Jaeger ports: tcp 14268 16686", "",
		},
		"TCP where it should be UDP": {
			with("tcp 6831", page), probe.StatusWarn, codeTCPOnly,
			"tcp localhost:6831 is open, but Jaeger receives UDP there: published without /udp",
			`docker run -p 6831:6831/udp ... (in compose: "6831:6831/udp")`,
		},
		"none": {nil, probe.StatusUnknown, codeNone, "no Jaeger port is open on localhost", probe.HintAllInOne},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := probetest.Outside(probetest.Load(t))
			target.Dial = probetest.UsualPorts(tt.to)
			f, _ := probetest.Examine(t, Probe(), target, probetest.InTrouble())
			probetest.Expect(t, f, tt.status, tt.code, tt.fact, tt.hint)
		})
	}
}

func TestPortsReportWhatTheyFound(t *testing.T) {
	t.Parallel()
	secure := probetest.QuietTLS(t, http.HandlerFunc(http.NotFound))
	collector := probetest.Serve(t, methodNotAllowed(""))
	silent := probetest.ListenUDP(t)
	target := probetest.Outside(probetest.Load(t, "query.url", "http://127.0.0.1:16686", "reporter.agent.host", "127.0.0.1"))
	target.Dial = probetest.UsualPorts(map[string]string{
		"tcp 4317": probetest.Hostport(probetest.GRPCServer(t)), "tcp 4318": strings.TrimPrefix(secure.URL, "https://"),
		"tcp 13133": probetest.Hostport(probetest.TLSAlert(t)), "tcp 14268": probetest.Hostport(collector.URL), "tcp 14250": "silent",
		"udp 6832": silent.LocalAddr().String(),
	})
	start := time.Now()
	f, _ := probetest.Examine(t, Probe(), target, probetest.InTrouble())
	if took := time.Since(start); took > 2*scanTimeout {
		t.Errorf("took %s, want about one timeout of %s", took, scanTimeout)
	}
	want := []string{
		"tcp 127.0.0.1:4317 (OTLP over gRPC): open, speaks HTTP/2, like gRPC",
		"tcp 127.0.0.1:4318 (OTLP over HTTP): open, speaks TLS",
		"tcp 127.0.0.1:13133 (health of Jaeger 2): open, speaks TLS",
		"tcp 127.0.0.1:14268 (thrift over HTTP): open, speaks HTTP; GET http://127.0.0.1:14268/api/traces: 405 Method Not Allowed",
		"127.0.0.1: closed: tcp 5778, tcp 5779, tcp 6831, tcp 6832, tcp 8888, tcp 9411, tcp 14269, tcp 14271, tcp 16685, tcp 16686, udp 5775",
		"127.0.0.1: silent: tcp 14250",
		"127.0.0.1: not refused (UDP proves no more than that): udp 6832",
	}
	if diff := cmp.Diff(want, f.Evidence); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
}

// Jaegers crash on an empty datagram, on a batch without a process, and Jaeger 2
// on emitZipkinBatch. So each port gets a whole emitBatch in its own encoding.
func TestPortsSendNothingDeadly(t *testing.T) {
	t.Parallel()
	encodings := map[string]func(thrift.TTransport) thrift.TProtocol{
		"udp 6831": send.CompactProtocol, "udp 6832": send.BinaryProtocol, "udp 5775": send.CompactProtocol,
	}
	to := make(map[string]string)
	conns := make(map[string]net.PacketConn)
	for name := range encodings {
		conns[name] = probetest.ListenUDP(t)
		to[name] = conns[name].LocalAddr().String()
	}
	target := probetest.Outside(probetest.Load(t, "query.url", "http://127.0.0.1:16686", "reporter.collector.endpoint", "http://127.0.0.1:14268/api/traces"))
	target.Dial = probetest.UsualPorts(to)
	probetest.Examine(t, Probe(), target, probetest.InTrouble())
	for name, protocol := range encodings {
		if packet, _ := probetest.Receive(t, conns[name]); !probetest.WholeBatch(t, packet, protocol) {
			t.Errorf("%s got %q", name, packet)
		}
	}
}

func TestPortsLookAtBothHostsOnce(t *testing.T) {
	t.Parallel()
	target := probetest.Outside(probetest.Load(t, "query.url", "http://ui.example:16686", "reporter.agent.host", "agent.example"))
	target.Lookup = nil // the names reach Dial
	var mu sync.Mutex
	var dialled []string
	target.Dial = func(_ context.Context, network, addr string) (net.Conn, error) {
		mu.Lock()
		defer mu.Unlock()
		dialled = append(dialled, network+" "+addr)
		return nil, &net.OpError{Op: "dial", Net: network, Err: context.DeadlineExceeded}
	}
	f, _ := probetest.Examine(t, Probe(), target, probetest.InTrouble())
	slices.Sort(dialled)
	if got, want := len(slices.Compact(dialled)), 2*len(knownPorts())-1; got != want || len(dialled) != want {
		t.Errorf("dialled %d ports, %d of them different, want %d", len(dialled), got, want)
	}
	if slices.Contains(dialled, "udp agent.example:6831") {
		t.Error("the port that agent-udp looks at got another span")
	}
	if f.Code != codeNone || f.Fact != "no Jaeger port is open on agent.example or ui.example" {
		t.Errorf("got %s %q", f.Code, f.Fact)
	}
}
