package settings

import (
	"errors"
	"testing"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

// loadEnv makes a configuration of an environment alone.
func loadEnv(t *testing.T, environ []string) *config.Loaded {
	t.Helper()
	loaded, err := config.Load(config.Source{Dir: t.TempDir(), Environ: environ})
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func TestClientEnv(t *testing.T) {
	t.Parallel()
	const fromEnv = "unless the program's code overrides it, jaeger-client-go's FromEnv "
	const keepAll = "JAEGER_SAMPLER_TYPE=const JAEGER_SAMPLER_PARAM=1"
	tests := map[string]struct {
		environ []string
		status  probe.Status
		code    probe.Code
		fact    string
		hint    string
	}{
		"nothing set": {nil, probe.StatusSkip, probe.CodeNotUsed, "no jaeger-client-go variable is set", ""},
		"empty is unset": {
			[]string{"JAEGER_AGENT_HOST="}, probe.StatusSkip, probe.CodeNotUsed, "no jaeger-client-go variable is set", "",
		},
		"others' variables": {
			[]string{"JAEGER_LISTEN_HOST=0.0.0.0", "JAEGER_PORT=tcp://10.0.0.1:80"},
			probe.StatusSkip, probe.CodeNotUsed, "no jaeger-client-go variable is set", "",
		},
		"only the agent": {
			[]string{"JAEGER_AGENT_HOST=jaeger"},
			probe.StatusWarn, codeClientKeepsNothing,
			fromEnv + "samples remote 0, which keeps no trace until http://jaeger:5778/sampling responds, after 1m0s at the earliest; this check uses const 1",
			keepAll,
		},
		"const without parameter": {
			[]string{"JAEGER_SAMPLER_TYPE=const"},
			probe.StatusWarn, codeClientKeepsNothing,
			fromEnv + "samples const 0, which keeps no trace; this check uses const 1", keepAll,
		},
		"rate limit without parameter": {
			[]string{"JAEGER_SAMPLER_TYPE=rateLimiting"},
			probe.StatusWarn, codeClientKeepsNothing,
			fromEnv + "samples ratelimiting 0, which keeps only the first trace; this check uses ratelimiting 1", keepAll,
		},
		"remote, one in a thousand, over a server's": {
			[]string{"JAEGER_SAMPLER_PARAM=0.001", "OTDEMO_SAMPLER_PARAM=1"},
			probe.StatusWarn, codeClientKeepsFew,
			fromEnv + "samples remote 0.001, which keeps one trace in 1000 until http://127.0.0.1:5778/sampling responds, after 1m0s at the earliest; this check uses const 1",
			keepAll,
		},
		"disabled, but not here": {
			[]string{"JAEGER_DISABLED=true", "OTDEMO_DISABLED=false"},
			probe.StatusWarn, codeClientDisabled,
			fromEnv + "creates no spans: JAEGER_DISABLED is true", "unset JAEGER_DISABLED",
		},
		"address without brackets": {
			[]string{"JAEGER_AGENT_HOST=::1", "JAEGER_SAMPLER_TYPE=const", "JAEGER_SAMPLER_PARAM=1"},
			probe.StatusWarn, codeClientRefused,
			"jaeger-client-go cannot create a tracer from this environment: address ::1:6831: too many colons in address",
			"JAEGER_AGENT_HOST=[::1]",
		},
		"unknown sampler, but not here": {
			[]string{"JAEGER_SAMPLER_TYPE=rate_limiting", "OTDEMO_SAMPLER_TYPE=const"},
			probe.StatusWarn, codeClientRefused,
			"jaeger-client-go cannot create a tracer from this environment: unknown sampler type (rate_limiting)",
			"JAEGER_SAMPLER_TYPE=const",
		},
		"percent, but not here": {
			[]string{"JAEGER_SAMPLER_TYPE=probabilistic", "JAEGER_SAMPLER_PARAM=5", "OTDEMO_SAMPLER_PARAM=1"},
			probe.StatusWarn, codeClientRefused,
			"jaeger-client-go cannot create a tracer from this environment: invalid Param for probabilistic sampler; expecting value between 0 and 1, received 5",
			"JAEGER_SAMPLER_PARAM=1",
		},
		"sends elsewhere": {
			[]string{
				"JAEGER_SAMPLER_TYPE=const", "JAEGER_SAMPLER_PARAM=1",
				"JAEGER_ENDPOINT=http://me:secret@jaeger:14268/api/traces", "OTDEMO_REPORTER_COLLECTOR_ENDPOINT=http://other:14268/api/traces",
			},
			probe.StatusOK, codeClientDiffers,
			fromEnv + "sends to http://jaeger:14268/api/traces; this check sends to http://other:14268/api/traces", "",
		},
		"agrees": {
			[]string{"JAEGER_SAMPLER_TYPE=const", "JAEGER_SAMPLER_PARAM=1", "JAEGER_AGENT_HOST=jaeger", "JAEGER_AGENT_PORT=6832"},
			probe.StatusOK, codeClientAgrees,
			"jaeger-client-go's FromEnv also samples const 1, which keeps every trace and sends to udp jaeger:6832", "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := probetest.Outside(loadEnv(t, tt.environ))
			target.Environ = tt.environ
			f, _ := probetest.Examine(t, ClientEnvProbe(), target, nil)
			probetest.Expect(t, f, tt.status, tt.code, tt.fact, tt.hint)
		})
	}
}

func TestServiceName(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status probe.Status
		code   probe.Code
		fact   string
		hint   string
	}{
		"pay":                {probe.StatusOK, codeServiceFits, "spans are reported as service pay", ""},
		"":                   {probe.StatusOK, codeServiceFits, "spans are reported as service shop", ""},
		"pay ":               {probe.StatusWarn, codeServiceMisleading, `service "pay " begins or ends with a space, so it is a different service from the one without`, "--service shop"},
		"empty-service-name": {probe.StatusWarn, codeServiceMisleading, `service "empty-service-name" is the name given to spans that have none`, "--service shop"},
		"unknown_service:go": {probe.StatusWarn, codeServiceMisleading, `service "unknown_service:go" is the name given to spans that have none`, "--service shop"},
		"jaeger-query":       {probe.StatusWarn, codeServiceMisleading, `service "jaeger-query" is a name under which Jaeger or this check reports its own spans`, "--service shop"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _ := probetest.Examine(t, ServiceProbe(), probetest.Outside(probetest.Load(t, "service", name)), nil)
			probetest.Expect(t, f, tt.status, tt.code, tt.fact, tt.hint)
		})
	}
}

