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
	if !got.Known() {
		return probe.Found(probe.StatusUnknown, codeUnknown, "could not determine the Jaeger version").
			Hint("otdemo check-jaeger --only ports --all")
	}
	f := probe.Found(probe.StatusOK, CodeVersion, "this is %s", got).Saw(got.Source)
	switch {
	case got.Embedded:
		f.Code, f.Fact = codeOtdemo, "this is otdemo's own backend"
	case got.Zipkin:
		f.Code = CodeZipkin
	case got.Version.Known():
		g, _ := got.Version.Generation()
		f = f.Saw(fmt.Sprintf("by default %s listens on %s", got, g.Ports()))
	default:
		f.Code = codeMajor
		f.Fact += " of unknown version"
	}
	if got.Major == 1 {
		f.Fact += "; Jaeger 1.x reached its end of life on " + jaegers.EndOfV1
	}
	return f
}

// identify queries all sources in parallel and returns the most precise result,
// the first of its kind in their order. It does not wait for the others once a
// version is known.
func identify(ctx context.Context, env *probe.Env) Identity {
	query, err := url.Parse(env.Config().Query.URL)
	if err != nil {
		return Identity{}
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	var answers []chan Identity
	for _, ask := range sources(env, query) {
		answer := make(chan Identity, 1)
		answers = append(answers, answer)
		wg.Go(func() { answer <- ask(ctx) })
	}
	var best Identity
	for _, answer := range answers {
		got := <-answer
		if got.isExact() {
			return got
		}
		if !best.Known() {
			best = got
		}
	}
	if !best.Known() {
		// Jaeger stores a trace of this request, so it comes last.
		return fromNotFound(ctx, env, query)
	}
	return best
}

// sources are functions that find out what they can, within ctx.
func sources(env *probe.Env, query *url.URL) []func(context.Context) Identity {
	all := []func(context.Context) Identity{func(ctx context.Context) Identity { return fromPage(ctx, env, query) }}
	host := AdminHost(&env.Target)
	if host == "" {
		return all
	}
	onPort := func(port, path, query string, read func(*probe.Fetched) Identity) {
		all = append(all, func(ctx context.Context) Identity {
			ctx, cancel := context.WithTimeout(ctx, probe.AdminTimeout)
			defer cancel()
			u := &url.URL{Scheme: "http", Host: net.JoinHostPort(host, port), Path: path, RawQuery: query}
			if got := fetch(ctx, env, u, probe.MaxMetrics); got.Status == http.StatusOK {
				return read(got)
			}
			return Identity{}
		})
	}
	onPort("14269", "/metrics", "", fromMetrics(1, buildInfo))
	onPort("8888", "/metrics", "", fromMetrics(2, targetInfo))
	onPort("13133", "/status", "verbose", fromStatus)
	return all
}

// fetch returns an empty response where there is none.
func fetch(ctx context.Context, env *probe.Env, u *url.URL, limit int64) *probe.Fetched {
	got, err := probe.Fetch(ctx, env, u, limit)
	if err != nil {
		return &probe.Fetched{URL: u}
	}
	return got
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

func fromPage(ctx context.Context, env *probe.Env, query *url.URL) Identity {
	got := fetch(ctx, env, query.JoinPath("/"), probe.MaxIndex)
	if zipkinPage.MatchString(got.Location()) || zipkinTitle.Match(got.Body) {
		return fromZipkin(ctx, env, query)
	}
	if ownPage.Match(got.Body) {
		return Identity{Embedded: true, Source: "the title of " + probe.Bare(got.URL)}
	}
	if m := pageVersion.FindSubmatch(got.Body); m != nil {
		v, _ := jaegers.ParseVersion(string(m[1]))
		return Identity{Major: v.Major, Version: v, Text: string(m[1]), Source: "JAEGER_VERSION in " + probe.Bare(got.URL)}
	}
	return Identity{}
}

func fromZipkin(ctx context.Context, env *probe.Env, base *url.URL) Identity {
	info := Identity{Zipkin: true, Source: probe.Bare(base) + " has Zipkin's page"}
	got := fetch(ctx, env, base.JoinPath("info"), probe.MaxAnswer)
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
func fromNotFound(ctx context.Context, env *probe.Env, query *url.URL) Identity {
	missing := send.NewRawSpan("", time.Now()).ID
	got := fetch(ctx, env, query.JoinPath("api", "v3", "traces", missing.String()), probe.MaxAnswer)
	switch text := string(got.Body); {
	case got.Status == http.StatusNotFound && strings.Contains(text, "No traces found"):
		return Identity{Major: 2, Source: got.Evidence()}
	case got.Status == http.StatusInternalServerError && strings.Contains(text, `"grpcCode":2`):
		return Identity{Major: 1, Source: got.Evidence()}
	default:
		return Identity{}
	}
}
