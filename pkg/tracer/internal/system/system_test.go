package system_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
)

// The faults of a configuration that was not loaded, for both tracers that sample
// by trace id.
func TestTraceSampledErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(*config.Config)
		want   string
	}{
		{"service", func(c *config.Config) { c.Service = "" }, "service must not be empty"},
		{"queue", func(c *config.Config) { c.Reporter.QueueSize = -1 }, "reporter.queue_size must be at least 1, got -1"},
		{"flush", func(c *config.Config) { c.Reporter.FlushInterval = 0 }, "reporter.flush_interval must be positive, got 0s"},
		{"const", func(c *config.Config) { c.Sampler.Param = 2 }, "sampler.param must be 0 or 1 for const, got 2"},
		{"probabilistic", func(c *config.Config) { c.Sampler = config.Sampler{Type: "probabilistic", Param: 2} }, "sampler.param must be between 0 and 1 for probabilistic, got 2"},
		{"ratelimiting", func(c *config.Config) { c.Sampler.Type = "ratelimiting" }, `sampler.type must be const or probabilistic with tracer TRACER, got "ratelimiting"`},
		{"remote", func(c *config.Config) { c.Sampler.Type = "remote" }, `sampler.type must be const or probabilistic with tracer TRACER, got "remote"`},
		{"propagation", func(c *config.Config) { c.Propagation = []string{"xray"} }, `propagation must be any of jaeger, w3c, b3, b3-single, appdash, got "xray"`},
	} {
		for _, name := range []string{config.TracerZipkin, config.TracerAppdash} {
			cfg := testkit.ZipkinConfig("")
			cfg.Tracer = name
			test.change(&cfg)
			tr, err := tracer.New(cfg, tracer.Options{})
			if want := strings.ReplaceAll(test.want, "TRACER", name); err == nil || err.Error() != want {
				t.Errorf("%s, %s: got error %v, want %s", name, test.name, err, want)
			}
			if tr != nil {
				t.Errorf("%s, %s: got a tracer too", name, test.name)
			}
		}
	}
}

// Who asks for a sampler that the library has not is told of one that it has.
func TestSamplerHint(t *testing.T) {
	t.Parallel()
	cfg := testkit.ZipkinConfig("")
	cfg.Sampler.Type = config.SamplerRemote
	_, err := tracer.New(cfg, tracer.Options{})
	var h interface{ Hint() string }
	if !errors.As(err, &h) || !strings.Contains(h.Hint(), "--sampler-type probabilistic") {
		t.Errorf("got %v, want a hint to another sampler", err)
	}
}
