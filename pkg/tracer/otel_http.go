package tracer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// otlpAnswerBytes bounds the part of an answer that is read. One that accepts is
// empty or names the rejected spans in a sentence.
const otlpAnswerBytes = 64 << 10

// newHTTPExporter makes the SDK's exporter with a client of ours, since its own
// one follows redirects, takes a web page for success and shares its connections
// with others; release closes ours.
func newHTTPExporter(u *url.URL, t *otlpTransport) (exporter sdktrace.SpanExporter, release func(), err error) {
	client := newHTTPClient()
	base, _ := client.Transport.(*http.Transport)
	base.ForceAttemptHTTP2 = true // which a TLS configuration would turn off
	base.TLSClientConfig = otlpTLS(t.log)
	client.Transport = &otlpRoundTripper{
		next:     base,
		user:     t.collector.User,
		password: t.collector.Password,
		timeout:  t.limits.request,
	}
	options := []otlptracehttp.Option{
		otlptracehttp.WithEndpointURL(u.String()),
		otlptracehttp.WithHTTPClient(client),
		otlptracehttp.WithMaxRequestSize(httpSpanBytes),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: false}),
	}
	if t.collector.WithoutHeaders {
		// In the place of those that the SDK takes from the environment.
		options = append(options, otlptracehttp.WithHeaders(map[string]string{}))
	}
	exporter, err = otlptracehttp.New(context.Background(), options...)
	return exporter, base.CloseIdleConnections, err
}

// otlpRoundTripper judges each answer in place of the SDK's exporter, which is
// left with success. Every error that it returns is a *sendError.
type otlpRoundTripper struct {
	next           http.RoundTripper
	user, password string
	// timeout is what a request without an answer is said to have had.
	timeout time.Duration
}

// RoundTrip implements http.RoundTripper.
func (r *otlpRoundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	if r.user != "" {
		req = req.Clone(req.Context())
		req.SetBasicAuth(r.user, r.password)
	}
	resp, err := r.next.RoundTrip(req)
	if err != nil {
		reason := networkReason(err)
		if errors.Is(err, context.DeadlineExceeded) {
			reason = fmt.Sprintf("no answer within %v", r.timeout)
		}
		return nil, &sendError{reason: reason, cause: err, again: true}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, otlpAnswerBytes))
	_ = resp.Body.Close()
	if err != nil {
		// The collector may have taken the spans; another try would double them.
		return nil, &sendError{reason: fmt.Sprintf("answered %s, but not to the end: %v", resp.Status, err), cause: err}
	}
	if e := judgeOTLP(resp, body); e != nil {
		return nil, e
	}
	resp.Body = io.NopCloser(bytes.NewReader(nil)) // nothing is left to say
	return resp, nil
}

// judgeOTLP turns an answer other than plain success into an error, by the rules
// of OTLP ("OpenTelemetry Protocol Specification", OTLP/HTTP Response).
func judgeOTLP(resp *http.Response, body []byte) *sendError {
	text := oneLine(body[:min(len(body), bodyStart)])
	if resp.StatusCode/100 == 2 {
		return judgeAccepted(resp, body, text)
	}
	e := judge(resp, text)
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
	case http.StatusRequestEntityTooLarge:
		e.cause = errTooLarge
	default:
		e.again = false
	}
	return e
}

// judgeAccepted reads the answer of whoever says that it took the spans.
func judgeAccepted(resp *http.Response, body []byte, text string) *sendError {
	if len(body) == 0 {
		return nil
	}
	answer := &coltracepb.ExportTraceServiceResponse{}
	decode := proto.Unmarshal
	if body[0] == '{' {
		// OTLP asks for the request's own format, but some answer so.
		decode = protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal
	}
	isPage := isHTML(resp.Header.Get("Content-Type"), text)
	if !isPage && decode(body, answer) == nil {
		return judgePartial(answer)
	}
	e := &sendError{reason: "answered " + resp.Status + " but not in OTLP, so it is no span collector", body: text}
	if isPage {
		e.reason += " but a web page (wrong port?)"
	}
	return e
}
