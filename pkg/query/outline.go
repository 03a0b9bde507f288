package query

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/otdemo/otdemo/pkg/trace"
)

// Outlines reads many traces by their ids, in one request where the backend supports
// it, and of each trace what trace.DecodeOutlines reads. Traces that do not exist are
// left out. All of them are in memory at once, here and at Jaeger, so a caller with
// many ids should request some hundred at a time; a URL has room for 1000.
func (c *Client) Outlines(ctx context.Context, ids []trace.TraceID) ([]trace.Trace, error) {
	switch {
	case len(ids) == 0:
		return nil, nil
	case c.IsZipkin():
		return c.outlinesOneByOne(ctx, ids)
	}
	values := url.Values{}
	for _, id := range ids {
		values.Add("traceID", id.String())
	}
	traces, err := c.traces(ctx, values, decodeOutlines)
	if err != nil && IsMissingPath(err) {
		return c.outlinesOneByOne(ctx, ids)
	}
	return traces, err
}

// outlinesOneByOne is for Jaegers after 2.20 and for Zipkin.
func (c *Client) outlinesOneByOne(ctx context.Context, ids []trace.TraceID) ([]trace.Trace, error) {
	var traces []trace.Trace
	for _, id := range ids {
		t, err := c.readTrace(ctx, id, decodeOutlines)
		switch {
		case err == nil:
			traces = append(traces, t)
		case !errors.Is(err, ErrNotFound):
			return traces, err
		}
	}
	return traces, nil
}

type decoder func(io.Reader) ([]trace.Trace, []trace.ResponseError, error)

func decodeOutlines(r io.Reader) ([]trace.Trace, []trace.ResponseError, error) {
	body, err := io.ReadAll(r)
	if err != nil {
		return nil, nil, fmt.Errorf("read traces: %w", err)
	}
	return trace.DecodeOutlines(body)
}

// traces reads /api/traces. Ids that are not found are not an error.
func (c *Client) traces(ctx context.Context, values url.Values, decode decoder) (traces []trace.Trace, err error) {
	err = c.read(ctx, "api/traces", values, (*answer).looksJSON, func(r io.Reader) error {
		var errs []trace.ResponseError
		if traces, errs, err = decode(r); err != nil {
			return err
		}
		if len(traces) == 0 && len(errs) > 0 && errs[0].TraceID == "" {
			return fmt.Errorf("it has only an error: %s", errs[0].Msg)
		}
		return nil
	})
	return traces, err
}
