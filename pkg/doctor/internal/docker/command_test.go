package docker

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/printable"
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
		"traefik.http.middlewares.auth.basicauth.users": true, "SPAN_STORAGE_TYPE": false,
	} {
		if got := jaegers.IsSecret(name); got != want {
			t.Errorf("isSecret(%s): got %t, want %t", name, got, want)
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
	const head = "docker rename j j-old && docker create --name j "
	const tail = " && docker stop j-old && docker start j"
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

// What the line cannot repeat stands in the line itself, for every form of output.
func TestReplacementNamesWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ container, want string }{
		"unknown settings": {
			`{"HostConfig": {"DeviceRequests": [{}], "BlkioDeviceReadBps": [], "KernelMemory": 0, "NewThing": "on"}, "Config": {"NetworkDisabled": true}}`,
			": 'not repeated: Config.NetworkDisabled, HostConfig.DeviceRequests, HostConfig.NewThing'; ",
		},
		"a health check without a shell": {
			`{"Config": {"Healthcheck": {"Test": ["CMD", "/h", "a b"]}}}`,
			`: 'not repeated: the health check'\''s command /h '\''a b'\'''; `,
		},
		"traces in the container itself": {
			`{"Config": {"Image": "jaegertracing/all-in-one:1.62.0", "Env": ["SPAN_STORAGE_TYPE=badger", "BADGER_EPHEMERAL=false", "BADGER_DIRECTORY_VALUE=/b/v"]},
				"Mounts": [{"Type": "volume", "Name": "x", "Destination": "/bx"}]}`,
			": 'not repeated: the traces in /b/v, which is on no volume and stays in j-old'; ",
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

func TestUnusedName(t *testing.T) {
	t.Parallel()
	if got := unusedName("j", []string{"/j", "/j-old", "/j-old2"}); got != "j-old3" {
		t.Errorf("got %s, want j-old3", got)
	}
}

// A command has the same meaning after it was made harmless to show, and the
// shell reads what was quoted.
func TestShellQuote(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	for text, want := range map[string]string{
		"":                      `''`,
		"jaeger:2.13":           `jaeger:2.13`,
		"it's größe":            `'it'\''s größe'`,
		"a\n::error x\x1b[31m'": `$'a\012::error x\033[31m\''`,
		"\u202e\\x\xff":         `$'\342\200\256\\x\377'`,
		"##[error]":             `$'\043\043[error]'`,
	} {
		got := ShellQuote(text)
		if got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
		if shown := printable.Text("echo " + got); shown != "echo "+got {
			t.Errorf("%q: shown as %s", text, shown)
		}
		if err != nil {
			continue // no bash here
		}
		read, err := exec.CommandContext(t.Context(), bash, "-c", "printf %s "+got).Output()
		if err != nil || string(read) != text {
			t.Errorf("%q: bash reads %q, %v", text, read, err)
		}
	}
}
