package config

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// document decodes one YAML document by the key table. It is stricter than yaml's
// KnownFields: no value changes its type, and a fault names the whole key. A key may
// also be written with dots, as in messages and hints.
type document struct {
	*loader
	name string
	seen map[string]int // the line of each key so far
}

func (d *document) line(n int) Origin {
	return Origin{LayerFile, fmt.Sprintf("%s:%d", d.name, n)}
}

func (d *document) at(n *yaml.Node) Origin { return d.line(n.Line) }

// mapping sets the keys below prefix, which is "" or ends in a dot. An empty section
// sets nothing.
func (d *document) mapping(prefix string, n *yaml.Node) {
	content := resolve(n)
	switch {
	case isNull(content):
		return
	case content.Kind != yaml.MappingNode && prefix == "":
		d.fail(d.at(n), "write key: value lines; otdemo config shows every key",
			"the file must be a mapping of keys, got %s", describe(n))
		return
	case content.Kind != yaml.MappingNode:
		first := d.keys[slices.IndexFunc(d.keys, func(k Key) bool { return strings.HasPrefix(k.Name, prefix) })].Name
		d.fail(d.at(n), fmt.Sprintf("write its keys on indented lines below it, such as %s:", strings.TrimPrefix(first, prefix)),
			"%s must be a section of keys, got %s", strings.TrimSuffix(prefix, "."), describe(n))
		return
	}
	for i := 0; i+1 < len(content.Content); i += 2 {
		name, value := content.Content[i], content.Content[i+1]
		key := resolve(name)
		if key.Kind != yaml.ScalarNode {
			d.fail(d.at(name), "write key: value", "a key must be a word, got %s", describe(key))
			continue
		}
		d.entry(prefix+key.Value, name, value)
	}
}

func (d *document) entry(path string, name, value *yaml.Node) {
	key, section := d.byName[path], d.isSection(path)
	if key == nil && !section {
		hint := "remove it, or pass --config FILE if this file is not otdemo's; otdemo config shows every key"
		if near := similar(path, ".", d.names()); near != "" {
			hint = didYouMean(near)
		}
		d.fail(d.at(name), hint, "unknown key %s", shortened(path))
		return
	}
	if first, ok := d.seen[path]; ok {
		d.fail(d.at(name), "remove one of the two", "duplicate key %s, first on line %d", path, first)
		return
	}
	d.seen[path] = name.Line
	if section {
		d.mapping(path+".", value)
		return
	}
	decoded, c := decode(key, value)
	switch {
	case c != nil:
		d.failValue(path, d.at(value), c)
	case decoded != nil:
		d.set(path, decoded, d.at(value))
	}
}

// names returns the names of all keys, each section before its first key.
func (l *loader) names() []string {
	var names []string
	for _, k := range l.keys {
		for i, r := range k.Name {
			if section := k.Name[:i]; r == '.' && !slices.Contains(names, section) {
				names = append(names, section)
			}
		}
		names = append(names, k.Name)
	}
	return names
}

// decode reads n as a value of key's type. It returns nil for a list with nothing after
// its colon, which sets nothing.
func decode(key *Key, n *yaml.Node) (any, *problem) {
	n = resolve(n)
	tag := n.ShortTag()
	number := tag == "!!int" || tag == "!!float"
	switch {
	case isNull(n) && (key.Type == TypeWords || key.Type == TypeTags):
		return nil, nil
	case isNull(n) && key.Default == "":
		return nil, &problem{claim: "has no value", hint: fmt.Sprintf(`write %s: "" for none, or remove the line`, key.Name)}
	case isNull(n):
		return nil, &problem{claim: "has no value", hint: "give it one, or remove the line"}
	case key.Type == TypeWords:
		return decodeWords(key, n)
	case key.Type == TypeTags:
		return decodeTags(n)
	case n.Kind != yaml.ScalarNode:
		return nil, &problem{claim: "must be one value", got: describe(n)}
	case !number && tag != "!!str" && tag != "!!bool" && tag != "!!timestamp":
		return nil, &problem{claim: "must not have a YAML tag", got: tag, hint: "put the value in quotes"}
	case key.Type == TypeBool:
		return decodeAs[bool](key, n, tag == "!!bool")
	case key.Type == TypeInt:
		return decodeAs[int](key, n, tag == "!!int")
	case key.Type == TypeFloat:
		return decodeAs[float64](key, n, number)
	case key.Type == TypeDuration && number:
		return nil, unitProblem(n.Value)
	case key.Type == TypeDuration:
		return parseDuration(n.Value)
	}
	// Strings are used as written: 007 stays 007.
	return n.Value, nil
}

