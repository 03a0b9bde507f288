package doctor

import (
	"context"
	"fmt"
	"time"
)

const (
	codeWayWorks  Code = "other-path-works"
	codeWayLoses  Code = "other-path-loses"
	codeWayNoHelp Code = "other-path-no-help"
)

// wayProbes look, when spans do not arrive the configured way, which other ways
// into the same Jaeger work. That splits the network from Jaeger, and each is a
// way out.
func wayProbes() []Probe {
	var probes []Probe
	for _, w := range ways() {
		probes = append(probes, Probe{
			ID:      w.id,
			Hop:     HopDelivery,
			Title:   fmt.Sprintf("a span sent to port %d as %s arrives, too", w.port, w.name),
			Needs:   []string{idQuery},
			From:    []string{idCanary},
			After:   []string{idHost, idIdentity, idUDP, idCollector, idCanary},
			Patient: true,
			Aside:   true,
			Codes:   []Code{codeWayWorks, codeWayLoses, codeWayNoHelp},
			Run:     w.run,
		})
	}
	return probes
}

func (w way) run(ctx context.Context, env *Env) Finding {
	host := env.spanHost()
	jaeger, _ := fact[identity](env, idIdentity)
	switch {
	case !env.Thorough && !env.inTrouble():
		return notUsed("spans arrive the configured way")
	case w.configured(env):
		return notUsed("this is the configured way")
	case host == "" || env.failed(idHost):
		return notUsed("there is no host to send to")
	case w.port == portZipkin && jaeger.runsOn(host) && jaeger.all(lacksUDP(w.port)):
		return notUsed("%s has no port %d", jaeger, w.port)
	}
	ctx, cancel := context.WithTimeout(ctx, networkTimeout)
	defer cancel()
	start := time.Now()
	a := w.send(ctx, env, host, w.port)
	if a.problem != nil {
		f := found(StatusUnknown, codeWayNoHelp, "%s: %v", w.name, a.problem)
		if a.evidence != "" {
			return f.saw(a.evidence)
		}
		if jaeger.major != 2 {
			// Nothing answers there, which is the default of older ones.
			f = f.hint(w.enable)
		}
		return f
	}
	if err := readTrace(ctx, env, a.trace); err != nil {
		return found(StatusUnknown, codeWayLoses, "a span sent to %s as %s is not there after %s",
			a.target, w.name, roundTime(time.Since(start))).
			saw(a.evidence, err.Error())
	}
	f := found(StatusOK, codeWayWorks, "a span sent to %s as %s is read back", a.target, w.name).saw(a.evidence)
	if in, ok := w.intake(); ok && in.tracer == env.config().Tracer {
		env.learn(detour{in.flag(host)})
		return f.hint(in.flag(host))
	}
	if w.hint != nil {
		f = f.hint(w.hint(env, host))
	}
	if in, ok := w.intake(); ok {
		f = f.hint("--tracer " + in.tracer + " " + in.flag(host))
	}
	return f
}

// detour is what a way learns that works and that the configured tracer can take:
// the flag that makes it.
type detour struct{ flag string }

// configured reports whether the configuration takes this way.
func (w way) configured(env *Env) bool {
	cfg := env.config()
	if in := intakeOf(&env.Target); cfg.UsesCollector() && in.way == w.id {
		u, err := env.collector()
		return err == nil && portOf(u) == in.port
	}
	return !cfg.UsesCollector() && cfg.Reporter.Agent.Port == w.port && !isTCPOnly(w.port)
}
