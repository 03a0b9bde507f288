package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/query"
)

const idQuery = "query-api"

const (
	codeQueryAnswers      Code = "query-answers"
	codeQueryURLInvalid   Code = "query-url-invalid"
	codeQueryRefused      Code = "query-refused"
	codeQueryUnresolved   Code = "query-unresolved"
	codeQueryTimeout      Code = "query-timeout"
	codeQueryTLS          Code = "query-tls-mismatch"
	codeQueryCertificate  Code = "query-certificate"
	codeQueryProtocol     Code = "query-not-http"
	codeQueryUnreachable  Code = "query-unreachable"
	codeQueryNotJSON      Code = "query-not-json"
	codeQueryPath         Code = "query-path-wrong"
	codeQueryUnauthorized Code = "query-unauthorized"
	codeQueryRedirects    Code = "query-redirects"
	codeQueryLogin        Code = "query-login"
	codeQueryError        Code = "query-error"
	codeQueryStatus       Code = "query-unexpected-status"
)

func queryFaults() faultCodes {
	return faultCodes{
		Refused: codeQueryRefused, Unresolved: codeQueryUnresolved, Timeout: codeQueryTimeout,
		TLS: codeQueryTLS, Certificate: codeQueryCertificate, Protocol: codeQueryProtocol,
		Other: codeQueryUnreachable,
	}
}

func queryAPI() Probe {
	return Probe{
		ID:    idQuery,
		Hop:   HopQuery,
		Title: "the query API answers",
		Codes: append(
			queryFaults().all(), codeQueryAnswers, codeQueryURLInvalid, codeQueryNotJSON, codeQueryPath,
			codeQueryUnauthorized, codeQueryRedirects, codeQueryLogin, codeQueryError, codeQueryStatus,
		),
		Run: runQueryAPI,
	}
}

// newQuery makes a client of the configured query API; the caller closes it.
func (t *Target) newQuery() (*query.Client, error) {
	return query.New(t.config().Query.URL, query.Options{HTTP: t.httpClient(), UserAgent: t.UserAgent})
}

