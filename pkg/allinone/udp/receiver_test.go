package udp

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"
)

// deadline bounds every wait of these tests; it is far beyond what they need.
const deadline = 10 * time.Second

func listen(t *testing.T) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func dial(t *testing.T, to net.Addr) net.Conn {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "udp", to.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func send(t *testing.T, conn net.Conn, payload []byte) {
	t.Helper()
	if _, err := conn.Write(payload); err != nil {
		t.Fatal(err)
	}
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	t.Cleanup(cancel)
	return ctx
}

// Every datagram arrives whole and once, the empty one and the largest too, and
// closing right after sending loses none.
func TestReceiverGetsEverything(t *testing.T) {
	t.Parallel()
	conn := listen(t)
	var mu sync.Mutex
	got := make(map[uint32]int)
	empty := 0
	r := Start(conn, func(payload []byte, _ netip.AddrPort) {
		mu.Lock()
		defer mu.Unlock()
		if len(payload) == 0 {
			empty++
			return
		}
		got[binary.BigEndian.Uint32(payload)] = len(payload)
	}, slog.New(slog.DiscardHandler))

	sender := dial(t, conn.LocalAddr())
	send(t, sender, nil)
	sizes := []int{4, 100, 1472, 9000, 65507}
	const count = 100
	total := int64(0)
	for i := range uint32(count) {
		payload := make([]byte, sizes[int(i)%len(sizes)])
		binary.BigEndian.PutUint32(payload, i)
		send(t, sender, payload)
		total += int64(len(payload))
	}
	if err := r.Close(within(t)); err != nil {
		t.Fatal(err)
	}
	for i := range uint32(count) {
		if want := sizes[int(i)%len(sizes)]; got[i] != want {
			t.Errorf("datagram %d: got %d bytes, want %d", i, got[i], want)
		}
	}
	stats := r.Stats()
	if empty != 1 || stats.Datagrams != count+1 || stats.Bytes != total || stats.WaitingBytes != 0 {
		t.Errorf("got %d empty and stats %+v, want 1 empty, %d datagrams, %d bytes", empty, stats, count+1, total)
	}
}

// While nothing is handled, the queue fills, then the socket; what the kernel
// drops after that is known to the last datagram.
func TestReceiverKnowsDrops(t *testing.T) {
	t.Parallel()
	conn := listen(t)
	if err := conn.SetReadBuffer(64 << 10); err != nil {
		t.Fatal(err)
	}
	if kernelDrops(conn) == nil {
		t.Skip("the kernel does not tell its drops")
	}
	release := make(chan struct{})
	r := Start(conn, func([]byte, netip.AddrPort) { <-release }, slog.New(slog.DiscardHandler))
	sender := dial(t, conn.LocalAddr())
	const count = 1500 // 60 MB: three times what queue and socket hold
	payload := make([]byte, 40_000)
	for range count {
		send(t, sender, payload)
	}
	close(release)
	if err := r.Close(within(t)); err != nil {
		t.Fatal(err)
	}
	stats := r.Stats()
	if stats.KernelDrops == 0 || stats.Datagrams+stats.KernelDrops != count {
		t.Errorf("%d received + %d dropped, want some dropped and a sum of %d", stats.Datagrams, stats.KernelDrops, count)
	}
}

func TestCloseGivesUp(t *testing.T) {
	t.Parallel()
	conn := listen(t)
	release := make(chan struct{})
	var busy sync.WaitGroup
	busy.Add(1)
	var once sync.Once
	r := Start(conn, func([]byte, netip.AddrPort) {
		once.Do(busy.Done)
		<-release
	}, slog.New(slog.DiscardHandler))
	sender := dial(t, conn.LocalAddr())
	const count = 200
	for range count {
		send(t, sender, []byte("x"))
	}
	busy.Wait()
	waitUntil(t, func() bool { return r.Stats().Datagrams == count }) // in the queue, not in the socket
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	closed := make(chan error)
	go func() { closed <- r.Close(ctx) }()
	// The handlers are stuck: Close has to wait for them, but for nothing else.
	waitUntil(t, func() bool { return r.Stats().Abandoned > 0 })
	close(release)
	err := <-closed
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "datagrams left") {
		t.Errorf("got error %v, want one of a cancelled drain with datagrams left", err)
	}
	if err := r.Close(within(t)); err != nil {
		t.Errorf("closing again: %v", err)
	}
}

// waitUntil polls, as counters have nothing to wait on.
func waitUntil(t *testing.T, done func() bool) {
	t.Helper()
	ctx := within(t)
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatal("waited in vain")
		case <-ticker.C:
		}
	}
}

func TestCapped(t *testing.T) {
	t.Parallel()
	tests := []struct {
		granted int
		want    bool
	}{{0, false}, {208 << 10, true}, {WantedBuffer, false}, {2 * WantedBuffer, false}}
	for _, tt := range tests {
		if got := Capped(tt.granted); got != tt.want {
			t.Errorf("granted %d: got capped %v, want %v", tt.granted, got, tt.want)
		}
	}
}

// Empty datagrams take memory, too, and whoever sends nothing else fills the queue.
func TestQueueBoundsEmptyDatagrams(t *testing.T) {
	t.Parallel()
	if size := int(unsafe.Sizeof(datagram{})); overhead < size {
		t.Errorf("an empty datagram takes %d bytes, and counts as %d", size, overhead)
	}
	synctest.Test(t, func(t *testing.T) {
		const most = 10
		q := newQueue(most * overhead)
		var put sync.WaitGroup
		put.Go(func() {
			for range 100 {
				q.put(datagram{})
			}
		})
		synctest.Wait()
		// The one that exceeds the limit is the last.
		if got := len(q.waiting); got != most+1 {
			t.Errorf("%d empty datagrams wait, want %d", got, most+1)
		}
		q.abandon()
		put.Wait()
	})
}

func TestQueueBoundsMemory(t *testing.T) {
	t.Parallel()
	const limit = 10 * (overhead + 100)
	q := newQueue(limit)
	put := make(chan struct{})
	go func() {
		defer close(put)
		for range 100 {
			q.put(datagram{payload: make([]byte, 100)})
		}
	}()
	taken := 0
	for taken < 100 {
		if bytes, _ := q.state(); bytes > limit+overhead+100 {
			t.Errorf("%d bytes wait, want at most %d", bytes, limit+overhead+100)
		}
		taken += len(q.take(nil))
	}
	<-put
	q.close()
	if got := q.take(nil); len(got) != 0 {
		t.Errorf("got %d datagrams from a queue that is closed and empty", len(got))
	}
}
