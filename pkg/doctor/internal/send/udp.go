package send

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/trace"
)

// RefusalTime returns how long a refusal by host may need to come back.
func RefusalTime(host string) time.Duration {
	if probe.IsLoopback(host) {
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
