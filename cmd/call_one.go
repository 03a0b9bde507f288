package cmd

import (
	"context"
	"errors"

	"github.com/otdemo/otdemo/pkg/client"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/report/run"
)

// callOne makes a single call.
func (a *app) callOne(ctx context.Context, cfg config.Config, request client.Request, opts callOptions) error {
	s, err := a.newSession(ctx, cfg, request, opts, a.env.Stderr)
	if err != nil {
		return err
	}
	var call run.Call
	var failure, readErr error
	call.Result, call.Response, failure = load.Call(ctx, s.options())
	s.observe(call.Result)
	call.Spans, call.Ledger, readErr = s.close(ctx)
	call.Link = s.reader.TraceURL(call.TraceID)

	asJSON := opts.output.String() == "json"
	if asJSON {
		err = run.WriteCallJSON(a.env.Stdout, &call)
	} else {
		err = run.WriteCallText(a.env.Stdout, &call)
	}
	if err == nil && opts.show {
		err = a.showTrace(ctx, s.reader, &call, opts.timeout)
	}
	if call.Ledger != nil && !asJSON {
		err = errors.Join(err, run.WriteLedger(a.env.Stdout, a.terminal(), call.Ledger))
	}
	return resultError(errors.Join(callError(failure), err), call.Ledger, readErr)
}
