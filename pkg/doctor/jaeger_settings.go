package doctor

import (
	"cmp"
	"slices"
	"strings"
)

// Settings of Jaeger 1 by their variables. The flag of each has the same words.
const (
	storageTypeVariable      = "SPAN_STORAGE_TYPE"
	storageURLVariable       = "ES_SERVER_URLS"
	cassandraServersVariable = "CASSANDRA_SERVERS"
)

// Kinds of storage that are of no other program.
const (
	storageMemory = "memory"
	storageBadger = "badger"
)

// setting returns the value of a setting of Jaeger 1, whose flags outrank its
// variables; "" when it is not set, or empty, which is the same to Jaeger.
func setting(env []variable, args []string, name string) string {
	return settingAt(env, args, name).value
}

// settingAt is setting with the line of the variable, 0 for a flag.
func settingAt(env []variable, args []string, name string) variable {
	for i, arg := range args {
		flag, value, joined := strings.Cut(arg, "=")
		if !strings.HasPrefix(flag, "-") || variableOf(flag) != name {
			continue
		}
		if !joined {
			value = "true"
			if i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
				value = args[i+1]
			}
		}
		return variable{name: name, value: value}
	}
	var last variable
	for _, v := range env {
		if v.name == name {
			last = v
		}
	}
	return last
}

// variableOf is the variable of a flag: that of --es.server-urls is
// ES_SERVER_URLS.
func variableOf(flag string) string {
	return strings.NewReplacer(".", "_", "-", "_").Replace(strings.ToUpper(strings.TrimLeft(flag, "-")))
}

// storageType is what a Jaeger 1 stores in: of several kinds the first, which it
// reads from too. It is "" where nothing is stored, and in Jaeger 2.
func storageType(image jaegerImage, env []variable, args []string) string {
	var fallback string
	switch {
	case image.isV2() || strings.Contains(image.repository, "agent"):
		return ""
	case image.repository == "all-in-one":
		fallback = storageMemory
	case slices.Contains([]string{"jaeger-collector", "jaeger-query", "jaeger-ingester"}, image.repository):
		fallback = StorageCassandra
	}
	// The variable outranks the flag here, which is an old one.
	kind := cmp.Or(setting(env, nil, storageTypeVariable), setting(nil, args, storageTypeVariable), fallback)
	kind, _, _ = strings.Cut(kind, ",")
	return strings.TrimSpace(kind)
}

// isSecret reports whether the value of a variable, flag or label must not be
// shown. What Jaeger and OpenTelemetry call a key or a token and is the name of a
// file or a switch is none; what nobody knows is one.
func isSecret(name string) bool {
	name = variableOf(name)
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
