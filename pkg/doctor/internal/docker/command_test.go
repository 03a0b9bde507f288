package docker

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

func TestIsSecret(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"ES_PASSWORD": true, "ES_USERNAME": false, "--es.password": true, "ES_PASSWORD_FILE": false, "ES_TOKEN_FILE": false,
		"BADGER_DIRECTORY_KEY": false, "--badger.directory-key": false, "BADGER_DIRECTORY_VALUE": false,
		"CASSANDRA_KEYSPACE": false, "CASSANDRA_ARCHIVE_KEYSPACE": false, "CASSANDRA_PASSWORD": true,
		"ES_TLS_KEY": false, "COLLECTOR_GRPC_TLS_KEY": false, "--query.http.tls.key": false, "ES_TLS_CA": false,
		"KAFKA_CONSUMER_KERBEROS_KEYTAB_FILE": false, "KAFKA_PRODUCER_KERBEROS_USE_KEYTAB": false,
		"KAFKA_CONSUMER_PLAINTEXT_PASSWORD": true, "QUERY_BEARER_TOKEN_PROPAGATION": false, "PROMETHEUS_TOKEN_FILE": false,
		"PROMETHEUS_TOKEN_OVERRIDE_FROM_CONTEXT": false, "QUERY_ADDITIONAL_HEADERS": true, "MULTI_TENANCY_HEADER": false,
		"OTEL_EXPORTER_OTLP_HEADERS": true, "OTEL_EXPORTER_OTLP_CLIENT_KEY": false, "OTEL_EXPORTER_OTLP_ENDPOINT": false,
		"AWS_SECRET_ACCESS_KEY": true, "AWS_SECRETACCESSKEY": true, "API_KEY": true, "MY_KEY": true, "KEY_PATH": false,
		"DB_PASS": true, "GITHUB_TOKEN": true, "GOOGLE_APPLICATION_CREDENTIALS": true, "splunk-token": true,
		"traefik.http.middlewares.auth.basicauth.users": true, "SESSION_COOKIE": true, "DB_CREDS": true, "SPAN_STORAGE_TYPE": false,
	} {
		if got := jaegers.IsSecret(name); got != want {
			t.Errorf("isSecret(%s): got %t, want %t", name, got, want)
		}
	}
}

func TestIsSecretByValue(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		"Bearer abc": true, "Basic dTpw": true, "basic": false, "http://u:p@es:9200": true, "http://es:9200/?token=abc&x=1": true,
		"http://es:9200/?x=1&password=abc": true, "AUTH_HDR=Bearer sekret": true, "H=Authorization: bearer x": true,
		"LINK=https://h/x?access_token=a": true, "LINK=https://h/x?v=1&sig=a": true, "C=Server=db;Pwd=x;": true, "-----BEGIN PRIVATE KEY-----": true,
		"J=eyJhbGciOiJIUzI1.e30.x": true, "users=admin:$apr1$x$y": true, "basic auth": true, "the basics of it": false, "a design=1": false, "username=u,password=p": true, "http://es:9200": false, "a=b,c=d": false,
	} {
		if got := isSecret("ES_SERVER_URLS", value); got != want {
			t.Errorf("%s: got %t, want %t", value, got, want)
		}
	}
}

// parseContainer reads a container as the engine describes it.
func parseContainer(t *testing.T, text string) *container {
	t.Helper()
	var c container
	mustUnmarshal(t, []byte(text), &c)
	return &c
}

