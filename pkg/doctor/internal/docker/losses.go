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

// lostTraces names the traces that are gone, or hidden in the old container, after
// another container has taken its place.
func (c *container) lostTraces() []string {
	if dirs := c.ownDirectories(); len(dirs) > 0 {
		for i, dir := range dirs {
			dirs[i] = "the traces in " + dir + ", which is on no volume and stays in " + c.oldName()
		}
		return dirs
	}
	p := c.program()
	kind := p.StorageType()
	isBadger := kind == jaegers.StorageBadger
	switch {
	case !c.up():
		return nil
	case p.Image.IsV2() && !p.HasConfig(), kind == jaegers.StorageMemory,
		isBadger && (isEphemeral(p) || slices.ContainsFunc(c.badgerDirectories(), c.onTmpfs)):
		return []string{"the traces that Jaeger has in memory"}
	case p.Opaque(), kind == "" && !p.Image.IsAgent():
		return []string{"traces, if Jaeger has them in memory or in a directory on no volume"}
	default:
		return nil
	}
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

func (c *container) onTmpfs(dir string) bool {
	targets := slices.Collect(maps.Keys(c.HostConfig.Tmpfs))
	return c.isMounted(dir, "tmpfs") || slices.ContainsFunc(targets, func(target string) bool { return isWithin(dir, target) })
}

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

func (c *container) copyOut(dirs []string) string {
	var steps []string
	for _, dir := range dirs {
		to := "./" + c.name() + strings.ReplaceAll(dir, "/", "-")
		steps = append(steps, shellLine([]string{"docker", "cp", c.name() + ":" + dir, to}))
	}
	return strings.Join(steps, " && ")
}
