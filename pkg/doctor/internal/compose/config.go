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

// checkV2 looks at what Jaeger 2 alone can have wrong: settings of Jaeger 1, and
// a configuration of its own that takes no spans.
func (c *composeCheck) checkV2(s *composeService) {
	if !jaegers.HasConfig(s.command) {
		if settings := jaegers.V1Settings(s.env); len(settings) > 0 {
			c.Add(codeComposeV1Settings, probe.HopStorage, settings[0].Line, "command: [--config, /jaeger.yaml]",
				"%s is given %s, which Jaeger 2 ignores: it keeps spans in memory", s.name, docker.ListVariables(settings))
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
		c.unread(s, source, err)
		return
	}
	config, err := parseYAML(text)
	if err != nil {
		c.unread(s, source, err)
		return
	}
	for _, u := range deepField(config, "server_urls") {
		for _, item := range items(u) {
			c.checkStorageURL(s, item.Value, source, item.Line)
		}
	}
	for i := range c.needs {
		n := &c.needs[i]
		if c.isHere(*n) || s.answersTo(n.Host) {
			c.checkReceiver(s, config, source, n)
		}
	}
}

// unread notes a configuration that was not looked at.
func (c *composeCheck) unread(s *composeService, source string, err error) {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathErr.Err
	}
	c.gaps = append(c.gaps, composeGap{
		line: s.line, text: fmt.Sprintf("the configuration %s of service %s cannot be read: %s", source, s.name, strings.ReplaceAll(err.Error(), "\n", " ")),
		service: s.name, only: codeComposeReceiver,
	})
}

// checkReceiver looks whether the configuration takes what the need sends, for
// all interfaces, and passes it on.
func (c *composeCheck) checkReceiver(s *composeService, config *yaml.Node, source string, n *docker.Need) {
	protocols := map[string]string{"6831/udp": "thrift_compact", "6832/udp": "thrift_binary", "14268/tcp": "thrift_http"}
	protocol, ok := protocols[n.String()]
	if !ok {
		return
	}
	add := func(code probe.Code, line int, mend, format string, args ...any) {
		f := c.Add(code, probe.HopIdentity, line, mend, format, args...)
		f.file, f.need = source, n
	}
	endpoint := "0.0.0.0" + portText(n.Inside)
	receivers := field(config, "receivers")
	jaeger := field(receivers, "jaeger")
	node, named := lookup(field(jaeger, "protocols"), protocol)
	if !named {
		add(codeComposeReceiver, lineOf(jaeger, receivers, config),
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
		add(codeComposeReceiver, lineOf(pipelines, config), "receivers: [jaeger, otlp]",
			"%s's configuration has a jaeger receiver that no pipeline uses, so it is not started", s.name)
		return
	}
	at := scalar(field(node, "endpoint"))
	if at == "" || probe.IsLoopback(strings.Trim(at[:max(0, strings.LastIndexByte(at, ':'))], "[]")) {
		if at == "" {
			at = "localhost"
		}
		add(codeComposeLoopback, lineOf(node, jaeger), "endpoint: \""+endpoint+"\"",
			"%s's %s listens on %s, which is its own container only", s.name, protocol, at)
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
