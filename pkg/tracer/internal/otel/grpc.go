package otel

import (
	"context"
	"net/url"
	"strings"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/metadata"
	grpcstatus "google.golang.org/grpc/status"

	"github.com/otdemo/otdemo/pkg/tracer/internal/httpsend"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
)

// newGRPCClient makes the SDK's client with an interceptor of ours.
func newGRPCClient(u *url.URL, t *sender) otlptrace.Client {
	options := []otlptracegrpc.Option{
		otlptracegrpc.WithEndpointURL("https://" + u.Host),
		otlptracegrpc.WithRetry(otlptracegrpc.RetryConfig{Enabled: false}),
		otlptracegrpc.WithDialOption(
			grpc.WithUserAgent("OTel OTLP Exporter Go/"+otlptrace.Version()),
			grpc.WithUnaryInterceptor(t.intercept),
			grpc.WithDefaultCallOptions(grpc.ForceCodecV2(utf8Codec{encoding.GetCodecV2("proto")})),
			// gRPC's own pause grows to two minutes, in which a collector that is
			// back would lose every batch.
			grpc.WithConnectParams(grpc.ConnectParams{
				Backoff:           backoff.Config{BaseDelay: reporter.MinRetryGap, Multiplier: 2, Jitter: 0.2, MaxDelay: reporter.MaxRetryGap},
				MinConnectTimeout: reporter.SendTimeout,
			}),
		),
	}
	if u.Scheme == "grpc" {
		// Credentials, since WithInsecure yields to OTEL_EXPORTER_OTLP_CERTIFICATE.
		options = append(options, otlptracegrpc.WithTLSCredentials(insecure.NewCredentials()))
	}
	if t.withoutHeaders {
		// In the place of those that the SDK takes from the environment.
		options = append(options, otlptracegrpc.WithHeaders(map[string]string{}))
	}
	return otlptracegrpc.NewClient(options...)
}

// intercept is a grpc.UnaryClientInterceptor. It sets the header itself, because
// credentials of gRPC would insist on TLS.
func (t *sender) intercept(
	ctx context.Context, method string, req, reply any, conn *grpc.ClientConn,
	invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	if t.authorization != "" {
		header, _ := metadata.FromOutgoingContext(ctx)
		header = metadata.Join(header) // a copy, and never nil
		header.Set("authorization", t.authorization)
		ctx = metadata.NewOutgoingContext(ctx, header)
	}
	err := invoke(ctx, method, req, reply, conn, opts...)
	if err != nil {
		return grpcError(err)
	}
	if answer, ok := reply.(*coltracepb.ExportTraceServiceResponse); ok {
		if e := partialError(answer); e != nil {
			return e
		}
	}
	return nil
}

// grpcError returns which failures are retryable, by the rules of OTLP ("OpenTelemetry
// Protocol Specification", OTLP/gRPC Response), and which a smaller batch avoids.
func grpcError(err error) *reporter.SendError {
	s := grpcstatus.Convert(err)
	e := &reporter.SendError{Reason: s.Code().String(), Body: httpsend.OneLine([]byte(s.Message())), Cause: err}
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			e.Retryable = true
			e.RetryAfter = min(info.GetRetryDelay().AsDuration(), httpsend.MaxRetryAfter)
		}
	}
	switch s.Code() {
	case codes.Canceled, codes.DeadlineExceeded, codes.Aborted, codes.OutOfRange, codes.Unavailable, codes.DataLoss:
		e.Retryable = true
	case codes.ResourceExhausted:
		if strings.Contains(s.Message(), "larger than max") {
			e.Retryable, e.Cause = false, reporter.ErrTooLarge
		}
	default:
		e.Retryable = false
	}
	return e
}
