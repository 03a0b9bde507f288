package canary

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
	"github.com/otdemo/otdemo/pkg/trace"
)

// The codes of what is found here.
const (
	CodeHTTPPathWorks   probe.Code = "http-path-works"
	codeHTTPPathAccepts probe.Code = "http-path-accepts"
	codeHTTPPathNoHelp  probe.Code = "http-path-no-help"
)

// HTTPPathProbe checks, if spans do not arrive over UDP, whether they would
// over HTTP. That separates the network from Jaeger, and the hint works around
// the fault. It decides nothing, since the configuration does not use HTTP.
func HTTPPathProbe() probe.Probe {
	return probe.Probe{
		ID:        probe.IDHTTPPath,
		Hop:       probe.HopDelivery,
		Title:     "thrift over HTTP to the same host works",
		Needs:     []string{probe.IDHost, probe.IDQuery},
		From:      []string{probe.IDCanary},
		After:     []string{probe.IDUDP, probe.IDCanary},
		Unbounded: true,
		Advisory:  true,
		Codes:     []probe.Code{CodeHTTPPathWorks, codeHTTPPathAccepts, codeHTTPPathNoHelp},
		Run:       runHTTPPath,
	}
}

func runHTTPPath(ctx context.Context, env *probe.Env) probe.Finding {
	switch {
	case env.Config().UsesCollector():
		return probe.NotUsed("spans already go to a collector")
	case env.Thorough:
	case env.Passed(probe.IDCanary):
		return probe.NotUsed("spans arrive over UDP")
	case !env.Failed(probe.IDUDP) && !env.Failed(probe.IDCanary):
		return probe.NotUsed("no failure over UDP was found")
	}
	endpoint, err := url.Parse(send.ThriftURL(env.Config().Reporter.Agent.Host))
	if err != nil {
		return probe.Found(probe.StatusUnknown, codeHTTPPathNoHelp, "cannot build a URL from the agent's host: %v", probe.WithoutURL(err))
	}
	ctx, cancel := context.WithTimeout(ctx, probe.NetworkTimeout)
	defer cancel()
	p, err := send.PostSpan(ctx, env, send.Protocols()[0], probe.IDHTTPPath, endpoint, false)
	if err != nil {
		f := probe.OneCode(codeHTTPPathNoHelp).Finding(endpoint, err)
		f.Status = probe.StatusUnknown
		return f
	}
	if p.Status != http.StatusAccepted {
		return probe.Found(probe.StatusUnknown, codeHTTPPathNoHelp, "%s returned %d for a span", probe.Bare(endpoint), p.Status).Saw(p.Evidence())
	}
	hint := "--collector-endpoint " + probe.Bare(endpoint)
	if err := readTrace(ctx, env, p.Trace); err != nil {
		return probe.Found(probe.StatusUnknown, codeHTTPPathAccepts, "%s accepted a span with 202, but the span was not read back", probe.Bare(endpoint)).
			Saw(p.Evidence(), err.Error()).Hint(hint)
	}
	return probe.Found(probe.StatusOK, CodeHTTPPathWorks, "HTTP port %s works: a span sent there was read back", probe.PortThriftHTTP).
		Saw(p.Evidence(), fmt.Sprintf("read trace %s back", p.Trace)).Hint(hint)
}

// readTrace waits until the query API has the trace.
func readTrace(ctx context.Context, env *probe.Env, id trace.TraceID) error {
	client, err := env.NewQuery()
	if err != nil {
		return err
	}
	defer client.Close()
	_, err = client.WaitTrace(ctx, id, nil)
	return err
}
