package doctor

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
)

// fetched is the answer to a request.
type fetched struct {
	method string
	url    *url.URL
	status int
	header http.Header
	body   []byte
}

// fetch gets u, without following redirects, and reads up to limit bytes of the
// answer.
func fetch(ctx context.Context, env *Env, u *url.URL, limit int64) (*fetched, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, withoutURL(err)
	}
	return send(env, req, u, limit)
}

// send sends a request to u as the doctor's own, and reads up to limit bytes of
// the answer. A body that breaks off is returned as far as it came.
func send(env *Env, req *http.Request, u *url.URL, limit int64) (*fetched, error) {
	return sendBy(env.httpClient(), env, req, u, limit)
}

// sendBy is send with a client, whose idle connections it closes.
func sendBy(client *http.Client, env *Env, req *http.Request, u *url.URL, limit int64) (*fetched, error) {
	if env.UserAgent != "" {
		req.Header.Set("User-Agent", env.UserAgent)
	}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, limit))
	return &fetched{method: req.Method, url: u, status: resp.StatusCode, header: resp.Header, body: body}, nil
}

// location is where a redirect leads.
func (f *fetched) location() string { return f.header.Get("Location") }

// mediaType is the content type without parameters, "" when there is none.
func (f *fetched) mediaType() string {
	media, _, err := mime.ParseMediaType(f.header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return media
}

// evidence says what was asked and what came back.
func (f *fetched) evidence() string { return f.evidenceOf("") }

// evidenceOf puts what was sent, such as a trace's id, behind the URL.
func (f *fetched) evidenceOf(sent string) string {
	text := fmt.Sprintf("%s %s%s: %d %s", f.method, bare(f.url), sent, f.status, http.StatusText(f.status))
	if media := f.mediaType(); media != "" {
		text += ", " + media
	}
	if len(f.body) > 0 {
		text += ": " + excerpt(f.body)
	}
	return text
}
