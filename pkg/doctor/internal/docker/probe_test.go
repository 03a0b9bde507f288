package docker

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

// lookAt makes what docker waits for: the engine's containers and how the other
// probes ended.
func lookAt(t *testing.T, target probe.Target, failed ...string) map[string]probe.Outcome {
	t.Helper()
	f, env := probetest.Examine(t, EngineProbe(), target, nil)
	if f.Status != probe.StatusOK {
		t.Fatalf("the engine tells nothing: %s", f.Fact)
	}
	earlier := map[string]probe.Outcome{probe.IDDockerEngine: {Finding: f, Published: env.Published}}
	for _, id := range []string{probe.IDHost, probe.IDUDP, probe.IDQuery, probe.IDCanary} {
		status := probe.StatusOK
		if slices.Contains(failed, id) {
			status = probe.StatusFail
		}
		earlier[id] = probe.Outcome{Finding: probe.Finding{ID: id, Status: status}}
	}
	collector := probe.Finding{ID: probe.IDCollector, Status: probe.StatusSkip, Code: probe.CodeNotUsed}
	if slices.Contains(failed, probe.IDCollector) {
		collector.Status = probe.StatusFail
	}
	earlier[probe.IDCollector] = probe.Outcome{Finding: collector}
	if len(failed) > 0 && failed[0] != probe.IDCanary {
		earlier[probe.IDCanary] = probe.Outcome{Finding: probe.Finding{ID: probe.IDCanary, Status: probe.StatusSkip}}
	}
	return earlier
}

// What the recordings are of, and the start of most fixes.
const (
	label1 = "container jaeger (jaegertracing/all-in-one:1.62.0)"
	label2 = "container jaeger (jaegertracing/jaeger:2.13.0)"
)

// held begins the line that ends a Jaeger with traces in memory.
const held = ": 'not repeated: the traces that Jaeger has in memory'; "

// remade is the line that replaces the container jaeger.
func remade(flags string) string {
	return "docker rename jaeger jaeger-old && { docker create --name jaeger " + flags +
		" && docker stop jaeger-old && docker start jaeger || { docker rm -f jaeger; docker rename jaeger-old jaeger && docker start jaeger; false; }; }"
}

// restarted is remade for a container that the engine restarts.
func restarted(flags string) string {
	const back = "docker rename jaeger-old jaeger && "
	return strings.Replace(remade(flags), back, back+"docker update --restart on-failure:3 jaeger && ", 1)
}

// without6831 makes the recorded image one of another tag, which does not have the port.
func without6831(tag string) []string {
	return []string{"all-in-one:1.62.0", "all-in-one:" + tag, `"6831/udp":{}`, `"1/udp":{}`, `"6831/udp": {}`, `"1/udp": {}`}
}

// The probes that fail when the agent's port is closed, and when nothing is there.
var (
	udpFails = []string{probe.IDUDP}
	allFail  = []string{probe.IDUDP, probe.IDQuery}
)

type dockerTest struct {
	recording string
	edit      []string
	config    []string
	failed    []string
	status    probe.Status
	code      probe.Code
	explains  string
	fact      string
	hint      string
}

