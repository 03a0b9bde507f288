package query

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/otdemo/otdemo/internal/redact"
)

// drainBytes bounds what is read of a body after the answer was decoded, so that the
// connection can be reused.
const drainBytes = 4 << 10

// answer is a response and the first bytes of its body.
type answer struct {
	URL         string
	Status      int
	ContentType string
	Location    string
	// Head is the first headBytes of the body, or the whole body.
	Head    string
	body    *bufio.Reader
	limited *boundedBody
}

func newAnswer(shownURL string, resp *http.Response, limit int64) *answer {
	limited := &boundedBody{body: resp.Body, limit: limit, left: limit}
	body := bufio.NewReaderSize(limited, headBytes)
	// An error here occurs again when the body is read.
	head, _ := body.Peek(headBytes)
	return &answer{
		URL:         shownURL,
		Status:      resp.StatusCode,
		ContentType: resp.Header.Get("Content-Type"),
		Location:    redact.URL(resp.Header.Get("Location")),
		Head:        string(head),
		body:        body,
		limited:     limited,
	}
}

func (a *answer) close() {
	_, _ = io.CopyN(io.Discard, a.body, drainBytes)
	_ = a.limited.body.Close()
}

// looksJSON reports whether the body begins like a JSON object and is not declared as
// HTML. Jaeger sends its errors as text/plain, so the content type does not decide.
func (a *answer) looksJSON() bool {
	return a.mediaType() != "text/html" && a.startsWith("{")
}

// looksList is looksJSON for Zipkin, which sends lists and declares them as JSON.
func (a *answer) looksList() bool { return a.mediaType() == "application/json" && a.startsWith("[") }

func (a *answer) startsWith(sign string) bool {
	return strings.HasPrefix(strings.TrimLeft(a.Head, " \t\r\n"), sign)
}

// mediaType returns the content type without parameters, "" when there is none.
func (a *answer) mediaType() string {
	media, _, err := mime.ParseMediaType(a.ContentType)
	if err != nil {
		return ""
	}
	return media
}

// unexpected returns the error for an answer that is not the requested data; reason is
// what is wrong with JSON that is not Jaeger's.
func (a *answer) unexpected(reason string) error {
	if a.Status != http.StatusOK {
		return &StatusError{
			URL: a.URL, Status: a.Status, ContentType: a.ContentType, Location: a.Location, Body: a.Head,
		}
	}
	return &NotJSONError{URL: a.URL, ContentType: a.ContentType, Body: a.Head, Reason: reason}
}

// decodeError returns a TransportError for a body that was cut off, and the error of
// unexpected for one that is not Jaeger's.
func (a *answer) decodeError(err error) error {
	if a.limited.err != nil {
		return &TransportError{URL: a.URL, Err: a.limited.err}
	}
	return a.unexpected(err.Error())
}

// boundedBody returns an error instead of the end when a body is too long: a trace
// that was cut off must not look complete.
type boundedBody struct {
	body  io.ReadCloser
	limit int64
	left  int64
	err   error
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if b.left <= 0 {
		b.err = fmt.Errorf("answer is larger than %d bytes", b.limit)
		return 0, b.err
	}
	n, err := b.body.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}
