package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

const (
	java = "/jdk/bin/java"
	// jars has the store's jars.
	jars = "/jars"
	// program has the store's Java source and its configuration.
	program = "/program"
)

// elasticsearch runs a node. As in the real image, each variable with a dot in its
// name is a setting.
func elasticsearch() error {
	home := "/usr/share/elasticsearch"
	args := append([]string{"java"}, strings.Fields(os.Getenv("ES_JAVA_OPTS"))...)
	classpath, err := classpath()
	if err != nil {
		return err
	}
	args = append(
		args, "-Djava.io.tmpdir=/tmp", "-Dlog4j.configurationFile="+program+"/log4j2.properties", "-Dlog4j2.disable.jmx=true",
		"-cp", classpath, program+"/Elasticsearch.java",
		"path.home="+home, "path.data="+home+"/data", "network.host=0.0.0.0",
	)
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		// The modules with these settings are not on Maven Central, and a setting
		// that Elasticsearch does not know ends it.
		if strings.Contains(name, ".") && !strings.HasPrefix(name, "xpack.") {
			args = append(args, v)
		}
	}
	return replace(args)
}

// cassandra runs a node, on all interfaces, as the real image does.
func cassandra() error {
	ip, err := ownIP()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(program + "/cassandra.yaml")
	if err != nil {
		return fmt.Errorf("read the configuration: %w", err)
	}
	config := "/var/lib/cassandra/cassandra.yaml"
	filled := strings.NewReplacer("@IP@", ip, "@CLUSTER@", os.Getenv("CASSANDRA_CLUSTER_NAME")).Replace(string(text))
	if err := os.WriteFile(config, []byte(filled), 0o600); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	options, err := os.ReadFile(program + "/jvm.options")
	if err != nil {
		return fmt.Errorf("read the JVM's options: %w", err)
	}
	classpath, err := classpath()
	if err != nil {
		return err
	}
	heap := os.Getenv("MAX_HEAP_SIZE")
	args := append([]string{"java", "-Xms" + heap, "-Xmx" + heap, "-Xmn" + os.Getenv("HEAP_NEWSIZE")}, strings.Fields(string(options))...)
	// It measures each statement that is prepared, and on JDK 17 only as an agent.
	agent, err := filepath.Glob(jars + "/jamm-*.jar")
	if err != nil || len(agent) != 1 {
		return fmt.Errorf("want one jamm in %s, got %q: %w", jars, agent, err)
	}
	args = append(
		args, "-javaagent:"+agent[0], "-Djava.io.tmpdir=/tmp", "-Dlogback.configurationFile="+program+"/logback.xml",
		"-Dcassandra.config=file://"+config, "-Dcassandra.storagedir=/var/lib/cassandra",
		"-Djna.nosys=true", "-cp", classpath, "org.apache.cassandra.service.CassandraDaemon",
	)
	return replace(args)
}

// classpath names each jar: java's own wildcard leaves their order open.
func classpath() (string, error) {
	all, err := filepath.Glob(jars + "/*.jar")
	if err != nil || len(all) == 0 {
		return "", fmt.Errorf("no jars in %s: %w", jars, err)
	}
	slices.Sort(all)
	return strings.Join(all, ":"), nil
}

// replace makes this process the JVM, so that signals reach it.
func replace(args []string) error {
	return fmt.Errorf("run %s: %w", java, syscall.Exec(java, args, os.Environ()))
}

// ownIP is the container's address in its network.
func ownIP() (string, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return "", fmt.Errorf("list the addresses: %w", err)
	}
	for _, addr := range addrs {
		if ip, ok := addr.(*net.IPNet); ok && ip.IP.To4() != nil && !ip.IP.IsLoopback() {
			return ip.IP.String(), nil
		}
	}
	return "", errors.New("this container is in no network")
}
