package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/config"
)

// said returns the lines that a user is shown for an error of Load: each fault,
// then its hint.
func said(err error) []string {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []string{"not joined: " + err.Error()}
	}
	var lines []string
	for _, err := range joined.Unwrap() {
		lines = append(lines, err.Error())
		var hinter interface{ Hint() string }
		if errors.As(err, &hinter) && hinter.Hint() != "" {
			lines = append(lines, "hint: "+hinter.Hint())
		}
	}
	return lines
}

// warned returns the lines of l's warnings in the same form.
func warned(l *config.Loaded) []string {
	var lines []string
	for _, w := range l.Warnings {
		lines = append(lines, w.Text)
		if w.Hint != "" {
			lines = append(lines, "hint: "+w.Hint)
		}
	}
	return lines
}

// dirWith returns a directory whose config.yaml holds text.
func dirWith(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "config.yaml"), text)
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// resolved returns the defaults as Load returns them: with the tracer's own
// header format in place of none.
func resolved() config.Config {
	c := config.Defaults()
	c.Propagation = []string{config.PropagationJaeger}
	return c
}

func mustLoad(t *testing.T, src config.Source) *config.Loaded {
	t.Helper()
	loaded, err := config.Load(src)
	if err != nil {
		t.Fatalf("Load: %q", said(err))
	}
	return loaded
}

func value(t *testing.T, l *config.Loaded, key string) config.Value {
	t.Helper()
	for _, v := range l.Values {
		if v.Key == key {
			return v
		}
	}
	t.Fatalf("no value for %s", key)
	return config.Value{}
}

func TestLoadNothing(t *testing.T) {
	t.Parallel()
	loaded := mustLoad(t, config.Source{Dir: t.TempDir(), UserDir: t.TempDir()})
	if diff := cmp.Diff(resolved(), loaded.Config); diff != "" {
		t.Errorf("Config without any source (-want +got):\n%s", diff)
	}
	if loaded.File != "" || len(loaded.Warnings) > 0 {
		t.Errorf("File = %q, Warnings = %q, want none", loaded.File, warned(loaded))
	}
	for _, v := range loaded.Values {
		if got := v.Origin; got != (config.Origin{}) {
			t.Errorf("origin of %s = %v, want default", v.Key, got)
		}
	}
}

// TestEveryField reads a file that gives every key a value of its own.
func TestEveryField(t *testing.T) {
	t.Parallel()
	want := config.Config{
		Tracer: "noop", Service: "shop", Disabled: true, TraceID128Bit: true,
		Sampler: config.Sampler{
			Type: config.SamplerRemote, Param: 0.25, Endpoint: "https://jaeger/sampling",
			RefreshInterval: 5 * time.Second, MaxOperations: 7,
		},
		Reporter: config.Reporter{
			Agent: config.Agent{
				Host: "::1", Port: 16831, MaxPacketSize: 1472, ReconnectInterval: 90 * time.Second,
			},
			Collector: config.Collector{Endpoint: "https://jaeger/api/traces", User: "me", Password: "007"},
			QueueSize: 5, FlushInterval: 10 * time.Millisecond, LogSpans: true,
		},
		Propagation: []string{"w3c", "b3-single"},
		Tags:        []config.Tag{{Name: "Region", Value: "eu"}, {Name: "a.b", Value: "1.10"}},
		Query:       config.Query{URL: "https://jaeger/ui"},
		Serve:       config.Serve{Host: "0.0.0.0", Port: 0},
		Call:        config.Call{URL: "http://shop/"},
	}
	loaded := mustLoad(t, config.Source{Dir: "testdata", File: "every.yaml"})
	if diff := cmp.Diff(want, loaded.Config); diff != "" {
		t.Errorf("Config (-want +got):\n%s", diff)
	}
	for _, v := range loaded.Values {
		if v.Origin.Layer != config.LayerFile {
			t.Errorf("origin of %s = %v, want a line of the file", v.Key, v.Origin)
		}
	}
}

// layers has for each key the text that a layer gives it, so that each layer can
// be laid upon those below; one that does not name the key has "".
type layers struct {
	key    string
	file   string // YAML
	jaeger string // NAME=value
	otdemo string
	flag   string
	base   string // YAML that makes the values valid
	want   [5]string
}

