package doctor

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// The statuses of gRPC that say something here (grpc's codes.proto).
const (
	grpcOK              = "0"
	grpcDenied          = "7"
	grpcExhausted       = "8"
	grpcUnimplemented   = "12"
	grpcInternal        = "13"
	grpcUnavailable     = "14"
	grpcUnauthenticated = "16"
)

// callCollector makes one call of OTLP over gRPC, as tracer otel does.
func callCollector(ctx context.Context, env *Env, in intake, endpoint *url.URL) Finding {
	span := newHandmade(idCollector, time.Now())
	call := grpcURL(endpoint)
	env.sent.add(span.id, false)
	status, err := callGRPC(ctx, env, call, otlpMessage(span), true)
	saw := fmt.Sprintf("called %s (trace %s)", call, span.id)
	if err != nil {
		return noGRPC(ctx, env, in, endpoint, err).saw(saw)
	}
	return judgeCall(in, endpoint, status).saw(fmt.Sprintf("%s: grpc-status %q", saw, status))
}

// grpcURL is where net/http finds OTLP's method at a URL of scheme grpc or grpcs.
func grpcURL(endpoint *url.URL) *url.URL {
	call := &url.URL{Scheme: "http", Host: dialAddr(endpoint), Path: otlpService}
	if endpoint.Scheme == schemeGRPCS {
		call.Scheme = "https"
	}
	return call
}

// noGRPC finds out what a port speaks that broke off the call. Its answer to
// HTTP/1 tells.
func noGRPC(ctx context.Context, env *Env, in intake, endpoint *url.URL, err error) Finding {
	switch classify(err) {
	case faultRefused, faultUnresolved, faultTimeout, faultCertificate, faultPlain:
		f := collectorSilent(in, endpoint, err)
		if f.Code == codeCollectorTLS {
			f.Fact = fmt.Sprintf("%s speaks no TLS, and the URL says %s", dialAddr(endpoint), endpoint.Scheme)
		}
		return f
	case faultOther, faultTLS, faultProtocol:
	}
	page, pageErr := fetch(ctx, env, &url.URL{Scheme: "http", Host: dialAddr(endpoint), Path: "/"}, maxAnswer)
	switch {
	case pageErr == nil && saysUseTLS(page.status, string(page.body)), pageErr != nil && classify(pageErr) == faultTLS:
		return found(StatusFail, codeCollectorTLS, "%s speaks TLS, and the URL says %s", dialAddr(endpoint), endpoint.Scheme).
			saw(withoutURL(err).Error()).hint("--collector-endpoint " + otherScheme(endpoint))
	case pageErr == nil:
		return notGRPC(in, endpoint).saw(withoutURL(err).Error(), page.evidence())
	default:
		return collectorSilent(in, endpoint, err)
	}
}

// notGRPC is the finding for a port of HTTP.
func notGRPC(in intake, endpoint *url.URL) Finding {
	f := found(StatusFail, codeCollectorNotGRPC, "%s answers over HTTP and speaks no gRPC", dialAddr(endpoint))
	if other, ok := in.meant(endpoint); ok && other.tracer == in.tracer {
		// The same tracer can speak what this port is for, with another URL.
		return in.misled(f, endpoint).hint(in.flag(endpoint.Hostname()))
	}
	return in.misled(f.hint(in.flag(endpoint.Hostname())), endpoint)
}

func judgeCall(in intake, endpoint *url.URL, status string) Finding {
	at, right := bare(endpoint), in.flag(endpoint.Hostname())
	switch status {
	case grpcOK:
		return found(StatusOK, codeCollectorAccepts, "%s accepts a span", at)
	case "":
		return notGRPC(in, endpoint)
	case grpcUnimplemented:
		return in.misled(found(StatusFail, codeCollectorNotJaeger, "%s speaks gRPC and does not take OTLP (UNIMPLEMENTED)", at).hint(right), endpoint)
	case grpcUnauthenticated, grpcDenied:
		return found(StatusFail, codeCollectorUnauthorized, "%s answers with grpc-status %s: it wants other credentials", at, status).
			hint(loginHints(in)...)
	case grpcUnavailable, grpcExhausted, grpcInternal:
		return found(StatusFail, codeCollectorError, "%s answers with grpc-status %s", at, status).at(HopStorage).
			hint("docker logs --tail 50 jaeger")
	default:
		return found(StatusFail, codeCollectorRejects, "%s answers with grpc-status %s", at, status).hint(right)
	}
}

// http2Client speaks HTTP/2 from the first byte, as gRPC does: in the clear for
// http, over TLS for https. The caller closes its idle connections.
func (t *Target) http2Client() *http.Client {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	protocols.SetHTTP2(true)
	return &http.Client{Transport: t.recorded(&http.Transport{
		DialContext: t.Dial, Protocols: &protocols, TLSHandshakeTimeout: networkTimeout, TLSClientConfig: t.collectorTLS(),
	})}
}
