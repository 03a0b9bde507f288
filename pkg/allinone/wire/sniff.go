package wire

import "bytes"

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
	case first[0] < 'A' || first[0] > 'Z': // methods are in capitals
		return faultf(Foreign, "begins with %x", head(first))
	default:
		return nil
	}
}
