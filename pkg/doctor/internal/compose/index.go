package compose

import (
	"github.com/otdemo/otdemo/pkg/doctor/internal/docker"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// index finds services without going through all of them, of which a file of
// 1 MiB has up to 50,000: each is compared with others.
type index struct {
	byName     map[string]*service
	byHostname map[string][]*service
	// jaegers are the services with an image of Jaeger.
	jaegers []*service
	// storage is the first that Jaeger may store in, nil if there is none; kinds has
	// the first of each kind.
	storage *service
	kinds   map[string]*service
	// published has the ports of the services of Jaeger's, on whatever address, and
	// hostNetwork is set if one of them has the machine's network.
	published   map[docker.Binding]bool
	hostNetwork bool
}

func indexOf(services []service) *index {
	x := &index{
		byName: make(map[string]*service), byHostname: make(map[string][]*service),
		kinds: make(map[string]*service), published: make(map[docker.Binding]bool),
	}
	for i := range services {
		s := &services[i]
		x.byName[s.name] = s
		if s.hostname != "" {
			x.byHostname[s.hostname] = append(x.byHostname[s.hostname], s)
		}
		if x.storage == nil && s.Image.IsStorage() {
			x.storage = s
		}
		for _, kind := range []string{probe.StorageElasticsearch, probe.StorageOpenSearch, probe.StorageCassandra} {
			if x.kinds[kind] == nil && s.Image.IsKind(kind) {
				x.kinds[kind] = s
			}
		}
		if s.isJaeger() {
			x.jaegers = append(x.jaegers, s)
			x.hostNetwork = x.hostNetwork || s.hostNetwork
			for _, p := range s.ports {
				x.published[p.anywhere()] = true
			}
		}
	}
	return x
}
