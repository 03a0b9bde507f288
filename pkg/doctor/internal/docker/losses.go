package docker

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
)

// inMemory and maybeLost name what a container loses when another
// takes its place.
const (
	inMemory  = "the traces that Jaeger has in memory"
	maybeLost = "traces, if Jaeger has them in memory or in a directory on no volume"
)

// lostTraces names the traces that are gone, or hidden in the old container, after
// another container has taken its place.
func (c *container) lostTraces() []string {
	var lost []string
	for _, dir := range c.ownDirectories() {
		lost = append(lost, "the traces in "+dir+", which is on no volume and stays in "+c.oldName())
	}
	switch {
	case len(lost) > 0 || !c.up():
	case c.storesInMemory():
		lost = append(lost, inMemory)
	case c.storageUnknown():
		lost = append(lost, maybeLost)
	}
	return lost
}

// storesInMemory reports whether what the container stores ends with its process.
func (c *container) storesInMemory() bool {
	if c.image().IsV2() {
		return !jaegers.HasConfig(c.args())
	}
	switch jaegers.StorageType(c.image(), c.env(), c.args()) {
	case jaegers.StorageMemory:
		return true
	case jaegers.StorageBadger:
		return c.isEphemeral() || slices.ContainsFunc(c.badgerDirectories(), c.onTmpfs)
	default:
		return false
	}
}

// storageUnknown reports whether where the container stores cannot be known from its
// settings.
func (c *container) storageUnknown() bool {
	if c.image().IsV2() || jaegers.Opaque(c.args()) {
		return true
	}
	return !c.image().IsAgent() && jaegers.StorageType(c.image(), c.env(), c.args()) == ""
}

// isEphemeral reports whether Badger removes its files when Jaeger ends, which is
// its default.
func (c *container) isEphemeral() bool {
	value := jaegers.Setting(c.env(), c.args(), "BADGER_EPHEMERAL")
	ephemeral, err := strconv.ParseBool(value)
	return err != nil || ephemeral
}

// badgerDirectories are those of Badger's keys and values. Both are needed to read
// a trace. Jaeger's default is beside its program.
func (c *container) badgerDirectories() []string {
	beside := "/"
	if args := c.args(); len(args) > 0 {
		beside = path.Dir(path.Join("/", c.Config.WorkingDir, args[0]))
		if path.IsAbs(args[0]) {
			beside = path.Dir(args[0])
		}
	}
	var dirs []string
	for name, part := range map[string]string{"BADGER_DIRECTORY_KEY": "keys", "BADGER_DIRECTORY_VALUE": "values"} {
		dir := jaegers.Setting(c.env(), c.args(), name)
		switch {
		case dir == "":
			dir = path.Join(beside, "data", part)
		case !path.IsAbs(dir):
			dir = path.Join("/", c.Config.WorkingDir, dir)
		}
		dirs = append(dirs, path.Clean(dir))
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// ownDirectories are where Badger keeps traces in the container's own file system,
// which the next container does not have.
func (c *container) ownDirectories() []string {
	if c.image().IsV2() || jaegers.StorageType(c.image(), c.env(), c.args()) != jaegers.StorageBadger || c.isEphemeral() {
		return nil
	}
	return slices.DeleteFunc(c.badgerDirectories(), func(dir string) bool {
		for _, m := range c.Mounts {
			if isWithin(dir, m.Destination) {
				return true
			}
		}
		return c.onTmpfs(dir)
	})
}

// onTmpfs reports whether a directory is in memory. Other mounts are looked at
// first by ownDirectories.
func (c *container) onTmpfs(dir string) bool {
	for _, m := range c.Mounts {
		if m.Type == "tmpfs" && isWithin(dir, m.Destination) {
			return true
		}
	}
	for target := range c.HostConfig.Tmpfs {
		if isWithin(dir, target) {
			return true
		}
	}
	return false
}

func isWithin(dir, parent string) bool {
	parent = path.Clean(parent)
	return parent == "/" || dir == parent || strings.HasPrefix(dir, parent+"/")
}

// copyOut is the line that copies directories out of the container.
func (c *container) copyOut(dirs []string) string {
	var steps []string
	for _, dir := range dirs {
		to := "./" + c.name() + strings.ReplaceAll(dir, "/", "-")
		steps = append(steps, shellLine([]string{"docker", "cp", c.name() + ":" + dir, to}))
	}
	return strings.Join(steps, " && ")
}
