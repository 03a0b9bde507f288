package queryapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/otdemo/otdemo/internal/hosts"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/query"
)

// The codes of what is found here.
const (
	codeURLInvalid   probe.Code = "query-url-invalid"
	CodeTimeout      probe.Code = "query-timeout"
	codeTLS          probe.Code = "query-tls-mismatch"
	codeCertificate  probe.Code = "query-certificate"
	codeNotHTTP      probe.Code = "query-not-http"
	codeUnreachable  probe.Code = "query-unreachable"
	codeNotJSON      probe.Code = "query-not-json"
	codePath         probe.Code = "query-path-wrong"
	codeUnauthorized probe.Code = "query-unauthorized"
	codeRedirects    probe.Code = "query-redirects"
	codeLogin        probe.Code = "query-login"
	codeStatus       probe.Code = "query-unexpected-status"
)

// Probe returns the probe.
func Probe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDQuery,
		Hop:   probe.HopQuery,
		Title: "the query API responds",
		Codes: []probe.Code{
			probe.CodeQueryAnswers, codeURLInvalid, probe.CodeQueryRefused, probe.CodeQueryUnresolved, CodeTimeout, codeTLS, codeCertificate,
			codeNotHTTP, codeUnreachable, codeNotJSON, codePath, codeUnauthorized, codeRedirects, codeLogin, probe.CodeQueryError, codeStatus,
		},
		Run: run,
	}
}

func run(ctx context.Context, env *probe.Env) probe.Finding {
	client, err := env.NewQuery()
	if err != nil {
		f := probe.Fail(codeURLInvalid, "%v", err)
		if hinted, ok := errors.AsType[*query.URLError](err); ok {
			f = f.Hint(hinted.Hint())
		}
		return f
	}
	defer client.Close()
	services, saw, err := listServices(ctx, client)
	if err != nil {
		return noResponse(ctx, env, err)
	}
	f := probe.OK(probe.CodeQueryAnswers, "%s responds; %s", client.URL(), plural.Of(len(services), "service", "services"))
	if len(services) > 0 {
		f = f.Saw("services: " + strings.Join(services, ", "))
	}
	return f.Saw(saw...)
}

// listServices queries both generations of the API in parallel, and if neither
// exists, Zipkin's. It fails if none responds, with the more useful error. The
// error of only one of them is evidence: some programs need that generation.
func listServices(ctx context.Context, client *query.Client) (services []string, saw []string, err error) {
	var oldServices []string
	var oldErr error
	var wg sync.WaitGroup
	wg.Go(func() { oldServices, oldErr = client.ServicesFrom(ctx, query.V1) })
	services, err = client.ServicesFrom(ctx, query.V3)
	wg.Wait()
	switch {
	case err == nil && oldErr == nil:
		return services, nil, nil
	case err == nil:
		return services, []string{"v1 of the API: " + oldErr.Error()}, nil
	case oldErr == nil:
		return oldServices, []string{"v3 of the API: " + err.Error()}, nil
	case query.IsMissingPath(err):
		if services, err := client.Services(ctx); err == nil {
			return services, []string{"Zipkin's v2 API responds"}, nil
		}
		return nil, nil, oldErr
	default:
		return nil, nil, err
	}
}

func noResponse(ctx context.Context, env *probe.Env, err error) probe.Finding {
	base, parseErr := url.Parse(env.Config().Query.URL)
	if parseErr != nil {
		return probe.Fail(codeURLInvalid, "query.url is not a valid URL: %v", probe.WithoutURL(parseErr))
	}
	if notJSON, ok := errors.AsType[*query.NotJSONError](err); ok {
		return unexpectedPage(ctx, env, base, notJSON)
	}
	if status, ok := errors.AsType[*query.StatusError](err); ok {
		return unexpectedStatus(base, status)
	}
	usual, start := "--query-url http://localhost:16686", "curl -sS "+probe.Bare(base)+"/api/services"
	if hosts.IsLoopback(base.Hostname()) {
		start = probe.HintAllInOne
	}
	return probe.Faults{
		probe.FaultRefused:     probe.Finding{Code: probe.CodeQueryRefused}.Hint(start),
		probe.FaultUnresolved:  probe.Finding{Code: probe.CodeQueryUnresolved}.Hint(usual),
		probe.FaultTimeout:     probe.Finding{Code: CodeTimeout}.Hint(usual),
		probe.FaultTLS:         probe.Finding{Code: codeTLS}.Hint("--query-url " + probe.OtherScheme(base)),
		probe.FaultCertificate: {Code: codeCertificate},
		probe.FaultProtocol:    probe.Finding{Code: codeNotHTTP}.Hint("--query-url " + probe.WithPort(base, probe.PortUI)),
		probe.FaultOther:       {Code: codeUnreachable},
	}.Finding(base, err)
}

// baseHref is where Jaeger's page has its base path.
var baseHref = regexp.MustCompile(`<base href="(/[^"]+?)/?"`)