var dockerTests = map[string]dockerTest{
	// The case that started all this.
	"not published": {
		recording: "not-published", failed: udpFails,
		status: probe.StatusFail, code: CodeNotPublished, explains: probe.IDUDP,
		fact: label1 + " publishes 5775/udp, 16686/tcp; 6831/udp is not published",
		hint: held + remade("-p 6831:6831/udp -p 5775:5775/udp -p 16686:16686 jaegertracing/all-in-one:1.62.0"),
	},
	"nothing published": {
		recording: "nothing", failed: allFail,
		status: probe.StatusFail, code: CodeNotPublished, explains: probe.IDUDP,
		fact: label1 + " publishes no port; 6831/udp is not published",
		hint: held + remade("-p 6831:6831/udp -p 16686:16686 jaegertracing/all-in-one:1.62.0"),
	},
	"as TCP": {
		recording: "as-tcp", failed: udpFails,
		status: probe.StatusFail, code: codeAsTCP, explains: probe.IDUDP,
		fact: label1 + " publishes 6831 as tcp; 6831/udp is not published",
		hint: held + remade("-p 6831:6831/udp -p 16686:16686 jaegertracing/all-in-one:1.62.0"),
	},
	"on another port": {
		recording: "elsewhere", failed: udpFails,
		status: probe.StatusFail, code: codeOtherPort, explains: probe.IDUDP,
		fact: label1 + " publishes 6831/udp on port 16831, but the configuration uses 6831",
		hint: "--agent-host localhost --agent-port 16831",
	},
	"the configuration goes to that other port": {
		recording: "elsewhere", config: []string{"reporter.agent.port", "16831"},
		status: probe.StatusOK, code: codeNoFault,
		fact: "no fault found in " + label1,
	},
	"on another address": {
		recording: "published", edit: []string{`"HostIp":"127.0.0.1"`, `"HostIp":"127.0.0.9"`}, failed: udpFails,
		status: probe.StatusFail, code: codeOtherAddr, explains: probe.IDUDP,
		fact: label1 + " publishes 6831/udp on 127.0.0.9 only, but the configuration uses 127.0.0.1",
		hint: "--agent-host 127.0.0.9",
	},
	"all published": {
		recording: "published",
		status:    probe.StatusOK, code: codeNoFault,
		fact: "no fault found in " + label1,
	},
	"all published, and lost all the same": {
		recording: "published", failed: []string{probe.IDCanary},
		status: probe.StatusOK, code: codeNoFault,
		fact: "no fault found in " + label1,
	},
	"published, but not the UI": {
		recording: "nothing", failed: []string{probe.IDQuery}, config: []string{"reporter.agent.host", "192.0.2.1"},
		status: probe.StatusFail, code: CodeNotPublished, explains: probe.IDQuery,
		fact: label1 + " publishes no port; 16686/tcp is not published",
		hint: held + remade("-p 16686:16686 jaegertracing/all-in-one:1.62.0"),
	},
	"thrift over HTTP": {
		recording: "not-published", failed: []string{probe.IDCollector},
		config: []string{"reporter.collector.endpoint", "http://localhost:14268/api/traces"},
		status: probe.StatusFail, code: CodeNotPublished, explains: probe.IDCollector,
		fact: label1 + " publishes 5775/udp, 16686/tcp; 14268/tcp is not published",
		hint: held + remade("-p 14268:14268 -p 5775:5775/udp -p 16686:16686 jaegertracing/all-in-one:1.62.0"),
	},
	"settings are kept": {
		recording: "published", edit: []string{`"6831/udp":[`, `"6899/udp":[`}, failed: udpFails,
		status: probe.StatusFail, code: CodeNotPublished, explains: probe.IDUDP,
		fact: label1 + " publishes 5778/tcp, 6899/udp on 6831, 14268/tcp, 16686/tcp; 6831/udp is not published",
		hint: ": 'not repeated: the traces that Jaeger has in memory, -p 127.0.0.1:6831:6899/udp, whose port is taken'; " + restarted("--restart on-failure:3 -p 6831:6831/udp -p 5778:5778 -p 14268:14268 -p 16686:16686 "+
			"-v /srv/jaeger/data:/data:ro --memory 512m jaegertracing/all-in-one:1.62.0 --log-level=debug && "+
			"docker update --restart no jaeger-old"),
	},
	"in compose": {
		recording: "compose", failed: udpFails,
		status: probe.StatusFail, code: CodeNotPublished, explains: probe.IDUDP,
		fact: "container demo_jaeger_1 (jaegertracing/jaeger:2.13.0) publishes 4317/tcp, 4318/tcp, 16686/tcp; 6831/udp is not published",
		hint: `in /srv/demo/docker-compose.yml add to jaeger's ports: - "6831:6831/udp" (the traces that Jaeger has in memory are lost), then: docker compose up -d jaeger`,
	},
	"a tag without a version, of an image with the port": {
		recording: "not-published", edit: []string{"all-in-one:1.62.0", "all-in-one:latest"}, failed: udpFails,
		status: probe.StatusFail, code: CodeNotPublished, explains: probe.IDUDP,
		fact: "container jaeger (jaegertracing/all-in-one:latest) publishes 5775/udp, 16686/tcp; 6831/udp is not published",
		hint: held + remade("-p 6831:6831/udp -p 5775:5775/udp -p 16686:16686 jaegertracing/all-in-one:latest"),
	},
	"a version without UDP": {
		recording: "published", edit: without6831("1.66.0"), failed: udpFails,
		status: probe.StatusFail, code: codeNoUDP, explains: probe.IDUDP,
		fact: "container jaeger (jaegertracing/all-in-one:1.66.0) has no port 6831/udp: this version does not listen on it",
		hint: "--collector-endpoint http://localhost:14268/api/traces",
	},
	"a version without UDP, nothing else published": {
		recording: "not-published", edit: without6831("latest"), failed: udpFails,
		status: probe.StatusFail, code: codeNoUDP, explains: probe.IDUDP,
		fact: "container jaeger (jaegertracing/all-in-one:latest) has no port 6831/udp: this version does not listen on it",
		hint: held + remade("-p 6831:6831/udp -p 5775:5775/udp -p 16686:16686 jaegertracing/jaeger:latest"),
	},
	"a version without UDP, at its own address": {
		recording: "nothing", edit: without6831("1.63.0"), failed: udpFails,
		config: []string{"reporter.agent.host", "172.17.0.2"},
		status: probe.StatusFail, code: codeNoUDP, explains: probe.IDUDP,
		fact: "container jaeger (jaegertracing/all-in-one:1.63.0) has no port 6831/udp: this version does not listen on it",
		hint: held + remade("-p 6831:6831/udp jaegertracing/jaeger:latest"),
	},
	"exited: one slash": {
		recording: "exited", failed: allFail,
		status: probe.StatusFail, code: codeNotRunning, explains: probe.IDUDP,
		fact: label1 + " exited with code 1 5.028s after its start: ES_SERVER_URLS http:/elasticsearch:9200 has 1 slash after http:, so it has no host",
		hint: remade("--network tracing -p 6831:6831/udp -p 16686:16686 -e SPAN_STORAGE_TYPE=elasticsearch -e ES_USERNAME=admin " +
			`-e "$(docker inspect -f '{{index .Config.Env 3}}' jaeger-old)" ` +
			"-e ES_SERVER_URLS=http://elasticsearch:9200 jaegertracing/all-in-one:1.62.0"),
	},
	"exited": {
		recording: "exited", edit: []string{"http:/elasticsearch", "http://elasticsearch"}, failed: allFail,
		status: probe.StatusFail, code: codeNotRunning, explains: probe.IDUDP,
		fact: label1 + " exited with code 1 5.028s after its start",
		hint: "docker logs --tail 50 jaeger",
	},
	"stopped": {
		recording: "exited", edit: []string{"http:/elasticsearch", "http://elasticsearch", `"ExitCode":1`, `"ExitCode":143`},
		failed: allFail,
		status: probe.StatusFail, code: codeNotRunning, explains: probe.IDUDP,
		fact: label1 + " exited with code 143 5.028s after its start",
		hint: "docker start jaeger",
	},
	"settings of Jaeger 1": {
		recording: "v2-with-v1-settings",
		status:    probe.StatusWarn, code: codeV1Settings,
		fact: label2 + " sets SPAN_STORAGE_TYPE, ES_SERVER_URLS, ES_PASSWORD, which Jaeger 2 ignores: it stores spans in memory",
		hint: "docker run ... -v ./jaeger.yaml:/jaeger.yaml jaegertracing/jaeger:2.13.0 --config /jaeger.yaml",
	},
	"exited: no address of the storage": {
		recording: "exited", edit: []string{"ES_SERVER_URLS=", "ES_OTHER="}, failed: allFail,
		status: probe.StatusFail, code: codeStorageUnset, explains: probe.IDUDP,
		fact: label1 + " exited with code 1 5.028s after its start: it stores in elasticsearch without ES_SERVER_URLS, so " +
			"it connects to http://127.0.0.1:9200, which is its own container",
		hint: remade("--network tracing -p 6831:6831/udp -p 16686:16686 --add-host host.docker.internal:host-gateway -e SPAN_STORAGE_TYPE=elasticsearch " +
			"-e ES_OTHER=http:/elasticsearch:9200 -e ES_USERNAME=admin " +
			`-e "$(docker inspect -f '{{index .Config.Env 3}}' jaeger-old)" ` +
			"-e ES_SERVER_URLS=http://host.docker.internal:9200 jaegertracing/all-in-one:1.62.0"),
	},
	"storage on localhost": {
		recording: "v2-with-v1-settings", edit: []string{"jaeger:2.13.0", "all-in-one:1.62.0"},
		status: probe.StatusWarn, code: codeStorageURL,
		fact: label1 + ": ES_SERVER_URLS http://localhost:9200 points to the container itself",
		hint: ": 'not repeated: user and password of the storage URL (for ES_USERNAME and ES_PASSWORD)'; " +
			remade("--network tracing -p 6831:6831/udp -p 16686:16686 -e SPAN_STORAGE_TYPE=elasticsearch "+
				`-e "$(docker inspect -f '{{index .Config.Env 2}}' jaeger-old)" `+
				"-e ES_SERVER_URLS=http://elasticsearch:9200 jaegertracing/all-in-one:1.62.0"),
	},
}

