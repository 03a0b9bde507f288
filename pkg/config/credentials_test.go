package config_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/config"
)

// TestCredentialsStayWithTheirEndpoint combines every place that a login can come
// from with every place that names the collector.
func TestCredentialsStayWithTheirEndpoint(t *testing.T) {
	t.Parallel()
	const (
		fileEnd  = "reporter.collector.endpoint: http://file/api/traces\n"
		fileAuth = "reporter.collector.user: fu\nreporter.collector.password: fp\n"
		none     = ""
	)
	envAuth := []string{"OTDEMO_REPORTER_COLLECTOR_USER=eu", "OTDEMO_REPORTER_COLLECTOR_PASSWORD=ep"}
	jaegerAuth := []string{"JAEGER_ENDPOINT=http://jaeger/api/traces", "JAEGER_USER=ju", "JAEGER_PASSWORD=jp"}
	envEnd := []string{"OTDEMO_REPORTER_COLLECTOR_ENDPOINT=http://env/api/traces"}
	flagEnd := []config.Flag{{Name: "--collector-endpoint", Key: "reporter.collector.endpoint", Value: "http://flag/api/traces"}}
	type place int
	const (
		foundFile place = iota // ./config.yaml
		userFile
		namedFile // --config FILE
	)
	tests := []struct {
		name  string
		file  string
		where place
		env   []string
		flags []config.Flag
		want  string // user, or none
	}{
		{"file to itself", fileEnd + fileAuth, foundFile, nil, nil, "fu"},
		{"user's file to itself", fileEnd + fileAuth, userFile, nil, nil, "fu"},
		{"named file to itself", fileEnd + fileAuth, namedFile, nil, nil, "fu"},
		{"environment to found file", fileEnd, foundFile, envAuth, nil, none},
		{"password of environment to found file", fileEnd + "reporter.collector.user: fu\n", foundFile, envAuth[1:], nil, none},
		{"user of environment to found file", fileEnd + "reporter.collector.password: fp\n", foundFile, envAuth[:1], nil, none},
		{"environment to found file that has a login", fileEnd + fileAuth, foundFile, envAuth, nil, none},
		{"environment to user's file", fileEnd, userFile, envAuth, nil, "eu"},
		{"environment to named file", fileEnd, namedFile, envAuth, nil, "eu"},
		{"environment to environment", "", foundFile, append(envEnd, envAuth...), nil, "eu"},
		{"environment to environment over found file", fileEnd, foundFile, append(envEnd, envAuth...), nil, "eu"},
		{"environment to JAEGER_ENDPOINT", "", foundFile, append(jaegerAuth[:1:1], envAuth...), nil, "eu"},
		{"environment to flag", "", foundFile, envAuth, flagEnd, "eu"},
		{"environment to flag over found file", fileEnd, foundFile, envAuth, flagEnd, "eu"},
		{"environment with its endpoint to flag", "", foundFile, append(envEnd, envAuth...), flagEnd, none},
		{"JAEGER_* to itself", "", foundFile, jaegerAuth, nil, "ju"},
		{"JAEGER_* to OTDEMO_*", "", foundFile, append(envEnd, jaegerAuth...), nil, none},
		{"JAEGER_* to flag", "", foundFile, jaegerAuth, flagEnd, none},
		{"file without endpoint to environment", fileAuth, userFile, envEnd, nil, "fu"},
		{"file without endpoint to flag", fileAuth, userFile, nil, flagEnd, "fu"},
		{"file with its endpoint to environment", fileEnd + fileAuth, userFile, envEnd, nil, none},
		{"file with its endpoint to flag", fileEnd + fileAuth, userFile, nil, flagEnd, none},
		{"named file with its endpoint to flag", fileEnd + fileAuth, namedFile, nil, flagEnd, none},
		{"found file without endpoint to JAEGER_ENDPOINT", fileAuth, foundFile, jaegerAuth[:1], nil, none},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			src := config.Source{Dir: t.TempDir(), UserDir: t.TempDir(), Environ: tt.env, Flags: tt.flags}
			if tt.file != "" {
				switch tt.where {
				case foundFile:
					write(t, filepath.Join(src.Dir, "config.yaml"), tt.file)
				case userFile:
					write(t, filepath.Join(src.UserDir, "otdemo", "config.yaml"), tt.file)
				case namedFile:
					write(t, filepath.Join(src.Dir, "named.yaml"), tt.file)
					src.File = "named.yaml"
				}
			}
			loaded := mustLoad(t, src)
			got := loaded.Config.Reporter.Collector
			if got.User != tt.want || (got.Password == "") != (tt.want == "") {
				t.Errorf("%q:%q is sent to %s, want user %q", got.User, got.Password, got.Endpoint, tt.want)
			}
			said := strings.Join(warned(loaded), "\n")
			if (tt.want == none) != strings.Contains(said, "not sent to") {
				t.Errorf("warnings are %q, want one exactly if a login is left out", said)
			}
			for _, secret := range []string{"fp", "ep", "jp"} {
				if strings.Contains(said, secret+" ") || strings.HasSuffix(said, secret) {
					t.Errorf("a warning shows a password: %q", said)
				}
			}
			if shown := value(t, loaded, "reporter.collector.user").Text; shown != tt.want {
				t.Errorf("otdemo config shows user %q, want %q", shown, tt.want)
			}
		})
	}
}

