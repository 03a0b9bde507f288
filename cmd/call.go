package cmd

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/plural"
)

func newCall(a *app) *cobra.Command {
	opts := newCallOptions()
	cmd := &cobra.Command{
		Use:   "call [URL]",
		Short: "Make traced HTTP calls and account for their spans",
		Long: `Make a traced HTTP call. Its trace has one span for the whole call, one for the
request, one for each hop (more than one if the server redirects), and the spans of
the server if it is traced too. --show reads the trace back from Jaeger and prints it.

-n or -z starts a load run: many calls, each with its own trace, as fast as
responses arrive or at the rate given with -q. A report on throughput and latency
follows.

--verify reads all traces back and accounts for each span: made by the client or
the server, and stored or missing. For missing spans it reports where they were
lost. docs/call.md defines each number.

--tracer selects the tracing library. Client and server may use different ones if
they share a propagation format: by default call sends the tracer's own, jaeger,
w3c and b3; --propagation changes that.

The default URL is the key call.url of the configuration, http://localhost:8000/.
` + exitCodesHelp("1 a call failed, --show did not find its trace, or --verify found spans missing",
			"3 --verify could not read the traces back, saw no span of the called service, or no trace was sampled"),
		Example: `  otdemo call
  otdemo call --show
  otdemo call --show --tracer zipkin --propagation b3,w3c
  otdemo call http://localhost:8000/gettime -o json
  otdemo call -n 10000 -c 50 --verify
  otdemo call -z 60s -q 500 --warmup 5s --verify --results run.ndjson
  otdemo call -z 10s --trace-share 0.1 -o html`,
		GroupID: groupCore,
		Args:    maxArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			request, err := opts.request.request(cmd.Context(), a.env)
			if err := errors.Join(opts.validate(cmd.Flags()), err); err != nil {
				return usageError(err)
			}
			src := a.source(cmd, urlFlag(args)...)
			src.AnyService = true
			loaded, err := loadSource(src)
			if err != nil {
				return err
			}
			a.warnAll(loaded.Warnings)
			if err := opts.traceable(loaded.Config.Tracer); err != nil {
				return usageError(err)
			}
			request.URL = loaded.Config.Call.URL
			if isLoadRun(cmd.Flags()) {
				return a.callMany(cmd.Context(), loaded.Config, request, opts)
			}
			return a.callOne(cmd.Context(), loaded.Config, request, opts)
		},
	}
	addTracerFlags(cmd.Flags())
	opts.register(cmd.Flags())
	return cmd
}

const (
	// defaultCallTimeout bounds a call as a whole, and reading its trace back.
	defaultCallTimeout = 10 * time.Second
	// defaultConcurrency keeps a local server busy without disturbing others.
	defaultConcurrency = 10
	// maxConcurrency is below what the ports of one address allow.
	maxConcurrency = 20000
)

// callOptions are the flags of call that are not keys of the configuration.
type callOptions struct {
	// run has the flags that a report repeats. A single call uses the timeout only.
	run     load.RunInfo
	show    bool
	drop    bool
	quiet   bool
	results string
	output  textFlag
	request requestFlags
}

func newCallOptions() *callOptions {
	return &callOptions{output: newEnumFlag("text", "json", "html")}
}

