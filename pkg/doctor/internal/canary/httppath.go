package canary

import (
	"context"
	"fmt"
	"net/http"
	"time"

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
	in := send.ByPath(probe.IDHTTPPath)
	endpoint := in.URL(env.Config().Reporter.Agent.Host)
	ctx, cancel := context.WithTimeout(ctx, probe.NetworkTimeout)
	defer cancel()
	a := in.Send(ctx, env, endpoint, send.NewRawSpan(probe.IDHTTPPath, time.Now()), false)
	if a.Err != nil {
		f := probe.OneCode(codeHTTPPathNoHelp).Finding(endpoint, a.Err)
		f.Status = probe.StatusUnknown
		return f
	}
	if a.Problem != nil {
		return probe.Found(probe.StatusUnknown, codeHTTPPathNoHelp, "%v", a.Problem).Saw(a.Evidence)
	}
	hint := "--collector-endpoint " + a.Target
	if err := readTrace(ctx, env, a.Trace); err != nil {
		return probe.Found(probe.StatusUnknown, codeHTTPPathAccepts, "%s accepted a span with %d, but the span was not read back", a.Target, http.StatusAccepted).
			Saw(a.Evidence, err.Error()).Hint(hint)
	}
	return probe.Found(probe.StatusOK, CodeHTTPPathWorks, "HTTP port %s works: a span sent there was read back", in.Port).
		Saw(a.Evidence, fmt.Sprintf("read trace %s back", a.Trace)).Hint(hint)
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
