// Package ingest is what the receivers of spans share: the Receiver interface, the
// Port on which each delivers its batches and counts what it rejected, and the limits
// on the bodies of requests. Start at Receiver.
package ingest
