// Package appdash reads what Appdash's clients send to a collector, and puts spans
// together from it: a client may send each annotation of a span in a packet of its
// own, and its times in the last. Start at DecodePacket for a packet and at
// Assembler for the spans. The format is collector.proto of
// sourcegraph.com/sourcegraph/appdash/internal/wire, what the annotations mean is in
// the events of its package appdash.
package appdash
