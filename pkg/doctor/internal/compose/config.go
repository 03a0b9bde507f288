package compose

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/otdemo/otdemo/internal/hosts"
	"github.com/otdemo/otdemo/pkg/doctor/internal/docker"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// checkV2 checks what only Jaeger 2 can have wrong: settings of Jaeger 1, and
// its own configuration that receives no spans.
func (c *check) checkV2(s *service) {
	if !s.HasConfig() {
		if settings := s.V1Settings(); len(settings) > 0 {
			c.add(codeV1Settings, probe.HopStorage, s.LineOf(settings[0]), "command: [--config, /jaeger.yaml]",
				"%s sets %s, which Jaeger 2 ignores: it stores spans in memory", s.name, strings.Join(settings, ", "))
		}
		return
	}
	source := s.configSource()
	if source == "" {
		return
	}
	text, err := c.readFile(source)
	var config *yaml.Node
	if err == nil {
		config, err = parseYAML(text, nil)
	}
	if err != nil {
		// It may be on another machine, as the compose file is only read.
		c.gaps = append(c.gaps, gap{
			scope: scope{service: s.name, only: codeReceiverMissing}, line: s.line,
			text: fmt.Sprintf("cannot read the configuration %s of service %s: %s", source, s.name, reason(err)),
		})
		return
	}
	for _, u := range deepField(config, "server_urls") {
		for _, item := range items(u) {
			c.checkStorageURL(s, item.Value, source, item.Line)
		}
	}
	for i := range c.needs {
		n := &c.needs[i]
		if c.isLocal(*n) || s.hasName(n.Host) {
			c.checkReceiver(s, config, source, n)
		}
	}
}

// reason is an error as one line, without the name of the file that it is about.
func reason(err error) string {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathErr.Err
	}
	return strings.ReplaceAll(err.Error(), "\n", " ")
}

// configSource is the file of the configuration that Jaeger 2 is given, as the
// compose file names it; "" when it is not mounted.
func (s *service) configSource() string {
	name := s.Setting("CONFIG").Value
	for target, source := range s.files {
		if rest, inside := strings.CutPrefix(name, target); inside && source != "" {
			return path.Join(source, rest)
		}
	}
	return ""
}

// checkReceiver checks whether the configuration receives what the need sends,
// on all interfaces, and in a pipeline.
func (c *check) checkReceiver(s *service, config *yaml.Node, source string, n *docker.Need) {
	protocols := map[string]string{"6831/udp": "thrift_compact", "6832/udp": "thrift_binary", "14268/tcp": "thrift_http"}
	protocol, ok := protocols[n.String()]
	if !ok {
		return
	}
	add := func(code probe.Code, line int, fix, format string, args ...any) {
		f := c.add(code, probe.HopIdentity, line, fix, format, args...)
		f.file, f.need = source, n
	}
	endpoint := fmt.Sprintf("endpoint: \"0.0.0.0:%d\"", n.Inside)
	receivers := field(config, "receivers")
	jaeger := field(receivers, "jaeger")
	receiver := field(field(jaeger, "protocols"), protocol)
	if receiver == nil {
		add(codeReceiverMissing, lineOf(jaeger, receivers, config), "jaeger: {protocols: {"+protocol+": {"+endpoint+"}}}",
			"%s's configuration has no receiver for %s", s.name, n)
		return
	}
	pipelines := field(field(config, "service"), "pipelines")
	listed := false
	for _, pipeline := range pairs(pipelines) {
		listed = listed || slices.Contains(words(field(pipeline, "receivers")), "jaeger")
	}
	if !listed {
		add(codeReceiverMissing, lineOf(pipelines, config), "receivers: [jaeger, otlp]",
			"%s's configuration has a jaeger receiver that no pipeline uses, so it is not started", s.name)
		return
	}
	at := cmp.Or(scalar(field(receiver, "endpoint")), "localhost")
	if hosts.IsLoopback(probe.HostOf(at)) {
		add(codeLoopback, lineOf(receiver, jaeger), endpoint,
			"%s's %s listens on %s, which only its own container can reach", s.name, protocol, at)
	}
}

func deepField(node *yaml.Node, name string) []*yaml.Node {
	var found []*yaml.Node
	for key, value := range pairs(node) {
		if key.Value == name {
			found = append(found, value)
			continue
		}
		found = append(found, deepField(value, name)...)
	}
	return found
}

func lineOf(nodes ...*yaml.Node) int {
	for _, node := range nodes {
		if node != nil {
			return node.Line
		}
	}
	return 1
}
