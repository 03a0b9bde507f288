package udp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otdemo/otdemo/pkg/loss"
	"github.com/otdemo/otdemo/pkg/plural"
)

const (
	// queueLimit bounds what waits in our own memory, beside that.
	queueLimit = 16 << 20
	// maxDatagram is the longest payload that UDP's length field can express.
	maxDatagram = 1<<16 - 1
	// chunkBytes is the memory that datagrams are read into one after another; it
	// is free again when the last of its datagrams has been handled.
	chunkBytes = 1 << 20
	// maxWorkers bounds the goroutines that handle datagrams.
	maxWorkers = 4

	// drainMost bounds the draining of a socket that is flooded meanwhile.
	drainMost = 2 * time.Second
	// errorPause keeps a socket that only gives errors from taking a whole core.
	errorPause = 10 * time.Millisecond
)

// Handler gets each datagram once. It is called by several goroutines at a time
// and in no certain order; it may keep the payload.
type Handler func(payload []byte, from netip.AddrPort)

// Receiver reads datagrams from a socket and hands them to a Handler.
type Receiver struct {
	conn    *net.UDPConn
	handle  Handler
	logger  *slog.Logger
	queue   *queue
	buffer  int
	closing chan struct{}
	ended   chan struct{} // the reader and the workers are done

	// chunk is the memory that is being read into.
	chunk []byte

	datagrams, bytes atomic.Int64
	finalDrops       atomic.Pointer[int64]
	stop             sync.Once
}

// Start takes over conn and reads from it until Close.
func Start(conn *net.UDPConn, handle Handler, logger *slog.Logger) *Receiver {
	r := &Receiver{
		conn:    conn,
		handle:  handle,
		logger:  logger,
		queue:   newQueue(queueLimit),
		closing: make(chan struct{}),
		ended:   make(chan struct{}),
	}
	r.enlargeBuffer()
	var work sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), maxWorkers) {
		work.Go(r.work)
	}
	go func() {
		defer close(r.ended)
		r.read()
		r.queue.close()
		work.Wait()
	}()
	return r
}

// WantedBuffer is the receive buffer that is requested from the kernel, in bytes. With
// 4 MiB a burst of 200,000 spans at full speed lost none, with Linux's default a
// fiftieth.
const WantedBuffer = 4 << 20

// enlargeBuffer requests a larger buffer and reads what was granted. A kernel that
// grants less returns no error.
func (r *Receiver) enlargeBuffer() {
	if err := r.conn.SetReadBuffer(WantedBuffer); err != nil {
		r.logger.Warn("kernel refuses a larger UDP receive buffer", "address", r.conn.LocalAddr().String(), "error", err)
	}
	r.buffer = readBuffer(r.conn)
}

// Capped reports whether a receive buffer is known to be smaller than WantedBuffer, so
// that bursts may be lost. granted is in bytes, 0 when unknown.
func Capped(granted int) bool { return granted != 0 && granted < WantedBuffer }

// read fills the queue until the receiver is closed and the socket is empty.
func (r *Receiver) read() {
	for {
		err := r.receive()
		switch {
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded):
			r.drain()
			return
		case errors.Is(err, net.ErrClosed):
			return
		default:
			r.logger.Warn("UDP socket gave an error", "address", r.conn.LocalAddr().String(), "error", err)
			select {
			case <-time.After(errorPause):
			case <-r.closing:
			}
		}
	}
}

// drain reads what the socket holds. It checks whether there is more, because waiting
// for silence ends too early on a busy machine.
func (r *Receiver) drain() {
	limit := time.Now().Add(drainMost)
	if r.conn.SetReadDeadline(limit) != nil {
		return // closed
	}
	for time.Now().Before(limit) && pending(r.conn) {
		if r.receive() != nil {
			return
		}
	}
}

func (r *Receiver) receive() error {
	if cap(r.chunk)-len(r.chunk) < maxDatagram {
		r.chunk = make([]byte, 0, chunkBytes)
	}
	begin := len(r.chunk)
	n, from, err := r.conn.ReadFromUDPAddrPort(r.chunk[begin : begin+maxDatagram])
	if err != nil {
		return err
	}
	end := begin + n
	r.chunk = r.chunk[:end]
	r.datagrams.Add(1)
	r.bytes.Add(int64(n))
	r.queue.put(datagram{payload: r.chunk[begin:end:end], from: from})
	return nil
}

func (r *Receiver) work() {
	var batch []datagram
	for {
		batch = r.queue.take(batch[:0])
		if len(batch) == 0 {
			return
		}
		for i := range batch {
			r.handle(batch[i].payload, batch[i].from)
		}
		clear(batch)
	}
}

// Close reads what is in the socket's buffer (on Unix), has it handled, and closes the
// socket. When ctx ends before, it gives up what is left and returns an error
// with the number. All goroutines have ended when it returns. Further calls
// do nothing.
func (r *Receiver) Close(ctx context.Context) error {
	var err error
	r.stop.Do(func() { err = r.shutDown(ctx) })
	return err
}

func (r *Receiver) shutDown(ctx context.Context) error {
	close(r.closing)
	_ = r.conn.SetReadDeadline(time.Now()) // wakes the reader, which then drains
	var err error
	select {
	case <-r.ended:
	case <-ctx.Done():
		err = ctx.Err()
		r.queue.abandon()
	}
	r.finalDrops.Store(kernelDrops(r.conn))
	closeErr := r.conn.Close()
	<-r.ended
	if err != nil {
		_, abandoned := r.queue.state()
		return fmt.Errorf("drain %s: %w with %s left", r.conn.LocalAddr(), err, plural.Of(abandoned, "datagram", "datagrams"))
	}
	if closeErr != nil {
		return fmt.Errorf("close UDP socket: %w", closeErr)
	}
	return nil
}

// Stats returns the present counters, after Close the final ones.
func (r *Receiver) Stats() loss.UDP {
	waiting, abandoned := r.queue.state()
	stats := loss.UDP{
		Datagrams:    r.datagrams.Load(),
		Bytes:        r.bytes.Load(),
		WaitingBytes: waiting,
		SocketBuffer: r.buffer,
		Abandoned:    abandoned,
	}
	drops := r.finalDrops.Load()
	if drops == nil {
		drops = kernelDrops(r.conn)
	}
	if drops != nil {
		stats.KernelDrops, stats.KernelDropsKnown = *drops, true
	}
	return stats
}
