package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/config"
)

// TestJaegerVariables sets each variable of jaeger-client-go alone and compares
// the whole configuration, so that none has a side effect.
func TestJaegerVariables(t *testing.T) {
	t.Parallel()
	tests := []struct {
		env  []string
		want func(*config.Config)
	}{
		{[]string{"JAEGER_SERVICE_NAME=shop"}, func(c *config.Config) { c.Service = "shop" }},
		{[]string{"JAEGER_DISABLED=1"}, func(c *config.Config) { c.Disabled = true }},
		{[]string{"JAEGER_RPC_METRICS=false"}, func(c *config.Config) { c.RPCMetrics = false }},
		{
			[]string{"JAEGER_TAGS= a = 1 ,b=x=y,c=${HOME:none},d=${NOPE:none},e=${NOPE:},f=${X,g=", "HOME=/root"},
			func(c *config.Config) {
				c.Tags = []config.Tag{
					{Name: "a", Value: "1"},
					{Name: "b", Value: "x=y"},
					{Name: "c", Value: "/root"},
					{Name: "d", Value: "none"},
					{Name: "e"},
					{Name: "f", Value: "${X"},
					{Name: "g"},
				}
			},
		},
		{[]string{"JAEGER_TRACEID_128BIT=t"}, func(c *config.Config) { c.TraceID128Bit = true }},
		{[]string{"JAEGER_SAMPLER_TYPE=Remote"}, func(c *config.Config) { c.Sampler.Type = config.SamplerRemote }},
		{[]string{"JAEGER_SAMPLER_PARAM=0"}, func(c *config.Config) { c.Sampler.Param = 0 }},
		{[]string{"JAEGER_SAMPLING_ENDPOINT=http://s/x"}, func(c *config.Config) { c.Sampler.Endpoint = "http://s/x" }},
		{[]string{"JAEGER_SAMPLER_MANAGER_HOST_PORT=http://s/x"}, func(c *config.Config) { c.Sampler.Endpoint = "http://s/x" }},
		{[]string{"JAEGER_SAMPLER_MAX_OPERATIONS=3"}, func(c *config.Config) { c.Sampler.MaxOperations = 3 }},
		{[]string{"JAEGER_SAMPLER_REFRESH_INTERVAL=3s"}, func(c *config.Config) { c.Sampler.RefreshInterval = 3 * time.Second }},
		{[]string{"JAEGER_REPORTER_MAX_QUEUE_SIZE=3"}, func(c *config.Config) { c.Reporter.QueueSize = 3 }},
		{[]string{"JAEGER_REPORTER_FLUSH_INTERVAL=3ms"}, func(c *config.Config) { c.Reporter.FlushInterval = 3 * time.Millisecond }},
		{[]string{"JAEGER_REPORTER_LOG_SPANS=true"}, func(c *config.Config) { c.Reporter.LogSpans = true }},
		{[]string{"JAEGER_REPORTER_ATTEMPT_RECONNECTING_DISABLED=true"}, func(c *config.Config) { c.Reporter.Agent.Reconnect = false }},
		{[]string{"JAEGER_REPORTER_ATTEMPT_RECONNECT_INTERVAL=3s"}, func(c *config.Config) { c.Reporter.Agent.ReconnectInterval = 3 * time.Second }},
		{[]string{"JAEGER_ENDPOINT=http://c/api/traces"}, func(c *config.Config) { c.Reporter.Collector.Endpoint = "http://c/api/traces" }},
		{
			[]string{"JAEGER_ENDPOINT=http://c/api/traces", "JAEGER_USER=u", "JAEGER_PASSWORD=p"},
			func(c *config.Config) {
				c.Reporter.Collector = config.Collector{Endpoint: "http://c/api/traces", User: "u", Password: "p"}
			},
		},
		{[]string{"JAEGER_AGENT_HOST=a"}, func(c *config.Config) { c.Reporter.Agent.Host = "a" }},
		{[]string{"JAEGER_AGENT_PORT=3"}, func(c *config.Config) { c.Reporter.Agent.Port = 3 }},
	}
	variables := map[string]bool{}
	for _, tt := range tests {
		for _, env := range tt.env {
			if name, _, _ := strings.Cut(env, "="); strings.HasPrefix(name, "JAEGER_") {
				variables[name] = true
			}
		}
		t.Run(tt.env[0], func(t *testing.T) {
			t.Parallel()
			want := resolved()
			tt.want(&want)
			got := mustLoad(t, config.Source{Environ: tt.env}).Config
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Config (-want +got):\n%s", diff)
			}
		})
	}
	for _, key := range config.Keys() {
		for _, name := range key.Jaeger {
			if !variables[name] {
				t.Errorf("%s of %s is not tested", name, key.Name)
			}
		}
	}
	if got, want := len(variables), 21; got != want {
		t.Errorf("%d variables tested, jaeger-client-go has %d", got, want)
	}
}

