package query

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/otdemo/otdemo/pkg/trace"
)

// Outlines reads many traces by their ids, in one request where Jaeger can, and of
// each trace what trace.DecodeOutlines reads. Traces that Jaeger does not know are
// left out. An answer has all of them in memory at once, here and at Jaeger, so a
// caller with many ids asks for some hundred at a time; 1000 is the most that fits
// a URL.
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

// decoder reads an answer of API v1 that has traces.
type decoder func(io.Reader) ([]trace.Trace, []trace.ResponseError, error)

func decodeOutlines(r io.Reader) ([]trace.Trace, []trace.ResponseError, error) {
	body, err := io.ReadAll(r)
	if err != nil {
		return nil, nil, fmt.Errorf("read traces: %w", err)
	}
	return trace.DecodeOutlines(body)
}

// traces asks /api/traces. An answer that says of some ids that it does not know
// them is not an error.
func (c *Client) traces(ctx context.Context, values url.Values, decode decoder) ([]trace.Trace, error) {
	u := c.base.JoinPath("api", "traces")
	u.RawQuery = values.Encode()
	resp, err := c.get(ctx, u)
	if err != nil {
		return nil, err
	}
	defer resp.close()
	if resp.Status != http.StatusOK || !resp.looksJSON() {
		return nil, resp.unexpected("")
	}
	traces, errs, err := decode(resp.body)
	switch {
	case err != nil:
		return nil, resp.decodeError(err)
	case len(traces) == 0 && len(errs) > 0 && errs[0].TraceID == "":
		return nil, resp.unexpected(fmt.Sprintf("it has only an error: %s", errs[0].Msg))
	}
	return traces, nil
}
