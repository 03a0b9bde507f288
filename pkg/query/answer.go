package query

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// drainBytes is how much of a body is read after the answer is known, so that
// the connection can be used again.
const drainBytes = 4 << 10

// answer is a response whose first bytes have been looked at.
type answer struct {
	URL         string
	Status      int
	ContentType string
	Location    string
	// Head is the first headBytes of the body, or all of it.
	Head    string
	body    *bufio.Reader
	limited *boundedBody
}

func newAnswer(shownURL string, resp *http.Response, limit int64) *answer {
	limited := &boundedBody{body: resp.Body, limit: limit, left: limit}
	body := bufio.NewReaderSize(limited, headBytes)
	// An error here shows again when the body is read.
	head, _ := body.Peek(headBytes)
	return &answer{
		URL:         shownURL,
		Status:      resp.StatusCode,
		ContentType: resp.Header.Get("Content-Type"),
		Location:    location(resp),
		Head:        string(head),
		body:        body,
		limited:     limited,
	}
}

// location is where a redirect leads, without user info.
func location(resp *http.Response) string {
	to, err := url.Parse(resp.Header.Get("Location"))
	if err != nil {
		return ""
	}
	return redact(to)
}

func (a *answer) close() {
	_, _ = io.CopyN(io.Discard, a.body, drainBytes)
	_ = a.limited.body.Close()
}

// looksJSON looks at the body, since Jaeger sends its own errors as text/plain,
// but takes the server's word when it says HTML.
func (a *answer) looksJSON() bool {
	return a.mediaType() != "text/html" && a.startsWith("{")
}

// looksList is looksJSON for Zipkin, which answers with lists and says so.
func (a *answer) looksList() bool { return a.mediaType() == "application/json" && a.startsWith("[") }

func (a *answer) startsWith(sign string) bool {
	return strings.HasPrefix(strings.TrimLeft(a.Head, " \t\r\n"), sign)
}

// mediaType is the content type without parameters, "" when there is none.
func (a *answer) mediaType() string {
	media, _, err := mime.ParseMediaType(a.ContentType)
	if err != nil {
		return ""
	}
	return media
}

// unexpected is the error for an answer that is not what was asked for; reason
// says what is wrong with JSON that is not Jaeger's.
func (a *answer) unexpected(reason string) error {
	if a.Status != http.StatusOK {
		return &StatusError{
			URL: a.URL, Status: a.Status, ContentType: a.ContentType, Location: a.Location, Body: a.Head,
		}
	}
	return &NotJSONError{URL: a.URL, ContentType: a.ContentType, Body: a.Head, Reason: reason}
}

// decodeError tells a body that ended early from one that is not Jaeger's.
func (a *answer) decodeError(err error) error {
	if a.limited.err != nil {
		return &TransportError{URL: a.URL, Err: a.limited.err}
	}
	return a.unexpected(err.Error())
}

// boundedBody fails instead of ending when a body is too long: a trace that was
// cut off must not look complete.
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
