package compose

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
)

type file struct {
	path     string
	services []service
	// gaps are what docker compose would read in addition.
	gaps []gap
}

// service is one service, as the Jaeger that it may be. Lines are those of the compose
// file.
type service struct {
	jaegers.Program
	name string
	line int

	ports   []publishedPort
	restart string
	// hostNetwork is set if the service has the machine's network.
	hostNetwork bool
	// sharesNetwork is set if it has another service's network.
	sharesNetwork bool
	// aliases are further names that other services may use for it.
	aliases  []string
	hostname string
	// dependsOn has the services of depends_on, and the condition waited for.
	dependsOn     map[string]string
	dependsOnLine int
	// files has the source of each file that is mounted, by its path inside.
	files map[string]string
}

func atLine(line int, format string, args ...any) error {
	return fmt.Errorf("line %d: %w", line, fmt.Errorf(format, args...))
}

// parseFile reads a compose file. vars are the values for ${NAME}. It reads
// only the keys that matter here and leaves all others to docker compose.
func parseFile(path string, text []byte, vars func(string) (string, bool)) (*file, error) {
	doc, err := parseYAML(text, vars)
	if err != nil {
		return nil, err
	}
	services, err := servicesOf(doc)
	if err != nil {
		return nil, err
	}
	file := &file{path: path}
	if from := field(doc, "include"); from != nil {
		file.addGap(from.Line, scope{}, "the file uses include"+notFollowedHere)
	}
	for key, node := range pairs(services) {
		s, err := parseService(key, node, vars)
		if err != nil {
			return nil, err
		}
		file.services = append(file.services, s)
		file.addGaps(&s, node)
	}
	return file, nil
}

// servicesOf returns the services of a file. Those of compose's first form are the
// file itself, without a key of their own.
func servicesOf(doc *yaml.Node) (*yaml.Node, error) {
	if services := field(doc, "services"); services != nil && services.Kind == yaml.MappingNode {
		return services, nil
	}
	if kind := scalar(field(doc, "kind")); kind != "" && field(doc, "apiVersion") != nil {
		return nil, atLine(doc.Line, "it is a Kubernetes manifest of kind %s", kind)
	}
	// A file that only includes others is a compose file as well.
	if field(doc, "include") != nil {
		return nil, nil
	}
	isService := func(node *yaml.Node) bool { return field(node, "image") != nil || field(node, "build") != nil }
	for _, node := range pairs(doc) {
		if isService(node) && field(doc, "services") == nil {
			return doc, nil
		}
	}
	return nil, atLine(doc.Line, "the file has no services")
}

func parseService(key, node *yaml.Node, vars func(string) (string, bool)) (service, error) {
	s := service{name: key.Value, line: key.Line}
	if node.Kind != yaml.MappingNode {
		return s, atLine(key.Line, "service %s is not a mapping", key.Value)
	}
	s.Image = jaegers.ImageOf(scalar(field(node, "image")), nil)
	s.Args = slices.Concat(words(field(node, "entrypoint")), words(field(node, "command")))
	s.Env = parseEnvironment(field(node, "environment"), vars)
	s.restart = scalar(field(node, "restart"))
	s.hostname = scalar(field(node, "hostname"))
	mode := scalar(field(node, "network_mode"))
	s.hostNetwork, s.sharesNetwork = mode == "host", strings.HasPrefix(mode, "service:")
	if name := scalar(field(node, "container_name")); name != "" {
		s.aliases = append(s.aliases, name)
	}
	for _, network := range pairs(field(node, "networks")) {
		s.aliases = append(s.aliases, words(field(network, "aliases"))...)
	}
	s.parseDependsOn(field(node, "depends_on"))
	s.files = mounts(field(node, "volumes"))
	for _, item := range items(field(node, "ports")) {
		ports, err := parsePort(item)
		if err != nil {
			return s, err
		}
		s.ports = append(s.ports, ports...)
	}
	return s, nil
}

// parseEnvironment reads both forms, list and map. A variable without a value is
// passed on.
func parseEnvironment(node *yaml.Node, vars func(string) (string, bool)) []jaegers.Variable {
	var env []jaegers.Variable
	add := func(name, value string, isSet bool, line int) {
		if !isSet {
			value, _ = vars(name)
		}
		env = append(env, jaegers.Variable{Name: name, Value: value, Line: line})
	}
	for _, item := range items(node) {
		name, value, isSet := strings.Cut(item.Value, "=")
		add(name, value, isSet, item.Line)
	}
	for key, value := range pairs(node) {
		add(key.Value, scalar(value), value.Tag != "!!null", key.Line)
	}
	return env
}

func (s *service) parseDependsOn(node *yaml.Node) {
	if node == nil {
		return
	}
	s.dependsOn, s.dependsOnLine = make(map[string]string), node.Line
	for _, item := range items(node) {
		s.dependsOn[item.Value] = "service_started"
	}
	for key, value := range pairs(node) {
		s.dependsOn[key.Value] = scalar(field(value, "condition"))
	}
}

func mounts(node *yaml.Node) map[string]string {
	files := make(map[string]string)
	for _, item := range items(node) {
		if item.Kind == yaml.MappingNode {
			files[scalar(field(item, "target"))] = scalar(field(item, "source"))
			continue
		}
		source, rest, ok := strings.Cut(item.Value, ":")
		if target, _, _ := strings.Cut(rest, ":"); ok {
			files[target] = source
		}
	}
	return files
}

// words reads what may be a list or a string for a shell. Quotes in the string
// are not needed for what is looked for in it.
func words(node *yaml.Node) []string {
	if node == nil {
		return nil
	}
	if node.Kind == yaml.ScalarNode {
		return strings.Fields(node.Value)
	}
	var all []string
	for _, item := range items(node) {
		all = append(all, item.Value)
	}
	return all
}
