package tracer

import (
	"fmt"
	"net/url"

	"github.com/otdemo/otdemo/internal/redact"
)

// CloseError says that Close ran out of time.
type CloseError struct {
	// Left is the number of spans that were not delivered because of that.
	Left int64
	// Err is the cause of the context's end.
	Err error
}

func (e *CloseError) Error() string {
	return fmt.Sprintf("closing the tracer: %d spans were not delivered: %v", e.Left, e.Err)
}

// Unwrap returns the cause of the context's end.
func (e *CloseError) Unwrap() error { return e.Err }

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
