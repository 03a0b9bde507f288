package elasticsearch

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/storage"
)

// The codes of what is found here.
const (
	codeESAnswers      probe.Code = "es-answers"
	codeESURLInvalid   probe.Code = "es-url-invalid"
	CodeESRefused      probe.Code = "es-refused"
	codeESUnresolved   probe.Code = "es-unresolved"
	codeESTimeout      probe.Code = "es-timeout"
	codeESTLS          probe.Code = "es-tls-mismatch"
	codeESCertificate  probe.Code = "es-certificate"
	codeESNotHTTP      probe.Code = "es-not-http"
	codeESUnreachable  probe.Code = "es-unreachable"
	codeESUnauthorized probe.Code = "es-unauthorized"
	codeESForbidden    probe.Code = "es-forbidden"
	codeESPath         probe.Code = "es-path-wrong"
	codeESUnavailable  probe.Code = "es-unavailable"
	codeESStatus       probe.Code = "es-unexpected-status"
	codeESOther        probe.Code = "es-not-elasticsearch"
	codeESHeadRefused  probe.Code = "es-head-refused"
)

func esFaults() probe.FaultCodes {
	return probe.FaultCodes{
		Refused: CodeESRefused, Unresolved: codeESUnresolved, Timeout: codeESTimeout, TLS: codeESTLS,
		Certificate: codeESCertificate, Protocol: codeESNotHTTP, Other: codeESUnreachable,
	}
}

// Probe returns the probe.
func Probe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDES,
		Hop:   probe.HopStorage,
		Title: "the given Elasticsearch answers as Jaeger asks",
		Codes: append(
			esFaults().All(), codeESAnswers, codeESURLInvalid, codeESUnauthorized, codeESForbidden,
			codeESPath, codeESUnavailable, codeESStatus, codeESOther, codeESHeadRefused,
		),
		Run:        runES,
		After:      []string{probe.IDIdentity},
		RunsBeside: storage.AboutStorage(),
		Finalize:   storage.SettleStorage(ESStopsJaeger),
	}
}

// esCluster is what es-answers learns: a server that answers.
type esCluster struct {
	url        *url.URL
	opensearch bool
	version    jaegers.Version
	// name is the product with its version.
	name string
}

func runES(ctx context.Context, env *probe.Env) probe.Finding {
	if !env.Storage.Searches() {
		return probe.NotUsed("--storage elasticsearch was not asked for")
	}
	type result struct {
		probe.Finding
		cluster *esCluster
	}
	results := make([]result, len(env.Storage.ESURLs))
	var wg sync.WaitGroup
	for i, raw := range env.Storage.ESURLs {
		wg.Go(func() { results[i].Finding, results[i].cluster = reachES(ctx, env, raw) })
	}
	wg.Wait()
	// Jaeger starts when one of its servers answers.
	var good, bad *result
	for i := range results {
		switch r := &results[i]; {
		case r.cluster != nil && good == nil:
			good = r
		case r.cluster == nil && bad == nil:
			bad = r
		}
	}
	if good == nil {
		return bad.Finding
	}
	env.Publish(*good.cluster)
	if bad == nil {
		return good.Finding
	}
	bad.Status = probe.StatusWarn
	bad.Fact += fmt.Sprintf(" (another of the %d servers answers)", len(results))
	return bad.Finding
}

