package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// Node is a thing on the page as a screen reader tells it.
type Node struct {
	Role, Name, Value string
	// States are its properties, such as "expanded" or "level", as text.
	States map[string]string

	id cdp.BackendNodeID
}

// axNode is a node of Chromium's accessibility tree; the package that describes it
// refuses properties that it does not know.
type axNode struct {
	Ignored          bool              `json:"ignored"`
	Role             axValue           `json:"role"`
	Name             axValue           `json:"name"`
	Value            axValue           `json:"value"`
	Properties       []axProperty      `json:"properties"`
	BackendDOMNodeID cdp.BackendNodeID `json:"backendDOMNodeId"`
}

type axProperty struct {
	Name  string  `json:"name"`
	Value axValue `json:"value"`
}

type axValue struct {
	Value any `json:"value"`
}

func (v axValue) String() string {
	if v.Value == nil {
		return ""
	}
	return fmt.Sprint(v.Value)
}

// Tree returns all that a screen reader can tell, in the order of the page.
func (t *Tab) Tree() ([]Node, error) {
	var answer struct {
		Nodes []axNode `json:"nodes"`
	}
	err := t.run(func(ctx context.Context) error {
		var raw json.RawMessage
		if err := cdp.Execute(ctx, "Accessibility.getFullAXTree", nil, &raw); err != nil {
			return err
		}
		return json.Unmarshal(raw, &answer)
	})
	if err != nil {
		return nil, fmt.Errorf("read the accessibility tree: %w", err)
	}
	var nodes []Node
	for _, n := range answer.Nodes {
		if n.Ignored {
			continue
		}
		states := make(map[string]string, len(n.Properties))
		for _, p := range n.Properties {
			states[p.Name] = p.Value.String()
		}
		nodes = append(nodes, Node{n.Role.String(), n.Name.String(), n.Value.String(), states, n.BackendDOMNodeID})
	}
	return nodes, nil
}

// All returns the nodes of a role whose names match.
func (t *Tab) All(role string, name *regexp.Regexp) ([]Node, error) {
	tree, err := t.Tree()
	if err != nil {
		return nil, err
	}
	var found []Node
	for _, n := range tree {
		if n.Role == role && name.MatchString(n.Name) {
			found = append(found, n)
		}
	}
	return found, nil
}

// Focused returns what has the focus, or nil.
func (t *Tab) Focused() (*Node, error) {
	tree, err := t.Tree()
	if err != nil {
		return nil, err
	}
	for i := len(tree) - 1; i >= 0; i-- { // the document is focused, too
		if tree[i].States["focused"] == "true" {
			return &tree[i], nil
		}
	}
	return nil, nil
}

// run runs a function with the tab, for a while.
func (t *Tab) run(f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(t.ctx, actionTimeout)
	defer cancel()
	return chromedp.Run(ctx, chromedp.ActionFunc(f))
}
