package compose

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/otdemo/otdemo/pkg/doctor/internal/docker"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
)

// composeFile is what a compose file says, as far as it concerns spans.
type composeFile struct {
	path     string
	services []composeService
	// gaps are what docker compose would read besides.
	gaps []composeGap
}

// composeService is one service. Lines are those of the compose file.
type composeService struct {
	name string
	line int

	image   string
	ports   []composePort
	env     []jaegers.Variable
	envLine int
	// command has the program's arguments, wherever they are from.
	command []string
	restart string
	// hostNetwork says that the service has the machine's network.
	hostNetwork bool
	// sharesNetwork says that it has another service's network.
	sharesNetwork bool
	// aliases are the names that other services may use besides its own.
	aliases  []string
	hostname string
	// waits has the services of depends_on, and the condition waited for.
	waits     map[string]string
	waitsLine int
	// checked says that the service has a health check.
	checked bool
	// files has the source of each file that is mounted, by its path inside.
	files map[string]string
}

// composePort is a published port and where the file says so.
type composePort struct {
	docker.Binding
	line int
	text string
}

func (s *composeService) jaeger() jaegers.JaegerImage { return jaegers.ImageOf(s.image, nil) }

func (f *composeFile) Service(name string) *composeService {
	for i := range f.services {
		if f.services[i].name == name {
			return &f.services[i]
		}
	}
	return nil
}

// composeError is a fault of the file's form.
type composeError struct {
	line int
	text string
}

func (e *composeError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.text) }

// parseCompose reads a compose file. vars are the values for ${NAME}. It knows
// the keys that matter here and leaves all others to docker compose.
func parseCompose(path string, text []byte, vars func(string) (string, bool)) (*composeFile, error) {
	doc, err := parseYAML(text)
	if err != nil {
		return nil, err
	}
	if err := interpolate(doc, vars); err != nil {
		return nil, err
	}
	services, err := servicesOf(doc)
	if err != nil {
		return nil, err
	}
	file := &composeFile{path: path}
	if from := field(doc, "include"); from != nil {
		file.gaps = append(file.gaps, composeGap{line: from.Line, text: "the file uses include" + notFollowedHere, hint: inOneFile("-f", path)})
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
		return nil, &composeError{doc.Line, "it is a manifest of Kubernetes, of kind " + kind}
	}
	// A file that only includes others is one, too.
	if field(doc, "include") != nil {
		return nil, nil
	}
	first := false
	for _, node := range pairs(doc) {
		if node.Kind != yaml.MappingNode {
			return nil, &composeError{doc.Line, "the file has no services"}
		}
		first = first || field(node, "image") != nil || field(node, "build") != nil
	}
	if !first || field(doc, "services") != nil {
		return nil, &composeError{doc.Line, "the file has no services"}
	}
	return doc, nil
}

func parseService(key, node *yaml.Node, vars func(string) (string, bool)) (composeService, error) {
	s := composeService{name: key.Value, line: key.Line}
	if node.Kind != yaml.MappingNode {
		return s, &composeError{key.Line, "service " + key.Value + " is no mapping"}
	}
	s.image = scalar(field(node, "image"))
	s.restart = scalar(field(node, "restart"))
	s.hostname = scalar(field(node, "hostname"))
	mode := scalar(field(node, "network_mode"))
	s.hostNetwork, s.sharesNetwork = mode == "host", strings.HasPrefix(mode, "service:")
	s.checked = field(node, "healthcheck") != nil
	s.command = slices.Concat(words(field(node, "entrypoint")), words(field(node, "command")))
	if name := scalar(field(node, "container_name")); name != "" {
		s.aliases = append(s.aliases, name)
	}
	for _, network := range pairs(field(node, "networks")) {
		s.aliases = append(s.aliases, words(field(network, "aliases"))...)
	}
	if env := field(node, "environment"); env != nil {
		s.env, s.envLine = parseEnvironment(env, vars), env.Line
	}
	s.parseWaits(field(node, "depends_on"))
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
	for _, item := range items(node) {
		name, value, set := strings.Cut(item.Value, "=")
		if !set {
			value, _ = vars(name)
		}
		env = append(env, jaegers.Variable{Name: name, Value: value, Line: item.Line})
	}
	for key, node := range pairs(node) {
		value := scalar(node)
		if node.Tag == "!!null" {
			value, _ = vars(key.Value)
		}
		env = append(env, jaegers.Variable{Name: key.Value, Value: value, Line: key.Line})
	}
	return env
}

func (s *composeService) parseWaits(node *yaml.Node) {
	if node == nil {
		return
	}
	s.waits, s.waitsLine = make(map[string]string), node.Line
	for _, item := range items(node) {
		s.waits[item.Value] = "service_started"
	}
	for key, value := range pairs(node) {
		s.waits[key.Value] = scalar(field(value, "condition"))
	}
}

// mounts reads both forms of volumes.
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
