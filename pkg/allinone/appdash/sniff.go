package appdash

import (
	"bytes"
	"encoding/binary"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
)

// notPackets recognizes by the first bytes of a connection a client that does not
// send packets. It returns nil when it may.
func notPackets(first []byte) *ingest.Fault {
	if isPacket(first) {
		return nil
	}
	if fault := ingest.MatchTransport(first); fault != nil {
		return fault
	}
	if ingest.MatchHTTP(first) {
		return &ingest.Fault{Reason: ingest.HTTP}
	}
	length, n := binary.Uvarint(first)
	if length > 0 && n > 0 && n < len(first) && first[n] != 0x0b && first[n] != 0x2b { // neither group 1 nor 5
		return ingest.Faultf(ingest.Malformed, "begins with %q", ingest.Head(first))
	}
	return nil // decoding it will tell
}

// isPacket reports whether a connection begins with a packet: a length, then the start
// of group 1 (0x0b) and of a fixed64 in field 2 (0x11), the trace's id (collector.proto
// in appdash/internal/wire).
func isPacket(first []byte) bool {
	_, n := binary.Uvarint(first)
	// A packet has up to 1 MiB, whose length takes 3 bytes.
	return n > 0 && n <= 3 && bytes.HasPrefix(first[n:], []byte{0x0b, 0x11})
}
