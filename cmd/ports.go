package cmd

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/otdemo/otdemo/pkg/allinone"
)

// listenerPorts are the flags for a backend's ports.
type listenerPorts struct {
	byName map[string]int
	// free selects a free port for each listener whose flag is not given.
	free  bool
	flags *pflag.FlagSet
}

// portFlags registers a flag for each port that a backend listens on.
func portFlags(flags *pflag.FlagSet) *listenerPorts {
	ports := &listenerPorts{byName: make(map[string]int), flags: flags}
	for _, l := range allinone.Listeners() {
		ports.byName[l.Name] = l.Port
		flags.Var(&listenerPort{ports.byName, l.Name}, portFlagName(l.Name), l.Purpose+", on this `port`")
	}
	flags.BoolVar(&ports.free, "free-ports", false, "use a free port for each listener whose port flag is not given")
	return ports
}

// options returns the ports for allinone.Options.
func (p *listenerPorts) options() map[string]int {
	ports := maps.Clone(p.byName)
	if p.free {
		for name := range ports {
			if !p.flags.Changed(portFlagName(name)) {
				ports[name] = 0
			}
		}
	}
	return ports
}

// portFlagName returns the name of a listener's port flag. For compact thrift over UDP
// it is the flag that all commands have.
func portFlagName(listener string) string {
	if listener == allinone.AgentCompact {
		return "agent-port"
	}
	return listener + "-port"
}

// portHint returns the hint for a port that is in use.
func portHint(listener string) string {
	flag := "--" + portFlagName(listener)
	return fmt.Sprintf("choose another port with %s, or %s 0 for any free port, or %s off to disable it", flag, flag, flag)
}

// off is the value of a port flag that disables its listener.
const off = "off"

// listenerPort is a flag whose value is a port, 0 for any free port, or off.
type listenerPort struct {
	ports map[string]int
	name  string
}

var _ pflag.Value = (*listenerPort)(nil)

// Set parses 0 to 65535, or off.
func (p *listenerPort) Set(text string) error {
	if strings.EqualFold(text, off) {
		p.ports[p.name] = allinone.Off
		return nil
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return errors.New("must be a port, 0 to 65535, or off")
	}
	p.ports[p.name] = int(n)
	return nil
}

// String prints the number, or off.
func (p *listenerPort) String() string {
	if p.ports[p.name] == allinone.Off {
		return off
	}
	return strconv.Itoa(p.ports[p.name])
}

// Type names the flag's type.
func (p *listenerPort) Type() string { return "port" }
