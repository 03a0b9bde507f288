package stores

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// javaVersion is the JDK that all stores run on: Zipkin needs 17 at least, and from
// 24 on there is no security manager, which Elasticsearch and Cassandra set. Nothing
// between has been tried.
const javaVersion = "17"

// errNoJDK is what a machine lacks.
var errNoJDK = errors.New("no JDK " + javaVersion + " in JAVA_HOME, PATH or /usr/lib/jvm (Debian: openjdk-17-jdk-headless)")

// findJava returns the java command of a JDK that the stores run on.
func findJava() (string, error) {
	homes := []string{os.Getenv("JAVA_HOME")}
	if path, err := exec.LookPath("java"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			homes = append(homes, filepath.Dir(filepath.Dir(path)))
		}
	}
	// Debian's place; Glob fails on a bad pattern only.
	installed, _ := filepath.Glob("/usr/lib/jvm/*")
	for _, home := range append(homes, installed...) {
		version, err := versionOf(home)
		if err != nil {
			return "", err
		}
		if version == javaVersion {
			return filepath.Join(home, "bin", "java"), nil
		}
	}
	return "", errNoJDK
}

// versionOf returns the major version of the JDK at home, or nothing when there is
// none. Every JDK since 9 has it in a file of shell variables.
func versionOf(home string) (string, error) {
	if home == "" {
		return "", nil
	}
	text, err := os.ReadFile(filepath.Join(home, "release"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", fmt.Errorf("look for a JDK: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(strings.TrimSpace(line), "JAVA_VERSION="); found {
			major, _, _ := strings.Cut(strings.Trim(value, `"`), ".")
			return major, nil
		}
	}
	return "", nil
}

// Need returns the java command and the class path for d. It skips the test where
// there is no JDK, but on CI, which has everything, it fails it, as it does
// everywhere when d has not been fetched.
func Need(t *testing.T, d Distribution) (java, classpath string) {
	t.Helper()
	java, err := findJava()
	if errors.Is(err, errNoJDK) && os.Getenv("CI") == "" {
		t.Skipf("no %s: %v", d, err)
	}
	if err != nil {
		t.Fatalf("no %s: %v", d, err)
	}
	classpath, err = d.Classpath()
	if missing, ok := errors.AsType[*MissingError](err); ok {
		t.Fatalf("%v\nhint: %s", missing, missing.Hint())
	}
	if err != nil {
		t.Fatal(err)
	}
	return java, classpath
}

// jvmOptions are for a small JVM that starts fast: on two cores, the second
// compiler costs a test more than it gives.
func jvmOptions(dir string) []string {
	return []string{
		"-Xms" + heap, "-Xmx" + heap, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
		"-Djava.io.tmpdir=" + dir, "-Djna.nosys=true", "-Dfile.encoding=UTF-8",
	}
}

// heap is enough for each store with the traces of a test.
const heap = "512m"
