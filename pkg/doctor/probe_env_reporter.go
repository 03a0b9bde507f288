package doctor

import (
	"context"
	"time"

	"github.com/otdemo/otdemo/pkg/plural"
)

const idReporter = "reporter-limits"

const (
	codeReporterFits        Code = "reporter-limits-fit"
	codeReporterQueueSmall  Code = "reporter-queue-small"
	codeReporterFlushSlow   Code = "reporter-flush-slow"
	codeReporterPacketLarge Code = "reporter-packet-large"
)

const (
	// smallQueue is jaeger-client-go's default. It loses spans from 20,000 a
	// second on, and of each burst what is beyond it.
	smallQueue = 100
	// slowFlush is longer than people look for a span before they call it lost,
	// and what a killed process loses.
	slowFlush = 10 * time.Second
	// agentPacket is what Jaeger 1's agent reads of a datagram by default
	// (--processor.jaeger-compact.server-max-packet-size).
	agentPacket = 65000
)

func reporterProbe() Probe {
	return Probe{
		ID:    idReporter,
		Hop:   HopConfig,
		Title: "the reporter's limits lose no spans",
		Codes: []Code{codeReporterFits, codeReporterQueueSmall, codeReporterFlushSlow, codeReporterPacketLarge},
		Run:   runReporter,
	}
}

func runReporter(_ context.Context, env *Env) Finding {
	r := &env.config().Reporter
	switch {
	case r.QueueSize <= smallQueue:
		return found(StatusWarn, codeReporterQueueSmall,
			"the queue holds %s (%s); of a burst, those beyond are dropped", plural.Of(r.QueueSize, "span", "spans"), origin(env.Loaded, "reporter.queue_size")).
			hint("OTDEMO_REPORTER_QUEUE_SIZE=10000")
	case r.FlushInterval > slowFlush:
		return found(StatusWarn, codeReporterFlushSlow,
			"a span waits up to %s for its batch (%s), and is lost if the process is killed meanwhile",
			r.FlushInterval, origin(env.Loaded, "reporter.flush_interval")).
			hint("OTDEMO_REPORTER_FLUSH_INTERVAL=1s")
	case r.Agent.MaxPacketSize > agentPacket && !env.config().UsesCollector():
		return found(StatusWarn, codeReporterPacketLarge,
			"datagrams hold up to %d bytes (%s), and Jaeger 1's agent reads %d",
			r.Agent.MaxPacketSize, origin(env.Loaded, "reporter.agent.max_packet_size"), agentPacket).
			hint("OTDEMO_REPORTER_AGENT_MAX_PACKET_SIZE=65000")
	default:
		return found(StatusOK, codeReporterFits, "the queue holds %s, a batch waits %s at most", plural.Of(r.QueueSize, "span", "spans"), r.FlushInterval)
	}
}
