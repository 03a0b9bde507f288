// Package compare lays two traces of the same request side by side, each made
// with another tracer, and names what differs: services, operations, parents,
// kinds, status, tags, logs, baggage and the shape in time. Spans are matched by
// their place in the tree, since ids and times never repeat. Start at Traces;
// Work is a request that uses all of OpenTracing, and Ask finds out what a tracer
// does that no trace shows.
package compare
