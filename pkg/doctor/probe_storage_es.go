package doctor

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

const idES = "es-answers"

const (
	codeESAnswers      Code = "es-answers"
	codeESURLInvalid   Code = "es-url-invalid"
	codeESRefused      Code = "es-refused"
	codeESUnresolved   Code = "es-unresolved"
	codeESTimeout      Code = "es-timeout"
	codeESTLS          Code = "es-tls-mismatch"
	codeESCertificate  Code = "es-certificate"
	codeESNotHTTP      Code = "es-not-http"
	codeESUnreachable  Code = "es-unreachable"
	codeESUnauthorized Code = "es-unauthorized"
	codeESForbidden    Code = "es-forbidden"
	codeESPath         Code = "es-path-wrong"
	codeESUnavailable  Code = "es-unavailable"
	codeESStatus       Code = "es-unexpected-status"
	codeESOther        Code = "es-not-elasticsearch"
	codeESHeadRefused  Code = "es-head-refused"
)

func esFaults() faultCodes {
	return faultCodes{
		Refused: codeESRefused, Unresolved: codeESUnresolved, Timeout: codeESTimeout, TLS: codeESTLS,
		Certificate: codeESCertificate, Protocol: codeESNotHTTP, Other: codeESUnreachable,
	}
}

func esProbe() Probe {
	return Probe{
		ID:    idES,
		Hop:   HopStorage,
		Title: "the given Elasticsearch answers as Jaeger asks",
		Codes: append(
			esFaults().all(), codeESAnswers, codeESURLInvalid, codeESUnauthorized, codeESForbidden,
			codeESPath, codeESUnavailable, codeESStatus, codeESOther, codeESHeadRefused,
		),
		Run:    runES,
		After:  []string{idIdentity},
		Beside: aboutStorage(),
		Settle: settleStorage(esStopsJaeger),
	}
}

// esCluster is what es-answers learns: a server that answers.
type esCluster struct {
	url        *url.URL
	opensearch bool
	version    version
	// name is the product with its version.
	name string
}

