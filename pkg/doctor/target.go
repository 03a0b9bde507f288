package doctor

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otdemo/otdemo/pkg/config"
)

// checkService is the service of the doctor's own spans.
const checkService = "otdemo-check"

// networkTimeout bounds a probe. Three seconds are the second retry of a lost
// TCP SYN on Linux; who has not answered by then is not there for a tracer
// either.
const networkTimeout = 3 * time.Second

// Target is all that is examined, and the means to do it. Nil hooks take the
// real thing. It is only read, so one Target may serve several runs at once.
type Target struct {
	// Loaded is the effective configuration with its origins.
	Loaded *config.Loaded
	// Service is the name that sampling strategies are asked for when the
	// configuration has none.
	Service string
	// Thorough looks at all ports and ways, also when nothing is wrong.
	Thorough bool
	// UserAgent is sent with HTTP requests unless it is empty.
	UserAgent string
	// Environ is the environment as "KEY=value"; it tells of containers, and of
	// what jaeger-client-go would do.
	Environ []string
	// Through is the URL of an application to look through; empty looks through
	// none.
	Through string

	// Compose is the name of a compose file to read; empty reads none.
	Compose string
	// Storage is Jaeger's, to be examined directly too.
	Storage Storage

	// Record gets each HTTP exchange of the doctor's own probes, from several
	// goroutines at once; nil records nothing.
	Record func(Exchange)

	// Dial connects the doctor's own UDP and HTTP probes. The canary goes
	// through the tracer, which dials for itself.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Lookup resolves a host name or parses an address. What Dial is to connect to is
	// looked up by it, too; nil leaves that to Dial.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	// ReadFile reads the files that tell of containers, the compose file, and what
	// it names. It is bounded, as the files may be anybody's.
	ReadFile func(name string) ([]byte, error)
}

func (t Target) withDefaults() Target {
	if t.Dial == nil {
		dialer := &net.Dialer{Timeout: networkTimeout}
		t.Dial = dialer.DialContext
	}
	if t.Lookup == nil {
		t.Lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	} else {
		t.Dial = dialLookedUp(t.Dial, t.Lookup)
	}
	if t.ReadFile == nil {
		t.ReadFile = config.ReadFile
	}
	return t
}

// dialLookedUp returns dial for names that lookup resolves: it tries the addresses one
// after the other, IPv4 first.
func dialLookedUp(
	dial func(ctx context.Context, network, address string) (net.Conn, error),
	lookup func(ctx context.Context, host string) ([]netip.Addr, error),
) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil || net.ParseIP(host) != nil || strings.HasPrefix(network, "unix") {
			return dial(ctx, network, address)
		}
		addrs, err := lookup(ctx, host)
		if err == nil && len(addrs) == 0 {
			err = &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		if err != nil {
			return nil, &net.OpError{Op: "dial", Net: network, Err: err}
		}
		slices.SortStableFunc(addrs, func(a, b netip.Addr) int { return a.Unmap().BitLen() - b.Unmap().BitLen() })
		var first error
		for _, addr := range addrs {
			conn, err := dial(ctx, network, net.JoinHostPort(addr.Unmap().String(), port))
			if err == nil {
				return conn, nil
			}
			first = cmp.Or(first, err)
		}
		return nil, first
	}
}

func (t *Target) config() *config.Config { return &t.Loaded.Config }

// service is the name the configured spans carry.
func (t *Target) service() string {
	if name := t.config().Service; name != "" {
		return name
	}
	return t.Service
}

// agentAddr is where the configuration sends UDP, as host:port.
func (t *Target) agentAddr() string {
	agent := &t.config().Reporter.Agent
	return net.JoinHostPort(agent.Host, strconv.Itoa(agent.Port))
}

// path names the way that spans take: "udp host:port" or the collector's URL
// without user info, as the tracer's Target does.
func (t *Target) path() string {
	if cfg := t.config(); cfg.UsesCollector() {
		return bareText(cfg.CollectorURL())
	}
	return "udp " + t.agentAddr()
}

// httpClient makes a client that dials through the target's hook and follows no
// redirects. The caller closes its idle connections.
func (t *Target) httpClient() *http.Client { return t.httpClientWith(nil) }

// collectorClient is httpClient for the configured collector.
func (t *Target) collectorClient() *http.Client { return t.httpClientWith(t.collectorTLS()) }

func (t *Target) httpClientWith(conf *tls.Config) *http.Client {
	return &http.Client{
		Transport: t.recorded(&http.Transport{
			DialContext:         t.Dial,
			TLSClientConfig:     conf,
			TLSHandshakeTimeout: networkTimeout,
		}),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// recorded returns a transport whose exchanges are recorded, if they are to be.
func (t *Target) recorded(next *http.Transport) http.RoundTripper {
	if t.Record == nil {
		return next
	}
	return &recorder{next: next, tell: t.Record}
}

// inContainer reports whether this process seems to run in a container, where
// localhost is the container itself.
func (t *Target) inContainer() bool {
	for _, name := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := t.ReadFile(name); err == nil {
			return true
		}
	}
	inPod := func(kv string) bool { return strings.HasPrefix(kv, "KUBERNETES_SERVICE_HOST=") }
	if slices.ContainsFunc(t.Environ, inPod) {
		return true
	}
	cgroup, err := t.ReadFile("/proc/1/cgroup")
	if err != nil {
		return false
	}
	for _, word := range []string{"docker", "kubepods", "containerd", "libpod"} {
		if bytes.Contains(cgroup, []byte(word)) {
			return true
		}
	}
	return false
}
