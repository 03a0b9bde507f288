package wire

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
)

// otlpExport is the path of OpenTelemetry's gRPC method for spans.
const otlpExport = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

// SendOTLP hands an ExportTraceServiceRequest in protobuf to a gRPC server without
// TLS, and returns an error unless it says that it took it. The call is made of
// HTTP/2 alone, so that no gRPC library stands between the bytes and the server.
func SendOTLP(ctx context.Context, hostPort string, request []byte) error {
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	frame := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(request)))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+hostPort+otlpExport,
		bytes.NewReader(append(frame, request...)))
	if err != nil {
		return fmt.Errorf("make call: %w", err)
	}
	req.Header.Set("Content-Type", "application/grpc")
	req.Header.Set("Te", "trailers")
	resp, err := (&http.Client{Transport: transport, Timeout: requestTimeout}).Do(req)
	if err != nil {
		return fmt.Errorf("send spans: %w", err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, maxBody)); err != nil {
		return fmt.Errorf("read the reply: %w", err)
	}
	if status := resp.Trailer.Get("Grpc-Status"); status != "0" {
		return fmt.Errorf("send spans to %s: grpc-status %q: %s%s",
			hostPort, status, resp.Trailer.Get("Grpc-Message"), resp.Header.Get("Grpc-Message"))
	}
	return nil
}

// OTLPSample returns an ExportTraceServiceRequest of one trace with all that
// OpenTelemetry's spans can hold. Its two spans have the ids 1 and 2.
func OTLPSample(traceID [16]byte) []byte {
	const start = 1_763_899_200_123_456_789
	attributes := func(number int, attrs ...[]byte) (out []byte) {
		for _, attr := range attrs {
			out = append(out, field(number, attr)...)
		}
		return out
	}
	text := func(s string) []byte { return field(1, []byte(s)) }
	full := join(
		field(1, traceID[:]), field(2, id(1)), field(3, []byte("vendor=1")), field(4, id(2)), field(5, []byte("full")),
		number(6, 3), fixed(7, start), fixed(8, start+5_000_000),
		attributes(9,
			attribute("text", text("żółć <&>")), attribute("yes", number(2, 1)), attribute("int", number(3, 1<<53+1)),
			attribute("double", fixed(4, 0x3fb999999999999a)), attribute("bytes", field(7, []byte{0, 1, 0xff})),
			attribute("unset", nil),
			attribute("array", field(5, join(field(1, number(3, 1)), field(1, text("<two>")), field(1, nil)))),
			attribute("map", field(6, join(field(1, attribute("z", number(2, 0))), field(1, attribute("a", fixed(4, 0x400c000000000000)))))),
		),
		field(11, join(fixed(1, start+1000), field(2, []byte("cache miss")), attributes(3, attribute("key", text("k"))))),
		field(13, join(field(1, traceID[:]), field(2, id(9)))),
		field(15, join(field(2, []byte("it broke")), number(3, 2))),
	)
	plain := join(field(1, traceID[:]), field(2, id(2)), field(5, []byte("plain")), number(6, 2),
		fixed(7, start), fixed(8, start+9_000_000), field(15, number(3, 1)))
	resource := field(1, attributes(1, attribute("service.name", text("otlp-shop")), attribute("pid", number(3, 7))))
	scope := field(1, join(field(1, []byte("library")), field(2, []byte("1.2"))))
	return field(1, join(resource, field(2, join(scope, field(2, full))), field(2, field(2, plain))))
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func id(n byte) []byte { return []byte{0, 0, 0, 0, 0, 0, 0, n} }

func attribute(key string, value []byte) []byte { return join(field(1, []byte(key)), field(2, value)) }

// field, number and fixed encode a field of protobuf: bytes, a varint, a fixed64.
func field(n int, b []byte) []byte {
	out := binary.AppendUvarint(nil, uint64(n)<<3|2)
	return append(binary.AppendUvarint(out, uint64(len(b))), b...)
}

func number(n int, v uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, uint64(n)<<3), v)
}

func fixed(n int, v uint64) []byte {
	return binary.LittleEndian.AppendUint64(binary.AppendUvarint(nil, uint64(n)<<3|1), v)
}

// OTLPSpans returns an ExportTraceServiceRequest of one trace of the service with
// so many spans, which have the ids first, first+1 and so on, and each the text as
// a tag.
func OTLPSpans(service string, traceID [16]byte, first uint64, spans int, text string) []byte {
	const start = 1_763_899_200_123_456_789
	tag := field(9, attribute("text", field(1, []byte(text))))
	var all []byte
	for n := range uint64(spans) {
		all = append(all, field(2, join(
			field(1, traceID[:]), field(2, binary.BigEndian.AppendUint64(nil, first+n)), field(5, []byte("load")),
			number(6, 2), fixed(7, start), fixed(8, start+5_000_000), tag,
		))...)
	}
	resource := field(1, field(1, attribute("service.name", field(1, []byte(service)))))
	return field(1, join(resource, field(2, all)))
}
