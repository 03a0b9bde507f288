package doctor

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

// post is a span sent over HTTP, and the answer.
type post struct {
	trace  trace.TraceID
	url    *url.URL
	status int
	// contentType is the media type without parameters.
	contentType string
	location    string
	body        []byte
}

// maxAnswer bounds what is read of an answer to a span.
const maxAnswer = 4 << 10

// postSpan posts a span of one's own to endpoint, as a tracer would.
func postSpan(ctx context.Context, env *Env, operation string, endpoint *url.URL, user, password string) (*post, error) {
	span := newHandmade(operation, time.Now())
	body, err := span.body(ctx)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint.String(), bytes.NewReader(body))
	if err != nil {
		return nil, withoutURL(err)
	}
	req.Header.Set("Content-Type", "application/x-thrift")
	if env.UserAgent != "" {
		req.Header.Set("User-Agent", env.UserAgent)
	}
	if user != "" {
		req.SetBasicAuth(user, password)
	}
	client := env.httpClient()
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	// The status counts, and what can be read of the body explains it.
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		media = ""
	}
	return &post{
		trace: span.id, url: endpoint, status: resp.StatusCode, contentType: media,
		location: resp.Header.Get("Location"), body: answer,
	}, nil
}

// evidence says what was posted and what came back.
func (p *post) evidence() string {
	text := fmt.Sprintf("POST %s (trace %s): %d %s", bare(p.url), p.trace, p.status, http.StatusText(p.status))
	if p.contentType != "" {
		text += ", " + p.contentType
	}
	if len(p.body) > 0 {
		text += ": " + excerpt(p.body)
	}
	return text
}