func TestReplacement(t *testing.T) {
	t.Parallel()
	const head = "docker rename j j-old && { docker create --name j "
	const tail = " && docker stop j-old && docker start j || { docker rm -f j; docker rename j-old j && docker start j; false; }; }"
	tests := map[string]struct {
		container string
		want      string
		notes     []string
	}{
		"mounts": {
			`{"HostConfig": {"Binds": ["a:/a", "/srv:/b:ro"], "Tmpfs": {"/t": ""},
				"Mounts": [
					{"Type": "volume", "Source": "v", "Target": "/v", "ReadOnly": true,
						"VolumeOptions": {"NoCopy": true, "DriverConfig": {"Name": "local", "Options": {"o": "addr=1,rw"}}}},
					{"Type": "volume", "Target": "/unnamed/"},
					{"Type": "bind", "Source": "/x", "Target": "/y", "BindOptions": {"Propagation": "rshared", "NonRecursive": true}},
					{"Type": "tmpfs", "Target": "/z", "TmpfsOptions": {"SizeBytes": 64, "Mode": 448}}]},
			"Mounts": [
				{"Type": "volume", "Name": "a", "Destination": "/a"}, {"Type": "bind", "Destination": "/b"},
				{"Type": "volume", "Name": "v", "Destination": "/v"}, {"Type": "volume", "Name": "0123", "Destination": "/unnamed"},
				{"Type": "volume", "Name": "4567", "Destination": "/images"}]}`,
			`-v a:/a -v /srv:/b:ro ` +
				`--mount 'type=volume,source=v,target=/v,readonly,volume-nocopy,volume-driver=local,"volume-opt=o=addr=1,rw"' ` +
				`--mount type=volume,source=0123,target=/unnamed/ --mount type=bind,source=/x,target=/y,bind-propagation=rshared,bind-nonrecursive ` +
				`--mount type=tmpfs,target=/z,tmpfs-size=64,tmpfs-mode=700 -v 4567:/images --tmpfs /t i`,
			nil,
		},
		"networks": {
			`{"Id": "0123456789abcdef", "HostConfig": {"NetworkMode": "one", "Links": ["/es:/j/search"]},
			"Config": {"Hostname": "0123456789ab"},
			"NetworkSettings": {"Networks": {
				"one": {"Aliases": ["0123456789ab", "j", "tracer"], "IPAMConfig": {"IPv4Address": "10.0.0.2"}},
				"two": {"Aliases": ["other"], "Links": ["es:x"]}, "bridge": {}}}}`,
			"--network one --network-alias tracer --ip 10.0.0.2 --link es:search i" +
				" && docker network connect bridge j && docker network connect --alias other --link es:x two j",
			nil,
		},
		"limits": {
			`{"HostConfig": {"Memory": 1073741824, "MemorySwap": -1, "NanoCpus": 1500000000, "PidsLimit": 7, "ShmSize": 1000, "MemorySwappiness": 0,
				"Ulimits": [{"Name": "nofile", "Soft": 1, "Hard": 2}], "LogConfig": {"Type": "splunk", "Config": {"splunk-token": "hunter2", "tag": "t"}},
				"Devices": [{"PathOnHost": "/dev/a", "PathInContainer": "/dev/b", "CgroupPermissions": "rwm"}], "Init": true, "PidMode": "host"}}`,
			`--memory 1g --memory-swap -1 --memory-swappiness 0 --cpus 1.5 --pids-limit 7 --shm-size 1000 --ulimit nofile=1:2 ` +
				`--log-driver splunk --log-opt splunk-token="$(docker inspect -f '{{index .HostConfig.LogConfig.Config "splunk-token"}}' j-old)" ` +
				`--log-opt tag=t --device /dev/a:/dev/b:rwm --init --pid host i`,
			[]string{"not shown; the command reads it from the old container: splunk-token"},
		},
		"secrets": {
			`{"Config": {"Env": ["A=1", "ES_PASSWORD=hunter2", "URL=http://u:hunter2@h/"],
				"Entrypoint": ["/own", "--x.token", "hunter2"], "Cmd": ["--es.password=hunter2", "--es.server-urls=http://u:hunter2@es:9200"]}}`,
			`-e A=1 -e "$(docker inspect -f '{{index .Config.Env 1}}' j-old)" -e "$(docker inspect -f '{{index .Config.Env 2}}' j-old)" ` +
				`--entrypoint /own i --x.token "$(docker inspect -f '{{index .Config.Entrypoint 2}}' j-old)" ` +
				`"$(docker inspect -f '{{index .Config.Cmd 0}}' j-old)" "$(docker inspect -f '{{index .Config.Cmd 1}}' j-old)"`,
			[]string{"not shown; the command reads it from the old container: ES_PASSWORD, URL, --x.token, --es.password, the URL in --es.server-urls=http://es:9200"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := parseContainer(t, tt.container)
			c.Name = "/j"
			got := c.replacement(nil, "i")
			before, connects, _ := strings.Cut(tt.want, " && ")
			want := head + before
			if connects != "" {
				want += " && " + connects
			}
			if want += tail; got.line != want {
				t.Errorf("got\n%s\nwant\n%s", got.line, want)
			}
			if diff := cmp.Diff(tt.notes, got.notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
			if want := "docker rm -f j; docker rename j-old j && docker start j"; got.undo != want {
				t.Errorf("undo: got %q, want %q", got.undo, want)
			}
		})
	}
}

// Each setting that has a flag is repeated with it, and what the engine sets by itself is
// not.
func TestReplacementRepeatsEverySetting(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ container, want string }{
		"host": {
			`{"HostConfig": {"AutoRemove": false, "PublishAllPorts": true, "VolumeDriver": "nfs", "VolumesFrom": ["x"], "Memory": 536870912, "MemorySwap": 1073741824,
				"MemoryReservation": 5, "MemorySwappiness": -1, "NanoCpus": 250000000, "CpuShares": 5, "CpuPeriod": 6, "CpuQuota": -1, "CpusetCpus": "0-1", "CpusetMems": "0",
				"BlkioWeight": 300, "PidsLimit": 0, "OomKillDisable": true, "OomScoreAdj": -5, "ShmSize": 67108864, "LogConfig": {"Type": "json-file", "Config": {}},
				"Dns": ["1.1.1.1"], "DnsOptions": ["ndots:1"], "DnsSearch": ["e.com"], "ExtraHosts": ["h:1"], "CapAdd": ["A", "B"], "CapDrop": ["C"], "Privileged": true,
				"ReadonlyRootfs": true, "SecurityOpt": ["label=disable", "x=y"], "Sysctls": {"b": "2", "a": "1"}, "StorageOpt": {"size": "1g"}, "GroupAdd": ["7"],
				"Init": false, "IpcMode": "private", "PidMode": "host", "UTSMode": "host", "UsernsMode": "host", "CgroupParent": "cg", "Runtime": "runc"}}`,
			"-P --volume-driver nfs --volumes-from x --memory 512m --memory-reservation 5 --cpus 0.25 --cpu-shares 5 --cpu-period 6 --cpu-quota -1 --cpuset-cpus 0-1 " +
				"--cpuset-mems 0 --blkio-weight 300 --oom-kill-disable --oom-score-adj -5 --dns 1.1.1.1 --dns-option ndots:1 --dns-search e.com --add-host h:1 " +
				"--cap-add A --cap-add B --cap-drop C --privileged --read-only --security-opt x=y --sysctl a=1 --sysctl b=2 --storage-opt size=1g --group-add 7 " +
				"--pid host --uts host --userns host --cgroup-parent cg i",
		},
		"program": {
			`{"Config": {"Hostname": "own", "Domainname": "dom", "MacAddress": "02:42", "StopTimeout": 0, "Tty": true, "OpenStdin": true, "User": "5", "WorkingDir": "/w",
				"StopSignal": "SIGINT", "Labels": {"a": "b"}, "ExposedPorts": {"9/tcp": {}},
				"Healthcheck": {"Test": ["CMD-SHELL", "x y"], "Interval": 5000000000, "Timeout": 1000000, "StartPeriod": 60000000000, "StartInterval": 1, "Retries": 4}}}`,
			"--hostname own --expose 9/tcp --health-cmd 'x y' --domainname dom --mac-address 02:42 --stop-timeout 0 -t -i -u 5 -w /w --stop-signal SIGINT --label a=b " +
				"--health-interval 5s --health-timeout 1ms --health-start-period 1m0s --health-start-interval 1ns --health-retries 4 i",
		},
		"a shared IPC namespace": {`{"HostConfig": {"IpcMode": "shareable"}}`, "--ipc shareable i"},
		"no health check":        {`{"Config": {"Healthcheck": {"Test": ["NONE"]}}}`, "--no-healthcheck i"},
		"the engine's network":   {`{"HostConfig": {"NetworkMode": "default", "RestartPolicy": {"Name": "no"}}, "NetworkSettings": {"Networks": {"bridge": {}}}}`, "i"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := parseContainer(t, tt.container)
			c.Name = "/j"
			if got, want := c.replacement(nil, "i").line, "docker rename j j-old && { docker create --name j "+tt.want+
				" && docker stop j-old && docker start j || { docker rm -f j; docker rename j-old j && docker start j; false; }; }"; got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// What the line cannot repeat stands in the line itself, for every form of output.
func TestReplacementNamesWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ container, want string }{
		"unknown settings": {
			`{"HostConfig": {"DeviceRequests": [{}], "BlkioDeviceReadBps": [], "KernelMemory": 0, "NewThing": "on"}, "Config": {"NetworkDisabled": true}}`,
			": 'not repeated: Config.NetworkDisabled, HostConfig.DeviceRequests, HostConfig.NewThing'; ",
		},
		"a seccomp profile, of which Docker keeps the content": {
			`{"HostConfig": {"SecurityOpt": ["seccomp={\"defaultAction\": \"SCMP_ACT_ALLOW\"}", "seccomp=unconfined"]}}`,
			": 'not repeated: the seccomp profile of --security-opt'; ",
		},
		"a health check without a shell": {
			`{"Config": {"Healthcheck": {"Test": ["CMD", "/h", "a b"]}}}`,
			`: 'not repeated: the health check'\''s command /h '\''a b'\'''; `,
		},
		"traces in the container itself": {
			`{"Config": {"Image": "jaegertracing/all-in-one:1.62.0", "Env": ["SPAN_STORAGE_TYPE=badger", "BADGER_EPHEMERAL=0", "BADGER_DIRECTORY_VALUE=/b/v"],
				"Entrypoint": ["/go/bin/all-in-one-linux"]},
				"Mounts": [{"Type": "volume", "Name": "x", "Destination": "/bx"}]}`,
			": 'not repeated: the traces in /b/v, which is on no volume and stays in j-old, " +
				"the traces in /go/bin/data/keys, which is on no volume and stays in j-old'; ",
		},
		"traces in memory, and more in files that its stop removes": {
			`{"State": {"Status": "running"}, "HostConfig": {"AutoRemove": true}, "Config": {"Image": "jaegertracing/all-in-one:1.62.0"}}`,
			": 'not repeated: files in the container that are on no volume (--rm: stopping it removes it), the traces that Jaeger has in memory'; ",
		},
		"Badger's traces that end with it": {
			`{"State": {"Status": "running"}, "Config": {"Image": "jaegertracing/all-in-one:1.62.0", "Env": ["SPAN_STORAGE_TYPE=badger"]}}`,
			": 'not repeated: the traces that Jaeger has in memory'; ",
		},
		"Badger's traces on a tmpfs": {
			`{"State": {"Status": "running"}, "HostConfig": {"Tmpfs": {"/b": ""}}, "Config": {"Image": "jaegertracing/all-in-one:1.62.0",
				"Env": ["SPAN_STORAGE_TYPE=badger", "BADGER_EPHEMERAL=false", "BADGER_DIRECTORY_VALUE=/b/v", "BADGER_DIRECTORY_KEY=/b/k"]}}`,
			": 'not repeated: the traces that Jaeger has in memory'; ",
		},
		"traces nobody knows where": {
			`{"State": {"Status": "running"}, "Config": {"Image": "jaegertracing/jaeger:2.13.0", "Cmd": ["--config", "/c.yaml"]}}`,
			": 'not repeated: traces, if Jaeger has them in memory or in a directory on no volume'; ",
		},
		"a range of ports": {
			`{"HostConfig": {"PortBindings": {"16686/tcp": [{"HostPort": "8000-8010"}]}}}`,
			": 'not repeated: -p 8000-8010:16686/tcp, a range of ports'; ",
		},
		"a line break at the end": {
			`{"Config": {"Env": ["A=1\n", "ES_PASSWORD=x\n"]}}`,
			": 'not repeated: the line break at the end of A, the line break at the end of ES_PASSWORD'; ",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := parseContainer(t, tt.container)
			c.Name = "/j"
			got := c.replacement(nil, "i")
			if !strings.HasPrefix(got.line, tt.want+"docker rename j j-old ") {
				t.Errorf("got %s, want it to begin with %s", got.line, tt.want)
			}
		})
	}
}

