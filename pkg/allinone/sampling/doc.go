// Package sampling serves tracers the strategy by which they sample, over HTTP as
// Jaeger's agent does and as protobuf for gRPC. Start at Handler.
package sampling
