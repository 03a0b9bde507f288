package cmd

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor"
)

// targetFlags are the flags of check-jaeger that name what else to examine, beside the
// configured path.
type targetFlags struct {
	thorough bool
	through  string
	compose  string
	storage  doctor.Storage
}

func (t *targetFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&t.thorough, "all", false, "look at every port and way in, also when nothing is wrong")
	flags.StringVar(&t.through, "through", "", "send requests to the application at this `url`, and find out what it reports of them")
	flags.StringVar(&t.compose, "compose", "", "check this compose `file`, without a Docker engine")

	s := &t.storage
	flags.StringVar(&s.Kind, "storage", "", "check Jaeger's storage of this `kind` too: elasticsearch, opensearch or cassandra")
	flags.StringSliceVar(&s.ESURLs, "es-url", nil, "Elasticsearch or OpenSearch at these `urls`, as Jaeger is told them")
	flags.StringVar(&s.IndexPrefix, "es-index-prefix", "", "Jaeger's `prefix` of index names")
	flags.StringSliceVar(&s.CassandraHosts, "cassandra-hosts", nil, "Cassandra at these `hosts`, with :port unless it is 9042")
	flags.StringVar(&s.Keyspace, "cassandra-keyspace", "", "Jaeger's `keyspace` (default: whichever its scripts made)")
	flags.StringVar(&s.Datacenter, "cassandra-dc", "", "Jaeger's local data `center` (default: that of the node that answers)")
	flags.BoolVar(&s.TLS, "storage-tls", false, "speak TLS to Cassandra; for Elasticsearch the URL says it")
	flags.StringVar(&s.User, "storage-user", "", "`user` that Jaeger has at its storage")
	flags.StringVar(&s.Password, "storage-password", "", "`password` of that user; @FILE reads it from a file")
	flags.StringVar(&s.CACert, "storage-ca", "", "trust the authorities in this PEM `file` for the storage")
	flags.BoolVar(&s.Insecure, "storage-insecure", false, "trust any certificate of the storage")
}

// check finds what is wrong with the flags and the files that they name, and reads
// the password's.
func (t *targetFlags) check(env *Env) error {
	if name, ok := strings.CutPrefix(t.storage.Password, "@"); ok {
		content, err := os.ReadFile(env.path(name))
		if err != nil {
			return fmt.Errorf("--storage-password: %w", err)
		}
		t.storage.Password = strings.TrimRight(string(content), "\r\n")
	}
	compose := t.target(env, nil)
	return errors.Join(t.storage.Validate(), doctor.ValidateCompose(compose))
}

// target puts together what the doctor examines.
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
