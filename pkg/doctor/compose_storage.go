package doctor

import (
	"fmt"
	"slices"
	"strings"
)

// unsetStorage is a Jaeger 1 that is told the kind of its storage and not where it
// is, or that it is in the container itself, which is the same.
type unsetStorage struct {
	// kind and variable are what Jaeger is told and what it lacks.
	kind     string
	variable string
	// goesTo is where it looks for the storage, and log what it prints then.
	goesTo, log string
	// given is the value that the variable has; empty when it has none.
	given variable
}

// storageUnset returns how the address of the storage is missing.
func storageUnset(image jaegerImage, env []variable, args []string) (unsetStorage, bool) {
	u := unsetStorage{kind: storageType(image, env, args)}
	switch u.kind {
	case StorageElasticsearch, StorageOpenSearch:
		u.variable, u.goesTo, u.log = storageURLVariable, "http://127.0.0.1:9200", "no Elasticsearch node available"
	case StorageCassandra:
		u.variable, u.goesTo, u.log = cassandraServersVariable, "127.0.0.1:9042", "gocql: unable to create session"
	default:
		return u, false
	}
	u.given = settingAt(env, args, u.variable)
	if u.kind == StorageCassandra {
		servers := strings.Split(u.given.value, ",")
		// A URL of Elasticsearch has findings of its own.
		ownOnly := !slices.ContainsFunc(servers, func(s string) bool { return !isLoopback(strings.TrimSpace(s)) })
		return u, u.given.value == "" || ownOnly
	}
	return u, u.given.value == ""
}

func (u *unsetStorage) String() string {
	if u.given.value != "" {
		return fmt.Sprintf("is given %s=%s, which is its own container", u.variable, u.given.value)
	}
	return fmt.Sprintf("stores in %s and is given no %s: it goes to %s, which is its own container", u.kind, u.variable, u.goesTo)
}

// evidence is the line by which users know the fault.
func (u *unsetStorage) evidence() string { return "Jaeger then logs: " + u.log }

// address is the variable's value for a host.
func (u *unsetStorage) address(host string) string {
	if u.kind == StorageCassandra {
		return host
	}
	return "http://" + host + ":9200"
}

// isKind reports whether the image is a storage that Jaeger calls so.
func (i jaegerImage) isKind(kind string) bool {
	cassandra := i.repository == "cassandra" || i.repository == "scylla"
	return i.isStorage() && cassandra == (kind == StorageCassandra)
}

// hostGateway is the name of the machine in a container, and the flag and the key
// that make it one on Linux.
const (
	hostName    = "host.docker.internal"
	hostGateway = hostName + ":host-gateway"
)

// checkUnset looks for a storage without an address. Without its storage Jaeger
// exits, and no port is open.
func (c *composeCheck) checkUnset(s *composeService) {
	u, ok := storageUnset(s.jaeger(), s.env, s.command)
	if !ok || s.hostNetwork || s.sharesNetwork {
		return
	}
	line := lineIn(s.env, s.line, u.variable, storageTypeVariable)
	host, missing := u.kind, true
	for i := range c.services {
		if o := &c.services[i]; o.jaeger().isKind(u.kind) {
			host, missing = o.name, false
			break
		}
	}
	f := c.add(codeComposeStorageUnset, HopStorage, line, u.variable+"="+u.address(host), "%s %s", s.name, &u)
	f.saw = u.evidence()
	if missing {
		f.mend += ", and a service " + host + ", which the file has not"
		f.more = fmt.Sprintf("%s=%s and extra_hosts: [%q], for one that this machine has on its port",
			u.variable, u.address(hostName), hostGateway)
	}
	if len(c.needs) > 0 {
		f.need = &c.needs[0]
	}
}

// lineIn is the line of the first variable that is there, else that of its
// service.
func lineIn(env []variable, service int, names ...string) int {
	for _, name := range names {
		if v := settingAt(env, nil, name); v.line > 0 {
			return v.line
		}
	}
	return service
}

// unset is storageUnset for a container, with the address that would do.
func (v *dockerView) unset(c *container) (u unsetStorage, f func(Finding) Finding, ok bool) {
	u, ok = storageUnset(c.image(), c.env(), c.args())
	if !ok || c.onHostNetwork() || strings.HasPrefix(c.HostConfig.NetworkMode, "container:") {
		return u, nil, false
	}
	mended := *c
	host := hostName
	for i := range v.storages {
		s := &v.storages[i]
		shared := slices.ContainsFunc(s.networks(), func(n string) bool { return slices.Contains(c.networks(), n) })
		if s.image().isKind(u.kind) && shared {
			host = s.name()
		}
	}
	if host == hostName && !slices.Contains(c.HostConfig.ExtraHosts, hostGateway) {
		mended.HostConfig.ExtraHosts = append(slices.Clone(c.HostConfig.ExtraHosts), hostGateway)
	}
	return u, func(f Finding) Finding {
		return withStorage(f.saw(u.evidence()), &mended, u.variable, u.address(host))
	}, true
}
