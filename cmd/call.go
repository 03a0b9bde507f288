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
			var extra []config.Flag
			if len(args) == 1 {
				extra = append(extra, config.Flag{Name: "URL", Key: "call.url", Value: args[0]})
			}
			request, err := opts.request.request(cmd.Context(), a.env)
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

// callError adds a hint to the error of a failed call.
func callError(err error) error {
	var status *client.StatusError
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, syscall.ECONNREFUSED):
		return withHint(err, `no server listens there; start "otdemo serve" in another terminal`)
	case errors.As(err, &status):
		return withHint(err, "the failed span is tagged error=true; --show prints its trace")
	case errors.Is(err, context.DeadlineExceeded):
		return withHint(err, "allow more time with --timeout")
	default:
		return withHint(err, "check the URL: otdemo call [URL]")
	}
}
