package doctor

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/otdemo/otdemo/pkg/trace"
)

const idHTTPPath = "http-path"

const (
	codeHTTPPathWorks   Code = "http-path-works"
	codeHTTPPathAccepts Code = "http-path-accepts"
	codeHTTPPathNoHelp  Code = "http-path-no-help"
)

// httpPath looks, when spans do not arrive over UDP, whether they would over
// HTTP. That splits the network from Jaeger, and it is a way out. It decides
// nothing, since the configuration does not use it.
func httpPath() Probe {
	return Probe{
		ID:      idHTTPPath,
		Hop:     HopDelivery,
		Title:   "thrift over HTTP to the same host works instead",
		Needs:   []string{idHost, idQuery},
		From:    []string{idCanary},
		After:   []string{idUDP, idCanary},
		Patient: true,
		Aside:   true,
		Codes:   []Code{codeHTTPPathWorks, codeHTTPPathAccepts, codeHTTPPathNoHelp},
		Run:     runHTTPPath,
	}
}

// thriftURL is where a Jaeger on host takes thrift over HTTP.
func thriftURL(host string) string {
	return "http://" + net.JoinHostPort(host, portThriftHTTP) + thriftPath
}

func runHTTPPath(ctx context.Context, env *Env) Finding {
	switch {
	case env.config().UsesCollector():
		return notUsed("spans go to a collector already")
	case env.Thorough:
	case env.passed(idCanary):
		return notUsed("spans arrive over UDP")
	case !env.failed(idUDP) && !env.failed(idCanary):
		return notUsed("it is not known that UDP fails")
	}
	endpoint, err := url.Parse(thriftURL(env.config().Reporter.Agent.Host))
	if err != nil {
		return found(StatusUnknown, codeHTTPPathNoHelp, "no URL can be made of the agent's host: %v", withoutURL(err))
	}
	ctx, cancel := context.WithTimeout(ctx, networkTimeout)
	defer cancel()
	p, err := postSpan(ctx, env, intakes()[0], idHTTPPath, endpoint, false)
	if err != nil {
		f := oneCode(codeHTTPPathNoHelp).finding(endpoint, err)
		f.Status = StatusUnknown
		return f
	}
	if p.status != http.StatusAccepted {
		return found(StatusUnknown, codeHTTPPathNoHelp, "%s answers a span with %d", bare(endpoint), p.status).saw(p.evidence())
	}
	hint := "--collector-endpoint " + bare(endpoint)
	if err := readTrace(ctx, env, p.trace); err != nil {
		return found(StatusUnknown, codeHTTPPathAccepts, "%s accepts a span with 202, which was not read back", bare(endpoint)).
			saw(p.evidence(), err.Error()).hint(hint)
	}
	return found(StatusOK, codeHTTPPathWorks, "HTTP %s works: a span sent there was read back", portThriftHTTP).
		saw(p.evidence(), fmt.Sprintf("read trace %s back", p.trace)).hint(hint)
}

// readTrace waits until the query API has the trace.
func readTrace(ctx context.Context, env *Env, id trace.TraceID) error {
	client, err := env.newQuery()
	if err != nil {
		return err
	}
	defer client.Close()
	_, err = client.WaitTrace(ctx, id, nil)
	return err
}
