package tracer

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/otdemo/otdemo/pkg/plural"
)

// errTooLarge is what Append returns for a span that no datagram or body takes.
var errTooLarge = errors.New("span is too large")

// CloseError says that Close ran out of time.
type CloseError struct {
	// Left is the number of spans that were not delivered because of that.
	Left int64
	// Err is the cause of the context's end.
	Err error
}

func (e *CloseError) Error() string {
	return fmt.Sprintf("closing the tracer: %s not delivered: %v", plural.Of(e.Left, "span was", "spans were"), e.Err)
}

// Unwrap returns the cause of the context's end.
func (e *CloseError) Unwrap() error { return e.Err }

// hinted is an error with a remedy, which cmd prints on a line of its own.
type hinted struct {
	error
	hint string
}

func (e *hinted) Hint() string { return e.hint }

func (e *hinted) Unwrap() error { return e.error }

// parseHTTPURL parses raw, which stands at key in the configuration. Its errors
// show raw without user info.
func parseHTTPURL(key, raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%s is no URL, got %q: %w", key, withoutUser(raw), bareError(err))
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("%s must start with http:// or https:// and a host, got %q", key, withoutUser(raw))
	}
	return u, nil
}

// withoutUser cuts the user info out of a URL that need not parse.
func withoutUser(raw string) string {
	scheme, rest, ok := strings.Cut(raw, "//")
	if !ok {
		scheme, rest = "", raw
	} else {
		scheme += "//"
	}
	host, path := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	return scheme + host[strings.LastIndexByte(host, '@')+1:] + path
}

// bareError takes the URL, and with it a user name, out of an error of net/http
// or net/url.
func bareError(err error) error {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		return ue.Err
	}
	return err
}
