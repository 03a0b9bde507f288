// Package apiv2 reads and writes the protobuf of Jaeger's own gRPC services
// (package jaeger.api_v2, port 14250), by which agents, collectors and some
// clients send spans and ask which traces to keep. Start at DecodePostSpans.
package apiv2