func TestDocker(t *testing.T) {
	t.Parallel()
	for name, tt := range dockerTests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := docked(t, serveEngine(t, readRecording(t, tt.recording).edit(tt.edit...)), tt.config...)
			f, _ := probetest.Examine(t, Probe(), target, lookAt(t, target, tt.failed...))
			probetest.Expect(t, f, tt.status, tt.code, tt.fact, tt.hint)
			if f.Explains != tt.explains {
				t.Errorf("explains: got %q, want %q", f.Explains, tt.explains)
			}
			for _, line := range slices.Concat([]string{f.Fact}, f.Evidence, f.Hints) {
				if strings.Contains(line, "hunter2") {
					t.Errorf("tells the password: %s", line)
				}
			}
		})
	}
}

// A running container whose storage has no address, next to one that has it.
func TestDockerStorageUnset(t *testing.T) {
	t.Parallel()
	jaeger := parseContainer(t, `{"Name": "/jaeger", "State": {"Status": "running"}, "NetworkSettings": {"Networks": {"tracing": {}}},
		"HostConfig": {"NetworkMode": "tracing"},
		"Config": {"Image": "jaegertracing/all-in-one:1.62.0", "Env": ["SPAN_STORAGE_TYPE=cassandra"], "Cmd": ["--cassandra.servers=127.0.0.1", "--log-level", "debug"]}}`)
	store := parseContainer(t, `{"Name": "/cs", "Config": {"Image": "cassandra:4.1"}, "NetworkSettings": {"Networks": {"tracing": {}}}}`)
	found := view{jaegers: []*container{jaeger}, storages: []*container{store}}
	f, ok := found.badSettings()
	if !ok {
		t.Fatal("nothing is odd")
	}
	probetest.Expect(t, f, probe.StatusWarn, codeStorageUnset, label1+" has CASSANDRA_SERVERS=127.0.0.1, which is its own container",
		remade("--network tracing -e SPAN_STORAGE_TYPE=cassandra -e CASSANDRA_SERVERS=cs jaegertracing/all-in-one:1.62.0 --log-level debug"))
	found.jaegers[0].Config.Cmd = []string{"--config-file=/etc/j.yaml"}
	if f, ok := found.badSettings(); ok {
		t.Errorf("with a configuration file: got %s %q, want nothing", f.Code, f.Fact)
	}
	found.jaegers[0].Config.Cmd = nil
	found.jaegers[0].HostConfig.NetworkMode = "host"
	if f, ok := found.badSettings(); ok {
		t.Errorf("on the machine's network: got %s %q, want nothing", f.Code, f.Fact)
	}
}

