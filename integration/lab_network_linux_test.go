package integration

import (
	"testing"

	"github.com/otdemo/otdemo/integration/jaegers"
	"github.com/otdemo/otdemo/integration/lab"
	"github.com/otdemo/otdemo/integration/process"
)

// The two machines of most networks here: the application's, where the check is
// made, and Jaeger's.
const (
	appAddr    = "10.77.0.1"
	jaegerAddr = "10.77.0.2"
)

// rule is a rule of a firewall, in the words of the iptables command.
type rule = []string

// toJaeger are the flags of an application that was told where Jaeger is.
func toJaeger() []string {
	return []string{"--agent-host", jaegerAddr, "--query-url", "http://" + jaegerAddr + ":16686"}
}

// overHTTP are those of one that sends over HTTP.
func overHTTP() []string {
	return append(toJaeger(), "--collector-endpoint", "http://"+jaegerAddr+":14268/api/traces")
}

// networkEnvironments have the application and Jaeger on two machines.
func networkEnvironments() []environment {
	return []environment{
		{"two machines", firewalled(), []faultCase{
			well("two machines", toJaeger()...),
			well("two machines, over HTTP", overHTTP()...),
			{
				cause: "N-01", how: "localhost, and Jaeger on another machine", flags: []string{"--query-url", "http://" + jaegerAddr + ":16686"},
				exit: 1, hop: "network", code: "udp-refused", hint: "--agent-host " + jaegerAddr,
			},
		}},
		{"2.13 as a plain program", plainJaeger2, []faultCase{
			{
				cause: "V-04", how: "Jaeger 2.13 outside of a container, from another machine", flags: toJaeger(),
				exit: 1, hop: "network", code: "udp-refused",
				maybe: []string{"JAEGER_LISTEN_HOST=0.0.0.0"},
			},
			{
				cause: "V-04", how: "Jaeger 2.13 outside of a container, from another machine, over HTTP", flags: overHTTP(),
				exit: 1, hop: "network", code: "collector-refused", hint: "nc -vz",
				maybe: []string{"JAEGER_LISTEN_HOST=0.0.0.0", "does not publish 14268"},
			},
		}},
		{"2.13 for everybody", openJaeger2, []faultCase{
			well("Jaeger 2.13 with JAEGER_LISTEN_HOST=0.0.0.0, from another machine", toJaeger()...),
		}},
		{"published as tcp", publishedAsTCP, []faultCase{{
			cause: "N-02", how: "a port of a host that forwards tcp 6831, and udp not", flags: toJaeger(),
			exit: 1, hop: "network", code: "udp-published-as-tcp", hint: "6831:6831/udp",
		}}},
		{"not published", notPublished, []faultCase{{
			cause: "N-02", how: "a host that forwards tcp 16686 to Jaeger by NAT, and 6831 not", flags: toJaeger(),
			exit: 1, hop: "network", code: "udp-refused", hint: "docker run -p 6831:6831/udp",
			maybe: []string{"does not publish 6831/udp"},
		}}},
		{"names", named, []faultCase{
			well("a name in /etc/hosts", "--agent-host", "jaeger", "--query-url", "http://jaeger:16686"),
			{
				cause: "N-08", how: "a name in /etc/hosts with a public address and no dot", flags: []string{"--agent-host", "agent", "--query-url", "http://jaeger:16686"},
				hop: "resolve", code: "agent-host-public", hint: "getent ahosts agent",
				maybe: []string{"search domain"},
			},
			{
				cause: "N-08", how: "a resolver that does not answer", flags: []string{"--agent-host", "elsewhere", "--query-url", "http://jaeger:16686"},
				exit: 1, hop: "resolve", code: "agent-host-unresolved",
			},
		}},
	}
}

