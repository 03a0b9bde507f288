package thrift

import (
	"bytes"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
)

// The first bytes of messages in either protocol; the second is that of the form
// with a version.
const (
	compactID = 0x82
	binaryID  = 0x80
)

// The reasons for the one protocol where the other is expected.
const (
	CompactThrift ingest.Reason = "compact_thrift"
	BinaryThrift  ingest.Reason = "binary_thrift"
)

// CompactSignature recognizes the compact protocol.
func CompactSignature() *ingest.Signature {
	return &ingest.Signature{
		Reason: CompactThrift,
		Text:   "received compact thrift where binary thrift is expected: switch the client to binary, or send it to the compact port (Jaeger's is 6831)",
		Match:  func(first []byte) bool { return first[0] == compactID },
	}
}

// BinarySignature names the binary protocol, which is recognized in datagrams only.
func BinarySignature() *ingest.Signature {
	return &ingest.Signature{
		Reason: BinaryThrift,
		Text:   "received binary thrift where compact thrift is expected: switch the client to compact, or send it to the binary port (Jaeger's is 6832)",
	}
}

// sniff recognizes by its first bytes a datagram that is not a message of the protocol
// whose messages begin with id. It returns nil for one that is.
func sniff(datagram []byte, id byte) *ingest.Fault {
	switch {
	case len(datagram) == 0:
		return &ingest.Fault{Reason: ingest.Empty}
	case datagram[0] == id:
		return nil
	case datagram[0] == compactID:
		return CompactSignature().Fault()
	case isBinaryThrift(datagram):
		return BinarySignature().Fault()
	case ingest.MatchHTTP(datagram):
		return &ingest.Fault{Reason: ingest.HTTP}
	case isText(datagram):
		return ingest.Faultf(ingest.Text, "begins with %q", ingest.Head(datagram))
	default:
		return ingest.Faultf(ingest.Foreign, "begins with %x", ingest.Head(datagram))
	}
}

// isBinaryThrift recognizes the strict form (a version in the first two bytes) and the
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

func isText(datagram []byte) bool {
	return !bytes.ContainsFunc(ingest.Head(datagram), func(r rune) bool {
		return r >= 0x7f || r < ' ' && r != '\n' && r != '\r' && r != '\t'
	})
}
