package doctor

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
)

// fetched is the answer to a GET.
type fetched struct {
	url    *url.URL
	status int
	header http.Header
	body   []byte
}

// fetch gets u, without following redirects, and reads up to limit bytes of the
// answer. A body that breaks off is returned as far as it came.
func fetch(ctx context.Context, env *Env, u *url.URL, limit int64) (*fetched, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, withoutURL(err)
	}
	if env.UserAgent != "" {
		req.Header.Set("User-Agent", env.UserAgent)
	}
	client := env.httpClient()
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, limit))
	return &fetched{url: u, status: resp.StatusCode, header: resp.Header, body: body}, nil
}

// mediaType is the content type without parameters, "" when there is none.
func (f *fetched) mediaType() string {
	media, _, err := mime.ParseMediaType(f.header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return media
}

// evidence says what was asked and what came back.
func (f *fetched) evidence() string {
	text := fmt.Sprintf("GET %s: %d %s", bare(f.url), f.status, http.StatusText(f.status))
	if media := f.mediaType(); media != "" {
		text += ", " + media
	}
	if len(f.body) > 0 {
		text += ": " + excerpt(f.body)
	}
	return text
}