func (o *callOptions) register(flags *pflag.FlagSet) {
	f := &o.run
	flags.DurationVar((*time.Duration)(&f.Timeout), "timeout", defaultCallTimeout, "stop a call, or reading a trace, after this `duration`, such as 10s")
	flags.BoolVar(&o.show, "show", false, "read the trace back from Jaeger and print it")
	flags.BoolVar(&f.Verify, "verify", false, "read all traces back from Jaeger and account for each span")
	flags.VarP(&o.output, "output", "o", "output `format`: text, json or html (html for load runs only)")
	o.request.register(flags)
	flags.Int64VarP(&f.Requests, "requests", "n", 0, "make exactly `n` calls")
	flags.IntVarP(&f.Concurrency, "concurrency", "c", defaultConcurrency, "make up to `n` calls at the same time")
	flags.Float64VarP(&f.Rate, "rate", "q", 0, "start `n` calls a second in total, and measure latency from when each was due (default: as fast as responses arrive)")
	flags.DurationVarP((*time.Duration)(&f.Duration), "duration", "z", 0, "make calls for this `duration`, such as 30s")
	flags.DurationVar((*time.Duration)(&f.Warmup), "warmup", 0, "make calls for this `duration`, such as 5s, before -n and -z start to count; the report includes only their spans")
	flags.Float64Var(&f.TraceShare, "trace-share", 1, "trace this `fraction` of the calls, 0 to 1, evenly spread")
	flags.BoolVar(&o.drop, "drop", false, "drop spans when the reporter's queue is full, as a service would, instead of waiting for space")
	flags.StringVar(&o.results, "results", "", "write the result of each call to `file`, for otdemo report")
	flags.BoolVar(&o.quiet, "quiet", false, "do not show progress on the terminal")
}

func isLoadRun(flags *pflag.FlagSet) bool {
	return flags.Changed("requests") || flags.Changed("duration")
}

// validate returns all errors of the options, joined. It does not check the request,
// which needs the configuration.
func (o *callOptions) validate(flags *pflag.FlagSet) error {
	var wrong []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	f := &o.run
	check(f.Timeout > 0, "--timeout must be more than 0, got %s", time.Duration(f.Timeout))
	check(!flags.Changed("requests") || f.Requests >= 1, "-n must be at least 1, got %d", f.Requests)
	check(f.Concurrency >= 1 && f.Concurrency <= maxConcurrency, "-c must be between 1 and %d, got %d", maxConcurrency, f.Concurrency)
	check(!flags.Changed("rate") || f.Rate > 0 && !math.IsInf(f.Rate, 0), "-q must be a number above 0, got %v", f.Rate)
	check(!flags.Changed("duration") || f.Duration > 0, "-z must be more than 0, got %s", time.Duration(f.Duration))
	check(f.Warmup >= 0, "--warmup must not be negative, got %s", time.Duration(f.Warmup))
	check(f.TraceShare >= 0 && f.TraceShare <= 1, "--trace-share must be between 0 and 1, got %v", f.TraceShare)
	check(!flags.Changed("results") || o.results != "", "--results must name a file")
	alone := o.runOnly(flags)
	switch {
	case isLoadRun(flags) && o.show:
		wrong = append(wrong, hint.New(errors.New("--show works with a single call only, not with a load run"),
			"leave out --show; the report lists the slowest traces"))
	case !isLoadRun(flags) && len(alone) > 0:
		wrong = append(wrong, hint.New(fmt.Errorf("%s %s only in a load run, which -n or -z starts",
			strings.Join(alone, ", "), plural.Word(len(alone), "works", "work")), "add -n 1000 or -z 10s"))
	}
	return errors.Join(wrong...)
}

// runOnly returns the given flags that only a load run uses.
func (o *callOptions) runOnly(flags *pflag.FlagSet) []string {
	var given []string
	for _, name := range []string{"concurrency", "rate", "warmup", "trace-share", "drop", "results"} {
		switch f := flags.Lookup(name); {
		case !f.Changed:
		case f.Shorthand != "":
			given = append(given, "-"+f.Shorthand)
		default:
			given = append(given, "--"+name)
		}
	}
	if o.output.text == "html" {
		given = append(given, "-o html")
	}
	return given
}

// traceable returns an error if the tracer cannot leave out single traces: only
// jaeger-client-go honours the tag sampling.priority when a span starts.
func (o *callOptions) traceable(tracer string) error {
	share := o.run.TraceShare
	if share == 1 || tracer == config.TracerJaeger || tracer == config.TracerNoop {
		return nil
	}
	return hint.New(fmt.Errorf("--trace-share %v: tracer %s cannot select single calls", share, tracer),
		fmt.Sprintf("use its sampler instead: --sampler-type %s --sampler-param %v", config.SamplerProbabilistic, share))
}
