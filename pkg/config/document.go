package config

import (
	"fmt"
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

// failAt adds a fault that is not about the value of a known key.
func (d *document) failAt(n *yaml.Node, hint, format string, args ...any) {
	d.fail(&Fault{Origin: d.at(n), Text: fmt.Sprintf(format, args...), hint: hint})
}

// mapping sets the keys below prefix, which is "" or ends in a dot. An empty section
// sets nothing.
func (d *document) mapping(prefix string, n *yaml.Node) {
	content := resolve(n)
	if isNull(content) {
		return
	}
	if content.Kind != yaml.MappingNode {
		section := strings.TrimSuffix(prefix, ".")
		if section == "" {
			d.failAt(n, "write key: value lines; otdemo config shows every key",
				"the file must be a mapping of keys, got %s", describe(n))
			return
		}
		d.failAt(n, fmt.Sprintf("write its keys on indented lines below it, such as %s:", d.firstBelow(prefix)),
			"%s must be a section of keys, got %s", section, describe(n))
		return
	}
	for i := 0; i+1 < len(content.Content); i += 2 {
		key, value := resolve(content.Content[i]), content.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			d.failAt(content.Content[i], "write key: value", "a key must be a word, got %s", describe(key))
			continue
		}
		d.entry(prefix+key.Value, content.Content[i], value)
	}
}

func (d *document) firstBelow(prefix string) string {
	for _, k := range d.keys {
		if below, ok := strings.CutPrefix(k.Name, prefix); ok {
			return below
		}
	}
	return ""
}

func (d *document) entry(path string, name, value *yaml.Node) {
	key, known := d.byName[path]
	section := !known && d.isSection(path)
	if !known && !section {
		d.failAt(name, d.suggest(path), "unknown key %s", shortened(path))
		return
	}
	if first, ok := d.seen[path]; ok {
		d.failAt(name, "remove one of the two", "duplicate key %s, first on line %d", path, first)
		return
	}
	d.seen[path] = name.Line
	if section {
		d.mapping(path+".", value)
		return
	}
	from := d.at(value)
	decoded, c := decode(key, value)
	switch {
	case c != nil:
		d.failValue(key, from, c)
	case decoded != nil:
		d.set(key, decoded, from)
	}
}

// suggest returns a hint for an unknown key: a similar one, or those of the same
// name in another section.
func (d *document) suggest(path string) string {
	var names []string
	sections := map[string]bool{}
	for _, k := range d.keys {
		parts := strings.Split(k.Name, ".")
		for i := 1; i < len(parts); i++ {
			section := strings.Join(parts[:i], ".")
			if !sections[section] {
				sections[section] = true
				names = append(names, section)
			}
		}
		names = append(names, k.Name)
	}
	near := Nearest(path, names)
	if near == "" {
		near = sameEnd(path, ".", names)
	}
	if near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	return "remove it, or pass --config FILE if this file is not otdemo's; otdemo config shows every key"
}

// decode reads n as a value of key's type. It returns nil for a list with nothing after
// its colon, which sets nothing.
func decode(key *Key, n *yaml.Node) (any, *problem) {
	content := resolve(n)
	switch key.Type {
	case TypeWords:
		return decodeWords(key, content)
	case TypeTags:
		return decodeTags(content)
	case TypeString, TypeSecret, TypeHost, TypeURL, TypeBool, TypeInt, TypeFloat, TypeDuration:
	}
	if isNull(content) {
		c := &problem{claim: "has no value", hint: "give it one, or remove the line"}
		if key.Default == "" {
			c.hint = fmt.Sprintf(`write %s: "" for none, or remove the line`, key.Name)
		}
		return nil, c
	}
	if content.Kind != yaml.ScalarNode {
		return nil, &problem{claim: "must be one value", got: describe(n)}
	}
	return decodeScalar(key, content)
}

func decodeScalar(key *Key, n *yaml.Node) (any, *problem) {
	tag, text := n.ShortTag(), n.Value
	number := tag == "!!int" || tag == "!!float"
	switch {
	case !number && tag != "!!str" && tag != "!!bool" && tag != "!!timestamp":
		return nil, &problem{claim: "must not have a YAML tag", got: tag, hint: "put the value in quotes"}
	case key.Type == TypeBool:
		return decodeBool(n)
	case key.Type == TypeInt:
		var i int
		if tag == "!!int" && n.Decode(&i) == nil {
			return i, nil
		}
		return nil, numberProblem(key, n, "must be a whole number")
	case key.Type == TypeFloat:
		var f float64
		if number && n.Decode(&f) == nil {
			return f, nil
		}
		return nil, numberProblem(key, n, "must be a number")
	case key.Type == TypeDuration && number:
		return nil, unitProblem(text)
	case key.Type == TypeDuration:
		return parseDuration(text)
	}
	// Strings are used as written: 007 stays 007.
	return text, nil
}

// numberProblem returns the problem of a value that is not a number. For one in quotes
// it suggests the number.
func numberProblem(key *Key, n *yaml.Node, claim string) *problem {
	c := &problem{claim: claim, got: describe(n)}
	if _, bad := key.Type.parse(n.Value, nil); bad == nil {
		c.instead = n.Value
	}
	return c
}

func decodeBool(n *yaml.Node) (any, *problem) {
	var b bool
	if n.ShortTag() == "!!bool" && n.Decode(&b) == nil {
		return b, nil
	}
	c := &problem{claim: "must be true or false", got: describe(n)}
	switch strings.ToLower(n.Value) {
	case "yes", "on", "true", "1":
		c.instead = "true"
	case "no", "off", "false", "0":
		c.instead = "false"
	}
	return nil, c
}

func decodeWords(key *Key, n *yaml.Node) (any, *problem) {
	if isNull(n) {
		return nil, nil
	}
	if n.Kind != yaml.SequenceNode {
		c := &problem{claim: "must be a list", got: describe(n)}
		if n.Kind == yaml.ScalarNode {
			c.instead = n.Value
		}
		return nil, c
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
	if isNull(n) {
		return nil, nil
	}
	if n.Kind != yaml.SequenceNode {
		return nil, &problem{claim: "must be a list of {name, value}", got: describe(n), hint: "write " + tagExample}
	}
	var tags []Tag
	for _, item := range n.Content {
		tag, got := decodeTag(resolve(item))
		if got != "" {
			return nil, &problem{
				claim: fmt.Sprintf("must be a list of {name, value}, but line %d", item.Line) + " has " + got,
				hint:  "write " + tagExample,
			}
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
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		field, value := resolve(n.Content[i]).Value, resolve(n.Content[i+1])
		if field != "name" && field != "value" {
			return tag, fmt.Sprintf("the unknown key %s", shortened(field))
		}
		if seen[field] {
			return tag, "two keys " + field
		}
		seen[field] = true
		if value.Kind != yaml.ScalarNode || isNull(value) {
			return tag, fmt.Sprintf("%s as its %s", describe(value), field)
		}
		if field == "name" {
			tag.Name = value.Value
		} else {
			tag.Value = value.Value
		}
	}
	if !seen["name"] || !seen["value"] {
		return tag, "no name or no value"
	}
	return tag, ""
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
