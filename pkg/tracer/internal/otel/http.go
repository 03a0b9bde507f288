package otel

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/otdemo/otdemo/pkg/tracer/internal/httpsend"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
)

// otlpAnswerBytes bounds the part of an answer that is read. One that accepts is
// empty or names the rejected spans in a sentence.
const otlpAnswerBytes = 64 << 10

// newHTTPClient makes the SDK's client above one of ours, since its own one follows
// redirects, treats a web page as success and shares its connections with others;
// release closes ours.
func newHTTPClient(u *url.URL, t *sender, tlsConfig *tls.Config) (client otlptrace.Client, release func()) {
	ours := httpsend.NewClient()
	base, _ := ours.Transport.(*http.Transport)
	base.ForceAttemptHTTP2 = true // which a TLS configuration would turn off
	base.TLSClientConfig = tlsConfig
	ours.Transport = &otlpRoundTripper{
		next:          base,
		authorization: t.authorization,
		timeout:       t.limits.request,
	}
	options := []otlptracehttp.Option{
		otlptracehttp.WithEndpointURL(u.String()),
		otlptracehttp.WithHTTPClient(ours),
		otlptracehttp.WithMaxRequestSize(httpsend.SpanBytes),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: false}),
	}
	if t.withoutHeaders {
		// In the place of those that the SDK takes from the environment.
		options = append(options, otlptracehttp.WithHeaders(map[string]string{}))
	}
	return utf8Client{otlptracehttp.NewClient(options...)}, base.CloseIdleConnections
}

// otlpRoundTripper checks each response in place of the SDK's exporter, which only
// sees success. Every error that it returns is a *reporter.SendError.
type otlpRoundTripper struct {
	next          http.RoundTripper
	authorization string
	// timeout is what the error of a request without a response names.
	timeout time.Duration
}

func (r *otlpRoundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	if r.authorization != "" {
		req = req.Clone(req.Context())
		req.Header.Set("Authorization", r.authorization)
	}
	resp, err := r.next.RoundTrip(req)
	if err != nil {
		return nil, &reporter.SendError{Reason: httpsend.NetworkReason(err, r.timeout), Cause: err, Retryable: true}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, otlpAnswerBytes))
	_ = resp.Body.Close()
	if err != nil {
		// The collector may have taken the spans; another try would double them.
		return nil, &reporter.SendError{Reason: fmt.Sprintf("answered %s, but not to the end: %v", resp.Status, err), Cause: err}
	}
	if e := otlpResponseError(resp, body); e != nil {
		return nil, e
	}
	resp.Body = io.NopCloser(bytes.NewReader(nil)) // which was read above
	return resp, nil
}

// otlpResponseError turns a response other than plain success into an error, by the rules
// of OTLP ("OpenTelemetry Protocol Specification", OTLP/HTTP Response).
func otlpResponseError(resp *http.Response, body []byte) *reporter.SendError {
	text := httpsend.OneLine(body[:min(len(body), httpsend.BodyStart)])
	if resp.StatusCode/100 == 2 {
		return otlpBodyError(resp, body, text)
	}
	e := httpsend.ResponseError(resp, text)
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
	case http.StatusRequestEntityTooLarge:
		e.Cause = reporter.ErrTooLarge
	default:
		e.Retryable = false
	}
	return e
}

// otlpBodyError checks the body of a response whose status is success.
func otlpBodyError(resp *http.Response, body []byte, text string) *reporter.SendError {
	if len(body) == 0 {
		return nil
	}
	answer := &coltracepb.ExportTraceServiceResponse{}
	decode := proto.Unmarshal
	if body[0] == '{' {
		// OTLP requires the request's format, but some servers respond in JSON.
		decode = protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal
	}
	if !httpsend.IsHTML(resp.Header.Get("Content-Type"), text) && decode(body, answer) == nil {
		return partialError(answer)
	}
	return httpsend.WrongServer(resp, "but not in OTLP", text)
}
