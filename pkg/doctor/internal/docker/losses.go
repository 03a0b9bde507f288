package docker

import (
	"cmp"
	"maps"
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
	p := c.program()
	if p.Image.IsV2() {
		return !p.HasConfig()
	}
	switch p.StorageType() {
	case jaegers.StorageMemory:
		return true
	case jaegers.StorageBadger:
		return isEphemeral(p) || slices.ContainsFunc(c.badgerDirectories(), c.onTmpfs)
	default:
		return false
	}
}

// storageUnknown reports whether where the container stores cannot be known from its
// settings.
func (c *container) storageUnknown() bool {
	p := c.program()
	return p.Image.IsV2() || p.Opaque() || !p.Image.IsAgent() && p.StorageType() == ""
}

// isEphemeral reports whether Badger removes its files when Jaeger ends, which is
// its default.
func isEphemeral(p *jaegers.Program) bool {
	ephemeral, err := strconv.ParseBool(p.Setting("BADGER_EPHEMERAL").Value)
	return err != nil || ephemeral
}

// badgerDirectories are those of Badger's keys and values. Both are needed to read
// a trace. Jaeger's default is beside its program.
func (c *container) badgerDirectories() []string {
	inContainer := func(name string) string {
		if path.IsAbs(name) {
			return path.Clean(name)
		}
		return path.Join("/", c.Config.WorkingDir, name)
	}
	p, beside := c.program(), "/"
	if len(p.Args) > 0 {
		beside = path.Dir(inContainer(p.Args[0]))
	}
	keys := cmp.Or(p.Setting("BADGER_DIRECTORY_KEY").Value, path.Join(beside, "data/keys"))
	values := cmp.Or(p.Setting("BADGER_DIRECTORY_VALUE").Value, path.Join(beside, "data/values"))
	dirs := []string{inContainer(keys), inContainer(values)}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// ownDirectories are where Badger keeps traces in the container's own file system,
// which the next container does not have.
func (c *container) ownDirectories() []string {
	if p := c.program(); p.StorageType() != jaegers.StorageBadger || isEphemeral(p) {
		return nil
	}
	return slices.DeleteFunc(c.badgerDirectories(), func(dir string) bool { return c.isMounted(dir, "") || c.onTmpfs(dir) })
}

// onTmpfs reports whether a directory is in memory. Other mounts are looked at
// first by ownDirectories.
func (c *container) onTmpfs(dir string) bool {
	targets := slices.Collect(maps.Keys(c.HostConfig.Tmpfs))
	return c.isMounted(dir, "tmpfs") || slices.ContainsFunc(targets, func(target string) bool { return isWithin(dir, target) })
}

// isMounted reports whether a directory is in a mount of a type, or of any.
func (c *container) isMounted(dir, mountType string) bool {
	for _, m := range c.Mounts {
		if (mountType == "" || m.Type == mountType) && isWithin(dir, m.Destination) {
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
