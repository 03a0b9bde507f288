package settings

import (
	"context"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/plural"
)

const (
	codeReporterFits        probe.Code = "reporter-limits-fit"
	codeReporterQueueSmall  probe.Code = "reporter-queue-small"
	codeReporterFlushSlow   probe.Code = "reporter-flush-slow"
	codeReporterPacketLarge probe.Code = "reporter-packet-large"
)

const (
	// smallQueue is jaeger-client-go's default. It loses spans from 20,000 a
	// second on, and in each burst those beyond it.
	smallQueue = 100
	// slowFlush is longer than people look for a span before they call it lost,
	// and what a killed process loses.
	slowFlush = 10 * time.Second
	// agentPacket is what Jaeger 1's agent reads of a datagram by default
	// (--processor.jaeger-compact.server-max-packet-size).
	agentPacket = 65000
)

// ReporterProbe checks the limits of the reporter: queue, batch and packet size.
func ReporterProbe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDReporter,
		Hop:   probe.HopConfig,
		Title: "the reporter's limits lose no spans",
		Codes: []probe.Code{codeReporterFits, codeReporterQueueSmall, codeReporterFlushSlow, codeReporterPacketLarge},
		Run:   runReporter,
	}
}

func runReporter(_ context.Context, env *probe.Env) probe.Finding {
	r := &env.Config().Reporter
	switch {
	case r.QueueSize <= smallQueue:
		return probe.Found(probe.StatusWarn, codeReporterQueueSmall,
			"the queue holds %s (%s); in a burst, spans beyond that are dropped", plural.Of(r.QueueSize, "span", "spans"), probe.Origin(env.Loaded, "reporter.queue_size")).
			Hint("OTDEMO_REPORTER_QUEUE_SIZE=10000")
	case r.FlushInterval > slowFlush:
		return probe.Found(probe.StatusWarn, codeReporterFlushSlow,
			"a span waits up to %s for its batch (%s), and is lost if the process is killed meanwhile",
			r.FlushInterval, probe.Origin(env.Loaded, "reporter.flush_interval")).
			Hint("OTDEMO_REPORTER_FLUSH_INTERVAL=1s")
	case r.Agent.MaxPacketSize > agentPacket && !env.Config().UsesCollector():
		return probe.Found(probe.StatusWarn, codeReporterPacketLarge,
			"datagrams hold up to %d bytes (%s), but Jaeger 1's agent reads at most %d",
			r.Agent.MaxPacketSize, probe.Origin(env.Loaded, "reporter.agent.max_packet_size"), agentPacket).
			Hint("OTDEMO_REPORTER_AGENT_MAX_PACKET_SIZE=65000")
	default:
		return probe.Found(probe.StatusOK, codeReporterFits, "the queue holds %s; a batch waits at most %s", plural.Of(r.QueueSize, "span", "spans"), r.FlushInterval)
	}
}