func TestDockerQuotesTheLastLine(t *testing.T) {
	t.Parallel()
	target := docked(t, serveEngine(t, readRecording(t, "exited")))
	f, _ := probetest.Examine(t, Probe(), target, lookAt(t, target, probe.IDUDP))
	const want = "no Elasticsearch node available"
	if saw := probe.First(f.Evidence); !strings.HasPrefix(saw, `last log line: {"level":"fatal"`) || !strings.Contains(saw, want) {
		t.Errorf("got %q, want Jaeger's last line with %q", saw, want)
	}
}

// Elasticsearch came up after Jaeger had given up.
// Of two Jaegers it is the one that the traces are read from, and no port of it is
// published again.
func TestDockerOfTwoJaegers(t *testing.T) {
	t.Parallel()
	bystander := parseContainer(t, `{"Name": "/a-bystander", "State": {"Status": "running"}, "Config": {"Image": "jaegertracing/all-in-one:1.62.0"}}`)
	shown := parseContainer(t, `{"Name": "/z-shown", "State": {"Status": "running"}, "Config": {"Image": "jaegertracing/all-in-one:1.62.0"},
		"HostConfig": {"PortBindings": {"16686/tcp": [{"HostPort": "16686"}]}}, "NetworkSettings": {"Ports": {"16686/tcp": [{"HostPort": "16686"}]}}}`)
	loopback := netip.MustParseAddr("127.0.0.1")
	spans := Need{Host: "localhost", Addr: loopback, Port: 6831, Inside: 6831, Proto: "udp", status: probe.StatusFail}
	query := Need{Host: "localhost", Addr: loopback, Port: 16686, Inside: 16686, Proto: "tcp", status: probe.StatusOK}
	target := docked(t, "unix:///none")
	v := &view{engine: &engine{}, jaegers: []*container{bystander, shown}}
	f, ok := v.judgeNeed(t.Context(), &target, spans, []Need{spans, query})
	if line := probe.First(f.Hints); !ok || !strings.Contains(line, "--name z-shown -p 6831:6831/udp -p 16686:16686 ") {
		t.Errorf("got %t %q, want z-shown with both ports", ok, line)
	}
	relay := []byte(`[{"Names": ["/relay"], "Ports": [{"IP": "127.0.0.1", "PrivatePort": 9, "PublicPort": 6831, "Type": "udp"}]}]`)
	mustUnmarshal(t, relay, &v.listed)
	f, _ = v.judgeNeed(t.Context(), &target, spans, []Need{spans, query})
	if want := "; port 6831/udp of this machine is published by container relay"; !strings.HasSuffix(f.Fact, want) || !cmp.Equal(f.Hints, []string{"docker ps --filter publish=6831/udp"}) {
		t.Errorf("got %q %q, want a fact that ends in %q, and no command that publishes the port", f.Fact, f.Hints, want)
	}
	v.listed = nil
	query.Addr = netip.MustParseAddr("172.17.0.9")
	mustUnmarshal(t, []byte(`{"NetworkSettings": {"Networks": {"bridge": {"IPAddress": "172.17.0.9"}}}}`), shown)
	if got := v.closest(spans, []Need{spans, query}); got != shown {
		t.Errorf("got %s, want the container at the query API's address", got.name())
	}
	query.Addr = loopback
	v.jaegers = []*container{bystander}
	f, _ = v.judgeNeed(t.Context(), &target, spans, []Need{spans, query})
	if line := probe.First(f.Hints); strings.Contains(line, "16686") {
		t.Errorf("got %q, which publishes a port that another program has", line)
	}
}

