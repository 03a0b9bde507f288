package elasticsearch

import (
	"cmp"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// clusterSettings are the settings of a cluster with dots in their keys. A value is
// transient, persistent or a default, in this order.
type clusterSettings struct {
	Transient  map[string]string `json:"transient"`
	Persistent map[string]string `json:"persistent"`
	Defaults   map[string]string `json:"defaults"`
}

func (s clusterSettings) value(key string) string {
	return cmp.Or(s.Transient[key], s.Persistent[key], s.Defaults[key])
}

func readSettings(r *reader) clusterSettings {
	// In a filter a dot within a key has a backslash.
	filter := `*.cluster\.max_shards_per_node,*.cluster\.routing\.allocation\.disk*,*.cluster\.blocks*`
	return read[clusterSettings](r, "_cluster/settings", "include_defaults=true&flat_settings=true&filter_path="+url.QueryEscape(filter))
}

type diskUsage struct {
	nodes []allocation
	// flood is the setting, "" when it is switched off or not known.
	flood, headroom string
	// block is the setting that closes the whole cluster for writing, "" if none does.
	block string
}

type allocation struct {
	Node    string `json:"node"`
	Avail   string `json:"disk.avail"`
	Total   string `json:"disk.total"`
	Percent string `json:"disk.percent"`
}

func readDisk(r *reader) diskUsage {
	const disk = "cluster.routing.allocation.disk."
	s := readSettings(r)
	d := diskUsage{nodes: read[[]allocation](r, "_cat/allocation", "format=json&bytes=b&h=node,disk.avail,disk.total,disk.percent")}
	for _, block := range []string{"cluster.blocks.read_only", "cluster.blocks.read_only_allow_delete"} {
		if s.value(block) == "true" {
			d.block = block
		}
	}
	if s.value(disk+"threshold_enabled") != "false" {
		d.flood = s.value(disk + "watermark.flood_stage")
		d.headroom = s.value(disk + "watermark.flood_stage.max_headroom")
	}
	return d
}

// full returns the nodes above the flood stage.
func (d diskUsage) full() []string {
	var names []string
	for _, n := range d.nodes {
		avail, err1 := strconv.ParseFloat(n.Avail, 64)
		total, err2 := strconv.ParseFloat(n.Total, 64)
		// The line of unassigned shards has no disk.
		if err1 != nil || err2 != nil {
			continue
		}
		if least, ok := leastFree(total, d.flood, d.headroom); ok && avail < least {
			names = append(names, n.Node)
		}
	}
	return names
}

func (d diskUsage) lines() []string {
	var lines []string
	for _, n := range d.nodes {
		if n.Percent != "" {
			lines = append(lines, fmt.Sprintf("the disk of node %s is %s%% full; the flood stage is %s", n.Node, n.Percent, d.flood))
		}
	}
	return lines
}

// leastFree is how many bytes of a disk must stay free. A watermark is a share
// that may be used ("95%", "0.95"), of which no more than headroom need be free,
// or the size that must be free ("500mb").
func leastFree(total float64, watermark, headroom string) (float64, bool) {
	share, err := strconv.ParseFloat(strings.TrimSuffix(watermark, "%"), 64)
	if err != nil {
		return byteSize(watermark)
	}
	if strings.HasSuffix(watermark, "%") {
		share /= 100
	}
	least := total * (1 - share)
	if most, ok := byteSize(headroom); ok {
		least = min(least, most)
	}
	return least, true
}

// byteSize reads a size of Elasticsearch's, whose units are powers of 1024.
func byteSize(text string) (float64, bool) {
	text = strings.ToLower(text)
	number := strings.TrimRight(text, "bkmgtp")
	power := slices.Index([]string{"b", "kb", "mb", "gb", "tb", "pb"}, text[len(number):])
	n, err := strconv.ParseFloat(number, 64)
	if power < 0 || err != nil || n < 0 {
		return 0, false
	}
	return n * math.Pow(1024, float64(power)), true
}
