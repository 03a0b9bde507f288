package send

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// OTLPService is the method that receives spans (trace_service.proto of OTLP).
const OTLPService = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

// OverGRPC makes one unary call of OTLP. Over net/http that is an HTTP/2 request
// with a prefix before its body, and its status in a trailer, which spares us a
// gRPC library for one span.
func OverGRPC(ctx context.Context, env *probe.Env, host string, port int) Attempt {
	span := NewRawSpan("grpc", time.Now())
	endpoint := &url.URL{Scheme: "http", Host: net.JoinHostPort(host, strconv.Itoa(port)), Path: OTLPService}
	a := Attempt{Trace: span.ID, Target: endpoint.Host}
	status, err := CallGRPC(ctx, env, endpoint, OTLPMessage(span), false)
	if err != nil {
		a.Problem = fmt.Errorf("grpc %s: %s", endpoint.Host, probe.Reason(err))
		return a
	}
	a.Evidence = fmt.Sprintf("called %s (trace %s): grpc-status %s", endpoint, span.ID, status)
	if status != "0" {
		a.Problem = fmt.Errorf("%s returned grpc-status %q for a span", endpoint.Host, status)
	}
	return a
}

// CallGRPC returns the status of the call, "0" for a success and "" for a
// response that is not gRPC's. With login the call carries the configured
// credentials.
func CallGRPC(ctx context.Context, env *probe.Env, endpoint *url.URL, message []byte, login bool) (string, error) {
	// Not compressed, and the length of the message.
	body := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message)))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint.String(), bytes.NewReader(append(body, message...)))
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

// OTLPMessage is the spans as an ExportTraceServiceRequest. The numbers are those
// of the fields in OTLP's trace.proto, resource.proto and common.proto.
func OTLPMessage(h RawSpan) []byte {
	var spans []byte
	for _, s := range h.Batch.Spans {
		spans = append(spans, protoBytes(2, otlpSpan(s))...)
	}
	service := append(protoBytes(1, []byte("service.name")), protoBytes(2, protoBytes(1, []byte(probe.CheckService)))...)
	resource := protoBytes(1, protoBytes(1, service))
	return protoBytes(1, append(resource, protoBytes(2, spans)...))
}

func otlpSpan(s *jaeger.Span) []byte {
	start := uint64(s.StartTime) * uint64(time.Microsecond)
	traceID := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(s.TraceIdHigh)), uint64(s.TraceIdLow))
	return bytes.Join([][]byte{
		protoBytes(1, traceID),
		protoBytes(2, binary.BigEndian.AppendUint64(nil, uint64(s.SpanId))),
		protoBytes(5, []byte(s.OperationName)),
		protoFixed64(7, start),
		protoFixed64(8, start+uint64(s.Duration)*uint64(time.Microsecond)),
	}, nil)
}

// The wire types of protobuf.
const (
	WireVarint  = 0
	wireFixed64 = 1
	WireBytes   = 2
)

// protoBytes is a field of bytes, text or another message.
func protoBytes(field uint64, content []byte) []byte {
	b := binary.AppendUvarint(nil, field<<3|WireBytes)
	b = binary.AppendUvarint(b, uint64(len(content)))
	return append(b, content...)
}

func protoFixed64(field, value uint64) []byte {
	b := binary.AppendUvarint(nil, field<<3|wireFixed64)
	return binary.LittleEndian.AppendUint64(b, value)
}
