package docker

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	// engineTimeout bounds all requests to an engine. It responds to each
	// within milliseconds; an engine that is paused, as Docker Desktop may be,
	// does not respond at all.
	engineTimeout = time.Second
	// maxResponse is far larger than the list of any machine's containers.
	maxResponse = 8 << 20
)

// The versions of the engine's API that are supported here: of Docker 1.12, and
// the newest whose responses were tested. An engine reports its version in
// Api-Version.
const (
	apiOldest = "1.24"
	apiNewest = "1.43"
)

// engine is a Docker engine. It is only read.
type engine struct {
	// addr is the address in DOCKER_HOST's form.
	addr string
	// host is where published ports are to be found: empty is this machine.
	host string
	// server is its version, as "Docker/20.10.24".
	server string

	env    *probe.Env
	base   string
	client *http.Client
}

var errNoEngine = errors.New("no Docker engine responds")

// engineAddrs returns where an engine may be, and whether it is configured.
func engineAddrs(t *probe.Target) (addrs []string, configured bool) {
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

// findEngine returns the first engine that responds. The error wraps
// errNoEngine if there is none and none is configured.
func findEngine(ctx context.Context, env *probe.Env) (*engine, error) {
	addrs, configured := engineAddrs(&env.Target)
	var errs []error
	for _, addr := range addrs {
		e, err := newEngine(ctx, env, addr)
		if err == nil {
			return e, nil
		}
		absent := errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED)
		if configured || !absent {
			errs = append(errs, fmt.Errorf("%s: %w", probe.BareText(addr), err))
		}
	}
	if len(errs) == 0 {
		return nil, fmt.Errorf("%w at %s", errNoEngine, strings.Join(addrs, ", "))
	}
	return nil, errors.Join(errs...)
}

func newEngine(ctx context.Context, env *probe.Env, addr string) (*engine, error) {
	u, err := url.Parse(addr)
	if err != nil {
		return nil, probe.WithoutURL(err)
	}
	// The name is only for the Host header.
	e := &engine{addr: probe.Bare(u), env: env, base: "http://docker", client: env.HTTPClient()}
	dialed := u.Path
	switch {
	case u.Scheme == "unix":
	case u.Scheme == "tcp" && env.Env("DOCKER_TLS_VERIFY") == "":
		dialed, e.host = u.Host, u.Hostname()
	default:
		return nil, errors.New("only unix sockets and tcp without TLS are supported")
	}
	e.client.Transport = &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return env.Dial(ctx, u.Scheme, dialed) },
	}
	pong, err := e.fetch(ctx, "/_ping", probe.MaxAnswer)
	if err != nil {
		return nil, err
	}
	version := cmp.Or(pong.Header.Get("Api-Version"), apiOldest)
	newest, _ := jaegers.ParseVersion(apiNewest)
	if v, _ := jaegers.ParseVersion(version); v.AtLeast(newest.Major, newest.Minor) {
		version = apiNewest
	}
	e.base += "/v" + version
	e.server, _, _ = strings.Cut(pong.Header.Get("Server"), " ")
	return e, nil
}

func (e *engine) fetch(ctx context.Context, path string, limit int64) (*probe.Fetched, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.base+path, http.NoBody)
	if err != nil {
		return nil, probe.WithoutURL(err)
	}
	got, err := probe.Send(e.client, e.env, req, limit)
	if err != nil {
		return nil, probe.WithoutURL(err)
	}
	if got.Status != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %d %s: %s", path, got.Status, http.StatusText(got.Status), probe.Excerpt(got.Body))
	}
	return got, nil
}

func (e *engine) get(ctx context.Context, path string, v any) error {
	got, err := e.fetch(ctx, path, maxResponse)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(got.Body, v); err != nil {
		return fmt.Errorf("GET %s: %w", path, err)
	}
	return nil
}

// lastLog returns the last line of a container's log, without the frame that
// the engine adds to output without a terminal; "" if there is none.
func (e *engine) lastLog(ctx context.Context, id string) string {
	got, err := e.fetch(ctx, "/containers/"+id+"/logs?stdout=1&stderr=1&tail=1", probe.MaxAnswer)
	if err != nil {
		return ""
	}
	text := got.Body
	// Frame: one byte for the stream, three zeros, four bytes of length.
	const header = 8
	if len(text) > header && text[0] <= 2 && text[1]|text[2]|text[3] == 0 {
		text = text[header:]
	}
	return jaegers.RedactURLs(strings.TrimSpace(string(text)))
}