func precedence() []layers {
	return []layers{
		{key: "tracer", file: "noop", otdemo: "Zipkin", flag: "otel", want: [5]string{"jaeger", "noop", "noop", "zipkin", "otel"}},
		{key: "service", file: "a", jaeger: "JAEGER_SERVICE_NAME=b", otdemo: "c", flag: "d", want: [5]string{"", "a", "b", "c", "d"}},
		{key: "disabled", file: "true", jaeger: "JAEGER_DISABLED=F", otdemo: "1", flag: "false", want: [5]string{"false", "true", "false", "true", "false"}},
		{key: "trace_id_128bit", file: "true", jaeger: "JAEGER_TRACEID_128BIT=0", otdemo: "TRUE", flag: "f", want: [5]string{"false", "true", "false", "true", "false"}},
		{key: "rpc_metrics", file: "false", jaeger: "JAEGER_RPC_METRICS=t", otdemo: "0", flag: "true", want: [5]string{"true", "false", "true", "false", "true"}},
		{key: "sampler.type", file: "remote", jaeger: "JAEGER_SAMPLER_TYPE=RateLimiting", otdemo: "CONST", flag: "probabilistic", want: [5]string{"const", "remote", "ratelimiting", "const", "probabilistic"}},
		{key: "sampler.param", base: "sampler.type: ratelimiting\n", file: "2", jaeger: "JAEGER_SAMPLER_PARAM=3.5", otdemo: "4e2", flag: "5", want: [5]string{"1", "2", "3.5", "400", "5"}},
		{key: "sampler.endpoint", file: "http://a/s", jaeger: "JAEGER_SAMPLING_ENDPOINT=http://b/s", otdemo: "http://c/s", flag: "http://d/s", want: [5]string{"", "http://a/s", "http://b/s", "http://c/s", "http://d/s"}},
		{key: "sampler.refresh_interval", file: "2m", jaeger: "JAEGER_SAMPLER_REFRESH_INTERVAL=3m30s", otdemo: "4h", flag: "500ms", want: [5]string{"1m", "2m", "3m30s", "4h", "500ms"}},
		{key: "sampler.max_operations", file: "1", jaeger: "JAEGER_SAMPLER_MAX_OPERATIONS=2", otdemo: "3", flag: "4", want: [5]string{"2000", "1", "2", "3", "4"}},
		{key: "reporter.agent.host", file: "a", jaeger: "JAEGER_AGENT_HOST=::1", otdemo: "10.0.0.1", flag: "d", want: [5]string{"localhost", "a", "::1", "10.0.0.1", "d"}},
		{key: "reporter.agent.port", file: "1", jaeger: "JAEGER_AGENT_PORT=2", otdemo: "3", flag: "65535", want: [5]string{"6831", "1", "2", "3", "65535"}},
		{key: "reporter.agent.max_packet_size", file: "1_472", otdemo: "9000", flag: "508", want: [5]string{"65000", "1472", "1472", "9000", "508"}},
		{key: "reporter.agent.reconnect", file: "false", jaeger: "JAEGER_REPORTER_ATTEMPT_RECONNECTING_DISABLED=false", otdemo: "false", flag: "true", want: [5]string{"true", "false", "true", "false", "true"}},
		{key: "reporter.agent.reconnect_interval", file: "1s", jaeger: "JAEGER_REPORTER_ATTEMPT_RECONNECT_INTERVAL=2s", otdemo: "3s", flag: "4s", want: [5]string{"30s", "1s", "2s", "3s", "4s"}},
		{key: "reporter.collector.endpoint", file: "http://a:14268/api/traces", jaeger: "JAEGER_ENDPOINT=http://b:14268/api/traces", otdemo: "https://c/api/traces", flag: "", want: [5]string{"", "http://a:14268/api/traces", "http://b:14268/api/traces", "https://c/api/traces", ""}},
		{key: "reporter.queue_size", file: "1", jaeger: "JAEGER_REPORTER_MAX_QUEUE_SIZE=2", otdemo: "3", flag: "4", want: [5]string{"10000", "1", "2", "3", "4"}},
		{key: "reporter.flush_interval", file: "10ms", jaeger: "JAEGER_REPORTER_FLUSH_INTERVAL=2s", otdemo: "3s", flag: "1h", want: [5]string{"1s", "10ms", "2s", "3s", "1h"}},
		{key: "reporter.log_spans", file: "true", jaeger: "JAEGER_REPORTER_LOG_SPANS=0", otdemo: "t", flag: "false", want: [5]string{"false", "true", "false", "true", "false"}},
		{key: "propagation", file: "[b3-single]", otdemo: " W3C, b3", flag: "", want: [5]string{"jaeger", "b3-single", "b3-single", "w3c,b3", "jaeger"}},
		{key: "tags", file: "[{name: a, value: 1.10}, {name: b, value: 'x,y'}]", jaeger: "JAEGER_TAGS=c=2, d = 3", otdemo: "e=${NOPE:4}", flag: "", want: [5]string{"", `a=1.10,b="x,y"`, "c=2,d=3", "e=4", ""}},
		{key: "query.url", file: "http://a", otdemo: "http://[::1]:16686/jaeger", flag: "https://c", want: [5]string{"http://localhost:16686", "http://a", "http://a", "http://[::1]:16686/jaeger", "https://c"}},
		{key: "serve.host", file: "0.0.0.0", otdemo: "::", flag: "fe80::1%eth0", want: [5]string{"127.0.0.1", "0.0.0.0", "0.0.0.0", "::", "fe80::1%eth0"}},
		{key: "serve.port", file: "0", otdemo: "1", flag: "2", want: [5]string{"8000", "0", "0", "1", "2"}},
		{key: "call.url", file: "http://a/?q=1", otdemo: "http://b", flag: "http://c", want: [5]string{"http://localhost:8000/", "http://a/?q=1", "http://a/?q=1", "http://b", "http://c"}},
	}
}

