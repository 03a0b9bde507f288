package api

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"github.com/otdemo/otdemo/pkg/trace"
)

// adjust changes a trace as Jaeger's query service does before it answers
// (cmd/query/app/querysvc/adjusters.go in 1.62), in its order and with clock skew
// adjustment off, which is Jaeger's default: Zipkin's shared spans split, warnings,
// numeric addresses as text, the tags of OpenTelemetry's library moved to the
// process, tags and log fields sorted, equal spans dropped, references without a
// trace removed, the parent's first. It copies what it changes, since the spans
// are shared with the store.
func adjust(t *trace.Trace) {
	t.Spans = slices.Clone(t.Spans)
	splitShared(t.Spans)
	warnOfSkew(t.Spans)
	processes := make(map[*trace.Process]*trace.Process)
	for i := range t.Spans {
		s := &t.Spans[i]
		s.Process = adjustProcess(processes, s.Process)
		s.Tags = adjustTags(s.Tags)
		moveLibraryTags(s)
		s.Logs = adjustLogs(s.Logs)
	}
	t.Spans = dropEqual(t.Spans)
	for i := range t.Spans {
		adjustReferences(&t.Spans[i])
	}
}

func adjustProcess(known map[*trace.Process]*trace.Process, p *trace.Process) *trace.Process {
	if p == nil {
		return nil
	}
	adjusted, ok := known[p]
	if !ok {
		adjusted = &trace.Process{Service: p.Service, Tags: adjustTags(p.Tags)}
		known[p] = adjusted
	}
	return adjusted
}

// moveLibraryTags moves what a span says about OpenTelemetry's library to a
// process of its own. The span's tags must be a copy already.
func moveLibraryTags(s *trace.Span) {
	if !slices.ContainsFunc(s.Tags, isLibraryTag) || s.Process == nil {
		return
	}
	process := &trace.Process{Service: s.Process.Service, Tags: slices.Clone(s.Process.Tags)}
	for _, tag := range s.Tags {
		if isLibraryTag(tag) {
			process.Tags = append(process.Tags, tag)
		}
	}
	slices.SortStableFunc(process.Tags, compareTags)
	s.Process = process
	s.Tags = slices.DeleteFunc(s.Tags, isLibraryTag)
}

func isLibraryTag(tag trace.Tag) bool {
	return slices.Contains([]string{
		"telemetry.sdk.language", "telemetry.sdk.name", "telemetry.sdk.version",
		"telemetry.distro.name", "telemetry.distro.version",
	}, tag.Key)
}

// adjustTags returns the tags sorted, with addresses that came as numbers as text.
func adjustTags(tags []trace.Tag) []trace.Tag {
	tags = slices.Clone(tags)
	for i := range tags {
		if tags[i].Key == "ip" || tags[i].Key == "peer.ipv4" {
			tags[i].Value = addressText(tags[i].Value)
		}
	}
	slices.SortStableFunc(tags, compareTags)
	return tags
}

func addressText(v trace.Value) trace.Value {
	var n uint32
	switch v.Kind() {
	case trace.KindInt64:
		n = uint32(v.Int64())
	case trace.KindFloat64:
		n = uint32(int64(v.Float64()))
	default:
		return v
	}
	return trace.String(ipv4(n).String())
}

func ipv4(n uint32) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], n)
	return netip.AddrFrom4(b)
}

func compareTags(a, b trace.Tag) int {
	if c := cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Value.Kind(), b.Value.Kind())); c != 0 {
		return c
	}
	switch a.Value.Kind() {
	case trace.KindInt64:
		return cmp.Compare(a.Value.Int64(), b.Value.Int64())
	case trace.KindFloat64:
		return cmp.Compare(a.Value.Float64(), b.Value.Float64())
	default: // false sorts before true as text, and hexadecimal as its bytes do
		return cmp.Compare(a.Value.String(), b.Value.String())
	}
}

// adjustLogs sorts the fields of each log, but for the event, which comes first.
func adjustLogs(logs []trace.Log) []trace.Log {
	logs = slices.Clone(logs)
	for i := range logs {
		fields := slices.Clone(logs[i].Fields)
		rest := fields
		if j := slices.IndexFunc(fields, isEvent); j >= 0 {
			fields[0], fields[j] = fields[j], fields[0]
			rest = fields[1:]
		}
		slices.SortStableFunc(rest, compareTags)
		logs[i].Fields = fields
	}
	return logs
}

func isEvent(tag trace.Tag) bool { return tag.Key == "event" && tag.Value.Kind() == trace.KindString }

// adjustReferences removes references without a trace id, and puts the parent
// first: the first CHILD_OF within the trace, else the first of another type.
func adjustReferences(s *trace.Span) {
	var kept []trace.Reference
	parent := -1
	for _, ref := range s.References {
		if ref.TraceID.IsZero() {
			s.Warnings = append(s.Warnings, fmt.Sprintf("Invalid span reference removed {TraceID:%s SpanID:%s RefType:%s}",
				ref.TraceID, ref.SpanID, ref.Type))
			continue
		}
		if ref.TraceID == s.TraceID && (parent < 0 || ref.Type == trace.ChildOf && kept[parent].Type != trace.ChildOf) {
			parent = len(kept)
		}
		kept = append(kept, ref)
	}
	if parent > 0 {
		kept[0], kept[parent] = kept[parent], kept[0]
	}
	s.References = kept
}