func TestReporterLimits(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		environ []string
		status  probe.Status
		code    probe.Code
		fact    string
		hint    string
	}{
		"defaults": {nil, probe.StatusOK, codeReporterFits, "the queue holds 10000 spans; a batch waits at most 1s", ""},
		"the client's queue": {
			[]string{"JAEGER_REPORTER_MAX_QUEUE_SIZE=100"},
			probe.StatusWarn, codeReporterQueueSmall,
			"the queue holds 100 spans (JAEGER_REPORTER_MAX_QUEUE_SIZE); in a burst, spans beyond that are dropped",
			"OTDEMO_REPORTER_QUEUE_SIZE=10000",
		},
		"a minute": {
			[]string{"JAEGER_REPORTER_FLUSH_INTERVAL=1m"},
			probe.StatusWarn, codeReporterFlushSlow,
			"a span waits up to 1m0s for its batch (JAEGER_REPORTER_FLUSH_INTERVAL), and is lost if the process is killed meanwhile",
			"OTDEMO_REPORTER_FLUSH_INTERVAL=1s",
		},
		"more than the agent reads": {
			[]string{"OTDEMO_REPORTER_AGENT_MAX_PACKET_SIZE=65500"},
			probe.StatusWarn, codeReporterPacketLarge,
			"datagrams hold up to 65500 bytes (OTDEMO_REPORTER_AGENT_MAX_PACKET_SIZE), but Jaeger 1's agent reads at most 65000",
			"OTDEMO_REPORTER_AGENT_MAX_PACKET_SIZE=65000",
		},
		"packets are not used": {
			[]string{"OTDEMO_REPORTER_AGENT_MAX_PACKET_SIZE=65500", "JAEGER_ENDPOINT=http://jaeger:14268/api/traces"},
			probe.StatusOK, codeReporterFits, "the queue holds 10000 spans; a batch waits at most 1s", "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _ := probetest.Examine(t, ReporterProbe(), probetest.Outside(loadEnv(t, tt.environ)), nil)
			probetest.Expect(t, f, tt.status, tt.code, tt.fact, tt.hint)
		})
	}
}

func TestAgentPlace(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		set     []string
		environ []string
		docker  bool
		code    probe.Code
		fact    string
		hint    string
	}{
		"remote": {
			[]string{"reporter.agent.host", "jaeger"}, nil, true, codePlaceRemote, "spans go to jaeger, not to a loopback address", "",
		},
		"here": {nil, nil, false, codePlaceHere, "localhost is this machine", ""},
		"container": {
			nil, nil, true, CodePlaceContainer,
			"localhost is this container: correct with the host's network, wrong if Jaeger runs in another container", "JAEGER_AGENT_HOST=jaeger",
		},
		"pod": {
			[]string{"reporter.collector.endpoint", "http://127.0.0.1:14268/api/traces"},
			[]string{"KUBERNETES_SERVICE_HOST=10.0.0.1"},
			true, CodePlaceContainer,
			"127.0.0.1 is this pod: correct for a sidecar, wrong for an agent on each node",
			"JAEGER_ENDPOINT=http://jaeger:14268/api/traces",
		},
		"pod without collector": {
			nil,
			[]string{"KUBERNETES_SERVICE_HOST=10.0.0.1"},
			true, CodePlaceContainer,
			"localhost is this pod: correct for a sidecar, wrong for an agent on each node",
			"env: [{name: JAEGER_AGENT_HOST, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}]",
		},
		"remote collector": {
			[]string{"reporter.collector.endpoint", "http://jaeger:14268/api/traces"},
			nil, true, codePlaceRemote,
			"spans go to jaeger, not to a loopback address", "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := probetest.Outside(probetest.Load(t, tt.set...))
			target.Environ = tt.environ
			target.ReadFile = func(name string) ([]byte, error) {
				if tt.docker && name == "/.dockerenv" {
					return nil, nil
				}
				return nil, errors.New("no such file")
			}
			f, _ := probetest.Examine(t, PlaceProbe(), target, nil)
			probetest.Expect(t, f, probe.StatusOK, tt.code, tt.fact, tt.hint)
			if len(f.Evidence) == 0 {
				t.Error("no evidence of where the address comes from")
			}
		})
	}
}
