package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

const (
	idDockerEngine = "docker-engine"
	idDocker       = "docker"
)

const (
	codeDockerEngineAnswers Code = "docker-engine-answers"
)

// dockerEngine asks a Docker engine about Jaeger, beside the other probes.
func dockerEngine() Probe {
	return Probe{
		ID:    idDockerEngine,
		Hop:   HopNetwork,
		Title: "a Docker engine tells about Jaeger's containers",
		Codes: []Code{codeDockerEngineAnswers, codeDockerUnanswered, codeDockerNoJaeger},
		Run:   runDockerEngine,
	}
}

func runDockerEngine(ctx context.Context, env *Env) Finding {
	ctx, cancel := context.WithTimeout(ctx, dockerTimeout)
	defer cancel()
	e, err := findEngine(ctx, &env.Target)
	if errors.Is(err, errNoEngine) {
		return notUsed("%v", err)
	}
	var view *dockerView
	if err == nil {
		view, err = lookAtDocker(ctx, &env.Target, e)
	}
	if err != nil {
		return found(StatusSkip, codeDockerUnanswered, "Docker's containers cannot be looked at: %s",
			strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	if len(view.jaegers) == 0 {
		return found(StatusSkip, codeDockerNoJaeger, "no container of the Docker engine at %s is Jaeger's", e.addr)
	}
	env.learn(view)
	f := found(StatusOK, codeDockerEngineAnswers, "%s at %s has %s", e.server, e.addr, view.list())
	for i := range view.jaegers {
		c := &view.jaegers[i]
		f = f.saw(fmt.Sprintf("%s is %s and publishes %s", c.label(), c.State.Status, listPorts(c.published())))
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

// dockerProbe looks, when spans do not arrive, whether the way that Jaeger's
// container was started explains it.
func dockerProbe() Probe {
	return Probe{
		ID:    idDocker,
		Hop:   HopNetwork,
		Title: "the ports of a container of Jaeger are published",
		From:  []string{idDockerEngine},
		After: []string{idDockerEngine, idHost, idUDP, idCollector, idQuery, idCanary},
		Codes: []Code{
			codeDockerWell, codeDockerUnpublished, codeDockerAsTCP, codeDockerOtherPort, codeDockerOtherAddr,
			codeDockerNotRunning, codeDockerTooEarly, codeDockerNoUDP, codeDockerNoNetwork, codeDockerOtherHost,
			codeDockerV1Settings, codeDockerStorageURL, codeDockerStorageUnset,
		},
		Run: runDocker,
	}
}

func runDocker(ctx context.Context, env *Env) Finding {
	view, ok := fact[*dockerView](env, idDockerEngine)
	if !ok {
		return notUsed("no Docker engine tells about Jaeger")
	}
	needs := jaegerNeeds(env)
	if slices.ContainsFunc(needs, func(n need) bool { return !n.met() }) {
		resolve(ctx, env, needs)
	}
	for _, n := range needs {
		if n.met() {
			continue
		}
		f, ok := view.judgeNeed(ctx, &env.Target, n, needs)
		if !ok {
			continue
		}
		f = f.at(n.hop)
		if !n.broken {
			// Nobody has tried this way, so nobody knows that it is in use.
			f.Status = StatusWarn
			return f
		}
		return f.explains(n.probe)
	}
	if f, ok := view.oddSettings(); ok {
		return f.at(HopStorage)
	}
	return found(StatusOK, codeDockerWell, "nothing is wrong with %s", view.list())
}
