package tracer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/otdemo/otdemo/internal/redact"
	"github.com/otdemo/otdemo/pkg/config"
)

// Bounds of a request to the collector.
const (
	// httpBatchSpans keeps well below the collector's queue of 2000 spans, which
	// Jaeger 1 overflows silently behind a 202: four programs at full speed lost
	// none with batches of 100, and 1% with 400, which cost a fifth less CPU.
	httpBatchSpans = 100
	// httpBatchBytes ends a batch of large spans early.
	httpBatchBytes = 1 << 20
	// httpSpanBytes is below the 20 MiB at which Jaeger 2 refuses a body.
	httpSpanBytes = 16 << 20
)

// maxRetryAfter is the longest pause that a collector may ask for.
const maxRetryAfter = 10 * time.Second

// bodyStart is how much of an error's body is kept for the log.
const bodyStart = 512

// httpSender posts batches to a collector over HTTP. Only 202 is success, for Jaeger
// (wire format of jaeger-collector) as for Zipkin (its OpenAPI description of
// POST /spans): whoever answers 200 is somebody else. It belongs to one
// goroutine.
type httpSender struct {
	client         *http.Client
	url            string // without user info
	user, password string
	header         http.Header
}

// newHTTPSender returns an error if the endpoint is no URL of HTTP. User and
// password of the collector go before those in the endpoint.
func newHTTPSender(endpoint string, c config.Collector, header http.Header) (*httpSender, error) {
	u, err := parseHTTPURL("reporter.collector.endpoint", endpoint)
	if err != nil {
		return nil, err
	}
	p := &httpSender{client: newHTTPClient(), user: c.User, password: c.Password, header: header}
	if u.User != nil && p.user == "" {
		p.user = u.User.Username()
		p.password, _ = u.User.Password()
	}
	u.User = nil
	p.url = u.String()
	// A redirect would turn the POST into a GET that carries nothing.
	p.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return p, nil
}

// newHTTPClient returns a client of its own. Requests bring their deadlines.
func newHTTPClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			MaxIdleConnsPerHost: 1,
			IdleConnTimeout:     time.Minute,
			TLSHandshakeTimeout: sendTimeout,
		},
	}
}

// post returns the function that posts body once, for sender.prepare.
func (p *httpSender) post(body []byte) func(context.Context) *sendError {
	return func(ctx context.Context) *sendError { return p.try(ctx, body) }
}

// close releases the connections.
func (p *httpSender) close() { p.client.CloseIdleConnections() }

// try posts a body once.
func (p *httpSender) try(ctx context.Context, body []byte) *sendError {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return &sendError{reason: redact.Error(err).Error(), cause: err}
	}
	req.Header = p.header.Clone()
	if p.user != "" {
		req.SetBasicAuth(p.user, p.password)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return &sendError{reason: networkReason(err), cause: redact.Error(err), retryable: true}
	}
	defer func() { _ = resp.Body.Close() }()
	// An error while reading leaves a shorter start, which is all it is for.
	start, _ := io.ReadAll(io.LimitReader(resp.Body, bodyStart))
	if resp.StatusCode == http.StatusAccepted {
		return nil
	}
	return responseError(resp, oneLine(start))
}

func networkReason(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "the tracer was closed before the answer"
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("no answer within %v", sendTimeout)
	default:
		return redact.Error(err).Error()
	}
}

// oneLine makes text from a body readable in a log line.
func oneLine(body []byte) string { return strings.Join(strings.Fields(string(body)), " ") }

// responseError turns an answer other than 202 into an error.
func responseError(resp *http.Response, body string) *sendError {
	e := &sendError{reason: "answered " + resp.Status, body: body}
	switch code := resp.StatusCode; {
	case code < 300:
		e.reason += " instead of 202 Accepted, so it is no span collector"
		if isHTML(resp.Header.Get("Content-Type"), body) {
			e.reason += " but a web page (wrong port?)"
		}
	case code < 400:
		e.reason += ", a redirect to " + strconv.Quote(redact.URL(resp.Header.Get("Location"))) + " that is not followed"
	case code == http.StatusRequestTimeout, code == http.StatusTooManyRequests, code >= 500:
		e.retryable = true
		e.retryAfter = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	}
	return e
}

// isHTML reports whether an answer is meant for a browser.
func isHTML(contentType, body string) bool {
	return strings.HasPrefix(contentType, "text/html") || strings.HasPrefix(body, "<")
}

// retryAfter reads the header's seconds or date, within our bounds.
func retryAfter(header string, now time.Time) time.Duration {
	var d time.Duration
	if s, err := strconv.Atoi(header); err == nil {
		d = time.Duration(min(s, int(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}

// parseHTTPURL parses raw, which stands at key in the configuration. Its errors
// show raw without user info.
func parseHTTPURL(key, raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%s is no URL, got %q: %w", key, redact.URL(raw), redact.Error(err))
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("%s must start with http:// or https:// and a host, got %q", key, redact.URL(raw))
	}
	return u, nil
}
