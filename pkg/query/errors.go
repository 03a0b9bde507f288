package query

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// ErrNotFound says that Jaeger answered, and knows no such trace.
var ErrNotFound = errors.New("trace not found")

// ErrIncomplete says that a trace exists, but not yet as the caller wants it.
var ErrIncomplete = errors.New("trace is incomplete")

// URLError is an address that New cannot use.
type URLError struct {
	// URL is the address without user info; empty when it could not be read.
	URL    string
	Reason string
	// Suggestion is a URL of the right form.
	Suggestion string
}

// Error implements error.
func (e *URLError) Error() string {
	if e.URL == "" {
		return "query URL is not one: " + e.Reason
	}
	return fmt.Sprintf("query URL %q is not one: %s", e.URL, e.Reason)
}

// Hint returns the flag that would do.
func (e *URLError) Hint() string { return "--query-url " + e.Suggestion }

// TransportError is a request without a whole answer: no connection, no TLS, a
// timeout, a cut connection. Unwrap leads to the cause.
type TransportError struct {
	// URL is what was asked for, without user info.
	URL string
	Err error
}

// Error implements error.
func (e *TransportError) Error() string { return fmt.Sprintf("get %s: %v", e.URL, e.Err) }

// Unwrap returns the cause, never a *url.Error.
func (e *TransportError) Unwrap() error { return e.Err }

// withoutURL drops the layer that repeats the URL with its user name.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// StatusError is an answer with a status that is neither the data asked for nor
// Jaeger's "not found".
type StatusError struct {
	// URL is what was asked for, without user info.
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
	// URL is what was asked for, without user info.
	URL         string
	ContentType string
	// Body is its first 512 bytes.
	Body string
	// Reason says what is wrong with JSON that is not Jaeger's; it is empty when
	// the answer is no JSON at all.
	Reason string
}

// Error implements error.
func (e *NotJSONError) Error() string {
	if e.Reason != "" {
		return fmt.Sprintf("get %s: answer is not Jaeger's: %s", e.URL, e.Reason)
	}
	kind := e.ContentType
	if kind == "" {
		kind = "no content type"
	}
	return fmt.Sprintf("get %s: answer is not JSON but %s", e.URL, kind)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(line)
}
