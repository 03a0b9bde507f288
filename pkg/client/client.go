// Package client makes a traced HTTP call and follows its redirects. Each request is
// a span of its own, and an error is logged on the span where it occurred. Start at New
// and Client.Do; Client.Send repeats a call many times.
package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/opentracing-contrib/go-stdlib/nethttp"
	"github.com/opentracing/opentracing-go"

	"github.com/otdemo/otdemo/internal/redact"
)

// maxBodyBytes bounds what is kept of a response's body.
const maxBodyBytes = 1 << 20

// minIdle is the least number of idle connections to a host that are kept.
const minIdle = 16

// Client makes traced calls. It is safe for concurrent use.
type Client struct {
	tracer  opentracing.Tracer
	timeout time.Duration
	base    *http.Transport
	http    *http.Client
}

// Options configure a client; the zero value is ready to use.
type Options struct {
	// Timeout bounds each call as a whole; 0 means no limit.
	Timeout time.Duration
	// Connections is how many idle connections to one host are kept for the next
	// calls, at least 16. For a load run it should be the number of concurrent calls.
	Connections int
}

// Result is the outcome of one call.
type Result struct {
	// URL is that of the last response, after all redirects, without user info.
	URL string
	// Status is the HTTP status of the last response.
	Status int
	// Body is the last response's body, at most 1 MiB of it.
	Body []byte
	// Bytes is the size of the last response's body, as far as it was read: all of it if
	// the request discards it.
	Bytes int64
	// Hops is the number of requests sent: one more than there were redirects.
	Hops int
	// Answered is how many of the requests got a response, whatever its status.
	Answered int
	// Spans is the number of spans made, sampled or not.
	Spans int
	// Elapsed runs from before the first request to the end of the last body.
	Elapsed time.Duration
}

// StatusError is a response with a status of 400 or above.
type StatusError struct {
	URL    string
	Status int
}

// Error implements error.
func (e *StatusError) Error() string {
	return fmt.Sprintf("%s answered %d %s", e.URL, e.Status, http.StatusText(e.Status))
}

// New returns a client whose spans tracer makes.
func New(tracer opentracing.Tracer, opts Options) *Client {
	base := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		MaxIdleConnsPerHost: max(opts.Connections, minIdle),
		IdleConnTimeout:     30 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
	}
	return &Client{
		tracer:  tracer,
		timeout: opts.Timeout,
		base:    base,
		// The timeout is not http.Client's own, which starts a goroutine for each request
		// when its transport is wrapped.
		http: &http.Client{Transport: &nethttp.Transport{RoundTripper: observingTransport{base}}},
	}
}

// Close closes the idle connections.
func (c *Client) Close() { c.base.CloseIdleConnections() }

// Do makes the call that r describes; see Send.
func (c *Client) Do(ctx context.Context, r Request) (Result, error) {
	t, err := r.Template()
	if err != nil {
		return Result{}, err
	}
	return c.Send(ctx, t)
}

// Send makes the call that t was made of, and follows redirects as net/http does.
// Its spans are children of the span in ctx: "HTTP Client" for the call, and one
// "HTTP GET" (or another method) for each request. All of them are finished when it
// returns. With a no-op span in ctx it makes no spans. The result is filled as far as
// the call got, also with an error; a status of 400 or above is a *StatusError.
func (c *Client) Send(ctx context.Context, t *Template) (Result, error) {
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	hops := &hops{}
	req := t.request.WithContext(context.WithValue(ctx, hopsKey{}, hops))
	req.Body, _ = req.GetBody() // of bytes, so it cannot fail
	var ht *nethttp.Tracer
	if !untraced(ctx) {
		req.Header = req.Header.Clone() // the span's context is written to it
		req, ht = nethttp.TraceRequest(c.tracer, req, t.options...)
		defer ht.Finish()
	}

	start := time.Now()
	result, err := c.do(req, hops, t)
	result.Elapsed = time.Since(start)
	result.Hops, result.Answered, result.Spans = hops.sent, hops.answered, hops.spans
	if ht != nil && ht.Span() != nil {
		result.Spans++
		if err != nil && !hops.failed {
			logError(ht.Span(), err) // no single request failed: too many redirects, for example
		}
	}
	return result, err
}

func untraced(ctx context.Context) bool {
	span := opentracing.SpanFromContext(ctx)
	if span == nil {
		return false
	}
	_, noop := span.Tracer().(opentracing.NoopTracer)
	return noop
}

func (c *Client) do(req *http.Request, hops *hops, t *Template) (Result, error) {
	resp, err := c.http.Do(req)
	if err != nil {
		if ue, ok := errors.AsType[*url.Error](err); ok {
			ue.URL = redact.URL(ue.URL) // net/http keeps the user name
		}
		return Result{}, fmt.Errorf("call: %w", err)
	}
	// Closing the body is what finishes the hop's span.
	defer resp.Body.Close()
	result := Result{URL: t.withoutUser(resp.Request.URL), Status: resp.StatusCode}
	if t.discard {
		result.Bytes, err = io.Copy(io.Discard, resp.Body)
	} else {
		result.Body, err = io.ReadAll(io.LimitReader(resp.Body, maxBodyBytes))
		result.Bytes = int64(len(result.Body))
	}
	switch {
	case err != nil:
		err = fmt.Errorf("read the response of %s: %w", result.URL, err)
	case resp.StatusCode >= http.StatusBadRequest:
		err = &StatusError{URL: result.URL, Status: resp.StatusCode}
	default:
		return result, nil
	}
	// nethttp has finished the span of a HEAD; it must not be changed any more.
	if resp.Request.Method != http.MethodHead {
		hops.fail(err)
	}
	return result, err
}
