// Package rpc answers unary gRPC calls, such as Jaeger's and OpenTelemetry's
// collectors have, on top of net/http's HTTP/2 without TLS. Of gRPC it has what
// these calls need: framing, gzip, statuses. Start at Handler and Configure.
package rpc
