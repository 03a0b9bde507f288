package query

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

const (
	// defaultSearchLimit is Jaeger's own (defaultQueryLimit in 1.62).
	defaultSearchLimit = 100
	// defaultLookback is Jaeger's for a search without a start.
	defaultLookback = 48 * time.Hour
)

// SearchOptions select the traces that Search returns.
type SearchOptions struct {
	// Service is required; Jaeger searches by service only.
	Service string
	// Operation is the operation of a span of Service; empty means any.
	Operation string
	// Tags must be on the same span, its process or its logs; their values are compared
	// as text.
	Tags map[string]string
	// Start and End bound when a span of Service starts, to the microsecond and by the
	// clock of the service. A zero End means now, a zero Start two days before the end.
	Start, End time.Time
	// Limit bounds the number of traces; 0 means 100. The backend decides which ones are
	// left out.
	Limit int
	// Outline reads of each trace only what trace.DecodeOutlines reads, in a fraction of
	// the time.
	Outline bool
}

func (o SearchOptions) withDefaults() SearchOptions {
	if o.End.IsZero() {
		o.End = time.Now()
	}
	if o.Start.IsZero() {
		o.Start = o.End.Add(-defaultLookback)
	}
	if o.Limit == 0 {
		o.Limit = defaultSearchLimit
	}
	return o
}

// Search returns the traces that match opts, possibly none, as Jaeger's UI finds them.
// It reads /api/traces, or, if that does not exist, as in Jaeger after 2.20,
// /api/v3/traces, whose spans have no logs, flags or tags but the kind. If neither
// exists, it reads Zipkin's /api/v2/traces.
func (c *Client) Search(ctx context.Context, opts SearchOptions) ([]trace.Trace, error) {
	if opts.Service == "" {
		return nil, errors.New("search: no service")
	}
	opts = opts.withDefaults()
	return orZipkin(c,
		func() ([]trace.Trace, error) { return c.searchJaeger(ctx, opts) },
		func() ([]trace.Trace, error) { return c.searchZipkin(ctx, opts) })
}

func (c *Client) searchJaeger(ctx context.Context, opts SearchOptions) ([]trace.Trace, error) {
	traces, err := c.searchV1(ctx, opts)
	if err == nil || !IsMissingPath(err) {
		return traces, err
	}
	if unexpected, ok := errors.AsType[*NotJSONError](err); ok && unexpected.Reason != "" {
		// The path exists, so this is the answer.
		return nil, err
	}
	return c.searchV3(ctx, opts)
}

func (c *Client) searchV1(ctx context.Context, opts SearchOptions) ([]trace.Trace, error) {
	values := url.Values{
		"service": {opts.Service},
		"start":   {strconv.FormatInt(opts.Start.UnixMicro(), 10)},
		"end":     {strconv.FormatInt(opts.End.UnixMicro(), 10)},
		"limit":   {strconv.Itoa(opts.Limit)},
	}
	opts.setOptional(values, "operation", "tags")
	decode := trace.DecodeTraces
	if opts.Outline {
		decode = decodeOutlines
	}
	return c.traces(ctx, values, decode)
}

// setOptional sets the operation, and the tags as the JSON object that both APIs accept.
func (o *SearchOptions) setOptional(values url.Values, operation, tags string) {
	if o.Operation != "" {
		values.Set(operation, o.Operation)
	}
	if len(o.Tags) > 0 {
		text, _ := json.Marshal(o.Tags) // strings can always be
		values.Set(tags, string(text))
	}
}

func (c *Client) searchV3(ctx context.Context, opts SearchOptions) ([]trace.Trace, error) {
	values := url.Values{
		"query.service_name":   {opts.Service},
		"query.start_time_min": {opts.Start.UTC().Format(time.RFC3339Nano)},
		"query.start_time_max": {opts.End.UTC().Format(time.RFC3339Nano)},
		"query.num_traces":     {strconv.Itoa(opts.Limit)},
	}
	opts.setOptional(values, "query.operation_name", "query.attributes")
	resp, err := c.get(ctx, "api/v3/traces", values)
	if err != nil {
		return nil, err
	}
	defer resp.close()
	switch {
	case resp.Status == http.StatusNotFound && resp.looksJSON():
		// "No traces found"; the response for an unknown path is not JSON.
		return nil, nil
	case resp.Status != http.StatusOK, !resp.looksJSON():
		return nil, resp.unexpected("")
	}
	traces, err := decodeV3(resp.body)
	if err != nil {
		return nil, resp.decodeError(err)
	}
	return traces, nil
}
