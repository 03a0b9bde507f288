// Package apiv2 receives spans over Jaeger's own gRPC API, api_v2, with which Jaeger's
// agents and collectors send spans and request sampling strategies. Start at Receiver;
// DecodePostSpans is the decoder.
package apiv2
