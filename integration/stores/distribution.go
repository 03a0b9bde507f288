package stores

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// sums are the jars of each distribution, one file each, as sha256sum writes
// them: the checksum, then the path below central, in the order of the paths.
//
//go:embed jars/*.sum
var sums embed.FS

// Distribution is one version of a store's program: all the jars it consists of, or
// one zip file with them.
type Distribution struct {
	// Name and Version are its own, such as elasticsearch and 7.17.29.
	Name, Version string
}

// Elasticsearch7 is the last Elasticsearch of its major version.
func Elasticsearch7() Distribution { return Distribution{Name: "elasticsearch", Version: "7.17.29"} }

// Elasticsearch8 is what Elastic publishes on Maven Central for tests of plugins:
// the server as it is released, with its security and without most modules.
func Elasticsearch8() Distribution { return Distribution{Name: "elasticsearch", Version: "8.19.0"} }

// OpenSearch2 is the last OpenSearch that runs on JDK 17.
func OpenSearch2() Distribution { return Distribution{Name: "opensearch", Version: "2.19.6"} }

// Cassandra4 is Cassandra 4.1.
func Cassandra4() Distribution { return Distribution{Name: "cassandra", Version: "4.1.7"} }

// Zipkin3 is Zipkin's server with all that it may store into, one jar. It is the
// newest, and wants JDK 17.
func Zipkin3() Distribution { return Distribution{Name: "zipkin-server", Version: "3.6.1"} }

// Distributions returns all that the integration tests run.
func Distributions() []Distribution {
	return []Distribution{Elasticsearch7(), Elasticsearch8(), OpenSearch2(), Cassandra4(), Zipkin3()}
}

// String returns the name and the version.
func (d Distribution) String() string { return d.Name + " " + d.Version }

// MissingError says that a jar has not been fetched yet.
type MissingError struct {
	Distribution Distribution
	Path         string
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("%s is not fetched: no file %q", e.Distribution, e.Path)
}

// Hint returns the line that fetches it.
func (e *MissingError) Hint() string { return "go -C integration run ./buildstores" }

// Classpath returns the jars of d in the cache as java wants them, or a
// *MissingError when Fetch has not put one of them there. Of a distribution that is
// one zip file, it is the directory that Fetch unpacked it into.
func (d Distribution) Classpath() (string, error) {
	jars, err := d.jars()
	if err != nil {
		return "", err
	}
	dir, err := cacheDir()
	if err != nil {
		return "", err
	}
	var paths []string
	for _, j := range jars {
		path := j.in(dir)
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return "", &MissingError{Distribution: d, Path: path}
		} else if err != nil {
			return "", fmt.Errorf("look for %s: %w", d, err)
		}
		paths = append(paths, path)
	}
	return strings.Join(paths, string(os.PathListSeparator)), nil
}

// jarNamed returns the jar of that name in the cache.
func (d Distribution) jarNamed(name string) (string, error) {
	jars, err := d.jars()
	if err != nil {
		return "", err
	}
	dir, err := cacheDir()
	if err != nil {
		return "", err
	}
	for _, j := range jars {
		if path.Base(j.path) == name {
			return j.in(dir), nil
		}
	}
	return "", fmt.Errorf("%s has no %s", d, name)
}

// jar is a file of Maven Central, mostly a jar.
type jar struct {
	sum string // SHA-256, in hex
	// path is where it stands in the repository, with slashes.
	path string
}

// in returns its place below dir: of a zip file, the directory with its content.
func (j jar) in(dir string) string {
	return filepath.Join(dir, filepath.FromSlash(strings.TrimSuffix(j.path, zipped)))
}

// zipped ends the name of a file that is unpacked when it is fetched.
const zipped = ".zip"

// jars returns what d consists of.
func (d Distribution) jars() ([]jar, error) {
	text, err := sums.ReadFile("jars/" + d.Name + "-" + d.Version + ".sum")
	if err != nil {
		return nil, fmt.Errorf("read the list of jars of %s: %w", d, err)
	}
	var all []jar
	for line := range strings.Lines(string(text)) {
		sum, path, found := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !found {
			return nil, fmt.Errorf("read the list of jars of %s: no checksum and path in %q", d, line)
		}
		all = append(all, jar{sum: sum, path: path})
	}
	return all, nil
}

// cacheDir is laid out as Maven Central is.
func cacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache: %w", err)
	}
	return filepath.Join(dir, "otdemo", "maven"), nil
}
