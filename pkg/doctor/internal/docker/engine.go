package docker

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

const (
	// dockerTimeout bounds all questions to an engine. It answers each within
	// milliseconds; one that is paused, as Docker Desktop may be, not at all.
	dockerTimeout = time.Second
	// maxDockerAnswer is far beyond the list of any machine's containers.
	maxDockerAnswer = 8 << 20
)

// The versions of the engine's API that are spoken here: of Docker 1.12, and
// the newest whose answers are known. An engine says in Api-Version what it has.
const (
	dockerAPIOldest = "1.24"
	dockerAPINewest = "1.43"
)

// engine is a Docker engine. It is only read.
type engine struct {
	// addr is the address in DOCKER_HOST's form.
	addr string
	// host is where published ports are to be found: empty is this machine.
	host string
	// server is its version, as "Docker/20.10.24".
	server string

	base   string
	client *http.Client
}

// errNoEngine says that nothing is where an engine may be.
var errNoEngine = errors.New("no Docker engine answers")

// dockerAddrs returns where an engine may be, and whether the user said so.
func dockerAddrs(t *probe.Target) (addrs []string, said bool) {
	if host := t.Env("DOCKER_HOST"); host != "" {
		return []string{host}, true
	}
	addrs = []string{"unix:///var/run/docker.sock"}
	// Docker Desktop's, and rootless Docker's.
	if home := t.Env("HOME"); home != "" {
		addrs = append(addrs, "unix://"+home+"/.docker/run/docker.sock")
	}
	if dir := t.Env("XDG_RUNTIME_DIR"); dir != "" {
		addrs = append(addrs, "unix://"+dir+"/docker.sock")
	}
	return addrs, false
}

// findEngine returns the first engine that answers. The error wraps errNoEngine
// when nothing is there and nobody said that there should be.
func findEngine(ctx context.Context, t *probe.Target) (*engine, error) {
	addrs, said := dockerAddrs(t)
	var errs []error
	for _, addr := range addrs {
		e, err := newEngine(ctx, t, addr)
		if err == nil {
			return e, nil
		}
		absent := errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED)
		if said || !absent {
			errs = append(errs, fmt.Errorf("%s: %w", probe.BareText(addr), err))
		}
	}
	if len(errs) == 0 {
		return nil, fmt.Errorf("%w at %s", errNoEngine, strings.Join(addrs, ", "))
	}
	return nil, errors.Join(errs...)
}

// newEngine pings the engine at addr and settles the version of its API.
func newEngine(ctx context.Context, t *probe.Target, addr string) (*engine, error) {
	u, err := url.Parse(addr)
	if err != nil {
		return nil, probe.WithoutURL(err)
	}
	e := &engine{addr: probe.Bare(u)}
	network, dialed := u.Scheme, u.Path
	switch {
	case u.Scheme == "unix":
	case u.Scheme == "tcp" && t.Env("DOCKER_TLS_VERIFY") == "":
		dialed, e.host = u.Host, u.Hostname()
	default:
		return nil, errors.New("only unix and tcp without TLS are asked")
	}
	e.client = t.HTTPClient()
	e.client.Transport = &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return t.Dial(ctx, network, dialed)
		},
		// The engine is asked a few times within milliseconds, then never again.
		DisableKeepAlives: true,
	}
	// The name is only for the Host header.
	e.base = "http://docker"
	resp, err := e.do(ctx, "/_ping")
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	version := cmp.Or(resp.Header.Get("Api-Version"), dockerAPIOldest)
	if newerVersion(version, dockerAPINewest) {
		version = dockerAPINewest
	}
	e.base += "/v" + version
	e.server, _, _ = strings.Cut(resp.Header.Get("Server"), " ")
	return e, nil
}

func (e *engine) do(ctx context.Context, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.base+path, nil)
	if err != nil {
		return nil, probe.WithoutURL(err)
	}
	resp, err := e.client.Do(req)
	if err != nil {
		return nil, probe.WithoutURL(err)
	}
	if resp.StatusCode != http.StatusOK {
		defer func() { _ = resp.Body.Close() }()
		text, _ := io.ReadAll(io.LimitReader(resp.Body, probe.MaxExcerpt))
		return nil, fmt.Errorf("GET %s: %s: %s", path, resp.Status, probe.Excerpt(text))
	}
	return resp, nil
}

// get decodes the answer at path into v.
func (e *engine) get(ctx context.Context, path string, v any) error {
	resp, err := e.do(ctx, path)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxDockerAnswer)).Decode(v); err != nil {
		return fmt.Errorf("GET %s: %w", path, err)
	}
	return nil
}

// lastLog is the last line of a container's log, without the frame that the
// engine puts around what was written without a terminal; "" if there is none.
func (e *engine) lastLog(ctx context.Context, id string) string {
	resp, err := e.do(ctx, "/containers/"+id+"/logs?stdout=1&stderr=1&tail=1")
	if err != nil {
		return ""
	}
	defer func() { _ = resp.Body.Close() }()
	// What was read before an error is as good as it gets.
	text, _ := io.ReadAll(io.LimitReader(resp.Body, probe.MaxAnswer))
	// Frame: one byte for the stream, three zeros, four bytes of length.
	const header = 8
	if len(text) > header && text[0] <= 2 && text[1]|text[2]|text[3] == 0 {
		text = text[header:]
	}
	return jaegers.RedactURLs(strings.TrimSpace(string(text)))
}

// newerVersion reports whether a is a newer version than b, number by number.
func newerVersion(a, b string) bool {
	va, _ := jaegers.ParseVersion(a)
	vb, _ := jaegers.ParseVersion(b)
	return va.AtLeast(vb.Major, vb.Minor) && va != vb
}
