package compose

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/otdemo/otdemo/pkg/doctor/internal/docker"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// checkV2 checks what only Jaeger 2 can have wrong: settings of Jaeger 1, and
// its own configuration that receives no spans.
func (c *check) checkV2(s *service) {
	if !jaegers.HasConfig(s.command) {
		if settings := jaegers.V1Settings(s.env); len(settings) > 0 {
			c.add(codeV1Settings, probe.HopStorage, settings[0].Line, "command: [--config, /jaeger.yaml]",
				"%s sets %s, which Jaeger 2 ignores: it stores spans in memory", s.name, docker.ListVariables(settings))
		}
		return
	}
	source := s.configSource()
	if source == "" {
		return
	}
	text, err := c.readFile(source)
	if err != nil {
		// It may be on another machine, as the compose file is only read.
		c.noteUnread(s, source, err)
		return
	}
	config, err := parseYAML(text)
	if err != nil {
		c.noteUnread(s, source, err)
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

// noteUnread records a configuration that could not be read.
func (c *check) noteUnread(s *service, source string, err error) {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathErr.Err
	}
	c.gaps = append(c.gaps, gap{
		line: s.line, text: fmt.Sprintf("cannot read the configuration %s of service %s: %s", source, s.name, strings.ReplaceAll(err.Error(), "\n", " ")),
		service: s.name, only: codeReceiverMissing,
	})
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
	endpoint := "0.0.0.0" + portText(n.Inside)
	receivers := field(config, "receivers")
	jaeger := field(receivers, "jaeger")
	node, named := lookup(field(jaeger, "protocols"), protocol)
	if !named {
		add(codeReceiverMissing, lineOf(jaeger, receivers, config),
			"jaeger: {protocols: {"+protocol+": {endpoint: \""+endpoint+"\"}}}",
			"%s's configuration has no receiver for %s", s.name, n)
		return
	}
	pipelines := field(field(config, "service"), "pipelines")
	listed := false
	for _, pipeline := range pairs(pipelines) {
		for _, item := range items(field(pipeline, "receivers")) {
			listed = listed || item.Value == "jaeger"
		}
	}
	if !listed {
		add(codeReceiverMissing, lineOf(pipelines, config), "receivers: [jaeger, otlp]",
			"%s's configuration has a jaeger receiver that no pipeline uses, so it is not started", s.name)
		return
	}
	at := scalar(field(node, "endpoint"))
	if at == "" || probe.IsLoopback(strings.Trim(at[:max(0, strings.LastIndexByte(at, ':'))], "[]")) {
		if at == "" {
			at = "localhost"
		}
		add(codeLoopback, lineOf(node, jaeger), "endpoint: \""+endpoint+"\"",
			"%s's %s listens on %s, which only its own container can reach", s.name, protocol, at)
	}
}

// lookup is field for a value that may be empty.
func lookup(node *yaml.Node, name string) (*yaml.Node, bool) {
	for key, value := range pairs(node) {
		if key.Value == name {
			return value, true
		}
	}
	return nil, false
}

// deepField returns the values of a key at any depth.
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

// lineOf is the line of the first node that there is.
func lineOf(nodes ...*yaml.Node) int {
	for _, node := range nodes {
		if node != nil {
			return node.Line
		}
	}
	return 1
}
