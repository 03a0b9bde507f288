package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor"
)

// targetFlags are the flags of check-jaeger that name what to check in addition to the
// configured path.
type targetFlags struct {
	thorough bool
	through  string
	compose  string
	storage  doctor.Storage
}

func (t *targetFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&t.thorough, "all", false, "check every port and ingest path, even if nothing is wrong")
	flags.StringVar(&t.through, "through", "", "send requests to the application at this `url` and check which spans it reports")
	flags.StringVar(&t.compose, "compose", "", "check this compose `file`; needs no Docker engine")

	s := &t.storage
	flags.StringVar(&s.Kind, "storage", "", "also check Jaeger's storage, of this `kind`: elasticsearch, opensearch or cassandra")
	flags.StringSliceVar(&s.ESURLs, "es-url", nil, "`urls` of Elasticsearch or OpenSearch, as in Jaeger's configuration")
	flags.StringVar(&s.IndexPrefix, "es-index-prefix", "", "`prefix` of Jaeger's index names")
	flags.StringSliceVar(&s.CassandraHosts, "cassandra-hosts", nil, "Cassandra `hosts`, with :port unless it is 9042")
	flags.StringVar(&s.Keyspace, "cassandra-keyspace", "", "Jaeger's `keyspace` (default: the one that Jaeger's scripts created)")
	flags.StringVar(&s.Datacenter, "cassandra-dc", "", "Jaeger's local `datacenter` (default: that of the node that responds)")
	flags.BoolVar(&s.TLS, "storage-tls", false, "connect to Cassandra with TLS; for Elasticsearch, use an https URL")
	flags.StringVar(&s.User, "storage-user", "", "`user` name that Jaeger uses for its storage")
	flags.StringVar(&s.Password, "storage-password", "", "`password` of that user; @FILE reads it from a file")
	flags.StringVar(&s.CACert, "storage-ca", "", "trust the certificate authorities in this PEM `file` for the storage")
	flags.BoolVar(&s.Insecure, "storage-insecure", false, "accept any certificate from the storage")
}

// check validates the flags and the files that they name. It also reads the password
// from its file.
func (t *targetFlags) check(ctx context.Context, env *Env) error {
	if name, ok := strings.CutPrefix(t.storage.Password, "@"); ok {
		content, err := env.readFile(ctx, name, maxSettings)
		if err != nil {
			return fmt.Errorf("--storage-password: %w", err)
		}
		t.storage.Password = strings.TrimRight(string(content), "\r\n")
	}
	var unreadable error
	if _, err := t.storage.TLSConfig(func(name string) ([]byte, error) { return config.ReadFile(env.path(name)) }); err != nil {
		unreadable = withHint(fmt.Errorf("--storage-ca: %w", err), "name a file with certificates in PEM form")
	}
	compose := t.target(env, nil)
	return errors.Join(t.storage.Validate(), unreadable, doctor.ValidateCompose(compose))
}

// target returns what the doctor checks.
func (t *targetFlags) target(env *Env, loaded *config.Loaded) doctor.Target {
	target := doctor.Target{
		Loaded:    loaded,
		Service:   "otdemo-client",
		UserAgent: "otdemo",
		Environ:   env.Environ,
		Thorough:  t.thorough,
		Through:   t.through,
		Storage:   t.storage,
	}
	if t.compose != "" {
		target.Compose = env.path(t.compose)
	}
	return target
}
