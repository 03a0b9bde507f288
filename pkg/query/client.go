package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/otdemo/otdemo/internal/redact"
	"github.com/otdemo/otdemo/pkg/trace"
)

const (
	// maxBody bounds an answer. A trace of 10,000 spans, where Jaeger itself
	// stops, is about 10 MB.
	maxBody = 64 << 20
	// headBytes is how much of an unexpected answer an error has: enough to distinguish
	// a login page from a proxy's error.
	headBytes = 512
	// dialTimeout and headerTimeout are for the client that New makes. Storage
	// behind Jaeger may need seconds for a response; a connection on a working network
	// does not.
	dialTimeout   = 5 * time.Second
	headerTimeout = 30 * time.Second
)

// Options are the optional arguments of New. The zero value is ready to use.
type Options struct {
	// HTTP makes the requests; nil makes a client with timeouts. It is copied, and the
	// copy follows no redirects, so that an error can name their target.
	HTTP *http.Client
	// UserAgent is sent with each request unless it is empty.
	UserAgent string
}

// Client reads from one Jaeger or one Zipkin. It is safe for concurrent use.
type Client struct {
	http      *http.Client
	userAgent string
	base      *url.URL
	// maxBody is the constant, except in tests.
	maxBody int64
	// zipkin is what IsZipkin reports.
	zipkin atomic.Bool
}

