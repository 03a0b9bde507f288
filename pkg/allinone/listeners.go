package allinone

import (
	"net/http"

	"github.com/otdemo/otdemo/pkg/allinone/agent"
	"github.com/otdemo/otdemo/pkg/allinone/apiv2"
	"github.com/otdemo/otdemo/pkg/allinone/appdash"
	"github.com/otdemo/otdemo/pkg/allinone/collector"
	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/otlp"
	"github.com/otdemo/otdemo/pkg/allinone/sampling"
	"github.com/otdemo/otdemo/pkg/allinone/zipkin"
)

// The names of the listeners, in Options.Ports, ListenError, Stats and
// Backend.Addrs.
const (
	AgentCompact  = agent.CompactName
	AgentBinary   = agent.BinaryName
	AgentZipkin   = agent.ZipkinName
	CollectorHTTP = collector.Name
	CollectorGRPC = apiv2.Name
	Zipkin        = zipkin.Name
	OTLPGRPC      = otlp.GRPCName
	OTLPHTTP      = otlp.HTTPName
	Appdash       = appdash.Name
	Query         = "query"
	Sampling      = "sampling"
	Health        = "health"
	HealthV2      = "health-v2"
)

// receivers returns the receivers of spans, in the order of the documentation. A
// further one has a package of its own, and takes a row here and one in
// docs/all-in-one.md.
func receivers(strategies *sampling.Strategies, strategiesHTTP http.Handler) []ingest.Receiver {
	return []ingest.Receiver{
		agent.Compact(),
		agent.Binary(),
		agent.Zipkin(),
		collector.Receiver{Sampling: strategiesHTTP},
		zipkin.Receiver{},
		apiv2.Receiver{Sampling: strategies},
		otlp.GRPC{},
		otlp.HTTP{},
		appdash.Receiver{},
	}
}

func specs() []ingest.Spec {
	var all []ingest.Spec
	for _, r := range receivers(nil, nil) {
		all = append(all, r.Spec())
	}
	return all
}

// Off in Options.Ports leaves a listener out.
const Off = -1

// Listener is one of the ports that a Backend listens on.
type Listener = ingest.Spec

// Listeners returns every listener that a Backend can have: the receivers, and the
// ports that serve something.
func Listeners() []Listener {
	return append(specs(),
		Listener{Name: Query, Network: "tcp", Port: 16686, Purpose: "serve Jaeger's query API, and the page to browsers"},
		Listener{Name: Sampling, Network: "tcp", Port: 5778, Purpose: "serve sampling strategies"},
		Listener{Name: Health, Network: "tcp", Port: 14269, Purpose: "serve Jaeger 1's health check, and metrics"},
		Listener{Name: HealthV2, Network: "tcp", Port: 13133, Purpose: "serve Jaeger 2's health check"},
	)
}
