//go:build storage

package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/integration/stores"
)

// elasticsearchEnv names the version whose program can be had: Elastic publishes no
// HTTP server of Elasticsearch 8 outside its own downloads.
var elasticsearchEnv = []string{"ELASTICSEARCH_VERSION=" + stores.Elasticsearch7().Version}

// The users of the real images.
const (
	elasticsearchUser = 1000
	cassandraUser     = 999
)

// elasticsearchImage makes the image of a node, with the curl that the compose
// file's health check calls.
func elasticsearchImage(t *testing.T, p *project) {
	t.Helper()
	l := newStoreLayer(t, stores.Elasticsearch7())
	l.add("/usr/local/bin/elasticsearch", standinPath)
	for _, file := range []string{"Elasticsearch.java", "log4j2.properties"} {
		l.add("/program/"+file, filepath.Join("..", "stores", "java", file))
	}
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Fatal(err)
	}
	l.add("/usr/bin/curl", curl)
	l.libraries(curl)
	l.directory("/usr/share/elasticsearch/data", 0o755, elasticsearchUser)
	l.into(
		p.Engine, "docker.elastic.co/elasticsearch/elasticsearch:"+stores.Elasticsearch7().Version,
		`ENTRYPOINT ["/usr/local/bin/elasticsearch"]`, "ENV PATH=/usr/local/bin:/usr/bin", "USER 1000:1000",
	)
}

// cassandraImage makes the image of a node, with a cqlsh for the compose file's
// health check.
func cassandraImage(t *testing.T, p *project) {
	t.Helper()
	l := newStoreLayer(t, stores.Cassandra4())
	l.add("/usr/local/bin/cassandra", standinPath)
	l.add("/usr/local/bin/cqlsh", standinPath)
	l.add("/program/logback.xml", filepath.Join("..", "stores", "java", "logback.xml"))
	l.add("/program/cassandra.yaml", filepath.Join("testdata", "cassandra.yaml"))
	options := filepath.Join(t.TempDir(), "jvm.options")
	if err := os.WriteFile(options, []byte(strings.Join(stores.CassandraJVM(), "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	l.add("/program/jvm.options", options)
	l.directory("/var/lib/cassandra", 0o755, cassandraUser)
	l.into(
		p.Engine, "cassandra:"+stores.Cassandra4().Version,
		`ENTRYPOINT ["/usr/local/bin/cassandra"]`, "ENV PATH=/usr/local/bin", "USER 999:999",
	)
}

// newStoreLayer is what both stores need: the machine's JDK, its libraries, and the
// jars.
func newStoreLayer(t *testing.T, d stores.Distribution) *layer {
	t.Helper()
	java, classpath := stores.Need(t, d)
	home, err := filepath.EvalSymlinks(filepath.Dir(filepath.Dir(java)))
	if err != nil {
		t.Fatal(err)
	}
	l := newLayer(t)
	for _, jar := range filepath.SplitList(classpath) {
		l.add("/jars/"+filepath.Base(jar), jar)
	}
	for _, dir := range []string{"bin", "conf", "lib"} {
		l.tree("/jdk/"+dir, filepath.Join(home, dir))
	}
	programs, err := filepath.Glob(filepath.Join(home, "lib", "*.so"))
	if err != nil {
		t.Fatal(err)
	}
	l.libraries(append(programs, filepath.Join(home, "bin", "java"), filepath.Join(home, "lib", "server", "libjvm.so"))...)
	l.directory("/tmp", 0o1777, 0)
	// Java asks for the names of its user and its host.
	for name, text := range map[string]string{
		"passwd": "root:x:0:0::/:\nelasticsearch:x:1000:1000::/tmp:\ncassandra:x:999:999::/tmp:\n",
		"group":  "root:x:0:\nelasticsearch:x:1000:\ncassandra:x:999:\n",
	} {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		l.add("/etc/"+name, file)
	}
	return l
}
