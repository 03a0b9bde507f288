package rpc

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
)

// contender is a way to serve unary calls.
type contender struct {
	name  string
	serve func(tb testing.TB, l net.Listener) (held func() int64)
}

// anyCall answers every method of grpc-go with an empty message.
func anyCall(_ any, stream grpc.ServerStream) error {
	var message []byte
	if err := stream.RecvMsg(&message); err != nil {
		return err
	}
	reply := []byte(nil)
	return stream.SendMsg(&reply)
}

func nativeServer(tb testing.TB, l net.Listener) func() int64 {
	tb.Helper()
	server := grpc.NewServer(grpc.ForceServerCodec(rawCodec{}), grpc.UnknownServiceHandler(anyCall), grpc.MaxConcurrentStreams(maxStreams))
	go func() { _ = server.Serve(l) }()
	tb.Cleanup(server.Stop)
	return func() int64 { return 0 }
}

// bound is the memory for bodies, as the backend has it.
type bound struct{ held atomic.Int64 }

const maxHeld = 64 << 20

func (b *bound) read(r io.Reader) ([]byte, func(), error) {
	var size int64
	release := func() { b.held.Add(-size) }
	var all bytes.Buffer
	var step [32 << 10]byte
	for {
		n, err := r.Read(step[:])
		size += int64(n)
		if b.held.Add(int64(n)) > maxHeld {
			release()
			return nil, nil, Statusf(codes.Unavailable, "busy")
		}
		all.Write(step[:n])
		if errors.Is(err, io.EOF) {
			return all.Bytes(), release, nil
		}
		if err != nil {
			release()
			return nil, nil, err
		}
	}
}

func httpServer(tb testing.TB, l net.Listener, handler http.Handler) {
	tb.Helper()
	server := &http.Server{ReadHeaderTimeout: time.Second, ReadTimeout: 10 * time.Second, Handler: handler}
	Configure(server)
	go func() { _ = server.Serve(l) }()
	tb.Cleanup(func() { _ = server.Close() })
}

func contenders() []contender {
	return []contender{
		{"hand", func(tb testing.TB, l net.Listener) func() int64 {
			tb.Helper()
			var b bound
			empty := func(*http.Request, []byte) ([]byte, error) { return nil, nil }
			httpServer(tb, l, Handler(Options{
				Methods: map[string]Method{"/test/Export": empty}, MaxMessage: DefaultMaxMessage,
				Read: b.read, Begin: func(*http.Request) (func(), error) { return func() {}, nil }, OnError: func(*http.Request, int64, error) {},
			}))
			return b.held.Load
		}},
		{"grpc-go", nativeServer},
		{"grpc-go_ServeHTTP", func(tb testing.TB, l net.Listener) func() int64 {
			tb.Helper()
			var b bound
			server := grpc.NewServer(grpc.ForceServerCodec(rawCodec{}), grpc.UnknownServiceHandler(anyCall))
			tb.Cleanup(server.Stop)
			httpServer(tb, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, release, err := b.read(r.Body)
				if err != nil {
					return
				}
				defer release()
				r.Body = io.NopCloser(bytes.NewReader(body))
				server.ServeHTTP(w, r)
			}))
			return b.held.Load
		}},
	}
}

func listenHere(tb testing.TB) net.Listener {
	tb.Helper()
	l, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

// BenchmarkCalls has a client that makes 10 calls at a time, of 20 kB each, as 100
// spans are. The client's share is the same for all.
func BenchmarkCalls(b *testing.B) {
	message := bytes.Repeat([]byte("0123456789"), 2000)
	for _, c := range contenders() {
		b.Run(c.name, func(b *testing.B) {
			l := listenHere(b)
			c.serve(b, l)
			conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()),
				grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{})))
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			b.ReportAllocs()
			b.ResetTimer()
			var left atomic.Int64
			left.Store(int64(b.N))
			var calls sync.WaitGroup
			for range 10 {
				calls.Go(func() {
					for left.Add(-1) >= 0 {
						reply := []byte(nil)
						if err := conn.Invoke(context.Background(), "/test/Export", &message, &reply); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			calls.Wait()
		})
	}
}

// BenchmarkStalled measures what 400 calls hold that have each sent all but the
// last byte of a message of a megabyte.
func BenchmarkStalled(b *testing.B) {
	for _, c := range contenders() {
		b.Run(c.name, func(b *testing.B) {
			for range b.N {
				l := listenHere(b)
				c.serve(b, l)
				before := liveHeap()
				conns := make([]net.Conn, 4)
				for i := range conns {
					conns[i] = stall(b, l.Addr().String())
				}
				b.ReportMetric(float64(liveHeap()-before)/(1<<20), "MiB")
				for _, conn := range conns {
					_ = conn.Close()
				}
			}
		})
	}
}

func liveHeap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// stall begins 100 calls on a connection and returns when the server has read what
// it is going to.
func stall(tb testing.TB, addr string) net.Conn {
	tb.Helper()
	conn, err := (&net.Dialer{}).DialContext(tb.Context(), "tcp", addr)
	if err != nil {
		tb.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	_, _ = io.WriteString(conn, http2.ClientPreface)
	framer := http2.NewFramer(conn, conn)
	_ = framer.WriteSettings()
	var head bytes.Buffer
	encoder := hpack.NewEncoder(&head)
	windows := make(chan [2]uint32, 10000)
	go func() {
		defer close(windows)
		for {
			f, err := framer.ReadFrame()
			if err != nil {
				return
			}
			if w, ok := f.(*http2.WindowUpdateFrame); ok {
				windows <- [2]uint32{w.StreamID, w.Increment}
			}
		}
	}()
	const streams, size = 100, 1<<20 - 1
	credit, sent := map[uint32]int{0: 65535}, map[uint32]int{}
	for i := range streams {
		head.Reset()
		for _, field := range [][2]string{
			{":method", "POST"},
			{":scheme", "http"},
			{":authority", "localhost"},
			{":path", "/test/Export"},
			{"content-type", "application/grpc"},
			{"te", "trailers"},
		} {
			_ = encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]})
		}
		id := uint32(2*i + 1)
		credit[id] = 65535
		_ = framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: slices.Clone(head.Bytes()), EndHeaders: true})
	}
	data := make([]byte, size+5)
	copy(data, []byte{0, 0, 0x10, 0, 0}) // a megabyte
	idle := time.NewTimer(time.Second)
	defer idle.Stop()
	for {
		for id := uint32(1); id < 2*streams; id += 2 {
			for sent[id] < size+4 {
				n := min(size+4-sent[id], credit[id], credit[0], 16<<10)
				if n <= 0 {
					break
				}
				if framer.WriteData(id, false, data[sent[id]:sent[id]+n]) != nil {
					return conn
				}
				sent[id] += n
				credit[id] -= n
				credit[0] -= n
			}
		}
		idle.Reset(time.Second)
		select {
		case w, ok := <-windows:
			if !ok {
				return conn
			}
			credit[w[0]] += int(w[1])
		case <-idle.C:
			return conn
		}
	}
}