func TestDockerBeforeStorage(t *testing.T) {
	t.Parallel()
	now := time.Now()
	jaeger := container{Name: "/jaeger"}
	jaeger.Config.Image, jaeger.Config.Env = "jaegertracing/all-in-one:1.62.0", []string{"SPAN_STORAGE_TYPE=elasticsearch", "ES_SERVER_URLS=http://es:9200"}
	jaeger.State.Status, jaeger.State.ExitCode = "exited", 1
	jaeger.State.StartedAt, jaeger.State.FinishedAt = now, now.Add(5*time.Second)
	storage := container{Name: "/es"}
	storage.State.StartedAt = now.Add(2 * time.Second)
	found := view{jaegers: []*container{&jaeger}, storages: []*container{&storage}}
	probetest.Expect(
		t, found.notRunning(&jaeger), probe.StatusFail, codeBeforeStorage,
		"container jaeger (jaegertracing/all-in-one:1.62.0) exited with code 1 5s after its start, before its storage (container es) was ready",
		"docker update --restart on-failure jaeger && docker start jaeger",
	)
	storage.State.StartedAt = now.Add(-time.Hour)
	if f := found.notRunning(&jaeger); f.Code != codeNotRunning {
		t.Errorf("with a storage that is long up: got %s, want %s", f.Code, codeNotRunning)
	}
}

