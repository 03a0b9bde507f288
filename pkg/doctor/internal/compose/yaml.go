package compose

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// parseYAML returns the only document of a text, in which aliases and merges are
// resolved. Aliases in it end, and do not multiply it without bounds. vars are the
// values for ${NAME}; nil leaves that as it is.
func parseYAML(text []byte, vars func(string) (string, bool)) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, atLine(1, "the file is empty")
	} else if err != nil {
		return nil, err
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("the file has more than one document")
	}
	if vars != nil {
		if err := interpolate(&doc, vars); err != nil {
			return nil, err
		}
	}
	r := resolver{open: make(map[*yaml.Node]bool)}
	return r.resolve(doc.Content[0])
}

// maxNodes bounds a document whose aliases are followed: a text of 1 MiB has half as
// many without any.
const maxNodes = 1 << 20

// resolver goes through a document as those do who read it. Decoding finds the same
// faults, and compares each key of a mapping with every other.
type resolver struct {
	nodes int
	// open are the nodes with anchors that the walk is inside of.
	open map[*yaml.Node]bool
}

// resolve returns the node without aliases and merges in it. An error is for aliases
// without an end or that multiply the document, and for keys that are there twice or are
// not text.
func (r *resolver) resolve(node *yaml.Node) (*yaml.Node, error) {
	if r.nodes++; r.nodes > maxNodes {
		return nil, atLine(node.Line, "document contains excessive aliasing")
	}
	if node.Kind == yaml.AliasNode {
		if r.open[node.Alias] {
			return nil, atLine(node.Line, "anchor %q contains itself", node.Value)
		}
		return r.resolve(node.Alias)
	}
	if node.Anchor != "" {
		r.open[node] = true
		defer delete(r.open, node)
	}
	for i, child := range node.Content {
		var err error
		if node.Content[i], err = r.resolve(child); err != nil {
			return nil, err
		}
	}
	if node.Kind == yaml.MappingNode {
		return node, merge(node)
	}
	return node, nil
}

// merge puts what a mapping merges from others behind its own pairs, which outrank it.
func merge(mapping *yaml.Node) error {
	lines := make(map[string]int, len(mapping.Content)/2)
	var content, sources []*yaml.Node
	for key, value := range pairs(mapping) {
		if key.Kind != yaml.ScalarNode {
			return atLine(key.Line, "a key is no text")
		}
		if line, again := lines[key.Value]; again {
			return atLine(key.Line, "mapping key %q already defined at line %d", key.Value, line)
		}
		lines[key.Value] = key.Line
		switch {
		case key.Tag != "!!merge":
			content = append(content, key, value)
		case value.Kind == yaml.SequenceNode:
			sources = append(sources, value.Content...)
		default:
			sources = append(sources, value)
		}
	}
	for _, source := range sources {
		for key, value := range pairs(source) {
			if _, outranked := lines[key.Value]; !outranked {
				lines[key.Value] = key.Line
				content = append(content, key, value)
			}
		}
	}
	mapping.Content = content
	return nil
}

// pairs iterates over a mapping. Anything else, nil too, has no pairs.
func pairs(node *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		if node == nil || node.Kind != yaml.MappingNode {
			return
		}
		for pair := range slices.Chunk(node.Content, 2) {
			if !yield(pair[0], pair[1]) {
				return
			}
		}
	}
}

// items returns what a sequence has; anything else, nil too, has none.
func items(node *yaml.Node) []*yaml.Node {
	if node == nil || node.Kind != yaml.SequenceNode {
		return nil
	}
	return node.Content
}

func field(node *yaml.Node, name string) *yaml.Node {
	for key, value := range pairs(node) {
		if key.Value == name {
			return value
		}
	}
	return nil
}

// scalar returns a node's text, "" for nil and for anything but a scalar.
func scalar(node *yaml.Node) string {
	if node == nil || node.Kind != yaml.ScalarNode || node.Tag == "!!null" {
		return ""
	}
	return node.Value
}

func interpolate(node *yaml.Node, vars func(string) (string, bool)) error {
	if node.Kind == yaml.ScalarNode {
		text, err := expand(node.Value, vars)
		if err != nil {
			return atLine(node.Line, "%w", err)
		}
		node.Value = text
	}
	for i, child := range node.Content {
		if isKey := node.Kind == yaml.MappingNode && i%2 == 0; isKey {
			continue
		}
		if err := interpolate(child, vars); err != nil {
			return err
		}
	}
	return nil
}

// maxNesting bounds ${A:-${B:-…}}. Each level is read once more than the one
// around it.
const maxNesting = 32

// expand replaces $NAME, ${NAME} and the forms with :-, -, :+, +, :? and ? as
// docker compose does, and $$ by $.
func expand(text string, vars func(string) (string, bool)) (string, error) {
	return expandWithin(maxNesting, text, vars)
}

// reference is what a dollar begins; any other dollar stands for itself.
var reference = regexp.MustCompile(`\$(?:\$|\{|[A-Za-z_][A-Za-z0-9_]*)`)

func expandWithin(levels int, text string, vars func(string) (string, bool)) (string, error) {
	if levels == 0 {
		return "", fmt.Errorf("variables are nested more than %d deep", maxNesting)
	}
	var out strings.Builder
	for {
		at := reference.FindStringIndex(text)
		if at == nil {
			return out.String() + text, nil
		}
		out.WriteString(text[:at[0]])
		name, rest := text[at[0]+1:at[1]], text[at[1]:]
		value := "$"
		switch name {
		case "$":
		case "{":
			end := closing(rest)
			if end < 0 {
				return "", errors.New("${ without }")
			}
			var err error
			if value, err = substitute(levels, rest[:end], vars); err != nil {
				return "", err
			}
			rest = rest[end+1:]
		default:
			value, _ = vars(name)
		}
		out.WriteString(value)
		text = rest
	}
}

// inBraces is a variable and its operator, in front of what may be very long.
var inBraces = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)(:?)([-+?]?)`)

func substitute(levels int, inner string, vars func(string) (string, bool)) (string, error) {
	m := inBraces.FindStringSubmatch(inner)
	if m == nil || m[3] == "" && m[0] != inner {
		return "", fmt.Errorf("${%s} is not a variable", inner)
	}
	name, colon, op, word := m[1], m[2], m[3], inner[len(m[0]):]
	value, set := vars(name)
	if colon != "" && value == "" {
		set = false
	}
	switch {
	case op == "", op != "+" && set:
		return value, nil
	case op == "?":
		return "", fmt.Errorf("variable %s is not set: %s", name, word)
	case op == "+" && !set:
		return "", nil
	default:
		return expandWithin(levels-1, word, vars)
	}
}

// closing is the index of the } that ends the { in front of text, or -1.
func closing(text string) int {
	depth := 1
	for i, r := range text {
		switch r {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// dotenv reads the file .env, whose lines are NAME=value, for variables.
func dotenv(text []byte) map[string]string {
	values := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "export ")
		name, value, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		value = strings.TrimSpace(value)
		if n := len(value); n > 1 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
			value = value[1 : n-1]
		}
		values[strings.TrimSpace(name)] = value
	}
	return values
}