// reachES asks one server as Jaeger does at its start.
func reachES(ctx context.Context, env *probe.Env, raw string) (probe.Finding, *esCluster) {
	jaeger, _ := probe.Result[identity.Identity](env, probe.IDIdentity)
	u, bad := parseESURL(raw, jaeger)
	if bad != nil {
		return *bad, nil
	}
	client, err := newESClient(env, u)
	if err != nil {
		return probe.Found(probe.StatusFail, codeESCertificate, "%v", err).AtHop(probe.HopConfig).Hint("--storage-ca ca.pem"), nil
	}
	defer client.close()
	var head, get esAnswer
	var headErr, getErr error
	var wg sync.WaitGroup
	wg.Go(func() { head, headErr = client.do(ctx, http.MethodHead, "", "") })
	get, getErr = client.do(ctx, http.MethodGet, "", "")
	wg.Wait()
	if getErr != nil {
		return silentES(ctx, env, client, getErr).Saw(failsTransport(u, getErr).lines(jaeger)...), nil
	}
	f, cluster := judgeES(client, get)
	f = f.Saw(fmt.Sprintf("GET %s: %s", client.base, get))
	if cluster == nil {
		if get.ok() {
			return f, nil
		}
		return f.Saw(failsStatus(get).lines(jaeger)...), nil
	}
	if headErr == nil && !head.ok() && !ownClient().has(jaeger.Version) {
		refused := failsStatus(head)
		refused.own = ""
		return probe.Found(probe.StatusFail, codeESHeadRefused,
			"%s answers GET with %d and HEAD with %d: Jaeger up to 2.19 asks HEAD and takes it as absent", client.base, get.status, head.status).
			Saw(f.Evidence...).
			Saw(fmt.Sprintf("HEAD %s: %s", client.base, head)).
			Saw(refused.lines(jaeger)...).
			Hint("allow the method HEAD on / for Jaeger's user or role (AWS: es:ESHttpHead)"), nil
	}
	if probe.IsLoopback(u.Hostname()) {
		f = f.Saw(u.Hostname() + " is this machine; in a container of Jaeger's it is that container")
	}
	return f, cluster
}

