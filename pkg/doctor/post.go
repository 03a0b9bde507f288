package doctor

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

// post is a span sent over HTTP, and the answer.
type post struct {
	*fetched
	trace trace.TraceID
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
	if user != "" {
		req.SetBasicAuth(user, password)
	}
	answer, err := send(env, req, endpoint, maxAnswer)
	if err != nil {
		return nil, err
	}
	return &post{fetched: answer, trace: span.id}, nil
}

// evidence says what was posted and what came back.
func (p *post) evidence() string { return p.evidenceOf(fmt.Sprintf(" (trace %s)", p.trace)) }
