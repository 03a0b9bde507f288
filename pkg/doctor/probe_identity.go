package doctor

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/otdemo/otdemo/pkg/config"
)

const idIdentity = "identity"

const (
	codeIdentityVersion Code = "identity-version"
	codeIdentityMajor   Code = "identity-major"
	codeIdentityOwn     Code = "identity-otdemo"
	codeIdentityZipkin  Code = "identity-zipkin"
	codeIdentityUnknown Code = "identity-unknown"
)

// neighbourTimeout bounds the look at ports that nobody may have opened to us: a
// firewall must not make a healthy check slow.
const neighbourTimeout = 500 * time.Millisecond

// Jaeger's page is some kB, its metrics some 100 kB.
const (
	maxIndex   = 64 << 10
	maxMetrics = 1 << 20
)

func identityProbe() Probe {
	return Probe{
		ID:    idIdentity,
		Hop:   HopIdentity,
		Title: "it is known which Jaeger this is",
		Aside: true,
		Codes: []Code{codeIdentityVersion, codeIdentityMajor, codeIdentityOwn, codeIdentityZipkin, codeIdentityUnknown},
		Run:   runIdentity,
	}
}

func runIdentity(ctx context.Context, env *Env) Finding {
	got := identify(ctx, env)
	got.host = env.queryHost()
	env.learn(got)
	switch {
	case got.embedded:
		return found(StatusOK, codeIdentityOwn, "this is otdemo's own backend").saw(got.source)
	case got.zipkin:
		return found(StatusOK, codeIdentityZipkin, "this is %s", got).saw(got.source)
	case got.version.known():
		g, _ := got.version.generation()
		f := found(StatusOK, codeIdentityVersion, "this is %s", got)
		f.Fact += support(got.major)
		return f.saw(got.source, fmt.Sprintf("by default %s listens on %s", got, g.ports()))
	case got.major > 0:
		f := found(StatusOK, codeIdentityMajor, "this is a Jaeger %d that does not tell its version", got.major)
		f.Fact += support(got.major)
		return f.saw(got.source)
	default:
		return found(StatusUnknown, codeIdentityUnknown, "nothing here tells which Jaeger this is").
			hint("otdemo check-jaeger --only ports --all")
	}
}

// support is the end of the line for a Jaeger that nobody maintains.
func support(major int) string {
	if major == 1 {
		return ", of the 1.x that ended on " + endOfV1
	}
	return ""
}

// ports lists what the generation listens on.
func (g generation) ports() string {
	text := "tcp " + numbers(g.tcp) + "; no udp"
	if len(g.udp) > 0 {
		text = "udp " + numbers(g.udp) + "; tcp " + numbers(g.tcp)
	}
	if g.loopback {
		text += " (all but 16685 and 16686 on 127.0.0.1 only, unless JAEGER_LISTEN_HOST is set)"
	}
	return text
}

func numbers(ports []int) string {
	text := make([]string, len(ports))
	for i, port := range ports {
		text[i] = strconv.Itoa(port)
	}
	return strings.Join(text, " ")
}

// identify asks all sources side by side and takes the most precise answer, the
// first of its kind in their order. It does not wait for the others once a
// version is known.
func identify(ctx context.Context, env *Env) identity {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	var answers []chan identity
	for _, ask := range sources(env) {
		answer := make(chan identity, 1)
		answers = append(answers, answer)
		wg.Go(func() { answer <- ask(ctx, env) })
	}
	var best identity
	for _, answer := range answers {
		if got := <-answer; got.precision() > best.precision() {
			best = got
		}
		if best.version.known() || best.embedded || best.zipkin {
			return best
		}
	}
	if !best.known() {
		// Jaeger stores a trace of this request, so it comes last.
		return fromMissingTrace(ctx, env)
	}
	return best
}

// source finds out what it can about the identity, within ctx.
type source func(context.Context, *Env) identity

func sources(env *Env) []source {
	all := []source{fromPage}
	host := neighbourhood(&env.Target)
	if host == "" {
		return all
	}
	beside := func(port, pathAndQuery string, read func(*fetched) identity) source {
		return func(ctx context.Context, env *Env) identity {
			ctx, cancel := context.WithTimeout(ctx, neighbourTimeout)
			defer cancel()
			path, query, _ := strings.Cut(pathAndQuery, "?")
			u := &url.URL{Scheme: "http", Host: net.JoinHostPort(host, port), Path: path, RawQuery: query}
			got, err := fetch(ctx, env, u, maxMetrics)
			if err != nil || got.status != http.StatusOK {
				return identity{}
			}
			return read(got)
		}
	}
	return append(
		all,
		beside("14269", "/metrics", fromMetrics(1, buildInfo)),
		beside("8888", "/metrics", fromMetrics(2, targetInfo)),
		beside("13133", "/status?verbose", fromStatus),
	)
}

// neighbourhood is the host on which Jaeger's other ports tell about this
// Jaeger, "" when every configured port is unusual: what listens on the usual
// ones is then rather another Jaeger.
func neighbourhood(t *Target) string {
	cfg := t.config()
	if u, err := url.Parse(cfg.Query.URL); err == nil && portOf(u) == portUI {
		return u.Hostname()
	}
	if spansUsualPort(cfg) {
		return t.spanHost()
	}
	return ""
}

