package queryapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/query"
)

// The codes of what is found here.
const (
	codeQueryURLInvalid   probe.Code = "query-url-invalid"
	CodeQueryTimeout      probe.Code = "query-timeout"
	codeQueryTLS          probe.Code = "query-tls-mismatch"
	codeQueryCertificate  probe.Code = "query-certificate"
	codeQueryProtocol     probe.Code = "query-not-http"
	codeQueryUnreachable  probe.Code = "query-unreachable"
	codeQueryNotJSON      probe.Code = "query-not-json"
	codeQueryPath         probe.Code = "query-path-wrong"
	codeQueryUnauthorized probe.Code = "query-unauthorized"
	codeQueryRedirects    probe.Code = "query-redirects"
	codeQueryLogin        probe.Code = "query-login"
	codeQueryStatus       probe.Code = "query-unexpected-status"
)

func queryFaults() probe.FaultCodes {
	return probe.FaultCodes{
		Refused: probe.CodeQueryRefused, Unresolved: probe.CodeQueryUnresolved, Timeout: CodeQueryTimeout,
		TLS: codeQueryTLS, Certificate: codeQueryCertificate, Protocol: codeQueryProtocol,
		Other: codeQueryUnreachable,
	}
}

// Probe returns the probe.
func Probe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDQuery,
		Hop:   probe.HopQuery,
		Title: "the query API answers",
		Codes: append(
			queryFaults().All(), probe.CodeQueryAnswers, codeQueryURLInvalid, codeQueryNotJSON, codeQueryPath,
			codeQueryUnauthorized, codeQueryRedirects, codeQueryLogin, probe.CodeQueryError, codeQueryStatus,
		),
		Run: runQueryAPI,
	}
}

func runQueryAPI(ctx context.Context, env *probe.Env) probe.Finding {
	client, err := env.NewQuery()
	if err != nil {
		f := probe.Found(probe.StatusFail, codeQueryURLInvalid, "%v", err)
		if hinted, ok := errors.AsType[*query.URLError](err); ok {
			f = f.Hint(hinted.Hint())
		}
		return f
	}
	defer client.Close()
	services, saw, err := askBoth(ctx, client)
	if err != nil {
		return unanswered(ctx, env, err)
	}
	f := probe.Found(probe.StatusOK, probe.CodeQueryAnswers, "%s answers and knows %s", client.URL(), plural.Of(len(services), "service", "services"))
	if len(services) > 0 {
		f = f.Saw("services: " + strings.Join(services, ", "))
	}
	return f.Saw(saw...)
}

// askBoth asks both generations of the API side by side, and where neither is
// there, Zipkin's. It fails when none answers, with the error that says more.
// What only one of them says is evidence: which programs work with this Jaeger
// depends on it.
func askBoth(ctx context.Context, client *query.Client) (services []string, saw []string, err error) {
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
			return services, []string{"it is Zipkin's API v2 that answers"}, nil
		}
		return nil, nil, oldErr
	default:
		return nil, nil, err
	}
}

// unanswered is the finding for an error of pkg/query.
func unanswered(ctx context.Context, env *probe.Env, err error) probe.Finding {
	base, parseErr := url.Parse(env.Config().Query.URL)
	if parseErr != nil {
		return probe.Found(probe.StatusFail, codeQueryURLInvalid, "query.url is no URL: %v", probe.WithoutURL(parseErr))
	}
	if notJSON, ok := errors.AsType[*query.NotJSONError](err); ok {
		return pageInstead(ctx, env, base, notJSON)
	}
	if status, ok := errors.AsType[*query.StatusError](err); ok {
		return strangeStatus(base, status)
	}
	f := queryFaults().Finding(base, err)
	switch f.Code {
	case probe.CodeQueryRefused:
		return f.Hint(hintStartQuery(base))
	case codeQueryTLS:
		return f.Hint("--query-url " + probe.OtherScheme(base))
	case codeQueryProtocol:
		return f.Hint("--query-url " + probe.WithPort(base, probe.PortUI))
	case probe.CodeQueryUnresolved, CodeQueryTimeout:
		return f.Hint("--query-url http://localhost:16686")
	default:
		return f
	}
}

func hintStartQuery(base *url.URL) string {
	if probe.IsLoopback(base.Hostname()) {
		return probe.HintAllInOne
	}
	return "curl -sS " + probe.Bare(base) + "/api/services"
}

// baseHref is how Jaeger's page tells the UI its base path.
var baseHref = regexp.MustCompile(`<base href="(/[^"]+?)/?"`)

