package doctor

import (
	"slices"

	"github.com/otdemo/otdemo/pkg/doctor/internal/canary"
	"github.com/otdemo/otdemo/pkg/doctor/internal/cassandra"
	"github.com/otdemo/otdemo/pkg/doctor/internal/compose"
	"github.com/otdemo/otdemo/pkg/doctor/internal/docker"
	"github.com/otdemo/otdemo/pkg/doctor/internal/elasticsearch"
	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/loss"
	"github.com/otdemo/otdemo/pkg/doctor/internal/ports"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/queryapi"
	"github.com/otdemo/otdemo/pkg/doctor/internal/settings"
	"github.com/otdemo/otdemo/pkg/doctor/internal/storage"
	"github.com/otdemo/otdemo/pkg/doctor/internal/through"
	"github.com/otdemo/otdemo/pkg/doctor/internal/transport"
)

// Probes returns all probes in the order of a report. Each needs only earlier
// ones.
func Probes() []probe.Probe {
	return slices.Concat([]probe.Probe{
		settings.ConfigProbe(),
		settings.ChoiceProbe(),
		settings.ClientEnvProbe(),
		settings.OTelEnvProbe(),
		settings.ServiceProbe(),
		settings.ReporterProbe(),
		settings.PlaceProbe(),
		settings.SamplerProbe(),
		identity.Probe(),
		storage.KindProbe(),
		settings.StrategyProbe(),
		queryapi.Probe(),
		transport.HostProbe(),
		transport.UDPProbe(),
		transport.CollectorProbe(),
		canary.Probe(),
		canary.LargeProbe(),
		canary.ClockProbe(),
		canary.SearchProbe(),
	}, storageProbes(), []probe.Probe{
		docker.EngineProbe(),
		docker.Probe(),
		compose.Probe(),
		ports.Probe(),
		canary.HTTPPathProbe(),
		canary.ProtocolProbe(),
		through.Probe(),
	}, canary.PathProbes(), []probe.Probe{loss.Probe(ids(storageProbes()))})
}

// storageProbes stand before those about containers: when Jaeger has exited for
// its storage, the storage is the cause.
func storageProbes() []probe.Probe {
	return slices.Concat(
		[]probe.Probe{elasticsearch.Probe()}, elasticsearch.StateProbes(),
		[]probe.Probe{cassandra.Probe()}, cassandra.StateProbes(),
	)
}

func ids(probes []probe.Probe) []string {
	var all []string
	for i := range probes {
		all = append(all, probes[i].ID)
	}
	return all
}
