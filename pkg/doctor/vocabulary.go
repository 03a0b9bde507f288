package doctor

import "github.com/otdemo/otdemo/pkg/doctor/internal/probe"

// The words of a report, which the probes share.
type (
	// Target is what is examined.
	Target = probe.Target
	// Storage is where Jaeger writes, to be examined directly.
	Storage = probe.Storage
	// Exchange is an HTTP exchange of a probe.
	Exchange = probe.Exchange
	// Probe examines one claim.
	Probe = probe.Probe
	// Finding is what a probe found.
	Finding = probe.Finding
	// Cause is one of several possible causes.
	Cause = probe.Cause
	// Code names what was found.
	Code = probe.Code
	// Status is how a probe's claim fared.
	Status = probe.Status
	// Hop is a stage of a span's path.
	Hop = probe.Hop
)

// The statuses.
const (
	StatusOK      = probe.StatusOK
	StatusWarn    = probe.StatusWarn
	StatusFail    = probe.StatusFail
	StatusSkip    = probe.StatusSkip
	StatusUnknown = probe.StatusUnknown
)

// The hops.
const (
	HopNone     = probe.HopNone
	HopConfig   = probe.HopConfig
	HopResolve  = probe.HopResolve
	HopNetwork  = probe.HopNetwork
	HopIdentity = probe.HopIdentity
	HopSampling = probe.HopSampling
	HopDelivery = probe.HopDelivery
	HopStorage  = probe.HopStorage
	HopQuery    = probe.HopQuery
	HopClock    = probe.HopClock
)
