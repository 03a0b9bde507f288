package tracer

import (
	"context"
	"encoding/base64"
	"net/url"
	"strings"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	grpcstatus "google.golang.org/grpc/status"
)

// newGRPCExporter makes the SDK's exporter with an eye of ours on each call.
func newGRPCExporter(u *url.URL, t *otlpTransport) (sdktrace.SpanExporter, error) {
	call := &otlpCall{}
	if t.collector.User != "" {
		call.authorization = "Basic " + base64.StdEncoding.EncodeToString(
			[]byte(t.collector.User+":"+t.collector.Password))
	}
	options := []otlptracegrpc.Option{
		otlptracegrpc.WithEndpointURL("https://" + u.Host),
		otlptracegrpc.WithRetry(otlptracegrpc.RetryConfig{Enabled: false}),
		otlptracegrpc.WithDialOption(
			grpc.WithUserAgent("OTel OTLP Exporter Go/"+otlptrace.Version()),
			grpc.WithUnaryInterceptor(call.intercept),
			// gRPC's own pause grows to two minutes, in which a collector that is
			// back would lose every batch.
			grpc.WithConnectParams(grpc.ConnectParams{
				Backoff:           backoff.Config{BaseDelay: minRetryGap, Multiplier: 2, Jitter: 0.2, MaxDelay: maxRetryGap},
				MinConnectTimeout: sendTimeout,
			}),
		),
	}
	if u.Scheme == "grpc" {
		// Credentials, since WithInsecure yields to OTEL_EXPORTER_OTLP_CERTIFICATE.
		options = append(options, otlptracegrpc.WithTLSCredentials(insecure.NewCredentials()))
	}
	if t.collector.WithoutHeaders {
		// In the place of those that the SDK takes from the environment.
		options = append(options, otlptracegrpc.WithHeaders(map[string]string{}))
	}
	return otlptracegrpc.New(context.Background(), options...)
}

// otlpCall sees each call of the exporter and its answer.
type otlpCall struct {
	// authorization is the header of basic auth, "" for none. Credentials of gRPC
	// would insist on TLS.
	authorization string
}

// intercept is a grpc.UnaryClientInterceptor.
func (c *otlpCall) intercept(
	ctx context.Context, method string, req, reply any, conn *grpc.ClientConn,
	invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	if c.authorization != "" {
		header, ok := metadata.FromOutgoingContext(ctx)
		if !ok {
			header = metadata.MD{}
		}
		header = header.Copy()
		header.Set("authorization", c.authorization)
		ctx = metadata.NewOutgoingContext(ctx, header)
	}
	err := invoke(ctx, method, req, reply, conn, opts...)
	if err != nil {
		return judgeStatus(err)
	}
	if answer, ok := reply.(*coltracepb.ExportTraceServiceResponse); ok {
		if e := judgePartial(answer); e != nil {
			return e
		}
	}
	return nil
}

// judgeStatus says which failures pass, by the rules of OTLP ("OpenTelemetry
// Protocol Specification", OTLP/gRPC Response), and which dividing the batch mends.
func judgeStatus(err error) *sendError {
	s := grpcstatus.Convert(err)
	e := &sendError{reason: s.Code().String(), body: oneLine([]byte(s.Message())), cause: err}
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			e.again = true
			e.pause = min(info.GetRetryDelay().AsDuration(), maxRetryAfter)
		}
	}
	switch s.Code() {
	case codes.Canceled, codes.DeadlineExceeded, codes.Aborted, codes.OutOfRange, codes.Unavailable, codes.DataLoss:
		e.again = true
	case codes.ResourceExhausted:
		if strings.Contains(s.Message(), "larger than max") {
			e.again, e.cause = false, errTooLarge
		}
	case codes.Internal:
		e.again = false
		if strings.Contains(s.Message(), "while marshaling") {
			e.cause = errUnencodable
		}
	default:
		e.again = false
	}
	return e
}