// New returns a client of the Jaeger at baseURL, the address of its UI with the base
// path if it has one (http://host:16686/jaeger), or of a Zipkin server
// (http://host:9411). User and password in it are sent as basic authentication, and
// are never part of an error. For an invalid URL it returns a *URLError, which has a
// hint. It makes no connection.
func New(baseURL string, opts Options) (*Client, error) {
	base, err := parseBase(baseURL)
	if err != nil {
		return nil, err
	}
	client := ownHTTP()
	if opts.HTTP != nil {
		client = *opts.HTTP
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{http: &client, userAgent: opts.UserAgent, base: base, maxBody: maxBody}, nil
}

func ownHTTP() http.Client {
	dialer := &net.Dialer{Timeout: dialTimeout}
	return http.Client{Transport: &http.Transport{
		DialContext:           dialer.DialContext,
		TLSHandshakeTimeout:   dialTimeout,
		ResponseHeaderTimeout: headerTimeout,
		IdleConnTimeout:       headerTimeout,
	}}
}

func parseBase(raw string) (*url.URL, error) {
	base, err := url.Parse(raw)
	switch {
	case err != nil:
		// The text of a parse error repeats the URL with its password.
		return nil, &URLError{Reason: redact.Error(err).Error(), Suggestion: "http://localhost:16686"}
	case base.Scheme != "http" && base.Scheme != "https":
		return nil, &URLError{URL: redact.URL(raw), Reason: "it must start with http:// or https://", Suggestion: suggest(raw)}
	case base.Host == "":
		return nil, &URLError{URL: redact.URL(raw), Reason: "it has no host", Suggestion: "http://localhost:16686"}
	case base.RawQuery != "" || base.Fragment != "":
		bare := *base
		bare.RawQuery, bare.Fragment = "", ""
		return nil, &URLError{URL: redact.URL(raw), Reason: "it must end with the base path, without ? and #", Suggestion: redact.URL(bare.String())}
	}
	base.Path = strings.TrimRight(base.Path, "/")
	base.RawPath = strings.TrimRight(base.RawPath, "/")
	return base, nil
}

// suggest returns a URL for an address without a scheme, such as "localhost:16686",
// and the default for one with user info, which must not be printed.
func suggest(raw string) string {
	if strings.ContainsAny(raw, "@/ ") || raw == "" {
		return "http://localhost:16686"
	}
	return "http://" + raw
}

// URL returns New's baseURL without user info and without a slash at the end.
func (c *Client) URL() string { return redact.URL(c.base.String()) }

// zipkinPort is where Zipkin serves its page and its API.
const zipkinPort = "9411"

// TraceURL returns the URL of a trace's page in Jaeger's UI, without user info; in
// Zipkin's, if IsZipkin or the port is Zipkin's.
func (c *Client) TraceURL(id trace.TraceID) string {
	if c.IsZipkin() || c.base.Port() == zipkinPort {
		return redact.URL(c.base.JoinPath("zipkin", "traces", id.String()).String())
	}
	return redact.URL(c.base.JoinPath("trace", id.String()).String())
}

// Close closes idle connections. The client can still be used.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Trace reads one trace by its id from /api/traces/{id}, which Jaeger 1 and 2 serve,
// or from Zipkin's /api/v2/trace/{id}. The error is ErrNotFound if the trace does not
// exist. Errors that Jaeger reports beside the trace are added to its warnings.
func (c *Client) Trace(ctx context.Context, id trace.TraceID) (trace.Trace, error) {
	return c.readTrace(ctx, id, trace.DecodeTraces)
}

func (c *Client) readTrace(ctx context.Context, id trace.TraceID, decode decoder) (trace.Trace, error) {
	return orZipkin(c,
		func() (trace.Trace, error) { return c.jaegerTrace(ctx, id, decode) },
		func() (trace.Trace, error) { return c.zipkinTrace(ctx, id) })
}

func (c *Client) jaegerTrace(ctx context.Context, id trace.TraceID, decode decoder) (trace.Trace, error) {
	resp, err := c.get(ctx, "api/traces/"+id.String(), nil)
	if err != nil {
		return trace.Trace{}, err
	}
	defer resp.close()
	if resp.Status != http.StatusOK && resp.Status != http.StatusNotFound || !resp.looksJSON() {
		return trace.Trace{}, resp.unexpected("")
	}
	traces, errs, err := decode(resp.body)
	switch {
	case err != nil:
		return trace.Trace{}, resp.decodeError(err)
	case len(traces) > 0:
		t := traces[0]
		for _, e := range errs {
			t.Warnings = append(t.Warnings, e.Msg)
		}
		return t, nil
	case len(errs) > 0 && resp.Status == http.StatusNotFound:
		return trace.Trace{}, fmt.Errorf("trace %s at %s: %w", id, c.URL(), ErrNotFound)
	default:
		return trace.Trace{}, resp.unexpected("it has neither a trace nor an error")
	}
}

// Services returns the names of the services that Jaeger has spans of, sorted. It
// reads /api/v3/services; if that does not exist, /api/services; and if neither does,
// Zipkin's. Jaeger's own service is one of them.
func (c *Client) Services(ctx context.Context) ([]string, error) {
	return orZipkin(c, func() ([]string, error) {
		names, err := c.ServicesFrom(ctx, V3)
		if err != nil && IsMissingPath(err) {
			return c.ServicesFrom(ctx, V1)
		}
		return names, err
	}, func() ([]string, error) { return c.zipkinServices(ctx) })
}

// API is a generation of Jaeger's query API.
type API string

// The generations. Jaeger 1.42 to 2.20 have both. Later versions have only
// /api/traces/{id} of V1.
const (
	V1 API = "v1"
	V3 API = "v3"
)

// ServicesFrom is Services over one generation of the API.
func (c *Client) ServicesFrom(ctx context.Context, api API) (names []string, err error) {
	path, key := "api/v3/services", "services"
	if api == V1 {
		path, key = "api/services", "data"
	}
	err = c.read(ctx, path, nil, (*answer).looksJSON, func(r io.Reader) error {
		names, err = decodeNames(r, key)
		return err
	})
	slices.Sort(names)
	return names, err
}

// decodeNames reads a list of strings under key. Jaeger omits the key only in an empty
// object; any other object without it is another program's.
func decodeNames(r io.Reader, key string) (names []string, err error) {
	var fields map[string]json.RawMessage
	if err := json.NewDecoder(r).Decode(&fields); err != nil {
		return nil, err
	}
	list, ok := fields[key]
	switch {
	case ok:
		return names, json.Unmarshal(list, &names)
	case len(fields) > 0:
		return nil, fmt.Errorf("it has no %q", key)
	default:
		return nil, nil
	}
}

// IsMissingPath reports whether an error means that the server does not have the path:
// a status such as 404, or a page instead of JSON, which is Jaeger's response to
// unknown paths.
func IsMissingPath(err error) bool {
	if _, ok := errors.AsType[*NotJSONError](err); ok {
		return true
	}
	status, ok := errors.AsType[*StatusError](err)
	return ok && slices.Contains([]int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented}, status.Status)
}

// read decodes the answer to a request, which must have status 200 and the right looks.
// An error of decode is the reason of a NotJSONError, unless the body was cut off.
func (c *Client) read(ctx context.Context, path string, values url.Values, looks func(*answer) bool, decode func(io.Reader) error) error {
	resp, err := c.get(ctx, path, values)
	if err != nil {
		return err
	}
	defer resp.close()
	if resp.Status != http.StatusOK || !looks(resp) {
		return resp.unexpected("")
	}
	if err := decode(resp.body); err != nil {
		return resp.decodeError(err)
	}
	return nil
}

// get sends a request and returns the answer, whatever its status. The caller must
// close it.
func (c *Client) get(ctx context.Context, path string, values url.Values) (*answer, error) {
	u := c.base.JoinPath(path)
	u.RawQuery = values.Encode()
	shown := redact.URL(u.String())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, &TransportError{URL: shown, Err: redact.Error(err)}
	}
	req.Header.Set("Accept", "application/json")
	if c.userAgent != "" {
		req.Header.Set("User-Agent", c.userAgent)
	}
	resp, err := c.http.Do(req) //nolint:bodyclose // answer.close does
	if err != nil {
		return nil, &TransportError{URL: shown, Err: redact.Error(err)}
	}
	return newAnswer(shown, resp, c.maxBody), nil
}
