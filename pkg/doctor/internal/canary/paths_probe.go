package canary

import (
	"context"
	"fmt"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
	"github.com/otdemo/otdemo/pkg/doctor/internal/transport"
)

// The codes of what is found here.
const (
	CodePathWorks  probe.Code = "other-path-works"
	codePathLoses  probe.Code = "other-path-loses"
	codePathNoHelp probe.Code = "other-path-no-help"
)

// PathProbes returns probes that check, if spans do not arrive by the
// configured path, which other paths into the same Jaeger work. That separates
// the network from Jaeger, and each working path is a workaround.
func PathProbes() []probe.Probe {
	var probes []probe.Probe
	for _, w := range IngestPaths() {
		probes = append(probes, probe.Probe{
			ID:        w.ID,
			Hop:       probe.HopDelivery,
			Title:     fmt.Sprintf("a span sent to port %d as %s arrives", w.port, w.name),
			Needs:     []string{probe.IDQuery},
			From:      []string{probe.IDCanary},
			After:     []string{probe.IDHost, probe.IDIdentity, probe.IDUDP, probe.IDCollector, probe.IDCanary},
			Unbounded: true,
			Advisory:  true,
			Codes:     []probe.Code{CodePathWorks, codePathLoses, codePathNoHelp},
			Run:       w.run,
		})
	}
	return probes
}

func (w IngestPath) run(ctx context.Context, env *probe.Env) probe.Finding {
	host := env.SpanHost()
	jaeger, _ := probe.Result[identity.Identity](env, probe.IDIdentity)
	switch {
	case !env.Thorough && !env.LosesSpans():
		return probe.NotUsed("spans arrive by the configured path")
	case w.configured(env):
		return probe.NotUsed("this is the configured path")
	case host == "" || env.Failed(probe.IDHost):
		return probe.NotUsed("no host to send to")
	case w.port == jaegers.PortZipkin && jaeger.RunsOn(host) && jaeger.All(identity.LacksUDP(w.port)):
		return probe.NotUsed("%s has no port %d", jaeger, w.port)
	}
	ctx, cancel := context.WithTimeout(ctx, probe.NetworkTimeout)
	defer cancel()
	start := time.Now()
	a := w.send(ctx, env, host, w.port)
	if a.Problem != nil {
		f := probe.Found(probe.StatusUnknown, codePathNoHelp, "%s: %v", w.name, a.Problem)
		if a.Evidence != "" {
			return f.Saw(a.Evidence)
		}
		if jaeger.Major != 2 {
			// The port is closed, which is the default of older versions.
			f = f.Hint(w.enable)
		}
		return f
	}
	if err := readTrace(ctx, env, a.Trace); err != nil {
		return probe.Found(probe.StatusUnknown, codePathLoses, "a span sent to %s as %s was not found after %s",
			a.Target, w.name, probe.RoundTime(time.Since(start))).
			Saw(a.Evidence, err.Error())
	}
	f := probe.Found(probe.StatusOK, CodePathWorks, "a span sent to %s as %s was read back", a.Target, w.name).Saw(a.Evidence)
	if in, ok := w.protocol(); ok && in.Tracer == env.Config().Tracer {
		env.Publish(Alternative{in.Flag(host)})
		return f.Hint(in.Flag(host))
	}
	if w.hint != nil {
		f = f.Hint(w.hint(env, host))
	}
	if in, ok := w.protocol(); ok {
		f = f.Hint("--tracer " + in.Tracer + " " + in.Flag(host))
	}
	return f
}

// Alternative is published by a path that works and that the configured tracer
// supports: the flag that selects it.
type Alternative struct{ Flag string }

// configured reports whether the configuration uses this path.
func (w IngestPath) configured(env *probe.Env) bool {
	cfg := env.Config()
	if in := send.ProtocolOf(&env.Target); cfg.UsesCollector() && in.PathID == w.ID {
		u, err := env.Collector()
		return err == nil && probe.PortOf(u) == in.Port
	}
	return !cfg.UsesCollector() && cfg.Reporter.Agent.Port == w.port && !transport.IsTCPOnly(w.port)
}
