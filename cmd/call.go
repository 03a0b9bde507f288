package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	"github.com/spf13/cobra"

	"github.com/otdemo/otdemo/pkg/client"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
	"github.com/otdemo/otdemo/pkg/tracer"
)

type callOptions struct {
	timeout time.Duration
	show    bool
	json    bool
}

// defaultCallTimeout bounds a call as a whole, and reading its trace back.
const defaultCallTimeout = 10 * time.Second

func newCall(a *app) *cobra.Command {
	opts := callOptions{timeout: defaultCallTimeout}
	output := newChoice("text", "json")
	cmd := &cobra.Command{
		Use:   "call [URL]",
		Short: "Make a traced HTTP call, and show its trace",
		Long: `Make a traced HTTP call: one span for the whole work, one for the request, one
for each hop of a redirect, and those of the server, when it is traced too. With
--show the trace is read back from Jaeger and drawn.

The default URL is call.url of the configuration, http://localhost:8000/.
` + exitCodesHelp("1 the call failed, or --show did not find its trace"),
		Example: `  otdemo call
  otdemo call --show
  otdemo call http://localhost:8000/gettime -o json`,
		GroupID: groupMain,
		Args:    maxArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var extra []config.Flag
			if len(args) == 1 {
				extra = append(extra, config.Flag{Name: "URL", Key: "call.url", Value: args[0]})
			}
			loaded, err := a.load(cmd, extra...)
			if err != nil {
				return err
			}
			if opts.timeout <= 0 {
				return usageError(fmt.Errorf("--timeout must be more than 0, got %s", opts.timeout))
			}
			opts.json = output.String() == "json"
			a.warn(loaded.Warnings)
			return a.call(cmd.Context(), loaded.Config, opts)
		},
	}
	flags := cmd.Flags()
	addTracerFlags(flags)
	flags.DurationVar(&opts.timeout, "timeout", opts.timeout, "give up the call, and reading its trace, after this `time` each")
	flags.BoolVar(&opts.show, "show", false, "read the trace back from Jaeger and draw it")
	flags.VarP(&output, "output", "o", "print as `form` text or json")
	return cmd
}

// called is what one traced call came to.
type called struct {
	result client.Result
	err    error
	// traceID is zero when the tracer makes no spans.
	traceID trace.TraceID
	sampled bool
	stats   tracer.Stats
}

func (a *app) call(ctx context.Context, cfg config.Config, opts callOptions) error {
	reader, err := query.New(cfg.Query.URL, query.Options{})
	if err != nil {
		return usageError(err)
	}
	tr, err := tracer.New(cfg, tracer.Options{Service: "otdemo-client", Logger: a.quietLogger()})
	if err != nil {
		return usageError(err)
	}
	done := callOnce(ctx, tr, cfg.Call.URL, opts.timeout)
	a.closeTracer(ctx, tr)
	done.stats = tr.Stats()

	if opts.json {
		err = a.printCallJSON(done, reader)
	} else {
		a.printCall(done, reader)
	}
	if err == nil && opts.show {
		err = a.showTrace(ctx, reader, done, opts.timeout)
	}
	return errors.Join(callError(done.err), err)
}

// callOnce makes the call below a top-level span of its own. All client spans
// are finished when it returns.
func callOnce(ctx context.Context, tr *tracer.Tracer, url string, timeout time.Duration) called {
	c := client.New(tr, timeout)
	defer c.Close()
	top := tr.StartSpan("call")
	var done called
	done.result, done.err = c.Get(opentracing.ContextWithSpan(ctx, top), url)
	if done.err != nil {
		ext.Error.Set(top, true)
	}
	if id, sampled := tr.TraceID(top.Context()); id != "" {
		done.sampled = sampled
		if err := done.traceID.UnmarshalText([]byte(id)); err != nil {
			done.err = errors.Join(done.err, fmt.Errorf("trace id of our own tracer: %w", err))
		}
	}
	top.Finish()
	return done
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

func (a *app) printCall(done called, reader *query.Client) {
	out := a.env.Stdout
	if done.err == nil {
		fmt.Fprintf(out, "Received result: %s\n", strings.TrimSpace(string(done.result.Body)))
	}
	switch {
	case done.traceID.IsZero():
		fmt.Fprintln(out, "trace: none, the tracer makes no spans")
	case !done.sampled:
		fmt.Fprintf(out, "trace: %s (not sampled, so no span is sent)\n", done.traceID)
	default:
		fmt.Fprintf(out, "trace: %s\n", done.traceID)
		fmt.Fprintf(out, "link:  %s\n", reader.TraceURL(done.traceID))
	}
}

func (a *app) printCallJSON(done called, reader *query.Client) error {
	out := struct {
		SchemaVersion int          `json:"schema_version"`
		URL           string       `json:"url,omitempty"`
		Status        int          `json:"status,omitempty"`
		Result        string       `json:"result,omitempty"`
		Error         string       `json:"error,omitempty"`
		Hops          int          `json:"hops"`
		ElapsedMS     float64      `json:"elapsed_ms"`
		TraceID       string       `json:"trace_id,omitempty"`
		Sampled       bool         `json:"sampled"`
		Link          string       `json:"link,omitempty"`
		Spans         tracer.Stats `json:"spans"`
	}{
		SchemaVersion: 1,
		URL:           done.result.URL,
		Status:        done.result.Status,
		Result:        string(done.result.Body),
		Hops:          done.result.Hops,
		ElapsedMS:     float64(done.result.Elapsed.Microseconds()) / 1000,
		Sampled:       done.sampled,
		Spans:         done.stats,
	}
	if done.err != nil {
		out.Error = done.err.Error()
	}
	if !done.traceID.IsZero() {
		out.TraceID = done.traceID.String()
	}
	if done.sampled {
		out.Link = reader.TraceURL(done.traceID)
	}
	return writeJSON(a.env.Stdout, out)
}
