package allinone

import (
	"cmp"
	"log/slog"
	"time"

	"github.com/otdemo/otdemo/pkg/allinone/sampling"
)

// DefaultMaxMemory bounds the stored spans unless Options.MaxMemory is set: 256 MiB.
const DefaultMaxMemory = 256 << 20

const defaultHost = "127.0.0.1"

// minMaxMemory holds a handful of the largest datagrams as they are stored.
const minMaxMemory = 4 << 20

// Options configure a Backend. The zero value listens
// on loopback with ports of the system's choice and keeps 256 MiB.
type Options struct {
	// Host is the address to listen on, "" for 127.0.0.1. On a loopback address
	// the query API refuses requests that a foreign web page could have sent.
	Host string
	// Ports has the port of each listener by its name; without one, or with 0, it
	// gets a free one, and with Off it is disabled.
	Ports map[string]int
	// MaxMemory bounds what the stored spans take, in bytes; 0 is
	// DefaultMaxMemory, less than 4 MiB is an error. Besides, up to 16 MiB of
	// datagrams wait on each UDP port, up to 64 MiB of requests' bodies are held
	// while they are read, 4 of them unpacked to 16 MiB each, 64 MiB of answers wait
	// to be read, up to 16 MiB of spans wait for their last part, and the
	// account over time takes up to 35 MB, after a day with 50 clients.
	MaxMemory int64
	// Sampling is served to tracers; the zero value samples every trace.
	Sampling sampling.Strategies
	// UIDir is the directory of a built Jaeger UI, which the query port then shows
	// in the place of otdemo's own; "" keeps the page. A directory without a UI is
	// an error with a hint.
	UIDir string
	// Logger is for the backend's log; nil discards it.
	Logger *slog.Logger
	// Now is the clock, time.Now when nil.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	o.Host = cmp.Or(o.Host, defaultHost)
	o.MaxMemory = cmp.Or(o.MaxMemory, DefaultMaxMemory)
	o.Sampling.Default.Strategy = cmp.Or(o.Sampling.Default.Strategy, sampling.All())
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
