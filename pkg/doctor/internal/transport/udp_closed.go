package transport

import (
	"fmt"
	"slices"

	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
)

// CodeUDPNotServed is found by agent-udp and by the canary, whichever notices.
const CodeUDPNotServed probe.Code = "udp-not-served"

// NotServed returns the Jaeger that was identified, and whether it certainly
// does not listen on the agent's port. The version proves nothing about a
// separate agent on another host, or about a custom port.
func NotServed(env *probe.Env) (jaeger identity.Identity, lacks bool) {
	jaeger, _ = probe.Result[identity.Identity](env, probe.IDIdentity)
	agent := env.Config().Reporter.Agent
	if !slices.Contains([]int{jaegers.PortCompact, jaegers.PortBinary, jaegers.PortZipkin}, agent.Port) || !jaeger.RunsOn(agent.Host) {
		return jaeger, false
	}
	return jaeger, jaeger.All(identity.LacksUDP(agent.Port))
}

// NotServedFinding returns a finding at the identity hop: this Jaeger does not
// have the port. format describes what was observed.
func NotServedFinding(env *probe.Env, jaeger identity.Identity, format string, args ...any) probe.Finding {
	agent := env.Config().Reporter.Agent
	f := probe.Found(probe.StatusFail, CodeUDPNotServed, format, args...).AtHop(probe.HopIdentity).
		Saw("it is " + jaeger.String() + ": " + jaeger.Source)
	if jaeger.All(identity.TakesUDP(jaegers.PortCompact)) || jaeger.Major == 2 && agent.Port == jaegers.PortZipkin {
		f.Fact += fmt.Sprintf(": %s has no port %d/udp", jaeger, agent.Port)
		return f.Hint(fmt.Sprintf("--agent-port %d", jaegers.PortCompact))
	}
	f.Fact += fmt.Sprintf(": %s does not receive spans over UDP", jaeger)
	return f.Hint(
		"JAEGER_ENDPOINT="+send.ThriftURL(agent.Host)+" (the same as --collector-endpoint)",
		"or use a Jaeger that receives UDP: jaegertracing/jaeger:2.2 and later, jaegertracing/all-in-one:1.62",
	)
}

// causesClosed are the explanations of a closed port on a host with a Jaeger,
// without those that its identity rules out.
func causesClosed(env *probe.Env, jaeger identity.Identity) []probe.Cause {
	agent := env.Config().Reporter.Agent
	causes := []probe.Cause{{
		Text:    fmt.Sprintf("Jaeger's container does not publish %d/udp", agent.Port),
		Command: "docker ps --format '{{.Names}} {{.Image}} {{.Ports}}'",
	}}
	if !jaeger.RunsOn(agent.Host) || jaeger.May(identity.LacksUDP(agent.Port)) {
		causes = append(causes, probe.Cause{
			Text:    "this Jaeger has no UDP port: all-in-one 1.63 to 1.76 and Jaeger 2.1 have none",
			Command: "otdemo check-jaeger --collector-endpoint " + send.ThriftURL(agent.Host),
		})
	}
	if !jaeger.RunsOn(agent.Host) || jaeger.May(identity.OnLoopback) {
		causes = append(causes, probe.Cause{
			Text:    "Jaeger 2 listens on 127.0.0.1 only, unless JAEGER_LISTEN_HOST=0.0.0.0 is set for it",
			Command: fmt.Sprintf("ss -lnup 'sport = :%d' (on Jaeger's host)", agent.Port),
		})
	}
	return causes
}
