package config_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/config"
)

// checkLoaded states what holds for every configuration that Load lets pass:
// its values, said again as OTDEMO_* variables, are the same configuration.
func checkLoaded(t *testing.T, loaded *config.Loaded) {
	t.Helper()
	if _, err := url.Parse(loaded.Config.SamplingURL()); err != nil {
		t.Errorf("SamplingURL: %v", err)
	}
	var again config.Source
	for _, v := range loaded.Values {
		if key, _ := config.Lookup(v.Key); !v.Secret && key.Type != config.TypeTags {
			again.Environ = append(again.Environ, key.Otdemo+"="+v.Text)
		}
	}
	want := loaded.Config
	// What has no text form is left out.
	want.Tags = nil
	c := &want.Reporter.Collector
	*c = config.Collector{}
	again.Environ = deleteCredentials(again.Environ)
	for _, v := range loaded.Values {
		if !v.Secret {
			continue
		}
		switch v.Key {
		case "query.url":
			want.Query = config.Defaults().Query
		case "call.url":
			want.Call = config.Defaults().Call
		case "sampler.endpoint":
			want.Sampler.Endpoint = ""
		}
	}
	got, err := config.Load(again)
	if err != nil {
		t.Fatalf("the values are not taken again: %q", said(err))
	}
	if diff := cmp.Diff(want, got.Config); diff != "" {
		t.Errorf("the values said again (-want +got):\n%s", diff)
	}
}

func deleteCredentials(environ []string) []string {
	var kept []string
	for _, entry := range environ {
		if !strings.HasPrefix(entry, "OTDEMO_REPORTER_COLLECTOR_") {
			kept = append(kept, entry)
		}
	}
	return kept
}

func FuzzFile(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range append(paths, "../../config.yaml") {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, text := range []string{"", "---", "--- ", "&a [*a]", "&a {x: *a}", "<<: {}", "? ", "service: !!binary AA==", "sampler: &a\n  type: *a\n", "\xff", "%YAML 9.9\n---\n", "a: &a b\n*a : c"} {
		f.Add([]byte(text))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, "config.yaml")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, src := range []config.Source{{Dir: dir}, {File: path}} {
			loaded, err := config.Load(src)
			if err != nil {
				if got := err.Error(); got == "" || strings.Contains(got, "merge configuration") {
					t.Errorf("error %q", got)
				}
				continue
			}
			checkLoaded(t, loaded)
		}
	})
}

func FuzzEnviron(f *testing.F) {
	for _, key := range config.Keys() {
		f.Add(key.Otdemo + "=" + key.Default)
		for _, name := range key.Jaeger {
			f.Add(name + "=" + key.Default + "\nJAEGER_ENDPOINT=http://c/api/traces")
		}
		for _, name := range key.OTel {
			f.Add(name + "=" + key.Default + "\nOTDEMO_TRACER=otel\nOTEL_EXPORTER_OTLP_PROTOCOL=grpc")
		}
	}
	f.Add("JAEGER_TAGS=a=${X:${Y:}},b=${:},c=${},d=${\n=x\n==\nOTDEMO_\nJAEGER_=\nOTDEMO_=1\nOTDEMO_SAMPLER_PARAM=0x1p-2")
	f.Add("OTDEMO_TRACER=otel\nOTEL_RESOURCE_ATTRIBUTES=a=%2C,b=%\nOTEL_PROPAGATORS=,b3,\nOTEL_EXPORTER_OTLP_ENDPOINT=http://u:p@[::1]:4318/%2F?q#f")
	f.Add("OTDEMO_TRACER=otel\nOTEL_TRACES_SAMPLER=jaeger_remote\nOTEL_TRACES_SAMPLER_ARG=endpoint=http://h:5778/s,pollingIntervalMs=1,initialSamplingRate=1")
	f.Fuzz(func(t *testing.T, environ string) {
		loaded, err := config.Load(config.Source{Environ: strings.Split(environ, "\n")})
		if err != nil {
			if got := err.Error(); got == "" || strings.Contains(got, "merge configuration") {
				t.Errorf("error %q", got)
			}
			return
		}
		checkLoaded(t, loaded)
	})
}
