package appdash

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/loss"
	"github.com/otdemo/otdemo/pkg/trace"
)

// shelf keeps what an assembler hands out, and is its clock.
type shelf struct {
	mu    sync.Mutex
	spans []trace.Span
	now   time.Time
}

func newShelf() (*shelf, *Assembler) {
	s := &shelf{now: epoch}
	return s, NewAssembler(func() time.Time { return s.now }, s.put)
}

func (s *shelf) put(batch *ingest.Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spans = append(s.spans, batch.Spans...)
}

// names lists the spans handed out, in order.
func (s *shelf) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for i := range s.spans {
		names = append(names, s.spans[i].Operation)
	}
	return names
}

func part(span uint64, annotations ...Annotation) Packet {
	return Packet{ID: SpanID{Trace: 1, Span: span}, Annotations: annotations}
}

func name(span uint64) Packet {
	return part(span, Annotation{"Name", fmt.Sprint(span)}, Annotation{"_schema:name", ""})
}

// The parts of several spans may come mixed, in packets of any size; each span is
// handed out with its times, not before and only once.
func TestPartsOfASpan(t *testing.T) {
	t.Parallel()
	got, a := newShelf()
	for _, span := range []uint64{1, 2} {
		for _, annotation := range whole(fmt.Sprint(span))[:4] {
			a.Add(part(span, annotation))
		}
	}
	a.Add(part(3, whole("3")...))
	a.Add(part(2, Annotation{"_schema:Timespan", ""}))
	if diff := cmp.Diff([]string{"3", "2"}, got.names()); diff != "" {
		t.Errorf("handed out (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(loss.Parts{Open: 1}, a.Stats()); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
	a.Flush()
	if diff := cmp.Diff([]string{"3", "2", "1"}, got.names()); diff != "" {
		t.Errorf("handed out at the end (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(loss.Parts{Untimed: 1}, a.Stats()); diff != "" {
		t.Errorf("stats at the end (-want +got):\n%s", diff)
	}
}

// A span that gets no times is handed out after a while without a new part, with a
// warning.
func TestPatience(t *testing.T) {
	t.Parallel()
	got, a := newShelf()
	a.Add(name(1))
	a.Add(name(2))
	got.now = epoch.Add(Patience / 2)
	a.Add(part(1, Annotation{"key", "value"}))
	got.now = epoch.Add(Patience)
	a.Sweep()
	if diff := cmp.Diff([]string{"2"}, got.names()); diff != "" {
		t.Errorf("handed out (-want +got):\n%s", diff)
	}
	got.now = epoch.Add(2 * Patience)
	a.Sweep()
	if diff := cmp.Diff([]string{"2", "1"}, got.names()); diff != "" {
		t.Errorf("handed out later (-want +got):\n%s", diff)
	}
	for _, span := range got.spans {
		if diff := cmp.Diff([]string{noTimes}, span.Warnings); diff != "" {
			t.Errorf("warnings (-want +got):\n%s", diff)
		}
		if !span.Start.Equal(epoch) {
			t.Errorf("a span stands at %s, want where its first part came: %s", span.Start, epoch)
		}
	}
}

// Spans that wait are bounded in number and in bytes; those beyond are handed out,
// the quietest first, and none is thrown away.
func TestBoundOfOpenSpans(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		value    string
		n, most  int
		wantLeft int // at least
	}{
		{"small ones", "", maxOpen + 500, maxOpen, maxOpen},
		{"large ones", strings.Repeat("x", 1<<20), 40, 15, 15},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, a := newShelf()
			for i := range tt.n {
				a.Add(name(uint64(i + 1)))
				a.Add(part(uint64(i+1), Annotation{"key", tt.value}))
			}
			open := a.Stats().Open
			if open > int64(tt.most) || open < int64(tt.wantLeft) {
				t.Errorf("%d spans wait, want %d to %d", open, tt.wantLeft, tt.most)
			}
			if names := got.names(); len(names) != tt.n-int(open) || names[0] != "1" {
				t.Errorf("%d were handed out, beginning with %q, want %d from 1 on", len(names), names[0], tt.n-int(open))
			}
			a.Flush()
			if names := got.names(); len(names) != tt.n || a.bytes != 0 {
				t.Errorf("%d were handed out in the end and %d bytes are left, want %d and 0", len(names), a.bytes, tt.n)
			}
		})
	}
}

// A span larger than all that may wait is handed out, too.
func TestEndlessSpan(t *testing.T) {
	t.Parallel()
	got, a := newShelf()
	large := Annotation{"key", strings.Repeat("x", 1<<20)}
	for range 40 {
		a.Add(part(1, large))
	}
	a.Flush()
	parts := 0
	for i := range got.spans {
		parts += len(got.spans[i].Tags)
	}
	if parts != 40 {
		t.Errorf("got %d of its parts, want 40", parts)
	}
	if a.bytes != 0 {
		t.Errorf("%d bytes are left", a.bytes)
	}
}
