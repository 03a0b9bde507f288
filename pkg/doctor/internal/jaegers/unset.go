package jaegers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/internal/hosts"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// UnsetStorage is a Jaeger 1 that has a kind of storage but no address for it,
// or the address of its own container, which is the same.
type UnsetStorage struct {
	// Kind is the configured kind, and Variable the missing setting.
	Kind, Variable string
	// Text goes on from what the storage is of, and Evidence has the log line by which
	// users recognise the fault.
	Text, Evidence string
}

// StorageUnset returns how the address of the storage is missing.
func (p *Program) StorageUnset() (UnsetStorage, bool) {
	u := UnsetStorage{Kind: p.StorageType()}
	var goesTo string
	switch u.Kind {
	case probe.StorageElasticsearch, probe.StorageOpenSearch:
		u.Variable, goesTo, u.Evidence = StorageURLVariable, "http://127.0.0.1:9200", "Jaeger then logs: no Elasticsearch node available"
	case probe.StorageCassandra:
		u.Variable, goesTo, u.Evidence = cassandraServersVariable, "127.0.0.1:9042", "Jaeger then logs: gocql: unable to create session"
	default:
		return u, false
	}
	given := p.Setting(u.Variable).Value
	if given == "" {
		u.Text = fmt.Sprintf("stores in %s without %s, so it connects to %s, which is its own container", u.Kind, u.Variable, goesTo)
		return u, true
	}
	u.Text = fmt.Sprintf("has %s=%s, which is its own container", u.Variable, given)
	isOther := func(server string) bool { return !hosts.IsLoopback(strings.TrimSpace(server)) }
	// A URL of Elasticsearch on loopback has findings of its own.
	return u, u.Kind == probe.StorageCassandra && !slices.ContainsFunc(strings.Split(given, ","), isOther)
}

// Address is the variable's value for a host.
func (u *UnsetStorage) Address(host string) string {
	if u.Kind == probe.StorageCassandra {
		return host
	}
	return "http://" + host + ":9200"
}
