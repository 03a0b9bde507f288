package ingest

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
)

// Requests that hold too many bytes together are turned away, and what they held
// is free again afterwards.
func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	var all Bodies
	var held []*Body
	var refused error
	for range maxBodies/MaxBody + 1 {
		one, err := all.Take(io.LimitReader(zeros{}, MaxBody))
		if err != nil {
			refused = err
			break
		}
		held = append(held, one)
	}
	if ReasonOf(refused) != Busy {
		t.Errorf("got error %v after %d bodies, want %q", refused, len(held), Busy)
	}
	for _, one := range held {
		one.Close()
	}
	if got := all.held.Load(); got != 0 {
		t.Errorf("%d bytes are held by nobody", got)
	}
	if _, err := all.Take(strings.NewReader("x")); err != nil {
		t.Errorf("after they were given back: %v", err)
	}
}

// The memory of a body is used again, and shows nothing of what was in it.
func TestBodiesAreUsedAgain(t *testing.T) {
	t.Parallel()
	var all Bodies
	for _, want := range []string{"a long one", "short", strings.Repeat("longer than the first read", 2*firstRead/20), strings.Repeat("than the third", 2*thirdRead/10), "", "last"} {
		one, err := all.Take(strings.NewReader(want))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(one.Bytes); got != want {
			t.Errorf("got %d bytes, want the %d of %.20q", len(got), len(want), want)
		}
		if got, least := all.held.Load(), int64(len(want)); got < least {
			t.Errorf("%d bytes are held, want at least %d", got, least)
		}
		one.Close()
		if got := all.held.Load(); got != 0 {
			t.Errorf("%d bytes are held by nobody", got)
		}
	}
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// bomb returns the beginning of a gzip stream that unpacks to n zeros and never ends.
func bomb(t *testing.T, n int64) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.CopyN(z, zeros{}, n); err != nil {
		t.Fatal(err)
	}
	if err := z.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Large bodies leave room for small ones, however many there are.
func TestLargeBodiesLeaveRoom(t *testing.T) {
	t.Parallel()
	var all Bodies
	var refused error
	for refused == nil {
		_, refused = all.Take(io.LimitReader(zeros{}, MaxBody))
	}
	if ReasonOf(refused) != Busy {
		t.Fatalf("got error %v, want %q", refused, Busy)
	}
	small, err := all.Take(io.LimitReader(zeros{}, smallBody/2))
	if err != nil {
		t.Errorf("a small body beside large ones: %v", err)
	} else {
		small.Close()
	}
}

// What has not come is not charged, and what unpacks to more than a body may have is
// refused once it is all there.
func TestBodiesAreChargedByWhatCame(t *testing.T) {
	t.Parallel()
	var all Bodies
	content := bomb(t, MaxBody+1)
	r, w := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/", r)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Encoding", "gzip")
	taken := make(chan *Body, 1)
	go func() {
		in, err := all.Read(req)
		if err != nil {
			t.Error(err)
		}
		taken <- in
	}()
	if got := all.held.Load(); got != 0 {
		t.Errorf("%d bytes are held before one came", got)
	}
	sent := 0
	for _, step := range []struct{ upTo, most int64 }{{100, firstRead}, {2000, 8 * firstRead}, {int64(len(content)), thirdRead}} {
		if _, err := w.Write(content[sent:step.upTo]); err != nil {
			t.Fatal(err)
		}
		sent = int(step.upTo)
		if got := all.held.Load(); got > step.most {
			t.Errorf("%d bytes are held of %d that came, want at most %d", got, sent, step.most)
		}
	}
	_ = w.Close()
	in := <-taken
	if in == nil {
		return
	}
	defer in.Close()
	if err := in.Unpack(); ReasonOf(err) != Unreadable && ReasonOf(err) != TooLarge {
		t.Errorf("got %v for a body that unpacks to too much", err)
	}
}
