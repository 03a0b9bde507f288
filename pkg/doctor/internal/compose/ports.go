package compose

import (
	"cmp"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/otdemo/otdemo/pkg/doctor/internal/docker"
)

// maxRange bounds a range of ports: there are no more ports.
const maxRange = 1 << 16

type publishedPort struct {
	docker.Binding
	line int
}

func (p *publishedPort) anywhere() docker.Binding {
	return docker.Binding{Port: p.Port, Inside: p.Inside, Proto: p.Proto}
}

// parsePort reads an item of ports: "[[host:]published:]target[/protocol]" with
// ranges, or a mapping. A range makes several ports.
func parsePort(node *yaml.Node) ([]publishedPort, error) {
	var p portText
	text := node.Value
	if node.Kind == yaml.MappingNode {
		value := func(key string) string { return scalar(field(node, key)) }
		p = portText{value("host_ip"), value("published"), value("target"), cmp.Or(value("protocol"), "tcp")}
		text = fmt.Sprintf("target: %s, published: %s, protocol: %s", p.target, p.published, strings.ToLower(p.proto))
	} else {
		p = splitPort(text)
	}
	ports, err := p.publishedAt(node.Line)
	if err != nil {
		return nil, atLine(node.Line, "port %q: %w", text, err)
	}
	return ports, nil
}

type portText struct{ host, published, target, proto string }

// splitPort reads the short form. A host in brackets is IPv6.
func splitPort(text string) portText {
	rest, proto, _ := strings.Cut(text, "/")
	p := portText{target: rest, proto: cmp.Or(proto, "tcp")}
	if i := strings.LastIndexByte(rest, ':'); i >= 0 {
		p.published, p.target = rest[:i], rest[i+1:]
	}
	if i := strings.LastIndexByte(p.published, ':'); i >= 0 {
		p.host, p.published = strings.Trim(p.published[:i], "[]"), p.published[i+1:]
	}
	return p
}

// publishedAt are the ports of "6831-6832:6831-6832".
func (p *portText) publishedAt(line int) ([]publishedPort, error) {
	var host netip.Addr
	var first, last int
	var err error
	if p.host != "" {
		if host, err = netip.ParseAddr(p.host); err != nil {
			return nil, err
		}
	}
	if p.published != "" {
		if first, last, err = parseRange(p.published); err != nil {
			return nil, err
		}
	}
	firstInside, lastInside, err := parseRange(p.target)
	if err != nil {
		return nil, err
	}
	var ports []publishedPort
	for inside := firstInside; inside <= lastInside; inside++ {
		b := docker.Binding{Host: host, Inside: inside, Proto: strings.ToLower(p.proto)}
		if port := first + inside - firstInside; port <= last {
			b.Port = port
		}
		ports = append(ports, publishedPort{b, line})
	}
	return ports, nil
}

func parseRange(text string) (first, last int, err error) {
	from, to, isRange := strings.Cut(text, "-")
	if !isRange {
		to = from
	}
	if first, err = strconv.Atoi(from); err != nil {
		return 0, 0, fmt.Errorf("%q is not a port", from)
	}
	if last, err = strconv.Atoi(to); err != nil {
		return 0, 0, fmt.Errorf("%q is not a port", to)
	}
	if first < 1 || last < first || last >= maxRange {
		return 0, 0, fmt.Errorf("%q is not a port range", text)
	}
	return first, last, nil
}