func pageInstead(ctx context.Context, env *probe.Env, base *url.URL, err *query.NotJSONError) probe.Finding {
	saw := fmt.Sprintf("%s: 200 %s", err.URL, probe.Excerpt([]byte(err.Body)))
	if looksLikeLogin(err.Body) {
		return atLogin(base, "a login page").Saw(saw)
	}
	f := probe.Found(probe.StatusFail, codeQueryNotJSON, "%s answers %s where Jaeger's JSON should be",
		probe.Bare(base), contentType(err.ContentType)).Saw(saw)
	if err.Reason != "" {
		f = f.Saw(err.Reason)
	}
	if m := baseHref.FindStringSubmatch(err.Body); m != nil && m[1] != base.Path {
		guess := probe.WithPath(base, m[1])
		if answersAt(ctx, env, base, m[1]) {
			f.Fact += fmt.Sprintf("; it is at %s", guess)
		}
		return f.Hint("--query-url " + guess)
	}
	return f.Hint(elsewhere(base)...).Maybe(
		probe.Cause{Text: "a login page or a proxy stands before Jaeger", Command: "curl -sSi " + err.URL},
		probe.Cause{Text: "Jaeger has a base path, which query.url must end with (--query.base-path)"},
		probe.Cause{Text: "another program listens there", Command: "ss -lntp 'sport = :" + probe.PortOf(base) + "'"},
	)
}

func strangeStatus(base *url.URL, err *query.StatusError) probe.Finding {
	saw := fmt.Sprintf("%s: %d %s %s", err.URL, err.Status, http.StatusText(err.Status), probe.Excerpt([]byte(err.Body)))
	at := probe.Bare(base)
	switch {
	case probe.SaysUseTLS(err.Status, err.Body):
		return probe.Found(probe.StatusFail, codeQueryTLS, "%s speaks TLS, the URL says http", probe.DialAddr(base)).
			Saw(saw).Hint("--query-url " + probe.OtherScheme(base))
	case err.Status == http.StatusUnauthorized && strings.Contains(err.Body, "tenant"):
		// pkg/tenancy/http.go of Jaeger 1: "missing tenant header".
		return probe.Found(probe.StatusFail, codeQueryUnauthorized, "%s answers %d: it wants to know the tenant, which otdemo cannot say", at, err.Status).
			Saw(saw).Hint("run Jaeger without --multi-tenancy.enabled, or a proxy before it that adds the header x-tenant")
	case err.Status == http.StatusUnauthorized, err.Status == http.StatusForbidden:
		return probe.Found(probe.StatusFail, codeQueryUnauthorized, "%s answers %d: it wants other credentials", at, err.Status).
			Saw(saw).Hint("--query-url " + base.Scheme + "://USER:PASSWORD@" + base.Host + base.Path)
	case err.Status == http.StatusNotFound, err.Status == http.StatusMethodNotAllowed:
		return probe.Found(probe.StatusFail, codeQueryPath, "%s has no query API: it answers %d", at, err.Status).
			Saw(saw).Hint(elsewhere(base)...)
	case err.Status >= 300 && err.Status < 400 && loginPath.MatchString(err.Location):
		return atLogin(base, "a redirect to "+probe.BareText(err.Location)).Saw(saw)
	case err.Status >= 300 && err.Status < 400:
		return probe.Found(probe.StatusFail, codeQueryRedirects, "%s redirects to %s", at, probe.BareText(err.Location)).
			Saw(saw).Hint(redirectTarget(err.Location))
	case err.Status >= http.StatusInternalServerError:
		return probe.Found(probe.StatusFail, probe.CodeQueryError, "%s answers %d: %s", at, err.Status, probe.Excerpt([]byte(err.Body))).
			Saw(saw).Hint("docker logs --tail 50 jaeger")
	default:
		return probe.Found(probe.StatusFail, codeQueryStatus, "%s answers %d", at, err.Status).Saw(saw)
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

// elsewhere are the hints for a URL that leads to another program or path.
func elsewhere(base *url.URL) []string {
	var hints []string
	if base.Path == "" || base.Path == "/" {
		hints = append(hints, "--query-url "+probe.WithPath(base, "/jaeger"))
	} else {
		hints = append(hints, "--query-url "+probe.WithPath(base, ""))
	}
	if base.Port() != probe.PortUI {
		hints = append([]string{"--query-url " + probe.WithPort(base, probe.PortUI)}, hints...)
	}
	return hints
}

func contentType(s string) string {
	if s == "" {
		return "something without a content type"
	}
	return s
}