// parseESURL reads a server as Jaeger is told it, and says what is wrong with it
// in the words of Jaeger.
func parseESURL(raw string, jaeger identity.Identity) (*url.URL, *probe.Finding) {
	const example = "http://localhost:9200"
	u, err := url.Parse(raw)
	raw = masked(raw)
	_, rest, schemed := strings.Cut(raw, "://")
	fail := func(hint string, says []string, format string, args ...any) (*url.URL, *probe.Finding) {
		f := probe.Found(probe.StatusFail, codeESURLInvalid, format, args...).AtHop(probe.HopConfig).Hint("--es-url " + hint).Saw(says...)
		return nil, &f
	}
	switch {
	case err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host == "":
		fixed := u.Scheme + "://" + strings.TrimLeft(masked(u.Path), "/")
		return fail(fixed, saysOneSlash(raw, jaeger), "the server's URL %q has no host: two slashes belong behind %s:", raw, u.Scheme)
	case !schemed && raw != "":
		return fail("http://"+raw, failsNoScheme(raw, err).lines(jaeger), "the server's URL %q has no scheme", raw)
	case err != nil:
		return fail(example, nil, "the server's URL is no URL: %v", probe.WithoutURL(err))
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
	scheme, _, ok := strings.Cut(raw[:i], "://")
	if !ok {
		return "USER:PASSWORD" + raw[i:]
	}
	return scheme + "://USER:PASSWORD" + raw[i:]
}

// silentES is the finding for a server that gave no answer.
func silentES(ctx context.Context, env *probe.Env, c *esClient, err error) probe.Finding {
	f := esFaults().Finding(c.base, err)
	host := c.base.Hostname()
	switch f.Code {
	case CodeESRefused:
		f = f.Hint("curl -sS "+c.base.String()).Maybe(
			probe.Cause{Text: "it is still starting, which takes up to a minute", Command: "docker logs --tail 20 elasticsearch"},
			probe.Cause{Text: "it has stopped (memory, vm.max_map_count)", Command: "docker ps -a --format '{{.Names}} {{.Status}}'"},
		)
		if probe.IsLoopback(host) {
			f = f.Maybe(probe.Cause{Text: "it runs in another container: use its service's name instead of " + host})
		}
	case codeESUnresolved:
		f = f.Hint("getent hosts "+host).Maybe(
			probe.Cause{Text: "the name is of a compose service, which resolves on its network only", Command: "docker network ls"},
			probe.Cause{Text: "compose's hostname: is not a name that others resolve; use the service's name or an alias"},
		)
	case codeESTLS:
		f = f.Hint("--es-url " + probe.OtherScheme(c.base))
	case codeESCertificate:
		f = f.Hint(probe.CertificateHint).Saw(probe.Presented(err)...)
	case codeESNotHTTP:
		f = f.Hint("--es-url " + probe.WithPort(c.base, "9200") + " (9300 is for other nodes)")
	case codeESUnreachable:
		if c.base.Scheme == "http" && probe.SpeaksTLS(ctx, env, probe.DialAddr(c.base)) {
			f.Code = codeESTLS
			f.Fact = fmt.Sprintf("%s speaks TLS, the URL says http", probe.DialAddr(c.base))
			f = f.Hint("--es-url " + probe.OtherScheme(c.base))
		}
	default:
		f = f.Hint("nc -vz " + host + " " + probe.PortOf(c.base))
	}
	return f
}

// judgeES reads the answer to GET /.
func judgeES(c *esClient, a esAnswer) (probe.Finding, *esCluster) {
	fail := func(code probe.Code, format string, args ...any) (probe.Finding, *esCluster) {
		return probe.Found(probe.StatusFail, code, format, args...), nil
	}
	switch s := a.status; {
	case a.ok():
	case probe.SaysUseTLS(s, string(a.body)):
		return probe.Found(probe.StatusFail, codeESTLS, "%s speaks TLS, the URL says http", probe.DialAddr(c.base)).
			Hint("--es-url " + probe.OtherScheme(c.base)), nil
	case s == http.StatusUnauthorized:
		return unauthorizedES(c), nil
	case s == http.StatusForbidden:
		f, _ := fail(codeESForbidden, "%s answers 403: this user or address may not ask", c.base)
		return f.Hint("curl -sSi " + c.base.String() + " (security plugin, AWS access policy)"), nil
	case s == http.StatusNotFound, s == http.StatusMethodNotAllowed:
		f, _ := fail(codeESPath, "%s answers %d: there is no Elasticsearch at this path", c.base, s)
		return f.Hint("--es-url " + probe.WithPath(c.base, "")), nil
	case s >= http.StatusInternalServerError, s == http.StatusTooManyRequests:
		f, _ := fail(codeESUnavailable, "%s answers %d: it is starting, overloaded, or a proxy has nothing behind it", c.base, s)
		return f.Hint("curl -sS '" + c.base.JoinPath("_cluster/health").String() + "?wait_for_status=yellow&timeout=30s'"), nil
	default:
		return fail(codeESStatus, "%s answers %d", c.base, s)
	}
	var root esRoot
	v, known := jaegers.Version{}, false
	if json.Unmarshal(a.body, &root) == nil {
		v, known = jaegers.ParseVersion(root.Version.Number)
	}
	if !known {
		f, _ := fail(codeESOther, "%s answers %d and is no Elasticsearch", c.base, a.status)
		return f.Hint("curl -sSi " + c.base.String()), nil
	}
	cluster := &esCluster{url: c.base, version: v}
	cluster.opensearch = root.Version.Distribution == "opensearch" || strings.Contains(root.Tagline, "OpenSearch")
	cluster.name = "Elasticsearch " + root.Version.Number
	if cluster.opensearch {
		cluster.name = "OpenSearch " + root.Version.Number
	}
	return probe.Found(probe.StatusOK, codeESAnswers, "%s answers: %s", c.base, cluster.name), cluster
}

func unauthorizedES(c *esClient) probe.Finding {
	f := probe.Found(probe.StatusFail, codeESUnauthorized, "%s answers 401: it wants a user and a password", c.base)
	if c.user != "" {
		f.Fact = fmt.Sprintf("%s answers 401: it does not take user %s with this password", c.base, c.user)
	}
	return f.Hint(
		"ES_USERNAME=elastic ES_PASSWORD=... (Jaeger 1)",
		"jaeger_storage.backends.NAME.elasticsearch.auth.basic: {username: elastic, password: ...} (Jaeger 2)",
		"--storage-user elastic --storage-password ...",
	)
}

// ESStopsJaeger reports whether a Jaeger that finds this exits at its start. What may be so
// only from here, such as a name that does not resolve, is left out.
func ESStopsJaeger(c probe.Code) bool {
	switch c {
	case codeESURLInvalid, CodeESRefused, codeESTLS, codeESCertificate, codeESNotHTTP, codeESUnauthorized,
		codeESForbidden, codeESPath, codeESUnavailable, codeESStatus, codeESOther, codeESHeadRefused, codeESUnsupported:
		return true
	default:
		return false
	}
}