// TestPrecedence lays the layers of each key upon each other, one more a time.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	for _, tt := range precedence() {
		t.Run(tt.key, func(t *testing.T) {
			t.Parallel()
			variable := "OTDEMO_" + strings.ToUpper(strings.ReplaceAll(tt.key, ".", "_"))
			name, _, _ := strings.Cut(tt.jaeger, "=")
			flag := config.Flag{Name: "--some-flag", Key: tt.key, Value: tt.flag}

			src := config.Source{Dir: t.TempDir(), Environ: []string{variable + "=", name + "="}}
			if tt.base != "" {
				src.Dir = dirWith(t, tt.base)
			}
			check := func(layer int, origin config.Origin) {
				t.Helper()
				got := value(t, mustLoad(t, src), tt.key)
				want := config.Value{Key: tt.key, Text: tt.want[layer], Origin: origin}
				if tt.key == "propagation" && want.Text == "jaeger" {
					want.Note = "call sends jaeger,w3c,b3" // nobody has chosen
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("with %d layers (-want +got):\n%s", layer, diff)
				}
			}
			check(0, config.Origin{})
			src.Dir = dirWith(t, tt.key+": "+tt.file+"\n"+tt.base)
			origin := config.Origin{Layer: config.LayerFile, Detail: "config.yaml:1"}
			check(1, origin)
			src.Environ = nil
			if tt.jaeger != "" {
				origin = config.Origin{Layer: config.LayerJaeger, Detail: name}
				src.Environ = []string{tt.jaeger}
			}
			check(2, origin)
			src.Environ = append(src.Environ, variable+"="+tt.otdemo)
			check(3, config.Origin{Layer: config.LayerOtdemo, Detail: variable})
			src.Flags = []config.Flag{flag}
			check(4, config.Origin{Layer: config.LayerFlag, Detail: "--some-flag"})
		})
	}
}

// TestPrecedenceIsComplete keeps the table above in step with the keys. User and
// password come in pairs, so TestCredentials has them.
func TestPrecedenceIsComplete(t *testing.T) {
	t.Parallel()
	want := []string{"reporter.collector.user", "reporter.collector.password"}
	tested := map[string]bool{}
	for _, tt := range precedence() {
		tested[tt.key] = true
	}
	var got []string
	for _, key := range config.Keys() {
		if !tested[key.Name] {
			got = append(got, key.Name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys without a row (-want +got):\n%s", diff)
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	src := config.Source{
		Dir: dirWith(t, "reporter.collector: {endpoint: 'http://u:p@a/api/traces', user: fu, password: fp}\n"),
	}
	check := func(wantUser, wantPassword string, layer config.Layer) *config.Loaded {
		t.Helper()
		loaded := mustLoad(t, src)
		c := loaded.Config.Reporter.Collector
		if c.User != wantUser || c.Password != wantPassword {
			t.Errorf("user, password = %q, %q, want %q, %q", c.User, c.Password, wantUser, wantPassword)
		}
		v := value(t, loaded, "reporter.collector.password")
		if !v.Secret || v.Origin.Layer != layer || strings.Contains(v.Text, "p") {
			t.Errorf("password shown as %+v, want it hidden, from %v", v, layer)
		}
		return loaded
	}
	loaded := check("fu", "fp", config.LayerFile)
	if got, want := value(t, loaded, "reporter.collector.endpoint").Text, "http://(hidden)@a/api/traces"; got != want {
		t.Errorf("endpoint shown as %q, want %q", got, want)
	}
	src.Environ = []string{"JAEGER_ENDPOINT=http://b/api/traces", "JAEGER_USER=ju", "JAEGER_PASSWORD=jp"}
	check("ju", "jp", config.LayerJaeger)
	src.Environ = append(src.Environ, "OTDEMO_REPORTER_COLLECTOR_USER=ou", "OTDEMO_REPORTER_COLLECTOR_PASSWORD=op")
	check("ou", "op", config.LayerOtdemo)
	src.Flags = []config.Flag{
		{Name: "--user", Key: "reporter.collector.user", Value: "xu"},
		{Name: "--password", Key: "reporter.collector.password", Value: "xp"},
	}
	check("xu", "xp", config.LayerFlag)
}

// TestOriginText pins the words that `otdemo config` prints, in JSON as well.
func TestOriginText(t *testing.T) {
	t.Parallel()
	want := []string{"default", "file", "jaeger", "otel", "otdemo", "flag"}
	var got []string
	for layer := config.LayerDefault; layer <= config.LayerFlag; layer++ {
		got = append(got, layer.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("layers (-want +got):\n%s", diff)
	}
	if got, want := (config.Origin{}).String(), "default"; got != want {
		t.Errorf("Origin{} = %q, want %q", got, want)
	}
	if got, want := (config.Origin{Layer: config.LayerFile, Detail: "config.yaml:3"}).String(), "config.yaml:3"; got != want {
		t.Errorf("origin of a line = %q, want %q", got, want)
	}
}
