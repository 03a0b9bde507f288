package compose

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/otdemo/otdemo/pkg/doctor/internal/docker"
)

// maxRange bounds a range of ports: there are no more ports.
const maxRange = 1 << 16

// parsePort reads an item of ports: "[[host:]published:]target[/protocol]" with
// ranges, or a mapping. A range makes several ports.
func parsePort(node *yaml.Node) ([]publishedPort, error) {
	if node.Kind == yaml.MappingNode {
		return longPort(node)
	}
	text := node.Value
	rest, proto, ok := strings.Cut(text, "/")
	if !ok {
		proto = "tcp"
	}
	host, published, target, err := splitPort(rest)
	if err != nil {
		return nil, &formError{node.Line, fmt.Sprintf("port %q: %v", text, err)}
	}
	return portRange(node, text, host, published, target, strings.ToLower(proto))
}

// splitPort cuts "[[host:]published:]target". A host in brackets is IPv6.
func splitPort(text string) (host netip.Addr, published, target string, err error) {
	i := strings.LastIndexByte(text, ':')
	if i < 0 {
		return host, "", text, nil
	}
	published, target = text[:i], text[i+1:]
	i = strings.LastIndexByte(published, ':')
	if i < 0 {
		return host, published, target, nil
	}
	host, err = netip.ParseAddr(strings.Trim(published[:i], "[]"))
	return host, published[i+1:], target, err
}

func longPort(node *yaml.Node) ([]publishedPort, error) {
	target, published := scalar(field(node, "target")), scalar(field(node, "published"))
	proto := strings.ToLower(scalar(field(node, "protocol")))
	if proto == "" {
		proto = "tcp"
	}
	var host netip.Addr
	if ip := scalar(field(node, "host_ip")); ip != "" {
		var err error
		if host, err = netip.ParseAddr(ip); err != nil {
			return nil, &formError{node.Line, fmt.Sprintf("host_ip of port %s: %v", target, err)}
		}
	}
	text := fmt.Sprintf("target: %s, published: %s, protocol: %s", target, published, proto)
	return portRange(node, text, host, published, target, proto)
}

// portRange makes the ports of "6831-6832:6831-6832".
func portRange(node *yaml.Node, text string, host netip.Addr, published, target, proto string) ([]publishedPort, error) {
	inside, last, err := parseRange(target)
	if err != nil {
		return nil, &formError{node.Line, fmt.Sprintf("port %q: %v", text, err)}
	}
	first, lastOut := 0, 0
	if published != "" {
		if first, lastOut, err = parseRange(published); err != nil {
			return nil, &formError{node.Line, fmt.Sprintf("port %q: %v", text, err)}
		}
	}
	var ports []publishedPort
	for i := inside; i <= last; i++ {
		b := docker.Binding{Host: host, Inside: i, Proto: proto}
		if out := first + i - inside; published != "" && out <= lastOut {
			b.Port = out
		}
		ports = append(ports, publishedPort{b, node.Line, text})
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
