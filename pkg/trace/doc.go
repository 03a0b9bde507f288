// Package trace holds a trace as a tracing backend stores it, so that one form
// serves the embedded backend, the client of Jaeger's query API and the
// terminal. Start at Trace and Span; Decode and Encode speak Jaeger's JSON,
// NewTree finds parents and orphans, and Waterfall draws what they make.
package trace