func TestSameHostAnyPortButNoLessTLS(t *testing.T) {
	t.Parallel()
	tests := []struct {
		beside, flag string
		sent         bool
	}{
		{"http://a/api/traces", "http://a:14268/api/traces", true},
		{"http://a/api/traces", "https://A/api/traces", true},
		{"https://a/api/traces", "https://a:8443/x", true},
		{"https://a/api/traces", "http://a/api/traces", false},
		{"http://a/api/traces", "http://a.example.com/api/traces", false},
	}
	for _, tt := range tests {
		loaded := mustLoad(t, config.Source{
			Dir:   dirWith(t, "reporter.collector: {endpoint: '"+tt.beside+"', user: u, password: p}"),
			Flags: []config.Flag{{Name: "--collector-endpoint", Key: "reporter.collector.endpoint", Value: tt.flag}},
		})
		if got := loaded.Config.Reporter.Collector.User == "u"; got != tt.sent {
			t.Errorf("login beside %s is sent to %s: %v, want %v", tt.beside, tt.flag, got, tt.sent)
		}
	}
}

func TestOTLPHeadersStayWithTheirEndpoint(t *testing.T) {
	t.Parallel()
	const file = "tracer: otel\nreporter.collector.endpoint: http://file/v1/traces\n"
	headers := []string{"OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20t0p"}
	otelEnd := "OTEL_EXPORTER_OTLP_ENDPOINT=http://otel:4318"
	flagEnd := []config.Flag{{Name: "--collector-endpoint", Key: "reporter.collector.endpoint", Value: "http://flag/v1/traces"}}
	tests := []struct {
		name, file, named string
		env               []string
		flags             []config.Flag
		warnings          []string // none: they are sent
	}{
		{name: "to found file", file: file, env: headers, warnings: []string{
			"OTEL_EXPORTER_OTLP_HEADERS is not sent to http://file/v1/traces, because config.yaml:2 sets that endpoint and was only found in the working directory",
			"hint: if http://file/v1/traces is intended, set OTDEMO_REPORTER_COLLECTOR_ENDPOINT to it, or name the file: --config config.yaml",
		}},
		{
			name: "traces' own to found file", file: file, env: []string{"OTEL_EXPORTER_OTLP_TRACES_HEADERS=x-api-key=k"},
			warnings: []string{
				"OTEL_EXPORTER_OTLP_TRACES_HEADERS is not sent to http://file/v1/traces, because config.yaml:2 sets that endpoint and was only found in the working directory",
				"hint: if http://file/v1/traces is intended, set OTDEMO_REPORTER_COLLECTOR_ENDPOINT to it, or name the file: --config config.yaml",
			},
		},
		{name: "to named file", file: file, named: "config.yaml", env: headers},
		{name: "to OpenTelemetry's endpoint", file: file, env: append(headers, otelEnd)},
		{name: "to the default", file: "tracer: otel\n", env: headers},
		{name: "to flag", file: file, env: headers, flags: flagEnd},
		{
			name: "with their endpoint to flag", file: "tracer: otel\n", env: append(headers, otelEnd), flags: flagEnd,
			warnings: []string{
				"OTEL_EXPORTER_OTLP_HEADERS is not sent to http://flag/v1/traces of --collector-endpoint: intended for http://otel:4318/v1/traces, on another host",
				"hint: if http://flag/v1/traces is intended, write both in one place: " +
					"OTDEMO_REPORTER_COLLECTOR_ENDPOINT=http://flag/v1/traces OTEL_EXPORTER_OTLP_HEADERS=...",
			},
		},
		{name: "another tracer sends none", file: "tracer: zipkin\nreporter.collector.endpoint: http://file/api/v2/spans\n", env: headers},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			loaded := mustLoad(t, config.Source{Dir: dirWith(t, tt.file), File: tt.named, Environ: tt.env, Flags: tt.flags})
			if got, want := loaded.Config.Reporter.Collector.WithoutHeaders, len(tt.warnings) > 0; got != want {
				t.Errorf("WithoutHeaders is %v, want %v", got, want)
			}
			if diff := cmp.Diff(tt.warnings, warned(loaded)); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}