// To stop a container of --rm is to remove it: with traces in it, none replaces it.
func TestReplacementKeepsWhatStopRemoves(t *testing.T) {
	t.Parallel()
	c := parseContainer(t, `{"Name": "/j", "State": {"Status": "running"}, "HostConfig": {"AutoRemove": true}, "Config": {"Image": "jaegertracing/all-in-one:1.62.0",
		"Env": ["SPAN_STORAGE_TYPE=badger", "BADGER_EPHEMERAL=false", "BADGER_DIRECTORY_VALUE=/d/v", "BADGER_DIRECTORY_KEY=/d/k"]}}`)
	got := c.replacement(nil, "i")
	const want = ": 'stopping j deletes the traces in /d/k and /d/v, which is on no volume (--rm): this command copies them, then start a new container with the copy and the ports'; " +
		"docker cp j:/d/k ./j-d-k && docker cp j:/d/v ./j-d-v"
	if got.line != want || got.undo != "" {
		t.Errorf("got\n%s\nundo %q, want\n%s\nand no undo", got.line, got.undo, want)
	}
	c.Config.Labels = map[string]string{composeServiceLabel: "j"}
	f := replaceWith(probe.Finding{}, c, nil, "i")
	if !strings.Contains(probe.First(f.Hints), "copy them first, docker cp j:/d/k ./j-d-k && docker cp j:/d/v ./j-d-v, then: docker compose up -d j") {
		t.Errorf("under compose: got %q, want the traces copied first", f.Hints)
	}
}

