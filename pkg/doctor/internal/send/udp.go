package send

import (
	"net/netip"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/trace"
)

// RefusalTime is how long a refusal by host may take to come back.
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

// SentSpan is what agent-udp learns: a small span that left for addr.
type SentSpan struct {
	Trace trace.TraceID
	Addr  string
}
