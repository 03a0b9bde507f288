package docker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// EngineProbe reads Jaeger's containers from a Docker engine, in parallel with
// the other probes.
func EngineProbe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDDockerEngine,
		Hop:   probe.HopNetwork,
		Title: "a Docker engine lists Jaeger's containers",
		Codes: []probe.Code{codeEngineResponds, codeNotListed, codeNoJaeger},
		Run:   runEngine,
	}
}

func runEngine(ctx context.Context, env *probe.Env) probe.Finding {
	ctx, cancel := context.WithTimeout(ctx, engineTimeout)
	defer cancel()
	e, err := findEngine(ctx, env)
	if errors.Is(err, errNoEngine) {
		return probe.NotUsed("%v", err)
	}
	var found *view
	if err == nil {
		found, err = readView(ctx, &env.Target, e)
	}
	if err != nil {
		return probe.Found(probe.StatusSkip, codeNotListed, "cannot list Docker containers: %s",
			strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	if len(found.jaegers) == 0 {
		return probe.Found(probe.StatusSkip, codeNoJaeger, "no Jaeger container on the Docker engine at %s", e.addr)
	}
	env.Publish(found)
	f := probe.Found(probe.StatusOK, codeEngineResponds, "%s at %s has %s", e.server, e.addr, found.list())
	for _, c := range found.jaegers {
		f = f.Saw(fmt.Sprintf("%s is %s and publishes %s", c.label(), c.State.Status, listPorts(c.published())))
	}
	return f
}

func (v *view) list() string {
	names := make([]string, len(v.jaegers))
	for i, c := range v.jaegers {
		names[i] = c.label()
	}
	return strings.Join(names, ", ")
}

// Probe checks, if spans do not arrive, whether the way Jaeger's container
// was started explains it.
func Probe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDDocker,
		Hop:   probe.HopNetwork,
		Title: "the ports of Jaeger's container are published",
		From:  []string{probe.IDDockerEngine},
		After: []string{probe.IDDockerEngine, probe.IDHost, probe.IDUDP, probe.IDCollector, probe.IDQuery, probe.IDCanary},
		Codes: []probe.Code{
			codeNoFault, CodeNotPublished, codeAsTCP, codeOtherPort, codeOtherAddr,
			codeNotRunning, codeBeforeStorage, codeNoUDP, codeNoNetwork, codeOtherHost,
			codeV1Settings, codeStorageURL, codeStorageUnset,
		},
		Run: run,
	}
}

func run(ctx context.Context, env *probe.Env) probe.Finding {
	found, ok := probe.Result[*view](env, probe.IDDockerEngine)
	if !ok {
		return probe.NotUsed("no Docker engine lists a Jaeger container")
	}
	needs := Needs(ctx, env)
	for _, n := range needs {
		if n.Met() {
			continue
		}
		f, ok := found.judgeNeed(ctx, &env.Target, n, needs)
		switch {
		case !ok:
			continue
		case n.status == probe.StatusFail:
			return f.AtHop(n.Hop).AsCauseOf(n.Probe)
		default:
			// No probe has used this path, so it may not be in use.
			f.Status = probe.StatusWarn
			return f.AtHop(n.Hop)
		}
	}
	if f, ok := found.badSettings(); ok {
		return f.AtHop(probe.HopStorage)
	}
	return probe.Found(probe.StatusOK, codeNoFault, "no fault found in %s", found.list())
}
