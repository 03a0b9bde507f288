package send

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/trace"
)

// Post is a span sent over HTTP, and the response.
type Post struct {
	*probe.Fetched
	Trace trace.TraceID
}

// PostSpan posts a span to endpoint, as a tracer with this protocol would. With
// login it carries the configured credentials.
func PostSpan(ctx context.Context, env *probe.Env, in Protocol, operation string, endpoint *url.URL, login bool) (*Post, error) {
	span := NewRawSpan(operation, time.Now())
	body, err := in.Body(ctx, span)
	if err != nil {
		return nil, err
	}
	env.Sent.Add(span.ID, false)
	answer, err := PostBody(ctx, env, in, endpoint, body, login)
	if err != nil {
		return nil, err
	}
	return &Post{Fetched: answer, Trace: span.ID}, nil
}

// PostBody posts spans that are encoded for the protocol.
func PostBody(ctx context.Context, env *probe.Env, in Protocol, endpoint *url.URL, body []byte, login bool) (*probe.Fetched, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint.String(), bytes.NewReader(body))
	if err != nil {
		return nil, probe.WithoutURL(err)
	}
	req.Header.Set("Content-Type", in.mediaType)
	client := env.HTTPClient()
	if login {
		client = env.CollectorClient()
		env.LogIn(req)
	}
	defer client.CloseIdleConnections()
	return probe.Send(client, env, req, probe.MaxAnswer)
}

// Evidence describes what was posted and the response.
func (p *Post) Evidence() string { return p.EvidenceOf(fmt.Sprintf(" (trace %s)", p.Trace)) }
