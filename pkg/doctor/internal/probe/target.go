package probe

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/query"
)

// CheckService is the service of the doctor's own spans.
const CheckService = "otdemo-check"

// NetworkTimeout bounds a probe. Three seconds are the second retry of a lost
// TCP SYN on Linux; a host that has not responded by then is not reachable for
// a tracer either.
const NetworkTimeout = 3 * time.Second

// DefaultTimeout is for a whole run. A span may need a flush of its batch and a
// refresh of Elasticsearch's index, a second each, several times over on a busy
// machine.
const DefaultTimeout = 10 * time.Second

type (
	// Dial is a function as that of net.Dialer.
	Dial = func(ctx context.Context, network, address string) (net.Conn, error)
	// Lookup resolves a host name or parses an address.
	Lookup = func(ctx context.Context, host string) ([]netip.Addr, error)
)

// Target is all that is examined, and the means to do it. Nil hooks use the
// real implementation. It is only read, so one Target may serve several runs at
// once.
type Target struct {
	// Loaded is the effective configuration with its origins.
	Loaded *config.Loaded
	// Service is the name in requests for sampling strategies if the
	// configuration has none.
	Service string
	// Thorough checks all ports and paths, even if nothing is wrong.
	Thorough bool
	// UserAgent is sent with HTTP requests unless it is empty.
	UserAgent string
	// Environ is the environment as "KEY=value". It shows whether this is a
	// container, and what jaeger-client-go would do.
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
	Dial Dial
	// Lookup resolves a host name or parses an address. It also resolves what
	// Dial connects to; nil leaves that to Dial.
	Lookup Lookup
	// ReadFile reads the files that show whether this is a container, the
	// compose file, and the files it names. It is bounded, as the files are not
	// trusted.
	ReadFile func(name string) ([]byte, error)
}

// WithDefaults returns t with the real thing for each nil hook.
func (t Target) WithDefaults() Target {
	if t.Dial == nil {
		dialer := &net.Dialer{Timeout: NetworkTimeout}
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
func dialLookedUp(dial Dial, lookup Lookup) Dial {
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

// Config returns the effective configuration.
func (t *Target) Config() *config.Config { return &t.Loaded.Config }

// ServiceName is the name the configured spans carry.
func (t *Target) ServiceName() string {
	if name := t.Config().Service; name != "" {
		return name
	}
	return t.Service
}

// AgentAddr is where the configuration sends UDP, as host:port.
func (t *Target) AgentAddr() string {
	agent := &t.Config().Reporter.Agent
	return net.JoinHostPort(agent.Host, strconv.Itoa(agent.Port))
}

// Path returns where spans are sent: "udp host:port" or the collector's URL
// without user info, as the tracer's Target does.
func (t *Target) Path() string {
	if cfg := t.Config(); cfg.UsesCollector() {
		return BareText(cfg.CollectorURL())
	}
	return "udp " + t.AgentAddr()
}

// Env returns a variable of the environment, "" when it is not set.
func (t *Target) Env(name string) string {
	for _, kv := range t.Environ {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			return value
		}
	}
	return ""
}

// QueryHost is the host of the query API, "" when it has none.
func (t *Target) QueryHost() string {
	u, err := url.Parse(t.Config().Query.URL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// SpanHost is the host that spans are sent to, "" when it has none.
func (t *Target) SpanHost() string {
	cfg := t.Config()
	if !cfg.UsesCollector() {
		return cfg.Reporter.Agent.Host
	}
	u, err := t.Collector()
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// Hosts are those of the configuration, each once.
func (t *Target) Hosts() []string {
	hosts := []string{t.SpanHost()}
	if query := t.QueryHost(); query != hosts[0] {
		hosts = append(hosts, query)
	}
	return slices.DeleteFunc(hosts, func(host string) bool { return host == "" })
}

// Collector returns where spans go. It must not be called if they go to the
// agent.
func (t *Target) Collector() (*url.URL, error) { return url.Parse(t.Config().CollectorURL()) }

// LogIn adds to a request to the collector the credentials that the tracer
// sends with spans: user and password, and with tracer otel the headers that
// its library reads from the environment.
func (t *Target) LogIn(req *http.Request) {
	collector := t.Config().Reporter.Collector
	if t.Config().Tracer == config.TracerOTel && !collector.WithoutHeaders {
		for name, value := range t.otlpHeaders() {
			req.Header.Set(name, value)
		}
	}
	if collector.User != "" {
		req.SetBasicAuth(collector.User, collector.Password)
	}
}

// NewQuery makes a client of the configured query API; the caller closes it.
func (t *Target) NewQuery() (*query.Client, error) {
	return query.New(t.Config().Query.URL, query.Options{HTTP: t.HTTPClient(), UserAgent: t.UserAgent})
}

// HTTPClient makes a client that dials through the target's hook and follows no
// redirects. The caller closes its idle connections.
func (t *Target) HTTPClient() *http.Client { return t.ClientWith(nil) }

// CollectorClient is HTTPClient for the configured collector.
func (t *Target) CollectorClient() *http.Client { return t.ClientWith(t.collectorTLS()) }

// ClientWith is HTTPClient with TLS settings.
func (t *Target) ClientWith(conf *tls.Config) *http.Client {
	return t.client(&http.Transport{TLSClientConfig: conf})
}

// HTTP2Client is CollectorClient with HTTP/2 from the first byte, as gRPC uses it:
// unencrypted for http, over TLS for https.
func (t *Target) HTTP2Client() *http.Client {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	protocols.SetHTTP2(true)
	return t.client(&http.Transport{Protocols: &protocols, TLSClientConfig: t.collectorTLS()})
}

// client records the exchanges, if that is wanted.
func (t *Target) client(transport *http.Transport) *http.Client {
	transport.DialContext, transport.TLSHandshakeTimeout = t.Dial, NetworkTimeout
	client := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if t.Record != nil {
		client.Transport = &recorder{next: transport, record: t.Record}
	}
	return client
}

// InPod reports whether Kubernetes runs this process.
func (t *Target) InPod() bool { return t.Env("KUBERNETES_SERVICE_HOST") != "" }

// InContainer reports whether this process seems to run in a container, where
// localhost is the container itself.
func (t *Target) InContainer() bool {
	for _, name := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := t.ReadFile(name); err == nil {
			return true
		}
	}
	// Without the file there is no content, either.
	cgroup, _ := t.ReadFile("/proc/1/cgroup")
	return t.InPod() || slices.ContainsFunc([]string{"docker", "kubepods", "containerd", "libpod"}, func(word string) bool {
		return bytes.Contains(cgroup, []byte(word))
	})
}
