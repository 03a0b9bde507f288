package docker

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

// recording has the responses of a real engine (Docker 20.10.24), by path,
// without the version of its API. Each of testdata/docker is one way to start a
// Jaeger.
type recording map[string]json.RawMessage

func readRecording(t *testing.T, name string) recording {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "docker", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var r recording
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// edit replaces text in all responses.
func (r recording) edit(oldnew ...string) recording {
	replacer := strings.NewReplacer(oldnew...)
	edited := make(recording, len(r))
	for path, answer := range r {
		edited[path] = json.RawMessage(replacer.Replace(string(answer)))
	}
	return edited
}

// ServeHTTP responds like the engine, for reading only.
func (r recording) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Api-Version", "1.41")
	w.Header().Set("Server", "Docker/20.10.24+dfsg1 (linux)")
	path := strings.TrimPrefix(req.URL.Path, "/v1.41")
	answer, ok := r[path]
	var frame string
	switch {
	case req.Method != http.MethodGet:
		http.Error(w, `{"message":"only GET"}`, http.StatusMethodNotAllowed)
	case path == "/_ping":
		_, _ = w.Write([]byte("OK"))
	case !ok || path == req.URL.Path:
		http.Error(w, `{"message":"page not found"}`, http.StatusNotFound)
	case json.Unmarshal(answer, &frame) == nil:
		text, err := base64.StdEncoding.DecodeString(frame)
		if err != nil {
			panic(err)
		}
		// The engine sends the last lines only.
		lines := strings.SplitAfter(string(text), "\n")
		_, _ = w.Write([]byte(lines[len(lines)-2]))
	default:
		_, _ = w.Write(answer)
	}
}

// serveEngine serves an engine on a socket and returns its DOCKER_HOST.
func serveEngine(t *testing.T, h http.Handler) string {
	t.Helper()
	// A socket's name is short; that of t.TempDir may not be.
	dir, err := os.MkdirTemp("", "docker-*") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "docker.sock")
	l, err := new(net.ListenConfig).Listen(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(l)
	}()
	t.Cleanup(func() {
		_ = srv.Close()
		<-done
	})
	return "unix://" + path
}

// docked is a target whose engine is at dockerHost.
func docked(t *testing.T, dockerHost string, pairs ...string) probe.Target {
	t.Helper()
	target := probetest.Outside(probetest.Load(t, pairs...))
	target.Environ = []string{"DOCKER_HOST=" + dockerHost}
	return target
}

func TestDockerEngine(t *testing.T) {
	t.Parallel()
	target := docked(t, serveEngine(t, readRecording(t, "not-published")))
	f, env := probetest.Examine(t, EngineProbe(), target, nil)
	if f.Status != probe.StatusOK || f.Code != codeEngineResponds {
		t.Fatalf("got %s %s %q, want ok", f.Status, f.Code, f.Fact)
	}
	if want := "container jaeger (jaegertracing/all-in-one:1.62.0) is running and publishes 5775/udp, 16686/tcp"; probe.First(f.Evidence) != want {
		t.Errorf("evidence: got %q, want %q", f.Evidence, want)
	}
	found, ok := env.Published.(*view)
	if !ok || len(found.jaegers) != 1 || found.self != nil {
		t.Errorf("learned %+v, want one Jaeger and no container of our own", env.Published)
	}
}

// Docker lists an image by its id when its name is another's, after a pull or a tag.
func TestDockerImageMoved(t *testing.T) {
	t.Parallel()
	r := readRecording(t, "not-published")
	var list []map[string]any
	mustUnmarshal(t, r["/containers/json"], &list)
	id := list[0]["ImageID"]
	list[0]["Image"] = id
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	for _, moved := range []bool{false, true} {
		if moved {
			r["/containers/json"] = text
		}
		_, env := probetest.Examine(t, EngineProbe(), docked(t, serveEngine(t, r)), nil)
		c := env.Published.(*view).jaegers[0]
		want := c.Config.Image
		if moved {
			want = c.Image
		}
		got := c.replacement(nil, c.ownImage())
		if noted := strings.Contains(strings.Join(got.notes, "\n"), "is the name of another image now"); !strings.Contains(got.line, want) || noted != moved {
			t.Errorf("moved %t: got %q, notes %q, want the image %s", moved, got.line, got.notes, want)
		}
	}
}

func TestDockerEngineThatHasNothing(t *testing.T) {
	t.Parallel()
	f, env := probetest.Examine(t, EngineProbe(), docked(t, serveEngine(t, recording{"/containers/json": []byte("[]")})), nil)
	if f.Status != probe.StatusSkip || f.Code != codeNoJaeger || env.Published != nil {
		t.Errorf("got %s %s %q, learned %v, want skip %s", f.Status, f.Code, f.Fact, env.Published, codeNoJaeger)
	}
}

// A broken engine proves nothing about Jaeger, so it decides nothing.
func TestDockerEngineThatFails(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		host string
		want string
	}{
		"nothing there": {"unix:///nonexistent/docker.sock", "no such file or directory"},
		"another form":  {"ssh://me:secret@host", "only unix sockets and tcp without TLS are supported"},
		"no URL":        {"tcp://[", "missing ']' in host"},
		"refuses": {
			serveEngine(t, probetest.Answer(http.StatusForbidden, "", `{"message":"authorization denied"}`)),
			`403 Forbidden: {"message":"authorization denied"}`,
		},
		"no JSON": {serveEngine(t, probetest.Answer(http.StatusOK, "Api-Version: 1.41", "<html>")), "invalid character '<'"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _ := probetest.Examine(t, EngineProbe(), docked(t, tt.host), nil)
			if f.Status != probe.StatusSkip || f.Code != codeNotListed || !strings.Contains(f.Fact, tt.want) {
				t.Errorf("got %s %s %q, want skip with %q", f.Status, f.Code, f.Fact, tt.want)
			}
		})
	}
}

func TestNoDockerEngineIsNoFinding(t *testing.T) {
	t.Parallel()
	target := probetest.Outside(probetest.Load(t))
	// These directories have no socket.
	target.Environ = []string{"HOME=/nonexistent", "XDG_RUNTIME_DIR=/nonexistent/run"}
	target.Dial = func(_ context.Context, network, _ string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", os.ErrNotExist)}
	}
	f, _ := probetest.Examine(t, EngineProbe(), target, nil)
	want := "no Docker engine responds at unix:///var/run/docker.sock, unix:///nonexistent/.docker/run/docker.sock, unix:///nonexistent/run/docker.sock"
	if f.Code != probe.CodeNotUsed || f.Fact != want {
		t.Errorf("got %s %q, want not-used %q", f.Code, f.Fact, want)
	}
}

// An engine that hangs, as one that is paused, costs its own second, not more.
func TestDockerEngineThatHangs(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	host := serveEngine(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() { close(release) })
	start := time.Now()
	f, _ := probetest.Examine(t, EngineProbe(), docked(t, host), nil)
	if f.Code != codeNotListed {
		t.Errorf("got %s %q, want %s", f.Code, f.Fact, codeNotListed)
	}
	if took := time.Since(start); took > 2*engineTimeout {
		t.Errorf("took %s, want about %s", took, engineTimeout)
	}
}

func mustUnmarshal(t *testing.T, text []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatal(err)
	}
}
