// Package thrift reads what Jaeger's and Zipkin's clients send in thrift and in
// JSON: a datagram or a body goes in, a Batch of spans or a Fault that says in
// plain words what arrived instead comes out. Start at DecodeCompact. It keeps
// nothing of the input, allocates no more than a small multiple of its size
// whatever it claims to hold, and never panics.
package thrift
