package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

// Zipkin is the API of Zipkin's own server. A Client uses it where Jaeger's paths do
// not exist, and uses nothing else once an answer was Zipkin's.
const Zipkin API = "zipkin"

// IsZipkin reports whether an answer has proven that this is a Zipkin. It returns false
// before the first one.
func (c *Client) IsZipkin() bool { return c.zipkin.Load() }

// orZipkin returns the answer of Zipkin's API if Jaeger's failed with err because it
// does not exist, and err if neither does. Zipkin responds with 404 to Jaeger's paths.
func orZipkin[T any](c *Client, failed T, err error, fromZipkin func() (T, error)) (T, error) {
	if status, ok := errors.AsType[*StatusError](err); !ok || status.Status != http.StatusNotFound {
		return failed, err
	}
	if got, zipkinErr := fromZipkin(); c.IsZipkin() {
		return got, zipkinErr
	}
	return failed, err
}

// zipkinTrace reads one trace over GET /api/v2/trace/{id} (zipkin2-api.yaml). For a
// missing one Zipkin responds with 404 and "{id} not found" as text.
func (c *Client) zipkinTrace(ctx context.Context, id trace.TraceID) (trace.Trace, error) {
	resp, err := c.get(ctx, c.base.JoinPath("api", "v2", "trace", id.String()))
	if err != nil {
		return trace.Trace{}, err
	}
	defer resp.close()
	text := strings.TrimSpace(resp.Head)
	switch {
	case resp.Status == http.StatusNotFound && strings.HasSuffix(text, id.String()+" not found"):
		c.zipkin.Store(true)
		return trace.Trace{}, fmt.Errorf("trace %s at %s: %w", id, c.URL(), ErrNotFound)
	case resp.Status != http.StatusOK, !resp.looksList():
		return trace.Trace{}, resp.unexpected("")
	}
	var spans []zipkinSpan
	if err := json.NewDecoder(resp.body).Decode(&spans); err != nil {
		return trace.Trace{}, resp.decodeError(err)
	}
	if len(spans) == 0 || spans[0].TraceID.Low != id.Low || spans[0].ID == 0 {
		return trace.Trace{}, resp.unexpected("it has no span of the trace")
	}
	c.zipkin.Store(true)
	return zipkinTrace(spans), nil
}

// zipkinServices reads GET /api/v2/services.
func (c *Client) zipkinServices(ctx context.Context) ([]string, error) {
	resp, err := c.get(ctx, c.base.JoinPath("api", "v2", "services"))
	if err != nil {
		return nil, err
	}
	defer resp.close()
	if resp.Status != http.StatusOK || !resp.looksList() {
		return nil, resp.unexpected("")
	}
	var names []string
	if err := json.NewDecoder(resp.body).Decode(&names); err != nil {
		return nil, resp.decodeError(err)
	}
	c.zipkin.Store(true)
	slices.Sort(names)
	return names, nil
}

// searchZipkin reads GET /api/v2/traces, whose window is an end and a length in
// milliseconds, and which has the names of services and spans in lower case.
func (c *Client) searchZipkin(ctx context.Context, opts SearchOptions) ([]trace.Trace, error) {
	// Rounded up, so that the window is not too short.
	end := opts.End.Add(time.Millisecond - 1)
	values := url.Values{
		"serviceName": {strings.ToLower(opts.Service)},
		"endTs":       {strconv.FormatInt(end.UnixMilli(), 10)},
		"lookback":    {strconv.FormatInt(end.Sub(opts.Start).Milliseconds()+1, 10)},
		"limit":       {strconv.Itoa(opts.Limit)},
	}
	if opts.Operation != "" {
		values.Set("spanName", strings.ToLower(opts.Operation))
	}
	var terms []string
	for _, key := range slices.Sorted(maps.Keys(opts.Tags)) {
		terms = append(terms, key+"="+opts.Tags[key])
	}
	if len(terms) > 0 {
		values.Set("annotationQuery", strings.Join(terms, " and "))
	}
	u := c.base.JoinPath("api", "v2", "traces")
	u.RawQuery = values.Encode()
	resp, err := c.get(ctx, u)
	if err != nil {
		return nil, err
	}
	defer resp.close()
	if resp.Status != http.StatusOK || !resp.looksList() {
		return nil, resp.unexpected("")
	}
	var found [][]zipkinSpan
	if err := json.NewDecoder(resp.body).Decode(&found); err != nil {
		return nil, resp.decodeError(err)
	}
	c.zipkin.Store(true)
	var traces []trace.Trace
	for _, spans := range found {
		if len(spans) > 0 {
			traces = append(traces, zipkinTrace(spans))
		}
	}
	return traces, nil
}
