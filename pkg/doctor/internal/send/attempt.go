package send

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"syscall"
	"time"

	"github.com/otdemo/otdemo/internal/hosts"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/trace"
)

// Attempt is one request or datagram with spans, and what came back.
type Attempt struct {
	Trace trace.TraceID
	// Target is where it was sent, in a sentence.
	Target string
	// Evidence is what was sent, and the response.
	Evidence string
	// Err is why there was no response. Over UDP that is os.ErrDeadlineExceeded
	// if all is well.
	Err error
	// Problem is why the span will not arrive; nil if it may.
	Problem error

	// Response is that to a post.
	Response *probe.Fetched
	// GRPCStatus is that of a call: "0" for a success, "" for a response that is
	// not gRPC's.
	GRPCStatus string
	// Answer is what came back over UDP, where nothing should.
	Answer []byte
}

// Send sends spans to endpoint as a tracer with this protocol would, but not with
// Appdash's, which has no response. With login it carries the configured
// credentials.
func (in Protocol) Send(ctx context.Context, env *probe.Env, endpoint *url.URL, spans RawSpan, login bool) Attempt {
	a := Attempt{Trace: spans.ID}
	body, err := in.body(ctx, spans)
	switch {
	case err != nil:
		a.Err, a.Problem = err, err
	case in.Scheme == probe.SchemeGRPC:
		a.call(ctx, env, endpoint, body, login)
	default:
		a.post(ctx, env, in, endpoint, body, login)
	}
	return a
}

func (a *Attempt) post(ctx context.Context, env *probe.Env, in Protocol, endpoint *url.URL, body []byte, login bool) {
	a.Target = probe.Bare(endpoint)
	a.Response, a.Err = post(ctx, env, in.mediaType, endpoint, body, login)
	if a.Err != nil {
		a.Problem = errors.New(probe.OneCode("").Finding(endpoint, a.Err).Fact)
		return
	}
	a.Evidence = a.Response.EvidenceOf(fmt.Sprintf(" (trace %s)", a.Trace))
	if a.Response.Status != in.Accepted {
		a.Problem = fmt.Errorf("%s returned %d for a span", a.Target, a.Response.Status)
	}
}

func post(ctx context.Context, env *probe.Env, mediaType string, endpoint *url.URL, body []byte, login bool) (*probe.Fetched, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint.String(), bytes.NewReader(body))
	if err != nil {
		return nil, probe.WithoutURL(err)
	}
	req.Header.Set("Content-Type", mediaType)
	client := env.HTTPClient()
	if login {
		client = env.CollectorClient()
		env.LogIn(req)
	}
	defer client.CloseIdleConnections()
	return probe.Send(client, env, req, probe.MaxAnswer)
}

// OTLPService is the method that receives spans (trace_service.proto of OTLP).
const OTLPService = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

// call makes one unary call of OTLP. Over net/http that is an HTTP/2 request
// with a prefix before its body, and its status in a trailer, which spares us a
// gRPC connection for one span.
func (a *Attempt) call(ctx context.Context, env *probe.Env, endpoint *url.URL, body []byte, login bool) {
	method := &url.URL{Scheme: "http", Host: probe.DialAddr(endpoint), Path: OTLPService}
	if endpoint.Scheme == probe.SchemeGRPCS {
		method.Scheme = "https"
	}
	a.Target = method.Host
	a.Evidence = fmt.Sprintf("called %s (trace %s)", method, a.Trace)
	a.GRPCStatus, a.Err = callGRPC(ctx, env, method, body, login)
	if a.Err != nil {
		a.Problem = fmt.Errorf("grpc %s: %s", a.Target, probe.Reason(a.Err))
		return
	}
	a.Evidence += fmt.Sprintf(": grpc-status %q", a.GRPCStatus)
	if a.GRPCStatus != "0" {
		a.Problem = fmt.Errorf("%s returned grpc-status %q for a span", a.Target, a.GRPCStatus)
	}
}

func callGRPC(ctx context.Context, env *probe.Env, method *url.URL, message []byte, login bool) (status string, err error) {
	// Not compressed, and the length of the message.
	body := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message)))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, method.String(), bytes.NewReader(append(body, message...)))
	if err != nil {
		return "", probe.WithoutURL(err)
	}
	req.Header.Set("Content-Type", "application/grpc")
	req.Header.Set("TE", "trailers")
	if login {
		env.LogIn(req)
	}
	client := env.HTTP2Client()
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	// Trailers are there once the body has been read. An error without a message
	// has its status in the header.
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, probe.MaxAnswer)); err != nil {
		return "", err
	}
	if status := resp.Trailer.Get("Grpc-Status"); status != "" {
		return status, nil
	}
	return resp.Header.Get("Grpc-Status"), nil
}

// RefusalTime returns how long a refusal by host may need to come back.
func RefusalTime(host string) time.Duration {
	if hosts.IsLoopback(host) {
		return localRefusal
	}
	return remoteRefusal
}

// The time in which a refusal comes back. On the machine itself the kernel has
// it ready before the write returns; 300 ms are a round trip around the earth.
const (
	localRefusal  = 20 * time.Millisecond
	remoteRefusal = 300 * time.Millisecond
)

// SentSpan is the published result of agent-udp: a small span that was sent to
// Addr.
type SentSpan struct {
	Trace trace.TraceID
	Addr  string
}

// SendUDP sends the span to host:port in one datagram, and waits for a refusal.
func (h RawSpan) SendUDP(ctx context.Context, env *probe.Env, addr string, encoding Encoding) Attempt {
	a := Attempt{Trace: h.ID, Target: "udp " + addr}
	packet, err := h.Encode(ctx, encoding)
	if err != nil {
		a.Err, a.Problem = err, err
		return a
	}
	a.Evidence = fmt.Sprintf("sent a span of %d bytes to %s (trace %s)", len(packet), a.Target, h.ID)
	a.Answer, a.Err = ExchangeUDP(ctx, env, addr, packet, RefusalTime(probe.HostOf(addr)))
	switch {
	case errors.Is(a.Err, os.ErrDeadlineExceeded):
		// Silence is what a Jaeger does.
	case errors.Is(a.Err, syscall.ECONNREFUSED):
		a.Problem = fmt.Errorf("nothing listens on %s", a.Target)
	case a.Err != nil:
		a.Problem = fmt.Errorf("cannot send to %s: %s", a.Target, probe.Reason(a.Err))
	default:
		a.Problem = fmt.Errorf("%s responded, which Jaeger never does", a.Target)
	}
	return a
}

// ExchangeUDP sends a datagram on a connected socket and waits for bytes or for
// the error that the network sends back. Only an error is certain: silence is
// what a Jaeger, a firewall and a black hole have in common.
func ExchangeUDP(ctx context.Context, env *probe.Env, addr string, packet []byte, wait time.Duration) ([]byte, error) {
	conn, err := env.Dial(ctx, "udp", addr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	deadline := time.Now().Add(wait)
	if end, ok := ctx.Deadline(); ok && end.Before(deadline) {
		deadline = end
	}
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, err
	}
	if _, err := conn.Write(packet); err != nil {
		return nil, err
	}
	answer := make([]byte, probe.MaxExcerpt)
	n, err := conn.Read(answer)
	return answer[:n], err
}

// WriteUDP sends a datagram and does not wait for a refusal.
func WriteUDP(ctx context.Context, env *probe.Env, addr string, packet []byte) error {
	conn, err := env.Dial(ctx, "udp", addr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	_, err = conn.Write(packet)
	return err
}
