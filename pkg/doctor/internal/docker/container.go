package docker

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
)

// container is the engine's description of one container.
type container struct {
	ID    string `json:"Id"`
	Name  string
	Image string // the image's own id
	State struct {
		Status                string
		OOMKilled             bool
		ExitCode              int
		Error                 string
		StartedAt, FinishedAt time.Time
	}
	RestartCount    int
	HostConfig      hostConfig
	Config          containerConfig
	Mounts          []struct{ Type, Name, Destination string }
	NetworkSettings struct {
		Ports    portMap
		Networks map[string]endpoint
	}

	// unmapped names the settings that are set and have no field above.
	unmapped []string
	// defaults is what the image brings.
	defaults programConfig
	// newStorage, unless its name is empty, is the storage of the next
	// container.
	newStorage jaegers.Variable
	// dependents are the containers that lose their connection when it stops.
	dependents []string
	// freeName is a name that no container has, for this one once it is
	// replaced.
	freeName string
	// tagMoved is set if the name of the container's image is another image's now, or
	// none's.
	tagMoved bool
	// lastLog is the last line of what a container printed that does not run.
	lastLog string
}

func (c *container) UnmarshalJSON(text []byte) error {
	type plain container
	var all struct{ HostConfig, Config map[string]json.RawMessage }
	if err := errors.Join(json.Unmarshal(text, (*plain)(c)), json.Unmarshal(text, &all)); err != nil {
		return fmt.Errorf("read a container: %w", err)
	}
	c.unmapped = slices.Concat(
		// Volumes are among the container's mounts; the others are of no consequence
		// to a program that runs by itself.
		unmapped("Config", all.Config, c.Config, "AttachStdin", "AttachStdout", "AttachStderr", "StdinOnce", "OnBuild", "Volumes", "ArgsEscaped", "Shell"),
		// Not set by docker run's flags, or chosen by the engine.
		unmapped("HostConfig", all.HostConfig, c.HostConfig, "ConsoleSize", "ContainerIDFile", "MaskedPaths", "ReadonlyPaths", "CgroupnsMode", "Isolation"),
	)
	return nil
}

// unmapped returns what is set in a JSON object and is neither a field of the struct v
// nor among the ignored ones.
func unmapped(object string, values map[string]json.RawMessage, v any, ignored ...string) []string {
	for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
		ignored = append(ignored, f.Name)
	}
	unset := []string{"null", "false", "0", `""`, "[]", "{}"}
	var names []string
	for name, value := range values {
		isName := func(known string) bool { return strings.EqualFold(known, name) }
		if !slices.ContainsFunc(ignored, isName) && !slices.Contains(unset, string(value)) {
			names = append(names, object+"."+name)
		}
	}
	return names
}

func (c *container) name() string { return strings.TrimPrefix(c.Name, "/") }

// program is the container's Jaeger, whose arguments are from wherever they are.
func (c *container) program() *jaegers.Program {
	p := &jaegers.Program{
		Image: jaegers.ImageOf(c.Config.Image, c.Config.Labels),
		Args:  slices.Concat(c.Config.Entrypoint, c.Config.Cmd),
	}
	for _, kv := range c.Config.Env {
		name, value, _ := strings.Cut(kv, "=")
		p.Env = append(p.Env, jaegers.Variable{Name: name, Value: value})
	}
	return p
}

func (c *container) onHostNetwork() bool { return c.HostConfig.NetworkMode == "host" }

// ownImage is what docker create starts this container's image by.
func (c *container) ownImage() string {
	if c.tagMoved {
		return c.Image
	}
	return c.Config.Image
}

func (c *container) label() string { return "container " + c.name() + " (" + c.Config.Image + ")" }

// up reports whether the container's ports can be open. One that keeps being
// restarted is not up, whatever it is at the moment.
func (c *container) up() bool { return c.State.Status == "running" }

// published is what the container publishes, or would if it ran.
func (c *container) published() []Binding {
	if c.up() {
		return c.NetworkSettings.Ports.bindings()
	}
	return c.HostConfig.PortBindings.bindings()
}

// networks returns the networks on which containers can resolve each other's
// names, which the default bridge is not.
func (c *container) networks() []string {
	names := slices.Sorted(maps.Keys(c.NetworkSettings.Networks))
	return slices.DeleteFunc(names, func(name string) bool { return name == "bridge" || name == "host" || name == "none" })
}

// shared returns a network on which both resolve each other's names, "" if there is none.
func (c *container) shared(with *container) string {
	for _, name := range c.networks() {
		if slices.Contains(with.networks(), name) {
			return name
		}
	}
	return ""
}