// decodeAs decodes a scalar that has the right type in YAML. For another one it suggests
// the value that was likely intended, such as a number in quotes, or yes.
func decodeAs[T any](key *Key, n *yaml.Node, right bool) (any, *problem) {
	var value T
	if right && n.Decode(&value) == nil {
		return value, nil
	}
	text := strings.ToLower(n.Value)
	switch text {
	case "yes", "on":
		text = "true"
	case "no", "off":
		text = "false"
	}
	_, c := key.Type.parse("", nil)
	c.got = describe(n)
	if meant, bad := key.Type.parse(text, nil); bad == nil {
		c.instead = key.Type.format(meant)
	}
	return nil, c
}

func decodeWords(key *Key, n *yaml.Node) (any, *problem) {
	if n.Kind != yaml.SequenceNode {
		return nil, &problem{claim: "must be a list", got: describe(n), instead: n.Value}
	}
	words := []string{}
	for _, item := range n.Content {
		if item = resolve(item); item.Kind != yaml.ScalarNode || isNull(item) {
			return nil, &problem{claim: "must be a list of words", got: describe(item), instead: key.Default}
		}
		words = append(words, item.Value)
	}
	return words, nil
}

const tagExample = "tags: [{name: region, value: eu}]"

func decodeTags(n *yaml.Node) (any, *problem) {
	c := &problem{claim: "must be a list of {name, value}", hint: "write " + tagExample}
	if n.Kind != yaml.SequenceNode {
		c.got = describe(n)
		return nil, c
	}
	var tags []Tag
	for _, item := range n.Content {
		tag, got := decodeTag(resolve(item))
		if got != "" {
			c.claim += fmt.Sprintf(", but line %d has %s", item.Line, got)
			return nil, c
		}
		tags = append(tags, tag)
	}
	return tags, nil
}

// decodeTag returns the tag, or what n is instead.
func decodeTag(n *yaml.Node) (tag Tag, got string) {
	if n.Kind != yaml.MappingNode {
		return tag, describe(n)
	}
	fields := map[string]string{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		field, value := resolve(n.Content[i]).Value, resolve(n.Content[i+1])
		_, twice := fields[field]
		switch {
		case field != "name" && field != "value":
			return tag, "the unknown key " + shortened(field)
		case twice:
			return tag, "two keys " + field
		case value.Kind != yaml.ScalarNode || isNull(value):
			return tag, describe(value) + " as its " + field
		}
		fields[field] = value.Value
	}
	if len(fields) < 2 {
		return tag, "no name or no value"
	}
	return Tag{Name: fields["name"], Value: fields["value"]}, ""
}

// resolve follows an alias to its anchor. An anchor is never an alias itself.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// describe returns a node for a message. Scalars are as written.
func describe(n *yaml.Node) string {
	switch n = resolve(n); {
	case n.Kind == yaml.MappingNode:
		return "a section"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case isNull(n):
		return "nothing"
	case n.ShortTag() == "!!str":
		return quote(n.Value)
	}
	return shortened(n.Value)
}

// shortened truncates a long text, and escapes control characters.
func shortened(s string) string {
	q := quote(s)
	return strings.TrimSuffix(strings.TrimPrefix(q, `"`), `"`)
}
