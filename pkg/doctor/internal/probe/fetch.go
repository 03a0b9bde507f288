package probe

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
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
