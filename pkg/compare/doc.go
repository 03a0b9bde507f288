// Package compare compares two traces of the same request, each made with another
// tracer: services, operations, parents, kinds, status, tags, logs, baggage and the
// order in time. Spans are matched by their position in the tree, since ids and times
// differ always. Start at Traces; Work is a request that uses all of OpenTracing, and
// Ask finds out what a tracer does that is not in a trace.
package compare
