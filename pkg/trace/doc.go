// Package trace has the model of a stored trace, which the embedded backend, the client
// of Jaeger's query API and the terminal share. Start at Trace and Span; DecodeTraces and
// EncodeTraces read and write Jaeger's JSON, and Tree finds parents and orphans.
package trace