func unexpectedPage(ctx context.Context, env *probe.Env, base *url.URL, err *query.NotJSONError) probe.Finding {
	saw := fmt.Sprintf("%s: 200 %s", err.URL, probe.Excerpt([]byte(err.Body)))
	if loginForm.MatchString(err.Body) {
		return loginRequired(base, "a login page").Saw(saw)
	}
	f := probe.Fail(codeNotJSON, "%s returned %s instead of Jaeger's JSON",
		probe.Bare(base), cmp.Or(err.ContentType, "something without a content type")).Saw(saw)
	if err.Reason != "" {
		f = f.Saw(err.Reason)
	}
	if m := baseHref.FindStringSubmatch(err.Body); m != nil && m[1] != base.Path {
		guess := probe.WithPath(base, m[1])
		if answersAt(ctx, env, base, m[1]) {
			f.Fact += fmt.Sprintf("; the API is at %s", guess)
		}
		return f.Hint("--query-url " + guess)
	}
	return f.Hint(otherURLs(base)...).
		Perhaps("a login page or a proxy is in front of Jaeger", "curl -sSi "+err.URL).
		Perhaps("Jaeger has a base path, which query.url must end with (--query.base-path)", "").
		Perhaps("another program listens there", "ss -lntp 'sport = :"+probe.PortOf(base)+"'")
}

func unexpectedStatus(base *url.URL, err *query.StatusError) probe.Finding {
	f := judgeStatus(base, err)
	return f.Saw(fmt.Sprintf("%s: %d %s %s", err.URL, err.Status, http.StatusText(err.Status), probe.Excerpt([]byte(err.Body))))
}

func judgeStatus(base *url.URL, err *query.StatusError) probe.Finding {
	at, s := probe.Bare(base), err.Status
	switch {
	case probe.RequiresTLS(s, err.Body):
		return probe.Fail(codeTLS, "%s speaks TLS, but the URL scheme is http", probe.DialAddr(base)).Hint("--query-url " + probe.OtherScheme(base))
	case s == http.StatusUnauthorized && strings.Contains(err.Body, "tenant"):
		// pkg/tenancy/http.go of Jaeger 1: "missing tenant header".
		return probe.Fail(codeUnauthorized, "%s returned %d: it requires a tenant header, which otdemo cannot send", at, s).
			Hint("run Jaeger without --multi-tenancy.enabled, or put a proxy in front of it that adds the header x-tenant")
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return probe.Fail(codeUnauthorized, "%s returned %d: credentials are missing or wrong", at, s).
			Hint("--query-url " + base.Scheme + "://USER:PASSWORD@" + base.Host + base.Path)
	case s == http.StatusNotFound, s == http.StatusMethodNotAllowed:
		return probe.Fail(codePath, "%s has no query API: it returned %d", at, s).Hint(otherURLs(base)...)
	case s >= 300 && s < 400 && loginPath.MatchString(err.Location):
		return loginRequired(base, "a redirect to "+probe.BareText(err.Location))
	case s >= 300 && s < 400:
		return probe.Fail(codeRedirects, "%s redirects to %s", at, probe.BareText(err.Location)).Hint(redirectTarget(err.Location))
	case s >= http.StatusInternalServerError:
		return probe.Fail(probe.CodeQueryError, "%s returned %d: %s", at, s, probe.Excerpt([]byte(err.Body))).Hint(probe.HintLogs)
	default:
		return probe.Fail(codeStatus, "%s returned %d", at, s)
	}
}

// redirectTarget is the hint for a redirect away from the API's own path.
func redirectTarget(location string) string {
	base, _, isAPI := strings.Cut(probe.BareText(location), "/api/")
	if !isAPI || !strings.HasPrefix(base, "http") {
		return ""
	}
	return "--query-url " + base
}

func otherURLs(base *url.URL) []string {
	path := ""
	if base.Path == "" || base.Path == "/" {
		path = "/jaeger"
	}
	var hints []string
	if base.Port() != probe.PortUI {
		hints = append(hints, "--query-url "+probe.WithPort(base, probe.PortUI))
	}
	return append(hints, "--query-url "+probe.WithPath(base, path))
}

var (
	// loginForm is in a page that wants a person to log in.
	loginForm = regexp.MustCompile(`(?i)type=["']?password|<title>[^<]*(log ?in|sign ?in|single sign-on)`)
	// loginPath matches where proxies redirect requests without a session.
	loginPath = regexp.MustCompile(`(?i)[/.](login|signin|sign_in|sso|auth|oauth2?|openid-connect)\b`)
)

// loginRequired is the finding for a proxy that lets only people pass.
func loginRequired(base *url.URL, what string) probe.Finding {
	return probe.Fail(codeLogin, "%s returned %s: a proxy in front of Jaeger requires a login", probe.Bare(base), what).
		Hint("--query-url "+probe.WithPort(base, probe.PortUI)+" (past the proxy)",
			"--query-url "+base.Scheme+"://USER:PASSWORD@"+base.Host+base.Path+" (if it accepts a password)")
}

func answersAt(ctx context.Context, env *probe.Env, base *url.URL, path string) bool {
	guess := *base
	guess.Path, guess.RawPath = path, ""
	client, err := query.New(guess.String(), query.Options{HTTP: env.HTTPClient(), UserAgent: env.UserAgent})
	if err != nil {
		return false
	}
	defer client.Close()
	_, err = client.Services(ctx)
	return err == nil
}
