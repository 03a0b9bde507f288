package jaegers

import (
	"cmp"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// Settings of Jaeger 1 by their variables. The flag of each has the same words.
const (
	StorageTypeVariable      = "SPAN_STORAGE_TYPE"
	StorageURLVariable       = "ES_SERVER_URLS"
	cassandraServersVariable = "CASSANDRA_SERVERS"
)

// Kinds of storage that are of no other program.
const (
	StorageMemory = "memory"
	StorageBadger = "badger"
)

// Setting returns the value of a Setting of Jaeger 1, whose flags outrank its
// variables; "" when it is not set, or empty, which is the same to Jaeger.
func Setting(env []Variable, args []string, name string) string {
	return SettingAt(env, args, name).Value
}

// SettingAt is setting with the line of the variable, 0 for a flag.
func SettingAt(env []Variable, args []string, name string) Variable {
	for i, arg := range args {
		flag, value, joined := strings.Cut(arg, "=")
		if !strings.HasPrefix(flag, "-") || VariableOf(flag) != name {
			continue
		}
		if !joined {
			value = "true"
			if i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
				value = args[i+1]
			}
		}
		return Variable{Name: name, Value: value}
	}
	var last Variable
	for _, v := range env {
		if v.Name == name {
			last = v
		}
	}
	return last
}

// VariableOf is the variable of a flag: that of --es.server-urls is
// ES_SERVER_URLS.
func VariableOf(flag string) string {
	return strings.NewReplacer(".", "_", "-", "_").Replace(strings.ToUpper(strings.TrimLeft(flag, "-")))
}

// StorageType is what a Jaeger 1 stores in: of several kinds the first, which it
// reads from too. It is "" where nothing is stored, and in Jaeger 2.
func StorageType(image Image, env []Variable, args []string) string {
	var fallback string
	switch {
	case image.IsV2() || strings.Contains(image.repository, "agent"):
		return ""
	case image.repository == "all-in-one":
		fallback = StorageMemory
	case slices.Contains([]string{"jaeger-collector", "jaeger-query", "jaeger-ingester"}, image.repository):
		fallback = probe.StorageCassandra
	}
	// The variable outranks the flag here, which is an old one.
	kind := cmp.Or(Setting(env, nil, StorageTypeVariable), Setting(nil, args, StorageTypeVariable), fallback)
	kind, _, _ = strings.Cut(kind, ",")
	return strings.TrimSpace(kind)
}

// IsSecret reports whether the value of a variable, flag or label must not be
// shown. A key or a token of Jaeger or OpenTelemetry that is the name of a file
// or a switch is not a secret; an unknown one is.
func IsSecret(name string) bool {
	name = VariableOf(name)
	for _, end := range []string{
		// Files and directories.
		"_FILE", "_PATH", "_DIR", "_DIRECTORY", "_DIRECTORY_KEY", "_TLS_KEY", "_TLS_CLIENT_KEY",
		"OTLP_CLIENT_KEY", "OTLP_TRACES_CLIENT_KEY", "OTLP_METRICS_CLIENT_KEY", "OTLP_LOGS_CLIENT_KEY",
		// Switches and names.
		"_USE_KEYTAB", "_TOKEN_PROPAGATION", "_TOKEN_OVERRIDE_FROM_CONTEXT", "_KEYSPACE",
	} {
		if strings.HasSuffix(name, end) {
			return false
		}
	}
	for _, word := range []string{"PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL", "_HEADERS", "BASICAUTH"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
