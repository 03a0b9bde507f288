package probe

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
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