func runQueryAPI(ctx context.Context, env *Env) Finding {
	client, err := env.newQuery()
	if err != nil {
		f := found(StatusFail, codeQueryURLInvalid, "%v", err)
		if hinted, ok := errors.AsType[*query.URLError](err); ok {
			f = f.hint(hinted.Hint())
		}
		return f
	}
	defer client.Close()
	services, saw, err := askBoth(ctx, client)
	if err != nil {
		return unanswered(ctx, env, err)
	}
	f := found(StatusOK, codeQueryAnswers, "%s answers and knows %s", client.URL(), plural.Of(len(services), "service", "services"))
	if len(services) > 0 {
		f = f.saw("services: " + strings.Join(services, ", "))
	}
	return f.saw(saw...)
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
func unanswered(ctx context.Context, env *Env, err error) Finding {
	base, parseErr := url.Parse(env.config().Query.URL)
	if parseErr != nil {
		return found(StatusFail, codeQueryURLInvalid, "query.url is no URL: %v", withoutURL(parseErr))
	}
	if notJSON, ok := errors.AsType[*query.NotJSONError](err); ok {
		return pageInstead(ctx, env, base, notJSON)
	}
	if status, ok := errors.AsType[*query.StatusError](err); ok {
		return strangeStatus(base, status)
	}
	f := queryFaults().finding(base, err)
	switch f.Code {
	case codeQueryRefused:
		return f.hint(hintStartQuery(base))
	case codeQueryTLS:
		return f.hint("--query-url " + otherScheme(base))
	case codeQueryProtocol:
		return f.hint("--query-url " + withPort(base, portUI))
	case codeQueryUnresolved, codeQueryTimeout:
		return f.hint("--query-url http://localhost:16686")
	default:
		return f
	}
}

func hintStartQuery(base *url.URL) string {
	if isLoopback(base.Hostname()) {
		return hintAllInOne
	}
	return "curl -sS " + bare(base) + "/api/services"
}

// baseHref is how Jaeger's page tells the UI its base path.
var baseHref = regexp.MustCompile(`<base href="(/[^"]+?)/?"`)

func pageInstead(ctx context.Context, env *Env, base *url.URL, err *query.NotJSONError) Finding {
	saw := fmt.Sprintf("%s: 200 %s", err.URL, excerpt([]byte(err.Body)))
	if looksLikeLogin(err.Body) {
		return atLogin(base, "a login page").saw(saw)
	}
	f := found(StatusFail, codeQueryNotJSON, "%s answers %s where Jaeger's JSON should be",
		bare(base), contentType(err.ContentType)).saw(saw)
	if err.Reason != "" {
		f = f.saw(err.Reason)
	}
	if m := baseHref.FindStringSubmatch(err.Body); m != nil && m[1] != base.Path {
		guess := withPath(base, m[1])
		if answersAt(ctx, env, base, m[1]) {
			f.Fact += fmt.Sprintf("; it is at %s", guess)
		}
		return f.hint("--query-url " + guess)
	}
	return f.hint(elsewhere(base)...).maybe(
		Cause{Text: "a login page or a proxy stands before Jaeger", Command: "curl -sSi " + err.URL},
		Cause{Text: "Jaeger has a base path, which query.url must end with (--query.base-path)"},
		Cause{Text: "another program listens there", Command: "ss -lntp 'sport = :" + portOf(base) + "'"},
	)
}

func strangeStatus(base *url.URL, err *query.StatusError) Finding {
	saw := fmt.Sprintf("%s: %d %s %s", err.URL, err.Status, http.StatusText(err.Status), excerpt([]byte(err.Body)))
	at := bare(base)
	switch {
	case saysUseTLS(err.Status, err.Body):
		return found(StatusFail, codeQueryTLS, "%s speaks TLS, the URL says http", dialAddr(base)).
			saw(saw).hint("--query-url " + otherScheme(base))
	case err.Status == http.StatusUnauthorized && strings.Contains(err.Body, "tenant"):
		// pkg/tenancy/http.go of Jaeger 1: "missing tenant header".
		return found(StatusFail, codeQueryUnauthorized, "%s answers %d: it wants to know the tenant, which otdemo cannot say", at, err.Status).
			saw(saw).hint("run Jaeger without --multi-tenancy.enabled, or a proxy before it that adds the header x-tenant")
	case err.Status == http.StatusUnauthorized, err.Status == http.StatusForbidden:
		return found(StatusFail, codeQueryUnauthorized, "%s answers %d: it wants other credentials", at, err.Status).
			saw(saw).hint("--query-url " + base.Scheme + "://USER:PASSWORD@" + base.Host + base.Path)
	case err.Status == http.StatusNotFound, err.Status == http.StatusMethodNotAllowed:
		return found(StatusFail, codeQueryPath, "%s has no query API: it answers %d", at, err.Status).
			saw(saw).hint(elsewhere(base)...)
	case err.Status >= 300 && err.Status < 400 && loginPath.MatchString(err.Location):
		return atLogin(base, "a redirect to "+bareText(err.Location)).saw(saw)
	case err.Status >= 300 && err.Status < 400:
		return found(StatusFail, codeQueryRedirects, "%s redirects to %s", at, bareText(err.Location)).
			saw(saw).hint(redirectTarget(err.Location))
	case err.Status >= http.StatusInternalServerError:
		return found(StatusFail, codeQueryError, "%s answers %d: %s", at, err.Status, excerpt([]byte(err.Body))).
			saw(saw).hint("docker logs --tail 50 jaeger")
	default:
		return found(StatusFail, codeQueryStatus, "%s answers %d", at, err.Status).saw(saw)
	}
}

// redirectTarget is the hint for a redirect away from the API's own path.
func redirectTarget(location string) string {
	base, _, isAPI := strings.Cut(bareText(location), "/api/")
	if !isAPI || !strings.HasPrefix(base, "http") {
		return ""
	}
	return "--query-url " + base
}

// elsewhere are the hints for a URL that leads to another program or path.
func elsewhere(base *url.URL) []string {
	var hints []string
	if base.Path == "" || base.Path == "/" {
		hints = append(hints, "--query-url "+withPath(base, "/jaeger"))
	} else {
		hints = append(hints, "--query-url "+withPath(base, ""))
	}
	if base.Port() != portUI {
		hints = append([]string{"--query-url " + withPort(base, portUI)}, hints...)
	}
	return hints
}

func contentType(s string) string {
	if s == "" {
		return "something without a content type"
	}
	return s
}
