package sheet

import (
	"fmt"
	"strings"
)

// markers returns the lines around the section of that name. Markdown does not
// show them.
func markers(name string) (begin, end string) {
	return "<!-- bench:" + name + " -->\n", "<!-- /bench:" + name + " -->\n"
}

// Section returns what stands between the markers of a name in a document.
func Section(doc, name string) (string, error) {
	_, body, _, err := split(doc, name)
	return body, err
}

// Replace returns the document with body, which ends in a line break, between the
// markers of a name, and all else as it was.
func Replace(doc, name, body string) (string, error) {
	before, _, after, err := split(doc, name)
	if err != nil {
		return "", err
	}
	return before + body + after, nil
}

func split(doc, name string) (before, body, after string, err error) {
	begin, end := markers(name)
	head, rest, found := strings.Cut(doc, begin)
	if !found {
		return "", "", "", fmt.Errorf("the document has no line %q", strings.TrimSpace(begin))
	}
	body, tail, found := strings.Cut(rest, end)
	if !found {
		return "", "", "", fmt.Errorf("the document has no line %q", strings.TrimSpace(end))
	}
	return head + begin, body, end + tail, nil
}
