package jaegers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// UnsetStorage is a Jaeger 1 that has a kind of storage but no address for it,
// or the address of its own container, which is the same.
type UnsetStorage struct {
	// Kind is the configured kind, and Variable the missing setting.
	Kind, Variable string
	// given is the value that the variable has; empty when it has none.
	given string
	// goesTo is where it looks for the storage, and log what it prints then.
	goesTo, log string
}

// StorageUnset returns how the address of the storage is missing.
func (p *Program) StorageUnset() (UnsetStorage, bool) {
	u := UnsetStorage{Kind: p.StorageType()}
	switch u.Kind {
	case probe.StorageElasticsearch, probe.StorageOpenSearch:
		u.Variable, u.goesTo, u.log = StorageURLVariable, "http://127.0.0.1:9200", "no Elasticsearch node available"
	case probe.StorageCassandra:
		u.Variable, u.goesTo, u.log = cassandraServersVariable, "127.0.0.1:9042", "gocql: unable to create session"
	default:
		return u, false
	}
	u.given = p.Setting(u.Variable).Value
	isOther := func(server string) bool { return !probe.IsLoopback(strings.TrimSpace(server)) }
	// A URL of Elasticsearch on loopback has findings of its own.
	ownOnly := u.Kind == probe.StorageCassandra && !slices.ContainsFunc(strings.Split(u.given, ","), isOther)
	return u, u.given == "" || ownOnly
}

func (u *UnsetStorage) String() string {
	if u.given != "" {
		return fmt.Sprintf("has %s=%s, which is its own container", u.Variable, u.given)
	}
	return fmt.Sprintf("stores in %s without %s, so it connects to %s, which is its own container", u.Kind, u.Variable, u.goesTo)
}

// Evidence returns the log line by which users recognise the fault.
func (u *UnsetStorage) Evidence() string { return "Jaeger then logs: " + u.log }

// Address is the variable's value for a host.
func (u *UnsetStorage) Address(host string) string {
	if u.Kind == probe.StorageCassandra {
		return host
	}
	return "http://" + host + ":9200"
}
