package client

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/opentracing-contrib/go-stdlib/nethttp"

	"github.com/otdemo/otdemo/internal/redact"
)

// Request describes a call. With only a URL it is a GET.
type Request struct {
	Method, URL string
	// Header is sent with the first request and, as net/http does it, with those that
	// follow a redirect to the same host. "Host" overrides the URL's.
	Header http.Header
	// Body is sent again after a 307 or 308. It must not be changed after the request was
	// used.
	Body []byte
	// Discard counts the response's body instead of keeping it.
	Discard bool
	// NoEvents does not log the connection's events (GetConn, WroteRequest and so on) on
	// the spans. Calls that share connections need it: nethttp logs the end of a dial on
	// the call's current span, and a call that got another's connection may be at its
	// next request by then, which is a data race.
	NoEvents bool
}

// Template is a checked Request, which can be sent any number of times and from any
// number of goroutines.
type Template struct {
	// request is copied for each call; its header is not written to.
	request *http.Request
	// shown is the URL without user info.
	shown   string
	discard bool
	options []nethttp.ClientOption
}

// Template checks the request and prepares it.
func (r Request) Template() (*Template, error) {
	req, err := http.NewRequest(r.Method, r.URL, bytes.NewReader(r.Body)) //nolint:noctx // each call has its own
	if parse, ok := errors.AsType[*url.Error](err); ok {
		// The text of a parse error repeats the URL with its password.
		return nil, fmt.Errorf("call: the URL is malformed: %w", parse.Err)
	}
	if err != nil {
		return nil, fmt.Errorf("call: %w", err)
	}
	if r.Header != nil {
		req.Header = r.Header.Clone()
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host // net/http sends this instead of the header
	}
	t := &Template{request: req, shown: redact.URL(req.URL.String()), discard: r.Discard}
	t.options = []nethttp.ClientOption{
		nethttp.URLTagFunc(t.withoutUser),
		nethttp.ClientSpanObserver(observe),
		nethttp.ClientTrace(!r.NoEvents),
	}
	return t, nil
}

// withoutUser returns u without user info, which it removes only once from the
// template's own URL.
func (t *Template) withoutUser(u *url.URL) string {
	if u == t.request.URL {
		return t.shown
	}
	return redact.URL(u.String())
}
