package cmd

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otdemo/otdemo/pkg/allinone"
	"github.com/otdemo/otdemo/pkg/compare"
	"github.com/otdemo/otdemo/pkg/config"
)

// compareSide is one of the two tracers with its configuration and, once the
// request was made, its trace.
type compareSide struct {
	compare.Side
	cfg config.Config
	// service is the caller's service name, own the number of spans it made.
	service string
	own     int64
	// spans is the number of spans made in this process, or math.MaxInt64 if another
	// service makes spans too; lost is the number of those that were not sent.
	spans, lost int64
}

// loadSides loads the configuration once for each side, as it would be with that tracer.
func (a *app) loadSides(cmd *cobra.Command, opts *compareOptions, args []string) (from, to *compareSide, err error) {
	var extra []config.Flag
	if len(args) == 1 {
		extra = append(extra, config.Flag{Name: "URL", Key: "call.url", Value: args[0]})
	}
	base, err := a.load(cmd, extra...)
	if err != nil {
		return nil, nil, err
	}
	// The endpoint in the configuration is that of this tracer.
	configured := base.Config.Tracer
	var warnings [][]config.Warning
	load := func(flag, tracer, endpoint string) (*compareSide, error) {
		own := append(slices.Clone(extra), config.Flag{Name: flag, Key: "tracer", Value: tracer})
		if endpoint != "" {
			own = append(own, config.Flag{Name: flag + "-endpoint", Key: "reporter.collector.endpoint", Value: endpoint})
		}
		loaded, err := a.load(cmd, own...)
		if err != nil {
			return nil, err
		}
		if tracer != configured && endpoint == "" && !namesItsEndpoint(loaded) {
			loaded.Config.Reporter.Collector = config.Collector{}
		}
		warnings = append(warnings, loaded.Warnings)
		return newCompareSide(flag, loaded.Config)
	}
	from, fromErr := load("--from", cmp.Or(opts.from, configured), opts.fromEndpoint)
	to, toErr := load("--to", opts.to, opts.toEndpoint)
	if err := errors.Join(fromErr, toErr); err != nil {
		return nil, nil, err
	}
	// A warning for one tracer only, such as an agent's port for one without an agent,
	// is about a key that is meant for the other one.
	a.warn(slices.DeleteFunc(warnings[0], func(w config.Warning) bool { return !slices.Contains(warnings[1], w) }))
	return from, to, nil
}

// useBackend points the side at the embedded Jaeger.
func (s *compareSide) useBackend(backend *allinone.Backend) error {
	s.cfg.Reporter.Collector = config.Collector{}
	system := demoSystem{backend: backend, cfg: s.cfg}
	err := system.useBackend()
	s.cfg = system.cfg
	return err
}

// namesItsEndpoint reports whether the endpoint comes from an OTEL_* variable, which
// only applies to the tracer otel.
func namesItsEndpoint(loaded *config.Loaded) bool {
	for _, v := range loaded.Values {
		if v.Key == "reporter.collector.endpoint" {
			return strings.HasPrefix(v.Origin.Detail, "OTEL_")
		}
	}
	return false
}

func newCompareSide(flag string, cfg config.Config) (*compareSide, error) {
	if !cfg.MakesSpans() {
		return nil, usageError(withHint(fmt.Errorf("%s: the tracer makes no spans to compare", flag), "for example --from jaeger --to otel"))
	}
	return &compareSide{cfg: cfg, Side: compare.Side{Tracer: cfg.Tracer}}, nil
}
