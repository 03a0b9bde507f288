package identity

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
)

// The codes of what is found here.
const (
	CodeVersion probe.Code = "identity-version"
	codeMajor   probe.Code = "identity-major"
	codeOtdemo  probe.Code = "identity-otdemo"
	CodeZipkin  probe.Code = "identity-zipkin"
	codeUnknown probe.Code = "identity-unknown"
)

// Probe returns the probe.
func Probe() probe.Probe {
	return probe.Probe{
		ID:       probe.IDIdentity,
		Hop:      probe.HopIdentity,
		Title:    "the Jaeger version is known",
		Advisory: true,
		Codes:    []probe.Code{CodeVersion, codeMajor, codeOtdemo, CodeZipkin, codeUnknown},
		Run:      run,
	}
}

func run(ctx context.Context, env *probe.Env) probe.Finding {
	got := identify(ctx, env)
	got.Host = env.QueryHost()
	env.Publish(got)
	switch {
	case got.Embedded:
		return probe.Found(probe.StatusOK, codeOtdemo, "this is otdemo's own backend").Saw(got.Source)
	case got.Zipkin:
		return probe.Found(probe.StatusOK, CodeZipkin, "this is %s", got).Saw(got.Source)
	case got.Version.Known():
		g, _ := got.Version.Generation()
		f := probe.Found(probe.StatusOK, CodeVersion, "this is %s", got)
		f.Fact += endOfLife(got.Major)
		return f.Saw(got.Source, fmt.Sprintf("by default %s listens on %s", got, g.Ports()))
	case got.Major > 0:
		f := probe.Found(probe.StatusOK, codeMajor, "this is a Jaeger %d of unknown version", got.Major)
		f.Fact += endOfLife(got.Major)
		return f.Saw(got.Source)
	default:
		return probe.Found(probe.StatusUnknown, codeUnknown, "could not determine the Jaeger version").
			Hint("otdemo check-jaeger --only ports --all")
	}
}

// endOfLife returns the end of the line for a Jaeger that is no longer
// maintained.
func endOfLife(major int) string {
	if major == 1 {
		return "; Jaeger 1.x reached its end of life on " + jaegers.EndOfV1
	}
	return ""
}

// identify queries all sources in parallel and returns the most precise result,
// the first of its kind in their order. It does not wait for the others once a
// version is known.
func identify(ctx context.Context, env *probe.Env) Identity {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	var answers []chan Identity
	for _, ask := range sources(env) {
		answer := make(chan Identity, 1)
		answers = append(answers, answer)
		wg.Go(func() { answer <- ask(ctx, env) })
	}
	var best Identity
	for _, answer := range answers {
		if got := <-answer; got.precision() > best.precision() {
			best = got
		}
		if best.Version.Known() || best.Embedded || best.Zipkin {
			return best
		}
	}
	if !best.Known() {
		// Jaeger stores a trace of this request, so it comes last.
		return fromNotFound(ctx, env)
	}
	return best
}

// source finds out what it can about the identity, within ctx.
type source func(context.Context, *probe.Env) Identity

func sources(env *probe.Env) []source {
	all := []source{fromPage}
	host := AdminHost(&env.Target)
	if host == "" {
		return all
	}
	onPort := func(port, pathAndQuery string, read func(*probe.Fetched) Identity) source {
		return func(ctx context.Context, env *probe.Env) Identity {
			ctx, cancel := context.WithTimeout(ctx, probe.AdminTimeout)
			defer cancel()
			path, query, _ := strings.Cut(pathAndQuery, "?")
			u := &url.URL{Scheme: "http", Host: net.JoinHostPort(host, port), Path: path, RawQuery: query}
			got, err := probe.Fetch(ctx, env, u, probe.MaxMetrics)
			if err != nil || got.Status != http.StatusOK {
				return Identity{}
			}
			return read(got)
		}
	}
	return append(
		all,
		onPort("14269", "/metrics", fromMetrics(1, buildInfo)),
		onPort("8888", "/metrics", fromMetrics(2, targetInfo)),
		onPort("13133", "/status?verbose", fromStatus),
	)
}

// AdminHost returns the host whose other default ports belong to this Jaeger,
// "" if no configured port is a default one: a program on the default ports is
// then probably another Jaeger.
func AdminHost(t *probe.Target) string {
	cfg := t.Config()
	if u, err := url.Parse(cfg.Query.URL); err == nil && probe.PortOf(u) == probe.PortUI {
		return u.Hostname()
	}
	if usesDefaultPort(cfg) {
		return t.SpanHost()
	}
	return ""
}

