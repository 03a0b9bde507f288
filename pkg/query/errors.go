package query

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// ErrNotFound is returned when the backend does not have the trace.
var ErrNotFound = errors.New("trace not found")

// ErrIncomplete is returned when a trace exists, but is not complete for the caller.
var ErrIncomplete = errors.New("trace is incomplete")

// URLError is an address that New cannot use.
type URLError struct {
	// URL is the address without user info; empty when it cannot be parsed.
	URL    string
	Reason string
	// Suggestion is a URL of the right form.
	Suggestion string
}

// Error implements error.
func (e *URLError) Error() string {
	if e.URL == "" {
		return "query URL is invalid: " + e.Reason
	}
	return fmt.Sprintf("query URL %q is invalid: %s", e.URL, e.Reason)
}

// Hint returns the flag with a valid URL.
func (e *URLError) Hint() string { return "--query-url " + e.Suggestion }

// TransportError is a request without a complete answer: no connection, no TLS, a
// timeout, a closed connection. Unwrap returns the cause.
type TransportError struct {
	// URL is that of the request, without user info.
	URL string
	Err error
}

// Error implements error.
func (e *TransportError) Error() string { return fmt.Sprintf("get %s: %v", e.URL, e.Err) }

// Unwrap returns the cause, never a *url.Error.
func (e *TransportError) Unwrap() error { return e.Err }

// StatusError is an answer with a status that is neither 200 nor Jaeger's "not found".
type StatusError struct {
	// URL is that of the request, without user info.
	URL         string
	Status      int
	ContentType string
	// Location is where a redirect leads.
	Location string
	// Body is its first 512 bytes.
	Body string
}

// Error implements error.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("get %s: %d %s", e.URL, e.Status, http.StatusText(e.Status))
	if e.Location != "" {
		return text + " to " + e.Location
	}
	if line := firstLine(e.Body); line != "" && !strings.HasPrefix(line, "<") {
		text += ": " + line
	}
	return text
}

// NotJSONError is a 200 that is not Jaeger's JSON: another program's port, a
// missing base path, or a login page.
type NotJSONError struct {
	// URL is that of the request, without user info.
	URL         string
	ContentType string
	// Body is its first 512 bytes.
	Body string
	// Reason is what is wrong with JSON that is not Jaeger's; empty when the answer is
	// not JSON.
	Reason string
}

// Error implements error.
func (e *NotJSONError) Error() string {
	if e.Reason != "" {
		return fmt.Sprintf("get %s: answer is not Jaeger's: %s", e.URL, e.Reason)
	}
	return fmt.Sprintf("get %s: answer is not JSON but %s", e.URL, cmp.Or(e.ContentType, "no content type"))
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(line)
}
