package canary

import (
	"testing"

	"github.com/otdemo/otdemo/pkg/allinone"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

// Of an endpoint without a protocol, what arrives depends on the SDK.
func TestOTelProtocol(t *testing.T) {
	t.Parallel()
	backend, _ := probetest.StartBackend(t)
	addrs := backend.Addrs()
	http, grpc := "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+addrs[allinone.OTLPHTTP], "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+addrs[allinone.OTLPGRPC]
	closed := "OTEL_EXPORTER_OTLP_ENDPOINT=http://" + probetest.ClosedAddr(t)
	const ok, fail = probe.StatusOK, probe.StatusFail
	tests := map[string]struct {
		environ  []string
		flags    []config.Flag
		overHTTP probe.Status
		status   probe.Status
		code     probe.Code
		hint     string
		only     bool
	}{
		"only over gRPC": {[]string{grpc}, nil, fail, probe.StatusWarn, codeProtocolDiffers, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc", true},
		"only over HTTP": {[]string{http}, nil, ok, probe.StatusWarn, codeProtocolDiffers, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", false},
		// As behind a proxy that takes both.
		"over both":            {[]string{grpc}, nil, ok, ok, codeProtocolAgrees, "", false},
		"over none":            {[]string{closed}, nil, fail, probe.StatusSkip, probe.CodeNotUsed, "", false},
		"the protocol is said": {[]string{grpc, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf"}, nil, fail, probe.StatusSkip, probe.CodeNotUsed, "", false},
		"the tracer is chosen": {
			[]string{grpc}, []config.Flag{{Name: "--tracer", Key: "tracer", Value: "otel"}}, fail, probe.StatusSkip, probe.CodeNotUsed, "", false,
		},
		"HTTP is unknown": {[]string{grpc}, nil, probe.StatusUnknown, probe.StatusSkip, probe.CodeNotUsed, "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flags := append(tt.flags, config.Flag{Name: "--query-url", Key: "query.url", Value: "http://" + addrs[allinone.Query]})
			loaded, err := config.Load(config.Source{Dir: t.TempDir(), Environ: tt.environ, Flags: flags, TracerOfEnviron: true})
			if err != nil {
				t.Fatal(err)
			}
			target := probetest.Outside(loaded)
			target.Environ = tt.environ
			earlier := map[string]probe.Outcome{
				probe.IDIdentity: {}, probe.IDUDP: {}, probe.IDCollector: {}, probe.IDCanary: {Finding: probe.Finding{Status: tt.overHTTP}},
			}
			f, env := probetest.Examine(t, ProtocolProbe(), target, earlier)
			if f.Status != tt.status || f.Code != tt.code || probe.First(f.Hints) != tt.hint {
				t.Errorf("got %s %s %q, want %s %s %q; %s", f.Status, f.Code, f.Hints, tt.status, tt.code, tt.hint, f.Fact)
			}
			if _, only := env.Published.(OnlyOverGRPC); only != tt.only {
				t.Errorf("published %v, want only over gRPC: %t", env.Published, tt.only)
			}
		})
	}
}
