package ingest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/loss"
	"github.com/otdemo/otdemo/pkg/trace"
)

// Batch is the spans of one message.
type Batch struct {
	// Process made all the Spans, each of which points to it. It is nil when they
	// come from several, which each of them points to.
	Process *trace.Process
	Spans   []trace.Span
	// Client is the tracer's own id, the process tag client-uuid, or "".
	Client string
	// SeqNo counts the client's batches from 1; 0 when the client does not.
	SeqNo int64
	// Losses are the client's counters since it started, nil when it sends none.
	Losses *Losses
}

const clientTag = "client-uuid"

// ClientID returns the id of the tracer in a process, or "".
func ClientID(process *trace.Process) string {
	for _, tag := range process.Tags {
		if tag.Key == clientTag && tag.Value.Kind() == trace.KindString {
			return tag.Value.String()
		}
	}
	return ""
}

// Losses are the spans that a client counted as lost before they reached the wire.
type Losses = loss.ClientLost

// LogFields returns the fields of a log that came as one text: an event, or a JSON
// object of texts, which is how clients send several fields to systems that have
// only one text.
func LogFields(value string) []trace.Tag {
	var fields map[string]string
	if !strings.HasPrefix(value, "{") || json.Unmarshal([]byte(value), &fields) != nil {
		return []trace.Tag{{Key: "event", Value: trace.String(value)}}
	}
	var tags []trace.Tag
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		tags = append(tags, trace.Tag{Key: key, Value: trace.String(fields[key])})
	}
	return tags
}
