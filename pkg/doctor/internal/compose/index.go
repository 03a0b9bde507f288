package compose

import (
	"github.com/otdemo/otdemo/pkg/doctor/internal/docker"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// serviceIndex finds services without going through all of them, of which a file of
// 1 MiB has up to 50,000: each is compared with others.
type serviceIndex struct {
	byName     map[string]*service
	byHostname map[string][]*service
	jaegers    []*service
	// storage is the first that Jaeger may store in, nil if there is none; kinds has
	// the first of each kind.
	storage *service
	kinds   map[string]*service
	// publishers are the services of Jaeger's that publish a port, of those that have
	// the machine's network none. Two are enough to know that there is another.
	publishers  map[docker.Binding][]*service
	hostNetwork []*service
}

// found returns the index, which is made when it is first asked for: once the services
// do not change any more.
func (f *file) found() *serviceIndex {
	if f.index != nil {
		return f.index
	}
	f.index = &serviceIndex{
		byName: make(map[string]*service), byHostname: make(map[string][]*service),
		kinds: make(map[string]*service), publishers: make(map[docker.Binding][]*service),
	}
	for i := range f.services {
		f.index.add(&f.services[i])
	}
	return f.index
}

func (x *serviceIndex) add(s *service) {
	x.byName[s.name] = s
	if s.hostname != "" {
		x.byHostname[s.hostname] = append(x.byHostname[s.hostname], s)
	}
	image := s.jaeger()
	if x.storage == nil && image.IsStorage() {
		x.storage = s
	}
	for _, kind := range []string{probe.StorageElasticsearch, probe.StorageOpenSearch, probe.StorageCassandra} {
		if x.kinds[kind] == nil && image.IsKind(kind) {
			x.kinds[kind] = s
		}
	}
	if !s.isJaeger() {
		return
	}
	x.jaegers = append(x.jaegers, s)
	const enough = 2
	if s.hostNetwork && len(x.hostNetwork) < enough {
		x.hostNetwork = append(x.hostNetwork, s)
	}
	for _, p := range s.ports {
		key := docker.Binding{Port: p.Port, Inside: p.Inside, Proto: p.Proto}
		if have := x.publishers[key]; len(have) < enough && (len(have) == 0 || have[0] != s) {
			x.publishers[key] = append(have, s)
		}
	}
}

// jaegers are the services with an image of Jaeger.
func (f *file) jaegers() []*service { return f.found().jaegers }

// storage is the service that Jaeger may store in, nil if there is none.
func (f *file) storage() *service { return f.found().storage }

// service returns the service of a name, nil if there is none.
func (f *file) service(name string) *service { return f.found().byName[name] }

func (s *service) jaeger() jaegers.Image {
	if s.parsed == nil {
		image := jaegers.ImageOf(s.image, nil)
		s.parsed = &image
	}
	return *s.parsed
}
