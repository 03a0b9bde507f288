package cmd

import (
	"context"
	"errors"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/otdemo/otdemo/pkg/client"
	"github.com/otdemo/otdemo/pkg/config"
)

func newCall(a *app) *cobra.Command {
	opts := newCallOptions()
	cmd := &cobra.Command{
		Use:   "call [URL]",
		Short: "Make a traced HTTP call, or a load of them, and account for the spans",
		Long: `Make a traced HTTP call: one span for the whole work, one for the request, one
for each hop of a redirect, and those of the server, when it is traced too. With
--show the trace is read back from Jaeger and drawn.

With -n or -z it is a load run: many such calls, each one a trace, as fast as the
answers come or at the rate of -q; then a report on throughput and latency.

With --verify all traces are read back, and each span is accounted for: made by
the client and the server, stored, or missing, and where it was lost. docs/call.md
tells what each number means.

With --tracer another system's library makes the spans; the called service may have
any other that reads one of the header formats sent: the tracer's own, jaeger, w3c
and b3, or those that --propagation names.

The default URL is call.url of the configuration, http://localhost:8000/.
` + exitCodesHelp("1 a call failed, --show did not find its trace, or --verify misses a span",
			"3 --verify could not read the traces back, or saw no span of the called service"),
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
			var extra []config.Flag
			if len(args) == 1 {
				extra = append(extra, config.Flag{Name: "URL", Key: "call.url", Value: args[0]})
			}
			request, err := opts.request.request(a.env)
			if err := errors.Join(opts.validate(cmd.Flags()), err); err != nil {
				return usageError(err)
			}
			src, err := a.source(cmd, extra...)
			if err != nil {
				return err
			}
			src.AnyService = true
			loaded, err := loadSource(src)
			if err != nil {
				return err
			}
			a.warn(loaded.Warnings)
			if err := opts.load.traceable(loaded.Config.Tracer); err != nil {
				return usageError(err)
			}
			request.URL = loaded.Config.Call.URL
			if opts.load.wanted(cmd.Flags()) {
				return a.callMany(cmd.Context(), loaded.Config, request, opts)
			}
			return a.callOne(cmd.Context(), loaded.Config, request, opts)
		},
	}
	addTracerFlags(cmd.Flags())
	opts.register(cmd.Flags())
	return cmd
}

// callError gives a failed call the hint that fits.
func callError(err error) error {
	var status *client.StatusError
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, syscall.ECONNREFUSED):
		return withHint(err, `nothing listens there; start "otdemo serve" in another terminal`)
	case errors.As(err, &status):
		return withHint(err, "the span that failed is marked with error=true; --show draws its trace")
	case errors.Is(err, context.DeadlineExceeded):
		return withHint(err, "allow more time with --timeout")
	default:
		return withHint(err, "check the URL: otdemo call [URL]")
	}
}
