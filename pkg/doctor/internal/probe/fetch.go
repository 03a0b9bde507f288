package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Fetched is the response to a request.
type Fetched struct {
	method string
	URL    *url.URL
	Status int
	Header http.Header
	Body   []byte
}

// Fetch gets u, without following redirects, and reads up to limit bytes of the
// response.
func Fetch(ctx context.Context, env *Env, u *url.URL, limit int64) (*Fetched, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, WithoutURL(err)
	}
	client := env.HTTPClient()
	defer client.CloseIdleConnections()
	return Send(client, env, req, limit)
}

// Send sends a request as the doctor's own, and reads up to limit bytes of the
// response. Of a body that ends early it returns what was received.
func Send(client *http.Client, env *Env, req *http.Request, limit int64) (*Fetched, error) {
	if env.UserAgent != "" {
		req.Header.Set("User-Agent", env.UserAgent)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, limit))
	return &Fetched{method: req.Method, URL: req.URL, Status: resp.StatusCode, Header: resp.Header, Body: body}, nil
}

// Location is where a redirect leads.
func (f *Fetched) Location() string { return f.Header.Get("Location") }

// MediaType returns the content type without parameters, or "".
func (f *Fetched) MediaType() string {
	media, _, err := mime.ParseMediaType(f.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return media
}

// Evidence describes the request and its response.
func (f *Fetched) Evidence() string { return f.EvidenceOf("") }

// EvidenceOf puts what was sent, such as a trace's id, behind the URL.
func (f *Fetched) EvidenceOf(sent string) string {
	return f.method + " " + Bare(f.URL) + sent + ": " + f.Outcome()
}

// Outcome describes the response.
func (f *Fetched) Outcome() string {
	text := fmt.Sprintf("%d %s", f.Status, http.StatusText(f.Status))
	if media := f.MediaType(); media != "" {
		text += ", " + media
	}
	if len(f.Body) > 0 {
		text += ": " + Excerpt(f.Body)
	}
	return text
}

// MaxAnswer bounds what is read of the response to a span.
const MaxAnswer = 4 << 10

// AdminTimeout bounds requests to ports that may not be open to us: a firewall
// must not make a healthy check slow.
const AdminTimeout = 500 * time.Millisecond

// Jaeger's page is some kB, its metrics some 100 kB.
const (
	MaxIndex   = 64 << 10
	MaxMetrics = 1 << 20
)

// MaxRecorded bounds how much of a response's body is kept.
const MaxRecorded = 64 << 10

// Exchange is one HTTP request of the doctor and the raw response, for a bug
// report. It contains no user info, and no headers with cookies or credentials.
type Exchange struct {
	Start   time.Time
	Elapsed time.Duration
	Method  string
	URL     string
	// Status is 0 if there was no response; Err then has the reason, or why the
	// body ends too early.
	Status int
	Header http.Header
	// Body is its first 64 kB.
	Body []byte
	Err  string
}

// recorder is a transport that reports each exchange once its body is closed.
type recorder struct {
	next   *http.Transport
	record func(Exchange)
}

// RoundTrip implements http.RoundTripper.
func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	x := Exchange{Start: time.Now(), Method: req.Method, URL: Bare(req.URL)}
	resp, err := r.next.RoundTrip(req)
	if err != nil {
		x.Elapsed, x.Err = time.Since(x.Start), err.Error()
		r.record(x)
		return nil, err
	}
	x.Status, x.Header = resp.StatusCode, publicHeader(resp.Header)
	resp.Body = &recordedBody{ReadCloser: resp.Body, exchange: x, record: r.record}
	return resp, nil
}

// CloseIdleConnections lets http.Client reach the transport below.
func (r *recorder) CloseIdleConnections() { r.next.CloseIdleConnections() }

// publicHeader drops the headers that may carry secrets.
func publicHeader(h http.Header) http.Header {
	public := h.Clone()
	for _, name := range []string{"Set-Cookie", "Authorization", "Proxy-Authorization"} {
		public.Del(name)
	}
	return public
}

// recordedBody keeps the first bytes that are read through it.
type recordedBody struct {
	io.ReadCloser
	exchange Exchange
	seen     bytes.Buffer
	record   func(Exchange)
	once     sync.Once
}

// Read implements io.Reader.
func (b *recordedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.seen.Write(p[:min(n, MaxRecorded-b.seen.Len())])
	if err != nil && !errors.Is(err, io.EOF) {
		b.exchange.Err = err.Error()
	}
	return n, err
}

// Close implements io.Closer and reports the exchange.
func (b *recordedBody) Close() error {
	b.once.Do(func() {
		b.exchange.Elapsed = time.Since(b.exchange.Start)
		b.exchange.Body = b.seen.Bytes()
		b.record(b.exchange)
	})
	return b.ReadCloser.Close()
}
