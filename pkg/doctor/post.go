package doctor

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/trace"
)

// post is a span sent over HTTP, and the answer.
type post struct {
	*fetched
	trace trace.TraceID
}

// maxAnswer bounds what is read of an answer to a span.
const maxAnswer = 4 << 10

// postSpan posts a span of one's own to endpoint, as a tracer would that sends
// to this intake. It carries the configuration's credentials if it is to.
func postSpan(ctx context.Context, env *Env, in intake, operation string, endpoint *url.URL, login bool) (*post, error) {
	span := newHandmade(operation, time.Now())
	body, err := in.body(ctx, span)
	if err != nil {
		return nil, err
	}
	env.sent.add(span.id, false)
	answer, err := postBody(ctx, env, in, endpoint, body, login)
	if err != nil {
		return nil, err
	}
	return &post{fetched: answer, trace: span.id}, nil
}

// postBody posts spans that are encoded for the intake.
func postBody(ctx context.Context, env *Env, in intake, endpoint *url.URL, body []byte, login bool) (*fetched, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint.String(), bytes.NewReader(body))
	if err != nil {
		return nil, withoutURL(err)
	}
	req.Header.Set("Content-Type", in.mediaType)
	client := env.httpClient()
	if login {
		client = env.collectorClient()
		env.logIn(req)
	}
	return sendBy(client, env, req, endpoint, maxAnswer)
}

// logIn puts on a request to the collector what the tracer sends beside spans:
// user and password, and with tracer otel the headers that its library takes from
// the environment.
func (t *Target) logIn(req *http.Request) {
	cfg := t.config()
	if cfg.Tracer == config.TracerOTel && !cfg.Reporter.Collector.WithoutHeaders {
		for name, value := range otlpHeaders(t.Environ) {
			req.Header.Set(name, value)
		}
	}
	if collector := cfg.Reporter.Collector; collector.User != "" {
		req.SetBasicAuth(collector.User, collector.Password)
	}
}

// evidence says what was posted and what came back.
func (p *post) evidence() string { return p.evidenceOf(fmt.Sprintf(" (trace %s)", p.trace)) }
