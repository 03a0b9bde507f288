package elasticsearch

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/otdemo/otdemo/internal/hosts"
	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/storage"
)

// The codes of what is found here.
const (
	codeResponds         probe.Code = "es-answers"
	codeURLInvalid       probe.Code = "es-url-invalid"
	CodeRefused          probe.Code = "es-refused"
	codeUnresolved       probe.Code = "es-unresolved"
	codeTimeout          probe.Code = "es-timeout"
	codeTLS              probe.Code = "es-tls-mismatch"
	codeCertificate      probe.Code = "es-certificate"
	codeNotHTTP          probe.Code = "es-not-http"
	codeUnreachable      probe.Code = "es-unreachable"
	codeUnauthorized     probe.Code = "es-unauthorized"
	codeForbidden        probe.Code = "es-forbidden"
	codePath             probe.Code = "es-path-wrong"
	codeUnavailable      probe.Code = "es-unavailable"
	codeStatus           probe.Code = "es-unexpected-status"
	codeNotElasticsearch probe.Code = "es-not-elasticsearch"
	codeHeadRefused      probe.Code = "es-head-refused"
)

// Probe returns the probe.
func Probe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDES,
		Hop:   probe.HopStorage,
		Title: "the given Elasticsearch accepts Jaeger's requests",
		Codes: []probe.Code{
			codeResponds, codeURLInvalid, CodeRefused, codeUnresolved, codeTimeout, codeTLS, codeCertificate, codeNotHTTP, codeUnreachable,
			codeUnauthorized, codeForbidden, codePath, codeUnavailable, codeStatus, codeNotElasticsearch, codeHeadRefused,
		},
		Run:        run,
		After:      []string{probe.IDIdentity},
		RunsBeside: storage.RelatedProbes(),
		Finalize:   storage.Finalize(stopsJaeger()),
	}
}

// cluster is the published result of es-answers: a server that responds.
type cluster struct {
	url        *url.URL
	opensearch bool
	version    jaegers.Version
	// name is the product with its version.
	name string
}

func run(ctx context.Context, env *probe.Env) probe.Finding {
	if !env.Storage.Searches() {
		return probe.NotUsed("--storage elasticsearch is not set")
	}
	return storage.FirstOf(env, "servers", env.Storage.ESURLs, func(raw string) (probe.Finding, *cluster) { return reach(ctx, env, raw) })
}

// reach sends one server the requests that Jaeger sends at its start.
func reach(ctx context.Context, env *probe.Env, raw string) (probe.Finding, *cluster) {
	jaeger, _ := probe.Result[identity.Identity](env, probe.IDIdentity)
	u, bad := parseServerURL(raw, jaeger)
	if bad != nil {
		return *bad, nil
	}
	client, err := newClient(env, u)
	if err != nil {
		return probe.Fail(codeCertificate, "%v", err).AtHop(probe.HopConfig).Hint("--storage-ca ca.pem"), nil
	}
	defer client.close()
	var head *probe.Fetched
	var headErr error
	var wg sync.WaitGroup
	wg.Go(func() { head, headErr = client.do(ctx, http.MethodHead, "", "") })
	get, getErr := client.do(ctx, http.MethodGet, "", "")
	wg.Wait()
	if getErr != nil {
		return noResponse(ctx, env, client, getErr).Saw(failsTransport(u, getErr).lines(jaeger)...), nil
	}
	f, cluster := judgeResponse(client, get)
	f = f.Saw(get.Evidence())
	if !succeeds(get) {
		f = f.Saw(failsStatus(get).lines(jaeger)...)
	}
	if cluster == nil {
		return f, nil
	}
	if headErr == nil && !succeeds(head) && !jaeger.Version.AtLeast(2, 20) {
		refused := failsStatus(head)
		refused.own = ""
		return probe.Fail(codeHeadRefused,
			"%s returned %d for GET and %d for HEAD: Jaeger up to 2.19 sends HEAD and treats the server as down", client.base, get.Status, head.Status).
			Saw(f.Evidence...).
			Saw(head.Evidence()).
			Saw(refused.lines(jaeger)...).
			Hint("allow the method HEAD on / for Jaeger's user or role (AWS: es:ESHttpHead)"), nil
	}
	if hosts.IsLoopback(u.Hostname()) {
		f = f.Saw(u.Hostname() + " is this machine; inside Jaeger's container it is that container")
	}
	return f, cluster
}