func runES(ctx context.Context, env *Env) Finding {
	if !env.Storage.searches() {
		return notUsed("--storage elasticsearch was not asked for")
	}
	type result struct {
		Finding
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
	env.learn(*good.cluster)
	if bad == nil {
		return good.Finding
	}
	bad.Status = StatusWarn
	bad.Fact += fmt.Sprintf(" (another of the %d servers answers)", len(results))
	return bad.Finding
}

// reachES asks one server as Jaeger does at its start.
func reachES(ctx context.Context, env *Env, raw string) (Finding, *esCluster) {
	jaeger, _ := fact[identity](env, idIdentity)
	u, bad := parseESURL(raw, jaeger)
	if bad != nil {
		return *bad, nil
	}
	client, err := newESClient(env, u)
	if err != nil {
		return found(StatusFail, codeESCertificate, "%v", err).at(HopConfig).hint("--storage-ca ca.pem"), nil
	}
	defer client.close()
	var head, get esAnswer
	var headErr, getErr error
	var wg sync.WaitGroup
	wg.Go(func() { head, headErr = client.do(ctx, http.MethodHead, "", "") })
	get, getErr = client.do(ctx, http.MethodGet, "", "")
	wg.Wait()
	if getErr != nil {
		return silentES(ctx, env, client, getErr).saw(failsTransport(u, getErr).lines(jaeger)...), nil
	}
	f, cluster := judgeES(client, get)
	f = f.saw(fmt.Sprintf("GET %s: %s", client.base, get))
	if cluster == nil {
		if get.ok() {
			return f, nil
		}
		return f.saw(failsStatus(get).lines(jaeger)...), nil
	}
	if headErr == nil && !head.ok() && !ownClient().has(jaeger.version) {
		refused := failsStatus(head)
		refused.own = ""
		return found(StatusFail, codeESHeadRefused,
			"%s answers GET with %d and HEAD with %d: Jaeger up to 2.19 asks HEAD and takes it as absent", client.base, get.status, head.status).
			saw(f.Evidence...).
			saw(fmt.Sprintf("HEAD %s: %s", client.base, head)).
			saw(refused.lines(jaeger)...).
			hint("allow the method HEAD on / for Jaeger's user or role (AWS: es:ESHttpHead)"), nil
	}
	if isLoopback(u.Hostname()) {
		f = f.saw(u.Hostname() + " is this machine; in a container of Jaeger's it is that container")
	}
	return f, cluster
}

// parseESURL reads a server as Jaeger is told it, and says what is wrong with it
// in the words of Jaeger.
func parseESURL(raw string, jaeger identity) (*url.URL, *Finding) {
	const example = "http://localhost:9200"
	u, err := url.Parse(raw)
	raw = masked(raw)
	_, rest, schemed := strings.Cut(raw, "://")
	fail := func(hint string, says []string, format string, args ...any) (*url.URL, *Finding) {
		f := found(StatusFail, codeESURLInvalid, format, args...).at(HopConfig).hint("--es-url " + hint).saw(says...)
		return nil, &f
	}
	switch {
	case err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host == "":
		fixed := u.Scheme + "://" + strings.TrimLeft(masked(u.Path), "/")
		return fail(fixed, saysOneSlash(raw, jaeger), "the server's URL %q has no host: two slashes belong behind %s:", raw, u.Scheme)
	case !schemed && raw != "":
		return fail("http://"+raw, failsNoScheme(raw, err).lines(jaeger), "the server's URL %q has no scheme", raw)
	case err != nil:
		return fail(example, nil, "the server's URL is no URL: %v", withoutURL(err))
	case rest == "" || u.Scheme != "http" && u.Scheme != "https":
		return fail(example, nil, "the server's URL %q is not http or https", bareText(raw))
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
func silentES(ctx context.Context, env *Env, c *esClient, err error) Finding {
	f := esFaults().finding(c.base, err)
	host := c.base.Hostname()
	switch f.Code {
	case codeESRefused:
		f = f.hint("curl -sS "+c.base.String()).maybe(
			Cause{Text: "it is still starting, which takes up to a minute", Command: "docker logs --tail 20 elasticsearch"},
			Cause{Text: "it has stopped (memory, vm.max_map_count)", Command: "docker ps -a --format '{{.Names}} {{.Status}}'"},
		)
		if isLoopback(host) {
			f = f.maybe(Cause{Text: "it runs in another container: use its service's name instead of " + host})
		}
	case codeESUnresolved:
		f = f.hint("getent hosts "+host).maybe(
			Cause{Text: "the name is of a compose service, which resolves on its network only", Command: "docker network ls"},
			Cause{Text: "compose's hostname: is not a name that others resolve; use the service's name or an alias"},
		)
	case codeESTLS:
		f = f.hint("--es-url " + otherScheme(c.base))
	case codeESCertificate:
		f = f.hint(certificateHint).saw(presented(err)...)
	case codeESNotHTTP:
		f = f.hint("--es-url " + withPort(c.base, "9200") + " (9300 is for other nodes)")
	case codeESUnreachable:
		if c.base.Scheme == "http" && speaksTLS(ctx, env, dialAddr(c.base)) {
			f.Code = codeESTLS
			f.Fact = fmt.Sprintf("%s speaks TLS, the URL says http", dialAddr(c.base))
			f = f.hint("--es-url " + otherScheme(c.base))
		}
	default:
		f = f.hint("nc -vz " + host + " " + portOf(c.base))
	}
	return f
}

// presented describes the certificate in a handshake's error.
func presented(err error) []string {
	cert, ok := errors.AsType[*tls.CertificateVerificationError](err)
	if !ok || len(cert.UnverifiedCertificates) == 0 {
		return nil
	}
	return []string{subject(cert.UnverifiedCertificates[0])}
}

// speaksTLS tries a handshake, whatever the certificate. A TLS port closes or
// resets a connection that speaks HTTP, as other programs do.
func speaksTLS(ctx context.Context, env *Env, addr string) bool {
	conn, err := env.Dial(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	client := tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // nothing is sent
	return client.HandshakeContext(ctx) == nil
}

// judgeES reads the answer to GET /.
func judgeES(c *esClient, a esAnswer) (Finding, *esCluster) {
	fail := func(code Code, format string, args ...any) (Finding, *esCluster) {
		return found(StatusFail, code, format, args...), nil
	}
	switch s := a.status; {
	case a.ok():
	case saysUseTLS(s, string(a.body)):
		return found(StatusFail, codeESTLS, "%s speaks TLS, the URL says http", dialAddr(c.base)).
			hint("--es-url " + otherScheme(c.base)), nil
	case s == http.StatusUnauthorized:
		return unauthorizedES(c), nil
	case s == http.StatusForbidden:
		f, _ := fail(codeESForbidden, "%s answers 403: this user or address may not ask", c.base)
		return f.hint("curl -sSi " + c.base.String() + " (security plugin, AWS access policy)"), nil
	case s == http.StatusNotFound, s == http.StatusMethodNotAllowed:
		f, _ := fail(codeESPath, "%s answers %d: there is no Elasticsearch at this path", c.base, s)
		return f.hint("--es-url " + withPath(c.base, "")), nil
	case s >= http.StatusInternalServerError, s == http.StatusTooManyRequests:
		f, _ := fail(codeESUnavailable, "%s answers %d: it is starting, overloaded, or a proxy has nothing behind it", c.base, s)
		return f.hint("curl -sS '" + c.base.JoinPath("_cluster/health").String() + "?wait_for_status=yellow&timeout=30s'"), nil
	default:
		return fail(codeESStatus, "%s answers %d", c.base, s)
	}
	var root esRoot
	v, known := version{}, false
	if json.Unmarshal(a.body, &root) == nil {
		v, known = parseVersion(root.Version.Number)
	}
	if !known {
		f, _ := fail(codeESOther, "%s answers %d and is no Elasticsearch", c.base, a.status)
		return f.hint("curl -sSi " + c.base.String()), nil
	}
	cluster := &esCluster{url: c.base, version: v}
	cluster.opensearch = root.Version.Distribution == "opensearch" || strings.Contains(root.Tagline, "OpenSearch")
	cluster.name = "Elasticsearch " + root.Version.Number
	if cluster.opensearch {
		cluster.name = "OpenSearch " + root.Version.Number
	}
	return found(StatusOK, codeESAnswers, "%s answers: %s", c.base, cluster.name), cluster
}

func unauthorizedES(c *esClient) Finding {
	f := found(StatusFail, codeESUnauthorized, "%s answers 401: it wants a user and a password", c.base)
	if c.user != "" {
		f.Fact = fmt.Sprintf("%s answers 401: it does not take user %s with this password", c.base, c.user)
	}
	return f.hint(
		"ES_USERNAME=elastic ES_PASSWORD=... (Jaeger 1)",
		"jaeger_storage.backends.NAME.elasticsearch.auth.basic: {username: elastic, password: ...} (Jaeger 2)",
		"--storage-user elastic --storage-password ...",
	)
}

// esStopsJaeger reports whether a Jaeger that finds this exits at its start. What may be so
// only from here, such as a name that does not resolve, is left out.
func esStopsJaeger(c Code) bool {
	switch c {
	case codeESURLInvalid, codeESRefused, codeESTLS, codeESCertificate, codeESNotHTTP, codeESUnauthorized,
		codeESForbidden, codeESPath, codeESUnavailable, codeESStatus, codeESOther, codeESHeadRefused, codeESUnsupported:
		return true
	default:
		return false
	}
}
