// Package thrift decodes what Jaeger's and Zipkin's clients send in thrift: a datagram
// or a body becomes a batch of spans, or a Fault that explains what arrived instead.
// Start at DecodeCompact. It keeps nothing of the input, allocates at most a small
// multiple of its size, and never panics.
package thrift