// firewallEnvironments have a Jaeger 1.62 behind a firewall.
func firewallEnvironments() []environment {
	const collector = "--collector-endpoint http://" + jaegerAddr + ":14268/api/traces"
	drop := func(network, port string) rule {
		return rule{"-A", "INPUT", "-p", network, "--dport", port, "-j", "DROP"}
	}
	reject := func(network, port, with string) rule {
		return rule{"-A", "INPUT", "-p", network, "--dport", port, "-j", "REJECT", "--reject-with", with}
	}
	return []environment{
		{"DROP udp 6831", firewalled(drop("udp", "6831")), []faultCase{{
			cause: "N-05", how: "iptables DROP on udp 6831", flags: toJaeger(),
			exit: 1, hop: "network", code: "storage-not-received", hint: collector,
			maybe: []string{"firewall", "not published", "another program", "receive buffer", "another Jaeger"},
		}}},
		{"DROP every second udp 6831", firewalled(rule{
			"-A", "INPUT", "-p", "udp", "--dport", "6831", "-m", "length", "--length", "0:1000",
			"-m", "statistic", "--mode", "nth", "--every", "2", "--packet", "1", "-j", "DROP",
		}), []faultCase{{
			cause: "N-05", how: "iptables DROP on every second small datagram to udp 6831", flags: toJaeger(),
			exit: 1, hop: "network", code: "storage-not-received", hint: collector,
			maybe: []string{"firewall", "receive buffer"},
		}}},
		{"DROP udp 6831 and tcp 14268", firewalled(drop("udp", "6831"), drop("tcp", "14268")), []faultCase{{
			cause: "N-05", how: "iptables DROP on udp 6831 and tcp 14268", flags: toJaeger(),
			exit: 1, hop: "network", code: "storage-not-received", hint: collector,
			maybe: []string{"firewall"},
		}}},
		{"REJECT udp 6831", firewalled(reject("udp", "6831", "icmp-port-unreachable")), []faultCase{{
			cause: "N-05", how: "iptables REJECT on udp 6831", flags: toJaeger(),
			exit: 1, hop: "network", code: "udp-refused", hint: collector,
		}}},
		{"prohibited udp 6831", firewalled(reject("udp", "6831", "icmp-admin-prohibited")), []faultCase{{
			cause: "N-05", how: "iptables REJECT with icmp-admin-prohibited on udp 6831", flags: toJaeger(),
			exit: 1, hop: "network", code: "udp-unreachable", hint: "ip route get " + jaegerAddr,
			maybe: []string{"firewall"},
		}}},
		{"large datagrams lost", firewalled(rule{"-t", "raw", "-A", "PREROUTING", "-f", "-j", "DROP"}), []faultCase{{
			cause: "R-03", how: "iptables DROP on the fragments of large datagrams", flags: toJaeger(),
			hop: "delivery", code: "canary-large-lost", hint: "--collector-endpoint",
			maybe: []string{"fragments", "MTU"},
		}}},
		{"DROP tcp 14268", firewalled(drop("tcp", "14268")), []faultCase{{
			cause: "N-05", how: "iptables DROP on tcp 14268", flags: overHTTP(),
			exit: 1, hop: "network", code: "collector-timeout", hint: "nc -vz " + jaegerAddr + " 14268",
			maybe: []string{"firewall", "down"},
		}}},
		{"REJECT tcp 14268", firewalled(reject("tcp", "14268", "tcp-reset")), []faultCase{{
			cause: "N-05", how: "iptables REJECT with tcp-reset on tcp 14268", flags: overHTTP(),
			exit: 1, hop: "network", code: "collector-refused", hint: "nc -vz " + jaegerAddr + " 14268",
		}}},
		{"DROP tcp 16686", firewalled(drop("tcp", "16686")), []faultCase{{
			cause: "Q-00", how: "iptables DROP on tcp 16686", flags: toJaeger(),
			exit: 3, hop: "query", code: "query-timeout", hint: "--query-url",
		}}},
		{"DROP all", firewalled(rule{"-A", "INPUT", "-j", "DROP"}), []faultCase{{
			cause: "N-05", how: "iptables DROP on everything: a dead host", flags: toJaeger(),
			exit: 3, hop: "query", code: "query-timeout", hint: "--query-url",
		}}},
		{"OUTPUT", ownFirewall, []faultCase{{
			cause: "N-05", how: "iptables DROP in the application's own OUTPUT", flags: toJaeger(),
			exit: 1, hop: "network", code: "udp-unreachable", hint: "iptables -S OUTPUT",
		}}},
	}
}

