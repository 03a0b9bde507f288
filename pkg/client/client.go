// Package client makes one traced HTTP call, redirects included, and tells what
// came of it. Each hop is a span of its own, and whatever fails is marked on the
// span where it failed. Start at New and Client.Get.
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
	"github.com/opentracing/opentracing-go/ext"
	"github.com/opentracing/opentracing-go/log"
)

// maxBodyBytes bounds what is kept of an answer.
const maxBodyBytes = 1 << 20

// Client makes traced calls. It is safe for concurrent use.
type Client struct {
	tracer opentracing.Tracer
	base   *http.Transport
	http   *http.Client
}

// Result is what one call came to.
type Result struct {
	// URL is the one that answered, after all redirects.
	URL string
	// Status is the HTTP status of the last answer.
	Status int
	// Body is the last answer's body, at most 1 MiB of it.
	Body []byte
	// Hops is the number of requests sent: one more than there were redirects.
	Hops int
	// Elapsed runs from before the first request to the end of the last body.
	Elapsed time.Duration
}

// StatusError is an answer of 400 or above.
type StatusError struct {
	URL    string
	Status int
}

// Error names the URL and the status in words.
func (e *StatusError) Error() string {
	return fmt.Sprintf("%s answered %d %s", e.URL, e.Status, http.StatusText(e.Status))
}

// New returns a client whose spans tracer makes. timeout bounds each call as a
// whole; 0 means none.
func New(tracer opentracing.Tracer, timeout time.Duration) *Client {
	base := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		MaxIdleConnsPerHost:   16,
		IdleConnTimeout:       30 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: timeout,
	}
	return &Client{
		tracer: tracer,
		base:   base,
		http: &http.Client{
			Transport: &nethttp.Transport{RoundTripper: marking{base}},
			Timeout:   timeout,
		},
	}
}

// Close releases the idle connections.
func (c *Client) Close() { c.base.CloseIdleConnections() }

// Get asks for rawURL and follows redirects. Its spans are children of the span
// in ctx: "HTTP Client" for the call, and one "HTTP GET" a hop. All of them are
// finished when it returns. The result is filled as far as the call came, with
// an error too; an answer of 400 or above is a *StatusError.
func (c *Client) Get(ctx context.Context, rawURL string) (Result, error) {
	hops := &hops{}
	ctx = context.WithValue(ctx, hopsKey{}, hops)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, rawURL, http.NoBody)
	if err != nil {
		return Result{}, fmt.Errorf("call: the URL is malformed: %w", withoutURL(err))
	}
	req, ht := nethttp.TraceRequest(c.tracer, req,
		nethttp.URLTagFunc(func(u *url.URL) string { return u.Redacted() }),
		nethttp.ClientSpanObserver(hops.observe),
	)
	defer ht.Finish()

	start := time.Now()
	result, err := c.do(req, hops)
	result.Hops = hops.count
	result.Elapsed = time.Since(start)
	if err != nil && !hops.failed && ht.Span() != nil {
		mark(ht.Span(), err) // no single hop failed: too many redirects, for one
	}
	return result, err
}

func (c *Client) do(req *http.Request, hops *hops) (Result, error) {
	resp, err := c.http.Do(req)
	if err != nil {
		return Result{}, fmt.Errorf("call: %w", err)
	}
	// Closing the body is what finishes the hop's span.
	defer resp.Body.Close()
	result := Result{URL: resp.Request.URL.Redacted(), Status: resp.StatusCode}
	result.Body, err = io.ReadAll(io.LimitReader(resp.Body, maxBodyBytes))
	switch {
	case err != nil:
		err = fmt.Errorf("read the answer of %s: %w", result.URL, err)
	case resp.StatusCode >= http.StatusBadRequest:
		err = &StatusError{URL: result.URL, Status: resp.StatusCode}
	default:
		return result, nil
	}
	hops.fail(err)
	return result, err
}

// withoutURL keeps what is wrong with a URL and drops the URL itself, which may
// hold a password and cannot be redacted when it does not parse.
func withoutURL(err error) error {
	if parse, ok := errors.AsType[*url.Error](err); ok {
		return parse.Err
	}
	return err
}

// hops follows the spans of one call's requests, which nethttp keeps to itself.
// One call's requests run one after the other, so it needs no lock.
type hops struct {
	current opentracing.Span
	count   int
	failed  bool
}

type hopsKey struct{}

func (h *hops) observe(span opentracing.Span, _ *http.Request) {
	h.current = span
	h.count++
}

func (h *hops) fail(err error) {
	h.failed = true
	mark(h.current, err)
}

// marking sits below nethttp's transport, which finishes a span whose request
// failed without a word of the error.
type marking struct {
	next http.RoundTripper
}

func (m marking) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := m.next.RoundTrip(req)
	if err != nil {
		if h, ok := req.Context().Value(hopsKey{}).(*hops); ok {
			h.fail(err)
		}
	}
	return resp, err
}

// mark puts err on span the way OpenTracing's conventions ask for.
func mark(span opentracing.Span, err error) {
	ext.LogError(span, err, log.Message(err.Error()))
}
