package docker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

const (
	codeDockerEngineAnswers probe.Code = "docker-engine-answers"
)

// EngineProbe asks a Docker engine about Jaeger, beside the other probes.
func EngineProbe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDDockerEngine,
		Hop:   probe.HopNetwork,
		Title: "a Docker engine tells about Jaeger's containers",
		Codes: []probe.Code{codeDockerEngineAnswers, codeDockerUnanswered, codeDockerNoJaeger},
		Run:   runDockerEngine,
	}
}

func runDockerEngine(ctx context.Context, env *probe.Env) probe.Finding {
	ctx, cancel := context.WithTimeout(ctx, dockerTimeout)
	defer cancel()
	e, err := findEngine(ctx, &env.Target)
	if errors.Is(err, errNoEngine) {
		return probe.NotUsed("%v", err)
	}
	var view *dockerView
	if err == nil {
		view, err = lookAtDocker(ctx, &env.Target, e)
	}
	if err != nil {
		return probe.Found(probe.StatusSkip, codeDockerUnanswered, "Docker's containers cannot be looked at: %s",
			strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	if len(view.jaegers) == 0 {
		return probe.Found(probe.StatusSkip, codeDockerNoJaeger, "no container of the Docker engine at %s is Jaeger's", e.addr)
	}
	env.Publish(view)
	f := probe.Found(probe.StatusOK, codeDockerEngineAnswers, "%s at %s has %s", e.server, e.addr, view.list())
	for i := range view.jaegers {
		c := &view.jaegers[i]
		f = f.Saw(fmt.Sprintf("%s is %s and publishes %s", c.label(), c.State.Status, listPorts(c.published())))
	}
	return f
}

func (v *dockerView) list() string {
	names := make([]string, len(v.jaegers))
	for i := range v.jaegers {
		names[i] = v.jaegers[i].label()
	}
	return strings.Join(names, ", ")
}

// Probe looks, when spans do not arrive, whether the way that Jaeger's
// container was started explains it.
func Probe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDDocker,
		Hop:   probe.HopNetwork,
		Title: "the ports of a container of Jaeger are published",
		From:  []string{probe.IDDockerEngine},
		After: []string{probe.IDDockerEngine, probe.IDHost, probe.IDUDP, probe.IDCollector, probe.IDQuery, probe.IDCanary},
		Codes: []probe.Code{
			codeDockerWell, CodeDockerUnpublished, codeDockerAsTCP, codeDockerOtherPort, codeDockerOtherAddr,
			codeDockerNotRunning, codeDockerTooEarly, codeDockerNoUDP, codeDockerNoNetwork, codeDockerOtherHost,
			codeDockerV1Settings, codeDockerStorageURL, codeDockerStorageUnset,
		},
		Run: runDocker,
	}
}

func runDocker(ctx context.Context, env *probe.Env) probe.Finding {
	view, ok := probe.Result[*dockerView](env, probe.IDDockerEngine)
	if !ok {
		return probe.NotUsed("no Docker engine tells about Jaeger")
	}
	needs := JaegerNeeds(env)
	if slices.ContainsFunc(needs, func(n Need) bool { return !n.Met() }) {
		Resolve(ctx, env, needs)
	}
	for _, n := range needs {
		if n.Met() {
			continue
		}
		f, ok := view.judgeNeed(ctx, &env.Target, n, needs)
		if !ok {
			continue
		}
		f = f.AtHop(n.Hop)
		if !n.broken {
			// Nobody has tried this way, so nobody knows that it is in use.
			f.Status = probe.StatusWarn
			return f
		}
		return f.AsCauseOf(n.Probe)
	}
	if f, ok := view.oddSettings(); ok {
		return f.AtHop(probe.HopStorage)
	}
	return probe.Found(probe.StatusOK, codeDockerWell, "nothing is wrong with %s", view.list())
}