func spansUsualPort(cfg *config.Config) bool {
	if !cfg.UsesCollector() {
		return slices.Contains([]int{portCompact, portBinary, portZipkin}, cfg.Reporter.Agent.Port)
	}
	u, err := url.Parse(cfg.CollectorURL())
	return err == nil && slices.Contains([]string{portThriftHTTP, portOTLPGRPC, portOTLPHTTP, portZipkinHTTP}, portOf(u))
}

var (
	// pageVersion is in the page that a Jaeger serves on every unknown path; the
	// version is empty in builds that were not told theirs.
	pageVersion = regexp.MustCompile(`JAEGER_VERSION\s*=\s*\{[^}]*"gitVersion"\s*:\s*"([^"]*)"`)
	// ownPage is the title of otdemo's.
	ownPage = regexp.MustCompile(`<title>otdemo\b`)
	// zipkinPage is where the root of Zipkin's server leads, zipkinTitle is of the
	// page there, and zipkinVersion in its /info.
	zipkinPage    = regexp.MustCompile(`/zipkin/?$`)
	zipkinTitle   = regexp.MustCompile(`(?i)<title>zipkin`)
	zipkinVersion = regexp.MustCompile(`"version"\s*:\s*"([^"]+)"`)
	// buildInfo and targetInfo are the metrics of Jaeger 1 and 2. Any program of
	// the OpenTelemetry Collector's family has the latter, with another name.
	buildInfo  = regexp.MustCompile(`(?m)^jaeger_build_info\{[^}]*\bversion="([^"]*)"`)
	targetInfo = regexp.MustCompile(`(?m)^target_info\{[^}]*\bservice_name="jaeger",service_version="([^"]*)"`)
)

func fromPage(ctx context.Context, env *Env) identity {
	u, err := url.Parse(env.config().Query.URL)
	if err != nil {
		return identity{}
	}
	got, err := fetch(ctx, env, u.JoinPath("/"), maxIndex)
	if err != nil {
		return identity{}
	}
	if zipkinPage.MatchString(got.location()) || zipkinTitle.Match(got.body) {
		return fromZipkin(ctx, env, u)
	}
	if ownPage.Match(got.body) {
		return identity{embedded: true, source: "the title of " + bare(got.url)}
	}
	m := pageVersion.FindSubmatch(got.body)
	if m == nil {
		return identity{}
	}
	text := string(m[1])
	v, _ := parseVersion(text)
	return identity{major: v.major, version: v, text: text, source: "JAEGER_VERSION in " + bare(got.url)}
}

// fromZipkin reads the version from what Zipkin's server says of itself.
func fromZipkin(ctx context.Context, env *Env, base *url.URL) identity {
	info := identity{zipkin: true, source: bare(base) + " has Zipkin's page"}
	got, err := fetch(ctx, env, base.JoinPath("info"), maxAnswer)
	if err != nil {
		return info
	}
	if m := zipkinVersion.FindSubmatch(got.body); m != nil {
		info.text, info.source = string(m[1]), bare(got.url)
	}
	return info
}

// fromMetrics reads the version from a metric that only this major version has
// on its port.
func fromMetrics(major int, metric *regexp.Regexp) func(*fetched) identity {
	return func(got *fetched) identity {
		m := metric.FindSubmatch(got.body)
		if m == nil {
			return identity{}
		}
		text := string(m[1])
		v, ok := parseVersion(text)
		if ok && v.major != major {
			return identity{}
		}
		name, _, _ := strings.Cut(string(m[0]), "{")
		return identity{major: major, version: v, text: text, source: name + " at " + bare(got.url)}
	}
}

// fromStatus reads the health of an OpenTelemetry Collector, which is a Jaeger 2
// when Jaeger's extension is among its components.
func fromStatus(got *fetched) identity {
	const part = "extension:jaeger_query"
	if !strings.Contains(string(got.body), part) {
		return identity{}
	}
	return identity{major: 2, source: bare(got.url) + " lists " + part}
}

// fromMissingTrace tells generations by how they say that a trace is not there:
// 1.42 with a 500, 1.62 with "trace not found", 2.13 with "No traces found".
func fromMissingTrace(ctx context.Context, env *Env) identity {
	u, err := url.Parse(env.config().Query.URL)
	if err != nil {
		return identity{}
	}
	missing := newHandmade("", time.Now()).id
	got, err := fetch(ctx, env, u.JoinPath("api", "v3", "traces", missing.String()), maxAnswer)
	if err != nil {
		return identity{}
	}
	switch text := string(got.body); {
	case got.status == http.StatusNotFound && strings.Contains(text, "No traces found"):
		return identity{major: 2, source: got.evidence()}
	case got.status == http.StatusInternalServerError && strings.Contains(text, `"grpcCode":2`):
		return identity{major: 1, source: got.evidence()}
	default:
		return identity{}
	}
}
