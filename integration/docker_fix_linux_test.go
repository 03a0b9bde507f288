package integration

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/integration/docker"
	"github.com/otdemo/otdemo/integration/jaegers"
	"github.com/otdemo/otdemo/integration/process"
)

// newDockerLabV1 is an engine with Jaeger 1's image alone.
func newDockerLabV1(t *testing.T) dockerLab {
	t.Helper()
	lab := dockerLab{docker.NewEngine(t)}
	lab.Import(t, imageV1, programOf(t, jaegers.V162().Version), "EXPOSE 5775/udp 6831/udp 6832/udp 5778 14268 14250 16686", `VOLUME ["/tmp"]`)
	return lab
}

// services are what Jaeger's query API lists, without a span of ours being sent.
func (l dockerLab) services(t *testing.T) string {
	t.Helper()
	c := command(t, "check-jaeger", "--only", "query-api", "-o", "json")
	c.Env = append(c.Env, "DOCKER_HOST="+l.Host)
	got := process.Run(t, runTimeout, l.Inside(t, c))
	var r struct {
		Findings []struct{ Evidence []string }
	}
	if err := json.Unmarshal([]byte(got.Stdout), &r); err != nil {
		t.Fatalf("check-jaeger printed %q and %q: %v", got.Stdout, got.Stderr, err)
	}
	for _, f := range r.Findings {
		for _, line := range f.Evidence {
			if names, ok := strings.CutPrefix(line, "services: "); ok {
				return names
			}
		}
	}
	return ""
}

// awaitServices waits until Jaeger answers with services, for one that starts.
func (l dockerLab) awaitServices(t *testing.T, want string) {
	t.Helper()
	deadline := time.Now().Add(runTimeout)
	for {
		got := l.services(t)
		if got == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("services of Jaeger: got %q, want %q\n%s", got, want, l.Try(t, "logs", "--tail", "20", "jaeger").Stderr)
		}
	}
}

// TestDockerFixKeepsTraces stores a trace in Badger, runs the fix in a shell as it
// is printed, and reads the trace: each way to keep a directory has its container.
func TestDockerFixKeepsTraces(t *testing.T) {
	t.Parallel()
	lab := newDockerLabV1(t)
	const badger = " -e SPAN_STORAGE_TYPE=badger -e BADGER_EPHEMERAL=false -p 16686:16686 -p 14268:14268"
	in := func(dir string) string {
		return badger + " -e BADGER_DIRECTORY_VALUE=" + dir + "/v -e BADGER_DIRECTORY_KEY=" + dir + "/k "
	}
	for name, flags := range map[string]string{
		"named volume":      "-v kept:/badger" + in("/badger"),
		"mounted volume":    "--mount type=volume,source=mounted,target=/badger" + in("/badger"),
		"unnamed volume":    "-v /badger" + in("/badger"),
		"the image's own":   in("/tmp"),
		"unnamed by mount":  "--mount type=volume,target=/badger/" + in("/badger"),
		"a directory":       "-v " + t.TempDir() + ":/badger" + in("/badger"),
		"started with --rm": "--rm -v /badger" + in("/badger"),
	} {
		t.Run(name, func(t *testing.T) {
			lab.run(t, flags+imageV1)
			lab.Try(t, "rm", "-f", "jaeger-old")
			atHTTP := []string{"--collector-endpoint", "http://localhost:14268/api/traces"}
			deadline := time.Now().Add(runTimeout)
			for {
				if v, code := lab.check(t, atHTTP...); code == 0 && v.Answer == "yes" {
					break
				} else if time.Now().After(deadline) {
					t.Fatalf("no trace is stored: exit code %d, %+v", code, v)
				}
			}
			got, _ := lab.check(t)
			if got.Code != "docker-port-not-published" {
				t.Fatalf("got %+v, want the unpublished port", got)
			}
			lab.shell(t, got.Fix)
			lab.awaitServices(t, "otdemo-check")
			if published := lab.Docker(t, "port", "jaeger"); !strings.Contains(published, "6831/udp") {
				t.Errorf("the fix %q publishes %q", got.Fix, published)
			}
		})
	}
}

