package cmd

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/load/ledger"
)

func newCompare(a *app) *cobra.Command {
	opts := newCompareOptions()
	cmd := &cobra.Command{
		Use:   "compare [URL]",
		Short: "Make the same request through two tracers and show what differs",
		Long: `Make the same request once through each of two tracers, read both traces back and
lay them side by side: services, operations, parents, kinds, status, tags, logs,
baggage and the shape in time; then what each tracer does that no trace shows, such
as the headers it writes and reads. It is the check for moving to another tracer:
docs/migrating-to-opentelemetry.md walks a service through it.

Without a URL the request goes to a small server in this process, which is traced
with the same tracer and uses all of OpenTracing. With a URL the called service
keeps its own tracer, and only this end changes.

Each side takes the configuration as it would alone with --tracer; a collector's
endpoint holds for the configured tracer, and the other one sends to its default,
unless --from-endpoint or --to-endpoint says otherwise. --tracer is the default of
--from.
` + exitCodesHelp("1 something differs that --ignore does not name, or a trace did not arrive",
			"3 the traces could not be read back, or have no span of the called service"),
		Example: `  otdemo compare --demo
  otdemo compare --from jaeger --to otel http://localhost:8000/
  otdemo compare --demo --ignore trace-id,process,tag:sampler.*
  otdemo compare --to otel --to-endpoint grpc://localhost:4317 -o json`,
		GroupID: groupOther,
		Args:    maxArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.timeoutGiven = cmd.Flags().Changed("timeout")
			request, err := opts.request.request(a.env)
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

// compareOptions are compare's own flags.
type compareOptions struct {
	from, to                 string
	fromEndpoint, toEndpoint string
	ignore                   []string
	demo                     bool
	timeout                  time.Duration
	timeoutGiven             bool
	request                  requestFlags
	output                   enumFlag
}

func newCompareOptions() *compareOptions {
	return &compareOptions{to: config.TracerOTel, timeout: defaultCallTimeout, output: newEnumFlag("text", "json")}
}

func (o *compareOptions) register(flags *pflag.FlagSet) {
	flags.StringVar(&o.from, "from", "", "the `tracer` to move from (default the configured one)")
	flags.StringVar(&o.to, "to", o.to, "the `tracer` to move to")
	flags.StringVar(&o.fromEndpoint, "from-endpoint", "", "send the spans of --from to the collector at `url`")
	flags.StringVar(&o.toEndpoint, "to-endpoint", "", "send the spans of --to to the collector at `url`")
	flags.StringSliceVar(&o.ignore, "ignore", nil, "differences that are known, by `ids` such as tag:sampler.type; \"tag\" means all tags, * any text")
	flags.BoolVar(&o.demo, "demo", false, "bring an in-memory Jaeger along, so that nothing else need run")
	flags.DurationVar(&o.timeout, "timeout", o.timeout, "give up on a request, and on reading its trace back, after `duration`; above 7s it is also how long to wait for a called service of which no span was seen")
	o.request.register(flags)
	flags.VarP(&o.output, "output", "o", "print as `form` text or json")
}

// grace is how long reading waits for a service of which no span was seen: longer
// than usual when the user allows it.
func (o *compareOptions) grace() time.Duration {
	if o.timeoutGiven {
		return max(o.timeout, ledger.ServiceGrace)
	}
	return ledger.ServiceGrace
}

func (o *compareOptions) validate(hasURL bool) error {
	var wrong []error
	if o.timeout <= 0 {
		wrong = append(wrong, withHint(fmt.Errorf("--timeout must be above 0, got %s", o.timeout), "such as --timeout 10s"))
	}
	if o.demo && (o.fromEndpoint != "" || o.toEndpoint != "") {
		wrong = append(wrong, withHint(errors.New("--demo sends the spans to its own Jaeger, and to no endpoint"),
			"leave out --demo, or --from-endpoint and --to-endpoint"))
	}
	if f := &o.request; !hasURL && (f.method != "" || f.data != "" || len(f.headers) > 0) {
		wrong = append(wrong, withHint(errors.New("-m, -H and -d need a URL to be sent to"), "otdemo compare URL -m POST"))
	}
	return errors.Join(wrong...)
}
