package stores

import (
	"archive/zip"
	"embed"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// sources are the programs that start a node.
//
//go:embed java
var sources embed.FS

//go:embed java/log4j2.properties
var log4j string

// engine is what differs between the search engines.
type engine struct {
	Distribution
	// masters is the setting that names the first masters.
	masters string
	// program writes what a node runs into its home, and returns how java runs it.
	program func(t *testing.T, e engine, home string) []string
	// secure returns the settings of the security, and tells the node's clients;
	// nil when there is none.
	secure func(t *testing.T, n *SearchNode, home string, o SearchOptions) []string

	java, classpath string
}

func elasticsearch7() engine {
	return engine{
		Distribution: Elasticsearch7(), masters: "cluster.initial_master_nodes",
		program: fromClasspath("Elasticsearch.java"),
	}
}

func openSearch2() engine {
	return engine{
		Distribution: OpenSearch2(), masters: "cluster.initial_cluster_manager_nodes",
		program: fromClasspath("OpenSearch.java"),
	}
}

func elasticsearch8() engine {
	return engine{
		Distribution: Elasticsearch8(), masters: "cluster.initial_master_nodes",
		program: fromModules, secure: secure8,
	}
}

// fromClasspath runs a source file, which java compiles as it starts.
func fromClasspath(file string) func(*testing.T, engine, string) []string {
	return func(t *testing.T, e engine, home string) []string {
		t.Helper()
		return []string{"-cp", e.classpath, extract(t, file, home), "path.home=" + home}
	}
}

// fromModules runs Elasticsearch 8, which wants to be Java modules, and makes the
// plugin that it lacks.
func fromModules(t *testing.T, e engine, home string) []string {
	t.Helper()
	lib := filepath.Join(e.classpath, "lib")
	arch := map[string]string{"amd64": "x64", "arm64": "aarch64"}[runtime.GOARCH]
	plugin := filepath.Join(home, "plugins", "otdemo-root")
	extract(t, "plugin/plugin-descriptor.properties", plugin)
	classes := filepath.Join(home, "classes")
	compile := exec.CommandContext(t.Context(), filepath.Join(filepath.Dir(e.java), "javac"),
		"-cp", filepath.Join(lib, "*"), "-d", classes, extract(t, "plugin/Root.java", home))
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("compile the plugin: %v\n%s", err, out)
	}
	packJar(t, filepath.Join(plugin, "root.jar"), classes)
	return []string{
		"-Des.nativelibs.path=" + filepath.Join(lib, "platform", runtime.GOOS+"-"+arch),
		// Its roles would go into an index that wants a module which is not here.
		"-Des.queryable_built_in_roles_enabled=false",
		"--module-path", lib, "--add-modules=jdk.net,ALL-MODULE-PATH",
		extract(t, "Elasticsearch8.java", home), "path.home=" + e.classpath, "otdemo.home=" + home,
	}
}

// packJar writes the classes below dir as a jar.
func packJar(t *testing.T, name, dir string) {
	t.Helper()
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	archive := zip.NewWriter(file)
	if err := archive.AddFS(os.DirFS(dir)); err != nil {
		t.Fatalf("pack the plugin: %v", err)
	}
	if err := archive.Close(); err != nil {
		t.Fatalf("pack the plugin: %v", err)
	}
}

// The user that a fresh Elasticsearch has, and the password of tests.
const (
	elasticUser     = "elastic"
	elasticPassword = "changeme"
)

// secure8 sets up the security of Elasticsearch 8, whose default is to ask for a
// password.
func secure8(t *testing.T, n *SearchNode, home string, o SearchOptions) []string {
	t.Helper()
	settings := []string{"xpack.security.enabled=false", "path.logs=" + filepath.Join(home, "logs")}
	if o.Password {
		n.User, n.Password = elasticUser, elasticPassword
		settings[0] = "xpack.security.enabled=true"
		settings = append(settings, "bootstrap.password="+elasticPassword)
	}
	if o.TLS {
		c := newCertificate(t)
		n.URL, n.CAFile = "https://"+n.Addr, c.caFile
		settings = append(
			settings, "xpack.security.http.ssl.enabled=true",
			"xpack.security.http.ssl.key="+c.keyFile, "xpack.security.http.ssl.certificate="+c.caFile,
		)
	}
	return settings
}

// extract writes one of the sources into dir and returns where.
func extract(t *testing.T, file, dir string) string {
	t.Helper()
	text, err := sources.ReadFile("java/" + file)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, filepath.Base(file))
	write(t, name, string(text))
	return name
}