// twoMachines are the application's and Jaeger's.
func twoMachines(t *testing.T) (app, jaeger *lab.Machine) {
	t.Helper()
	app = lab.NewMachine(t)
	jaeger = app.Beside(t)
	lab.Wire(t, app, appAddr+"/24", jaeger, jaegerAddr+"/24")
	return app, jaeger
}

// firewalled has these rules before a Jaeger 1.62.
func firewalled(rules ...rule) func(*testing.T) place {
	return func(t *testing.T) place {
		t.Helper()
		app, jaeger := twoMachines(t)
		v1(t, jaeger, settings{})
		jaeger.Firewall(t, rules...)
		return place{in: app.Command}
	}
}

func ownFirewall(t *testing.T) place {
	t.Helper()
	app, jaeger := twoMachines(t)
	v1(t, jaeger, settings{})
	app.Firewall(t, rule{"-A", "OUTPUT", "-p", "udp", "--dport", "6831", "-j", "DROP"})
	return place{in: app.Command}
}

func plainJaeger2(t *testing.T) place {
	t.Helper()
	app, jaeger := twoMachines(t)
	v2(t, jaeger, settings{})
	return place{in: app.Command}
}

func openJaeger2(t *testing.T) place {
	t.Helper()
	app, jaeger := twoMachines(t)
	v2(t, jaeger, settings{env: []string{"JAEGER_LISTEN_HOST=0.0.0.0"}})
	return place{in: app.Command}
}

// publishedAsTCP has a proxy as Docker's on the host's tcp 6831. What the proxy
// would say does not matter, so any server will do.
func publishedAsTCP(t *testing.T) place {
	t.Helper()
	app, host := twoMachines(t)
	programOn(t, host, process.Command{
		Path: otdemoPath, Args: []string{"serve", "--host", "0.0.0.0", "--port", "6831", "--tracer", "noop"},
	}, "tcp/6831")
	jaegerOn(t, host, jaegers.V162(), settings{args: []string{
		"--log-level=warn", "--processor.jaeger-compact.server-host-port=127.0.0.1:6831",
	}}, "tcp/16686")
	return place{in: app.Command}
}

// notPublished has Jaeger behind a host that forwards the port of the query API
// only, as docker run -p 16686:16686 does.
func notPublished(t *testing.T) place {
	t.Helper()
	app, host := twoMachines(t)
	jaeger := app.Beside(t)
	lab.Wire(t, host, "172.17.0.1/24", jaeger, "172.17.0.2/24")
	host.Do(t, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
	host.Firewall(t,
		rule{"-t", "nat", "-A", "PREROUTING", "-p", "tcp", "--dport", "16686", "-j", "DNAT", "--to-destination", "172.17.0.2"})
	jaeger.Do(t, "ip", "route", "add", "default", "via", "172.17.0.1")
	v1(t, jaeger, settings{})
	return place{in: app.Command}
}

// named knows Jaeger by a name, and once more by a public address that a search
// domain could have answered with; for other names it asks nobody.
func named(t *testing.T) place {
	t.Helper()
	app, jaeger := twoMachines(t)
	// From TEST-NET-3: public as far as one can tell, and nobody's.
	lab.Wire(t, app, "203.0.113.1/24", jaeger, "203.0.113.2/24")
	app.Etc(t, "/etc/hosts", "127.0.0.1 localhost\n"+jaegerAddr+" jaeger\n203.0.113.2 agent\n")
	app.Etc(t, "/etc/resolv.conf", "nameserver 10.77.0.99\n")
	v1(t, jaeger, settings{})
	return place{in: app.Command}
}
