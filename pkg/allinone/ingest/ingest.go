package ingest

import (
	"log/slog"
	"maps"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otdemo/otdemo/pkg/loss"
)

// Options describe an Ingest. All are required.
type Options struct {
	// Store stores the spans of a batch. It is called by many goroutines at once.
	Store func(*Batch)
	// Receivers describe all receivers, also those that are off.
	Receivers []Spec
	// Addrs are the addresses of all ports that are on, by name.
	Addrs  map[string]string
	Logger *slog.Logger
	Now    func() time.Time
}

// Ingest is the shared path of all receivers to the store.
type Ingest struct {
	Options
	Uploads *Uploads
	// Ports are those that are on, by name.
	Ports    map[string]*Port
	throttle *throttle
	// owners are the names of the ports to which clients post spans on a path, and homes
	// of those for data that is rejected elsewhere with a reason.
	owners map[string]string
	homes  map[Reason]string
}

// New returns an Ingest with a Port for each address.
func New(opts Options) *Ingest {
	in := &Ingest{
		Options:  opts,
		Uploads:  newUploads(),
		throttle: newThrottle(opts.Now),
		Ports:    make(map[string]*Port),
		owners:   make(map[string]string),
		homes:    make(map[Reason]string),
	}
	for name := range opts.Addrs {
		in.Ports[name] = &Port{Ingest: in, Name: name, rejected: make(loss.Rejects)}
	}
	for _, spec := range opts.Receivers {
		if port := in.Ports[spec.Name]; port != nil {
			port.Receives = true
		}
		for _, path := range spec.Paths {
			in.owners[path] = spec.Name
		}
		if spec.Signature != nil {
			in.homes[spec.Signature.Reason] = spec.Name
		}
	}
	return in
}

// Port is where a receiver delivers its batches, and counts what arrived on a port.
type Port struct {
	*Ingest
	Name string
	// Receives is whether spans are received there.
	Receives bool

	batches, spans atomic.Int64

	mu       sync.Mutex
	rejected loss.Rejects
}

// Accept stores a batch, then counts it, so that what is counted can be queried.
func (p *Port) Accept(batch *Batch) {
	p.Store(batch)
	p.batches.Add(1)
	p.spans.Add(int64(len(batch.Spans)))
}

// Reject counts a message of that many bytes that had no batch, and logs it at a
// limited rate. Pass a sender without its port if that changes with each request.
func (p *Port) Reject(from netip.AddrPort, bytes int, err error) {
	p.mu.Lock()
	p.rejected[string(ReasonOf(err))]++
	p.mu.Unlock()
	p.warn(from, bytes, err)
}

// warn logs at a limited rate what came instead of spans, and where to send it.
func (p *Port) warn(from netip.AddrPort, bytes int, err error) {
	reason := ReasonOf(err)
	times, ok := p.throttle.allow(p.Name+" "+string(reason), from)
	if !ok {
		return
	}
	line := []any{
		"listener", p.Name, "reason", string(reason), "from", sender(from), "bytes", bytes,
		"times", times, "error", err,
	}
	if addr, ok := p.Addrs[p.homes[reason]]; ok {
		line = append(line, "send_to", addr)
	}
	p.Logger.Warn("no batch of spans", line...)
}

// sender prints an address without a port that is unknown.
func sender(from netip.AddrPort) string {
	if from.Port() == 0 {
		return from.Addr().String()
	}
	return from.String()
}

// Counts returns what the port has counted so far.
func (p *Port) Counts() loss.Listener {
	p.mu.Lock()
	defer p.mu.Unlock()
	return loss.Listener{Batches: p.batches.Load(), Spans: p.spans.Load(), Undecodable: maps.Clone(p.rejected)}
}