// A process in a container reaches Jaeger by a network in common.
func TestDockerFromInside(t *testing.T) {
	t.Parallel()
	r := readRecording(t, "two-networks")
	tests := map[string]struct {
		edit []string
		code probe.Code
		fact string
		hint string
	}{
		"no network in common": {
			nil, codeNoNetwork,
			"container jaeger (jaegertracing/all-in-one:1.62.0) shares no network with this container",
			"docker network connect tracing jaeger",
		},
		"localhost is this container": {
			[]string{`"bridge":{`, `"tracing":{`},
			codeOtherHost,
			"localhost is this container itself or does not resolve; Jaeger is container jaeger (jaegertracing/all-in-one:1.62.0) on network tracing",
			"--agent-host jaeger",
		},
	}
	var listed []listedContainer
	mustUnmarshal(t, r["/containers/json"], &listed)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := docked(t, serveEngine(t, r.edit(tt.edit...)))
			target.ReadFile = func(name string) ([]byte, error) {
				switch name {
				case "/.dockerenv":
					return nil, nil
				case "/etc/hostname":
					for _, c := range listed {
						if c.Names[0] == "/app" {
							return []byte(c.ID[:12] + "\n"), nil
						}
					}
				}
				return nil, errors.New("no such file")
			}
			f, _ := probetest.Examine(t, Probe(), target, lookAt(t, target, probe.IDUDP))
			probetest.Expect(t, f, probe.StatusFail, tt.code, tt.fact, tt.hint)
		})
	}
}

// A container's name means nothing outside of Docker's networks.
func TestDockerNameOutside(t *testing.T) {
	t.Parallel()
	target := docked(t, serveEngine(t, readRecording(t, "elsewhere")), "reporter.agent.host", "jaeger")
	target.Lookup = probetest.NobodyKnows
	f, _ := probetest.Examine(t, Probe(), target, lookAt(t, target, probe.IDHost))
	probetest.Expect(
		t, f, probe.StatusFail, codeOtherHost,
		"jaeger is a name on Docker's own networks, which does not resolve outside them",
		"--agent-host localhost --agent-port 16831",
	)
	if f.Explains != probe.IDHost {
		t.Errorf("explains: got %q, want %q", f.Explains, probe.IDHost)
	}
}
