package appdash

import (
	"io"
	"slices"
	"strings"
	"testing"

	"sourcegraph.com/sourcegraph/appdash"

	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
)

// The packets are those of Appdash's own client.
func TestAppdashPacket(t *testing.T) {
	t.Parallel()
	id := appdash.SpanID{Trace: 1, Span: 1<<64 - 1, Parent: 1 << 32}
	list := []appdash.Annotation{
		{Key: "", Value: nil}, {Key: "key", Value: []byte{0, 255}}, {Key: "long", Value: make([]byte, 70_000)},
	}
	listener := testkit.ListenTCP(t)
	client := appdash.NewRemoteCollector(listener.Addr().String())
	if err := client.Collect(id, list...); err != nil {
		t.Fatal(err)
	}
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	want, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	// Its encoder leaves out a value that is nil, and keeps an empty one.
	list[0].Value = []byte{}
	got := appendPacket([]byte("before"), id, list)
	empty := []byte{5<<3 | 3, 6<<3 | 2, 0, 7<<3 | 2, 0}
	if i := slices.Index(got, 5<<3|3); !strings.HasPrefix(string(got[i:]), string(empty)) {
		t.Errorf("got %x, want an empty annotation first", got[i:i+10])
	}
	if diff := len(got) - len("before") - len(want); diff != 2 {
		t.Errorf("got %d bytes more than Appdash's client, want 2 for the empty value", diff)
	}
	if got, want := string(got[len(got)-70_020:]), string(want[len(want)-70_020:]); got != want {
		t.Error("the packet ends unlike that of Appdash's client")
	}
}
