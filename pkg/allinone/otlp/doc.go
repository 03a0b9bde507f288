// Package otlp receives spans as OpenTelemetry sends them: over gRPC as protobuf, over
// HTTP as protobuf and as JSON. It converts them to Jaeger's model as Jaeger 1.62 does.
// Start at GRPC and HTTP; Decode and FromJSON are the decoders.
package otlp
