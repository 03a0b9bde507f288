package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/config"
)

// withOTel returns an environment in which the tracer is otel.
func withOTel(env ...string) []string { return append([]string{"OTDEMO_TRACER=otel"}, env...) }

// TestOTelVariables sets OTEL_* variables that mean one thing and compares the
// whole configuration, so that none has a side effect.
func TestOTelVariables(t *testing.T) {
	t.Parallel()
	endpoint := func(url string) func(*config.Config) {
		return func(c *config.Config) { c.Reporter.Collector.Endpoint = url }
	}
	sampler := func(kind string, param float64) func(*config.Config) {
		return func(c *config.Config) { c.Sampler.Type, c.Sampler.Param = kind, param }
	}
	formats := func(names ...string) func(*config.Config) {
		return func(c *config.Config) { c.Propagation = names }
	}
	tests := []struct {
		env  []string
		want func(*config.Config)
	}{
		{[]string{"OTEL_SERVICE_NAME= shop "}, func(c *config.Config) { c.Service = "shop" }},
		{[]string{"OTEL_SERVICE_NAME=shop", "OTEL_RESOURCE_ATTRIBUTES=service.name=other"}, func(c *config.Config) { c.Service = "shop" }},
		{
			[]string{"OTEL_RESOURCE_ATTRIBUTES= service.name = shop ,a=1%2C2, b =x=y,c="},
			func(c *config.Config) {
				c.Service = "shop"
				c.Tags = []config.Tag{{Name: "a", Value: "1,2"}, {Name: "b", Value: "x=y"}, {Name: "c"}}
			},
		},
		{[]string{"OTEL_SDK_DISABLED=False"}, func(*config.Config) {}},
		{[]string{"OTEL_SDK_DISABLED=TRUE"}, func(c *config.Config) { c.Disabled = true }},
		{[]string{"OTEL_TRACES_EXPORTER=otlp"}, func(*config.Config) {}},
		{[]string{"OTEL_TRACES_EXPORTER=None"}, func(c *config.Config) { c.Disabled = true }},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://h:4318"}, endpoint("http://h:4318/v1/traces")},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=https://h/otlp/"}, endpoint("https://h/otlp/v1/traces")},
		{[]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://h:1/x", "OTEL_EXPORTER_OTLP_ENDPOINT=http://g"}, endpoint("http://h:1/x")},
		{[]string{"OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}, endpoint("grpc://localhost:4317")},
		{[]string{"OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"}, func(*config.Config) {}},
		{[]string{"OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "OTEL_EXPORTER_OTLP_ENDPOINT=http://h:4317/"}, endpoint("grpc://h:4317")},
		{[]string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=grpc", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=https://h:4317"}, endpoint("grpcs://h:4317")},
		{[]string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}, func(*config.Config) {}},
		{[]string{"OTEL_TRACES_SAMPLER=parentbased_always_on"}, sampler("const", 1)},
		{[]string{"OTEL_TRACES_SAMPLER=ParentBased_Always_Off"}, sampler("const", 0)},
		{[]string{"OTEL_TRACES_SAMPLER=parentbased_traceidratio"}, sampler("probabilistic", 1)},
		{[]string{"OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.25"}, sampler("probabilistic", 0.25)},
		{[]string{"OTEL_TRACES_SAMPLER=parentbased_jaeger_remote"}, sampler("remote", 1)},
		{
			[]string{
				"OTEL_TRACES_SAMPLER=parentbased_jaeger_remote",
				"OTEL_TRACES_SAMPLER_ARG=endpoint=http://s:5778/sampling, pollingIntervalMs=5000,initialSamplingRate=0.5",
			},
			func(c *config.Config) {
				c.Sampler.Type, c.Sampler.Param = "remote", 0.5
				c.Sampler.Endpoint, c.Sampler.RefreshInterval = "http://s:5778/sampling", 5*time.Second
			},
		},
		{[]string{"OTEL_PROPAGATORS=tracecontext,baggage"}, formats("w3c")},
		{[]string{"OTEL_PROPAGATORS=B3, b3multi,b3"}, formats("b3-single", "b3")},
		{[]string{"OTEL_PROPAGATORS=jaeger,tracecontext,baggage"}, formats("jaeger", "w3c")},
		{[]string{"OTEL_BSP_SCHEDULE_DELAY=250"}, func(c *config.Config) { c.Reporter.FlushInterval = 250 * time.Millisecond }},
		{[]string{"OTEL_BSP_MAX_QUEUE_SIZE=3"}, func(c *config.Config) { c.Reporter.QueueSize = 3 }},
	}
	variables := map[string]bool{}
	for _, tt := range tests {
		for _, env := range tt.env {
			name, _, _ := strings.Cut(env, "=")
			variables[name] = true
		}
		t.Run(strings.Join(tt.env, " "), func(t *testing.T) {
			t.Parallel()
			want := config.Defaults()
			want.Tracer, want.Propagation = config.TracerOTel, []string{"w3c"}
			tt.want(&want)
			loaded := mustLoad(t, config.Source{Environ: withOTel(tt.env...)})
			if diff := cmp.Diff(want, loaded.Config); diff != "" {
				t.Errorf("Config (-want +got):\n%s", diff)
			}
			for _, v := range loaded.Values {
				if v.Origin.Layer == config.LayerOTel && !strings.Contains(strings.Join(tt.env, " "), v.Origin.Detail+"=") {
					t.Errorf("%s comes from %s, which is not set", v.Key, v.Origin)
				}
			}
			// With another tracer the variables are not even read.
			if diff := cmp.Diff(resolved(), mustLoad(t, config.Source{Environ: tt.env}).Config); diff != "" {
				t.Errorf("Config with tracer jaeger (-want +got):\n%s", diff)
			}
		})
	}
	for _, key := range config.Keys() {
		for _, name := range key.OTel {
			if !variables[name] {
				t.Errorf("%s of %s is not tested", name, key.Name)
			}
		}
	}
}

// TestOTelLayer lays the layers upon each other where OTEL_* stands between
// JAEGER_* and OTDEMO_*.
func TestOTelLayer(t *testing.T) {
	t.Parallel()
	src := config.Source{Dir: dirWith(t, "tracer: otel\nservice: file\nreporter.collector.endpoint: http://file:4318/v1/traces\n")}
	check := func(service, endpoint string, origin config.Origin) {
		t.Helper()
		loaded := mustLoad(t, src)
		if got := value(t, loaded, "service"); got.Text != service || got.Origin != origin {
			t.Errorf("service = %q from %v, want %q from %v", got.Text, got.Origin, service, origin)
		}
		if got := loaded.Config.CollectorURL(); got != endpoint {
			t.Errorf("CollectorURL = %q, want %q", got, endpoint)
		}
	}
	check("file", "http://file:4318/v1/traces", config.Origin{Layer: config.LayerFile, Detail: "config.yaml:2"})
	src.Environ = []string{"JAEGER_SERVICE_NAME=jaeger", "JAEGER_ENDPOINT=http://jaeger:14268/api/traces"}
	check("jaeger", "http://file:4318/v1/traces", config.Origin{Layer: config.LayerJaeger, Detail: "JAEGER_SERVICE_NAME"})
	src.Environ = append(src.Environ, "OTEL_SERVICE_NAME=otel", "OTEL_EXPORTER_OTLP_ENDPOINT=http://otel:4318")
	check("otel", "http://otel:4318/v1/traces", config.Origin{Layer: config.LayerOTel, Detail: "OTEL_SERVICE_NAME"})
	src.Environ = append(src.Environ, "OTDEMO_SERVICE=otdemo", "OTDEMO_REPORTER_COLLECTOR_ENDPOINT=grpc://otdemo:4317")
	check("otdemo", "grpc://otdemo:4317", config.Origin{Layer: config.LayerOtdemo, Detail: "OTDEMO_SERVICE"})
	src.Flags = []config.Flag{
		{Name: "--service", Key: "service", Value: "flag"},
		{Name: "--collector-endpoint", Key: "reporter.collector.endpoint", Value: ""},
	}
	check("flag", "http://localhost:4318/v1/traces", config.Origin{Layer: config.LayerFlag, Detail: "--service"})
}

func TestOTelFaults(t *testing.T) {
	t.Parallel()
	const remote = "hint: such as OTEL_TRACES_SAMPLER_ARG=endpoint=http://localhost:5778/sampling,pollingIntervalMs=60000,initialSamplingRate=1"
	tests := []struct {
		env  []string
		want []string
	}{
		{[]string{"OTEL_TRACES_EXPORTER=zipkin"}, []string{`OTEL_TRACES_EXPORTER: must be otlp or none, got "zipkin"`, "hint: use --tracer zipkin, or OTEL_TRACES_EXPORTER=otlp"}},
		{[]string{"OTEL_TRACES_EXPORTER=console,otlp"}, []string{`OTEL_TRACES_EXPORTER: must be otlp or none, got "console,otlp"`, "hint: use OTEL_TRACES_EXPORTER=otlp; OTDEMO_REPORTER_LOG_SPANS=true logs each span as well"}},
		{[]string{"OTEL_TRACES_EXPORTER=oltp"}, []string{`OTEL_TRACES_EXPORTER: must be otlp or none, got "oltp"`, "hint: did you mean OTEL_TRACES_EXPORTER=otlp?"}},
		{[]string{"OTEL_RESOURCE_ATTRIBUTES=a=1,b"}, []string{`OTEL_RESOURCE_ATTRIBUTES: tags must be name=value pairs separated by commas, got "a=1,b"`, `hint: write "b" as b=value; a comma in a value is %2C`}},
		{[]string{"OTEL_RESOURCE_ATTRIBUTES=a=1,"}, []string{`OTEL_RESOURCE_ATTRIBUTES: tags must be name=value pairs separated by commas, got "a=1,"`, "hint: did you mean OTEL_RESOURCE_ATTRIBUTES=a=1?"}},
		{[]string{"OTEL_RESOURCE_ATTRIBUTES=a=${b,c"}, []string{`OTEL_RESOURCE_ATTRIBUTES: tags must be name=value pairs separated by commas, got "a=${b,c"`, `hint: write "c" as c=value; a comma in a value is %2C`}},
		{[]string{"OTEL_EXPORTER_OTLP_PROTOCOL=http/json"}, []string{`OTEL_EXPORTER_OTLP_PROTOCOL: must be grpc or http/protobuf, got "http/json"`, "hint: use OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf; Go's SDK does not send JSON"}},
		{[]string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=gprc"}, []string{`OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: must be grpc or http/protobuf, got "gprc"`, "hint: did you mean OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=grpc?"}},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=h:4318"}, []string{`OTEL_EXPORTER_OTLP_ENDPOINT: reporter.collector.endpoint must start with http:// or https://, got "h:4318"`, "hint: did you mean OTEL_EXPORTER_OTLP_ENDPOINT=http://h:4318?"}},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=h:4317", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}, []string{`OTEL_EXPORTER_OTLP_ENDPOINT: reporter.collector.endpoint must start with http:// or https://, got "h:4317"`, "hint: did you mean OTEL_EXPORTER_OTLP_ENDPOINT=http://h:4317?"}},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=h"}, []string{`OTEL_EXPORTER_OTLP_ENDPOINT: reporter.collector.endpoint must start with http:// or https://, got "h"`, "hint: did you mean OTEL_EXPORTER_OTLP_ENDPOINT=http://h?"}},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=ftp://h"}, []string{`OTEL_EXPORTER_OTLP_ENDPOINT: reporter.collector.endpoint must start with http:// or https://, got "ftp://h"`, "hint: such as OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318"}},
		{[]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=ftp://h"}, []string{`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: reporter.collector.endpoint must start with http:// or https://, got "ftp://h"`, "hint: such as OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://localhost:4318/v1/traces"}},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=unix://h", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}, []string{`OTEL_EXPORTER_OTLP_ENDPOINT: reporter.collector.endpoint must start with http:// or https://, got "unix://h"`, "hint: such as OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317"}},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=grpcs://u:hunter2@h:4317"}, []string{`OTEL_EXPORTER_OTLP_ENDPOINT: reporter.collector.endpoint must start with http:// or https://, got "grpcs://(hidden)@h:4317"`, "hint: write 'https://(hidden)@h:4317', and set OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://h:4318/v1/traces"}, []string{`OTEL_EXPORTER_OTLP_ENDPOINT: reporter.collector.endpoint must not end in v1/traces, which is added, got "http://h:4318/v1/traces"`, "hint: did you mean OTEL_EXPORTER_OTLP_ENDPOINT=http://h:4318?"}},
		{[]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://h:4318"}, []string{`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: reporter.collector.endpoint must have a path, got "http://h:4318"`, "hint: did you mean OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://h:4318/v1/traces?"}},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://h:4317/x", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}, []string{`OTEL_EXPORTER_OTLP_ENDPOINT: reporter.collector.endpoint must not have a path for gRPC, got "http://h:4317/x"`, "hint: did you mean OTEL_EXPORTER_OTLP_ENDPOINT=http://h:4317?"}},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://h", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}, []string{`OTEL_EXPORTER_OTLP_ENDPOINT: reporter.collector.endpoint must have a port for gRPC, got "http://h"`, "hint: did you mean OTEL_EXPORTER_OTLP_ENDPOINT=http://h:4317?"}},
		{[]string{"OTEL_TRACES_SAMPLER=xray"}, []string{`OTEL_TRACES_SAMPLER: unknown sampler "xray"`, "hint: use parentbased_always_on, _always_off, _traceidratio or _jaeger_remote"}},
		{[]string{"OTEL_TRACES_SAMPLER=parentbased_traceid_ratio"}, []string{`OTEL_TRACES_SAMPLER: unknown sampler "parentbased_traceid_ratio"`, "hint: did you mean OTEL_TRACES_SAMPLER=parentbased_traceidratio?"}},
		{[]string{"OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=10"}, []string{"OTEL_TRACES_SAMPLER_ARG: sampler.param must be between 0 and 1 for probabilistic, got 10", "hint: did you mean OTEL_TRACES_SAMPLER_ARG=0.1?"}},
		{[]string{"OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=10%"}, []string{`OTEL_TRACES_SAMPLER_ARG: sampler.param must be a number, got "10%"`, "hint: the default is OTEL_TRACES_SAMPLER_ARG=1"}},
		{[]string{"OTEL_TRACES_SAMPLER=parentbased_jaeger_remote", "OTEL_TRACES_SAMPLER_ARG=0.1"}, []string{`OTEL_TRACES_SAMPLER_ARG: must consist of endpoint=, pollingIntervalMs= and initialSamplingRate= for jaeger_remote, got "0.1"`, remote}},
		{[]string{"OTEL_TRACES_SAMPLER=parentbased_jaeger_remote", "OTEL_TRACES_SAMPLER_ARG=endpoint=h:14250"}, []string{`OTEL_TRACES_SAMPLER_ARG: endpoint must start with http:// or https://, got "endpoint=h:14250"`, remote}},
		{[]string{"OTEL_TRACES_SAMPLER=parentbased_jaeger_remote", "OTEL_TRACES_SAMPLER_ARG=pollingIntervalMs=1s"}, []string{`OTEL_TRACES_SAMPLER_ARG: pollingIntervalMs must be a number of milliseconds, more than 0, got "pollingIntervalMs=1s"`, remote}},
		{[]string{"OTEL_TRACES_SAMPLER=parentbased_jaeger_remote", "OTEL_TRACES_SAMPLER_ARG=initialSamplingRate=NaN"}, []string{`OTEL_TRACES_SAMPLER_ARG: initialSamplingRate must be between 0 and 1, got "initialSamplingRate=NaN"`, remote}},
		{[]string{"OTEL_PROPAGATORS=none"}, []string{"OTEL_PROPAGATORS: none would break every trace at the first call", "hint: unset OTEL_PROPAGATORS, or use --tracer noop to make no spans"}},
		{[]string{"OTEL_PROPAGATORS=baggage"}, []string{"OTEL_PROPAGATORS: baggage alone carries no span context", "hint: did you mean OTEL_PROPAGATORS=tracecontext,baggage?"}},
		{[]string{"OTEL_PROPAGATORS=ottrace"}, []string{`OTEL_PROPAGATORS: unknown propagator "ottrace"`, "hint: use any of tracecontext, baggage, b3, b3multi and jaeger"}},
		{[]string{"OTEL_PROPAGATORS=trace_context,baggage"}, []string{`OTEL_PROPAGATORS: unknown propagator "trace_context"`, "hint: did you mean tracecontext?"}},
		{[]string{"OTEL_BSP_SCHEDULE_DELAY=0"}, []string{`OTEL_BSP_SCHEDULE_DELAY: reporter.flush_interval must be a number of milliseconds, more than 0, got "0"`, "hint: the default is OTEL_BSP_SCHEDULE_DELAY=1000"}},
		{[]string{"OTEL_BSP_MAX_QUEUE_SIZE=0"}, []string{"OTEL_BSP_MAX_QUEUE_SIZE: reporter.queue_size must be between 1 and 10000000, got 0", "hint: the default is OTEL_BSP_MAX_QUEUE_SIZE=10000"}},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.env, " "), func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(config.Source{Environ: withOTel(tt.env...)})
			if diff := cmp.Diff(tt.want, said(err)); diff != "" {
				t.Errorf("Load says (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOTelWarnings(t *testing.T) {
	t.Parallel()
	const needless = "hint: did you mean OTEL_TRACES_SAMPLER=parentbased_"
	tests := []struct {
		name, file string
		env        []string
		want       []string
	}{
		{"disabled with a number", "", []string{"OTEL_SDK_DISABLED=1"}, []string{`OTEL_SDK_DISABLED: "1" is treated as false, because only true disables the SDK`, "hint: did you mean OTEL_SDK_DISABLED=true?"}},
		{"disabled", "", []string{"OTEL_SDK_DISABLED=true"}, []string{"OTEL_SDK_DISABLED: disabled is true, so no spans are made", "hint: did you mean OTEL_SDK_DISABLED=false?"}},
		{"no exporter", "", []string{"OTEL_TRACES_EXPORTER=none"}, []string{"OTEL_TRACES_EXPORTER: disabled is true, so no spans are made", "hint: did you mean OTEL_TRACES_EXPORTER=otlp?"}},
		{"a timeout with its unit", "", []string{"OTEL_EXPORTER_OTLP_TIMEOUT=5s"}, []string{`OTEL_EXPORTER_OTLP_TIMEOUT: "5s" is ignored, because it is not a number, as in OpenTelemetry's SDK; 10s is used`, "hint: did you mean OTEL_EXPORTER_OTLP_TIMEOUT=5000?"}},
		{"a timeout for traces that is ignored, beside the other", "", []string{"OTEL_EXPORTER_OTLP_TIMEOUT=2000", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT=x"}, []string{`OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: "x" is ignored, because it is not a number, as in OpenTelemetry's SDK; 2s is used`, "hint: unset OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"}},
		{"limits", "", []string{"OTEL_BSP_EXPORT_TIMEOUT=0", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE=many"}, []string{
			`OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "many" is ignored, because it is not a number, as in OpenTelemetry's SDK; 512 spans is used`, "hint: unset OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
			`OTEL_BSP_EXPORT_TIMEOUT: "0" is ignored, because it must be at least 1; 30s is used`, "hint: unset OTEL_BSP_EXPORT_TIMEOUT",
		}},
		{"the batcher's numbers", "reporter.queue_size: 7", []string{"OTEL_BSP_SCHEDULE_DELAY=5s", "OTEL_BSP_MAX_QUEUE_SIZE=2k"}, []string{
			`OTEL_BSP_MAX_QUEUE_SIZE: "2k" is ignored, because it is not a number, as in OpenTelemetry's SDK; reporter.queue_size stays 7`, "hint: unset OTEL_BSP_MAX_QUEUE_SIZE",
			`OTEL_BSP_SCHEDULE_DELAY: "5s" is ignored, because it is not a number, as in OpenTelemetry's SDK; reporter.flush_interval stays 1s`, "hint: did you mean OTEL_BSP_SCHEDULE_DELAY=5000?",
		}},
		{"percent sign", "", []string{"OTEL_RESOURCE_ATTRIBUTES=load=90%"}, []string{`OTEL_RESOURCE_ATTRIBUTES: "90%" is not percent-encoded and used unchanged`, "hint: write a percent sign as %25"}},
		{"gRPC's port over HTTP", "", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://h:4317"}, []string{"OTEL_EXPORTER_OTLP_ENDPOINT: reporter.collector.endpoint has port 4317, Jaeger's port for OTLP over gRPC; OTLP over HTTP is on 4318", "hint: did you mean OTEL_EXPORTER_OTLP_PROTOCOL=grpc?"}},
		{"HTTP's port over gRPC", "", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://h:4318", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=grpc"}, []string{"OTEL_EXPORTER_OTLP_ENDPOINT: reporter.collector.endpoint has port 4318, Jaeger's port for OTLP over HTTP; OTLP over gRPC is on 4317", "hint: did you mean OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf?"}},
		{"Jaeger's port", "", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://h:14268"}, []string{"OTEL_EXPORTER_OTLP_ENDPOINT: reporter.collector.endpoint has port 14268, Jaeger's port for thrift over HTTP; OTLP over HTTP is on 4318", "hint: did you mean OTEL_EXPORTER_OTLP_ENDPOINT=http://h:4318?"}},
		{"Jaeger's port over gRPC", "", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=https://h:14250", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}, []string{"OTEL_EXPORTER_OTLP_ENDPOINT: reporter.collector.endpoint has port 14250, Jaeger's port for spans over gRPC; OTLP over gRPC is on 4317", "hint: did you mean OTEL_EXPORTER_OTLP_ENDPOINT=https://h:4317?"}},
		{"root path as it is", "", []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://h/"}, []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: reporter.collector.endpoint has no path; OTLP over HTTP uses /v1/traces", "hint: did you mean OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://h/v1/traces?"}},
		{"protocol against the file", "reporter.collector.endpoint: http://h:4318/v1/traces", []string{"OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}, []string{"OTEL_EXPORTER_OTLP_PROTOCOL: not used, because the scheme of reporter.collector.endpoint of config.yaml:1 determines the protocol", "hint: set OTEL_EXPORTER_OTLP_ENDPOINT too"}},
		{"the file's credentials", "reporter.collector: {user: u, password: hunter2}", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://h:4318"}, []string{
			"config.yaml:1: reporter.collector.user is not sent to OTEL_EXPORTER_OTLP_ENDPOINT, which is another collector",
			"hint: set OTDEMO_REPORTER_COLLECTOR_USER and OTDEMO_REPORTER_COLLECTOR_PASSWORD",
			"config.yaml:1: reporter.collector.password is not sent to OTEL_EXPORTER_OTLP_ENDPOINT, which is another collector",
			"hint: set OTDEMO_REPORTER_COLLECTOR_USER and OTDEMO_REPORTER_COLLECTOR_PASSWORD",
		}},
		{"not parent-based", "", []string{"OTEL_TRACES_SAMPLER=always_on"}, []string{"OTEL_TRACES_SAMPLER: always_on is treated as parentbased_always_on: an incoming trace keeps the decision of its caller", needless + "always_on?"}},
		{"nothing kept", "", []string{"OTEL_TRACES_SAMPLER=parentbased_always_off"}, []string{"OTEL_TRACES_SAMPLER: sampler.param 0 keeps no trace: sampler.type is const", needless + "always_on?"}},
		{"no share kept", "", []string{"OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0"}, []string{"OTEL_TRACES_SAMPLER_ARG: sampler.param 0 keeps no trace: sampler.type is probabilistic", "hint: did you mean OTEL_TRACES_SAMPLER_ARG=1?"}},
		{"nothing kept at first", "", []string{"OTEL_TRACES_SAMPLER=parentbased_jaeger_remote", "OTEL_TRACES_SAMPLER_ARG=initialSamplingRate=0"}, []string{"OTEL_TRACES_SAMPLER_ARG: sampler.param 0 keeps no trace until the strategy server has answered", "hint: did you mean initialSamplingRate=1 in OTEL_TRACES_SAMPLER_ARG?"}},
		{"strategies over gRPC", "", []string{"OTEL_TRACES_SAMPLER=parentbased_jaeger_remote", "OTEL_TRACES_SAMPLER_ARG=endpoint=http://h:14250"}, []string{"OTEL_TRACES_SAMPLER_ARG: sampler.endpoint has port 14250, Jaeger's port for spans over gRPC; the sampling server is on 5778", "hint: did you mean endpoint=http://h:5778/sampling in OTEL_TRACES_SAMPLER_ARG?"}},
		{"argument alone", "", []string{"OTEL_TRACES_SAMPLER_ARG=0.1"}, []string{"OTEL_TRACES_SAMPLER_ARG: ignored, because OTEL_TRACES_SAMPLER is not set", "hint: set OTEL_TRACES_SAMPLER too"}},
		{"argument of none", "", []string{"OTEL_TRACES_SAMPLER=parentbased_always_on", "OTEL_TRACES_SAMPLER_ARG=0.1"}, []string{"OTEL_TRACES_SAMPLER_ARG: ignored, because parentbased_always_on has no argument", "hint: unset OTEL_TRACES_SAMPLER_ARG"}},
		{"parameter of another sampler", "sampler: {type: ratelimiting, param: 5}", []string{"OTEL_TRACES_SAMPLER=parentbased_jaeger_remote"}, nil},
		{"baggage left out", "", []string{"OTEL_PROPAGATORS=tracecontext"}, []string{"OTEL_PROPAGATORS: with tracecontext the baggage header is sent as well", "hint: add baggage to OTEL_PROPAGATORS"}},
		{"baggage beside b3", "", []string{"OTEL_PROPAGATORS=b3,baggage"}, []string{"OTEL_PROPAGATORS: the baggage header is not used without tracecontext; each format has its own headers for baggage", "hint: did you mean OTEL_PROPAGATORS=tracecontext,b3,baggage?"}},
		{
			"misspelt and left to the SDK", "",
			[]string{
				"OTEL_EXPORTER_OLTP_ENDPOINT=x", "OTEL_TRACE_SAMPLER=x", "OTEL_PROPAGATOR=x",
				"OTEL_BLRP_SCHEDULE_DELAY=x", "OTEL_BSP_EXPORT_TIMEOUT=1", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE=1",
				"OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=none", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=x",
				"OTEL_EXPORTER_OTLP_HEADERS=a=b", "OTEL_EXPORTER_OTLP_COMPRESSION=gzip", "OTEL_EXPORTER_OTLP_TIMEOUT=1",
				"OTEL_EXPORTER_OTLP_INSECURE=true", "OTEL_RESOURCE_ATTRIBUTES_POD_NAME=x", "OTEL_SPAN_EVENT_COUNT_LIMIT=1",
				"OTEL_COLLECTOR_SERVICE_HOST=10.0.0.1", "OTEL_SEMCONV_STABILITY_OPT_IN=http",
			},
			[]string{
				"OTEL_EXPORTER_OLTP_ENDPOINT: neither otdemo nor OpenTelemetry's SDK reads this variable",
				"hint: did you mean OTEL_EXPORTER_OTLP_ENDPOINT?",
				"OTEL_PROPAGATOR: neither otdemo nor OpenTelemetry's SDK reads this variable",
				"hint: did you mean OTEL_PROPAGATORS?",
				"OTEL_TRACE_SAMPLER: neither otdemo nor OpenTelemetry's SDK reads this variable",
				"hint: did you mean OTEL_TRACES_SAMPLER?",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			loaded := mustLoad(t, config.Source{Dir: dirWith(t, tt.file), Environ: withOTel(tt.env...)})
			if diff := cmp.Diff(tt.want, warned(loaded)); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}
