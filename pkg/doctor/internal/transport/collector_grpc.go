package transport

import (
	"context"
	"fmt"
	"net/url"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
)

// The gRPC statuses that matter here (grpc's codes.proto).
const (
	grpcOK              = "0"
	grpcDenied          = "7"
	grpcExhausted       = "8"
	grpcUnimplemented   = "12"
	grpcInternal        = "13"
	grpcUnavailable     = "14"
	grpcUnauthenticated = "16"
)

// noGRPC finds out which protocol a port speaks that closed the call early, by
// its response to HTTP/1.
func noGRPC(ctx context.Context, env *probe.Env, in send.Protocol, endpoint *url.URL, err error) probe.Finding {
	switch probe.Classify(err) {
	case probe.FaultRefused, probe.FaultUnresolved, probe.FaultTimeout, probe.FaultCertificate, probe.FaultPlain:
		f := noResponse(in, endpoint, err)
		if f.Code == CodeCollectorTLS {
			f.Fact = fmt.Sprintf("%s does not speak TLS, but the URL scheme is %s", probe.DialAddr(endpoint), endpoint.Scheme)
		}
		return f
	case probe.FaultOther, probe.FaultTLS, probe.FaultProtocol:
	}
	page, pageErr := probe.Fetch(ctx, env, &url.URL{Scheme: "http", Host: probe.DialAddr(endpoint), Path: "/"}, probe.MaxAnswer)
	switch {
	case pageErr == nil && probe.RequiresTLS(page.Status, string(page.Body)), pageErr != nil && probe.Classify(pageErr) == probe.FaultTLS:
		return probe.Found(probe.StatusFail, CodeCollectorTLS, "%s speaks TLS, but the URL scheme is %s", probe.DialAddr(endpoint), endpoint.Scheme).
			Saw(probe.WithoutURL(err).Error()).Hint("--collector-endpoint " + probe.OtherScheme(endpoint))
	case pageErr == nil:
		return notGRPC(in, endpoint).Saw(probe.WithoutURL(err).Error(), page.Evidence())
	default:
		return noResponse(in, endpoint, err)
	}
}

// notGRPC is the finding for a port of HTTP.
func notGRPC(in send.Protocol, endpoint *url.URL) probe.Finding {
	f := probe.Found(probe.StatusFail, CodeCollectorNotGRPC, "%s speaks HTTP, not gRPC", probe.DialAddr(endpoint))
	if other, ok := in.PortOwner(endpoint); ok && other.Tracer == in.Tracer {
		// The same tracer supports this port's protocol, with another URL.
		return in.WithWrongPortHint(f, endpoint).Hint(in.Flag(endpoint.Hostname()))
	}
	return in.WithWrongPortHint(f.Hint(in.Flag(endpoint.Hostname())), endpoint)
}

func judgeCall(in send.Protocol, endpoint *url.URL, status string) probe.Finding {
	at, fix := probe.Bare(endpoint), in.Flag(endpoint.Hostname())
	switch status {
	case grpcOK:
		return probe.Found(probe.StatusOK, codeCollectorAccepts, "%s accepted a span", at)
	case "":
		return notGRPC(in, endpoint)
	case grpcUnimplemented:
		return in.WithWrongPortHint(probe.Found(probe.StatusFail, CodeCollectorNotJaeger, "%s speaks gRPC but does not accept OTLP (UNIMPLEMENTED)", at).Hint(fix), endpoint)
	case grpcUnauthenticated, grpcDenied:
		return probe.Found(probe.StatusFail, codeCollectorUnauthorized, "%s returned grpc-status %s: credentials are missing or wrong", at, status).
			Hint(loginHints(in)...)
	case grpcUnavailable, grpcExhausted, grpcInternal:
		return probe.Found(probe.StatusFail, probe.CodeCollectorError, "%s returned grpc-status %s", at, status).AtHop(probe.HopStorage).
			Hint(probe.HintLogs)
	default:
		return probe.Found(probe.StatusFail, codeCollectorRejects, "%s returned grpc-status %s", at, status).Hint(fix)
	}
}
