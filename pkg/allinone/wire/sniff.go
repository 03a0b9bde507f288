package wire

import (
	"bytes"
	"encoding/binary"
)

// The first bytes of messages in either protocol; the second is that of the form
// with a version.
const (
	compactID = 0x82
	binaryID  = 0x80
)

// sniff recognises by its first bytes what is no message of a protocol, given by
// the byte that it begins with.
func sniff(datagram []byte, id byte) *Fault {
	switch {
	case len(datagram) == 0:
		return &Fault{Reason: Empty}
	case datagram[0] == id:
		return nil
	case datagram[0] == compactID:
		return &Fault{Reason: CompactThrift}
	case isBinaryThrift(datagram):
		return &Fault{Reason: BinaryThrift}
	case isHTTP(datagram):
		return &Fault{Reason: HTTP}
	case isText(datagram):
		return faultf(Text, "begins with %q", head(datagram))
	default:
		return faultf(Foreign, "begins with %x", head(datagram))
	}
}

// head returns the first bytes, for a message.
func head(datagram []byte) []byte { return datagram[:min(len(datagram), 16)] }

// isBinaryThrift knows the strict form (a version in the first two bytes) and the
// old one (the method's name with its length).
func isBinaryThrift(datagram []byte) bool {
	if bytes.HasPrefix(datagram, []byte{binaryID, 0x01}) {
		return true
	}
	for _, method := range []string{methodBatch, methodZipkin} {
		if bytes.HasPrefix(datagram, []byte("\x00\x00\x00"+string(rune(len(method)))+method)) {
			return true
		}
	}
	return false
}

func isHTTP(datagram []byte) bool {
	line, _, _ := bytes.Cut(datagram, []byte("\n"))
	return bytes.HasPrefix(line, []byte("HTTP/")) || bytes.Contains(line, []byte(" HTTP/"))
}

func isText(datagram []byte) bool {
	for _, b := range head(datagram) {
		if b >= 0x7f || b < ' ' && b != '\n' && b != '\r' && b != '\t' {
			return false
		}
	}
	return true
}

// SniffHTTP recognises by its first bytes a connection that does not speak HTTP,
// or not the version that is spoken there. It returns nil when it does.
func SniffHTTP(first []byte, http2 bool) *Fault {
	preface := []byte("PRI * HTTP/2.0")
	switch {
	case bytes.HasPrefix(first, []byte{0x16, 0x03}): // a handshake record (RFC 8446, 5.1)
		return &Fault{Reason: TLS}
	case bytes.HasPrefix(first, preface):
		if http2 {
			return nil
		}
		return &Fault{Reason: HTTP2}
	case first[0] == compactID:
		return &Fault{Reason: CompactThrift}
	case isAppdash(first):
		return &Fault{Reason: AppdashPacket}
	case first[0] < 'A' || first[0] > 'Z': // methods are in capitals
		return faultf(Foreign, "begins with %x", head(first))
	default:
		return nil
	}
}

// SniffStream recognises by the first bytes of a connection a client that does not
// send Appdash's packets, which are read there. It returns nil when it may.
func SniffStream(first []byte) *Fault {
	switch {
	case isAppdash(first):
		return nil
	case bytes.HasPrefix(first, []byte{0x16, 0x03}): // as in SniffHTTP
		return &Fault{Reason: TLS}
	case bytes.HasPrefix(first, []byte("PRI * HTTP/2.0")):
		return &Fault{Reason: HTTP2}
	case isHTTP(first):
		return &Fault{Reason: HTTP}
	}
	length, n := binary.Uvarint(first)
	if length > 0 && n > 0 && n < len(first) && first[n] != 0x0b && first[n] != 0x2b { // neither group 1 nor 5
		return faultf(Malformed, "begins with %q", head(first))
	}
	return nil // what it is shows when it is decoded
}

// isAppdash reports whether a connection begins with a packet of Appdash's: a
// length, then the start of group 1 (0x0b) and of a fixed64 in field 2 (0x11), the
// trace's id (collector.proto in appdash/internal/wire).
func isAppdash(first []byte) bool {
	at := bytes.Index(first, []byte{0x0b, 0x11})
	if at < 1 || at > 3 { // a packet has up to 1 MiB, whose length takes 3 bytes
		return false
	}
	for _, b := range first[:at-1] {
		if b < 0x80 {
			return false
		}
	}
	return first[at-1] < 0x80
}