func TestJaegerIgnored(t *testing.T) {
	t.Parallel()
	const overUDP = "hint: unset JAEGER_ENDPOINT to send spans over UDP"
	tests := []struct {
		name, file string
		env        []string
		want       func(*config.Config)
		warnings   []string
	}{
		{
			name: "agent beside endpoint, unread",
			env: []string{
				"JAEGER_ENDPOINT=http://c/api/traces", "JAEGER_AGENT_PORT=x",
				"JAEGER_REPORTER_ATTEMPT_RECONNECTING_DISABLED=x", "JAEGER_REPORTER_ATTEMPT_RECONNECT_INTERVAL=x",
			},
			want: func(c *config.Config) { c.Reporter.Collector.Endpoint = "http://c/api/traces" },
			warnings: []string{
				"JAEGER_AGENT_PORT, JAEGER_REPORTER_ATTEMPT_RECONNECTING_DISABLED, " +
					"JAEGER_REPORTER_ATTEMPT_RECONNECT_INTERVAL: not used to send spans, because JAEGER_ENDPOINT is set",
				overUDP,
			},
		},
		{
			name: "agent's host beside endpoint still moves the sampler",
			env:  []string{"JAEGER_ENDPOINT=http://c/api/traces", "JAEGER_AGENT_HOST=::1"},
			want: func(c *config.Config) {
				c.Reporter.Collector.Endpoint = "http://c/api/traces"
				c.Sampler.Endpoint = "http://[::1]:5778/sampling"
			},
			warnings: []string{"JAEGER_AGENT_HOST: not used to send spans, because JAEGER_ENDPOINT is set", overUDP},
		},
		{
			name: "agent's host over the file's sampling server",
			file: "sampler:\n  endpoint: http://s/sampling\n",
			env:  []string{"JAEGER_AGENT_HOST=a"},
			want: func(c *config.Config) {
				c.Reporter.Agent.Host = "a"
				c.Sampler.Endpoint = "http://a:5778/sampling"
			},
			warnings: []string{
				"JAEGER_AGENT_HOST: moves sampler.endpoint of config.yaml:2 to http://a:5778/sampling, as in jaeger-client-go",
				"hint: set JAEGER_SAMPLING_ENDPOINT to keep it",
			},
		},
		{
			name: "sampling endpoint over all",
			env: []string{
				"JAEGER_SAMPLING_ENDPOINT=http://s/x", "JAEGER_SAMPLER_MANAGER_HOST_PORT=http://m/x", "JAEGER_AGENT_HOST=a",
			},
			want: func(c *config.Config) {
				c.Reporter.Agent.Host = "a"
				c.Sampler.Endpoint = "http://s/x"
			},
			warnings: []string{
				"JAEGER_SAMPLER_MANAGER_HOST_PORT: ignored, because JAEGER_SAMPLING_ENDPOINT is set",
				"hint: unset JAEGER_SAMPLER_MANAGER_HOST_PORT",
			},
		},
		{
			name: "deprecated over the agent's host",
			env:  []string{"JAEGER_SAMPLER_MANAGER_HOST_PORT=http://m/x", "JAEGER_AGENT_HOST=a"},
			want: func(c *config.Config) {
				c.Reporter.Agent.Host = "a"
				c.Sampler.Endpoint = "http://m/x"
			},
			warnings: []string{
				"JAEGER_SAMPLER_MANAGER_HOST_PORT: deprecated",
				"hint: set JAEGER_SAMPLING_ENDPOINT instead, which is a complete URL too",
			},
		},
		{
			name: "credentials without endpoint",
			env:  []string{"JAEGER_USER=u", "JAEGER_PASSWORD=hunter2"},
			want: func(*config.Config) {},
			warnings: []string{
				"JAEGER_USER, JAEGER_PASSWORD: ignored, because JAEGER_ENDPOINT is not set",
				"hint: set JAEGER_ENDPOINT too, or OTDEMO_REPORTER_COLLECTOR_USER and _PASSWORD instead",
			},
		},
		{
			name: "the file's credentials are not for JAEGER_ENDPOINT",
			file: "reporter.collector: {endpoint: 'http://f/api/traces', user: u, password: hunter2}",
			env:  []string{"JAEGER_ENDPOINT=http://c/api/traces"},
			want: func(c *config.Config) { c.Reporter.Collector.Endpoint = "http://c/api/traces" },
			warnings: []string{
				"config.yaml:1: reporter.collector.user is not sent to JAEGER_ENDPOINT, which is another collector",
				"hint: set JAEGER_USER and JAEGER_PASSWORD",
				"config.yaml:1: reporter.collector.password is not sent to JAEGER_ENDPOINT, which is another collector",
				"hint: set JAEGER_USER and JAEGER_PASSWORD",
			},
		},
		{
			name: "interval of a reconnect that is off",
			env: []string{
				"JAEGER_REPORTER_ATTEMPT_RECONNECTING_DISABLED=true", "JAEGER_REPORTER_ATTEMPT_RECONNECT_INTERVAL=x",
			},
			want: func(c *config.Config) { c.Reporter.Agent.Reconnect = false },
			warnings: []string{
				"JAEGER_REPORTER_ATTEMPT_RECONNECT_INTERVAL: ignored, because JAEGER_REPORTER_ATTEMPT_RECONNECTING_DISABLED is true",
				"hint: unset JAEGER_REPORTER_ATTEMPT_RECONNECTING_DISABLED",
			},
		},
		{
			name: "misspelt and foreign",
			env: []string{
				"JAEGER_AGENT_HOTS=a", "JAEGER_SAMPLERTYPE=const", "JAEGER_TAG=a",
				"JAEGER_LISTEN_HOST=0.0.0.0", "JAEGER_PROPAGATION=b3", "JAEGER_SAMPLER_NOT_PARENT_BASED=1", "JAEGER_QUERY_URL=x",
				"JAEGER_AGENT_SERVICE_HOST=10.0.0.1", "JAEGER_AGENT_PORT_6831_UDP=udp://10.0.0.1:6831",
			},
			want: func(*config.Config) {},
			warnings: []string{
				"JAEGER_AGENT_HOTS: neither otdemo nor jaeger-client-go reads this variable",
				"hint: did you mean JAEGER_AGENT_HOST?",
				"JAEGER_SAMPLERTYPE: neither otdemo nor jaeger-client-go reads this variable",
				"hint: did you mean JAEGER_SAMPLER_TYPE?",
				"JAEGER_TAG: neither otdemo nor jaeger-client-go reads this variable",
				"hint: did you mean JAEGER_TAGS?",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			loaded := mustLoad(t, config.Source{Dir: dirWith(t, tt.file), Environ: tt.env})
			want := resolved()
			tt.want(&want)
			if diff := cmp.Diff(want, loaded.Config); diff != "" {
				t.Errorf("Config (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.warnings, warned(loaded)); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}
