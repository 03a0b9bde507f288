package cmd

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/pkg/compare"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/load/ledger"
)

func newCompare(a *app) *cobra.Command {
	opts := &compareOptions{output: newEnumFlag("text", "json")}
	cmd := &cobra.Command{
		Use:   "compare [URL]",
		Short: "Make the same request with two tracers and show what differs",
		Long: `Make the same request with each of two tracers, read both traces back and compare
them: services, operations, parents, kinds, status, tags, logs, baggage and timing.
Then compare what a trace does not show, such as the headers that each tracer writes
and reads. Use it to check a move to another tracer;
docs/migrating-to-opentelemetry.md has a walk-through.

Without a URL the request goes to a small server in this process, which uses the
same tracer and all features of OpenTracing. With a URL the called service keeps its
own tracer, and only the caller's tracer changes.

Each side uses the configuration as it would be with that --tracer. The collector
endpoint applies to the configured tracer only; the other one sends to its default
endpoint. --from-endpoint and --to-endpoint override both. --from defaults to
--tracer.
` + exitCodesHelp("1 a difference is not ignored, a trace did not arrive, or the call failed",
			"3 a trace was not sampled, could not be read back, or has no span of the called service"),
		Example: `  otdemo compare --demo
  otdemo compare --from jaeger --to otel http://localhost:8000/
  otdemo compare --demo --ignore trace-id,process,tag:sampler.*
  otdemo compare --to otel --to-endpoint grpc://localhost:4317 -o json`,
		GroupID: groupOther,
		Args:    maxArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.timeoutGiven = cmd.Flags().Changed("timeout")
			request, err := opts.request.request(cmd.Context(), a.env)
			if err := errors.Join(opts.validate(len(args) == 1), err); err != nil {
				return usageError(err)
			}
			from, to, err := a.loadSides(cmd, opts, args)
			if err != nil {
				return err
			}
			if len(args) == 1 {
				request.URL = from.cfg.Call.URL
			}
			return a.compare(cmd.Context(), from, to, request, opts)
		},
	}
	addTracerFlags(cmd.Flags())
	opts.register(cmd.Flags())
	return cmd
}

type compareOptions struct {
	from, to                 string
	fromEndpoint, toEndpoint string
	ignore                   []string
	demo                     bool
	timeout                  time.Duration
	timeoutGiven             bool
	request                  requestFlags
	output                   textFlag
}

func (o *compareOptions) register(flags *pflag.FlagSet) {
	flags.StringVar(&o.from, "from", "", "`tracer` to move from (default: the configured one)")
	flags.StringVar(&o.to, "to", config.TracerOTel, "`tracer` to move to")
	flags.StringVar(&o.fromEndpoint, "from-endpoint", "", "send the spans of --from to the collector at `url`")
	flags.StringVar(&o.toEndpoint, "to-endpoint", "", "send the spans of --to to the collector at `url`")
	flags.StringSliceVar(&o.ignore, "ignore", nil, "ignore differences by their `ids`, such as tag:sampler.type; \"tag\" matches all tags, * any text")
	flags.BoolVar(&o.demo, "demo", false, "start an in-memory Jaeger and send the spans to it")
	flags.DurationVar(&o.timeout, "timeout", defaultCallTimeout, "stop a request, or reading its trace back, after this `duration`; if above 7s, also how long to wait for spans of the called service")
	o.request.register(flags)
	flags.VarP(&o.output, "output", "o", "output `format`: text or json")
}

// grace returns how long to wait for a service without a span: longer than usual if
// --timeout allows it.
func (o *compareOptions) grace() time.Duration {
	if o.timeoutGiven {
		return max(o.timeout, ledger.ServiceGrace)
	}
	return ledger.ServiceGrace
}

func (o *compareOptions) validate(hasURL bool) error {
	var wrong []error
	if o.timeout <= 0 {
		wrong = append(wrong, hint.New(fmt.Errorf("--timeout must be more than 0, got %s", o.timeout), "for example --timeout 10s"))
	}
	if o.demo && (o.fromEndpoint != "" || o.toEndpoint != "") {
		wrong = append(wrong, hint.New(errors.New("--demo sends the spans to its own Jaeger, not to another endpoint"),
			"leave out --demo, or --from-endpoint and --to-endpoint"))
	}
	if f := &o.request; !hasURL && (f.method != "" || f.data != "" || len(f.headers) > 0) {
		wrong = append(wrong, hint.New(errors.New("-m, -H and -d need a URL"), "for example otdemo compare URL -m POST"))
	}
	return errors.Join(wrong...)
}

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
	extra := urlFlag(args)
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
		if !loaded.Config.MakesSpans() {
			return nil, usageError(hint.New(fmt.Errorf("%s: the tracer makes no spans to compare", flag), "for example --from jaeger --to otel"))
		}
		warnings = append(warnings, loaded.Warnings)
		return &compareSide{cfg: loaded.Config, Side: compare.Side{Tracer: loaded.Config.Tracer}}, nil
	}
	from, fromErr := load("--from", cmp.Or(opts.from, configured), opts.fromEndpoint)
	to, toErr := load("--to", opts.to, opts.toEndpoint)
	if err := errors.Join(fromErr, toErr); err != nil {
		return nil, nil, err
	}
	// A warning for one tracer only, such as an agent's port for one without an agent,
	// is about a key that is meant for the other one.
	a.warnAll(slices.DeleteFunc(warnings[0], func(w config.Warning) bool { return !slices.Contains(warnings[1], w) }))
	return from, to, nil
}

// namesItsEndpoint reports whether the endpoint comes from an OTEL_* variable, which
// only applies to the tracer otel.
func namesItsEndpoint(loaded *config.Loaded) bool {
	return slices.ContainsFunc(loaded.Values, func(v config.Value) bool {
		return v.Key == "reporter.collector.endpoint" && strings.HasPrefix(v.Origin.Detail, "OTEL_")
	})
}