// parseServerURL parses a server URL as Jaeger does; the finding for a wrong
// one has Jaeger's own log lines.
func parseServerURL(raw string, jaeger identity.Identity) (*url.URL, *probe.Finding) {
	const example = "http://localhost:9200"
	u, err := url.Parse(raw)
	raw = masked(raw)
	_, rest, schemed := strings.Cut(raw, "://")
	fail := func(hint string, logged []string, format string, args ...any) (*url.URL, *probe.Finding) {
		f := probe.Fail(codeURLInvalid, format, args...).AtHop(probe.HopConfig).Hint("--es-url " + hint).Saw(logged...)
		return nil, &f
	}
	switch {
	case err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host == "":
		fixed := u.Scheme + "://" + strings.TrimLeft(masked(u.Path), "/")
		return fail(fixed, oneSlashLines(raw, jaeger), "the server's URL %q has no host: write two slashes after %s:", raw, u.Scheme)
	case !schemed && raw != "":
		return fail("http://"+raw, failsNoScheme(raw, err).lines(jaeger), "the server's URL %q has no scheme", raw)
	case err != nil:
		return fail(example, nil, "the server's URL is invalid: %v", probe.WithoutURL(err))
	case rest == "" || u.Scheme != "http" && u.Scheme != "https":
		return fail(example, nil, "the server's URL %q is not http or https", probe.BareText(raw))
	}
	return u, nil
}

// masked hides the user info of a text that may be no URL.
func masked(raw string) string {
	i := strings.LastIndex(raw, "@")
	if i < 0 {
		return raw
	}
	scheme := ""
	if before, _, ok := strings.Cut(raw[:i], "://"); ok {
		scheme = before + "://"
	}
	return scheme + "USER:PASSWORD" + raw[i:]
}

func noResponse(ctx context.Context, env *probe.Env, c *client, err error) probe.Finding {
	host := c.base.Hostname()
	refused := probe.Finding{Code: CodeRefused}.Hint("curl -sS "+c.base.String()).
		Perhaps("it is still starting, which takes up to a minute", "docker logs --tail 20 elasticsearch").
		Perhaps("it has stopped (memory, vm.max_map_count)", "docker ps -a --format '{{.Names}} {{.Status}}'")
	if hosts.IsLoopback(host) {
		refused = refused.Perhaps("it runs in another container: use its service name instead of "+host, "")
	}
	faults := probe.Faults{
		probe.FaultRefused: refused,
		probe.FaultUnresolved: probe.Finding{Code: codeUnresolved}.Hint("getent hosts "+host).
			Perhaps("the name is a compose service, which resolves only on its own network", "docker network ls").
			Perhaps("compose's hostname: is not a name that other containers can resolve; use the service name or an alias", ""),
		probe.FaultTimeout:     probe.Finding{Code: codeTimeout}.Hint("nc -vz " + host + " " + probe.PortOf(c.base)),
		probe.FaultTLS:         probe.Finding{Code: codeTLS}.Hint("--es-url " + probe.OtherScheme(c.base)),
		probe.FaultCertificate: probe.Finding{Code: codeCertificate}.Hint(probe.CertificateHint).Saw(probe.Presented(err)...),
		probe.FaultProtocol:    probe.Finding{Code: codeNotHTTP}.Hint("--es-url " + probe.WithPort(c.base, "9200") + " (9300 is for other nodes)"),
		probe.FaultOther:       {Code: codeUnreachable},
	}
	f := faults.Finding(c.base, err)
	if f.Code == codeUnreachable && c.base.Scheme == "http" && probe.SpeaksTLS(ctx, env, probe.DialAddr(c.base)) {
		return speaksTLS(c).Saw(f.Evidence...)
	}
	return f
}

