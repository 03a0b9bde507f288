package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/otdemo/otdemo/pkg/client"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/load/ledger"
	"github.com/otdemo/otdemo/pkg/printable"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// called is what one traced call came to.
type called struct {
	load.Result
	answer client.Result
	err    error
	stats  tracer.Stats
	ledger *ledger.Ledger // nil without --verify
}

// callOne makes a single call.
func (a *app) callOne(ctx context.Context, cfg config.Config, request client.Request, opts callOptions) error {
	s, err := a.newSession(ctx, cfg, request, opts, a.env.Stderr)
	if err != nil {
		return err
	}
	done := callOnce(ctx, s.options())
	s.observe(done.Result)
	var readErr error
	done.stats, done.ledger, readErr = s.close(ctx)

	if opts.output.String() == "json" {
		err = a.printCallJSON(done, s.reader)
	} else {
		a.printCall(done, s.reader)
	}
	if err == nil && opts.show {
		err = a.showTrace(ctx, s.reader, done, opts.timeout)
	}
	if done.ledger != nil && opts.output.String() == "text" {
		a.reportView().ledger(done.ledger)
	}
	return answer(errors.Join(callError(done.err), err), done.ledger, readErr)
}

// callOnce makes the call that opts describe. All client spans are finished when
// it returns.
func callOnce(ctx context.Context, opts load.Options) called {
	var done called
	done.Result, done.answer, done.err = load.Call(ctx, opts)
	return done
}

func (a *app) printCall(done called, reader *query.Client) {
	out := a.env.Stdout
	if done.err == nil {
		fmt.Fprintf(out, "Received result: %s\n", printable.Text(strings.TrimSpace(string(done.answer.Body))))
	}
	switch {
	case done.TraceID.IsZero():
		fmt.Fprintln(out, "trace: none, the tracer makes no spans")
	case !done.Sampled:
		fmt.Fprintf(out, "trace: %s (not sampled, so no span is sent)\n", done.TraceID)
	default:
		fmt.Fprintf(out, "trace: %s\n", done.TraceID)
		fmt.Fprintf(out, "link:  %s\n", reader.TraceURL(done.TraceID))
	}
}

func (a *app) printCallJSON(done called, reader *query.Client) error {
	out := struct {
		SchemaVersion int            `json:"schema_version"`
		URL           string         `json:"url,omitempty"`
		Status        int            `json:"status,omitempty"`
		Result        string         `json:"result,omitempty"`
		Error         string         `json:"error,omitempty"`
		Hops          int            `json:"hops"`
		ElapsedMS     float64        `json:"elapsed_ms"`
		TraceID       string         `json:"trace_id,omitempty"`
		Sampled       bool           `json:"sampled"`
		Link          string         `json:"link,omitempty"`
		Spans         tracer.Stats   `json:"spans"`
		Ledger        *ledger.Ledger `json:"ledger,omitempty"`
	}{
		SchemaVersion: 1,
		URL:           done.answer.URL,
		Status:        done.answer.Status,
		Result:        string(done.answer.Body),
		Error:         done.Err,
		Hops:          done.answer.Hops,
		ElapsedMS:     float64(done.answer.Elapsed.Microseconds()) / 1000,
		Sampled:       done.Sampled,
		Spans:         done.stats,
		Ledger:        done.ledger,
	}
	if !done.TraceID.IsZero() {
		out.TraceID = done.TraceID.String()
	}
	if done.Sampled {
		out.Link = reader.TraceURL(done.TraceID)
	}
	return writeJSON(a.env.Stdout, out)
}