// What is private stays private, and a port has all the addresses that it had.
func TestReplacementPorts(t *testing.T) {
	t.Parallel()
	loopback := netip.MustParseAddr("127.0.0.1")
	ui := Need{Addr: loopback, Port: 16686, Inside: 16686, Proto: "tcp"}
	agent := Need{Addr: loopback, Port: 6831, Inside: 6831, Proto: "udp"}
	tests := map[string]struct {
		published string
		need      Need
		want      string
	}{
		"the same port on IPv6's loopback":     {`"16686/tcp": [{"HostIp": "::1", "HostPort": "16686"}]`, ui, "-p 127.0.0.1:16686:16686 -p '[::1]:16686:16686'"},
		"the same port on another address":     {`"16686/tcp": [{"HostIp": "192.0.2.1", "HostPort": "16686"}]`, ui, "-p 127.0.0.1:16686:16686 -p 192.0.2.1:16686:16686"},
		"another port, and all are private":    {`"16686/tcp": [{"HostIp": "127.0.0.1", "HostPort": "16686"}]`, agent, "-p 127.0.0.1:6831:6831/udp -p 127.0.0.1:16686:16686"},
		"another port, and some are private":   {`"16686/tcp": [{"HostIp": "127.0.0.1", "HostPort": "16686"}], "1/tcp": [{"HostPort": "1"}]`, agent, "-p 6831:6831/udp -p 1:1 -p 127.0.0.1:16686:16686"},
		"for the wrong protocol, and private":  {`"6831/tcp": [{"HostIp": "127.0.0.1", "HostPort": "6831"}]`, agent, "-p 127.0.0.1:6831:6831/udp"},
		"on all addresses of IPv4, or of IPv6": {`"16686/tcp": [{"HostIp": "0.0.0.0", "HostPort": "16686"}, {"HostIp": "::", "HostPort": "0"}]`, agent, "-p 6831:6831/udp -p '[::]::16686' -p 0.0.0.0:16686:16686"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := parseContainer(t, `{"Name": "/j", "HostConfig": {"PortBindings": {`+tt.published+`}}}`)
			if got := c.replacement([]Binding{c.binding(tt.need)}, "i").line; !strings.Contains(got, "--name j "+tt.want+" i ") {
				t.Errorf("got %s, want it to publish %s", got, tt.want)
			}
		})
	}
}

