package allinone

import (
	"log/slog"
	"time"

	"github.com/otdemo/otdemo/pkg/allinone/sampling"
)

// The names of the listeners, in ListenError and Backend.Addrs.
const (
	AgentCompact = "agent-compact"
	Query        = "query"
	Sampling     = "sampling"
)

// DefaultMaxMemory bounds the stored spans when Options say nothing: 256 MiB.
const DefaultMaxMemory = 256 << 20

// minMaxMemory holds a handful of the largest datagrams as they are stored.
const minMaxMemory = 4 << 20

// Strategy says which traces tracers are to keep; see sampling.Strategy.
type Strategy = sampling.Strategy

// ParseStrategy reads TYPE:PARAM, for example probabilistic:0.1.
func ParseStrategy(s string) (Strategy, error) { return sampling.Parse(s) }

// Options say where a Backend listens and what it keeps. The zero value listens
// on loopback with ports of the system's choice and keeps 256 MiB.
type Options struct {
	// Host is the address to listen on, "" for 127.0.0.1. On a loopback address
	// the query API refuses requests that a foreign web page could have sent.
	Host string
	// AgentPort (UDP), QueryPort and SamplingPort are the ports; 0 takes a free one.
	AgentPort, QueryPort, SamplingPort int
	// MaxMemory bounds what the stored spans take, in bytes; 0 is
	// DefaultMaxMemory, less than 4 MiB is an error. Besides, up to 16 MiB wait
	// to be decoded.
	MaxMemory int64
	// Sampling is what tracers are told; the zero value keeps every trace.
	Sampling Strategy
	// Logger gets what the backend has to say; nil discards it.
	Logger *slog.Logger
	// Now is the clock, time.Now when nil.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.Host == "" {
		o.Host = "127.0.0.1"
	}
	if o.MaxMemory == 0 {
		o.MaxMemory = DefaultMaxMemory
	}
	if o.Sampling == (Strategy{}) {
		o.Sampling = sampling.All()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