// settings are what docker inspect says of a container, but for what is its own
// and for what the fix is to change.
func (l dockerLab) settings(t *testing.T, name string) map[string]any {
	t.Helper()
	var all []struct {
		HostConfig, Config map[string]any
		NetworkSettings    struct {
			Networks map[string]struct {
				Aliases    []string
				IPAMConfig any
			}
		}
		ID     string
		Mounts []struct {
			Type, Name, Source, Destination string
			RW                              bool
		}
	}
	if err := json.Unmarshal([]byte(l.Docker(t, "inspect", name)), &all); err != nil || len(all) != 1 {
		t.Fatalf("inspect %s: %v", name, err)
	}
	c := all[0]
	delete(c.HostConfig, "PortBindings")
	// A volume without a name has it now; it is among the mounts.
	delete(c.HostConfig, "Binds")
	delete(c.HostConfig, "RestartPolicy")
	for _, key := range []string{"ExposedPorts", "AttachStdout", "AttachStderr"} {
		delete(c.Config, key)
	}
	if env, ok := c.Config["Env"].([]any); ok {
		// In no order that the engine keeps.
		slices.SortFunc(env, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	}
	networks := make(map[string]any)
	for network, e := range c.NetworkSettings.Networks {
		names := slices.DeleteFunc(e.Aliases, func(a string) bool { return strings.HasPrefix(c.ID, a) })
		slices.Sort(names)
		networks[network] = []any{names, e.IPAMConfig}
	}
	mounts := make(map[string]any)
	for _, m := range c.Mounts {
		mounts[m.Destination] = m
	}
	return map[string]any{"host": c.HostConfig, "config": c.Config, "networks": networks, "mounts": mounts}
}

// TestDockerFixKeepsSettings compares what the engine says of the container before
// and after the fix, and has what cannot be repeated named.
func TestDockerFixKeepsSettings(t *testing.T) {
	t.Parallel()
	lab := newDockerLabV1(t)
	lab.Docker(t, "network", "create", "--subnet", "10.77.0.0/24", "tracing")
	lab.Docker(t, "network", "create", "shop")
	lab.Docker(t, "create", "--name", "donor", "-v", "given:/given", imageV1)
	flags := strings.Fields(`--network tracing --network-alias tracer --network-alias agent --ip 10.77.0.9 -p 16686:16686
		--hostname tracehost --add-host es:192.0.2.1 --dns 127.0.0.1 --dns-search example.com --dns-option ndots:1
		--label team=observability --label registry.token=hunter2 --log-opt max-size=1m --restart unless-stopped
		-u 0:0 -w / --ulimit nofile=1024:2048 --cap-add NET_ADMIN --cap-drop MKNOD --security-opt no-new-privileges
		--mount type=volume,source=data,target=/data,readonly,volume-label=a=b --mount type=tmpfs,target=/scratch,tmpfs-size=1048576,tmpfs-mode=700
		--tmpfs /more:size=64k --volumes-from donor --group-add 7 --shm-size 32m --oom-score-adj 100 --stop-timeout 5 --stop-signal SIGINT
		--health-cmd true --health-interval 5s --expose 9999 --read-only
		-e ES_PASSWORD=hunter2 -e CASSANDRA_KEYSPACE=k -e ES_TLS_KEY=/etc/key.pem`)
	lab.Docker(t, slices.Concat(
		[]string{"run", "-d", "--name", "jaeger", "--device-cgroup-rule", "c 1:3 r"}, flags,
		[]string{imageV1, "--log-level=debug", "--query.additional-headers=X-Key:hunter2"},
	)...)
	lab.Docker(t, "network", "connect", "--alias", "second", "--alias", "third", "shop", "jaeger")
	before := lab.settings(t, "jaeger")
	got, code := lab.check(t)
	if code != 1 || got.Code != "docker-port-not-published" {
		t.Fatalf("got exit code %d, %+v, want the unpublished port", code, got)
	}
	if strings.Contains(got.Fix, "hunter2") {
		t.Errorf("the fix shows a secret: %s", got.Fix)
	}
	if want := ": 'not repeated: HostConfig.DeviceCgroupRules, the traces that Jaeger has in memory';"; !strings.HasPrefix(got.Fix, want) {
		t.Errorf("got fix %q, want it to begin with %q", got.Fix, want)
	}
	lab.shell(t, got.Fix)
	lab.waitState(t, "running")
	after := lab.settings(t, "jaeger")
	// The one that is named.
	delete(before["host"].(map[string]any), "DeviceCgroupRules")
	delete(after["host"].(map[string]any), "DeviceCgroupRules")
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the fix %s\nchanged (-before +after):\n%s", got.Fix, diff)
	}
	lab.waitWell(t)
}
