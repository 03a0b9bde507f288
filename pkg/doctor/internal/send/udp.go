package send

import (
	"net/netip"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/trace"
)

// RefusalTime returns how long a refusal by host may need to come back.
func RefusalTime(host string) time.Duration {
	if ip, err := netip.ParseAddr(host); probe.IsLoopback(host) || err == nil && ip.IsLoopback() {
		return LocalRefusal
	}
	return RemoteRefusal
}

// The time in which a refusal comes back. On the machine itself the kernel has
// it ready before the write returns; 300 ms are a round trip around the earth.
const (
	LocalRefusal  = 20 * time.Millisecond
	RemoteRefusal = 300 * time.Millisecond
)

// SentSpan is the published result of agent-udp: a small span that was sent to
// Addr.
type SentSpan struct {
	Trace trace.TraceID
	Addr  string
}
