package cmd

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/plural"
)

// callOptions are the flags of call that are not keys of the configuration.
type callOptions struct {
	timeout time.Duration
	show    bool
	verify  bool
	output  enumFlag
	request requestFlags
	load    loadFlags
}

const (
	// defaultCallTimeout bounds a call as a whole, and reading its trace back.
	defaultCallTimeout = 10 * time.Second
	// defaultConcurrency keeps a local server busy without disturbing others.
	defaultConcurrency = 10
	// maxConcurrency is below what the ports of one address allow.
	maxConcurrency = 20000
)

// loadFlags are the flags of a load run.
type loadFlags struct {
	requests    int64
	concurrency int
	rate        float64
	duration    time.Duration
	warmup      time.Duration
	share       float64
	drop        bool
	results     string
	quiet       bool
}

func newCallOptions() callOptions {
	return callOptions{timeout: defaultCallTimeout, output: newEnumFlag("text", "json", "html")}
}

func (o *callOptions) register(flags *pflag.FlagSet) {
	flags.DurationVar(&o.timeout, "timeout", o.timeout, "stop a call, or reading a trace, after this `duration`, such as 10s")
	flags.BoolVar(&o.show, "show", false, "read the trace back from Jaeger and print it")
	flags.BoolVar(&o.verify, "verify", false, "read all traces back from Jaeger and account for each span")
	flags.VarP(&o.output, "output", "o", "output `format`: text, json or html (html for load runs only)")
	o.request.register(flags)
	o.load.register(flags)
}

func (f *loadFlags) register(flags *pflag.FlagSet) {
	flags.Int64VarP(&f.requests, "requests", "n", 0, "make exactly `n` calls")
	flags.IntVarP(&f.concurrency, "concurrency", "c", defaultConcurrency, "make up to `n` calls at the same time")
	flags.Float64VarP(&f.rate, "rate", "q", 0, "start `n` calls a second in total, and measure latency from when each was due (default: as fast as responses arrive)")
	flags.DurationVarP(&f.duration, "duration", "z", 0, "make calls for this `duration`, such as 30s")
	flags.DurationVar(&f.warmup, "warmup", 0, "make calls for this `duration`, such as 5s, before -n and -z start to count; the report includes only their spans")
	flags.Float64Var(&f.share, "trace-share", 1, "trace this `fraction` of the calls, 0 to 1, evenly spread")
	flags.BoolVar(&f.drop, "drop", false, "drop spans when the reporter's queue is full, as a service would, instead of waiting for space")
	flags.StringVar(&f.results, "results", "", "write the result of each call to `file`, for otdemo report")
	flags.BoolVar(&f.quiet, "quiet", false, "do not show progress on the terminal")
}

// wanted reports whether the flags start a load run.
func (f *loadFlags) wanted(flags *pflag.FlagSet) bool {
	return flags.Changed("requests") || flags.Changed("duration")
}

// validate returns all errors of the options, joined. It does not check the request,
// which needs the configuration.
func (o *callOptions) validate(flags *pflag.FlagSet) error {
	var wrong []error
	if o.timeout <= 0 {
		wrong = append(wrong, fmt.Errorf("--timeout must be more than 0, got %s", o.timeout))
	}
	wrong = append(wrong, o.load.validate(flags)...)
	if o.load.wanted(flags) {
		if o.show {
			wrong = append(wrong, withHint(errors.New("--show works with a single call only, not with a load run"),
				"leave out --show; the report lists the slowest traces"))
		}
		return errors.Join(wrong...)
	}
	if alone := o.runOnly(flags); len(alone) > 0 {
		wrong = append(wrong, withHint(fmt.Errorf("%s %s only in a load run, which -n or -z starts", strings.Join(alone, ", "), plural.Word(len(alone), "works", "work")),
			"add -n 1000 or -z 10s"))
	}
	return errors.Join(wrong...)
}

// runOnly returns the given flags that only a load run uses.
func (o *callOptions) runOnly(flags *pflag.FlagSet) []string {
	var given []string
	for _, f := range []struct{ name, shown string }{
		{"concurrency", "-c"},
		{"rate", "-q"},
		{"warmup", "--warmup"},
		{"trace-share", "--trace-share"},
		{"drop", "--drop"},
		{"results", "--results"},
	} {
		if flags.Changed(f.name) {
			given = append(given, f.shown)
		}
	}
	if o.output.String() == "html" {
		given = append(given, "-o html")
	}
	return given
}

// traceable returns an error if the tracer cannot leave out single traces: only
// jaeger-client-go honours the tag sampling.priority when a span starts.
func (f *loadFlags) traceable(tracer string) error {
	if f.share == 1 || tracer == config.TracerJaeger || tracer == config.TracerNoop {
		return nil
	}
	return withHint(fmt.Errorf("--trace-share %v: tracer %s cannot select single calls", f.share, tracer),
		fmt.Sprintf("use its sampler instead: --sampler-type %s --sampler-param %v", config.SamplerProbabilistic, f.share))
}

func (f *loadFlags) validate(flags *pflag.FlagSet) []error {
	var wrong []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	check(!flags.Changed("requests") || f.requests >= 1, "-n must be at least 1, got %d", f.requests)
	check(f.concurrency >= 1 && f.concurrency <= maxConcurrency, "-c must be between 1 and %d, got %d", maxConcurrency, f.concurrency)
	check(!flags.Changed("rate") || f.rate > 0 && !math.IsInf(f.rate, 0), "-q must be a number above 0, got %v", f.rate)
	check(!flags.Changed("duration") || f.duration > 0, "-z must be more than 0, got %s", f.duration)
	check(f.warmup >= 0, "--warmup must not be negative, got %s", f.warmup)
	check(f.share >= 0 && f.share <= 1, "--trace-share must be between 0 and 1, got %v", f.share)
	check(!flags.Changed("results") || f.results != "", "--results must name a file")
	return wrong
}