func speaksTLS(c *client) probe.Finding {
	return probe.Fail(codeTLS, "%s speaks TLS, but the URL scheme is http", probe.DialAddr(c.base)).Hint("--es-url " + probe.OtherScheme(c.base))
}

func judgeResponse(c *client, a *probe.Fetched) (probe.Finding, *cluster) {
	if !succeeds(a) {
		return unsuccessful(c, a), nil
	}
	var root struct {
		Version struct {
			Number       string `json:"number"`
			Distribution string `json:"distribution"`
		} `json:"version"`
		Tagline string `json:"tagline"`
	}
	// What is not JSON has no version.
	_ = json.Unmarshal(a.Body, &root)
	v, known := jaegers.ParseVersion(root.Version.Number)
	if !known {
		return probe.Fail(codeNotElasticsearch, "%s returned %d but is not Elasticsearch", c.base, a.Status).
			Hint("curl -sSi " + c.base.String()), nil
	}
	found := &cluster{url: c.base, version: v, name: "Elasticsearch " + root.Version.Number}
	if root.Version.Distribution == "opensearch" || strings.Contains(root.Tagline, "OpenSearch") {
		found.opensearch, found.name = true, "OpenSearch "+root.Version.Number
	}
	return probe.OK(codeResponds, "%s responds: %s", c.base, found.name), found
}

func unsuccessful(c *client, a *probe.Fetched) probe.Finding {
	switch s := a.Status; {
	case probe.RequiresTLS(s, string(a.Body)):
		return speaksTLS(c)
	case s == http.StatusUnauthorized:
		return unauthorized(c)
	case s == http.StatusForbidden:
		return probe.Fail(codeForbidden, "%s returned 403: this user or address has no access", c.base).
			Hint("curl -sSi " + c.base.String() + " (security plugin, AWS access policy)")
	case s == http.StatusNotFound, s == http.StatusMethodNotAllowed:
		return probe.Fail(codePath, "%s returned %d: no Elasticsearch at this path", c.base, s).Hint("--es-url " + probe.WithPath(c.base, ""))
	case s >= http.StatusInternalServerError, s == http.StatusTooManyRequests:
		return probe.Fail(codeUnavailable, "%s returned %d: it is starting or overloaded, or a proxy has no backend", c.base, s).
			Hint("curl -sS '" + c.base.JoinPath("_cluster/health").String() + "?wait_for_status=yellow&timeout=30s'")
	default:
		return probe.Fail(codeStatus, "%s returned %d", c.base, s)
	}
}

func unauthorized(c *client) probe.Finding {
	f := probe.Fail(codeUnauthorized, "%s returned 401: it requires a user and a password", c.base)
	if c.user != "" {
		f.Fact = fmt.Sprintf("%s returned 401: it rejects user %s with this password", c.base, c.user)
	}
	return f.Hint(
		"ES_USERNAME=elastic ES_PASSWORD=... (Jaeger 1)",
		"jaeger_storage.backends.NAME.elasticsearch.auth.basic: {username: elastic, password: ...} (Jaeger 2)",
		"--storage-user elastic --storage-password ...",
	)
}

// stopsJaeger are the findings with which a Jaeger exits at its start. What may be
// so only from here, such as a name that does not resolve, is left out.
func stopsJaeger() []probe.Code {
	return []probe.Code{
		codeURLInvalid, CodeRefused, codeTLS, codeCertificate, codeNotHTTP, codeUnauthorized, codeForbidden, codePath,
		codeUnavailable, codeStatus, codeNotElasticsearch, codeHeadRefused, codeVersionUnsupported,
	}
}
