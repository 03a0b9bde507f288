//go:build !linux

package udp

import (
	"errors"
	"net/netip"
	"os"
	"time"
)

// refusalWait is how long a read waits for a refusal after a write.
const refusalWait = time.Millisecond

// askForQuotes reports that this system does not quote the datagram that was refused.
func (s *socket) askForQuotes() bool { return false }

// refusals returns the refusal of the last datagram, if it has become known. It
// blocks for refusalWait, since a read is the portable way to get at it.
func (s *socket) refusals() []uint32 {
	if err := s.conn.SetReadDeadline(time.Now().Add(refusalWait)); err != nil {
		return nil
	}
	var one [1]byte
	_, err := s.conn.Read(one[:])
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return []uint32{s.last}
}

// bufferQuery would look at the receive buffer; this system does not show it.
type bufferQuery struct{}

func newBufferQuery(_, _ netip.AddrPort) *bufferQuery { return nil }

func (*bufferQuery) read() (used, most int, ok bool) { return 0, 0, false }

func (*bufferQuery) close() {}