// An entry point is the image's, another, or none.
func TestReplacementEntrypoint(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		config, image programConfig
		want          string
	}{
		"the image's": {programConfig{Entrypoint: []string{"/e"}, Cmd: []string{"-x"}}, programConfig{Entrypoint: []string{"/e"}}, "i -x"},
		"another":     {programConfig{Entrypoint: []string{"/o", "a"}, Cmd: []string{"-x"}}, programConfig{Entrypoint: []string{"/e"}}, "--entrypoint /o i a -x"},
		"cleared":     {programConfig{Cmd: []string{"/e", "-x"}}, programConfig{Entrypoint: []string{"/e"}}, "--entrypoint '' i /e -x"},
		"the image's without its command": {
			programConfig{Entrypoint: []string{"/e"}}, programConfig{Entrypoint: []string{"/e"}, Cmd: []string{"-x"}}, "--entrypoint /e i",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := container{Name: "/j"}
			c.Config.programConfig, c.defaults = tt.config, tt.image
			if got := c.replacement(nil, "i").line; !strings.Contains(got, "--name j "+tt.want+" && ") {
				t.Errorf("got %s, want it to have %s", got, tt.want)
			}
		})
	}
}

func TestDependentsOf(t *testing.T) {
	t.Parallel()
	c := container{ID: "0123456789abcdef", Name: "/j"}
	list := []listedContainer{
		{Names: []string{"/app/tracing", "/j"}}, {Names: []string{"/x/y", "/side"}}, {Names: []string{"/other"}}, {Names: []string{"/short"}},
	}
	list[1].HostConfig.NetworkMode = "container:" + c.ID
	list[2].HostConfig.NetworkMode = "container:fedcba9876543210"
	list[3].HostConfig.NetworkMode = "container:j"
	if diff := cmp.Diff([]string{"app", "short", "side"}, dependentsOf(&c, &list[0], list)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	c.dependents = []string{"side"}
	if got := c.replacement(nil, "i").line; !strings.HasPrefix(got, `: 'not repeated: container side'\''s connection: it uses`) {
		t.Errorf("got %s, want it to name container side", got)
	}
}

func TestUnusedName(t *testing.T) {
	t.Parallel()
	if got := unusedName("j", []string{"/j", "/j-old", "/j-old2"}); got != "j-old3" {
		t.Errorf("got %s, want j-old3", got)
	}
}