func usesDefaultPort(cfg *config.Config) bool {
	if !cfg.UsesCollector() {
		return slices.Contains([]int{jaegers.PortCompact, jaegers.PortBinary, jaegers.PortZipkin}, cfg.Reporter.Agent.Port)
	}
	u, err := url.Parse(cfg.CollectorURL())
	return err == nil && slices.Contains([]string{probe.PortThriftHTTP, send.PortOTLPGRPC, send.PortOTLPHTTP, send.PortZipkinHTTP}, probe.PortOf(u))
}

var (
	// pageVersion is in the page that a Jaeger serves on every unknown path;
	// the version is empty in builds without one.
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

func fromPage(ctx context.Context, env *probe.Env) Identity {
	u, err := url.Parse(env.Config().Query.URL)
	if err != nil {
		return Identity{}
	}
	got, err := probe.Fetch(ctx, env, u.JoinPath("/"), probe.MaxIndex)
	if err != nil {
		return Identity{}
	}
	if zipkinPage.MatchString(got.Location()) || zipkinTitle.Match(got.Body) {
		return fromZipkin(ctx, env, u)
	}
	if ownPage.Match(got.Body) {
		return Identity{Embedded: true, Source: "the title of " + probe.Bare(got.URL)}
	}
	m := pageVersion.FindSubmatch(got.Body)
	if m == nil {
		return Identity{}
	}
	text := string(m[1])
	v, _ := jaegers.ParseVersion(text)
	return Identity{Major: v.Major, Version: v, Text: text, Source: "JAEGER_VERSION in " + probe.Bare(got.URL)}
}

// fromZipkin reads the version from Zipkin's own info endpoint.
func fromZipkin(ctx context.Context, env *probe.Env, base *url.URL) Identity {
	info := Identity{Zipkin: true, Source: probe.Bare(base) + " has Zipkin's page"}
	got, err := probe.Fetch(ctx, env, base.JoinPath("info"), probe.MaxAnswer)
	if err != nil {
		return info
	}
	if m := zipkinVersion.FindSubmatch(got.Body); m != nil {
		info.Text, info.Source = string(m[1]), probe.Bare(got.URL)
	}
	return info
}

// fromMetrics reads the version from a metric that only this major version has
// on its port.
func fromMetrics(major int, metric *regexp.Regexp) func(*probe.Fetched) Identity {
	return func(got *probe.Fetched) Identity {
		m := metric.FindSubmatch(got.Body)
		if m == nil {
			return Identity{}
		}
		text := string(m[1])
		v, ok := jaegers.ParseVersion(text)
		if ok && v.Major != major {
			return Identity{}
		}
		name, _, _ := strings.Cut(string(m[0]), "{")
		return Identity{Major: major, Version: v, Text: text, Source: name + " at " + probe.Bare(got.URL)}
	}
}

// fromStatus reads the health of an OpenTelemetry Collector, which is a Jaeger 2
// when Jaeger's extension is among its components.
func fromStatus(got *probe.Fetched) Identity {
	const part = "extension:jaeger_query"
	if !strings.Contains(string(got.Body), part) {
		return Identity{}
	}
	return Identity{Major: 2, Source: probe.Bare(got.URL) + " lists " + part}
}

// fromNotFound distinguishes generations by their response for a missing trace:
// 1.42 returns a 500, 1.62 "trace not found", 2.13 "No traces found".
func fromNotFound(ctx context.Context, env *probe.Env) Identity {
	u, err := url.Parse(env.Config().Query.URL)
	if err != nil {
		return Identity{}
	}
	missing := send.NewRawSpan("", time.Now()).ID
	got, err := probe.Fetch(ctx, env, u.JoinPath("api", "v3", "traces", missing.String()), probe.MaxAnswer)
	if err != nil {
		return Identity{}
	}
	switch text := string(got.Body); {
	case got.Status == http.StatusNotFound && strings.Contains(text, "No traces found"):
		return Identity{Major: 2, Source: got.Evidence()}
	case got.Status == http.StatusInternalServerError && strings.Contains(text, `"grpcCode":2`):
		return Identity{Major: 1, Source: got.Evidence()}
	default:
		return Identity{}
	}
}
