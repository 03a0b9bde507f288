// Package otlp takes spans as OpenTelemetry sends them: over HTTP as protobuf and
// as JSON (Jaeger's port 4318), over gRPC as protobuf (4317). They become spans of
// Jaeger's model as Jaeger 1.62 makes them. Start at Receiver; Decode and FromJSON
// are its decoders.
package otlp
