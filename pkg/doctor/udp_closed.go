package doctor

import (
	"fmt"
	"slices"
)

// codeUDPNotServed is found by agent-udp and by the canary, whichever notices.
const codeUDPNotServed Code = "udp-not-served"

// notServed returns the Jaeger that was identified, and whether it is certain
// that it does not listen on the agent's port. An agent of its own on another
// host, or on a port of somebody's choice, is nothing that the version tells of.
func notServed(env *Env) (jaeger identity, lacks bool) {
	jaeger, _ = fact[identity](env, idIdentity)
	agent := env.config().Reporter.Agent
	if !slices.Contains([]int{portCompact, portBinary, portZipkin}, agent.Port) || !jaeger.runsOn(agent.Host) {
		return jaeger, false
	}
	return jaeger, jaeger.all(lacksUDP(agent.Port))
}

// notServedFinding blames the Jaeger for what was noticed, which the format
// says.
func notServedFinding(env *Env, jaeger identity, format string, args ...any) Finding {
	agent := env.config().Reporter.Agent
	f := found(StatusFail, codeUDPNotServed, format, args...).at(HopIdentity).
		saw("it is " + jaeger.String() + ": " + jaeger.source)
	if jaeger.all(takesUDP(portCompact)) || jaeger.major == 2 && agent.Port == portZipkin {
		f.Fact += fmt.Sprintf(": %s has no port %d/udp", jaeger, agent.Port)
		return f.hint(fmt.Sprintf("--agent-port %d", portCompact))
	}
	f.Fact += fmt.Sprintf(": %s takes no spans over UDP", jaeger)
	return f.hint(
		"JAEGER_ENDPOINT="+thriftURL(agent.Host)+" (the same as --collector-endpoint)",
		"or a Jaeger that takes UDP: jaegertracing/jaeger:2.2 and later, jaegertracing/all-in-one:1.62",
	)
}

// causesClosed are the explanations of a closed port on a host with a Jaeger,
// without those that its identity rules out.
func causesClosed(env *Env, jaeger identity) []Cause {
	agent := env.config().Reporter.Agent
	causes := []Cause{{
		Text:    fmt.Sprintf("Jaeger's container does not publish %d/udp", agent.Port),
		Command: "docker ps --format '{{.Names}} {{.Image}} {{.Ports}}'",
	}}
	if !jaeger.runsOn(agent.Host) || jaeger.may(lacksUDP(agent.Port)) {
		causes = append(causes, Cause{
			Text:    "this Jaeger has no UDP port: all-in-one 1.63 to 1.76 and Jaeger 2.1 have none",
			Command: "otdemo check-jaeger --collector-endpoint " + thriftURL(agent.Host),
		})
	}
	if !jaeger.runsOn(agent.Host) || jaeger.may(onLoopback) {
		causes = append(causes, Cause{
			Text:    "Jaeger 2 listens on 127.0.0.1 only, unless JAEGER_LISTEN_HOST=0.0.0.0 is set for it",
			Command: fmt.Sprintf("ss -lnup 'sport = :%d' (on Jaeger's host)", agent.Port),
		})
	}
	return causes
}
