// Package httpsend sends batches to a collector over HTTP. Start at New.
package httpsend

import (
	"bytes"
	"context"
	"encoding/base64"
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
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
)

// Bounds of a request to the collector.
const (
	// BatchSpans keeps well below the collector's queue of 2000 spans, which
	// Jaeger 1 overflows silently behind a 202: four programs at full speed lost
	// none with batches of 100, and 1% with 400, which cost a fifth less CPU.
	BatchSpans = 100
	// BatchBytes ends a batch of large spans early.
	BatchBytes = 1 << 20
	// SpanBytes is below the 20 MiB at which Jaeger 2 refuses a body.
	SpanBytes = 16 << 20
)

// MaxRetryAfter is the longest pause that a collector may request.
const MaxRetryAfter = 10 * time.Second

// BodyStart is how much of an error's body is kept for the log.
const BodyStart = 512

// Sender posts batches to a collector over HTTP. Only 202 is success, for Jaeger
// (wire format of jaeger-collector) as for Zipkin (its OpenAPI description of
// POST /spans): a server that responds 200 is another one. It is used from one
// goroutine.
type Sender struct {
	client *http.Client
	URL    string // without user info
	header http.Header
}

// New returns an error if the endpoint is no URL of HTTP. User and
// password of the collector go before those in the endpoint.
func New(endpoint string, c config.Collector, header http.Header) (*Sender, error) {
	u, err := ParseWebURL(EndpointKey, endpoint)
	if err != nil {
		return nil, err
	}
	if basic := Authorization(u, c); basic != "" {
		header.Set("Authorization", basic)
	}
	p := &Sender{client: NewClient(), header: header, URL: u.String()}
	// A redirect would turn the POST into a GET that carries nothing.
	p.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return p, nil
}

// Authorization returns the header for user and password of c, or else for those of
// u; "" for none. It removes those of u.
func Authorization(u *url.URL, c config.Collector) string {
	user, password := c.User, c.Password
	if u.User != nil && user == "" {
		user = u.User.Username()
		password, _ = u.User.Password()
	}
	u.User = nil
	if user == "" {
		return ""
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// NewClient returns a client of its own. Requests bring their deadlines.
func NewClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			MaxIdleConnsPerHost: 1,
			IdleConnTimeout:     time.Minute,
			TLSHandshakeTimeout: reporter.SendTimeout,
		},
	}
}

// Post returns the function that posts body once, for a reporter.Sender.
func (p *Sender) Post(body []byte) func(context.Context) *reporter.SendError {
	return func(ctx context.Context) *reporter.SendError { return p.try(ctx, body) }
}

// Close releases the connections.
func (p *Sender) Close() { p.client.CloseIdleConnections() }

func (p *Sender) try(ctx context.Context, body []byte) *reporter.SendError {
	ctx, cancel := context.WithTimeout(ctx, reporter.SendTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL, bytes.NewReader(body))
	if err != nil {
		return &reporter.SendError{Reason: redact.Error(err).Error(), Cause: err}
	}
	req.Header = p.header.Clone()
	resp, err := p.client.Do(req)
	if err != nil {
		return &reporter.SendError{Reason: NetworkReason(err, reporter.SendTimeout), Cause: redact.Error(err), Retryable: true}
	}
	defer func() { _ = resp.Body.Close() }()
	// An error while reading leaves a shorter start, which is all it is for.
	start, _ := io.ReadAll(io.LimitReader(resp.Body, BodyStart))
	if resp.StatusCode == http.StatusAccepted {
		return nil
	}
	return ResponseError(resp, OneLine(start))
}

// NetworkReason returns why a request got no response, without its URL.
func NetworkReason(err error, timeout time.Duration) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "the tracer was closed before the answer"
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("no answer within %v", timeout)
	default:
		return redact.Error(err).Error()
	}
}

// OneLine makes text from a body readable in a log line.
func OneLine(body []byte) string { return strings.Join(strings.Fields(string(body)), " ") }

// ResponseError turns a response other than 202 into an error.
func ResponseError(resp *http.Response, body string) *reporter.SendError {
	if resp.StatusCode < 300 {
		return WrongServer(resp, "instead of 202 Accepted", body)
	}
	e := &reporter.SendError{Reason: "answered " + resp.Status, Body: body}
	switch code := resp.StatusCode; {
	case code < 400:
		e.Reason += ", a redirect to " + strconv.Quote(redact.URL(resp.Header.Get("Location"))) + " that is not followed"
	case code == http.StatusRequestTimeout, code == http.StatusTooManyRequests, code >= 500:
		e.Retryable = true
		e.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	}
	return e
}

// WrongServer is the error for a response that no collector sends.
func WrongServer(resp *http.Response, how, body string) *reporter.SendError {
	reason := "answered " + resp.Status + " " + how + ", so it is no span collector"
	if IsHTML(resp.Header.Get("Content-Type"), body) {
		reason += " but a web page (wrong port?)"
	}
	return &reporter.SendError{Reason: reason, Body: body}
}

// IsHTML reports whether a response is meant for a browser.
func IsHTML(contentType, body string) bool {
	return strings.HasPrefix(contentType, "text/html") || strings.HasPrefix(body, "<")
}

// retryAfter reads the header's seconds or date, within our bounds.
func retryAfter(header string, now time.Time) time.Duration {
	var d time.Duration
	if s, err := strconv.Atoi(header); err == nil {
		d = time.Duration(min(s, int(MaxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), MaxRetryAfter)
}

// EndpointKey is the key of the collector's URL in the configuration.
const EndpointKey = "reporter.collector.endpoint"

// ParseURL parses raw, which stands at key in the configuration. Its errors
// show raw without user info.
func ParseURL(key, raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%s is no URL, got %q: %w", key, redact.URL(raw), redact.Error(err))
	}
	return u, nil
}

// URLError is the error for a URL that must be otherwise.
func URLError(key, must, raw string) error {
	return fmt.Errorf("%s must %s, got %q", key, must, redact.URL(raw))
}

// ParseWebURL is ParseURL for HTTP.
func ParseWebURL(key, raw string) (*url.URL, error) {
	u, err := ParseURL(key, raw)
	if err == nil && (u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		err = URLError(key, "start with http:// or https:// and a host", raw)
	}
	return u, err
}
